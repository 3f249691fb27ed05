"""Dead letters in pages, all of their causes on each."""

from support.history import letters
from support.tables import table

from orchestration.services.records import DeadLetterSummary
from orchestration.views.dead_letters import DeadLetterFilter, DeadLetterPage, dead_letters
from worker_image.contract import naming

RUN = "r261123-120000-abcde"


def summaries(count: int) -> list[DeadLetterSummary]:
    return [
        DeadLetterSummary(
            path=letter.record_path(RUN),
            stage="generate",
            unit=unit,
            metadata=letter.to_metadata(),
        )
        for unit, letter in enumerate(letters(RUN, count))
    ]


def page(count: int = 20, *, more: bool = False, **wanted: object) -> DeadLetterPage:
    return dead_letters(RUN, summaries(count), DeadLetterFilter.model_validate(wanted), more=more)


def test_pages_have_each_once() -> None:
    units, after = [], None
    while True:
        shown = page(limit=7, after=after)
        units += [each.unit for each in shown.dead_letters]
        assert (shown.count, sum(group.units for group in shown.groups)) == (20, 20)
        after = shown.next
        if after is None:
            break
    assert units == list(range(20))


def test_one_cause() -> None:
    group = page().groups[0]
    shown = page(fingerprint=group.fingerprint)
    assert len(shown.dead_letters) == group.units
    assert {each.error for each in shown.dead_letters} == {
        f"column 'age' of row {unit} is no number" for unit in range(0, 20, 3)
    }


@table("more", {"all were looked at": False, "there are more": True})
def test_what_was_not_looked_at_is_not_counted(more: bool) -> None:
    shown = page(more=more)
    assert shown.at_least is more
    assert all(group.at_least is more for group in shown.groups)


def test_a_message_that_nobody_could_read_has_no_unit() -> None:
    path = naming.undecodable(RUN, "f" * 64)
    metadata = {"unit": "", "stage": "undecodable", "type": "UndecodableMessageError"}
    letter = DeadLetterSummary(path=path, stage="undecodable", unit=None, metadata=metadata)
    (shown,) = dead_letters(RUN, [letter], DeadLetterFilter(), more=False).dead_letters
    assert (shown.unit, shown.place) == (None, f"undecodable/{'f' * 64}")
