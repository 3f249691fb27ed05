"""Run jobs, watch them, and find out what is wrong; write datasets.

The app is named by `--url` and `--key`, or it is the one that `make up` has started here. Each
command explains itself:

    aci-jobs run --help
"""

import io
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from command_line import datasets, logs, units
from command_line.client import RefusedError, UnreachableError
from command_line.connection import Target
from command_line.output import Exit
from command_line.printable import printable
from command_line.replay import cli as replay
from worker_image.errors import PermanentError
from worker_image.generator import SpecError


class OneLineErrors(TyperGroup):
    """Ends with one line for each error on standard error, without a traceback for any of ours.

    The exit codes are those of `output.Exit`.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; ends the process, as typer's own does."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except typer.TyperException as error:
            code = error.exit_code
            _say(error.format_message())
        except SpecError as error:
            code = Exit.FAILED
            for problem in error.problems:
                _say(str(problem))
        except PermanentError as error:
            code = Exit.FAILED
            _say(str(error))
        except RefusedError as error:
            code = Exit.REFUSED
            _say(str(error))
        except UnreachableError as error:
            code = Exit.UNREACHABLE
            _say(str(error))
        sys.exit(code if isinstance(code, int) else 0)


def _say(message: str) -> None:
    line = printable(" ".join(message.split()))
    if line:
        print(line, file=sys.stderr)


cli = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    cls=OneLineErrors,
    help=__doc__,
)
cli.add_typer(datasets.cli, name="dataset")
for commands in (logs, units, replay):
    cli.add_typer(commands.cli)


@cli.callback()
def _(
    context: typer.Context,
    url: Annotated[str, typer.Option(envvar="ACI_JOBS_URL", help="Where the app answers.")] = "",
    key: Annotated[
        str,
        typer.Option(envvar="ACI_JOBS_KEY", help="A function key of the app.", show_envvar=True),
    ] = "",
) -> None:
    context.obj = Target(url, key)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode shows what it can
    cli(prog_name="aci-jobs")


if __name__ == "__main__":
    main()
