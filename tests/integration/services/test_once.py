from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_host.services.once import fill_once
from local_host.services.ports import kept_ports


def test_a_folder_is_filled_by_one_and_found_whole_by_all(tmp_path: Path) -> None:
    fillings: list[Path] = []

    def fill(folder: Path) -> None:
        fillings.append(folder)
        (folder / "first").touch()
        assert not (tmp_path / "program").exists()
        (folder / "second").touch()

    def names(_: int) -> set[str]:
        return {each.name for each in fill_once(tmp_path / "program", fill).iterdir()}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(names, range(8)))
    assert found == [{"first", "second"}] * 8
    assert len(fillings) == 1


def test_a_filling_that_fails_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        fill_once(tmp_path / "program", fail)
    assert [each.name for each in tmp_path.iterdir()] == ["program.lock"]
    filled = fill_once(tmp_path / "program", lambda folder: (folder / "whole").touch())
    assert [each.name for each in filled.iterdir()] == ["whole"]


def test_ports_stay_and_new_names_get_new_ones(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        chosen = list(pool.map(lambda _: kept_ports(tmp_path / "ports.json", "ab"), range(4)))
    assert chosen == [chosen[0]] * 4
    more = kept_ports(tmp_path / "ports.json", "abc")
    assert {"a": more["a"], "b": more["b"]} == chosen[0]
    assert len(set(more.values())) == 3
