"""Documents that are made to harm who reads them, and the readers that meet them."""

import gzip
import io
import os
import signal
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from support.documents import Blocks
from worker_image.contract import Reading
from worker_image.generator import compile_dataset, load, parse
from worker_image.ingester import reading
from worker_image.ingester.bodies import json_text

BLOCK = 64 * 1024
MEGABYTE = 1 << 20
Content = Callable[[], Iterable[bytes]]


def count_rows(content: Content, name: str, how: dict[str, Any]) -> int:
    """Read a document as sinks do, in batches of text and of values; the number of its rows."""
    opened: Any = Blocks(content())
    rows = 0
    for batch in reading.batches(lambda: opened, name, Reading(**how)):
        batch.copy_text(())
        rows += sum(1 for _ in map(json_text, batch.rows()))
    return rows


def count_one_by_one(content: Content, name: str, how: dict[str, Any]) -> int:
    """Read it row by row, bad rows among them; the number of its rows."""
    opened: Any = Blocks(content())
    return sum(1 for _ in reading.rows(lambda: opened, name, Reading(**how)))


def first_unit(text: str | bytes) -> int:
    """Make the first unit of a dataset; the number of its rows."""
    return sum(compile_dataset(parse(load(text)), 1).unit(0).records.values())


def validate(text: str | bytes) -> int:
    """Do what the app does with a dataset that it is given; the units that it lasts for."""
    return parse(load(text)).max_units


# ------------------------------------------------------------------------------ bombs


def zeros(megabytes: int = 1_024) -> Iterator[bytes]:
    """Nothing, for long."""
    return repeat(bytes(BLOCK), megabytes * MEGABYTE // BLOCK)


def gzip_bomb(content: Iterable[bytes] = ()) -> Iterator[bytes]:
    """A gigabyte in one."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    for block in content or zeros():
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()


def gzip_lines() -> Iterator[bytes]:
    """A gigabyte of short lines, which is no more than much work."""
    return gzip_bomb(repeat(b'{"type":"a"}\n' * 5_000, 40))


def zstd_bomb() -> Iterator[bytes]:
    """Blocks of four bytes that each unfold to 128 KiB, 16 GB in all."""
    yield struct.pack("<IBB", 0xFD2FB528, 0, 0x38)  # no size, a window of 128 KiB
    block = struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b"\0"
    for _ in range(32):
        yield block * 4_096
    yield b"\1\0\0"


def zstd_window() -> Iterator[bytes]:
    """A frame that asks for a window of many gigabytes."""
    yield struct.pack("<IBB", 0xFD2FB528, 0, 0xF8) + b"\1\0\0"


def gzip_members() -> Iterator[bytes]:
    """Hundreds of thousands of empty parts."""
    return repeat(gzip.compress(b"", mtime=0) * 1_000, 300)


# ------------------------------------------------------------------------------ text


def endless_quote() -> Iterator[bytes]:
    """CSV with a quote that has no end."""
    yield b'a,b\n1,"'
    yield from repeat(b"x\n" * (BLOCK // 2), 1_024)


def quotes() -> Iterator[bytes]:
    """CSV of quotes alone, an odd number of them."""
    yield b"a,b\n"
    yield b'"' * (8 * MEGABYTE + 1)


def mixed_quotes() -> Iterator[bytes]:
    """CSV whose fields are quoted in part, again and again."""
    yield b"a,b\n"
    yield b'x"y"' * MEGABYTE + b"\n"


def escapes() -> Iterator[bytes]:
    """CSV of escapes without an end."""
    yield b'a,b\n"'
    yield b"\\" * (4 * MEGABYTE + 1)


def blank_lines() -> Iterator[bytes]:
    """Nothing but line ends."""
    return repeat(b"\n" * BLOCK, 1_024)


def many_columns() -> Iterator[bytes]:
    """CSV of a million columns, and one row."""
    yield ",".join(f"c{number}" for number in range(1_000_000)).encode() + b"\n"
    yield b"," * 999_999 + b"\n"


def many_members() -> Iterator[bytes]:
    """A line of JSON with a million members."""
    yield b'{"type":"a"'
    yield "".join(f',"m{number}":1' for number in range(1_000_000)).encode()
    yield b"}\n"


def deep_json() -> Iterator[bytes]:
    """A line of a million brackets."""
    yield b'{"type":"a","x":' + b"[" * MEGABYTE + b"]" * MEGABYTE + b"}\n"


def deep_objects() -> Iterator[bytes]:
    """The same of objects, not closed."""
    yield b'{"type":"a","x":' * 300_000 + b"\n"


def long_number() -> Iterator[bytes]:
    """A number of a million digits."""
    yield b'{"type":"a","x":' + b"9" * MEGABYTE + b"}\n"


@dataclass(frozen=True)
class Whole:
    """A document in memory, which is handed to another process as it is."""

    content: bytes

    def __call__(self) -> Iterator[bytes]:
        """The document in blocks."""
        for start in range(0, len(self.content), BLOCK):
            yield self.content[start : start + BLOCK]


# ------------------------------------------------------------------------------ Parquet


def _parquet(table: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    parquet.write_table(table, file, **options)
    return file.getvalue()


def parquet_repeated() -> bytes:
    """Small rows, and then a text of a megabyte a thousand times: it is stored once."""
    places = pa.array([0] * 1_000 + [1] * 1_000, pa.int32())
    texts = pa.array(["x", "y" * MEGABYTE])
    column = pa.DictionaryArray.from_arrays(places, texts)
    return _parquet(pa.table({"a": column}), compression="zstd")


def parquet_zeros() -> bytes:
    """A text of 64 MB of one character, in a few kilobytes."""
    texts = pa.array(["0" * (64 * MEGABYTE)])
    return _parquet(pa.table({"a": texts}), compression="zstd", use_dictionary=False)


def parquet_rows() -> bytes:
    """Two million rows without a value, in a few hundred bytes."""
    return _parquet(pa.table({"a": pa.nulls(2_000_000, pa.int64())}))


def parquet_columns() -> bytes:
    """Ten thousand columns."""
    return _parquet(pa.table({f"c{number}": [1] for number in range(10_000)}))


def parquet_deep() -> bytes:
    """Lists of lists, a hundred levels of them."""
    value: Any = 1
    for _ in range(100):
        value = [value]
    return _parquet(pa.table({"a": [value]}))


def parquet_long_list() -> bytes:
    """One row with a list of ten million numbers, all alike."""
    numbers = pa.repeat(pa.scalar(7, pa.int64()), 10_000_000)
    column = pa.ListArray.from_arrays(pa.array([0, len(numbers)], pa.int32()), numbers)
    return _parquet(pa.table({"a": column}))


def parquet_footer() -> bytes:
    """An end that claims to be of four gigabytes."""
    return b"PAR1" + bytes(100) + struct.pack("<I", 0xFFFFFFF0) + b"PAR1"


# ------------------------------------------------------------------------------ the measure


def waste(megabytes: int) -> int:
    """Take so much memory."""
    return len(b"x" * (megabytes * MEGABYTE))


def die() -> None:
    """End as a process does that is killed."""
    os.kill(os.getpid(), signal.SIGKILL)
