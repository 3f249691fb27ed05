"""What must hold at the end: of each run in the services themselves, and of the ground."""

import hashlib
import json
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from support.runs import Ground

from worker_image.contract import Receipt, naming

from . import processes
from .courses import Course
from .explaining import unexplained
from .ground import EpisodeGround
from .rows import wrong_rows
from .storm import Happening

SAMPLE = 5  # of what is wrong alike


def of_the_runs(
    ground: EpisodeGround, courses: Sequence[Course], happenings: Sequence[Happening]
) -> list[str]:
    """What is wrong with the runs, now that they have ended."""
    wrong = [f"not healed: {happening}" for happening in happenings if happening.error]
    for course in courses:
        name = f"{course.work.job.kind} {course.run}"
        wrong += [f"{name}: {each}" for each in course.wrong]
        view = ground.view(course.work.schema)
        try:
            if not course.wrong:
                wrong += [f"{name}: {each}" for each in _of_a_run(ground, course, view, happenings)]
        except Exception:  # what cannot be looked at does not hold
            wrong.append(f"{name}: {traceback.format_exc()}")
        finally:
            view.close()
    return wrong


def of_the_ground(ground: EpisodeGround) -> list[str]:
    """What is left of an episode whose services are stopped."""
    return [
        *(f"a process is left: {each}" for each in processes.left(ground.folder)),
        *(f"a temporary file is left: {each.name}" for each in ground.temporary.iterdir()),
    ]


def _of_a_run(
    ground: EpisodeGround, course: Course, view: Ground, happenings: Sequence[Happening]
) -> Iterator[str]:
    faults = {happening.fault.kind for happening in happenings if happening.met}
    yield from unexplained(course, faults)
    yield from _documents(course, view)
    yield from _account(course, view)
    if "ingest" in course.work.stages:
        with psycopg.connect(view.settings.postgresql_url.get_secret_value()) as database:
            yield from wrong_rows(course, database, _receipts(course, view, "ingest"))
    yield from _nothing_left(ground, course, view)
    yield from _no_secret(ground, course, view)
    view.replay(course.run)


def _documents(course: Course, view: Ground) -> Iterator[str]:
    """Those that the run has made are those that the generator makes, and no others are there."""
    work = course.work
    if work.stages[0] != "generate":
        return
    expected = {work.document(course.run, unit)[1]: unit for unit in work.units}
    container = view.blobs.get_container_client(work.document(course.run, 0)[0])
    found = {blob.name for blob in container.list_blobs(naming.documents("", course.run))}
    yield from _differences("documents", set(expected), found)
    for path in sorted(found & set(expected)):
        if container.download_blob(path).readall() != work.content(expected[path]):
            yield f"{path} is not what the generator makes"
    manifest = view.manifest(course.run)
    yield from _differences("units of the manifest", set(work.units), set(manifest))
    for unit, line in manifest.items():
        content = work.content(unit)
        true = (len(content), hashlib.sha256(content).hexdigest(), dict(work.units[unit].records))
        if (line["bytes"], line["checksum"], line["records"]) != true:
            yield f"the manifest says of unit {unit}: {line}"


def _account(course: Course, view: Ground) -> Iterator[str]:
    """The report counts each unit once, at each stage, with its rows."""
    report = view.client.show(course.run)["report"]
    units, work = course.work.job.units, course.work
    account = report["account"]
    for stage in work.stages:
        counted = tuple(account[member][stage] for member in ("done", "dead", "missing"))
        if counted != (units, 0, 0):
            yield f"the account of {stage} says {counted} of {units} units"
        receipts = _receipts(course, view, stage)
        yield from _differences(f"receipts of {stage}", set(range(units)), set(receipts))
        rows = sum(sum(unit.records.values()) for unit in work.units.values()) or units
        told = (report["stages"][stage]["units"], report["stages"][stage]["rows"])
        if told != (units, rows):
            yield f"the report says of {stage}: {told}, and {(units, rows)} are true"
    if report["failures"]:
        yield f"the report of a run that has succeeded has failures: {report['failures']}"


def _receipts(course: Course, view: Ground, stage: str) -> Mapping[int, Receipt]:
    """The receipts of a stage, by unit."""
    if stage == "generate":
        container, prefix = course.work.document(course.run, 0)[0], naming.documents("", course.run)
    else:
        container, prefix = naming.RUNS, naming.receipts(course.run, stage)
    listed = view.blobs.get_container_client(container).list_blobs(prefix, include=["metadata"])
    found = (Receipt.from_metadata(blob.metadata) for blob in listed)
    return {receipt.unit: receipt for receipt in found if receipt}


def _nothing_left(ground: EpisodeGround, course: Course, view: Ground) -> Iterator[str]:
    """No container group, no process, no queue, no dead letter."""
    run = course.run
    if groups := view.groups(run):
        yield f"container groups are left: {groups}"
    yield from (
        f"a process is left: {each}" for each in processes.left(ground.folder) if run in each
    )
    queue = naming.work_queue(run)
    if [each.name for each in view.queues.list_queues(name_starts_with=queue)]:
        yield "the work queue is left"
    letters = view.blobs.get_container_client(naming.RUNS).list_blobs(naming.dead_letters(run))
    if names := [blob.name for blob in letters][:SAMPLE]:
        yield f"dead letters are left: {names}"


def _no_secret(ground: EpisodeGround, course: Course, view: Ground) -> Iterator[str]:
    """Neither in what people are shown, nor in what the run keeps."""
    secrets = ground.secrets()
    for place, text in _said(course, view):
        for secret in secrets:
            if secret in text:
                yield f"{place} holds a secret: {text[max(0, text.index(secret) - 100) :][:100]}"


def _said(course: Course, view: Ground) -> Iterator[tuple[str, str]]:
    run = course.run
    for path in ("", "/groups", "/progress", "/report", "/dead-letters", "/logs", "/doctor"):
        yield f"GET /runs/…{path}", json.dumps(view.client.call("GET", f"/runs/{run}{path}"))
    for execution in view.executions(run):
        yield "the history", json.dumps(execution.history)
    container = view.blobs.get_container_client(naming.RUNS)
    for blob in container.list_blobs(f"{run}/"):
        yield blob.name, container.download_blob(blob.name).readall().decode(errors="replace")
    for service in (view.app.functions, view.app.container_instances):
        yield f"the log of {service.name}", service.log.read_text(errors="replace")


def _differences(what: str, expected: set[Any], found: set[Any]) -> Iterator[str]:
    for word, some in (("missing", expected - found), ("too many", found - expected)):
        if some:
            yield f"{what}: {len(some)} {word}, such as {sorted(some)[:SAMPLE]}"
