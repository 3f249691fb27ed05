"""The program of a command run, and the payloads that its units hand to it."""

import json
import re
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, field_validator, model_validator
from pydantic_core import from_json, to_json

from worker_image.contract import PROGRAM_ENDINGS, Ending, encoded
from worker_image.contract.environment import PREFIX

from .value import Value

COMMAND_LIMIT = 16_000

_ADDRESS = re.compile(r"[a-z0-9](-?[a-z0-9])+/.{1,1024}")

Argument = Annotated[str, Field(max_length=4_096, pattern=r"^[^\x00]*$")]
VariableName = Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
ExitCode = Annotated[int, Field(ge=0, le=255)]
Image = Annotated[str, Field(max_length=500, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$")]


class Command(Value):
    """What is started for each unit, with the unit's payload on its standard input.

    `program` is a program and its arguments, never the text of a shell. `image` holds it, based
    on the worker's; none means the app's own. `environment` is seen by everybody who sees the run:
    no place for secrets. `exit_codes` say what a code means, over `PROGRAM_ENDINGS`. With
    `connection_string` the program gets the one of the worker, which has one on emulators alone.
    """

    program: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=100)]
    image: Image | None = None
    environment: dict[VariableName, Argument] = Field(default_factory=dict, max_length=50)
    exit_codes: dict[ExitCode, Ending] = Field(default_factory=dict)
    connection_string: bool = False

    @field_validator("program")
    @classmethod
    def _has_a_name(cls, program: tuple[str, ...]) -> tuple[str, ...]:
        if not program[0]:
            raise ValueError("its first item is the program's name or path, which is empty")
        return program

    @field_validator("environment")
    @classmethod
    def _leaves_our_names_alone(cls, environment: dict[str, str]) -> dict[str, str]:
        for name in environment:
            if name.startswith(PREFIX):
                raise ValueError(f"{name}: names that begin with {PREFIX} are the app's own")
        return environment

    @model_validator(mode="after")
    def _fits_a_message(self) -> Self:
        size = len(encoded(self.model_dump(mode="json")))
        if size > COMMAND_LIMIT:
            raise ValueError(f"it has {size} bytes as JSON; {COMMAND_LIMIT} are allowed")
        return self

    @property
    def endings(self) -> dict[str, Ending]:
        """What each exit code means that means anything but a retry by default."""
        return {str(code): end for code, end in {**PROGRAM_ENDINGS, **self.exit_codes}.items()}


def payload_text(payload: Any) -> str:
    """A payload that came with the request as JSON text, on one line."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False)


def _payloads(given: Any) -> Any:
    if isinstance(given, str) and _ADDRESS.fullmatch(given):
        return given
    if not isinstance(given, list) or not given:
        raise ValueError(
            "a list of one JSON value a unit is needed, or the container/path of an NDJSON blob"
        )
    for number, payload in enumerate(given):
        try:
            json.dumps(payload, allow_nan=False)
            from_json(to_json(payload))  # as the run's record is written and read
        except (ValueError, RecursionError) as error:
            raise ValueError(f"payload {number} cannot be kept as JSON: {error}") from None
    return given


Payloads = Annotated[list[Any] | str, PlainValidator(_payloads)]
"""One JSON value a unit, in the request or, a line each, in an NDJSON blob `container/path`."""
