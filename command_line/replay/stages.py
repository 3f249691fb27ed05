"""A unit in one stage after the other, and how each went."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from command_line.client import RefusedError
from command_line.printable import printable
from command_line.replay import comparing
from command_line.replay.replaying import Outcome, Replay
from command_line.replay.source import Source
from worker_image.contract import Message, Stage, sink_members


def replayed(how: Replay, stage: Stage | None) -> Iterator[Outcome]:
    """A unit in one stage after the other, as far as it goes well.

    Raises:
        RefusedError: there is no such unit, or no such stage of it.
        typer.BadParameter: it cannot be done so.
    """
    known = {Stage(each["stage"]): each for each in how.source.view()["stages"]}
    last: Outcome | None = None
    for each in [stage] if stage else _stages(known):
        message = _message(how.source, each, last)
        _check(message, how.database)
        last = how.unit(message, last.folder if last else None)
        _compare(last, known[each], how.database)
        yield last
        if not last.ok:
            return


def _stages(known: Mapping[Stage, Mapping[str, Any]]) -> list[Stage]:
    """Where the unit is dead; else all, but for the last step of a run, which is no unit's."""
    dead = [stage for stage, each in known.items() if each["state"] == "dead"]
    return dead[:1] or [stage for stage in known if stage is not Stage.FINISH]


def _message(source: Source, stage: Stage, last: Outcome | None) -> Message:
    """The run's message, or that which follows from what was done here."""
    try:
        return source.message(stage)
    except RefusedError:
        if last is None or last.following is None:
            raise
        return last.following


def _check(message: Message, database: str) -> None:
    if message.stage is Stage.FINISH and not database:
        raise typer.BadParameter("the last step is done in a database alone: give --database")
    if message.stage in (Stage.INGEST, Stage.FINISH) and database:
        kind = sink_members(message.payload)["kind"]
        if kind != "postgresql":
            reason = f"the run's sink is {kind}, not postgresql: leave it out for files of rows"
            raise typer.BadParameter(reason, param_hint="--database")


def _compare(outcome: Outcome, known: Mapping[str, Any], database: str) -> None:
    if outcome.receipt and outcome.stage is Stage.GENERATE:
        outcome.same, note = comparing.beside_receipt(outcome.receipt, known["receipt"])
        outcome.notes.append(note)
    if note := comparing.beside_letter(outcome.failure, known):
        outcome.notes.append(note)
    if outcome.stage is Stage.INGEST and outcome.receipt and known["dead_letter"] and not database:
        outcome.notes.append("types, keys and constraints are checked by a database: --database")


def show(out: Console, outcome: Outcome) -> None:
    """How a unit went, for people."""
    receipt, failure = outcome.receipt, outcome.failure
    if receipt:
        figures = f"{receipt.rows:,} rows, {receipt.bytes:,} bytes in {receipt.seconds:.3f} s"
        out.print(Text.assemble((f"{outcome.stage} went well: ", "green"), figures))
    if failure:
        words = printable(f"{failure.type}: {failure.message}")
        out.print(Text.assemble((f"{outcome.stage} failed: ", "red"), words))
    for note in outcome.notes:
        out.print(Text(f"  {printable(note)}"))
    out.print(Text(f"  see {outcome.folder}{'/error.txt' if failure else ''}"))
