"""What is wrong with a dataset specification, in words that its author can act on."""

import difflib
import reprlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import PermanentError

_NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where (`records.order.fields.ts.datetime.from`), what it is, what is allowed."""

    path: str
    value: object
    reason: str

    def __str__(self) -> str:
        return f"{self.path or 'document'}: {reprlib.repr(self.value)}: {self.reason}"


class SpecError(PermanentError):
    """A specification is refused; `problems` has everything that was found, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Refusal(Exception):  # noqa: N818 - never leaves this package: it becomes a Problem
    """A part of a specification cannot be built; `path` leads to it from where it is caught."""

    def __init__(self, reason: str, value: object, *path: str) -> None:
        super().__init__(reason)
        self.reason, self.value = reason, value
        self.path: tuple[str, ...] = path


@contextmanager
def located(*path: str) -> Iterator[None]:
    """Lead to what is refused inside by `path`."""
    try:
        yield
    except Refusal as refusal:
        refusal.path = (*path, *refusal.path)
        raise


def instead(name: str, allowed: Iterable[str]) -> str:
    """Say which names are allowed in place of `name`, and which one was probably meant."""
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names)
    if near and len(names) > _NAMES_SHOWN:
        return f"did you mean {' or '.join(near)}?"
    meant = f"; did you mean {near[0]}?" if near else ""
    more = ", ..." if len(names) > _NAMES_SHOWN else ""
    return f"allowed: {', '.join(names[:_NAMES_SHOWN]) or 'none'}{more}{meant}"
