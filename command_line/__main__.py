"""Run jobs, watch them, and find out what is wrong; write datasets.

The app is named by `--url` and `--key`, or by `--app`, its Azure resource, for whoever is signed in
and may list its keys; else it is the one that `make up` has started here. Each command explains
itself:

    aci-jobs run --help

Exit codes: 0 done, a followed run has succeeded · 1 a run did not succeed, a dataset or job is
refused, or you said no · 2 wrong use · 3 the app has refused it · 4 the app did not answer ·
130 interrupted.
"""

import io
import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from command_line import dead_letters, doctor, logs, opening, runs, showing, units, watching, wishes
from command_line.client import RefusedError, UnreachableError
from command_line.connection import Target
from command_line.deferred import commands_of
from command_line.output import Exit, say
from command_line.replay import cli as replay
from worker_image.errors import PermanentError


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
            if message := error.format_message():  # of a bare command the help is enough
                say(message)
        except typer.Abort:  # the end of the input where a question was asked
            code = Exit.FAILED
        except PermanentError as error:  # of a dataset each problem has a line of its own
            code = Exit.FAILED
            _say_each(str(error).splitlines())
        except RefusedError as error:
            code = Exit.REFUSED
            _say_each((error.detail, *error.faults))
        except UnreachableError as error:
            code = Exit.UNREACHABLE
            say(str(error))
        sys.exit(code if isinstance(code, int) else 0)


cli = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    cls=OneLineErrors,
    pretty_exceptions_show_locals=False,  # one of them may be a key
    help=__doc__,
)
COMMANDS = (runs, watching, showing, dead_letters, doctor, units, logs, replay, wishes, opening)
for commands in COMMANDS:
    cli.add_typer(commands.cli)
for noun, purpose in (
    ("dataset", "Check, look at, size up and store datasets; print their tables and the language."),
    ("job", "Store the request of a run under a name, and start it."),
    ("schedule", "Store when a job starts by itself, switch it on and off, start it now."),
):
    cli.add_typer(
        typer.Typer(no_args_is_help=True),
        name=noun,
        cls=commands_of(f"{noun}s"),
        help=purpose,
    )


@cli.callback()
def _(
    context: typer.Context,
    url: Annotated[str, typer.Option(envvar="ACI_JOBS_URL", help="Where the app answers.")] = "",
    key: Annotated[
        str,
        typer.Option(envvar="ACI_JOBS_KEY", help="A function key of the app.", show_envvar=True),
    ] = "",
    app: Annotated[
        str,
        typer.Option(
            envvar="ACI_JOBS_APP",
            metavar="ID",
            help="The app in Azure: /subscriptions/…/providers/Microsoft.Web/sites/NAME",
        ),
    ] = "",
) -> None:
    context.obj = Target(url, key, app)


def _say_each(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode shows what it can
    cli(prog_name="aci-jobs")


if __name__ == "__main__":
    main()
