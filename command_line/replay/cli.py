"""The command `replay`."""

import logging
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated

import typer

from command_line.choosing import RUN, chosen
from command_line.connection import connect
from command_line.output import AS_JSON, Exit, console, show_json
from command_line.printable import printable
from command_line.units import UNIT
from worker_image.contract import Stage

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

        aci-jobs replay last 417 --debug
    """
    # The worker's own code takes long to import, and other commands do not need it.
    from command_line.replay.replaying import InThisProcess, Replay  # noqa: PLC0415
    from command_line.replay.source import Source  # noqa: PLC0415
    from command_line.replay.stages import replayed, show  # noqa: PLC0415
    from worker_image.makers import Makers  # noqa: PLC0415

    client = connect(context)
    run = chosen(client, run)
    _show_output()
    source = Source(client, run, unit)
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
