"""A replayed unit beside its run: tables."""

from dataclasses import replace
from typing import Any

from support.tables import table

from command_line.replay.comparing import beside_letter, beside_receipt
from worker_image.contract import Failure, Receipt

MADE = Receipt("r", "generate", 7, {"a": 1, "b": 20}, 300, "c0ffee", 0.1, "w", 1, "d/7.ndjson")
FAILED = Failure("ValueError", "row 7 has no key", True, "w", 1, "2026-11-25T12:00:00+00:00")


def known(**changes: Any) -> dict[str, Any]:
    return {"records": {"a": 1, "b": 20}, "bytes": 300, "checksum": "c0ffee", **changes}


@table(
    "receipt, same, words",
    {
        "nothing to compare with": (None, True, "the run has no document"),
        "the same": (known(), True, "the same bytes as the run's document"),
        "other bytes of one size": (known(checksum="bad"), False, "SHA-256 c0ffee here, bad there"),
        "another size": (known(checksum="bad", bytes=1_299), False, "300 bytes here, 1,299 there"),
        "other rows": (
            known(checksum="bad", records={"a": 1, "b": 1_021}),
            False,
            "20 rows of b here, 1,021 there",
        ),
        "a record type that is not made here": (
            known(checksum="bad", records={"a": 1, "b": 20, "c": 3}),
            False,
            "0 rows of c here, 3 there",
        ),
        "one that is made here alone": (
            known(checksum="bad", records={"a": 1}),
            False,
            "20 rows of b here, 0 there",
        ),
    },
)
def test_a_document_beside_the_runs(receipt: Any, words: str, *, same: bool) -> None:
    found, told = beside_receipt(MADE, receipt)
    assert (found, words in told) == (same, True), told


def letter(failure: Failure) -> dict[str, Any]:
    entry = {"type": failure.type, "error": failure.message, "fingerprint": failure.fingerprint}
    return {"state": "dead", "dead_letter": entry}


DONE = {"state": "done", "dead_letter": None}


@table(
    "failure, stage, words",
    {
        "all is well": (None, DONE, ""),
        "the same error": (FAILED, letter(FAILED), "the same error as in the run's dead letter"),
        "the same with another number": (
            FAILED,
            letter(replace(FAILED, message="row 8 has no key")),
            "the same error as in the run's dead letter",
        ),
        "another error": (
            FAILED,
            letter(replace(FAILED, message="no such table")),
            "the run's dead letter has another error: ValueError: no such table",
        ),
        "it went well in the run": (FAILED, DONE, "in the run it is done"),
        "it goes well here": (
            None,
            letter(FAILED),
            "in the run it is a dead letter; here it went well",
        ),
    },
)
def test_an_error_beside_what_became_of_the_unit(
    failure: Failure | None, stage: dict[str, Any], words: str
) -> None:
    assert beside_letter(failure, stage) == words
