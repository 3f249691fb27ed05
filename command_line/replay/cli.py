"""The command `replay`."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from command_line.client import RefusedError
from command_line.connection import connect
from command_line.output import AS_JSON, Exit, console, show_json
from command_line.printable import printable
from command_line.replay import comparing
from command_line.replay.replaying import InThisProcess, Outcome, Replay
from command_line.replay.source import Source
from command_line.units import RUN, UNIT
from worker_image.contract import Message, Stage, naming, sink_members
from worker_image.makers import Makers

cli = typer.Typer()


@cli.command(rich_help_panel="Units")
def replay(
    context: typer.Context,
    run: RUN,
    unit: UNIT,
    *,
    stage: Annotated[
        Stage | None, typer.Option(help="In this stage alone; else where it is dead, or in all.")
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            envvar="ACI_JOBS_REPLAY_DATABASE",
            help="Load into this PostgreSQL database; else rows go to files.",
        ),
    ] = "",
    to: Annotated[Path, typer.Option(help="The folder of all that is written here.")] = Path(
        "replay"
    ),
    debug: Annotated[bool, typer.Option("--debug", help="Stop in pdb where it fails.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Do one unit of a run again on this machine: the same message, by the worker's own code.

    Nothing is read from or written to the queue and the storage of the run, and what the unit
    writes is in `replay/<run>/<stage>-<unit>`. A document is made and compared with the run's; one
    is loaded into a database, or its rows are written to files; a program is started here. Exit
    code 1 means that the unit has failed, or made other bytes.

        aci-jobs replay r261124-013205-0qap0 417 --debug
    """
    if not naming.is_run_id(run):
        raise typer.BadParameter(f"{run!r} is no id of a run", param_hint="RUN")
    _show_output()
    source = Source(connect(context), run, unit)
    with ExitStack() as opened:
        making = InThisProcess() if debug else opened.enter_context(closing(Makers(1)))
        how = Replay(source, to, making, database, debug=debug)
        outcomes = []
        for outcome in replayed(how, stage):
            outcomes.append(outcome)
            if not as_json:
                show(console(), outcome)
    if as_json:
        stages = [outcome.members() for outcome in outcomes]
        show_json({"run": run, "unit": unit, "stages": stages})
    raise typer.Exit(Exit.OK if all(outcome.ok for outcome in outcomes) else Exit.FAILED)


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
        _compare(last, known[each])
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


def _compare(outcome: Outcome, known: Mapping[str, Any]) -> None:
    if outcome.receipt and outcome.stage is Stage.GENERATE:
        outcome.same, note = comparing.beside_receipt(outcome.receipt, known["receipt"])
        outcome.notes.append(note)
    if note := comparing.beside_letter(outcome.failure, known):
        outcome.notes.append(note)


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


def _show_output() -> None:
    """Show what the worker's code logs, a program's output above all, on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable("%(message)s"))
    logger = logging.getLogger("worker_image")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


class _Printable(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))
