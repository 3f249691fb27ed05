"""The parameters in `docs/deploy.md`, as `infra/main.bicep` has them: `make docs` writes them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from support.bicep import INFRA, Bicep

PAGE = INFRA.parent / "docs" / "deploy.md"
HEAD = "| variable of azd | parameter | default | what |\n|---|---|---|---|\n"
_VARIABLE = re.compile(r"\$\{(\w+)")


def written() -> str:
    """The page with the table as it should be."""
    before, head, after = PAGE.read_text().partition(HEAD)
    assert head, f"{PAGE}: the table is missing"
    _, end, rest = after.partition("\n\n")
    return before + head + "\n".join(_rows()) + end + rest


def _rows() -> Iterator[str]:
    params = Bicep(INFRA / "main.bicep").params
    filled = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    for name, given in filled.items():
        (variable,) = _VARIABLE.findall(given["value"])
        yield f"| `{variable}` | `{name}` | {_default(params[name])} | {_what(params[name])} |"


def _default(param: dict[str, Any]) -> str:
    default = param.get("default")
    return "needed" if default is None else f"`{default}`" if default != "" else ""


def _what(param: dict[str, Any]) -> str:
    told = {decorator["type"]: decorator.get("argument") for decorator in param["decorators"]}
    what = str(told["description"]).replace("\\'", "'")
    if allowed := told.get("allowed"):
        what += f" One of {', '.join(f'`{value}`' for value in allowed)}."
    return what


if __name__ == "__main__":
    PAGE.write_text(written())
