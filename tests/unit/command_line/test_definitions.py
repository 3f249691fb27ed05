"""What the commands send of a file, and which version they name."""

import json
from pathlib import Path

import pytest
from support.tables import table

from command_line.definitions import as_json_text, matching
from command_line.jobs import JOB
from command_line.reading import with_lists
from local_host.system import CHECKOUT
from worker_image.generator import SpecError, load

CHOICE = "# kept\na: {choice: {of: codes.csv, column: code}}\n"


@table(
    "codes, sent",
    {
        "a list beside the dataset is put in its place": (
            "code\nA\nB\n",
            {"a": {"choice": {"values": ["A", "B"]}}},
        ),
        "a list that is elsewhere is left to the app": (None, CHOICE),
    },
)
def test_lists_of_a_dataset(tmp_path: Path, codes: str | None, sent: object) -> None:
    if codes:
        (tmp_path / "codes.csv").write_text(codes)
    content = with_lists(CHOICE.encode(), tmp_path)
    assert (content.decode() if codes is None else load(content)) == sent


@pytest.mark.parametrize("text", ["# kept\na: 1\n", "{a: [1", ""])
def test_a_dataset_without_lists_is_sent_as_it_was_written(tmp_path: Path, text: str) -> None:
    assert with_lists(text.encode(), tmp_path) == text.encode()


@table(
    "text, sent",
    {
        "JSON stays as it was written": ('{ "a":1 }', b'{ "a":1 }'),
        "YAML": ("a: é", {"a": "é"}),
        "YAML in braces": ("{a: 1}", {"a": 1}),
    },
)
def test_a_job_is_sent_as_json(tmp_path: Path, text: str, sent: object) -> None:
    content = as_json_text(text.encode(), tmp_path)
    assert (content if isinstance(sent, bytes) else json.loads(content)) == sent


def test_a_job_is_sent_with_the_dataset_that_it_names_a_file_of(tmp_path: Path) -> None:
    example = CHECKOUT / "examples" / "retail"
    sent = json.loads(JOB.sent((example / "job.yaml").read_bytes(), example))
    assert sent["dataset"] == load((example / "dataset.yaml").read_bytes())
    stored = b'{ "dataset":"retail" }'
    assert JOB.sent(stored, tmp_path) == stored


def test_what_is_neither_yaml_nor_json_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        as_json_text(b"a: [1", tmp_path)


@table(
    "etag, headers",
    {
        "none": (None, {}),
        "any": ("*", {"If-Match": "*"}),
        "as the app says it": ('"0xA"', {"If-Match": '"0xA"'}),
        "as a shell leaves it": ("0xA", {"If-Match": '"0xA"'}),
    },
)
def test_a_version_is_named_by_its_etag(etag: str | None, headers: dict[str, str]) -> None:
    assert matching(etag) == headers
