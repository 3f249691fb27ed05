"""What a target that pushes back asks of a run, by what a look shows of both."""

from collections.abc import Collection
from dataclasses import dataclass

from orchestration.model import GroupView

CALM = 200.0  # seconds without a pushback, after which the next one counts for sure


@dataclass
class Pressed:
    """What the target asks for: since when, after a calm, no more than so many groups."""

    pushbacks: int = 0
    last: float = -CALM
    began: float = 0.0
    looks: int = 0
    most: int | None = None

    def look(self, pushbacks: int, groups: Collection[GroupView], now: float) -> None:
        """See whether the target has pushed back since the look before."""
        self.looks += 1
        if pushbacks == self.pushbacks:
            return
        if now - self.last >= CALM:
            running = sum(view.state == "Running" and not view.over for view in groups)
            self.began, self.looks, self.most = now, 0, max(1, running // 2)
        self.pushbacks, self.last = pushbacks, now
