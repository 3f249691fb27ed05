"""Microsoft's worker library with one app, as a program: a line of JSON asks, a line answers.

    python -I worker.py LIBRARY APP

The first line that it writes is what the library has indexed: the functions, or the error. Then
each line that it reads is an invocation: `name`, and `inputs`, each a [type, value]; the answer has
its `value`, or the `error` with its traceback. An app with the Durable SDK 2.x speaks protobuf: the
type `orchestration` is a request as JSON, and so is the answer to it.
"""

import asyncio
import base64
import json
import os
import sys
from types import SimpleNamespace
from typing import Any

library, app = sys.argv[1:]
sys.path[:0] = [app, library]
os.chdir(app)
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the app prints is no answer

import azure_functions_runtime as worker  # noqa: E402 - it is found by the path
from azure_functions_runtime.bindings.datumdef import Datum  # noqa: E402
from azure_functions_runtime.native_invocation import invocation_request_native  # noqa: E402


class Protos:
    """The messages between host and worker, as plain values: the library makes them by name."""

    class BindingInfo(SimpleNamespace):
        """Its numbers are those of the protocol."""

        in_, out, inout = 0, 1, 2
        undefined = 0

    class StatusResult(SimpleNamespace):
        """Its numbers are those of the protocol."""

        Failure, Success = 0, 1

    def __getattr__(self, _: str) -> type[SimpleNamespace]:
        return SimpleNamespace


def asked(**members: Any) -> SimpleNamespace:
    """A request of the host."""
    properties = {"host": "127.0.0.1", "protos": Protos()}
    return SimpleNamespace(request=SimpleNamespace(**members), properties=properties)


async def index() -> dict[str, Any]:
    """What the library has found in the app."""
    wanted = SimpleNamespace(capabilities={}, function_app_directory=app)
    started = await worker.worker_init_request(asked(worker_init_request=wanted))
    if started.result.status != Protos.StatusResult.Success:
        return {"error": started.result.exception.message}
    found = await worker.functions_metadata_request(asked())
    functions = found.function_metadata_results or []
    ids.update({function.name: function.function_id for function in functions})
    return {
        "functions": {
            function.name: [json.loads(binding) for binding in function.raw_bindings]
            for function in functions
        }
    }


async def invoke(name: str, inputs: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    """What the library answers for an invocation."""
    given = [(parameter, datum(*value)) for parameter, value in inputs.items()]
    ok, value, _, _, error = await invocation_request_native("one", ids[name], given, {})
    if not ok:
        return {"error": error}
    protobuf = any(kind == "orchestration" for kind, _ in inputs.values())
    return {"value": unpacked(plain(value)) if protobuf else plain(value)}


def datum(kind: str, value: Any) -> Datum:
    """An input as the host gives it."""
    if kind == "orchestration":
        return Datum(packed(value), "string")
    if kind != "http":
        return Datum(value, kind)
    texts = ("headers", "params", "query")
    request = {
        "method": Datum(value["method"], "string"),
        "url": Datum(value["url"], "string"),
        "body": Datum(value["body"].encode(), "bytes"),
        **{name: {k: Datum(v, "string") for k, v in value[name].items()} for name in texts},
    }
    return Datum(request, "http")


def plain(value: Any) -> Any:
    """What the library gives, as JSON; the SDK has a Datum of its own."""
    if hasattr(value, "type"):
        return plain(value.value)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return value.decode() if isinstance(value, bytes) else value


def packed(request: dict[str, Any]) -> str:
    """An orchestrator's request as the host sends it to the Durable SDK 2.x."""
    from durabletask.internal.orchestrator_service_pb2 import OrchestratorRequest
    from google.protobuf.json_format import ParseDict

    message = ParseDict(request, OrchestratorRequest())
    return base64.b64encode(message.SerializeToString()).decode()


def unpacked(answer: str) -> Any:
    """An orchestrator's answer by the Durable SDK 2.x."""
    from durabletask.internal.orchestrator_service_pb2 import OrchestratorResponse
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(OrchestratorResponse.FromString(base64.b64decode(answer)))


async def main() -> None:
    """Answer until there is no more to read."""
    worker.start_threadpool_executor()
    tell(await index())
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        request = json.loads(line)
        tell(await invoke(request["name"], request["inputs"]))


def tell(answer: dict[str, Any]) -> None:
    """Write an answer."""
    print(json.dumps(answer), file=answers, flush=True)


ids: dict[str, str] = {}
asyncio.run(main())
