"""The tables of limits, their numbers from the code: Azure's that a run meets, and our own."""

from datetime import timedelta
from typing import Any

from command_line.figures import duration
from command_line.reference.markdown import code, table
from orchestration import logs, plans
from orchestration.activities import seeding
from orchestration.model import MOST_UNITS, Command, Instances, RunLimits
from orchestration.model.command import COMMAND_LIMIT
from orchestration.model.request import Documents
from orchestration.model.source import Source
from orchestration.planning import INLINE_DATASET
from orchestration.policy import auditing, pacing, placing, refusing
from orchestration.scheduling.definition import CATCH_UP
from orchestration.services import arm
from orchestration.services import logs as shipped
from orchestration.services.blobs import BATCH
from orchestration.services.queues import RECEIVED
from orchestration.settings import Settings
from orchestration.units import LARGEST_DOCUMENT
from orchestration.views.runs import RunFilter
from worker_image import dead_letters
from worker_image import logs as worker_logs
from worker_image.contract import SIZE_LIMIT
from worker_image.contract.failure import MESSAGE_LIMIT, TRACEBACK_LIMIT
from worker_image.contract.message import HISTORY_LIMIT
from worker_image.generator.randomness import ROWS_LIMIT, UNITS_LIMIT
from worker_image.generator.source import DEPTH_LIMIT
from worker_image.generator.source import SIZE_LIMIT as DATASET_LIMIT

HEAD = ("limit", "number", "kept in", "what happens there")
NAME = 63  # of a queue, and of a container group
Row = tuple[str, str, str, str]


def of_azure() -> str:
    """Azure's own limits that a run keeps to."""
    return table(HEAD, [*_arm(), *_storage()])


def ours() -> str:
    """What this app bounds by itself."""
    return table(HEAD, [*_requests(), *_messages(), *_runs(), *_reading()])


def _arm() -> list[Row]:
    (lately, _), (hourly, _) = pacing.LIMITS
    instances = Instances.model_json_schema()["properties"]
    return [
        (
            "creations of container groups in a region, and as many deletions",
            f"{lately} in five minutes, {hourly} in an hour",
            _link("policy/pacing.py"),
            "The run makes no request beyond them, nor beyond what the headers of Azure's answers"
            " say is left; it goes on with the groups that it has.",
        ),
        (
            "container groups and cores of a region",
            "the subscription's quota",
            _link("policy/placing.py"),
            "The quota is read while groups are missing. A full region is passed over for the next"
            f" one in `instances.regions` and asked again after {refusing.ROOM_SECONDS:.0f} s; the"
            " run goes on with fewer.",
        ),
        (
            "requests to the management API",
            "429, with the time to wait",
            _link("services/arm.py"),
            f"A read is repeated within {arm.LONGEST_PAUSE:.0f} s or not at all; longer waits are"
            " on the orchestrator's timer.",
        ),
        (
            "capacity of a region",
            "unknown until asked",
            _link("services/refusals.py"),
            f"The region is left alone for {duration(refusing.REGION_SECONDS)}, one that took a"
            f" spot group away for {duration(refusing.EVICTION_SECONDS)}.",
        ),
        (
            "size of a container group",
            f"{_most(instances['cpu']):g} vCPU, {_most(instances['memory_gb']):g} GB",
            _link("model/instances.py"),
            "400 that names the member. A region may have less: then Azure refuses, and the run"
            " fails with Azure's words.",
        ),
        (
            "name of a queue or a container group",
            f"{NAME} characters",
            _link("../worker_image/contract/naming.py"),
            "Run ids are made to fit with every suffix.",
        ),
    ]


def _storage() -> list[Row]:
    return [
        (
            "message of a storage queue",
            "64 KiB",
            _link("../worker_image/contract/message.py"),
            f"Ours have {_bytes(SIZE_LIMIT)} at most, dead letters"
            f" {_bytes(dead_letters.MESSAGE_LIMIT)}: what is larger goes by reference.",
        ),
        (
            "messages in one answer",
            str(RECEIVED),
            _link("services/queues.py"),
            "Workers and readers ask again.",
        ),
        (
            "deletions in one batch of blobs",
            str(BATCH),
            _link("services/blobs.py"),
            "What is purged goes in so many batches as it needs.",
        ),
    ]


