"""How a run stands, and runs in a list."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from command_line.figures import between, clock, count, duration, money
from command_line.printable import printable
from command_line.screens import fleets, reports
from command_line.screens.states import coloured, ended, next_commands
from command_line.screens.tables import Fitting, View, facts, table, text

_BAR = 40
_TEXT = 60


def status(view: View, fleet: View, now: datetime) -> Group:
    """A run on a screen: how it stands while it goes on, what became of it once it has ended."""
    parts: list[RenderableType] = [_heading(view, now)]
    if ended(view):
        parts += [reports.summary(view["report"]), reports.problems(view["report"])]
    else:
        parts += [*_progress(view), facts(_facts(view)), *_tables(view, fleet)]
    return Group(*parts, Text(), Text("next", "dim"), next_commands(view))


def entries(runs: Iterable[View], now: datetime) -> Fitting:
    """Runs in a list; a narrow terminal has no room for all that is said of them."""
    rows = (
        (
            run["run"],
            coloured(run["state"]),
            run["kind"],
            run["dataset"] or "",
            run["schedule"] or "",
            _share(run["done"], run["units"]),
            _number(run["dead"]),
            _number(run["rows"]),
            "" if run["cost"] is None else money(run["cost"]),
            between(run["created"], run["ended"] or now),
            run["text"][:_TEXT] if run["ended"] else "",
        )
        for run in runs
    )
    right = ("units", "dead", "rows", "cost", "took")
    names = ("run", "state", "kind", "dataset", "schedule", *right, "why")
    less = ("schedule", "rows", "why", "cost", "kind", "took", "dataset")
    return Fitting(names, list(rows), right=right, folded=("dataset", "why"), less=less)


def started(answer: View) -> str:
    """What became of a start."""
    if answer.get("existing"):
        return f"Run {answer['run']} was there already: an earlier start had the same key."
    return f"Run {answer['run']} was started."


def figures(view: View) -> str:
    """The figures of a run in a line: what is written and loaded, how fast, by whom."""
    status, kind = view["status"], view["request"]["kind"]
    units, left = status["units"], status["seconds_left"]
    written = status["stages"].get("generate", {}).get("units", 0)
    loading = kind in ("pipeline", "ingest")
    parts = (
        f"{written:,} written" if kind == "pipeline" else "",
        ""
        if kind == "command"
        else f"{status['rows']:,} rows {'loaded' if loading else 'written'}",
        "" if kind == "command" else f"{status['rows_per_second']:,}/s",
        count(status["groups"].get("Running", 0), "group"),
        f"{units['dead']} dead",
        f"{left:.0f} s left" if left else "",
    )
    return "  ".join(filter(None, parts))


def _heading(view: View, now: datetime) -> Text:
    of = f" of {view['dataset']}" if view["dataset"] else ""
    by = f", by schedule {view['schedule']}" if view["schedule"] else ""
    ago = between(view["created"], now)
    about = f"{view['request']['kind']}{of}{by}, accepted {clock(view['created'])} UTC, {ago} ago"
    return Text.assemble(
        (view["run"], "bold"), "  ", coloured(view["state"]), "  ", (printable(about), "dim")
    )


def _progress(view: View) -> Iterator[RenderableType]:
    units = view["status"]["units"]
    if units["total"]:
        grid = Table.grid(padding=(0, 2))
        bar = ProgressBar(units["total"], units["done"], width=_BAR)
        grid.add_row(bar, f"{_share(units['done'], units['total'])} units")
        yield grid


def _facts(view: View) -> Iterator[tuple[str, str | Text]]:
    """What a person asks of a run that goes on."""
    status = view["status"]
    units, groups = status["units"], dict(status["groups"])
    used = groups.pop("used", 0)
    if view["state"] == "Terminated":
        yield "reason", "it was ended from outside; the next sweep closes it"
    yield "reason", Text(status["reason"], "red")
    yield "waits", Text(status["waits"], "yellow")
    yield "left", duration(status["seconds_left"]) if status["seconds_left"] else ""
    yield "seeded", f"{units['seeded']:,}, about {units['queued']:,} in the queue"
    yield "dead", Text(f"{units['dead']:,}", "red") if units["dead"] else ""
    yield "rows", f"{status['rows']:,}, {status['rows_per_second']:,}/s" if status["rows"] else ""
    counts = ", ".join(f"{number} {state}" for state, number in groups.items())
    yield "groups", ", ".join(filter(None, (counts, f"{used} used in all")))
    yield "cost", _cost(status)
    yield "last step", status["finish"] if status["finish"] != "not needed" else ""


def _cost(status: View) -> str:
    parts = [f"{money(status['cost'])} so far"]
    if status["cost_at_end"] is not None:
        parts.append(f"{money(status['cost_at_end'])} at the end")
    if status["cost_expected"] is not None:
        parts.append(f"{money(status['cost_expected'])} by the plan")
    if status["cost_limit"] is not None:
        parts.append(f"{money(status['cost_limit'])} is the limit")
    return ", ".join(parts)


def _tables(view: View, fleet: View) -> Iterator[RenderableType]:
    status = view["status"]
    if status["stages"]:
        yield Text()
        yield _stages(status["stages"])
    if any(not group["gone"] for group in fleet["groups"]):
        yield Text()
        yield fleets.workers(fleet)
    if status["errors"]:
        yield Text()
        rows = ((f"{e['units']:,}", e["fingerprint"], e["error"]) for e in status["errors"])
        yield table(("dead", "fingerprint", "error"), rows, right=("dead",), folded=("error",))
    for note in status["notes"]:
        yield text(f"note: {note}")


def _stages(stages: View) -> Table:
    rows = (
        (name, f"{stage['units']:,}", f"{stage['rows']:,}", decimal(stage["bytes"]))
        for name, stage in stages.items()
    )
    right = ("units", "rows", "bytes")
    return table(("stage", *right), rows, right=right)


def _share(done: int | None, total: int | None) -> str:
    if done is None and total is None:
        return ""
    return f"{done or 0:,}/{'?' if total is None else f'{total:,}'}"


def _number(number: int | None) -> str:
    return f"{number:,}" if number else ""
