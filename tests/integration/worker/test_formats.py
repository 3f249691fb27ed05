"""Documents for each record type: where they are, which of them proves the unit, and when."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from support.things import LAKE, true_stages
from support.worker import DOCUMENTS, Bench

from worker_image.contract import DatasetSource, GeneratePayload, Message, Receipt


def message(bench: Bench, unit: int, form: str, compression: str) -> Message:
    payload = GeneratePayload(
        DatasetSource(inline=LAKE), DOCUMENTS, "lake", compression, format=form
    )
    return bench.message(unit, payload=payload.members(), random_seed=7)


def blobs(bench: Bench) -> dict[str, bytes]:
    """The run's documents by their paths below it."""
    container = bench.blobs.get_container_client(DOCUMENTS)
    prefix = f"lake/{bench.run}/"
    return {
        name.removeprefix(prefix): container.download_blob(name).readall()
        for name in container.list_blob_names(name_starts_with=prefix)
    }


def rows(content: bytes, form: str) -> int:
    if form == "parquet":
        return int(pq.read_table(io.BytesIO(content)).num_rows)
    return len(list(csv.DictReader(io.StringIO(content.decode()))))


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_each_record_type_has_a_folder_of_its_own(bench: Bench, form: str) -> None:
    bench.seed(*(message(bench, unit, form, "none") for unit in range(2)))
    bench.drain(true_stages(bench.storage()))
    found = {path: rows(content, form) for path, content in blobs(bench).items()}
    assert found == {
        f"kind/0000000.{form}": 2,
        f"thing/0000000.{form}": 3,
        f"thing/0000001.{form}": 3,
        f"part/0000000.{form}": 6,
        f"part/0000001.{form}": 6,
        f"place/0000000.{form}": 4,
    }


def test_the_receipt_is_on_the_last_document_that_every_unit_has_and_speaks_for_all(
    bench: Bench,
) -> None:
    bench.seed(message(bench, 0, "csv", "gzip"))
    bench.drain(true_stages(bench.storage()))
    container = bench.blobs.get_container_client(DOCUMENTS)
    receipts = {
        blob.name.rpartition("/")[0].rpartition("/")[2]: Receipt.from_metadata(blob.metadata)
        for blob in container.list_blobs(f"lake/{bench.run}/", include=["metadata"])
    }
    last = receipts.pop("part")
    assert set(receipts.values()) == {None}
    assert last
    assert last.records == {"kind": 2, "thing": 3, "part": 6, "place": 4}
    assert last.bytes == sum(map(len, blobs(bench).values()))
    assert last.document == f"{DOCUMENTS}/lake/{bench.run}/*/0000000.csv.gz"


def test_a_worker_that_dies_between_two_documents_proves_nothing(bench: Bench) -> None:
    deaths, proven = 0, []
    bench.seed(message(bench, 0, "csv", "none"))
    while bench.deliver_and_die(true_stages, deaths + 1):
        deaths += 1
        proven.append(len(bench.receipts(prefix=f"lake/{bench.run}/")))
        bench.seed(message(bench, 0, "csv", "none"))
    assert proven[:4] == [0, 0, 0, 0], "before each of four documents"
    assert set(proven[4:]) == {1}
    bench.let_leases_run_out()
    bench.drain(true_stages(bench.storage()))
    assert sorted(blobs(bench)) == [f"{name}/0000000.csv" for name in sorted(LAKE["records"])]
    assert (bench.queued(), bench.dead_letters()) == (0, [])
