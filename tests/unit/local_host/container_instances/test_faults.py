"""Faults: whom they meet and how often."""

import pytest
from pydantic import ValidationError

from local_host.container_instances.faults import Fault, Faults, Kind


def test_each_matching_request_spends_one() -> None:
    faults = Faults()
    twice = Fault(kind=Kind.CRASH, group="run-*", count=2)
    always = Fault(kind=Kind.REFUSE, operation="*", count=None)
    faults.add(twice)
    faults.add(always)
    assert faults.take("get", "run-1") == (always,)
    assert faults.take("create", "other") == (always,)
    assert faults.take("create", "run-1") == (twice, always)
    assert [item["left"] for item in faults.listed()] == [1, None]
    assert faults.take("create", "run-2") == (twice, always)
    assert faults.take("create", "run-3") == (always,)
    faults.clear()
    assert faults.take("create", "run-4") == ()


@pytest.mark.parametrize(
    ("kind", "status", "code", "wait"),
    [
        ("refuse", 500, "InternalServerError", None),
        ("throttle", 429, "TooManyRequests", 5),
        ("quota", 409, "ContainerGroupQuotaReached", None),
        ("transitioning", 409, "ContainerGroupTransitioning", None),
    ],
)
def test_refusals(kind: str, status: int, code: str, wait: float | None) -> None:
    refusal = Fault.model_validate({"kind": kind}).refusal("g")
    assert refusal
    assert (refusal.status, refusal.code, refusal.retry_after) == (status, code, wait)


def test_what_is_given_wins_over_the_kind() -> None:
    assert Fault.model_validate({"kind": "throttle", "seconds": 9}).seconds == 9
    assert Fault.model_validate({"kind": "slow_delete"}).operation == "delete"
    assert Fault(kind=Kind.DELAY).refusal("g") is None


@pytest.mark.parametrize(
    "wrong", [{"kind": "x"}, {}, [], {"kind": "delay", "count": 0}, {"kind": "delay", "other": 1}]
)
def test_wrong_faults(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)
