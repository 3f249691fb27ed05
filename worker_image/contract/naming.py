"""Where everything of a run is found: queues, blobs, container groups.

A run id is lower-case, starts with a letter, sorts by time and, with any suffix below, fits a
queue name and a container group name (63 characters each).
"""

import re
from datetime import datetime

RUNS = "runs"
"""The blob container of run records, receipts, dead letters, heartbeats and logs."""

REJECTED = ".rejected.ndjson"
"""What is added to a document's name where the rows are written that a sink did not take."""

_RUN = re.compile(r"r\d{6}-\d{6}-[a-z0-9]{5}")


def run_id(started: datetime, nonce: str) -> str:
    """Name a run by its start (UTC, to the second) and five characters `[a-z0-9]`."""
    run = f"r{started:%y%m%d-%H%M%S}-{nonce}"
    if not is_run_id(run):
        raise ValueError(f"nonce {nonce!r}: five characters of a-z and 0-9 are needed")
    return run


def is_run_id(text: str) -> bool:
    """Whether `text` has the shape of a run id; says nothing about its existence."""
    return _RUN.fullmatch(text) is not None


def work_queue(run: str) -> str:
    """The queue that workers drain."""
    return f"{run}-work"


def dead_letter_queue(run: str) -> str:
    """The queue of messages that no worker will try again."""
    return f"{run}-dead"


def container_group(run: str, ordinal: int, attempt: int) -> str:
    """The container group of one place in the run's fleet; a replacement is a new attempt."""
    return f"{run}-{ordinal:03d}-{attempt:02d}"


def record(run: str) -> str:
    """The request as it was accepted; written once."""
    return f"{run}/run.json"


def control(run: str) -> str:
    """The wishes of people (cancel, pause, scale, redrive); edited under its etag."""
    return f"{run}/control.json"


def plan(run: str) -> str:
    """The prefix of the frozen pages."""
    return f"{run}/plan/"


def plan_page(run: str, page: int) -> str:
    """One frozen page of what an ingest or command run works through."""
    return f"{plan(run)}{page:06d}.ndjson"


def payloads(run: str) -> str:
    """Which version of its blob of payloads a command run works through; written once."""
    return f"{run}/payloads.json"


def dataset(run: str, digest: str) -> str:
    """A dataset too large for a message, by the digest of its content."""
    return f"{run}/datasets/{digest}.json"


def beginnings(first: int, count: int) -> tuple[str, ...]:
    """What the names of `count` units from `first` on begin with: one prefix, or two.

    The names of at most twenty times as many units begin so; where the count is a power of ten
    and the first unit a multiple of it, of these alone.
    """
    digits = len(str(count - 1))
    starts = range(first // 10**digits, (first + count - 1) // 10**digits + 1)
    return tuple(f"{start * 10**digits:07d}"[:-digits] for start in starts)


def receipts(run: str, stage: str) -> str:
    """The prefix of a stage's receipts."""
    return f"{run}/receipts/{stage}/"


def receipt(run: str, stage: str, unit: int) -> str:
    """The durable proof that a unit is done, where no document is."""
    return f"{receipts(run, stage)}{unit:07d}"


def dead_letters(run: str) -> str:
    """The prefix of a run's dead-letter records."""
    return f"{run}/dead/"


def dead_letter(run: str, stage: str, unit: int) -> str:
    """The record of a unit that will not be tried again."""
    return f"{dead_letters(run)}{stage}/{unit:07d}.json"


def undecodable(run: str, digest: str) -> str:
    """The record of a message that could not be read, by the digest of its text."""
    return f"{dead_letters(run)}undecodable/{digest}.json"


def redriven(run: str, redrive: int, dead_letter_path: str) -> str:
    """Where a dead-letter record is kept once its unit has been sent to work again."""
    return f"{run}/redriven/{redrive:04d}/{dead_letter_path.removeprefix(dead_letters(run))}"


def redrive(run: str, number: int) -> str:
    """How far a redrive has come, where it takes more than one call."""
    return f"{run}/redriven/{number:04d}.txt"


def audits(run: str) -> str:
    """The prefix of what the audits of a run have written down."""
    return f"{run}/audit/"


def audit(run: str, first: int) -> str:
    """What an audit has found of the units from `first` on."""
    return f"{audits(run)}{first:07d}.json"


def heartbeats(run: str) -> str:
    """The prefix of a run's heartbeats."""
    return f"{run}/workers/"


def heartbeat(run: str, worker: str) -> str:
    """What a worker says of itself, overwritten every few seconds."""
    return f"{heartbeats(run)}{worker}.json"


def chronicle(run: str) -> str:
    """What a run looked like over time, for people."""
    return f"{run}/chronicle.json"


def logs(run: str) -> str:
    """The prefix of a run's logs."""
    return f"{run}/logs/"


def log(run: str, worker: str) -> str:
    """The log that a worker ships: an append blob of JSON lines."""
    return f"{logs(run)}{worker}.ndjson"


def platform_log(run: str, group: str) -> str:
    """The tail of a container's output, read from the platform before its deletion."""
    return f"{logs(run)}{group}.platform.txt"


def report(run: str) -> str:
    """The account of a finished run."""
    return f"{run}/report.json"


def told(run: str, notice: str) -> str:
    """What the app's webhook was told of a run, or was to be told until it was given up."""
    return f"{run}/told/{notice}.json"


def manifest(run: str) -> str:
    """Every document of a finished run, a line each."""
    return f"{run}/manifest.ndjson"


def documents(prefix: str, run: str) -> str:
    """The prefix of the documents that a run writes, inside the user's container."""
    return f"{prefix.strip('/')}/{run}/".lstrip("/")


def document(prefix: str, run: str, unit: int, suffix: str, record: str | None = None) -> str:
    """A document of one unit; `suffix` as in `.ndjson.zst`.

    Where a unit has one document for each record type, those of a type are in a folder.
    """
    folder = f"{record}/" if record else ""
    return f"{documents(prefix, run)}{folder}{unit:07d}{suffix}"
