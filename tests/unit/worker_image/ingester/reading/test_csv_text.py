import csv
import io
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.documents import Blocks, blocks, copy_texts, gzipped, memory_below, one_by_one, read
from support.tables import table

from worker_image.contract import Reading
from worker_image.errors import PermanentError
from worker_image.ingester import reading

Values = list[list[str | None]]


def values(content: bytes, **how: Any) -> Values:
    """The fields of each row, in the order of the columns a, b ..., which the test gives."""
    return [list(row.values()) for row in read(content, **how)]


@table(
    "content, how, expected",
    {
        "plain fields": (b"a,b\n1,2\n3,4\n", {}, [["1", "2"], ["3", "4"]]),
        "a last line without an end": (b"a,b\n1,2", {}, [["1", "2"]]),
        "CRLF": (b"a,b\r\n1,2\r\n3,4\r\n", {}, [["1", "2"], ["3", "4"]]),
        "CR": (b"a,b\r1,2\r3,4\r", {}, [["1", "2"], ["3", "4"]]),
        "CR, the last line without it": (b"a,b\r1,2\r3,4", {}, [["1", "2"], ["3", "4"]]),
        "line ends of all kinds": (b"a\n1\r3\r\n5", {}, [["1"], ["3"], ["5"]]),
        "blank lines": (b"\n\na,b\n\n1,2\n\r\n\r3,4\n\n", {}, [["1", "2"], ["3", "4"]]),
        "blank lines of one column": (b"a\n\n1\n\n", {}, [["1"]]),
        "a byte order mark": (b"\xef\xbb\xbfa,b\n1,\xef\xbb\xbf2\n", {}, [["1", "\ufeff2"]]),
        "a mark before a quote": (b'\xef\xbb\xbf"a",b\n1,2\n', {}, [["1", "2"]]),
        "null and the empty text": (b'a,b,c\n,"",x\n', {}, [[None, "", "x"]]),
        "another null": (b'a,b,c,d\nNA,"NA",,NAN\n', {"null": "NA"}, [[None, "NA", "", "NAN"]]),
        "a null with a backslash": (b"a,b\n\\N,x\\N\n", {"null": "\\N"}, [[None, "x\\N"]]),
        "a null that is also a name": (b"a,b\na,b\n", {"null": "a"}, [[None, "b"]]),
        "a null that can never be": (b'a,b\nx,"y,z"\n', {"null": "y,z"}, [["x", "y,z"]]),
        "spaces": (b"a,b\n 1 , \n", {}, [[" 1 ", " "]]),
        "delimiters and line ends in quotes": (
            b'a,b\n"1,\n\n2","\r\n"\n3,"\r"\n',
            {},
            [["1,\n\n2", "\r\n"], ["3", "\r"]],
        ),
        "line ends in quotes between CRLF": (
            b'a,b\r\n"1\r\n2","\n"\r\n"\r",4\r\n',
            {},
            [["1\r\n2", "\n"], ["\r", "4"]],
        ),
        "doubled quotes": (b'a,b\n"""","x""y"""\n"""""",""\n', {}, [['"', 'x"y"'], ['""', ""]]),
        "fields quoted in part": (b'a,b\nx"y,"z,p"q""r"s""\n', {}, [["xy,z", 'pq"rs']]),
        "semicolons": (b"a;b\n1,5;2\n", {"delimiter": ";"}, [["1,5", "2"]]),
        "tabs": (b"a\tb\n1,5\t\n", {"delimiter": "\t"}, [["1,5", None]]),
        "bars": (b'a|b\n"|"|\\|\n'[:-2] + b"\n", {"delimiter": "|"}, [["|", "\\"]]),
        "another quote": (b"a,b\n'x,''y',\"\n", {"quote": "'"}, [["x,'y", '"']]),
        "special characters of patterns": (
            b"a^b\n]x^]]y]^-\n",
            {"delimiter": "^", "quote": "]"},
            [["x^]y", "-"]],
        ),
        "escapes": (
            b'a,b\n"x\\"y\\\\","\\n\\,"\n\\,"\\\\"\n',
            {"escape": "\\"},
            [['x"y\\', "\\n\\,"], ["\\", "\\"]],
        ),
        "escapes between CRLF": (b'a,b\r\n"\\"\r\n",\\\r\n', {"escape": "\\"}, [['"\r\n', "\\"]]),
        "a doubled quote is no escape": (b'a,b\n"x""y",1\n', {"escape": "\\"}, [["xy", "1"]]),
        "a line that once ended a COPY": (b"a\n\\.\n1\n", {}, [["\\."], ["1"]]),
        "the same in quotes": (b'a,b\n"\n\\.\n","\\."\n', {}, [["\n\\.\n", "\\."]]),
        "names in quotes": (b'"a ""x""","b,\n"\n1,2\n', {}, [["1", "2"]]),
        "no header": (b"1,2\n", {"header": False, "columns": ("a", "b")}, [["1", "2"]]),
        "latin-1": ("a,b\né,ß\n".encode("latin-1"), {"encoding": "latin-1"}, [["é", "ß"]]),
        "cp1252": ("a,b\n€,ß\n".encode("cp1252"), {"encoding": "cp1252"}, [["€", "ß"]]),
        "utf-16": ("a\n\U0001f600\n".encode("utf-16"), {"encoding": "utf-16"}, [["\U0001f600"]]),
        "utf-16 of known order": (
            "\ufeffa,b\né,ß".encode("utf-16-be"),
            {"encoding": "utf-16-be"},
            [["é", "ß"]],
        ),
        "any language": ("ä,名\né,\U0001f600".encode(), {}, [["é", "\U0001f600"]]),
        "a header alone": (b"a,b\n", {}, []),
        "a header without a line end": (b"a,b", {}, []),
        "nothing and no header": (b"", {"header": False, "columns": ("a",)}, []),
    },
)  # fmt: skip
@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_document_of_any_dialect(
    content: bytes, how: dict[str, Any], expected: Values, size: int
) -> None:
    assert values(content, size=size, **how) == expected


