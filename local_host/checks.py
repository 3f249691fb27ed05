"""What a finished run left behind, looked at where it lies and not where it was reported.

Rows and foreign keys are counted in the database, documents in Blob Storage, container groups
at the management API, queues in the queue service.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from azure.core.credentials import AccessToken
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from psycopg import sql

from orchestration.services import ContainerGroups
from orchestration.services.arm import open_client
from orchestration.settings import Settings
from worker_image.contract import naming


@dataclass(frozen=True)
class Check:
    """One thing that must hold, with what was found."""

    name: str
    holds: bool
    found: str


class NoToken:
    """A credential for endpoints that ask for none."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        """A token that nobody looks at."""
        return AccessToken("local", 2**31)


@dataclass(frozen=True)
class Manifest:
    """A run's own list of its documents, summed up."""

    documents: int
    bytes: int
    records: Counter[str]

    @classmethod
    def read(cls, blobs: BlobServiceClient, run: str) -> "Manifest":
        """Read it from Blob Storage."""
        blob = blobs.get_blob_client(naming.RUNS, naming.manifest(run))
        lines = [json.loads(line) for line in blob.download_blob().readall().splitlines()]
        records: Counter[str] = Counter()
        for line in lines:
            records.update(line["records"])
        return cls(len(lines), sum(line["bytes"] for line in lines), records)


def check_run(run: str, units: int, schema: str, container: str, settings: Settings) -> list[Check]:
    """Everything that a pipeline run which succeeded must have left, and must not have."""
    storage = settings.storage_connection_string.get_secret_value()
    with (
        BlobServiceClient.from_connection_string(storage) as blobs,
        QueueServiceClient.from_connection_string(storage) as queues,
        psycopg.connect(settings.postgresql_url.get_secret_value()) as database,
    ):
        manifest = Manifest.read(blobs, run)
        return [
            _documents(blobs, run, units, container, manifest),
            *_tables(database, schema, manifest),
            _loaded(database, schema, run, units),
            *_foreign_keys(database, schema),
            _no_groups(settings, run),
            _no_queue(queues, run),
        ]


def _documents(
    blobs: BlobServiceClient, run: str, units: int, container: str, manifest: Manifest
) -> Check:
    listing = blobs.get_container_client(container).list_blobs(naming.documents("", run))
    sizes = [blob.size for blob in listing]
    holds = len(sizes) == units == manifest.documents and sum(sizes) == manifest.bytes
    return Check("documents in Blob Storage", holds, f"{len(sizes):,}, {sum(sizes):,} bytes")


def _tables(database: psycopg.Connection[Any], schema: str, manifest: Manifest) -> Iterator[Check]:
    for table, rows in manifest.records.items():
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
        found = _number(database, query)
        yield Check(f"rows of {table}", found == rows, f"{found:,} of {rows:,}")


def _loaded(database: psycopg.Connection[Any], schema: str, run: str, units: int) -> Check:
    ledger = sql.Identifier(schema, LEDGER)
    query = sql.SQL("select count(*) from {} where run = {}").format(ledger, sql.Literal(run))
    found = _number(database, query)
    return Check("documents in the ledger", found == units, f"{found:,} of {units:,}")


def _foreign_keys(database: psycopg.Connection[Any], schema: str) -> Iterator[Check]:
    """For each foreign key, the rows that refer to nothing, counted anew."""
    keys = database.execute(FOREIGN_KEYS, [schema]).fetchall()
    for child, column, parent, key in keys:
        orphans = sql.SQL(
            "select count(*) from {child} c left join {parent} p on c.{column} = p.{key}"
            " where p.{key} is null and c.{column} is not null"
        ).format(
            child=sql.Identifier(schema, child),
            parent=sql.Identifier(schema, parent),
            column=sql.Identifier(column),
            key=sql.Identifier(key),
        )
        found = _number(database, orphans)
        yield Check(f"{child}.{column} refers to {parent}", found == 0, f"{found} orphans")
    if not keys:
        yield Check("foreign keys", False, "there are none")


LEDGER = "aci_jobs_ledger"
FOREIGN_KEYS = """
    select child.relname, own.attname, parent.relname, other.attname
    from pg_constraint as c
    join pg_class as child on child.oid = c.conrelid
    join pg_class as parent on parent.oid = c.confrelid
    join pg_namespace as n on n.oid = c.connamespace
    join pg_attribute as own on own.attrelid = c.conrelid and own.attnum = c.conkey[1]
    join pg_attribute as other on other.attrelid = c.confrelid and other.attnum = c.confkey[1]
    where c.contype = 'f' and c.convalidated and n.nspname = %s
    order by 1, 2
"""


def _number(database: psycopg.Connection[Any], query: sql.Composed) -> int:
    row = database.execute(query).fetchone()
    assert row
    return int(row[0])


def _no_groups(settings: Settings, run: str) -> Check:
    left = groups_of(settings, run)
    return Check("no container group is left", not left, ", ".join(left) or "none")


def groups_of(settings: Settings, run: str) -> list[str]:
    """The container groups of a run that the management API lists."""
    with open_client(settings, NoToken()) as client:
        groups = ContainerGroups(client, settings)
        return [group.name for group in groups.tagged() if group.run == run]


def _no_queue(queues: QueueServiceClient, run: str) -> Check:
    left = [queue.name for queue in queues.list_queues(name_starts_with=naming.work_queue(run))]
    return Check("no work queue is left", not left, ", ".join(map(str, left)) or "none")
