"""What is run in an episode, and what must come of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from support.runs import CONTAINER, DATASET, Ground

from worker_image.contract import naming
from worker_image.forms import Compression, Form, Format
from worker_image.generator import compile_dataset, encode, parse

from .scenario import REGIONS, Job

# What its working folder takes it writes there, so that a full disk is felt.
_PROGRAM = """
set -e
read -r line
echo "$line" > "$HOME/unit-$ACI_JOBS_UNIT"
sleep 0.2
cat "$HOME/unit-$ACI_JOBS_UNIT"
rm "$HOME/unit-$ACI_JOBS_UNIT"
"""
_LIMITS: Mapping[str, Any] = {
    "start_timeout": 15,
    "silence_timeout": 40,
    "unit_timeout": 60,
    "deadline": 900,
    "replacements": 200,
    "repeated_error_percent": None,
}


@dataclass(frozen=True)
class Work:
    """A job with the documents that belong to it: those that it makes, or those that it loads."""

    job: Job

    @property
    def schema(self) -> str:
        """Its schema in the database."""
        return f"job_{self.job.number}"

    @property
    def landing(self) -> str:
        """The container of the documents that it loads."""
        return f"landing-{self.job.number}"

    @property
    def stages(self) -> tuple[str, ...]:
        """Its stages of work, in their order."""
        return ("generate", "ingest") if self.job.kind == "pipeline" else (self.job.kind,)

    @property
    def form(self) -> Form:
        """How its documents are written."""
        return Form(Format.NDJSON, Compression(self.job.options["compression"]))

    @cached_property
    def units(self) -> Mapping[int, "UnitTruth"]:
        """What the generator makes of each unit, here and now."""
        if self.job.kind == "command":
            return {}
        seed = self.job.options["random_seed"]
        compiled = compile_dataset(parse(DATASET), seed, self.form)
        return {
            number: UnitTruth(unit.records, unit.documents[0].content)
            for number in range(self.job.units)
            for unit in [compiled.unit(number)]
        }

    def document(self, run: str, unit: int) -> tuple[str, str]:
        """Container and path of the document of a unit."""
        if self.job.kind == "ingest":
            return self.landing, f"in/{unit:04}{self.form.suffix}"
        return CONTAINER, naming.document("", run, unit, self.form.suffix)

    def content(self, unit: int) -> bytes:
        """The document of a unit as it is stored."""
        return encode(self.units[unit].text, self.form)

    def prepare(self, ground: Ground) -> None:
        """Put where others would what the job finds there."""
        if self.job.kind == "ingest":
            for unit in self.units:
                ground.store(*self.document("", unit), self.content(unit))

    def request(self) -> dict[str, Any]:
        """The request of its run."""
        instances = {
            "count": self.job.options["count"],
            "cpu": 0.5,
            "memory_gb": 1,
            "regions": REGIONS,
        }
        limits = {**_LIMITS, "attempts": self.job.attempts}
        kind = self.job.kind
        return {"kind": kind, "instances": instances, "limits": limits, **dict(self._members())}

    def _members(self) -> Iterator[tuple[str, Any]]:
        options, kind = self.job.options, self.job.kind
        if kind == "command":
            yield "command", {"program": ["sh", "-c", _PROGRAM]}
            yield "payloads", [{"n": number} for number in range(self.job.units)]
            return
        yield "dataset", DATASET
        if kind != "ingest":
            yield "units", self.job.units
            yield "random_seed", options["random_seed"]
            yield "documents", {"container": CONTAINER, "compression": options["compression"]}
        if kind == "ingest":
            yield "source", {"container": self.landing, "prefix": "in/"}
        if kind != "generate":
            sink = {name: options[name] for name in ("mode", "constraints")}
            yield "sink", {"schema": self.schema, **sink}


@dataclass(frozen=True)
class UnitTruth:
    """A unit as the generator makes it: how many records of each type, and their lines."""

    records: Mapping[str, int]
    text: bytes

    def lines(self) -> Iterator[tuple[str, str]]:
        """Record type and JSON of each row."""
        for line in self.text.decode().splitlines():
            record = json.loads(line)
            yield record.pop("type"), json.dumps(record)