@table(
    "content, names",
    {
        "as they are": (b"b, A ,a\n1,2,3\n", ["b", " A ", "a"]),
        "in quotes": (b'"a ""x""","b,\n"\n1,2\n', ['a "x"', "b,\n"]),
        "after a mark": (b"\xef\xbb\xbfid,x\n1,2\n", ["id", "x"]),
    },
)
def test_names_are_those_of_the_header(content: bytes, names: list[str]) -> None:
    assert [list(row) for row in read(content)] == [names]


@table(
    "content, how, reason",
    {
        "a name twice": (b"a,b,a\n", {}, "2 columns are named 'a'"),
        "a given name twice": (b"", {"header": False, "columns": ("x", "x")}, "named 'x'"),
        "no name": (b"a,,b\n1,2,3\n", {}, "column 2 has no name"),
        "neither header nor names": (b"1\n", {"header": False}, "neither a header"),
        "a header without end": (b'a,"b\n1,2\n', {}, "a quote in the header has no end.*'a,\"b"),
        "a header in latin-1": (b"\xe9,b\n1,2\n", {}, "or it is not UTF-8"),
        "a long delimiter": (b"", {"delimiter": "||"}, r"CSV delimiter '\|\|'"),
        "no quote": (b"", {"quote": ""}, "CSV quote ''"),
        "an escape of no ASCII": (b"", {"escape": "é"}, "CSV escape 'é'"),
        "a line end": (b"", {"delimiter": "\n"}, "CSV delimiter"),
        "a delimiter that quotes": (b"", {"delimiter": '"'}, "it is the quote or escape too"),
        "an unknown encoding": (b"", {"encoding": "klingon"}, "no encoding 'klingon'"),
        "an encoding of no text": (b"", {"encoding": "zlib"}, "no encoding 'zlib' of text"),
        "another encoding": (b"a\n\xe9\n", {"encoding": "ascii"}, "not ascii: .*0xe9"),
        "half a character": (b"\xff\xfea\0\n\0x", {"encoding": "utf-16"}, "not utf-16: .*trunc"),
    },
)  # fmt: skip
def test_a_document_that_cannot_be_read_is_refused(
    content: bytes, how: dict[str, Any], reason: str
) -> None:
    for read_all in (reading.batches, reading.rows):
        with pytest.raises(PermanentError, match=rf"(?s)^(t/d\.csv: |CSV ).*{reason}|^{reason}"):
            list(read_all(blocks(content), "t/d.csv", Reading(**how)))


