"""Commands whose module takes long to import: it is imported once one of them is asked for."""

from importlib import import_module
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command


class Datasets(TyperGroup):
    """The commands that begin with `dataset`, which bring the generator and the loader along."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        names: list[str] = self._module().list_commands(ctx)
        return names

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them."""
        return self._module().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The one that the words begin with, or an error that suggests one."""
        return self._module().resolve_command(ctx, args)

    def _module(self) -> Any:
        return get_command(import_module("command_line.datasets").cli)
