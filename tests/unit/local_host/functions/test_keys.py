"""The access keys in the state folder."""

from __future__ import annotations

from pathlib import Path

from local_host.functions.keys import load_keys


def test_keys_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    keys = load_keys(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_keys(file) == keys
    assert len({keys.function, keys.system, keys.master}) == 3


def test_two_hosts_have_different_keys(tmp_path: Path) -> None:
    assert load_keys(tmp_path / "one.json") != load_keys(tmp_path / "two.json")
