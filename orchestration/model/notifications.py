"""When the app's webhook is told of a run."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .value import Value


class Event(StrEnum):
    """What is told of a run, each once from its start, or its redrive, to its end."""

    DEAD_LETTERS = "dead-letters"
    COST = "cost"
    STALLED = "stalled"
    WAITING = "waiting"
    FINISHED = "finished"


class Notifications(Value):
    """What is told beside the end of a run, and that there is no room for it.

    So many `dead_letters`, so much `cost`, and so many seconds without any progress: by default
    half of those after which a run is ended.
    """

    dead_letters: Annotated[int, Field(ge=1)] | None = None
    cost: Annotated[float, Field(gt=0)] | None = None
    stalled: Annotated[float, Field(gt=0, le=86400)] | None = None
