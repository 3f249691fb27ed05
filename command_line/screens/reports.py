"""What became of a run."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from command_line.figures import duration, moment, money
from command_line.screens.tables import View, table, text

_SLOWEST = 5


def summary(report: View) -> Table:
    """The account of a run in a dozen lines."""
    made = Table(title=f"Report of {report['run']}", show_header=False)
    for name, value in _figures(report):
        made.add_row(name, text(value))
    return made


def details(report: View) -> Group:
    """Everything that a report says."""
    parts: list[RenderableType] = [summary(report)]
    if any(stage["records"] for stage in report["stages"].values()):
        parts += [Text(), _records(report["stages"])]
    for name, stage in report["stages"].items():
        if stage["slowest"]:
            parts += [Text(), _slowest(name, stage)]
    return Group(*parts, problems(report))


def problems(report: View) -> Group:
    """Why a run ended as it did, what its units failed on, and what was noted on the way."""
    lines = [text(f"{report['state']}: {report['reason']}")] if report["reason"] else []
    finish = report.get("finish") or {}
    if finish.get("error"):
        lines.append(text(f"the last step failed: {finish['error']}"))
    notes = [text(f"note: {note}") for note in report["notes"]]
    failed = [failures(report["failures"])] if report["failures"] else []
    return Group(*lines, *failed, *notes)


def failures(groups: list[View]) -> Table:
    """Dead letters by what they have in common."""
    rows = (
        (
            f"{group['units']:,}" + ("+" if group["at_least"] else ""),
            group["fingerprint"],
            f"{group['type']}: {group['error']}",
        )
        for group in groups
    )
    return table(("dead", "fingerprint", "error"), rows, right=("dead",), folded=("error",))


def _figures(report: View) -> Iterator[tuple[str, str]]:
    account, stages = report["account"], report["stages"]
    if account:
        done = list(account["done"].values())[-1:]
        yield "units done, dead", f"{sum(done):,}, {sum(account['dead'].values()):,}"
    else:
        yield "units", f"{report['units']:,}; no audit has counted what is done"
    yield from _rows(report)
    if "generate" in stages:
        yield "documents", f"{stages['generate']['bytes']:,} bytes"
    for name, stage in stages.items():
        if stage["seconds"]:
            spread = (f"{part} {value:.3f}" for part, value in stage["seconds"].items())
            yield f"seconds a unit, {name}", ", ".join(spread)
    yield "retries", f"{report['retries']:,}"
    if report["redrives"]:
        yield "redrives", f"{report['redrives']:,}"
    if (finish := report.get("finish") or {}).get("state") not in (None, "not needed"):
        yield "last step", f"{finish['state']}, {duration(finish['seconds'])}"
    yield "container groups", f"{report['groups_used']}, {report['billed_seconds']:.0f} s billed"
    planned = (report.get("expected") or {}).get("cost")
    by_plan = "" if planned is None else f", {money(planned)} by the plan"
    yield "cost on ACI", f"{money(report['cost'])}{by_plan}"


def _rows(report: View) -> Iterator[tuple[str, str]]:
    took = (moment(report["ended"]) - moment(report["started"])).total_seconds()
    for name, last in list(report["stages"].items())[-1:]:
        if last["rows"]:
            verb, speed = "loaded" if name == "ingest" else "written", last["rows"] / took
            yield f"rows {verb}", f"{last['rows']:,} in {took:.1f} s: {speed:,.0f}/s"
        if last["rejected"]:
            yield "rows rejected", f"{last['rejected']:,}"


def _records(stages: View) -> Table:
    names = dict.fromkeys(name for stage in stages.values() for name in stage["records"])
    rows = (
        (name, *(f"{stage['records'].get(name, 0):,}" for stage in stages.values()))
        for name in names
    )
    return table(("rows of", *stages), rows, right=tuple(stages))


def _slowest(name: str, stage: View) -> Table:
    rows = (
        (f"{name}/{unit['unit']}", f"{unit['seconds']:.3f}", Text(unit["worker"], "dim"))
        for unit in stage["slowest"][:_SLOWEST]
    )
    return table(("slowest", "seconds", "worker"), rows, right=("seconds",))
