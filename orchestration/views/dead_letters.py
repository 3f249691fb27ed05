"""Units that failed, by what they have in common and one by one."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from ..model import Value
from ..reports import FailureGroup, failure_groups
from ..services.records import DeadLetterSummary


class DeadLetterFilter(Value):
    """Which dead letters are listed one by one, and how many; `after` is `next` of a page."""

    fingerprint: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    after: Annotated[str, Field(max_length=200)] | None = None


class DeadLetterEntry(Value):
    """A dead letter in short; `place` ends its address, `unit` is None of a message unread."""

    place: str
    stage: str
    unit: int | None
    type: str = ""
    error: str = ""
    fingerprint: str = ""
    permanent: bool = False
    deliveries: int = 0
    worker: str = ""
    dead_at: str = ""


class DeadLetterPage(Value):
    """All groups, and one page of the dead letters.

    `count` is how many there are, `at_least` so many where not all were looked at.
    """

    run: str
    count: int
    at_least: bool
    groups: list[FailureGroup]
    dead_letters: list[DeadLetterEntry]
    next: str | None = None


def dead_letters(
    run: str, letters: Sequence[DeadLetterSummary], wanted: DeadLetterFilter, *, more: bool
) -> DeadLetterPage:
    """A page of dead letters, which are in the order of their paths."""
    groups = failure_groups(letter.metadata for letter in letters)
    entries = [entry(letter) for letter in letters]
    chosen = [each for each in entries if wanted.fingerprint in (None, each.fingerprint)]
    behind = [each for each in chosen if each.place > (wanted.after or "")]
    page = behind[: wanted.limit]
    return DeadLetterPage(
        run=run,
        count=len(letters),
        at_least=more,
        groups=[group.model_copy(update={"at_least": more}) for group in groups],
        dead_letters=page,
        next=page[-1].place if len(behind) > len(page) else None,
    )


def entry(letter: DeadLetterSummary) -> DeadLetterEntry:
    """A dead letter in short, from the metadata that the contract writes."""
    known = letter.metadata
    return DeadLetterEntry(
        place=letter.place,
        stage=letter.stage,
        unit=letter.unit,
        type=known.get("type", ""),
        error=known.get("error", ""),
        fingerprint=known.get("fingerprint", ""),
        permanent=known.get("permanent") == "true",
        deliveries=int(known.get("deliveries", 0)),
        worker=known.get("worker", ""),
        dead_at=known.get("deadat", ""),
    )