BAD = b'a,b\n1,2\n\n3\n4,5,6\n"x\ny",\xff\n"7\n8",9\n10,"11\n12,13\n'


def test_reading_goes_on_after_a_bad_row() -> None:
    rows = one_by_one(BAD)
    assert [(row.number, row.row, row.fault) for row in rows] == [
        (1, {"a": "1", "b": "2"}, ""),
        (2, {}, "1 fields, not 2"),
        (3, {}, "3 fields, not 2"),
        (4, {}, "not UTF-8"),
        (5, {"a": "7\n8", "b": "9"}, ""),
        (6, {}, "a quote has no end"),
    ]
    raw = ["1,2", "3", "4,5,6", '"x\ny",\ufffd', '"7\n8",9', '10,"11\n12,13']
    assert [row.raw for row in rows] == raw
    assert {(row.name, row.record_type) for row in rows} == {("t/d.csv", "t")}


@table(
    "content, reason",
    {
        "fields": (b"a,b\n1,2\n\n3\n", "line 4: 1 fields, not 2: '3'"),
        "characters": (b'a,b\r"1\r1",2\r\xff,3\r', r"line 4: not UTF-8: '\ufffd,3'"),
        "quotes": (b'a,b\n1,"' + b"x" * 500, "line 2: a quote has no end: '1,\"x+'$"),
        "far below": (b"a\r\n" + b'"\n"\r\n' * 50_000 + b"1,2\r\n", "line 100002: 2 fields, not 1"),
    },
)
def test_a_bad_row_of_a_batch_is_named_by_its_line(content: bytes, reason: str) -> None:
    batches = reading.batches(blocks(content), "t/d.csv", Reading())
    with pytest.raises(PermanentError, match=rf"^t/d\.csv, {reason}") as caught:
        [batch.rows() for batch in batches]
    assert len(str(caught.value)) < 300


@table(
    "content, how, text",
    {
        "text as it is": (b'a,b\n1,"x\ny""z"\n"",\n', {}, b'1,"x\ny""z"\n"",\n'),
        "a line end more": (b"a\n1", {}, b"1\n"),
        "one kind of line ends": (b'a\r\n"\r\n"\r\n1\r2\n', {}, b'"\r\n"\n1\n2\n'),
        "blank lines in quotes": (b'a\n"x\n\ny"\n', {}, b'"x\n\ny"\n'),
        "blank lines in quotes with CRLF": (b'a\r\n"x\n\ny"\r\n', {}, b'"x\n\ny"\n'),
        "a blank line": (b"a\n1\n\n2\n", {}, None),
        "the end of a COPY": (b"a\n1\n\\.\n2\n", {}, None),
        "the end of a COPY at once": (b"a\n\\.\n2\n", {}, None),
        "backslashes": (b"a\nx\\.\n\\x\n", {}, b"x\\.\n\\x\n"),
        "escapes": (b'a\n"\\"\n"\n', {"escape": "\\"}, b'"\\"\n"\n'),
        "escapes and CRLF": (b'a\r\n"\\""\r\n', {"escape": "\\"}, None),
        "a null that COPY refuses": (b"a\n1\n", {"null": ","}, None),
        "another encoding": (b"a\n\xe9\n", {"encoding": "latin-1"}, "é\n".encode()),
    },
)
def test_text_for_copy_is_the_document_or_none(
    content: bytes, how: dict[str, Any], text: bytes | None
) -> None:
    (copied,) = copy_texts(content, **how)
    assert (copied and copied.text) == text


def test_text_for_copy_says_its_columns_and_dialect() -> None:
    (copied,) = copy_texts(b"b|a\n1|2\n", delimiter="|", quote="'", null="-")
    assert copied is not None
    assert copied.columns == ("b", "a")
    dialect = copied.dialect
    assert (dialect.delimiter, dialect.quote, dialect.escape, dialect.null) == ("|", "'", "'", "-")


