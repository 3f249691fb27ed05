"""When a schedule is due."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from orchestration.scheduling import Schedule, due_time


def schedule(**changes: object) -> Schedule:
    return Schedule.model_validate({"cron": "30 2 * * *", "request": {}, **changes})


@pytest.mark.parametrize(
    ("hour", "minute", "due"),
    [(2, 29, False), (2, 30, True), (2, 31, True), (3, 30, True), (3, 31, False), (12, 0, False)],
)
def test_a_due_time_is_caught_up_for_an_hour(hour: int, minute: int, due: bool) -> None:
    found = due_time(schedule(), datetime(2026, 11, 23, hour, minute, tzinfo=UTC))
    assert found == (datetime(2026, 11, 23, 2, 30, tzinfo=UTC) if due else None)


def test_a_disabled_schedule_is_never_due() -> None:
    assert due_time(schedule(enabled=False), datetime(2026, 11, 23, 2, 30, tzinfo=UTC)) is None


@pytest.mark.parametrize("cron", ["", "every day", "61 * * * *", "* * *"])
def test_a_cron_that_is_none_is_refused(cron: str) -> None:
    with pytest.raises(ValidationError, match="five cron fields"):
        schedule(cron=cron)
