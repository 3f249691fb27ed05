"""The job itself: started over HTTP, followed to its end, looked at in the services themselves."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azure.storage.blob import BlobServiceClient
from psycopg import sql

from benchmarks.generate_contenders import FailedError
from benchmarks.headline.ground import Ground
from benchmarks.headline.processes import Meter, Used
from command_line.client import Client
from command_line.figures import moment
from command_line.job_file import read_job
from command_line.watching import looks
from local_host.checks import LEDGER, Check, check_run
from local_host.demo import EXAMPLE, settings_of
from worker_image.contract import naming

SCHEMA = "headline"
CONTAINER = "documents"
CUSTOMERS = 111
"""A unit, in place of the example's 106: 3,663 rows on average, of which 6,000 are 22 million."""
GROUPS = 2
"""One for each of two cores."""
SLOTS = 4
"""Of each group: a unit waits for storage and database half of its time."""
CONSTRAINTS = "after"
"""Keys and foreign keys are made when all rows are there: PostgreSQL then needs the least."""
LOOK_SECONDS = 2.0
DEADLINE = 1_200
_KEYS = """
    select t.relname, array_agg(a.attname::text order by a.attnum)
    from pg_constraint c
    join pg_class t on t.oid = c.conrelid
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
    where c.contype in ('p', 'u') and c.connamespace = {}::regnamespace and t.relname <> {}
    group by t.relname, c.conname order by t.relname, c.conname
"""
_COUNTS = "select count(*), count(distinct ({})) from {}"


@dataclass(frozen=True)
class Ran:
    """What became of the run."""

    run: str
    units: int
    report: dict[str, Any]
    documents: tuple[datetime, datetime]  # the first and the last, to the second
    loads: tuple[datetime, datetime]
    used: dict[str, Used]
    seconds: float
    """From the request to the proof of the last unit."""

    @property
    def rows(self) -> int:
        """All rows that were loaded."""
        return int(self.report["stages"]["ingest"]["rows"])

    @property
    def size(self) -> int:
        """Bytes of all documents."""
        return int(self.report["stages"]["generate"]["bytes"])

    @property
    def cpu(self) -> float:
        """Seconds of the processor that everything has used."""
        return sum(used.cpu for used in self.used.values())

    def stages(self) -> Iterator[tuple[str, float]]:
        """Seconds of each, as the clock went; the second and the third overlap."""
        started, ended = moment(self.report["started"]), moment(self.report["ended"])
        documents, loads = self.documents, self.loads
        yield "planning, container groups, the first document", _seconds(started, documents[0])
        yield "generating and writing, first to last document", _seconds(*documents)
        yield "loading, first to last document", _seconds(*loads)
        yield "keys and foreign keys, audit, deletion of the groups", _seconds(loads[1], ended)


def request(units: int) -> dict[str, Any]:
    """The example's job at the size that the project exists for."""
    changes = [
        f"sink.schema={SCHEMA}",
        f"sink.constraints={CONSTRAINTS}",
        f"instances.count={GROUPS}",
        f"instances.concurrency={SLOTS}",
        f"limits.deadline={DEADLINE}",
    ]
    job = read_job(str(EXAMPLE / "job.yaml"), units=units, changes=changes)
    job["dataset"]["records"]["customer"]["count"] = CUSTOMERS
    return job


def run_it(ground: Ground, units: int) -> Ran:
    """Run the job to its end.

    Raises:
        FailedError: it has not succeeded.
    """
    client = Client(ground.app.url, ground.app.key)
    begun = time.monotonic()
    with Meter(ground.folder) as meter:
        run = client.start(request(units))
        for view in looks(client, run, print, lambda _: time.sleep(LOOK_SECONDS)):
            last = view
    seconds = time.monotonic() - begun
    if last["state"] != "Succeeded":
        raise FailedError(f"{run}: {last['state']}: {last['report']['reason']}")
    return Ran(
        run=run,
        units=units,
        report=last["report"],
        documents=_documents(ground, run),
        loads=_loads(ground),
        used=meter.used(),
        seconds=seconds,
    )


def _documents(ground: Ground, run: str) -> tuple[datetime, datetime]:
    with BlobServiceClient.from_connection_string(ground.azurite.connection_string) as blobs:
        listing = blobs.get_container_client(CONTAINER).list_blobs(naming.documents("", run))
        written = [blob.last_modified for blob in listing]
    return min(written), max(written) + timedelta(seconds=1)


def _loads(ground: Ground) -> tuple[datetime, datetime]:
    ledger = sql.Identifier(SCHEMA, LEDGER)
    [(first, last)] = ground.ask("select min(loaded_at), max(loaded_at) from {}", ledger)
    return first, last


def checks(ground: Ground, ran: Ran) -> list[Check]:
    """What must hold of a run that succeeded, asked of every row."""
    settings = settings_of(ground.app)
    return [
        _proven(ran),
        *check_run(ran.run, ran.units, SCHEMA, CONTAINER, settings),
        *_unique(ground),
    ]


def _proven(ran: Ran) -> Check:
    account = ran.report["account"]
    done = [account["done"].get(stage) for stage in ("generate", "ingest")]
    lost = sum(account["missing"].values()) + sum(account["dead"].values())
    found = f"{done[0]:,} and {done[1]:,}, {lost} missing or dead"
    holds = done == [ran.units, ran.units] and not lost
    return Check("units proven, generated and loaded", holds, found)


def _unique(ground: Ground) -> Iterator[Check]:
    """For each key, whether as many different values are there as rows."""
    names = sql.Literal(SCHEMA), sql.Literal(LEDGER)
    keys = ground.ask(_KEYS, *names)
    for table, columns in keys:
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        [(rows, different)] = ground.ask(_COUNTS, listed, sql.Identifier(SCHEMA, table))
        found = f"{different:,} different of {rows:,}"
        yield Check(f"{table}.{', '.join(columns)} is unique", rows == different > 0, found)
    if not keys:
        yield Check("keys", holds=False, found="there are none")


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
