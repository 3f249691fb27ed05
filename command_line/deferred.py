"""Commands whose module takes long to import: it is imported once one of them is asked for."""

from importlib import import_module
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command


class Deferred(TyperGroup):
    """The commands of a module, which brings the generator along."""

    module = ""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        names: list[str] = self._commands().list_commands(ctx)
        return names

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them."""
        return self._commands().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The one that the words begin with, or an error that suggests one."""
        return self._commands().resolve_command(ctx, args)

    def _commands(self) -> Any:
        return get_command(import_module(self.module).cli)


def commands_of(module: str) -> type[TyperGroup]:
    """The commands of the `cli` that a module will have."""
    return type("Deferred", (Deferred,), {"module": module})
