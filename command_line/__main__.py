"""Commands for people who write datasets.

`dataset validate` checks one, `dataset preview` shows its rows, `dataset estimate` sizes up a run,
`dataset ddl` prints its tables, `dataset schema` and `dataset reference` the language itself. Each
explains itself:

    python -m command_line dataset preview --help
"""

import io
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from command_line import datasets
from command_line.printable import printable
from worker_image.errors import PermanentError
from worker_image.generator import SpecError

FAULTY = 1


class OneLineErrors(TyperGroup):
    """Ends with one line for each error on standard error, without a traceback for any of ours.

    Exit code 1 is for a dataset that is refused, 2 for a command that is not used as it should be.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; ends the process, as typer's own does."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except typer.TyperException as error:
            code = error.exit_code
            _say(error.format_message())
        except SpecError as error:
            code = FAULTY
            for problem in error.problems:
                _say(str(problem))
        except PermanentError as error:
            code = FAULTY
            _say(str(error))
        sys.exit(code if isinstance(code, int) else 0)


def _say(message: str) -> None:
    line = printable(" ".join(message.split()))
    if line:
        print(line, file=sys.stderr)


cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    cls=OneLineErrors,
    help=__doc__,
)
cli.add_typer(datasets.cli, name="dataset")


@cli.callback()
def _() -> None:
    """Keep `dataset` a name of its own, however few commands there are."""


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode shows what it can
    cli(prog_name="python -m command_line")
