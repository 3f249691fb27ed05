"""A dialect of CSV: where records end, and what their fields are.

Quotes are what COPY takes them for: one opens quoted text wherever it stands in a field, and a
field that is quoted in part is text as well. A line ends with LF, CRLF or CR; a blank line is no
record.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...contract import Reading
from ...errors import PermanentError
from ..sink import Dialect

_CHARACTER = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x7f]")

Fields = list[str | None]


class Record(NamedTuple):
    """A record from its start to behind its line end; no fields if a quote in it has no end."""

    start: int
    end: int
    fields: Fields | None


class CsvDialect:
    """Takes text apart. `copy` is the same dialect in the words of COPY.

    Raises:
        PermanentError: its characters are not single ones in ASCII, or not different.
    """

    def __init__(self, reading: Reading) -> None:
        _check(reading)
        escape = reading.escape or reading.quote
        self.copy = Dialect(reading.delimiter, reading.quote, escape, reading.null)
        self._quote = reading.quote.encode()
        self._toggles = escape == reading.quote
        self._special = f"{reading.delimiter}{reading.quote}\r\n"
        delimiter, quote, escape = map(re.escape, (reading.delimiter, reading.quote, escape))
        plain = rf"[^{delimiter}{quote}\r\n]*+"
        escaped = f"{escape}[{quote}{escape}]"
        inside = f"(?:[^{quote}{escape}]++|{escaped if self._toggles else escaped + '?+'})*+"
        quoted = f"{quote}{inside}{quote}"
        self._field = re.compile(
            rf"(?:({plain})|{quote}({inside}){quote}|((?:{plain}{quoted})++{plain}))"
            rf"({delimiter}|\r\n?|\n)|([\s\S]++)"
        )
        self._quoted = re.compile(f"{quote}({inside}){quote}")
        self._escaped = re.compile(f"{escape}([{quote}{escape}])")
        records = rf"(?:(?:[^{quote}\r\n]++|{quoted})*+(?:\r\n|\n|\r(?!\n|\Z)))*+"
        self._records = re.compile(records.encode())

    def records(self, text: str, null: str | None) -> Iterator[Record]:
        """The records of a text that ends with a line end; unquoted `null` is None."""
        fields: Fields = []
        start = 0
        for match in self._field.finditer(text):
            plain, quoted, mixed, separator, rest = match.groups()
            if rest is not None:
                yield Record(start, len(text), None)
                return
            if plain is not None:
                fields.append(None if plain == null else plain)
            else:
                fields.append(self._text(quoted, mixed))
            if separator != self.copy.delimiter:
                if match.start(4) > start:
                    yield Record(start, match.end(), fields)
                fields, start = [], match.end()

    def whole(self, text: bytes) -> int:
        """Where the last record ends whose end is in the text; 0 if there is none."""
        if not self._toggles:
            found = self._records.match(text)
            return found.end() if found else 0
        end = _line_end(text)
        if text.count(self._quote, 0, end) % 2 == 0:
            return end
        parts = text.split(self._quote)  # that was in quotes: look outside of them
        outside = self._quote.join(parts[::2])
        before = outside[: _line_end(outside)]
        quoted = 2 * before.count(self._quote)
        return sum(map(len, parts[:quoted])) + quoted + len(before) - before.rfind(self._quote) - 1

    def for_copy(self, text: bytes) -> bytes | None:
        """Whole records as COPY reads them to the same values; None where it would not.

        It costs some passes over the text in memory, not a step for each record.
        """
        if set(self._special) & set(self.copy.null):
            return None
        if not _is_unlike_copy(text):
            return text
        return self._with_line_feeds(text) if self._toggles else None

    def _with_line_feeds(self, text: bytes) -> bytes | None:
        parts = text.split(self._quote)
        outside = _line_feeds(self._quote.join(parts[::2]))
        if _is_unlike_copy(outside):
            return None
        parts[::2] = outside.split(self._quote)
        return self._quote.join(parts)

    def _text(self, quoted: str | None, mixed: str) -> str:
        if quoted is None:
            return self._quoted.sub(lambda found: self._text(found[1], ""), mixed)
        if self._toggles:
            return quoted.replace(2 * self.copy.quote, self.copy.quote)
        return self._escaped.sub(r"\1", quoted) if self.copy.escape in quoted else quoted


def _line_end(text: bytes) -> int:
    """Behind the last line end, 0 if there is none; what may be half a CRLF is none."""
    return max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1


def _line_feeds(text: bytes) -> bytes:
    if text.count(b"\r\n") == text.count(b"\r"):
        return text.translate(None, b"\r")  # many times as fast
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _is_unlike_copy(text: bytes) -> bool:
    # COPY wants one kind of line end, takes a blank line for a record, and before PostgreSQL 18
    # a line of `\.` for the end.
    return (
        b"\r" in text
        or b"\n\n" in text
        or text.startswith((b"\n", b"\\."))
        or (b"\\" in text and b"\n\\." in text)
    )


def _check(reading: Reading) -> None:
    escape = reading.escape or reading.quote
    characters = {"delimiter": reading.delimiter, "quote": reading.quote, "escape": escape}
    for name, value in characters.items():
        if not _CHARACTER.fullmatch(value):
            raise PermanentError(f"CSV {name} {value[:20]!r}: not one character of ASCII")
    if reading.delimiter in (reading.quote, escape):
        raise PermanentError(f"CSV delimiter {reading.delimiter!r}: it is the quote or escape too")
