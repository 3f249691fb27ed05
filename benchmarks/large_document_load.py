"""A worker's way of loading one document: `... large_document_load AZURITE POSTGRESQL PATH`.

Both are told by what one connects with. Prints a line of JSON: the rows, the seconds, and the most
memory of the process in MB.
"""

import json
import sys
import time
from contextlib import closing
from functools import partial

from benchmarks.memory import peak_mb
from worker_image.contract import (
    DatasetSource,
    IngestPayload,
    Message,
    Stage,
    WorkerEnvironment,
)
from worker_image.datasets import Datasets
from worker_image.gate import Gate
from worker_image.ingester import Surroundings, open_sink
from worker_image.makers import Makers
from worker_image.stages import Ingest
from worker_image.storage import Storage, connect

RUN = "r260101-000000-large"
CONTAINER = "documents"
RECORD = "row"
ROWS = 20_000
"""So many in each unit of the dataset; a document holds many of them."""
DATASET = {
    "version": 1,
    "dataset": "large",
    "records": {
        RECORD: {
            "count": ROWS,
            "fields": {
                "id": {"key": True},
                "at": {"datetime": {"from": "2020-01-01", "to": "2026-01-01"}},
                "code": {"pattern": "??-&&-####"},
                "number": {"integer": {"min": 0, "max": 10**12}},
                "amount": {"decimal": {"min": 0, "max": 10_000}},
                "flag": {"boolean": 0.5},
                "note": {"template": "{code}, number {number}", "null": 0.1},
            },
        }
    },
}


def main(azurite: str, postgresql: str, path: str) -> None:
    """Load the document and report."""
    environment = WorkerEnvironment(run=RUN, worker="bench", storage_connection_string=azurite)
    storage = Storage(*connect(environment, None), RUN)
    opened = partial(open_sink, surroundings=Surroundings(postgresql_url=lambda: postgresql))
    with closing(Makers(1)) as makers:
        stage = Ingest(storage, Datasets(storage, makers), opened, Gate(1))
        started = time.monotonic()
        product = stage.work(message(path))
        seconds = time.monotonic() - started
    print(json.dumps({"rows": product.records[RECORD], "seconds": seconds, "peak": peak_mb()}))


def message(path: str) -> Message:
    """That of the document; of CSV the folder tells the record type."""
    payload = IngestPayload(
        CONTAINER,
        path,
        {"kind": "postgresql", "schema": "large"},
        DatasetSource(inline=DATASET),
    )
    return Message(RUN, Stage.INGEST, 0, payload.members())


if __name__ == "__main__":
    main(*sys.argv[1:])
