"""What can be wrong with a command run that its request alone does not show: pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from worker_image.contract import naming

from . import planning
from .model import RunRecord, RunRequest, payload_text
from .problems import Invalid

PUBLIC = "docker.io"
ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def faults(request: RunRequest, worker_image: str) -> Iterator[Invalid]:
    """The faults of a valid request, each at its place; none if it is of another kind."""
    command, payloads = request.command, request.payloads
    if command is None:
        return
    if command.image and registry(command.image) != registry(worker_image):
        reason = f"an image of the app's own registry is needed, {registry(worker_image)}"
        yield Invalid(field="command.image", reason=reason, value=command.image)
    # The ids of all runs are equally long.
    record = RunRecord(run=naming.run_id(ANY_TIME, "00000"), created=ANY_TIME, request=request)
    room = planning.payload_room(record)
    for number, payload in enumerate(payloads if isinstance(payloads, list) else []):
        size = planning.payload_size(payload_text(payload))
        if size > room:
            reason = f"it has {size} bytes; a message takes {room}"
            yield Invalid(field=f"payloads.{number}", reason=reason)


def registry(image: str) -> str:
    """Where an image is pulled from, by its reference."""
    host, slash, _ = image.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else PUBLIC
