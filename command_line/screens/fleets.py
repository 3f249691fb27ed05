"""The container groups of a run and their workers."""

from datetime import datetime

from rich.table import Table
from rich.text import Text

from command_line.figures import between, count, moment
from command_line.screens.tables import View, table

_SHOWN, _HELD, _IDLE = 12, 4, 10.0
_NAMES = ("group", "region", "state", "requested", "ran", "idle", "units", "rows", "what it does")
_RIGHT = ("ran", "idle", "units", "rows")


def groups(fleet: View, now: datetime) -> Table:
    """Every group with its life and its worker; times are in UTC."""
    rows = (
        (
            group["name"],
            group["region"] + (" spot" if group["spot"] else ""),
            state(group),
            f"{moment(group['seen']):%m-%d %H:%M}",
            between(group["started"], _end(group, now)),
            between(group["worked"], _end(group, now), _IDLE),
            *_work(group),
        )
        for group in fleet["groups"]
    )
    return table(_NAMES, rows, right=_RIGHT, folded=("what it does",))


def workers(fleet: View) -> Table:
    """The groups that are there, each with what its worker does now; a dozen at most."""
    there = [group for group in fleet["groups"] if not group["gone"]]
    rows: list[tuple[str | Text, ...]] = [
        (group["name"], state(group), *_work(group)) for group in there[:_SHOWN]
    ]
    if len(there) > _SHOWN:
        rows.append((f"and {count(len(there) - _SHOWN, 'more group')}", *[""] * 4))
    names = ("group", "state", "units", "rows", "what it does")
    return table(names, rows, right=_RIGHT, folded=("what it does",))


def state(group: View) -> str:
    """What a group is doing, or what became of it."""
    if group["gone"]:
        return "gone"
    code = group["exit_code"]
    return str(group["state"]) if code is None else f"{group['state']} ({code})"


def _end(group: View, now: datetime) -> str | datetime:
    return group["ended"] or group["gone"] or now


def _work(group: View) -> tuple[str, str, Text]:
    worker = group["worker"]
    if worker is None:
        return "", "", Text(group["detail"], "dim")
    said = _held(worker["current"]) or [group["detail"] or worker["state"]]
    if group["replaced_by"]:
        said.append(f"replaced by {group['replaced_by']}")
    units, rows = (sum(worker[name].values()) for name in ("units", "rows"))
    return f"{units:,}", f"{rows:,}", Text(", ".join(filter(None, said)))


def _held(current: list[str]) -> list[str]:
    """The units that a worker holds, as they are called elsewhere; a few are enough."""
    parts = (unit.partition("/") for unit in current[:_HELD])
    held = [f"{stage}{slash}{number.lstrip('0') or 0}" for stage, slash, number in parts]
    return held + ([f"{len(current) - _HELD} more"] if len(current) > _HELD else [])
