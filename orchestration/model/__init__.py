"""The values that the control plane speaks in: requests, plans, states, observations, decisions.

All of them are frozen and JSON: they cross HTTP, activities and the orchestrator's history.
Times are aware UTC, money is in the currency of the configured prices.
"""

from .command import Command, payload_text
from .decision import (
    Audit,
    Close,
    Decision,
    Finish,
    Notify,
    Outcome,
    Prepare,
    Provision,
    Redrive,
    Remove,
    Seed,
)
from .instances import Count, Instances
from .limits import RunLimits
from .notifications import Event, Notifications
from .observation import (
    GROUP_STATES,
    Control,
    GroupView,
    Look,
    Observation,
    Progress,
    RepeatedError,
    Room,
    Selection,
)
from .plan import Plan, Prices
from .refusal import Refusal, Remedy
from .request import MOST_UNITS, Documents, Expected, Kind, RunRecord, RunRequest
from .sink import HttpSink, OtherSink, PostgresqlSink, Sink, sink_payload
from .source import Source
from .state import (
    FINAL,
    SAMPLE,
    Account,
    Easing,
    Finished,
    Finishing,
    Pace,
    Phase,
    RunState,
    Slot,
    SlotStatus,
    Spent,
    Verdict,
)
from .trial import Size, Trial
from .value import NAME, Name, Value, moment

__all__ = [
    "FINAL",
    "GROUP_STATES",
    "MOST_UNITS",
    "NAME",
    "SAMPLE",
    "Account",
    "Audit",
    "Close",
    "Command",
    "Control",
    "Count",
    "Decision",
    "Documents",
    "Easing",
    "Event",
    "Expected",
    "Finish",
    "Finished",
    "Finishing",
    "GroupView",
    "HttpSink",
    "Instances",
    "Kind",
    "Look",
    "Name",
    "Notifications",
    "Notify",
    "Observation",
    "OtherSink",
    "Outcome",
    "Pace",
    "Phase",
    "Plan",
    "PostgresqlSink",
    "Prepare",
    "Prices",
    "Progress",
    "Provision",
    "Redrive",
    "Refusal",
    "Remedy",
    "Remove",
    "RepeatedError",
    "Room",
    "RunLimits",
    "RunRecord",
    "RunRequest",
    "RunState",
    "Seed",
    "Selection",
    "Sink",
    "Size",
    "Slot",
    "SlotStatus",
    "Source",
    "Spent",
    "Trial",
    "Value",
    "Verdict",
    "moment",
    "payload_text",
    "sink_payload",
]
