"""The documents of an ingest run, written down as its units."""

from collections.abc import Iterator

from azure.core.exceptions import ResourceNotFoundError
from pydantic import TypeAdapter

from worker_image.contract import naming

from ..model import RunRecord, Source, Value
from ..services import Services
from ..services.listing import ListedBlob
from . import freezing


class Entry(Value):
    """One document of a frozen listing; its place in the listing is its unit."""

    path: str
    etag: str


PAGE = TypeAdapter(list[Entry])


def documents(services: Services, source: Source, behind: str = "") -> Iterator[ListedBlob]:
    """The documents that a source names, in their order, behind one of them.

    What an earlier load has written beside them of rows that it rejected is none.

    Raises:
        ResourceNotFoundError: there is no such container.
    """
    for blob in services.records.listing(source.container, source.prefix, behind):
        if not blob.name.endswith(naming.REJECTED):
            yield blob


def freeze(services: Services, record: RunRecord) -> int | None:
    """Write the listing down; the number of units once it is complete.

    Raises:
        SourceError: there is no such container.
    """
    source = record.request.source
    assert source

    def behind(last: Entry | None) -> Iterator[Entry]:
        begin = last.path if last else ""
        for blob in documents(services, source, begin):
            yield Entry(path=blob.name, etag=blob.etag)

    try:
        return freezing.freeze(services, record.run, PAGE, behind)
    except ResourceNotFoundError:
        reason = f"source.container: there is no container {source.container!r}"
        raise freezing.SourceError(reason) from None