def test_text_is_cut_between_records() -> None:
    record = b'1,"' + b"x,\n" * 300 + b'"\n'
    texts = copy_texts(b"a,b\n" + record * 1000)
    assert all(text and 100_000 < len(text.text) < 256 * 1024 for text in texts[:-1])
    assert b"".join(text.text for text in texts if text) == record * 1000


def test_wide_rows_and_large_fields() -> None:
    names = ",".join(f"c{n}" for n in range(2000)).encode()
    wide = b",".join(b'"%d"' % n for n in range(2000))
    assert len(read(names + b"\n" + (wide + b"\n") * 30)[29]) == 2000
    text = 'some words\nand ""words"",' * 200_000
    (row,) = read(f'a,b\n1,"{text}"\n'.encode(), size=65536)
    assert row["b"] == text.replace('""', '"')


def document(block: bytes, times: int, head: bytes = b"a,b\n") -> BinaryIO:
    return cast("BinaryIO", Blocks([head, *[block] * times]))


@pytest.mark.parametrize(("escape", "read_all"), [("", reading.rows), ("\\", reading.batches)])
def test_a_record_without_end_is_refused(escape: str, read_all: Any) -> None:
    lines = document(b"x\n" * 32768, 600, b'a\n"x')
    with pytest.raises(PermanentError, match="line 2: a record is over 33554432 bytes: '\"x"):
        list(read_all(lambda: lines, "t/d.csv", Reading(escape=escape)))


@table(
    "block, times",
    {
        "many": (b"1,some words to read and more of them\n" * 7_000, 800),
        "with quotes": (b'1,"some ""words"" to\nread"\r\n' * 8_000, 10),
    },
)
def test_memory_does_not_grow_with_the_document(block: bytes, times: int) -> None:
    with memory_below(10_000_000):
        batches = reading.batches(lambda: document(block, times), "t/d.csv", Reading())
        texts = (batch.copy_text(()) for batch in batches)
        size = sum(len(text.text) for text in texts if text)
        rows = reading.rows(lambda: document(block, 1), "t/d.csv", Reading())
        assert sum(not row.fault for row in rows) == block.count(b"1,")
    assert size == times * (len(block) - block.count(b"\r"))


def test_a_dense_document_is_unfolded_in_steps() -> None:
    dense = gzipped(b"a,b\n" + b"1,2\n" * 20_000_000)
    with memory_below(30_000_000):
        batches = reading.batches(blocks(dense), "t/d.csv", Reading())
        assert sum(len(text.text) for b in batches if (text := b.copy_text(()))) == 80_000_000


NULL = "never"
TEXT = st.text(
    st.sampled_from(list("\"',;|\\\r\n\t. é\U0001f600x")) | st.characters(codec="utf-8"), max_size=8
).filter(NULL.__ne__)


@st.composite
def documents(draw: st.DrawFn) -> tuple[bytes, dict[str, Any], Values, int]:
    """A document that Python's own writer made, how it is to be read, and its values."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=8))
    encoding = draw(st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
    delimiter, quote = draw(st.sampled_from(",;\t|")), draw(st.sampled_from("\"'"))
    escaped, minimal = draw(st.booleans()), draw(st.booleans())
    text = io.StringIO(newline="")
    csv.writer(
        text,
        delimiter=delimiter,
        quotechar=quote,
        doublequote=not escaped,
        escapechar="\\" if escaped else None,
        # It leaves line ends without quotes that are not its own.
        quoting=csv.QUOTE_MINIMAL if minimal and not escaped else csv.QUOTE_ALL,
        lineterminator="\r\n" if minimal else draw(st.sampled_from("\r\n")),
    ).writerows([[f"c{n}" for n in range(width)], *rows])
    how = {"delimiter": delimiter, "quote": quote, "encoding": encoding, "null": NULL}
    if escaped:
        how["escape"] = "\\"
    return text.getvalue().encode(encoding), how, cast("Values", rows), draw(st.integers(1, 40))


@settings(max_examples=100)
@given(documents())
def test_what_python_writes_is_read_back(
    case: tuple[bytes, dict[str, Any], Values, int],
) -> None:
    content, how, rows, size = case
    assert values(content, size=size, **how) == rows
