"""Compression of documents: the same bytes for the same data, whenever and wherever."""

import zlib
from enum import StrEnum

import zstandard


class Compression(StrEnum):
    """How a document is stored."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"

    @property
    def suffix(self) -> str:
        """What it adds to the name of a document."""
        return {"none": "", "gzip": ".gz", "zstd": ".zst"}[self]

    def compress(self, data: bytes) -> bytes:
        """Compress `data`: gzip without a time and a name, zstd in one frame with its size."""
        match self:
            case Compression.GZIP:
                return zlib.compress(data, level=1, wbits=31)
            case Compression.ZSTD:
                return zstandard.ZstdCompressor(level=1).compress(data)
            case Compression.NONE:
                return data
