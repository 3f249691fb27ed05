"""When a schedule is due: by the clock of its zone, once, and not long after."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from orchestration.scheduling import Schedule, due_time, next_due

NOTHING = {"kind": "ingest", "source": {"container": "landing"}, "sink": {"schema": "s"}}


def schedule(cron: str = "30 2 * * *", **changes: object) -> Schedule:
    return Schedule.model_validate({"cron": cron, "request": NOTHING, **changes})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "due"),
    [(2, 29, False), (2, 30, True), (2, 31, True), (3, 30, True), (3, 31, False), (12, 0, False)],
)
def test_a_due_time_is_caught_up_for_an_hour(hour: int, minute: int, due: bool) -> None:
    found = due_time(schedule(), datetime(2026, 11, 23, hour, minute, tzinfo=UTC))
    assert found == (datetime(2026, 11, 23, 2, 30, tzinfo=UTC) if due else None)


@pytest.mark.parametrize(
    ("cron", "now", "due"),
    [
        ("* * * * *", "2026-11-23T10:00:59.999", "2026-11-23T10:00"),
        ("* * * * *", "2026-11-23T10:00", "2026-11-23T10:00"),
        ("*/10 * * * *", "2026-11-23T10:39:59.999", "2026-11-23T10:30"),
        ("0 0 29 2 *", "2028-02-29T00:01", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2026-03-01T00:01", None),
    ],
)
def test_of_several_that_were_missed_the_last_is_due(cron: str, now: str, due: str | None) -> None:
    assert due_time(schedule(cron), at(now)) == (at(due) if due else None)


# ------------------------------------------------------------------------------ time zones


DAYS = [
    # In Berlin the clocks go from 2:00 to 3:00 on 29 March, from 3:00 back to 2:00 on 25 October.
    ("30 2 * * *", "Europe/Berlin", "2026-03-28", ["01:30"]),
    ("30 2 * * *", "Europe/Berlin", "2026-03-29", ["01:30"]),  # as if not changed yet: 3:30
    ("30 2 * * *", "Europe/Berlin", "2026-03-30", ["00:30"]),
    ("30 2 * * *", "Europe/Berlin", "2026-10-24", ["00:30"]),
    ("30 2 * * *", "Europe/Berlin", "2026-10-25", ["00:30"]),  # the first of two
    ("30 2 * * *", "Europe/Berlin", "2026-10-26", ["01:30"]),
    ("0 1-4 * * *", "Europe/Berlin", "2026-03-29", ["00:00", "01:00", "02:00", "23:00"]),
    ("0 1-4 * * *", "Europe/Berlin", "2026-10-25", ["00:00", "02:00", "03:00"]),
    ("15,45 2 * * *", "Europe/Berlin", "2026-10-25", ["00:15", "00:45"]),
    ("30 1 * * *", "America/New_York", "2026-11-01", ["05:30"]),
    ("30 2 * * *", "America/New_York", "2026-03-08", ["07:30"]),
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03", ["15:45"]),  # half an hour is left out
    ("30 9 * * mon", "Asia/Kolkata", "2026-11-23", ["04:00"]),
    ("30 9 * * mon", "Asia/Kolkata", "2026-11-24", []),
    ("30 23 30 12 *", "Pacific/Apia", "2011-12-31", ["09:30"]),  # there was no 30 December
]


@pytest.mark.parametrize(("cron", "zone", "day", "due"), DAYS)
def test_each_time_of_a_day_is_due_once(cron: str, zone: str, day: str, due: list[str]) -> None:
    """At each minute of a day in UTC, the due times of it that a tick finds."""
    wanted = schedule(cron, time_zone=zone)
    minutes = [at(day) + timedelta(minutes=minute) for minute in range(24 * 60)]
    found = {due_time(wanted, minute) for minute in minutes} - {None}
    assert {time for time in found if time and time >= at(day)} == {
        at(f"{day}T{time}") for time in due
    }


def test_a_schedule_is_due_when_the_clock_of_its_zone_says_so_and_not_before() -> None:
    wanted = schedule(time_zone="Europe/Berlin")
    assert due_time(wanted, at("2026-10-25T00:29:59")) is None
    assert due_time(wanted, at("2026-10-25T00:30")) == at("2026-10-25T00:30")
    assert due_time(wanted, at("2026-10-25T01:30")) == at("2026-10-25T00:30")
    assert due_time(wanted, at("2026-10-25T01:31")) is None, "shown again, and not due again"


@pytest.mark.parametrize(("cron", "zone", "day", "due"), DAYS)
def test_what_is_next_is_what_will_be_due(cron: str, zone: str, day: str, due: list[str]) -> None:
    """At many moments of a day in UTC, and at each due time, the next one."""
    wanted = schedule(cron, time_zone=zone)
    expected = [at(f"{day}T{time}") for time in due]
    moments = [at(day) + timedelta(minutes=minute, seconds=-1) for minute in range(0, 24 * 60, 15)]
    for now in [*moments, *expected]:
        following = next_due(wanted, now)
        later = [time for time in expected if time > now]
        assert following == later[0] if later else following >= at(day) + timedelta(days=1)


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    "members",
    [
        {"cron": "* * * * *"},
        {"cron": "* * * * *", "job": "a", "request": NOTHING},
    ],
)
def test_a_schedule_starts_one_thing(members: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="either a job or a request"):
        Schedule.model_validate(members)


@pytest.mark.parametrize("job", ["", "Nightly", "a/b", "a" * 64])
def test_a_name_that_is_not_allowed_is_refused(job: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        Schedule.model_validate({"cron": "* * * * *", "job": job})


@pytest.mark.parametrize(
    "cron",
    ["", "every day", "61 * * * *", "* * *", "0 * * * * *", "@daily", "0 0 30 2 *", "R * * * *"],
)
def test_a_cron_that_is_none_is_refused(cron: str) -> None:
    with pytest.raises(ValidationError, match="five cron fields"):
        schedule(cron)


@pytest.mark.parametrize("zone", ["", "Berlin", "America", "../zone", "/etc/localtime", "utc+1"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="IANA name"):
        schedule(time_zone=zone)


def test_an_overlap_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="'skip', 'queue' or 'replace'"):
        schedule(overlap="allow")
