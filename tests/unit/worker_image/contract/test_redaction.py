import pytest

from worker_image.contract import Failure, WorkerEnvironment
from worker_image.contract.failure import MESSAGE_LIMIT, TRACEBACK_LIMIT
from worker_image.contract.redaction import MASK, Redaction

KEY = "a+key/==with.signs"
CONNECTION = (
    f"DefaultEndpointsProtocol=http;AccountName=acc;AccountKey={KEY};BlobEndpoint=http://h/acc;"
)


@pytest.mark.parametrize(
    ("secret", "part"),
    [
        (CONNECTION, CONNECTION),
        (CONNECTION, KEY),
        ("BlobEndpoint=https://h;SharedAccessSignature=sv=1&sig=abc%2F", "sv=1&sig=abc%2F"),
        ("postgresql://user:p%40ss@host/db", "p%40ss"),
        ("postgresql://user:p%40ss@host/db", "p@ss"),
        ("host=h password=hunter2 dbname=d", "hunter2"),
        ("Bearer t0ken/1", "t0ken/1"),
        ("Bearer t0ken/1", "t0ken%2F1"),
        ("Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("postgresql://user:p%40s%22s@host/db", 'p@s\\"s'),
        ("host=h password=hunter2 dbname=d", "aHVudGVyMg"),
    ],
)
def test_a_secret_and_its_parts_are_masked(secret: str, part: str) -> None:
    redact = Redaction([secret])
    assert redact(f"before {part} after") == f"before {MASK} after"


def test_what_is_no_secret_stays() -> None:
    redact = Redaction([CONNECTION, "postgresql://user:pw@host/db"])
    assert redact("acc user host db AccountKey http://h/acc") == (
        "acc user host db AccountKey http://h/acc"
    )


@pytest.mark.parametrize("secrets", [[], [""], ["postgresql:///db"]])
def test_without_secrets_nothing_is_masked(secrets: list[str]) -> None:
    assert Redaction(secrets)("any text") == "any text"


def test_the_secrets_are_those_of_the_environment() -> None:
    environment = WorkerEnvironment(
        run="a-run", worker="w1", storage_connection_string=CONNECTION, postgresql_url="p://u:pw@h"
    )
    assert Redaction.of(environment)(f"{KEY} pw a-run w1") == f"{MASK} {MASK} a-run w1"


@pytest.mark.parametrize("before", range(MESSAGE_LIMIT - 30, MESSAGE_LIMIT, 7))
def test_no_part_of_a_secret_stays_where_an_error_is_cut(before: int) -> None:
    secret = "planted-secret-of-30-characters"
    error = ValueError("x" * before + secret + "y" * TRACEBACK_LIMIT)
    failure = Failure.of(
        error, permanent=True, worker="w", delivery=1, at="", redact=Redaction([secret])
    )
    assert secret[:3] not in failure.message
    assert secret[-3:] not in failure.traceback
