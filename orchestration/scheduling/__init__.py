"""Stored jobs that start by themselves.

`definition` says when a schedule is due and `decision` what becomes of a due time, both pure;
`stored` finds what a schedule starts, and `ticking` looks every minute. A due time is decided
once: its decision is a change of the schedule's state, a blob that is edited under its etag, and
names the run that the due time gets. A second tick, a second app instance or a restart finds the
decision and carries out the same.
"""

from .definition import Overlap, Schedule, due_time, next_due
from .stored import SCHEDULES, names, read_schedule, requested, stored_schedule
from .ticking import STATES, start_due, state_path

__all__ = [
    "SCHEDULES",
    "STATES",
    "Overlap",
    "Schedule",
    "due_time",
    "names",
    "next_due",
    "read_schedule",
    "requested",
    "start_due",
    "state_path",
    "stored_schedule",
]
