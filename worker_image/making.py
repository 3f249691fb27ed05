"""The process that makes units, told by its parent alone.

It answers requests until its standard input ends, which it does when the parent does, however
that died. Requests and answers are pickled: the two are one program.
"""

import json
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, Protocol

from .errors import PermanentError
from .forms import Form
from .tables import Table

if TYPE_CHECKING:
    from .generator import Compiled, Dataset

REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Made:
    """A unit: rows by record type, and its documents as they are stored.

    A document has the rows of one record type, or with None of all.
    """

    records: Mapping[str, int]
    documents: tuple[tuple[str | None, bytes], ...]


@dataclass(frozen=True, slots=True)
class MakeUnit:
    """Make a unit of the dataset whose specification is this JSON."""

    dataset: str
    random_seed: int
    unit: int
    form: Form

    def answer(self) -> Made:
        """The unit: the same bytes for the same request, whoever is asked."""
        from .generator import encode  # noqa: PLC0415 - the parent knows requests, not the generator

        unit = _compiled(self.dataset, self.random_seed, self.form).unit(self.unit)
        documents = ((one.record, encode(one.content, self.form)) for one in unit.documents)
        return Made(dict(unit.records), tuple(documents))


@dataclass(frozen=True, slots=True)
class TellTables:
    """Say which tables the records of a dataset fill."""

    dataset: str

    def answer(self) -> tuple[Table, ...]:
        """The tables, parents first."""
        return _parsed(self.dataset).tables


class Making(Protocol):
    """Whoever answers these requests, in this process or in others."""

    def unit(self, request: MakeUnit) -> Made:
        """Make a unit; raises PermanentError for a specification that is refused."""

    def tables(self, request: TellTables) -> tuple[Table, ...]:
        """The tables of a dataset; raises what `unit` does."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong instead of an answer."""

    text: str
    permanent: bool


@lru_cache(REMEMBERED)
def _parsed(dataset: str) -> "Dataset":
    from .generator import parse  # noqa: PLC0415 - as above

    return parse(json.loads(dataset))


@lru_cache(REMEMBERED)
def _compiled(dataset: str, random_seed: int, form: Form) -> "Compiled":
    from .generator import compile_dataset  # noqa: PLC0415 - as above

    return compile_dataset(_parsed(dataset), random_seed, form)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests to the end of their stream."""
    while True:
        try:
            request: MakeUnit | TellTables = pickle.load(requests)  # noqa: S301 - the parent's
        except EOFError:
            return
        pickle.dump(_answer(request), answers)
        answers.flush()


def _answer(request: MakeUnit | TellTables) -> object:
    try:
        return request.answer()
    except PermanentError as error:
        return Failed(str(error), permanent=True)
    except Exception:
        return Failed(traceback.format_exc(), permanent=False)


def main() -> None:
    """Serve the parent at the other end of the standard streams."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent finishes its units first
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whoever prints does not disturb answers
        serve(sys.stdin.buffer, out)
