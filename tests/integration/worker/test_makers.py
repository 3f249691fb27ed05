"""The processes that make units: one dies, the worker dies, and what they are told."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import psutil
import pytest
from support.container_instances import has_ended
from support.services import eventually
from support.things import pipeline_message, true_stages
from support.worker import Bench

from worker_image.contract import Stage
from worker_image.errors import PermanentError
from worker_image.forms import Compression, Form
from worker_image.generator import compile_dataset, encode, parse
from worker_image.makers import MakerError, Makers
from worker_image.making import MakeUnit, TellTables

TEXT = '{"version":1,"dataset":"d","records":{"r":{"count":2,"fields":{"id":{"key":true}}}}}'
FORM = Form(compression=Compression.ZSTD)


@pytest.fixture
def makers() -> Iterator[Makers]:
    with closing(Makers(2)) as makers:
        yield makers


def processes(of: int | None = None) -> set[psutil.Process]:
    """The makers among a process's children: the SDK starts others, for a moment, as `uname`."""
    return {child for child in psutil.Process(of).children() if is_maker(child)}


def is_maker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it has ended
        return "worker_image.making" in " ".join(process.cmdline())
    return False


def test_it_makes_what_the_generator_makes(makers: Makers) -> None:
    made = makers.unit(MakeUnit(TEXT, 7, 3, FORM))
    unit = compile_dataset(parse(json.loads(TEXT)), 7).unit(3)
    assert made.records == unit.records
    assert made.documents == tuple((d.record, encode(d.content, FORM)) for d in unit.documents)


def test_threads_have_processes_of_their_own(makers: Makers) -> None:
    before = processes()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda unit: makers.unit(MakeUnit(TEXT, 7, unit, FORM)), range(40)))
    assert len(processes() - before) == 2


def test_what_is_refused_is_refused_for_good_and_the_process_lives(makers: Makers) -> None:
    before = processes()
    with pytest.raises(PermanentError, match=r"version: 2"):
        makers.tables(TellTables(TEXT.replace('"version":1', '"version":2')))
    assert [table.name for table in makers.tables(TellTables(TEXT))] == ["r"]
    assert len(processes() - before) == 1


def test_a_process_that_dies_is_an_error_once_and_is_replaced(makers: Makers) -> None:
    before = processes()
    makers.unit(MakeUnit(TEXT, 7, 0, FORM))
    (maker,) = processes() - before
    maker.kill()
    with pytest.raises(MakerError, match="ended with code -9"):
        makers.unit(MakeUnit(TEXT, 7, 0, FORM))
    assert makers.unit(MakeUnit(TEXT, 7, 0, FORM)).records == {"r": 2}


def test_it_knows_no_secret(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACI_JOBS_STORAGE_CONNECTION_STRING", "secret")
    before = processes()
    makers.unit(MakeUnit(TEXT, 7, 0, FORM))
    (maker,) = processes() - before
    assert not any("ACI_JOBS" in name for name in maker.environ())


def test_a_killed_worker_leaves_no_process(bench: Bench) -> None:
    bench.seed(*(pipeline_message(bench, unit) for unit in range(3)))
    with bench.process(idle_seconds=30) as worker:
        eventually(lambda: len(processes(worker.pid)) == 1)
        (maker,) = processes(worker.pid)
        worker.kill()
        worker.wait()
        eventually(lambda: has_ended(maker.pid))


def test_a_unit_whose_maker_died_is_tried_again(bench: Bench, database: str) -> None:
    bench.seed(pipeline_message(bench))
    true_stages(bench.storage())[Stage.GENERATE].work(pipeline_message(bench))
    for maker in processes():
        maker.kill()
    bench.drain(true_stages(bench.storage(), database), idle_seconds=0.5)
    assert [receipt.delivery for receipt in bench.receipts()] == [2]
    assert bench.dead_letters() == []
