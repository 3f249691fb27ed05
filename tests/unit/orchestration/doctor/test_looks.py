"""Calls that fail are evidence; what is a fault of our own is not."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from azure.core.exceptions import ServiceRequestError
from support.evidence import NOW
from support.tables import table

from orchestration.doctor.evidence import Service, Trouble
from orchestration.doctor.looks import Looks


def fail(error: Exception) -> Callable[[], str]:
    def call() -> str:
        raise error

    return call


def hang() -> str:
    time.sleep(1)
    return "late"


def asked(service: Service, call: Callable[[], str]) -> tuple[str, list[Trouble]]:
    looks = Looks(cast("Any", None), cast("Any", None), NOW, patience=0.05 if call is hang else 60)
    return asyncio.run(looks.ask(service, call, "nothing")), looks.troubles


@table(
    "service, call, answer, words",
    {
        "an answer": ("storage", lambda: "all", "all", None),
        "a refusal": (
            "storage",
            fail(ServiceRequestError("refused")),
            "nothing",
            "ServiceRequestError: refused",
        ),
        "no answer in time": ("management", hang, "nothing", "no answer within 0.05 s"),
        "a plain error of the runtime": (
            "runtime",
            fail(Exception("HTTP 500")),
            "nothing",
            "Exception: HTTP 500",
        ),
    },
)
def test_a_look(service: Service, call: Callable[[], str], answer: str, words: str | None) -> None:
    found, troubles = asked(service, call)
    assert found == answer
    assert troubles == ([Trouble(service, words)] if words else [])


def test_a_fault_of_our_own_is_none_of_a_service() -> None:
    with pytest.raises(ZeroDivisionError):
        asked("storage", fail(ZeroDivisionError()))
