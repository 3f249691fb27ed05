"""What the HTTP API shows: pure."""

from collections.abc import Iterable
from typing import Any

from .model import Control, Phase, RunRecord
from .orchestrations import Orchestration
from .reports import Report, failure_groups
from .services.records import DeadLetterSummary


def link(url: str, run: str) -> str:
    """The address of a run, beside the address that was called."""
    return f"{url.split('/runs', maxsplit=1)[0]}/runs/{run}"


def links(url: str, run: str) -> dict[str, str]:
    """Where a run is watched and acted on."""
    base = link(url, run)
    wishes = ("cancel", "pause", "resume", "scale", "redrive")
    return {
        "self": base,
        **{wish: f"{base}/{wish}" for wish in wishes},
        "deadLetters": f"{base}/dead-letters",
    }


def accepted(record: RunRecord, url: str) -> dict[str, Any]:
    """The answer to a start."""
    return {"run": record.run, "kind": record.request.kind, "links": links(url, record.run)}


def wished(run: str, control: Control) -> dict[str, Any]:
    """The answer to a wish: all that are kept, redrives aside."""
    return {"run": run, "wishes": control.model_dump(mode="json", exclude={"redrives"})}


def state(found: Orchestration | None, report: Report | None) -> str | None:
    """Where the run stands: by its orchestration while that goes on, then by its report."""
    if found and found.live:
        return str(found.custom_status.get("state") or Phase.PLANNING)
    return report.state if report else None


def run(
    record: RunRecord, found: Orchestration | None, report: Report | None, url: str
) -> dict[str, Any]:
    """One run as a whole."""
    live = found is not None and found.live
    return {
        "run": record.run,
        "created": record.created.isoformat(),
        "state": state(found, report) or (found.runtime_status if found else Phase.PLANNING),
        "request": record.request.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude={"dataset", "payloads"}
        ),
        "dataset": record.dataset_name,
        "schedule": record.schedule,
        "status": found.custom_status if found else {},
        "report": report.model_dump(mode="json") if report and not live else None,
        "links": links(url, record.run),
    }


def dead_letters(run: str, letters: Iterable[DeadLetterSummary]) -> dict[str, Any]:
    """All of them, by what they have in common and one by one."""
    kept = list(letters)
    groups = failure_groups(letter.metadata for letter in kept)
    return {
        "run": run,
        "count": len(kept),
        "groups": [group.model_dump() for group in groups],
        "deadLetters": [
            {**letter.metadata, "stage": letter.stage, "unit": letter.unit} for letter in kept
        ],
    }
