"""Audits part by part, and the report and manifest made of what they write down."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from support.activities import NOW, bury, finish, keep, load, messages, pipeline

from orchestration.activities import auditing, seeding
from orchestration.activities.auditing import audit, close
from orchestration.activities.redriving import redrive
from orchestration.activities.seeding import prepare, seed
from orchestration.model import (
    Account,
    Audit,
    Close,
    Phase,
    Plan,
    Prepare,
    Redrive,
    RunState,
    Seed,
    Selection,
    Verdict,
)
from orchestration.reports import Report
from orchestration.services import Services, listing
from orchestration.summaries import PartSummary
from worker_image.contract import Stage, naming

GENERATE = {"kind": "generate", "dataset": {"dataset": "d", "version": 1}}


@pytest.fixture
def generate(services: Services, run: str) -> str:
    """A run of 25 units."""
    keep(services, run, {**GENERATE, "units": 25})
    prepare(services, Prepare(run=run))
    return run


def account(services: Services, run: str, first: int, count: int, **more: Any) -> Account:
    found = audit(services, Audit(run=run, first=first, count=count, **more)).account
    assert found is not None
    return found


def summary(services: Services, run: str, first: int) -> PartSummary | None:
    return services.records.read_as(PartSummary, naming.audit(run, first))


def finished(services: Services, run: str, units: Iterable[int]) -> None:
    for unit in units:
        finish(services, run, unit)


def ended(services: Services, run: str, part: int | None = None) -> RunState:
    """The state of a run with its verdict; without a plan where its orchestration was lost."""
    plan: Plan | None = None
    if part:
        plan = prepare(services, Prepare(run=run)).plan
        assert plan is not None
        plan = plan.model_copy(update={"part": part})
    verdict = Verdict(phase=Phase.SUCCEEDED)
    return RunState(run=run, started=NOW, progressed=NOW, plan=plan, verdict=verdict)


def closed(services: Services, state: RunState) -> tuple[Report, list[int]]:
    """The report, and the units in the manifest."""
    assert close(services, Close(state=state), NOW + timedelta(seconds=9)).count == 1
    report = services.records.read_as(Report, naming.report(state.run))
    manifest = services.records.read(naming.manifest(state.run))
    assert report is not None
    assert manifest is not None
    return report, [json.loads(line)["unit"] for line in manifest.splitlines()]


# ------------------------------------------------------------------------------ one part


def test_an_audit_names_what_is_missing_and_seeds_it(services: Services, generate: str) -> None:
    finished(services, generate, range(20))
    bury(services, generate, 20)
    bury(services, generate, 3)  # a late delivery of a unit that is done
    found = account(services, generate, 0, 25)
    assert found.done == {"generate": 20}
    assert found.dead == {"generate": 1}
    assert found.missing == {"generate": 4}
    assert found.sample == tuple(f"generate/{unit}" for unit in range(21, 25))
    assert messages(services, generate) == []
    outcome = audit(services, Audit(run=generate, first=0, count=25, reseed=True))
    assert outcome.count == 4
    assert sorted(message.unit for message in messages(services, generate)) == [21, 22, 23, 24]


def test_a_dead_letter_of_a_unit_that_is_done_is_deleted_with_its_message(
    services: Services, generate: str
) -> None:
    finished(services, generate, range(24))
    for unit in (3, 24):
        bury(services, generate, unit)
    for _ in range(2):
        found = account(services, generate, 0, 25, reseed=True)
        assert (found.done, found.dead) == ({"generate": 24}, {"generate": 1})
    assert [letter.unit for letter in services.records.dead_letters(generate)] == [24]
    queue = naming.dead_letter_queue(generate)
    assert services.queues.count(queue) == 1
    report, _ = closed(services, ended(services, generate))
    assert sum(failure.units for failure in report.failures) == 1


def test_a_part_is_looked_at_alone(services: Services, generate: str) -> None:
    finished(services, generate, (0, 9, 10, 11, 20))
    bury(services, generate, 12)
    bury(services, generate, 21)
    found = account(services, generate, 10, 10, reseed=True)
    assert (found.done, found.dead, found.missing) == (
        {"generate": 2},
        {"generate": 1},
        {"generate": 7},
    )
    assert sorted(message.unit for message in messages(services, generate)) == list(range(13, 20))


def test_any_range_of_units_is_looked_at_alone(services: Services, generate: str) -> None:
    finished(services, generate, range(0, 25, 2))
    for unit in range(1, 25, 4):
        bury(services, generate, unit)
    found = account(services, generate, 6, 7)  # 6 to 12: two prefixes, and more units below them
    assert found.done == {"generate": 4}
    assert found.dead == {"generate": 1}
    assert found.sample == ("generate/7", "generate/11")


def test_the_borders_of_parts_of_a_large_run(services: Services, run: str) -> None:
    keep(services, run, {**GENERATE, "units": 20_000})
    prepare(services, Prepare(run=run))
    finished(services, run, (0, 9_999, 10_000, 19_999))
    bury(services, run, 9_998)
    bury(services, run, 10_001)
    for first in (0, 10_000):
        found = account(services, run, first, 10_000)
        assert found.done == {"generate": 2}
        assert found.dead == {"generate": 1}
        assert found.missing == {"generate": 9_997}
    whole = account(services, run, 0, 20_000)
    assert whole.done == {"generate": 4}
    assert whole.missing == {"generate": 19_994}
    report, manifest = closed(services, ended(services, run, 10_000))
    assert manifest == [0, 9_999, 10_000, 19_999]
    assert report.stages["generate"].units == 4
    assert report.account == whole
    assert report.units == 20_000


def test_no_more_than_a_bounded_number_is_seeded_again(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "RESEEDED", 30)
    keep(services, run, pipeline(units=50))
    prepare(services, Prepare(run=run))
    finished(services, run, range(25))
    outcome = audit(services, Audit(run=run, first=0, count=50, reseed=True))
    assert outcome.count == 30
    assert outcome.account is not None
    assert outcome.account.missing == {"generate": 25, "ingest": 25}
    stages = [message.stage for message in messages(services, run)]
    assert (stages.count(Stage.GENERATE), stages.count(Stage.INGEST)) == (25, 5)


def test_a_pipeline_is_audited_stage_by_stage(services: Services, run: str) -> None:
    keep(services, run, pipeline(units=25))
    prepare(services, Prepare(run=run))
    finished(services, run, range(23))
    bury(services, run, 23)
    for unit in range(20):
        load(services, run, unit)
    bury(services, run, 20, stage=Stage.INGEST)
    parts = [account(services, run, first, count) for first, count in ((0, 10), (10, 10), (20, 5))]
    assert parts[0].missing == parts[1].missing == {"generate": 0, "ingest": 0}
    assert parts[2].missing == {"generate": 1, "ingest": 2}
    assert parts[2].dead == {"generate": 1, "ingest": 1}
    whole = account(services, run, 0, 25)
    assert parts[0].plus(parts[1]).plus(parts[2]) == whole
    report, manifest = closed(services, ended(services, run, 10))
    assert manifest == list(range(23))
    assert {name: stage.units for name, stage in report.stages.items()} == {
        "generate": 23,
        "ingest": 20,
    }


def test_receipts_in_the_folder_of_a_record_type(services: Services, run: str) -> None:
    documents = {"format": "csv", "compression": "none", "prefix": ""}
    keep(services, run, {**GENERATE, "units": 20, "documents": documents})
    prepare(services, Prepare(run=run))
    for unit in range(18):
        for folder in ("account", "zone"):  # without a receipt, as all types but the last
            path = naming.document("", run, unit, ".csv", folder)
            services.records._service.get_blob_client("documents", path).upload_blob(b"x")
        if unit != 4:
            finish(services, run, unit, folder="customer")
    found = account(services, run, 0, 10).plus(account(services, run, 10, 10))
    assert found.done == {"generate": 17}
    assert found.missing == {"generate": 3}
    assert found.sample == ("generate/4", "generate/18", "generate/19")


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_run_whose_container_is_gone_has_done_nothing(
    services: Services, run: str, form: str
) -> None:
    documents = {"container": f"{run}-gone", "format": form}
    keep(services, run, {**GENERATE, "units": 5, "documents": documents})
    assert account(services, run, 0, 5).missing == {"generate": 5}


def test_long_listings_come_in_pages(
    services: Services, generate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 4)
    finished(services, generate, range(15))
    for unit in range(15, 25):
        bury(services, generate, unit)
    found = account(services, generate, 0, 25)
    assert (found.done, found.dead) == ({"generate": 15}, {"generate": 10})


def test_blobs_of_others_among_the_documents_are_passed_over(
    services: Services, generate: str
) -> None:
    finished(services, generate, (1, 2))
    client = services.records._service.get_container_client("documents")
    client.upload_blob(naming.document("", generate, 3, ".ndjson"), b"by hand")
    client.upload_blob(f"{naming.documents('', generate)}0000004/notes.txt", b"by hand")
    assert account(services, generate, 0, 25).done == {"generate": 2}


# ------------------------------------------------------------------------------ writing down


def test_a_part_is_written_down_once_it_is_complete(services: Services, generate: str) -> None:
    finished(services, generate, range(9))
    account(services, generate, 0, 10, reseed=True)
    assert summary(services, generate, 0) is None, "it is about to change"
    finish(services, generate, 9)
    for _ in range(2):
        account(services, generate, 0, 10, reseed=True)
        found = summary(services, generate, 0)
        assert found is not None
        assert (found.count, found.documents) == (10, 10)
    account(services, generate, 20, 5)
    last = summary(services, generate, 20)
    assert last is not None, "the last audit of a run that is stopped"
    assert last.account.missing == {"generate": 5}


def test_audits_at_the_same_time_write_the_same(services: Services, generate: str) -> None:
    finished(services, generate, range(25))
    decision = Audit(run=generate, first=0, count=25)
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda _: audit(services, decision), range(3)))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert closed(services, ended(services, generate, 25))[1] == list(range(25))


def test_close_writes_manifest_and_report_and_twice_the_same(
    services: Services, generate: str
) -> None:
    finished(services, generate, (0, 3, 11, 24))
    bury(services, generate, 12)
    for first in (20, 0, 10):
        account(services, generate, first, min(10, 25 - first))
    state = ended(services, generate, 10)
    report, manifest = closed(services, state)
    assert closed(services, state) == (report, manifest)
    assert manifest == [0, 3, 11, 24]
    assert report.stages["generate"].rows == 40
    assert report.stages["generate"].seconds["p50"] == pytest.approx(0.1, rel=0.01)
    assert report.account is not None
    assert report.account.missing == {"generate": 20}
    assert [(group.units, group.at_least) for group in report.failures] == [(1, False)]
    assert report.seconds == 9
    assert services.records.catalogue.read()[generate]["state"] == "Succeeded"
    assert services.queues.count(naming.work_queue(generate)) == 0


def test_close_audits_what_was_not_written_down(services: Services, generate: str) -> None:
    """Its orchestration was ended from outside: there is neither a plan nor an audit."""
    finished(services, generate, (0, 3, 24))
    bury(services, generate, 12)
    report, manifest = closed(services, ended(services, generate))
    assert manifest == [0, 3, 24]
    assert report.units == 25
    assert report.account is not None
    assert report.account.done == {"generate": 3}
    assert report.account.dead == {"generate": 1}


def test_an_abandoned_ingest_run_is_closed_by_its_frozen_listing(
    services: Services, run: str
) -> None:
    source = {"container": f"{run}-source"}
    keep(services, run, {"kind": "ingest", "source": source, "sink": {"schema": "s"}})
    services.records.create_container(f"{run}-source")
    assert closed(services, ended(services, run))[0].units == 0
    client = services.records._service.get_container_client(f"{run}-source")
    for number in range(13):
        client.upload_blob(f"{number:03d}", b"{}")
    prepare(services, Prepare(run=run))
    load(services, run, 11)
    report, manifest = closed(services, ended(services, run))
    assert (report.units, manifest) == (13, [11])
    assert report.stages["ingest"].units == 1


def test_an_audit_cut_off_before_its_summary_is_made_good_by_close(
    services: Services, generate: str
) -> None:
    finished(services, generate, range(25))
    for first in (0, 10, 20):
        account(services, generate, first, min(10, 25 - first))
    services.records.delete(naming.audit(generate, 10))  # the block is there, the summary not
    report, manifest = closed(services, ended(services, generate, 10))
    assert manifest == list(range(25))
    assert report.stages["generate"].units == 25


def test_lines_that_the_service_has_forgotten_are_written_again(
    services: Services, generate: str
) -> None:
    finished(services, generate, range(25))
    for first in (0, 10, 20):
        account(services, generate, first, min(10, 25 - first))
    manifest = services.records.manifest(generate)
    manifest.commit([20])  # as after a week: the others are gone
    assert manifest.parts() == {20}
    with pytest.raises(HttpResponseError, match="block list"):
        manifest.commit([0])
    assert closed(services, ended(services, generate, 10))[1] == list(range(25))


def test_a_close_with_other_parts_than_the_audits_counts_nothing_twice(
    services: Services, generate: str
) -> None:
    finished(services, generate, range(25))
    account(services, generate, 0, 25)
    for part in (10, 25, 10_000):
        report, manifest = closed(services, ended(services, generate, part))
        assert manifest == list(range(25))
        assert report.stages["generate"].units == 25


def test_a_second_round_after_a_redrive(services: Services, generate: str) -> None:
    finished(services, generate, (*range(4), *range(5, 24)))
    bury(services, generate, 4)
    bury(services, generate, 24)
    for first in (0, 10, 20):
        account(services, generate, first, min(10, 25 - first))
    state = ended(services, generate, 10)
    report, manifest = closed(services, state)
    assert manifest == [unit for unit in range(24) if unit != 4]

    redrive(services, Redrive(run=generate, number=1, selection=Selection()))
    assert [summary(services, generate, first) for first in (0, 10, 20)] == [None] * 3
    prepare(services, Prepare(run=generate))
    counts = [
        seed(services, Seed(run=generate, first=first, count=10, missing=True)).count
        for first in (0, 10)
    ]
    assert counts == [1, 0]
    for unit in (4, 24):
        finish(services, generate, unit)
    for first in (0, 10, 20):
        account(services, generate, first, min(10, 25 - first))
    later = state.model_copy(update={"started": NOW + timedelta(hours=1), "redrives_done": 1})
    again, manifest = closed(services, later)
    assert manifest == list(range(25))
    assert again.stages["generate"].units == 25
    assert again.earlier is not None
    assert again.earlier.started == report.started


def test_rejected_rows_are_told_in_manifest_and_report(services: Services, run: str) -> None:
    source = {"container": f"{run}-source"}
    keep(services, run, {"kind": "ingest", "source": source, "sink": {"schema": "s"}})
    services.records.create_container(f"{run}-source")
    client = services.records._service.get_container_client(f"{run}-source")
    for number in range(2):
        client.upload_blob(f"{number:03d}", b"{}")
        load(services, run, number, rejected=3 * number)
    prepare(services, Prepare(run=run))
    report, _ = closed(services, ended(services, run))
    assert (report.stages["ingest"].rows, report.stages["ingest"].rejected) == (20, 3)
    manifest = services.records.read(naming.manifest(run)) or b""
    lines = [json.loads(line) for line in manifest.splitlines()]
    assert [line.get("rejected") for line in lines] == [None, 3]


def test_a_report_groups_the_first_of_many_dead_letters(
    services: Services, generate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "FAILURES", 3)
    for unit in range(5):
        bury(services, generate, unit)
    report, manifest = closed(services, ended(services, generate, 25))
    assert [(group.units, group.at_least) for group in report.failures] == [(3, True)]
    assert report.account is not None
    assert report.account.dead == {"generate": 5}
    assert manifest == []
