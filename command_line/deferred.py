"""Commands whose module takes long to import: it is imported once one of them is asked for."""

from importlib import import_module
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command


def commands_of(module: str) -> type[TyperGroup]:
    """A group that has the commands of `cli` in a module of this name beside this one."""

    class Deferred(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            names: list[str] = _group(module).list_commands(ctx)
            return names

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            return _group(module).get_command(ctx, cmd_name)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            return _group(module).resolve_command(ctx, args)

    return Deferred


def _group(module: str) -> Any:
    return get_command(import_module(f"command_line.{module}").cli)
