"""Documents as the libraries read them that know rows alone: each line of JSON as a dict."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
import zstandard


def read_rows(document: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of a document of lines of JSON in zstd by record type, parents first."""
    text = zstandard.ZstdDecompressor().decompressobj().decompress(document.read_bytes())
    rows = defaultdict(list)
    for line in text.splitlines():
        row = orjson.loads(line)
        rows[row.pop("type")].append(row)
    return rows
