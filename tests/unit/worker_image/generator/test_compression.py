import gzip
import hashlib

import pytest
import zstandard

from worker_image.forms import Compression
from worker_image.generator.formats.compression import compress

DATA = b'{"type":"row","id":100000000000}\n' * 5000


def test_gives_the_data_back() -> None:
    assert compress(DATA, Compression.NONE) is DATA
    assert gzip.decompress(compress(DATA, Compression.GZIP)) == DATA
    assert zstandard.decompress(compress(DATA, Compression.ZSTD)) == DATA


@pytest.mark.parametrize("compression", list(Compression))
def test_gives_the_same_bytes_again(compression: Compression) -> None:
    digests = {hashlib.sha256(compress(DATA, compression)).digest() for _ in range(3)}
    assert len(digests) == 1


def test_gzip_carries_neither_time_nor_name() -> None:
    header = compress(DATA, Compression.GZIP)[:10]
    assert header[3] == 0
    assert header[4:8] == bytes(4)


def test_zstd_says_its_size_so_that_readers_can_prepare() -> None:
    assert zstandard.frame_content_size(compress(DATA, Compression.ZSTD)) == len(DATA)
