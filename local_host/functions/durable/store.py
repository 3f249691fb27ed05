"""Instances, histories, messages and activities in one SQLite file.

Every change is one transaction, so the file is whole after a kill at any point. With the
write-ahead log and `synchronous=NORMAL` nothing committed is lost when the process dies; a power
cut may lose the last moments. One thread uses a Store.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from local_host.functions.durable import orders
from local_host.functions.durable.episode import FINISHED, Episode
from local_host.functions.durable.history import Event, Kind, Status
from local_host.functions.durable.orders import Message
from local_host.functions.durable.records import Activity, Instance, Query, Work
from local_host.functions.durable.sdk import Execution

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS instance (
    id TEXT PRIMARY KEY, execution TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL, input TEXT, output TEXT, custom_status TEXT);
CREATE TABLE IF NOT EXISTS execution (
    number INTEGER PRIMARY KEY, instance TEXT NOT NULL, id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS execution_of ON execution (instance);
CREATE TABLE IF NOT EXISTS history (
    execution TEXT, number INTEGER, event TEXT NOT NULL,
    PRIMARY KEY (execution, number)) WITHOUT ROWID;
-- A message waits for its due time: now for results and events, later for timers.
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, execution TEXT,
    due TEXT NOT NULL, event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_to ON message (instance, due);
CREATE TABLE IF NOT EXISTS activity (
    number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, execution TEXT NOT NULL,
    task INTEGER NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS timer (name TEXT PRIMARY KEY, last TEXT NOT NULL);
"""
_INSTANCES = """
SELECT id, execution, name, status, created, updated, input, output, custom_status FROM instance
WHERE (:created_from IS NULL OR created >= :created_from)
    AND (:created_to IS NULL OR created <= :created_to)
    AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
    AND substr(id, 1, length(:prefix)) = :prefix AND id > :after
ORDER BY id LIMIT :top
"""


