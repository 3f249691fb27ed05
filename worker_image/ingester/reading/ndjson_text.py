"""Lines of JSON objects as lines of CSV, without a value in between.

Lines that one program wrote are alike: the same keys in the same order, and no space. Where that
holds for all of them, and every value is a string without escapes, a plain number, a literal or
null, the lines of CSV are what is left when the keys are cut out. NumPy looks at all lines at
once; whatever it does not know is left to be read as values.
"""

import numpy as np
import orjson
from numpy.typing import NDArray

Places = NDArray[np.int64]
Words = NDArray[np.uint64]

_QUOTE, _COLON, _NEWLINE, _CLOSE, _MINUS, _DOT, _ZERO, _LETTERS = b'":\n}-.0a'
_SPACE = 32
_LONGEST_NUMBER = 24
_WORD = 8
# By a number of bytes, a word with so many of them set, from the lowest on.
_BYTES = np.array([(1 << 8 * size) - 1 for size in range(_WORD + 1)], np.uint64)
_LITERALS = tuple(
    (len(word), int.from_bytes(word, "little")) for word in (b"null", b"true", b"false")
)


def _everywhere(byte: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([byte]) * _WORD, "little"))


_LOW, _HIGH = _everywhere(0x7F), _everywhere(0x80)
_ZEROS, _DOTS, _UP_FROM_TEN = _everywhere(_ZERO), _everywhere(_DOT), _everywhere(0x76)


def _patterns(tag: bytes, keys: tuple[str, ...]) -> list[bytes]:
    """What stands before the value of each key."""
    first, *others = [orjson.dumps(key) + b":" for key in keys]
    head = b"{" + tag + b"," if tag else b"{"
    return [head + first, *(b"," + other for other in others)]


