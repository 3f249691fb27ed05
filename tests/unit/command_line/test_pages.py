"""What the pages and the doctor tell people to type is there."""

import re
from typing import Any

import pytest
from typer.main import get_command

from command_line.__main__ import cli
from local_host.system import CHECKOUT

COMMAND = re.compile(r"aci-jobs ((?:dataset|job|schedule) )?([a-z]+)\b((?: +[^\s`\"#]+)*)")
PAGES = [
    CHECKOUT / "README.md",
    *(CHECKOUT / "docs").glob("*.md"),
    CHECKOUT / "orchestration" / "doctor" / "advice.py",
    *(CHECKOUT / "orchestration" / "doctor" / "rules").glob("*.py"),
]
ASKED = sorted({found[0] for page in PAGES for found in COMMAND.finditer(page.read_text())})


@pytest.mark.parametrize("words", ASKED)
def test_a_command_that_people_are_told_to_type(words: str) -> None:
    found = COMMAND.fullmatch(words)
    assert found
    group: Any = get_command(cli)
    for name in filter(None, (found[1], found[2])):
        context = group.make_context("aci-jobs", [], resilient_parsing=True)
        group = group.get_command(context, name.strip())
        assert group, name
    options = {option for parameter in group.params for option in parameter.opts}
    named = set(re.findall(r"(?<= )--[a-z-]+", found[3]))
    assert named <= {*options, "--help"}
