"""What is kept of a container's output."""

import pytest

from local_host.container_instances.logs import kept

LINES = b"".join(b"%d\n" % number for number in range(2000))


@pytest.mark.parametrize(
    ("output", "running", "tail", "expected"),
    [
        (b"", True, None, None),
        (b"a\nb\nc", True, None, "a\nb\nc"),
        (b"a\nb\nc", True, 2, "b\nc"),
        (b"a\nb\nc", False, 9, "a\nb\nc"),
        (LINES, True, None, LINES.decode()),
        (LINES, False, None, LINES[-5000:].decode()),  # 1,000 lines
        (b"x" * 20_000, False, None, "x" * (16 << 10)),
        (b"x" * (5 << 20), True, None, "x" * (4 << 20)),
        (b"\xff", True, None, "\ufffd"),
    ],
)
def test_kept(output: bytes, running: bool, tail: int | None, expected: str | None) -> None:
    assert kept(output, running=running, tail=tail) == expected
