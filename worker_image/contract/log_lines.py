"""A line of a log, which is the same of a worker and of the control plane: one query joins them."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from .redaction import Redaction

TEXT_LIMIT = 16_000  # characters of a message, of an error

_subject: ContextVar[Mapping[str, object]] = ContextVar("subject", default={})  # noqa: B039 - never changed in place


@contextmanager
def about(**subject: object) -> Iterator[None]:
    """Add these members to every line that this thread or coroutine writes meanwhile.

    One that is None is not added.
    """
    known = {name: value for name, value in subject.items() if value is not None}
    token = _subject.set({**_subject.get(), **known})
    try:
        yield
    finally:
        _subject.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line, without secrets; `constant` members are in each."""

    def __init__(
        self, constant: Mapping[str, str], redact: Redaction, limit: int = TEXT_LIMIT
    ) -> None:
        super().__init__()
        self._constant = constant
        self._redact = redact
        self._limit = limit

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        members: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": self._redact(record.getMessage())[: self._limit],
            **self._constant,
            **_subject.get(),
        }
        error = getattr(record, "error", None) or (
            self.formatException(record.exc_info) if record.exc_info else ""
        )
        if error:
            members["error"] = self._redact(error)[-self._limit :]
        return json.dumps(members, separators=(",", ":"))