def _requests() -> list[Row]:
    body = Settings.model_construct().body_limit
    limits, instances = (kind.model_json_schema()["properties"] for kind in (RunLimits, Instances))
    program = Command.model_json_schema()["properties"]["program"]["maxItems"]
    refused = "400 that names the member and what is allowed"
    return [
        (
            "body of a call",
            f"{body:,} bytes (`ACI_JOBS_BODY_LIMIT`)",
            _link("triggers/operations.py"),
            "413",
        ),
        (
            "units of a request",
            f"{MOST_UNITS:,}; those of a dataset with keys {UNITS_LIMIT:,}",
            _link("model/request.py"),
            refused,
        ),
        (
            "container groups of a run at once",
            f"{_most(instances['count'])}",
            _link("model/instances.py"),
            refused,
        ),
        (
            "regions of a run",
            str(instances["regions"]["maxItems"]),
            _link("model/instances.py"),
            refused,
        ),
        ("tries of a unit", f"{_most(limits['attempts'])}", _link("model/limits.py"), refused),
        (
            "time of a unit",
            duration(_most(limits["unit_timeout"])),
            _link("model/limits.py"),
            refused,
        ),
        (
            "deadline of a run",
            _days(_most(limits["deadline"])),
            _link("model/limits.py"),
            f"{refused}; a run that reaches its deadline ends as `Failed`",
        ),
        (
            "program, arguments and variables of a command run",
            f"{COMMAND_LIMIT:,} bytes, {program} arguments",
            _link("model/command.py"),
            refused,
        ),
        (
            "prefix of documents, of a source",
            f"{_length(Documents, 'prefix')}, {_length(Source, 'prefix')} characters",
            _link("model/request.py"),
            refused,
        ),
        (
            "dataset",
            f"{_bytes(DATASET_LIMIT)}, nested {DEPTH_LIMIT} deep",
            _link("../worker_image/generator/source.py"),
            refused,
        ),
        (
            "rows of a unit that is made",
            f"{ROWS_LIMIT:,}",
            _link("../worker_image/generator/plans.py"),
            refused,
        ),
    ]


def _messages() -> list[Row]:
    return [
        (
            "message of a unit",
            _bytes(SIZE_LIMIT),
            _link("../worker_image/contract/message.py"),
            "A payload that does not fit fails the run, with its line, before a container group is"
            " created.",
        ),
        (
            "dataset in a message",
            f"{INLINE_DATASET:,} characters",
            _link("planning.py"),
            "A larger one is a blob of the run, which messages name.",
        ),
        (
            "errors that a message keeps",
            f"the last {HISTORY_LIMIT}, {MESSAGE_LIMIT:,} characters each and"
            f" {TRACEBACK_LIMIT:,} of the traceback of the newest",
            _link("../worker_image/contract/message.py"),
            "Earlier ones are left out.",
        ),
    ]


def _runs() -> list[Row]:
    window = Settings.model_construct().seed_window
    return [
        (
            "messages that wait at once",
            f"{window:,} (`ACI_JOBS_SEED_WINDOW`)",
            _link("policy/seeding.py"),
            "The queue is filled up at each look, so a run of any size can be ended soon.",
        ),
        (
            "container groups that are created in one look",
            str(placing.GROUPS_A_TURN),
            _link("policy/placing.py"),
            "The others follow at the next look.",
        ),
        (
            "units of one part of an audit",
            f"{seeding.PART:,}, {auditing.PARTS_A_TURN} parts in one look",
            _link("policy/auditing.py"),
            "The audit of a large run takes several looks.",
        ),
        (
            "times that missing units are put back on the queue",
            str(auditing.RESEEDS),
            _link("policy/auditing.py"),
            "What is missing then ends the run as `Failed`, by name.",
        ),
        (
            "due time that is made up for",
            f"{duration(CATCH_UP.total_seconds())} late",
            _link("scheduling/definition.py"),
            "Older ones are passed over.",
        ),
        (
            "documents or payloads that a plan looks at",
            f"{plans.LISTED:,}",
            _link("plans.py"),
            "The plan says that there are more, and that its figures are of these.",
        ),
    ]


def _reading() -> list[Row]:
    filters = RunFilter.model_json_schema()["properties"]
    return [
        (
            "runs in a page of a list",
            f"{_most(filters['limit'])}",
            _link("views/runs.py"),
            "400; `next` leads on.",
        ),
        (
            "logs that one call reads",
            f"{_bytes(shipped.MOST_BYTES)} of {shipped.MOST_LOGS} workers, from their ends",
            _link("services/logs.py"),
            "The answer says that there may be more.",
        ),
        (
            "log line of the app",
            f"{logs.TEXT_LIMIT:,} characters of a message, of an error",
            _link("logs.py"),
            "It is cut.",
        ),
        (
            "log of a worker that cannot be shipped",
            _bytes(worker_logs.BUFFER_LIMIT),
            _link("../worker_image/logs.py"),
            "The oldest lines are dropped, and a line says how many.",
        ),
        (
            "document that is handed out for a replay",
            f"{LARGEST_DOCUMENT:,} bytes",
            _link("units.py"),
            "A refusal that names the blob.",
        ),
    ]


def _link(path: str) -> str:
    """A module by its place below `orchestration`."""
    name = path.removeprefix("../")
    return f"[{code(name)}]({'../' if path != name else '../orchestration/'}{name})"


def _most(schema: dict[str, Any]) -> Any:
    """The most that a member may be, also of one that may be absent."""
    return next(kind["maximum"] for kind in (schema, *schema.get("anyOf", ())) if "maximum" in kind)


def _length(kind: Any, member: str) -> int:
    return int(kind.model_json_schema()["properties"][member]["maxLength"])


def _days(seconds: float) -> str:
    return f"{seconds / timedelta(days=1).total_seconds():g} days"


def _bytes(number: int) -> str:
    return f"{number >> 20} MiB" if number >= 1 << 20 else f"{number >> 10} KiB"
