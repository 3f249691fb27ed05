"""Sound inputs to begin with, and those that once were a fault."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import zstandard

from command_line.reference.examples import SURROUNDINGS
from worker_image.generator import load
from worker_image.generator.language import KINDS

CHECKOUT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "kept"
CONTRACT = CHECKOUT / "tests" / "unit" / "worker_image" / "contract" / "samples"

NDJSON = b'{"type":"a","id":1,"x":null,"n":[1,{"y":1.5e3}]}\n{"type":"b","t":"\\u00e9"}\n'
CSV = b'id,name\n1,"a, ""b"""\n2,\n\n3,c\r\n'


def kept(target: str) -> Iterator[bytes]:
    """Inputs that a target has failed on."""
    for path in sorted((KEPT / target.replace(" ", "_")).glob("*")):
        yield path.read_bytes()


def contract(pattern: str) -> Iterator[bytes]:
    """The frozen samples of the contract."""
    for path in sorted(CONTRACT.glob(pattern)):
        yield path.read_bytes()


def heartbeats() -> Iterator[bytes]:
    """What stands in the metadata of a heartbeat."""
    for sample in contract("heartbeat*"):
        yield json.loads(sample)["heartbeat"].encode()


def environments() -> Iterator[bytes]:
    """Environments of workers."""
    yield from contract("environment*")
    yield (
        b"ACI_JOBS_RUN=r\nACI_JOBS_WORKER=w\nACI_JOBS_CONCURRENCY=2\nACI_JOBS_IDLE_SECONDS=0.5\n"
        b"ACI_JOBS_STORAGE_CONNECTION_STRING=x\nACI_JOBS_POSTGRESQL_URL=postgresql://u:p@h/d"
    )


def datasets() -> Iterator[bytes]:
    """A dataset for each example of each kind of field, and every other one in JSON."""
    fields = [example for kind in KINDS.values() for example in kind.examples]
    for number, example in enumerate(fields):
        text = f"{SURROUNDINGS.rstrip()}\n      example: {example}\n"
        yield json.dumps(load(text)).encode() if number % 2 else text.encode()


def jobs() -> Iterator[bytes]:
    """The jobs of the examples, in YAML and in JSON."""
    for path in sorted(CHECKOUT.glob("examples/*/job.yaml")):
        content = path.read_bytes()
        yield content
        yield json.dumps(load(content)).encode()


def documents(kind: str) -> Iterator[bytes]:
    """Documents of a format."""
    if kind == "ndjson":
        yield NDJSON
        yield NDJSON * 120
    if kind == "csv":
        yield from (bytes([dialect]) + CSV for dialect in range(4))
        yield b"\x04" + CSV.decode().encode("utf-16")
    if kind == "parquet":
        yield _parquet()
    if kind == "any":
        yield from (NDJSON, CSV, gzip.compress(NDJSON, mtime=0))
        yield zstandard.ZstdCompressor().compress(CSV)
        yield _parquet()


def _parquet() -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table(
        {"id": [1, 2], "name": ["a", None], "at": pa.array([0, 1], pa.timestamp("us"))}
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def arm_groups() -> Iterator[bytes]:
    """A container group as Azure shows it."""
    state = {"state": "Running", "startTime": "2026-11-23T12:00:00Z", "detailStatus": ""}
    event = {
        "count": 2,
        "name": "Pulling",
        "firstTimestamp": "2026-11-23T12:00:00Z",
        "message": "m",
    }
    instance = {"restartCount": 1, "currentState": state, "previousState": state, "events": [event]}
    container = {"name": "worker", "properties": {"image": "i", "instanceView": instance}}
    properties = {
        "provisioningState": "Succeeded",
        "containers": [container],
        "instanceView": {"state": "Running", "events": [event]},
        "osType": "Linux",
    }
    group = {"name": "g", "location": "eastus", "tags": {"ordinal": "1"}, "properties": properties}
    yield json.dumps(group).encode()
