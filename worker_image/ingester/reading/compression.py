"""Compressed documents as blocks of their content."""

import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

import zstandard

from ...errors import PermanentError

_READ = 64 * 1024
# Compressed bytes at a time: what the densest of them unfold to still fits in memory.
_STEP = 4 * 1024
_SUFFIXES = (".gz", ".zst")


class _Part(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_NEW_PART: dict[str, Callable[[], _Part]] = {
    "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
}
# A document of zstd may begin with a frame that readers skip, of sixteen kinds.
_SKIPPABLE = tuple(bytes([kind]) + b"\x2a\x4d\x18" for kind in range(0x50, 0x60))
_MAGIC = {"gzip": (b"\x1f\x8b",), "zstd": (b"\x28\xb5\x2f\xfd", *_SKIPPABLE)}
_LONGEST_MAGIC = 4


def without_suffix(name: str) -> str:
    """The name of a document's content: `a.ndjson` of `a.ndjson.gz`."""
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name


def content(stream: BinaryIO, name: str, compression: str = "") -> Iterator[bytes]:
    """Blocks of the content of a gzip, zstd or plain document.

    `compression` is gzip, zstd or none; if it is empty, the first bytes tell it.

    Raises:
        PermanentError: the document is damaged or ends too early.
    """
    head = _head(stream)
    if not head and (compression in _NEW_PART or without_suffix(name) != name):
        raise PermanentError(f"{name}: empty, not even the frame of its compression is there")
    compression = compression or next((c for c in _MAGIC if head.startswith(_MAGIC[c])), "")
    if compression in _NEW_PART:
        return _unfolded(_blocks(head, stream), _NEW_PART[compression], name)
    return _blocks(head, stream)


def _head(stream: BinaryIO) -> bytes:
    """The first bytes, enough of them to tell a compression."""
    head = b""
    while len(head) < _LONGEST_MAGIC and (block := stream.read(_READ)):
        head += block
    return head


def _blocks(block: bytes, stream: BinaryIO) -> Iterator[bytes]:
    while block:
        yield block
        block = stream.read(_READ)


def _unfolded(blocks: Iterator[bytes], new_part: Callable[[], _Part], name: str) -> Iterator[bytes]:
    part = None
    for data in _steps(blocks):
        while data:
            part = part or new_part()
            try:
                yield part.decompress(data)
            except (zlib.error, zstandard.ZstdError) as error:
                raise PermanentError(f"{name}: damaged: {error}") from error
            data = part.unused_data  # noqa: PLW2901 - a document may be of several parts
            part = None if part.eof else part
    if part:
        raise PermanentError(f"{name}: truncated, its compression has no end")


def _steps(blocks: Iterator[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), _STEP):
            yield block[start : start + _STEP]
