"""The orchestrator's real generator, as something that calls, waits, and ends.

Every driver shows the orchestrator the same times and outcomes, so the same seed gives the same
run. What an activity does happens when it ends.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from orchestration.orchestrator import WAKE, orchestrate

from .agenda import START


@dataclass
class Call:
    """An activity that the orchestrator has called."""

    name: str
    members: dict[str, Any]


@dataclass
class Turn:
    """What an execution waits for: activities, or a time; or how it has ended."""

    calls: list[Call] = field(default_factory=list)
    until: datetime | None = None
    again: Any = None
    failure: str | None = None
    output: Any = None
    ended: bool = False


class Execution(Protocol):
    """One execution of the orchestrator, from its start to its end or its continuing as new."""

    custom_status: Any
    events: int
    differs: list[str]

    def begin(self, now: datetime) -> Turn: ...

    def results(self, results: list[Any], now: datetime, *, woken: bool) -> Turn: ...

    def wait_over(self, now: datetime, *, woken: bool) -> Turn: ...


@dataclass(eq=False)
class Timer:
    """A wait."""

    at: datetime

    def cancel(self) -> None:
        """As the SDK's timers do."""


class Direct:
    """The generator itself."""

    def __init__(self, payload: Any) -> None:
        self._payload = payload
        self.current_utc_datetime = START
        self.custom_status: Any = None
        self.events = 0
        self.differs: list[str] = []
        self._woken = False
        self._again: Any = None
        self._generator: Any = None

    # ---------------------------------------------------------- what the orchestrator sees

    def get_input(self) -> Any:
        return self._payload

    def wait_for_external_event(self, name: str) -> str:
        return name

    def call_activity(self, name: str, members: dict[str, Any]) -> Call:
        return Call(name, members)

    def task_all(self, calls: list[Call]) -> list[Call]:
        return calls

    def create_timer(self, at: datetime) -> "Timer":
        return Timer(at)

    def task_any(self, waits: list[Any]) -> list[Any]:
        return waits

    def set_custom_status(self, status: Any) -> None:
        self.custom_status = status

    def continue_as_new(self, payload: Any) -> None:
        self._again = payload

    # ---------------------------------------------------------- what the world sees

    def begin(self, now: datetime) -> Turn:
        self.current_utc_datetime = now
        self._generator = orchestrate(self)
        return self._step(None, now)

    def results(self, results: list[Any], now: datetime, *, woken: bool) -> Turn:
        self._woken |= woken
        broken = next((item for item in results if isinstance(item, Exception)), None)
        if broken:
            return self._step(Exception(f"{broken} \n "), now)  # in the words of the SDK
        return self._step(results if self._many else results[0], now)

    def wait_over(self, now: datetime, *, woken: bool) -> Turn:
        return self._step(WAKE if woken else self._timer, now)

    def _step(self, value: Any, now: datetime) -> Turn:
        # The SDK's clock never goes back within an execution.
        self.current_utc_datetime = max(now, self.current_utc_datetime)
        try:
            if isinstance(value, Exception):
                wanted = self._generator.throw(value)
            else:
                wanted = self._generator.send(value)
        except StopIteration as end:
            return Turn(ended=self._again is None, again=self._again, output=end.value)
        except Exception as error:
            return Turn(ended=True, failure=str(error))
        if isinstance(wanted, list) and isinstance(wanted[0], Timer):
            self._timer = wanted[0]
            if self._woken:
                return self._step(WAKE, now)
            return Turn(until=self._timer.at)
        self._many = isinstance(wanted, list)
        return Turn(calls=wanted if self._many else [wanted])
