"""Units done in a folder: what they read and write, and what their failures leave."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from support.tables import table

from command_line.replay.folder import Folder
from command_line.replay.replaying import InThisProcess, Outcome, Replay
from command_line.replay.source import Source, _record_type
from worker_image.blobs import AbsentError, Place
from worker_image.contract import CommandPayload, DatasetSource, GeneratePayload, Message, Stage

RUN = "r261125-120000-abcde"
DATASET = {
    "dataset": "things",
    "version": 1,
    "records": {"thing": {"count": 3, "fields": {"id": {"key": True}}}},
}


class Documents:
    """What the app hands out of a run; `asked` says how often."""

    run = RUN

    def __init__(self, documents: dict[str, bytes] | None = None) -> None:
        self.documents = documents or {}
        self.asked = 0

    def document(self, _: Message, place: Place) -> tuple[bytes, str]:
        self.asked += 1
        if str(place) not in self.documents:
            raise AbsentError(str(place))
        return self.documents[str(place)], '"now"'


def source(**documents: bytes) -> tuple[Source, Documents]:
    """A run whose container `c` has these documents."""
    found = Documents({f"c/{name}": content for name, content in documents.items()})
    return cast("Source", found), found


def message(stage: Stage, payload: dict[str, Any], unit: int = 4) -> Message:
    return Message(RUN, stage, unit, payload, random_seed=7)


INGEST = message(
    Stage.INGEST,
    {"container": "c", "path": "x", "sink": {"kind": "postgresql", "schema": "s"}},
)


def done(folder: Path, what: Message, document: bytes = b"", database: str = "") -> Outcome:
    """A unit done; the run has one document, `x`."""
    return Replay(source(x=document)[0], folder, InThisProcess(), database).unit(what)


@table(
    "path, name",
    {
        "a plain name": ("in/4.ndjson", "c/in/4.ndjson"),
        "a name that leads out": ("../../etc/passwd", "c/_/_/etc/passwd"),
        "a name from the root": ("/etc/passwd", "c/etc/passwd"),
        "what a terminal or a disk would not like": ("a\x1b:b\\c.csv", "c/a__b_c.csv"),
        "a hidden file": (".x/...", "c/.x/_"),
    },
)
def test_a_document_is_kept_below_the_folder(tmp_path: Path, path: str, name: str) -> None:
    folder = Folder(tmp_path, source()[0], INGEST)
    folder.replace(Place("c", path), b"x", "text/plain")
    assert (tmp_path / name).read_bytes() == b"x"


def test_a_document_is_asked_for_once_and_read_as_it_is_now(tmp_path: Path) -> None:
    given, asked = source(x=b"new")
    folder = Folder(tmp_path, given, INGEST)
    assert folder.open(Place("c", "x"), '"listed"').read() == b"new"
    assert folder.open(Place("c", "x"), '"now"').read() == b"new"
    assert asked.asked == 1
    assert folder.notes == ["c/x has changed since the run listed it; read as it is now"]
    with pytest.raises(AbsentError, match="c/y"):
        folder.open(Place("c", "y"))


def test_a_document_that_the_run_has_not_is_that_made_here(tmp_path: Path) -> None:
    made = Folder(tmp_path / "made", source()[0], INGEST)
    made.replace(Place("c", "x"), b"made", "text/plain")
    folder = Folder(tmp_path / "loaded", source()[0], INGEST, tmp_path / "made")
    assert folder.open(Place("c", "x")).read() == b"made"


@table(
    "payload, path, record",
    {
        "one for all": ({"path": "p/*.csv"}, "p/*.csv", None),
        "one for each": ({"path": "p/*/7.csv", "each_record": True}, "p/order/7.csv", "order"),
    },
)
def test_which_record_type_a_document_has(
    payload: dict[str, Any], path: str, record: str | None
) -> None:
    assert _record_type(message(Stage.INGEST, payload), Place("c", path)) == record


def test_a_unit_is_made_in_this_process(tmp_path: Path) -> None:
    payload = GeneratePayload(DatasetSource(inline=DATASET), "documents", "", "none")
    outcome = done(tmp_path, message(Stage.GENERATE, payload.members()))
    assert outcome.receipt
    assert outcome.receipt.records == {"thing": 3}
    folder = tmp_path / RUN / "generate-4"
    assert len((folder / f"documents/{RUN}/0000004.ndjson").read_text().splitlines()) == 3
    assert json.loads((folder / "receipt.json").read_text())["records"] == {"thing": 3}
    assert json.loads((folder / "message.json").read_text())["unit"] == 4


def test_rows_are_files_by_record_type(tmp_path: Path) -> None:
    lines = b'{"type":"a/b","id":1.5}\n{"type":"c","id":2}\n{"type":"a/b","id":3}\n'
    outcome = done(tmp_path, INGEST, lines)
    assert outcome.receipt
    assert outcome.receipt.records == {"a/b": 2, "c": 1}
    rows = tmp_path / RUN / "ingest-4" / "rows"
    assert (rows / "a%2Fb.ndjson").read_text() == '{"id":1.5}\n{"id":3}\n'
    assert (rows / "c.ndjson").read_text() == '{"id":2}\n'


def test_bad_rows_are_set_aside_as_far_as_the_run_allows(tmp_path: Path) -> None:
    lines = b'{"type":"a","id":1}\n{"type":"a",\n{"type":"a","id":3}\n'
    sink = {"kind": "postgresql", "schema": "s", "on_bad_row": "reject", "reject_limit": 1}
    allowed = replace(INGEST, payload={**INGEST.payload, "sink": sink})
    outcome = done(tmp_path, allowed, lines)
    assert outcome.receipt
    assert (outcome.receipt.rows, outcome.receipt.rejected) == (2, 1)
    aside = tmp_path / RUN / "ingest-4" / "c" / "x.rejected.ndjson"
    assert json.loads(aside.read_text())["number"] == 2
    refused = done(tmp_path, INGEST, lines)
    assert refused.failure
    assert refused.failure.message.startswith("x, row 2: ")
    assert json.loads(aside.read_text())["number"] == 2, "it is there to be looked at"


def test_a_failure_leaves_its_traceback_and_nothing_of_an_earlier_replay(tmp_path: Path) -> None:
    assert done(tmp_path, INGEST, b'{"type":"a"}\n').ok
    outcome = done(tmp_path, INGEST, b'{"type":')
    assert outcome.failure
    assert outcome.failure.permanent
    folder = tmp_path / RUN / "ingest-4"
    assert "Traceback" in (folder / "error.txt").read_text()
    assert not (folder / "receipt.json").exists()
    assert outcome.members()["error"]["fingerprint"] == outcome.failure.fingerprint


def test_no_secret_of_the_database_is_told(tmp_path: Path) -> None:
    url = "postgresql://me:topsecret@127.0.0.1:1/nowhere?sslmode=disable"
    outcome = done(tmp_path, INGEST, b'{"type":"a"}\n', url)
    assert outcome.failure
    assert outcome.failure.type == "TargetBusyError"
    told = (tmp_path / RUN / "ingest-4" / "error.txt").read_text() + json.dumps(outcome.members())
    assert "topsecret" not in told
    assert "topsecret" not in repr(Replay(source()[0], tmp_path, InThisProcess(), url))


def test_a_program_runs_with_its_payload(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    script = 'read line; echo "got $line"; echo "$ACI_JOBS_RUN $ACI_JOBS_UNIT" >&2; exit 3'
    payload = CommandPayload(("sh", "-c", script), '{"n":1}', {}, {"0": "success", "3": "retry"})
    outcome = done(tmp_path, message(Stage.COMMAND, payload.members()))
    assert outcome.failure
    assert (outcome.failure.type, outcome.failure.permanent) == ("ProgramFailed", False)
    assert sorted(caplog.messages) == ['got {"n":1}', f"{RUN} 4"]
