"""The forms that documents can have."""

import inspect
from collections.abc import Iterator

from command_line.reference.markdown import code, table
from worker_image.generator import Compression, Form, Format
from worker_image.generator.formats import csv, ndjson, parquet

_MODULES = {Format.NDJSON: ndjson, Format.CSV: csv, Format.PARQUET: parquet}
_TEXT = """
A run says in `documents` which `format` and `compression` it writes; a dataset is the same in all
of them.
"""


def section() -> Iterator[str]:
    """The blocks of the section, without its heading."""
    yield _TEXT
    head = ("format", "documents of a unit", *(f"with {each}" for each in Compression))
    yield table(head, map(_row, Format))
    for form in Format:
        yield f"**{form}**: {inspect.getdoc(_MODULES[form])}"


def _row(written: Format) -> list[str]:
    each = "one" if Form(written).joined else "one for each record type"
    names = (code(Form(written, compression).suffix) for compression in Compression)
    return [code(written), each, *names]
