"""Which documents a run loads, as a request says it."""

import codecs
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from .value import Value

ContainerName = Annotated[
    str, Field(pattern=r"^[a-z0-9](-?[a-z0-9])+$", min_length=3, max_length=63)
]
Character = Annotated[str, Field(pattern=r"^[\x01-\x09\x0b\x0c\x0e-\x7f]$")]


class Csv(Value):
    """The dialect of CSV documents.

    Without `header` the columns are named by `columns`. Unquoted text that is `null` is no value.
    `escape` is the character before a quote in quoted text, where that is not the quote itself.
    """

    delimiter: Character = ","
    quote: Character = '"'
    escape: Character | None = None
    header: bool = True
    columns: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    null: Annotated[str, Field(max_length=100)] = ""
    encoding: Annotated[str, Field(max_length=40)] = "utf-8"

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError:
            raise ValueError(f"{encoding!r} is no encoding that Python knows") from None


class Source(Value):
    """Which blobs an ingest run loads, whoever wrote them.

    `record_type` names the table of all rows; without it each NDJSON line carries its `type`, and
    documents of other formats lie in a folder that is named like their table. Format and
    compression are found by name or content unless they are given.
    """

    container: ContainerName
    prefix: Annotated[str, Field(max_length=900)] = ""
    record_type: Annotated[str, Field(max_length=63)] | None = None
    format: Literal["ndjson", "csv", "parquet"] | None = None
    compression: Literal["none", "gzip", "zstd"] | None = None
    csv: Csv = Csv()
    unknown_columns: Literal["fail", "ignore"] = "fail"

    def reading(self) -> dict[str, Any]:
        """What the workers are told of it: the members of the contract's `Reading`."""
        csv = self.csv.model_dump(mode="json")
        return {
            **csv,
            "escape": self.csv.escape or "",
            "format": self.format or "",
            "compression": self.compression or "",
            "record_type": self.record_type or "",
            "unknown_columns": self.unknown_columns,
        }
