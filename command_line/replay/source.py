"""What a replayed unit needs of its run, as the app's API hands it out."""

from dataclasses import dataclass
from typing import Any

import httpx

from command_line.client import Client, RefusedError
from worker_image.blobs import AbsentError, Place
from worker_image.contract import Message, Stage, UndecodableMessageError
from worker_image.errors import PermanentError


@dataclass(frozen=True)
class Source:
    """A unit of a run; every method raises what a `Client` does."""

    client: Client
    run: str
    unit: int

    def view(self) -> dict[str, Any]:
        """What has become of the unit, stage by stage."""
        return self.client.call("GET", self._address())

    def message(self, stage: Stage) -> Message:
        """Its message: that of its dead letter, or as it is seeded.

        Raises:
            PermanentError: it is of a version that this code does not know.
        """
        address = f"{self._address()}/message"
        answer = self.client.send("GET", address, query={"stage": stage})
        try:
            return Message.decode(answer.text)
        except UndecodableMessageError as error:
            raise PermanentError(f"the message of unit {self.unit}: {error}") from error

    def dataset(self) -> bytes:
        """The dataset of the run, as the workers read it."""
        return self.client.send("GET", f"/runs/{self.run}/dataset").content

    def document(self, message: Message, place: Place) -> tuple[bytes, str]:
        """A document that a message loads, and the version that it is of.

        Raises:
            AbsentError: there is none.
        """
        query = {"stage": message.stage, "record": _record_type(message, place)}
        try:
            answer = self.client.send("GET", f"{self._address()}/document", query=query)
        except RefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                raise AbsentError(str(place)) from error
            raise
        return answer.content, answer.headers["ETag"]

    def _address(self) -> str:
        return f"/runs/{self.run}/units/{self.unit}"


def _record_type(message: Message, place: Place) -> str | None:
    """The record type of a document, where a unit has one for each: the path's part for the `*`."""
    if not message.payload.get("each_record"):
        return None
    before, _, after = message.payload["path"].partition("*")
    return place.path.removeprefix(before).removesuffix(after)
