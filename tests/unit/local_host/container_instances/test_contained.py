"""Whom an image means by its user."""

from pathlib import Path

import pytest

from local_host.container_instances.contained import user_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nworker:x:1001:1002::/:/bin/false\n"
    )
    (tmp_path / "etc" / "group").write_text("root:x:0:\nstaff:x:50:worker\n")
    return tmp_path


@pytest.mark.parametrize(
    ("user", "ids"),
    [
        ("", (0, 0)),
        ("65532:65532", (65532, 65532)),
        ("65532", (65532, 0)),
        ("1001", (1001, 1002)),
        ("worker", (1001, 1002)),
        ("worker:staff", (1001, 50)),
        ("worker:7", (1001, 7)),
    ],
)
def test_users(root: Path, user: str, ids: tuple[int, int]) -> None:
    assert user_of(root, user) == ids


def test_an_image_without_users_has_numbers_alone(tmp_path: Path) -> None:
    assert user_of(tmp_path, "65532:65532") == (65532, 65532)
    with pytest.raises(KeyError):
        user_of(tmp_path, "worker")
