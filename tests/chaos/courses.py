"""How the run of a job goes: asked for until it is accepted, followed to its end, mended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event
from time import monotonic
from typing import Any, TypeVar

from support.runs import FINAL

from command_line.client import Client, RefusedError, UnreachableError

from .jobs import Work

REDRIVES = 3
_POLL = 0.25
_AWAY = 500  # and above: the app, or what it stands on, is away

T = TypeVar("T")


class BrokenError(Exception):
    """A run does not go as it must."""


@dataclass
class Course:
    """A job, its run, and how each round of it ended, with its dead letters."""

    work: Work
    run: str = ""
    ends: list[tuple[str, str]] = field(default_factory=list)  # state and reason
    letters: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # of its reports
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """A line for people."""
        ends = ", then ".join(" because ".join(filter(None, end)) for end in self.ends)
        return f"{self.run or 'no run'}: {self.work.job}: {ends or 'no end'}"


@dataclass
class Follower:
    """Carries courses on, each in a thread; `over` ends all waiting, at the latest `deadline`."""

    client: Callable[[], Client]
    began: float
    deadline: float
    over: Event

    def follow(self, course: Course) -> None:
        """Carry a job from its request to a run that has succeeded, or say what is wrong."""
        self.over.wait(max(0.0, self.began + course.work.job.at - monotonic()))
        try:
            self._start(course)
            while self._end(course) != "Succeeded":
                if len(course.ends) > REDRIVES:
                    raise BrokenError(f"it does not succeed after {REDRIVES} redrives")
                self._redrive(course)
        except BrokenError as error:
            course.wrong.append(str(error))

    def _start(self, course: Course) -> None:
        request, key = course.work.request(), f"chaos-{course.work.job.number}"
        first = self._answer("accepted", lambda: self.client().start(request, key))
        course.run = self._answer("accepted again", lambda: self.client().start(request, key))
        if first != course.run:
            raise BrokenError(f"one key has started {first} and {course.run}")

    def _end(self, course: Course) -> str:
        rounds = len(course.ends)

        def look() -> dict[str, Any] | None:
            shown = self.client().show(course.run)
            report = shown.get("report") or {}
            over = shown["state"] in FINAL and report.get("redrives", rounds) >= rounds
            return shown if over else None

        shown = self._answer("ended", look)
        course.ends.append((shown["state"], shown["report"]["reason"]))
        course.notes += shown["report"]["notes"]
        return str(shown["state"])

    def _redrive(self, course: Course) -> None:
        client = self.client()
        path = f"/runs/{course.run}/dead-letters"
        (letters,) = self._answer("read", lambda: (list(client.pages(path, "dead_letters")),))
        course.letters += letters
        self._answer("redriven", lambda: self._redriven(course))

    def _redriven(self, course: Course) -> bool:
        """Ask for a redrive; a conflict is the answer to one that was heard before."""
        try:
            self.client().call("POST", f"/runs/{course.run}/redrive", {})
        except RefusedError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        return True

    def _answer(self, what: str, ask: Callable[[], T | None]) -> T:
        """Ask until there is an answer; who is away is asked again."""
        said = "no answer yet"
        while monotonic() < self.deadline and not self.over.is_set():
            try:
                if answer := ask():
                    return answer
            except UnreachableError as error:
                said = str(error)
            except RefusedError as error:
                if error.status < _AWAY:
                    raise BrokenError(f"not {what}: {error}") from None
                said = str(error)
            self.over.wait(_POLL)
        raise BrokenError(f"not {what} in time: {said}")
