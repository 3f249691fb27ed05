"""Lines of JSON objects as lines of CSV, without a value in between.

Lines that one program wrote are alike: the same keys in the same order, and no space. Where that
holds for all of them, and no value is nested or has an escape, the lines of CSV are what is left
when the keys are cut out. NumPy finds the keys of all lines at once; whatever it does not know is
left to be read as values.
"""

import numpy as np
import orjson
from numpy.typing import NDArray

Places = NDArray[np.int64]

_QUOTE, _COLON, _CLOSE, _SPACE, _NEWLINE = b'":} \n'
# What a value is refused for, or a string for having it in itself: a simple look tells no more.
_STRANGE = (b"[", b"{")


class Lines:
    """Whole lines of a text, the last one included, and what can be asked of all at once."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._bytes = np.frombuffer(text, np.uint8)
        self._ends: Places = np.flatnonzero(self._bytes == _NEWLINE)
        self.count = len(self._ends)

    def as_csv(self, tag: bytes) -> tuple[tuple[str, ...], bytes] | None:
        """The keys of all lines and their values as CSV; `tag` is a first member to leave out.

        None if the lines are not alike, or a value is nested or has an escape.
        """
        keys = self._keys()[bool(tag) :]
        if not keys or b"\\" in self._text or b"\0" in self._text:
            return None
        values = self._values(_patterns(tag, keys), int(bool(tag)))
        return (keys, values) if values and _are_json(values, self.count * len(keys)) else None

    def _keys(self) -> tuple[str, ...]:
        """Those of the first line; none if it is no object."""
        try:
            first = orjson.loads(self._text[: int(self._ends[0])])
        except ValueError:
            return ()
        return tuple(first) if isinstance(first, dict) else ()

    def _values(self, patterns: list[bytes], tags: int) -> bytes | None:
        """What stands between the keys of each line, if all keys are where they ought to be.

        A quote before a colon ends a key: there are no others where no string has a quote.
        """
        quotes = self._bytes == _QUOTE
        starts: Places = np.flatnonzero(quotes[:-1] & (self._bytes[1:] == _COLON)) + 2
        if len(starts) != self.count * (len(patterns) + tags):
            return None
        bounds = self._bounds(starts.reshape(self.count, -1)[:, tags:], patterns)
        sizes: Places = np.diff(bounds, prepend=0)
        if sizes.min() < 1 or self._have_space(bounds):
            return None
        strings = self._strings(bounds)
        by_turns = np.arange(bounds.size, dtype=np.uint8) & 1  # a key, and a value
        inside = np.repeat(by_turns, sizes)
        text = self._bytes[: self._ends[-1]]
        # Deleting zeros from bytes takes half the time of picking the others from an array.
        keys = (text * (inside ^ 1)).tobytes().translate(None, b"\0")
        if keys != b"\n".join([b"".join(patterns)] * self.count):
            return None
        values = text * inside
        if (values[self._ends - 1] != _CLOSE).any():
            return None
        values[self._ends - 1] = _NEWLINE
        found = values.tobytes().translate(None, b"\0")
        return found if found.count(b'"') == 2 * strings else None

    def _strings(self, bounds: Places) -> int:
        """How many values are in quotes; -1 if one has a quote on one side alone."""
        firsts, lasts = bounds[::2], bounds[1::2] - 2
        begun, ended = self._bytes[firsts] == _QUOTE, self._bytes[lasts] == _QUOTE
        sound = (begun == ended) & ((firsts < lasts) | ~begun)
        return int(begun.sum()) if sound.all() else -1

    def _have_space(self, bounds: Places) -> bool:
        """Whether a value has a space before or behind it: it would become part of the value."""
        ends = np.concatenate((bounds[::2], bounds[1::2] - 2))
        return bool((self._bytes[ends] <= _SPACE).any())

    def _bounds(self, starts: Places, patterns: list[bytes]) -> Places:
        """Where each value begins, and where it ends together with the byte behind it."""
        bounds = np.empty((*starts.shape, 2), np.int64)
        bounds[:, :, 0] = starts
        bounds[:, :-1, 1] = starts[:, 1:] - [len(pattern) for pattern in patterns[1:]]
        bounds[:, -1, 1] = self._ends
        return bounds.ravel()


def _patterns(tag: bytes, keys: tuple[str, ...]) -> list[bytes]:
    """What stands before the value of each key, after the comma."""
    first, *others = [orjson.dumps(key) + b":" for key in keys]
    return [b"{" + (tag + b"," if tag else b"") + first, *others]


def _are_json(values: bytes, count: int) -> bool:
    """Whether these are so many strings, numbers, literals or null.

    As each place between keys has a string without another quote, or no quote at all, it has one
    of them where there are as many as places.
    """
    if any(strange in values for strange in _STRANGE):
        return False
    try:  # in one list: to make a list of each line takes three times as long
        found = orjson.loads(b"[%b]" % values[:-1].replace(b"\n", b","))
    except ValueError:
        return False
    return len(found) == count
