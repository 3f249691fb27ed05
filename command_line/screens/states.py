"""The states and kinds of a run, in the API's words, and what can be done next.

A test holds them to be the app's own, which take long to import.
"""

from collections.abc import Iterator
from typing import Literal

from rich.console import Group
from rich.text import Text

from command_line.screens.tables import View

State = Literal[
    "live",
    "Planning",
    "Seeding",
    "Running",
    "Paused",
    "Draining",
    "Auditing",
    "Finishing",
    "Cleaning",
    "Succeeded",
    "CompletedWithFailures",
    "Failed",
    "Cancelled",
]
"""What a list may be asked for; `live` are all that have not ended."""
Kind = Literal["generate", "ingest", "pipeline", "command"]
FINAL = ("Succeeded", "CompletedWithFailures", "Failed", "Cancelled")
_STYLES = {
    "Succeeded": "bold green",
    "CompletedWithFailures": "bold yellow",
    "Failed": "bold red",
    "Cancelled": "bold magenta",
    "Terminated": "bold magenta",
    "Paused": "bold yellow",
}


def ended(view: View) -> bool:
    """Whether nothing more will happen to a run unless it is redriven; then it has a report."""
    return view["state"] in FINAL and view["report"] is not None


def coloured(state: str) -> Text:
    """A state as it is shown."""
    return Text(state, _STYLES.get(state, "bold cyan"))


def next_commands(view: View) -> Group:
    """What a person may want to do now."""
    run = view["run"]
    return Group(*(Text(f"  aci-jobs {command}", "dim") for command in _next(view, run)))


def _next(view: View, run: str) -> Iterator[str]:
    if dead(view):
        yield f"dead {run}"
    if not ended(view):
        yield f"watch {run}"
        yield f"{'resume' if view['state'] == 'Paused' else 'pause'} {run}"
        yield f"cancel {run}"
        return
    if view["state"] != "Succeeded":
        yield f"redrive {run}"
    yield f"report {run}"


def dead(view: View) -> int:
    """The dead letters of a run: by its audit, or as they were counted last."""
    account = (view["report"] or {}).get("account")
    if account:
        return sum(account["dead"].values())
    return int(view["status"]["units"]["dead"])
