"""The manifest of a run: every document that it has written or loaded, a page at a time."""

from typing import Annotated

from pydantic import ConfigDict, Field

from ..model import Value
from ..services.manifest import Lines

PLACE = r'^[0-9]{1,15}-"?[A-Za-z0-9]{1,60}"?$'
"""The byte where the next line begins, and the version of the manifest."""


class ManifestFilter(Value):
    """How many documents a page has; `after` is `next` of another page."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    after: Annotated[str, Field(pattern=PLACE)] | None = None


class ManifestLine(Value):
    """A document: where it is, its rows by record type, its size in bytes, and its SHA-256."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    unit: int
    document: str
    records: dict[str, int]
    rows: int
    bytes: int
    checksum: str
    rejected: int = 0


class ManifestPage(Value):
    """Documents in the order of their units, those of a part of the run after another."""

    run: str
    documents: list[ManifestLine]
    next: str | None


def page(run: str, found: Lines) -> ManifestPage:
    """A page of a manifest."""
    documents = [ManifestLine.model_validate_json(line) for line in found.lines]
    behind = None if found.end is None else f"{found.end}-{found.etag}"
    return ManifestPage(run=run, documents=documents, next=behind)


def place(after: str | None) -> tuple[int, str]:
    """The byte and the version that a page has named; the start, of any version, for None."""
    start, _, etag = (after or "0-").partition("-")
    return int(start), etag
