"""The values that the control plane speaks in: requests, plans, states, observations, decisions.

All of them are frozen and JSON: they cross HTTP, activities and the orchestrator's history.
Times are aware UTC, money is in the currency of the configured prices.
"""

from .decision import (
    Audit,
    Close,
    Decision,
    Outcome,
    Prepare,
    Provision,
    Redrive,
    Refusal,
    Remove,
    Seed,
)
from .observation import Control, GroupView, Observation, Progress, Selection
from .plan import Plan, Prices
from .request import Documents, Instances, Kind, RunLimits, RunRecord, RunRequest, Sink, Source
from .state import FINAL, Account, Phase, RunState, Slot, SlotStatus, Verdict
from .value import Value

__all__ = [
    "FINAL",
    "Account",
    "Audit",
    "Close",
    "Control",
    "Decision",
    "Documents",
    "GroupView",
    "Instances",
    "Kind",
    "Observation",
    "Outcome",
    "Phase",
    "Plan",
    "Prepare",
    "Prices",
    "Progress",
    "Provision",
    "Redrive",
    "Refusal",
    "Remove",
    "RunLimits",
    "RunRecord",
    "RunRequest",
    "RunState",
    "Seed",
    "Selection",
    "Sink",
    "Slot",
    "SlotStatus",
    "Source",
    "Value",
    "Verdict",
]
