"""The advice for each code, and the page that shows it."""

import re
from pathlib import Path

import pytest
from support.evidence import SETTINGS, run
from support.tables import table

from orchestration.doctor import facts
from orchestration.doctor.advice import ADVICE, Facts, finding
from orchestration.views.diagnosis import Code, Severity

PAGE = Path(__file__).parents[4] / "docs" / "troubleshooting.md"


def test_every_code_has_its_advice_in_the_order_of_the_codes() -> None:
    assert list(ADVICE) == list(Code)


def test_the_page_says_what_the_doctor_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [(code, advice.means, advice.next) for code, advice in ADVICE.items()]


@pytest.mark.parametrize("code", list(Code))
def test_every_command_can_be_filled(code: Code) -> None:
    known = facts.of_run(run(), unit="7", group="g", fingerprint="f", principal="p")
    made = finding(code, Severity.ERROR, why="", facts=known)
    assert len(made.commands) == len(ADVICE[code].commands)
    assert not [command for command in made.commands if "{" in command]


@table(
    "given, commands",
    {
        "all is known": (
            facts.of_app(SETTINGS, run="r"),
            [
                "az acr repository show --name acme --image worker:7",
                "az role assignment list --assignee client-1 --all --output table",
                "aci-jobs redrive r",
            ],
        ),
        "an image of elsewhere, no identity, no run": (
            facts.of_app(
                SETTINGS.model_copy(
                    update={"worker_image": "python:3", "worker_identity_client_id": ""}
                )
            ),
            [],
        ),
        "what a shell would take for its own": (
            {"run": "r; rm -rf $HOME"},
            ["aci-jobs redrive 'r; rm -rf $HOME'"],
        ),
    },
)
def test_commands_name_what_is_known(given: Facts, commands: list[str]) -> None:
    assert finding(Code.IMAGE, Severity.ERROR, why="", facts=given).commands == commands


def test_a_finding_is_a_line_and_its_reasons_are_bounded() -> None:
    made = finding(Code.STALLED, Severity.ERROR, why="a\n b" * 1_000, more="1\n2", facts={})
    assert made.what == "no unit has moved for long; 1 2"
    assert made.why.startswith("a ba b")
    assert len(made.why) == 1_000
