"""Compression of documents: the same bytes for the same data, whenever and wherever."""

import zlib

import zstandard

from ...forms import Compression, Form, Format


def encode(content: bytes, form: Form) -> bytes:
    """A document as it is stored; Parquet is compressed inside already."""
    return content if form.format is Format.PARQUET else compress(content, form.compression)


def compress(data: bytes, compression: Compression) -> bytes:
    """Compress `data`: gzip without a time and a name, zstd in one frame with its size."""
    match compression:
        case Compression.GZIP:
            return zlib.compress(data, level=1, wbits=31)
        case Compression.ZSTD:
            return zstandard.ZstdCompressor(level=1).compress(data)
        case Compression.NONE:
            return data
