"""What is stored by name in the app: the commands that datasets, jobs and schedules share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from command_line.client import members
from command_line.connection import connect
from command_line.figures import minute
from command_line.files import content_of, folder_of, judged
from command_line.output import AS_JSON, console, show_json
from command_line.printable import printable
from command_line.reading import named
from command_line.screens.tables import View
from worker_image.generator import load

NAME = Annotated[str, typer.Argument(metavar="NAME", help="The name that it is stored under.")]
IF_MATCH = Annotated[
    str | None,
    typer.Option(metavar="ETAG", help="Do it only while this version is the one that is stored."),
]


@dataclass(frozen=True)
class Noun:
    """What can be stored, and how the commands show it.

    `sent` makes what the app takes from the content of a file and the folder that it lies in.
    `columns` gives the cells of a list, by their headings.
    """

    name: str
    sent: Callable[[bytes, Path], bytes]
    columns: Callable[[View], dict[str, str]]

    @property
    def path(self) -> str:
        """Where they are in the API."""
        return f"/{self.name}s"

    def path_of(self, name: str) -> str:
        """Where one of them is."""
        return f"{self.path}/{quote(name, safe='')}"


def add_commands(cli: typer.Typer, noun: Noun) -> None:
    """Add `put`, `get`, `list` and `delete`."""
    for add in (_add_put, _add_get, _add_list, _add_delete):
        add(cli, noun)


def _add_put(cli: typer.Typer, noun: Noun) -> None:
    @cli.command(help=_put_help(noun.name))
    def put(
        context: typer.Context,
        name: NAME,
        file: Annotated[
            str, typer.Argument(metavar="FILE", help="In YAML or JSON; - is standard input.")
        ],
        *,
        if_match: IF_MATCH = None,
        as_json: AS_JSON = False,
    ) -> None:
        with named(file):
            content = noun.sent(content_of(file), folder_of(file))
        client, headers = connect(context), matching(if_match)
        with judged(file):
            answer = client.send("PUT", noun.path_of(name), content, headers=headers)
        version = members(answer)
        if as_json:
            show_json(version)
        else:
            print(f"{noun.name} {name} is stored; its version (etag) is {version['etag']}")


def _add_get(cli: typer.Typer, noun: Noun) -> None:
    @cli.command(help=_get_help(noun.name))
    def get(context: typer.Context, name: NAME, *, as_json: AS_JSON = False) -> None:
        answer = connect(context).send("GET", noun.path_of(name))
        if as_json:
            show_json({"name": name, "etag": answer.headers["etag"], "content": answer.text})
        else:
            typer.echo(answer.content, nl=not answer.content.endswith(b"\n"))


def _add_list(cli: typer.Typer, noun: Noun) -> None:
    @cli.command("list", help=_list_help(noun.name))
    def _(context: typer.Context, *, as_json: AS_JSON = False) -> None:
        answer = connect(context).call("GET", noun.path)
        if as_json:
            show_json(answer)
        else:
            _show(noun, answer[f"{noun.name}s"])


def _add_delete(cli: typer.Typer, noun: Noun) -> None:
    @cli.command(help=_delete_help(noun.name))
    def delete(
        context: typer.Context, name: NAME, *, if_match: IF_MATCH = None, as_json: AS_JSON = False
    ) -> None:
        connect(context).send("DELETE", noun.path_of(name), headers=matching(if_match))
        if as_json:
            show_json({"name": name, "deleted": True})
        else:
            print(f"{noun.name} {name} is deleted")


def as_json_text(content: bytes, _folder: Path) -> bytes:
    """A job or a schedule as JSON; JSON stays as it was written.

    Raises:
        SpecError: it is neither YAML nor JSON.
    """
    try:
        json.loads(content)
    except ValueError:
        return json.dumps(load(content), indent=2, ensure_ascii=False, default=str).encode()
    return content


def matching(etag: str | None) -> dict[str, str]:
    """The header that names a version; a shell may have taken the quotes of an etag."""
    if etag is None:
        return {}
    return {"If-Match": etag if etag == "*" or etag.endswith('"') else f'"{etag}"'}


def _show(noun: Noun, entries: list[View]) -> None:
    if not entries:
        print(f"no {noun.name} is stored")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    cells = [
        {"name": entry["name"], **noun.columns(entry), "changed, UTC": minute(entry["changed"])}
        for entry in entries
    ]
    for heading in cells[0]:
        table.add_column(heading)
    for row in cells:
        table.add_row(*(Text(printable(cell)) for cell in row.values()))
    out = console()
    out.print(table)
    for entry in entries:
        for fault in entry["faults"]:
            line = f"{entry['name']}: {fault['field']}: {fault['reason']}"
            out.print(Text(printable(line), "red"))


def _put_help(name: str) -> str:
    return f"""Store a {name}, new or in the place of the one of this name.

    It is checked as a whole before anything is written; every fault is named by its place.

        aci-jobs {name} put nightly {name}.yaml
    """


def _get_help(name: str) -> str:
    return f"""Print a {name} as it was stored.

        aci-jobs {name} get nightly > {name}.yaml
    """


def _list_help(name: str) -> str:
    return f"""List the stored {name}s; what is wrong with one of them stands below the table.

        aci-jobs {name} list
    """


def _delete_help(name: str) -> str:
    return f"""Delete a stored {name}; one that is named by another definition stays.

        aci-jobs {name} delete nightly
    """
