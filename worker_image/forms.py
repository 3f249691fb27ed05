"""The forms that documents can have, and what they are called."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """How records are written."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


class Compression(StrEnum):
    """How a document is stored."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"

    @property
    def suffix(self) -> str:
        """What it adds to the name of a document."""
        return {"none": "", "gzip": ".gz", "zstd": ".zst"}[self]


@dataclass(frozen=True, slots=True)
class Form:
    """A format and how it is compressed: Parquet inside, the others as a whole."""

    format: Format = Format.NDJSON
    compression: Compression = Compression.NONE

    @property
    def joined(self) -> bool:
        """Whether all record types of a unit are in one document."""
        return self.format is Format.NDJSON

    @property
    def suffix(self) -> str:
        """What the name of a document ends with."""
        outer = "" if self.format is Format.PARQUET else self.compression.suffix
        return f".{self.format}{outer}"

    @property
    def content_type(self) -> str:
        """The media type of a document."""
        return {
            Format.NDJSON: "application/x-ndjson",
            Format.CSV: "text/csv",
            Format.PARQUET: "application/vnd.apache.parquet",
        }[self.format]
