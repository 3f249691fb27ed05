"""The documents of an ingest run, written down as its units."""

from collections.abc import Iterator

from azure.core.exceptions import ResourceNotFoundError
from pydantic import TypeAdapter

from ..model import RunRecord, Value
from ..services import Services
from . import freezing


class Entry(Value):
    """One document of a frozen listing; its place in the listing is its unit."""

    path: str
    etag: str


PAGE = TypeAdapter(list[Entry])


def freeze(services: Services, record: RunRecord) -> int | None:
    """Write the listing down; the number of units once it is complete.

    Raises:
        SourceError: there is no such container.
    """
    source = record.request.source
    assert source

    def behind(last: Entry | None) -> Iterator[Entry]:
        begin = last.path if last else ""
        for blob in services.records.listing(source.container, source.prefix, begin):
            yield Entry(path=str(blob.name), etag=str(blob.etag))

    try:
        return freezing.freeze(services, record.run, PAGE, behind)
    except ResourceNotFoundError:
        reason = f"source.container: there is no container {source.container!r}"
        raise freezing.SourceError(reason) from None
