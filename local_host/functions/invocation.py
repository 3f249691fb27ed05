"""One way to call any indexed function: async ones on the loop, others in the thread pool."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from local_host.functions.app_index import App, IndexedFunction

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InvocationContext:
    """What a function reads of `func.Context`; tracing and host retries do not exist here."""

    function_name: str
    function_directory: str
    invocation_id: str = field(default_factory=lambda: str(uuid4()))
    thread_local_storage: threading.local = field(default_factory=threading.local)
    trace_context: None = None
    retry_context: None = None


class Invoker:
    """Calls functions of one app; `client` is the JSON that a durable client binding receives."""

    def __init__(self, app: App, client: str) -> None:
        self._pool = ThreadPoolExecutor(app.settings.threads, "function")
        self._directory = str(app.folder)
        self._client = client

    async def __call__(self, function: IndexedFunction, value: Any) -> Any:
        """Return what the function returns, raise what it raises; `value` is the trigger's."""
        arguments = {function.parameter: value}
        arguments |= dict.fromkeys(function.clients, self._client)
        if function.wants_context:
            arguments["context"] = InvocationContext(function.name, self._directory)
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
