"""What a run works through, written down page by page before its first message."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from pydantic import TypeAdapter

from worker_image.contract import naming

from ..services import Services

T = TypeVar("T")

# So much is written in one call, which is seconds.
ENTRIES_A_CALL = 50_000
BYTES_A_CALL = 64 << 20
SIZE = "entries"  # of a full page, in the metadata of each


class SourceError(Exception):
    """What a run is to work through cannot be used, and no other try will find it better."""


def freeze(
    services: Services,
    run: str,
    pages: TypeAdapter[list[T]],
    behind: Callable[[T | None], Iterator[T]],
) -> int | None:
    """Write down what there is, some pages of it; how many units that is once all are written.

    `behind` gives what comes after an entry, or all from the start. A page that was written stays
    as it is, so that what appears later shifts nothing. The last page alone is not full.
    """
    written, size = _written(services, run)
    last = _page(services, run, pages, written - 1) if written else []
    if written and len(last) < size:
        return (written - 1) * size + len(last)
    entries, room = behind(last[-1] if last else None), BYTES_A_CALL
    for number in range(written, written + max(1, ENTRIES_A_CALL // size)):
        page = list(islice(entries, size))
        content = pages.dump_json(page)
        path, metadata = naming.plan_page(run, number), {SIZE: str(size)}
        if not services.records.create(path, content, metadata):
            break  # another call is at it, and may have seen other entries
        if len(page) < size:
            return number * size + len(page)
        room -= len(content)
        if room < 0:
            break
    return None


def frozen_units(services: Services, run: str, pages: TypeAdapter[list[T]]) -> int:
    """How many units are written down by now."""
    written, size = _written(services, run)
    return (written - 1) * size + len(_page(services, run, pages, written - 1)) if written else 0


def _written(services: Services, run: str) -> tuple[int, int]:
    """How many pages there are, and the entries of a full one.

    The setting may be another one by now, so the pages say it; those of older apps do not.
    """
    found = list(services.records.listing(naming.RUNS, naming.plan(run)))
    said = found[0].metadata.get(SIZE) if found else None
    return len(found), int(said or services.settings.seed_page)


def frozen(
    services: Services, run: str, pages: TypeAdapter[list[T]], units: Iterable[int]
) -> Iterator[tuple[int, T]]:
    """The units with what was written down of each; a unit is the place of its entry."""
    number, page = 0, _page(services, run, pages, 0)
    size = len(page)
    for unit in units:
        wanted, place = divmod(unit, size)
        if wanted != number:
            number, page = wanted, _page(services, run, pages, wanted)
        yield unit, page[place]


def _page(services: Services, run: str, pages: TypeAdapter[list[T]], number: int) -> list[T]:
    content = services.records.read(naming.plan_page(run, number))
    return pages.validate_json(content) if content else []
