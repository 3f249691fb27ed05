"""A short storm of a fixed schedule; and that what must hold can be found not to."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.runs import CONTAINER
from support.services import start_or_skip

from worker_image.contract import naming

from . import invariants, processes
from .courses import Course
from .ground import EpisodeGround
from .jobs import Work
from .playing import Result, ride
from .scenario import Fault, Job, Scenario

pytestmark = pytest.mark.long

OPTIONS = {"random_seed": 7, "count": 2, "compression": "zstd"}
JOBS = (
    Job("pipeline", 0, 0.0, 20, 20, {**OPTIONS, "mode": "append", "constraints": "inline"}),
    Job("command", 1, 0.0, 10, 20, OPTIONS),
)
FAULTS = (
    Fault(0.0, 1.0, "lose_reply", "aci"),
    Fault(0.5, 8.0, "kill", "worker", 0.3),
    Fault(1.0, 8.0, "pause", "worker", 0.9),
    Fault(4.0, 1.0, "reset", "blob"),
    Fault(5.0, 1.0, "cut", "database"),
    Fault(6.0, 1.0, "kill", "functions"),
)


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[EpisodeGround, Result]]:
    """An episode whose services still run."""
    folder = Path(tempfile.mkdtemp(prefix="aci-jobs-chaos-"))
    ground = EpisodeGround(folder / "ground")
    courses = [Course(Work(job)) for job in JOBS]
    result = Result(Scenario(0, JOBS, FAULTS), ground.folder, courses)
    try:
        start_or_skip(ground.start)
        ride(ground, result)
        yield ground, result
    finally:
        ground.stop()
        assert processes.left(ground.folder) == []
        shutil.rmtree(folder)


def found(played: tuple[EpisodeGround, Result]) -> list[str]:
    """What is wrong with the runs now."""
    ground, result = played
    return invariants.of_the_runs(ground, result.courses, result.happenings)


def test_nothing_is_lost_in_a_short_storm(played: tuple[EpisodeGround, Result]) -> None:
    _, result = played
    assert found(played) == []
    assert result.ends == {"Succeeded": 2}
    assert {"kill functions", "reset blob", "cut database"} <= result.met.keys()


def test_whatever_is_wrong_is_found(played: tuple[EpisodeGround, Result]) -> None:
    ground, result = played
    course = result.courses[0]
    view, run = ground.view(course.work.schema), course.run
    documents = view.blobs.get_container_client(CONTAINER)
    for statement in (
        'delete from {}."order" where id = (select max(id) from {}."order")',
        "update {}.customer set name = name || '!' where id = (select max(id) from {}.customer)",
        "delete from {}.aci_jobs_ledger where unit = '3'",
    ):
        with psycopg.connect(view.settings.postgresql_url.get_secret_value()) as database:
            database.execute(sql.SQL(statement).format(*[sql.Identifier(view.schema)] * 2))
    documents.delete_blob(course.work.document(run, 2)[1])
    documents.upload_blob(course.work.document(run, 4)[1], b"{}", overwrite=True)
    documents.upload_blob(course.work.document(run, 99)[1], b"{}")
    view.store(naming.RUNS, naming.dead_letter(run, "ingest", 5), b"{}")
    view.store(naming.RUNS, naming.platform_log(run, "x"), ground.secrets()[1].encode())
    view.queues.create_queue(naming.work_queue(run))
    view.close()
    wrong = found(played)
    for words in (
        r"rows of order: 1 of \d+ missing",
        r"rows of customer: 1 of \d+ missing",
        r"rows of customer: 1 of \d+ too many",
        r"the ledger has 19 entries, there are 20 receipts",
        r"documents: 1 missing, such as .*0000002",
        r"documents: 1 too many, such as .*0000099",
        r"0000004.* is not what the generator makes",
        r"receipts of generate: 2 missing, such as \[2, 4\]",
        r"dead letters are left: .*0000005",
        r"holds a secret",
        r"the work queue is left",
    ):
        assert any(re.search(words, each) for each in wrong), (words, wrong)


def test_what_is_left_of_a_ground_is_found(tmp_path: Path) -> None:
    ground = EpisodeGround(tmp_path / "ground")
    ground.temporary.mkdir()
    try:
        assert invariants.of_the_ground(ground) == []
        (ground.temporary / "left").touch()
        command = [sys.executable, "-c", "input()"]
        home = {"HOME": str(ground.folder / "home")}
        with subprocess.Popen(command, env=home, stdin=subprocess.PIPE) as process:
            process_left, file_left = invariants.of_the_ground(ground)
            process.communicate()
    finally:
        ground.stop()
    assert f"a process is left: {process.pid} " in process_left
    assert file_left == "a temporary file is left: left"
