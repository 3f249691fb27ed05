"""Faults that are asked for: of the stand-in for ACI, of the app by people, of the queue."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from threading import Event
from typing import Any

import httpx
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueServiceClient
from support.runs import until

from command_line.client import RefusedError, UnreachableError
from worker_image.contract import naming

from .ground import EpisodeGround
from .scenario import ACI_FAULTS, Fault
from .waiting import awaited


def aci_fault(kind: str) -> dict[str, Any]:
    """A fault as the stand-in is asked for it."""
    return {"kind": kind, **ACI_FAULTS[kind]}


@contextmanager
def aci(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    """In force until it is spent, at the longest to the end of the storm."""

    def ask() -> str:
        with suppress(httpx.HTTPError):
            ground.ask_stand_in("POST", "faults", json=aci_fault(fault.kind))
            return "asked for"
        return ""

    yield awaited(ask, over)


@contextmanager
def wished(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    """Somebody pauses, scales or cancels a run, and takes back what can be taken back."""

    def choose() -> str:
        with suppress(UnreachableError, RefusedError):
            found = ground.client.call("GET", "/runs", query={"state": "live"})["runs"]
            return str(found[int(fault.choice * len(found))]["run"]) if found else ""
        return ""

    run, answer = awaited(choose, over), ""
    wish, taken_back = _WISHES[fault.kind]
    if run:
        try:
            ground.client.call("POST", f"/runs/{run}{wish[0]}", wish[1])
        except (UnreachableError, RefusedError) as error:
            answer = f", answered: {error}"
    yield f"{run}{answer}" if run else ""
    if run and taken_back:
        until(lambda: _told(ground, f"/runs/{run}{taken_back[0]}", taken_back[1]))


def _told(ground: EpisodeGround, path: str, body: Any) -> bool:
    """Whether a wish was heard, or comes too late."""
    try:
        ground.client.call("POST", path, body)
    except UnreachableError:
        return False
    except RefusedError as error:
        return error.status == HTTPStatus.CONFLICT
    return True


_WORK = naming.work_queue("")
Wish = tuple[str, Any]
_WISHES: dict[str, tuple[Wish, Wish | None]] = {
    "pause": (("/pause", None), ("/resume", None)),
    "scale": (("/scale", {"count": 4}), ("/scale", {"count": None})),
    "cancel": (("/cancel", {}), None),
}


@contextmanager
def doubled(ground: EpisodeGround, fault: Fault, over: Event) -> Iterator[str]:
    """Messages are delivered once more, as a queue may that promises to deliver at least once."""
    with QueueServiceClient.from_connection_string(ground.azurite.connection_string) as queues:
        count = awaited(lambda: _double(queues, fault.choice), over)
    yield f"{count} messages" if count else ""


def _double(queues: QueueServiceClient, choice: float) -> int:
    """Send again what waits on one of the work queues; how many messages."""
    with suppress(AzureError):  # the queue is gone, or Azurite is away
        works = [
            str(queue.name) for queue in queues.list_queues() if str(queue.name).endswith(_WORK)
        ]
        if works:
            queue = queues.get_queue_client(works[int(choice * len(works))])
            waiting = queue.peek_messages(max_messages=32)
            for message in waiting:
                queue.send_message(message.content, time_to_live=-1)
            return len(waiting)
    return 0
