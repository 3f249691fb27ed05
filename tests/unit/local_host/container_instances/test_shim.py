"""The parts of the shim that need no process."""

import stat
from pathlib import Path

import pytest

from local_host.container_instances.shim import Event, Output, next_backoff, note, write_private


def test_an_event_of_the_same_name_is_counted() -> None:
    events = note((), Event("Started", "m", 1, 1))
    events = note(events, Event("BackOff", "m", 2, 2))
    events = note(events, Event("Started", "m", 3, 3))
    assert events == (Event("Started", "m", 1, 3, count=2), Event("BackOff", "m", 2, 2))


@pytest.mark.parametrize(
    ("last", "lasted", "expected"),
    [(0, 1, 10), (10, 1, 20), (160, 1, 300), (300, 1, 300), (300, 600, 300), (300, 601, 10)],
)
def test_back_off_doubles_up_to_a_limit_and_starts_anew(
    last: float, lasted: float, expected: float
) -> None:
    assert next_backoff(last, first=10, lasted=lasted) == expected


def test_output_keeps_the_end_and_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    output = Output(path, limit=100)
    written = [b"%09d\n" % number for number in range(100)]
    for line in written:
        output.write(line)
    kept = path.with_suffix(".old").read_bytes() + path.read_bytes()
    assert 100 <= len(kept) <= 220
    assert b"".join(written).endswith(kept)
    output.close()


def test_a_private_file_is_replaced_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for text in ("first", "second"):
        write_private(path, text)
        assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
