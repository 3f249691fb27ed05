"""What Microsoft's own language service, from npm, makes of a query in KQL."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_host.services.toolchain import NODE, Toolchain

_HERE = Path(__file__).parent
_SECONDS = 60


@dataclass(frozen=True)
class Literal:
    """A string in a query, what it is compared with or looked up in, and whose column that is."""

    value: str
    against: str
    tables: frozenset[str]


@dataclass(frozen=True)
class Analysis:
    """Faults, the columns of the result with their types, and the strings of one query."""

    faults: list[str]
    columns: dict[str, str]
    strings: list[Literal]


def install(toolchain: Toolchain) -> None:
    """Fetch the language service if it is missing.

    Raises:
        ToolchainError: it cannot be fetched.
    """
    toolchain.modules(_HERE)


def analyse(
    toolchain: Toolchain, tables: Mapping[str, Mapping[str, str]], queries: Mapping[str, str]
) -> dict[str, Analysis]:
    """Each query against tables of named columns with types, by the installed service."""
    command = [str(NODE), str(_HERE / "analyse.cjs"), str(toolchain.modules(_HERE))]
    asked = json.dumps({"tables": tables, "queries": dict(queries)})
    answer = subprocess.run(
        command, input=asked, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return {name: _analysis(found) for name, found in json.loads(answer.stdout).items()}


def _analysis(found: dict[str, Any]) -> Analysis:
    strings = [
        Literal(each["value"], each["against"], frozenset(each["tables"]))
        for each in found["strings"]
    ]
    return Analysis(found["faults"], found["columns"], strings)
