"""Definitions under their etags, on Blob Storage through the real SDK."""

import json
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest

from orchestration.definitions import stored_job, users
from orchestration.problems import InvalidRequestError
from orchestration.scheduling import Schedule, requested
from orchestration.services import Noun, Services
from orchestration.services.definitions import Definitions, Expected, VersionError

LANDING = {"kind": "ingest", "source": {"container": "landing"}, "sink": {"schema": "s"}}


@pytest.fixture
def definitions(services: Services) -> Definitions:
    return services.records.definitions(Noun.DATASET)


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"n-{uuid4().hex}"


@pytest.fixture
def stored(services: Services) -> Iterator[None]:
    """Jobs and schedules are those of the test alone."""
    yield
    for noun in (Noun.JOB, Noun.SCHEDULE):
        definitions = services.records.definitions(noun)
        for taken in definitions.names():
            definitions.delete(taken)


def test_a_definition_is_given_back_as_it_was_stored(definitions: Definitions, name: str) -> None:
    assert definitions.read(name) is None
    content = "# a comment, é\nversion: 1\n".encode()
    version, before = definitions.put(name, content)
    found = definitions.read(name)
    assert before is None
    assert found
    assert found.content == content
    assert (found.name, found.etag, found.size) == (name, version.etag, len(content))
    assert found.changed == version.changed
    assert name in definitions.names()
    again, before = definitions.put(name, b"other")
    assert before == version.etag != again.etag
    assert definitions.delete(name)
    assert not definitions.delete(name)
    assert name not in definitions.names()


def test_of_two_writers_of_one_version_one_is_told(definitions: Definitions, name: str) -> None:
    version, _ = definitions.put(name, b"first")
    told: list[str | None] = []
    gate = threading.Barrier(4)

    def write(number: int) -> None:
        gate.wait()
        try:
            definitions.put(name, f"{number}".encode(), Expected(match=version.etag))
        except VersionError as error:
            told.append(error.etag)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = definitions.read(name)
    assert found
    assert told == [found.etag] * 3, "one has won, and the others are told its version"
    with pytest.raises(VersionError):
        definitions.delete(name, Expected(match=version.etag))
    with pytest.raises(VersionError):
        definitions.put(name, b"new", Expected(none_match="*"))
    assert definitions.read(name) == found, "nothing was changed"
    assert definitions.delete(name, Expected(match=found.etag))


def test_of_two_who_create_one_is_told(definitions: Definitions, name: str) -> None:
    won: list[str] = []

    def create(text: str) -> None:
        try:
            definitions.put(name, text.encode(), Expected(none_match="*"))
        except VersionError:
            return
        won.append(text)

    threads = [threading.Thread(target=create, args=(text,)) for text in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = definitions.read(name)
    assert found
    assert [found.content.decode()] == won


@pytest.mark.usefixtures("stored")
def test_a_schedule_finds_its_job_when_it_is_due(services: Services, name: str) -> None:
    schedule = Schedule.model_validate({"cron": "0 3 * * *", "job": name})
    with pytest.raises(InvalidRequestError, match=f"job: there is no job '{name}'"):
        requested(services, schedule)
    jobs = services.records.definitions(Noun.JOB)
    jobs.put(name, json.dumps(LANDING).encode())
    assert requested(services, schedule) == stored_job(services, name)
    jobs.put(name, json.dumps({**LANDING, "units": 3}).encode())
    with pytest.raises(InvalidRequestError, match=r"job\.units: a ingest run has none"):
        requested(services, schedule)
    jobs.put(name, json.dumps({**LANDING, "dataset": "never-stored"}).encode())
    with pytest.raises(InvalidRequestError, match=r"job\.dataset: there is no dataset"):
        requested(services, schedule)


@pytest.mark.usefixtures("stored")
def test_who_names_a_definition_uses_it(services: Services) -> None:
    jobs, schedules = (services.records.definitions(noun) for noun in (Noun.JOB, Noun.SCHEDULE))
    jobs.put("a", b'{"dataset": "d", "faulty": true}')
    schedules.put("b", b'{"request": {"dataset": "d"}}')
    schedules.put("c", b'{"job": "a"}')
    assert users(services, Noun.DATASET, "d") == ["job a", "schedule b"]
    assert users(services, Noun.JOB, "a") == ["schedule c"]
    assert users(services, Noun.JOB, "d") == users(services, Noun.SCHEDULE, "c") == []
