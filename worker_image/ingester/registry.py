"""The sinks that there are: a new one is a module beside them and a line here."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ..errors import PermanentError
from .sink import Sink, Surroundings

OpenSink = Callable[[Mapping[str, Any]], Sink]
"""Gives the sink that a payload names; raises what `open_sink` does."""

# By kind the module, which is imported where it is needed: its `open_sink` makes the sink.
SINKS = {
    "postgresql": ".postgresql.sink",
    "http": ".http",
}


def open_sink(members: Mapping[str, Any], surroundings: Surroundings) -> Sink:
    """The sink that a payload names; it reaches its target when it is first used.

    Raises:
        PermanentError: there is no such sink, or it cannot be reached from here.
    """
    kind = str(members.get("kind"))
    if kind not in SINKS:
        raise PermanentError(f"no sink of the kind {kind[:80]!r}; there are {', '.join(SINKS)}")
    sink: Sink = import_module(SINKS[kind], __package__).open_sink(members, surroundings)
    return sink
