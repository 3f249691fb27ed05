"""Inputs near sound ones, by steps that know what JSON and YAML are made of."""

import re
from collections.abc import Iterator, Sequence
from random import Random

STRANGE = (
    b"",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",  # half a surrogate pair
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"\r",
    b"\n",
    b'"',
    b"[" * 2_000,
    b'{"a":' * 2_000,
    b"__class__",
)
VALUES = (
    b"null",
    b"true",
    b"NaN",
    b"-1",
    b"0.5",
    b"1e999",
    b"9" * 30,
    b'""',
    b'"x"',
    b"[]",
    b"{}",
    b'[{"a": 1}]',
    b'{"a": [null]}',
)
_SCALAR = re.compile(rb'"[^"\\]*"(?!:)|(?<=: )[^\s{\[,}\]]+|-?\d[\d.]*|true|false|null')


def mutated(samples: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Endless inputs, the same for the same samples and seed."""
    random = Random(seed)
    while True:
        data = random.choice(samples)
        for _ in range(random.randint(1, 3)):
            data = step(data, samples, random)
        yield data


def step(data: bytes, samples: Sequence[bytes], random: Random) -> bytes:
    """One change: another value, strange bytes, any bytes, a part of a sample, more or less."""
    kind = random.randrange(6)
    if kind < 2 and (scalars := list(_SCALAR.finditer(data))):
        start, end = random.choice(scalars).span()
        return data[:start] + random.choice(VALUES) + data[end:]
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 1, 1, 2, 4, 8, 64)))
    return data[:start] + _other(kind, data[start:end], samples, random) + data[end:]


def _other(kind: int, part: bytes, samples: Sequence[bytes], random: Random) -> bytes:
    match kind:
        case 2:
            return random.choice(STRANGE)
        case 3:
            return random.randbytes(len(part))
        case 4:
            other = random.choice(samples)
            place = random.randint(0, len(other))
            return other[place : place + random.choice((1, 8, 64))]
    return part * random.choice((0, 2, 2, 50))