class Lines:
    """Whole lines of a text, the last one included, and what can be asked of all at once."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._bytes = np.frombuffer(text, np.uint8)
        self._quotes = self._bytes == _QUOTE
        self._ends: Places = np.flatnonzero(self._bytes == _NEWLINE)
        self._starts: Places = np.concatenate(([0], self._ends[:-1] + 1))
        padded = bytes(_WORD) + text + bytes(_WORD)
        # The eight bytes before a place of the text, the first of them lowest; overlapping.
        self._words: Words = np.ndarray(len(text) + 1 + _WORD, "<u8", padded, strides=(1,))

    def begin_with(self, head: bytes) -> bool:
        """Whether all lines do."""
        sizes = self._ends - self._starts
        return bool((sizes >= len(head)).all()) and self._follow(self._starts + len(head), head)

    def as_csv(self, tag: bytes) -> tuple[tuple[str, ...], bytes] | None:
        """The keys of all lines and their values as CSV; `tag` is a first member to leave out.

        None if the lines are not alike, or a value is not one of those above.
        """
        keys = self._keys()[bool(tag) :]
        if not keys or b"\\" in self._text:
            return None
        patterns, tags = _patterns(tag, keys), int(bool(tag))
        starts = self._value_starts(patterns, tags)
        if starts is None:
            return None
        stops = self._value_stops(starts, patterns)
        quotes = len(self._ends) * (2 * len(keys) + 4 * tags)
        return (
            (keys, self._joined(starts, stops)) if self._are_values(starts, stops, quotes) else None
        )

    def _keys(self) -> tuple[str, ...]:
        """Those of the first line; none if it is no object."""
        try:
            first = orjson.loads(self._text[: int(self._ends[0])])
        except ValueError:
            return ()
        return tuple(first) if isinstance(first, dict) else ()

    def _value_starts(self, patterns: list[bytes], tags: int) -> Places | None:
        """Where the values of each key begin, if all keys are where they ought to be.

        No string has a quote in it, so a quote before a colon ends a key.
        """
        lines = len(self._ends)
        if np.count_nonzero(self._bytes < _SPACE) != lines:
            return None
        colons: Places = np.flatnonzero(self._quotes[:-1] & (self._bytes[1:] == _COLON)) + 2
        if len(colons) != lines * (len(patterns) + tags):
            return None
        starts = np.ascontiguousarray(colons.reshape(lines, -1).T[tags:])
        if (starts[0] - self._starts != len(patterns[0])).any():
            return None
        follow = all(map(self._follow, starts, patterns))
        return starts if follow and (self._bytes[self._ends - 1] == _CLOSE).all() else None

    def _follow(self, places: Places, pattern: bytes) -> bool:
        """Whether all places come right after the pattern."""
        for stop in range(len(pattern), 0, -_WORD):
            part = pattern[max(0, stop - _WORD) : stop]
            words = self._words[places - (len(pattern) - stop)]
            shifted = words >> np.uint64(8 * (_WORD - len(part)))
            if (shifted != int.from_bytes(part, "little")).any():
                return False
        return True

    def _value_stops(self, starts: Places, patterns: list[bytes]) -> Places:
        """Where the values end: at the comma before the next key, or the brace of the line."""
        stops = np.empty_like(starts)
        stops[:-1] = starts[1:] - np.array(
            [[len(pattern)] for pattern in patterns[1:]], np.int64
        ).reshape(-1, 1)
        stops[-1] = self._ends - 1
        return stops

    def _are_values(self, starts: Places, stops: Places, key_quotes: int) -> bool:
        """Whether all values are strings, plain numbers, literals or null."""
        sizes = stops - starts
        if (sizes < 1).any():
            return False
        strings = self._bytes[starts] == _QUOTE
        closed = (self._bytes[stops[strings] - 1] == _QUOTE) & (sizes[strings] > 1)
        # Two quotes for each string, and none are left to be inside of one or of another value.
        quotes = np.count_nonzero(self._quotes) - key_quotes
        if not closed.all() or quotes != 2 * np.count_nonzero(strings):
            return False
        others = ~strings
        return self._are_plain(starts[others], sizes[others])

    def _are_plain(self, starts: Places, sizes: Places) -> bool:
        """Whether all of these are literals, or numbers without an exponent."""
        first = self._bytes[starts]
        literal = first >= _LETTERS
        if literal.any():
            if not self._are_literals(starts[literal], sizes[literal]):
                return False
            starts, sizes, first = starts[~literal], sizes[~literal], first[~literal]
        negative = first == _MINUS
        return self._are_numbers(starts + negative, sizes - negative)

    def _are_literals(self, starts: Places, sizes: Places) -> bool:
        words = self._words[starts + _WORD]
        found = np.zeros(len(starts), np.bool_)
        for size, word in _LITERALS:
            found |= (sizes == size) & (words & _BYTES[size] == word)
        return bool(found.all())

    def _are_numbers(self, starts: Places, sizes: Places) -> bool:
        """Whether all are digits, perhaps with a dot among them, and no zero too many."""
        if not len(starts):
            return True
        longest = int(sizes.max())
        if longest > _LONGEST_NUMBER or sizes.min() < 1:
            return False
        first, last = self._bytes[starts], self._bytes[starts + sizes - 1]
        zero = (first == _ZERO) & (sizes > 1) & (self._bytes[starts + 1] != _DOT)
        if zero.any() or (first == _DOT).any() or (last == _DOT).any():
            return False
        dots = np.zeros(len(starts), np.uint8)
        for offset in range(0, longest, _WORD):
            long = np.flatnonzero(sizes > offset)
            words = self._words[starts[long] + (offset + _WORD)]
            inside = _BYTES[np.minimum(sizes[long] - offset, _WORD)] & _HIGH
            found = _are_dots(words) & inside
            if (_are_no_digits(words) & inside != found).any():
                return False
            dots[long] += np.bitwise_count(found)
        return bool((dots <= 1).all())

    def _joined(self, starts: Places, stops: Places) -> bytes:
        """The values, each with the byte behind it; that of the last is the line's end."""
        kept = self._bytes[: self._ends[-1]].copy()
        kept[stops[-1]] = _NEWLINE
        bounds = np.stack((starts.T, stops.T + 1), axis=2).ravel()
        sides = np.arange(bounds.size, dtype=np.uint8) & 1  # by turns a key and a value
        return kept[np.repeat(sides.view(np.bool_), np.diff(bounds, prepend=0))].tobytes()


def _are_dots(words: Words) -> Words:
    """The highest bit of each byte that is a dot."""
    other = words ^ _DOTS
    return ~((other & _LOW) + _LOW | other | _LOW)


def _are_no_digits(words: Words) -> Words:
    """The highest bit of each byte that is no digit."""
    digits = words ^ _ZEROS
    return ((digits & _LOW) + _UP_FROM_TEN | digits) & _HIGH
