"""The control plane's lines: whom they are about, and no secret, whoever hosts the app."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from simulation.agenda import START
from support.states import RUN, name, state
from support.tables import table

from orchestration.activities import carry_out
from orchestration.logs import OURS, configure
from orchestration.model import Close, Look, Provision, Remove, Seed, Value
from orchestration.settings import Settings
from orchestration.telemetry import Telemetry

SETTINGS = Settings.model_validate(
    {
        "subscription_id": "s",
        "resource_group": "g",
        "location": "l",
        "worker_image": "i",
        "postgresql_url": "postgresql://u:hunter2@h/d",
    }
)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    """What a host's handler at the root is given, as it formats it by default."""
    before = logging.getLogger(OURS).handlers
    configure(SETTINGS)
    configure(SETTINGS)
    caplog.set_level(logging.INFO)
    formatter = logging.Formatter()
    yield lambda: [json.loads(formatter.format(record)) for record in caplog.records]
    logging.getLogger(OURS).handlers = before


PROVISION = Provision(run=RUN, ordinal=1, attempt=1, region="here", expires=START)


@table(
    "decision, members",
    {
        "units": (Seed(run=RUN, first=0, count=1), {"run": RUN, "activity": "seed"}),
        "a group to be": (PROVISION, {"run": RUN, "worker": name(), "activity": "provision"}),
        "a group that was": (
            Remove(run=RUN, name=name(2)),
            {"run": RUN, "worker": name(2), "activity": "remove"},
        ),
        "the end": (Close(state=state()), {"run": RUN, "activity": "close"}),
    },
)
def test_a_line_of_an_activity_says_whom_it_is_about(
    lines: Any, decision: Value, members: dict[str, str]
) -> None:
    def fail(_: Value) -> Value:
        raise ValueError("the password hunter2 is wrong")

    carry_out(type(decision), fail, decision.model_dump(mode="json"), Telemetry())
    (line,) = lines()
    assert {key: line.pop(key) for key in members} == members
    assert line.pop("error").endswith("ValueError: the password *** is wrong")
    assert set(line) == {"time", "level", "message"}
    assert (line["level"], line["message"]) == ("ERROR", f"{members['activity']} failed")


def test_what_is_done_is_told_and_a_look_is_not(lines: Any) -> None:
    carry_out(Look, lambda look: look, {"run": RUN}, Telemetry())
    carry_out(Seed, lambda seed: seed, {"run": RUN, "first": 0, "count": 1}, Telemetry())
    assert [(line["message"], line["run"]) for line in lines()] == [("seed is done", RUN)]


def test_lines_of_others_are_left_alone(caplog: pytest.LogCaptureFixture, lines: Any) -> None:
    logging.getLogger("azure.core").warning("hunter2 %d", 1)
    assert caplog.messages == ["hunter2 1"]
