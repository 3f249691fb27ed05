"""One way to call any indexed function: async ones on the loop, others in the thread pool."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex
from typing import Any
from uuid import uuid4

from local_host.functions.app_index import App, IndexedFunction
from worker_image.contract.telemetry import TraceParent

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Whose work an invocation is part of; this host is silent, and no part of it itself."""

    trace_parent: str
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvocationContext:
    """What a function reads of `func.Context`; host retries do not exist here."""

    function_name: str
    function_directory: str
    trace_context: TraceContext
    invocation_id: str = field(default_factory=lambda: str(uuid4()))
    thread_local_storage: threading.local = field(default_factory=threading.local)
    retry_context: None = None


class Invoker:
    """Calls functions of one app; `client` is the JSON that a durable client binding receives."""

    def __init__(self, app: App, client: str) -> None:
        self._pool = ThreadPoolExecutor(app.settings.threads, "function")
        self._directory = str(app.folder)
        self._client = client

    async def __call__(
        self, function: IndexedFunction, value: Any, traceparent: str | None = None
    ) -> Any:
        """Return what the function returns, raise what it raises; `value` is the trigger's.

        `traceparent` is the caller's; without a sound one the invocation is in a new trace.
        """
        arguments = {function.parameter: value}
        arguments |= dict.fromkeys(function.clients, self._client)
        if function.wants_context:
            trace = TraceContext(str(TraceParent.read(traceparent) or _new_trace()))
            arguments["context"] = InvocationContext(function.name, self._directory, trace)
        call = partial(function.call, **arguments)
        try:
            if inspect.iscoroutinefunction(function.call):
                return await call()
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        except SystemExit as error:
            # On the loop it would end the host, and again at every start.
            raise RuntimeError(f"the function called exit({error.code})") from error

    def report(self, function: IndexedFunction, error: Exception) -> str:
        """Log a failure in one line, its traceback at level debug; return the line's cause."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        message = f"{type(error).__name__}: {error}".replace("\n", " ")
        cause = f"{message} ({frame.filename}:{frame.lineno})"
        log.error("function %s failed: %s", function.name, cause)
        log.debug("function %s", function.name, exc_info=error)
        return cause

    def close(self) -> None:
        """Start nothing new; running functions are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _new_trace() -> TraceParent:
    return TraceParent(token_hex(16), token_hex(8))
