"""How a replayed unit went, beside how it went in its run: pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from worker_image.contract import Failure, Receipt


def beside_receipt(made: Receipt, known: Mapping[str, Any] | None) -> tuple[bool, str]:
    """Whether a document has the bytes of the run's, which has the receipt `known`, and in words.

    Where the run has none there is nothing to differ from.
    """
    if known is None:
        return True, "the run has no document of this unit to compare with"
    if made.checksum == known["checksum"]:
        return True, "the same bytes as the run's document"
    return False, f"not the run's document: {'; '.join(_differences(made, known))}"


def _differences(made: Receipt, known: Mapping[str, Any]) -> Iterator[str]:
    for kind in dict.fromkeys((*known["records"], *made.records)):
        here, there = made.records.get(kind, 0), known["records"].get(kind, 0)
        if here != there:
            yield f"{here:,} rows of {kind} here, {there:,} there"
    if made.bytes != known["bytes"]:
        yield f"{made.bytes:,} bytes here, {known['bytes']:,} there"
    yield f"SHA-256 {made.checksum} here, {known['checksum']} there"


def beside_letter(failure: Failure | None, stage: Mapping[str, Any]) -> str:
    """An error beside what became of the unit in the run; empty where there is nothing to say."""
    letter = stage["dead_letter"]
    if failure is None:
        return "in the run it is a dead letter; here it went well" if letter else ""
    if letter is None:
        return f"in the run it is {stage['state']}"
    if failure.fingerprint == letter["fingerprint"]:
        return "the same error as in the run's dead letter"
    return f"the run's dead letter has another error: {letter['type']}: {letter['error']}"