class Store:
    """The state of a task hub. Times are stamps and are passed in.

    `wakes` (due time, instance id) and `calls` tell what is to be done next: at first all that
    the file holds, then what each change adds. The reader empties them.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_SCHEMA)
        found = self._db.execute("SELECT DISTINCT due, instance FROM message")
        self.wakes: list[tuple[str, str]] = found.fetchall()
        rows = self._db.execute("SELECT * FROM activity ORDER BY number")
        self.calls = [Activity(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def start(self, started: Event) -> bool:
        """Create an instance, in place of a finished one; False when one is unfinished."""
        with self._transaction():
            return self._create(started)

    def post(self, message: Message) -> None:
        """Send an event to an instance."""
        with self._transaction():
            self._post(message)

    def work(self, instance_id: str, now: str) -> Work | None:
        """Return the due messages with the history, or None; drops what nobody will read."""
        rows = self._db.execute(
            "SELECT number, execution, event FROM message WHERE instance = ? AND due <= ? "
            "ORDER BY due, number",
            (instance_id, now),
        ).fetchall()
        if not rows:
            return None
        last = max(number for number, _, _ in rows)
        instance = self.instance(instance_id)
        current = instance and instance.execution_id
        messages = [json.loads(text) for _, to, text in rows if to in {None, current}]
        if not messages or instance is None or instance.status in FINISHED:
            with self._transaction():
                self._consume(instance_id, last, now)
            return None
        # The start goes first: events may have been raised before it was read.
        messages.sort(key=lambda item: item["EventType"] != Kind.EXECUTION_STARTED)
        history = self.history(instance.execution_id)
        events = (*history, *messages)
        started = next((e for e in events if e["EventType"] == Kind.EXECUTION_STARTED), None)
        if started is None:
            # The clock went back, and an event is due before its instance: the start wakes again.
            return None
        return Work(started, history, messages, last, now)

    def record(self, work: Work, episode: Episode) -> None:
        """Record an episode whole: history, consumed and new messages, activities, status."""
        own = work.started["OrchestrationInstance"]
        with self._transaction():
            self._consume(work.instance_id, work.last_message, work.loaded)
            self._append(own["ExecutionId"], len(work.history), episode.events)
            self._conclude(own, episode)
            for message in orders.messages(work.started, episode):
                self._post(message)
            for child in orders.children(work.started, episode):
                if not self._create(child):
                    self._post(orders.occupied(child))
            for item in episode.events:
                if item["EventType"] == Kind.TASK_SCHEDULED:
                    self._schedule(own, item)
            if started := orders.successor(work.started, episode):
                self._begin(started, Status.Running)

    def finish_activity(self, activity: Activity, outcome: Event) -> None:
        """Deliver an outcome; a second outcome of the same call is dropped."""
        to = (activity.instance_id, activity.execution_id)
        with self._transaction():
            done = self._db.execute("DELETE FROM activity WHERE number = ?", (activity.number,))
            if done.rowcount:
                self._post(Message(*to, outcome["Timestamp"], outcome))

    def instance(self, instance_id: str) -> Instance | None:
        """Return an instance, or None."""
        row = self._db.execute("SELECT * FROM instance WHERE id = ?", (instance_id,)).fetchone()
        return _instance(row) if row else None

    def instances(self, query: Query) -> list[Instance]:
        """Return the instances that match."""
        values = asdict(query)
        if query.statuses is not None:
            values["statuses"] = json.dumps([item.value for item in query.statuses])
        rows = self._db.execute(_INSTANCES, values)
        return [_instance(row) for row in rows]

    def executions(self, instance_id: str) -> list[Execution]:
        """Return every execution of the instance since its last purge, oldest first."""
        rows = self._db.execute(
            "SELECT id FROM execution WHERE instance = ? ORDER BY number", (instance_id,)
        )
        return [Execution(number, self.history(number)) for (number,) in rows.fetchall()]

    def history(self, execution_id: str) -> list[Event]:
        """Return the events of one execution, all marked as played."""
        rows = self._db.execute(
            "SELECT event FROM history WHERE execution = ? ORDER BY number", (execution_id,)
        )
        events: list[Event] = json.loads(f"[{','.join(text for (text,) in rows)}]")
        return [item | {"IsPlayed": True} for item in events]

    def purge(self, instance_ids: Iterable[str]) -> None:
        """Forget instances and all their executions."""
        keys = [(instance_id,) for instance_id in instance_ids]
        with self._transaction() as db:
            executions = "SELECT id FROM execution WHERE instance = ?"
            db.executemany(f"DELETE FROM history WHERE execution IN ({executions})", keys)  # noqa: S608 - a constant
            db.executemany("DELETE FROM execution WHERE instance = ?", keys)
            db.executemany("DELETE FROM message WHERE instance = ?", keys)
            db.executemany("DELETE FROM instance WHERE id = ?", keys)

    def timer_last(self, name: str) -> str | None:
        """Return the last occurrence of a timer trigger that has been run, or None."""
        row = self._db.execute("SELECT last FROM timer WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def timer_ran(self, name: str, occurrence: str) -> None:
        """Remember the occurrence of a timer trigger as run."""
        self._db.execute("REPLACE INTO timer VALUES (?, ?)", (name, occurrence))

    def _transaction(self) -> sqlite3.Connection:
        self._db.execute("BEGIN IMMEDIATE")
        return self._db

    def _append(self, execution_id: str, count: int, events: Iterable[Event]) -> None:
        self._db.executemany(
            "INSERT INTO history VALUES (?, ?, ?)",
            [(execution_id, count + n, json.dumps(item)) for n, item in enumerate(events)],
        )

    def _consume(self, instance_id: str, last: int, now: str) -> None:
        self._db.execute(
            "DELETE FROM message WHERE instance = ? AND number <= ? AND due <= ?",
            (instance_id, last, now),
        )

    def _post(self, message: Message) -> None:
        self._db.execute(
            "INSERT INTO message (instance, execution, due, event) VALUES (?, ?, ?, ?)",
            (message.instance_id, message.execution_id, message.due, json.dumps(message.event)),
        )
        self.wakes.append((message.due, message.instance_id))

    def _create(self, started: Event) -> bool:
        instance_id = started["OrchestrationInstance"]["InstanceId"]
        existing = self.instance(instance_id)
        if existing and existing.status not in FINISHED:
            return False
        self._db.execute("DELETE FROM instance WHERE id = ?", (instance_id,))
        self._begin(started, Status.Pending)
        return True

    def _begin(self, started: Event, status: Status) -> None:
        own, now = started["OrchestrationInstance"], started["Timestamp"]
        self._db.execute(
            "INSERT INTO instance VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, NULL, NULL) ON CONFLICT "
            "DO UPDATE SET execution = ?2, status = ?4, created = ?5, updated = ?5, input = ?6",
            (*own.values(), started["Name"], status.value, now, started["Input"]),
        )
        self._db.execute("INSERT INTO execution (instance, id) VALUES (?, ?)", (*own.values(),))
        self._post(Message(own["InstanceId"], own["ExecutionId"], now, started))

    def _conclude(self, own: dict[str, str], episode: Episode) -> None:
        instance_id, execution_id = own["InstanceId"], own["ExecutionId"]
        now = episode.events[0]["Timestamp"]
        self._db.execute(
            "UPDATE instance SET status = ?, updated = ?, output = ?, "
            "custom_status = coalesce(?, custom_status) WHERE id = ?",
            (episode.status.value, now, episode.output, episode.custom_status, instance_id),
        )
        if episode.status in FINISHED:
            self._db.execute("DELETE FROM message WHERE instance = ?", (instance_id,))
        elif episode.status is Status.ContinuedAsNew:
            self._db.execute("DELETE FROM message WHERE execution = ?", (execution_id,))

    def _schedule(self, own: dict[str, str], item: Event) -> None:
        values = (*own.values(), item["EventId"], item["Name"], item["Input"])
        row = self._db.execute(
            "INSERT INTO activity (instance, execution, task, name, input) VALUES (?, ?, ?, ?, ?)",
            values,
        )
        self.calls.append(Activity(row.lastrowid or 0, *values))


def _instance(row: tuple[str, ...]) -> Instance:
    return Instance(row[0], row[1], row[2], Status(row[3]), *row[4:])
