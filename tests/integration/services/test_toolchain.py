from pathlib import Path

import pytest
from support.services import start_or_skip

from local_host.services.toolchain import FOLDER_VARIABLE, Toolchain, ToolchainError


@pytest.fixture
def unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolchain:
    """A toolchain whose npm finds no registry."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    return Toolchain(tmp_path / "toolchain")


def test_an_installation_that_fails_says_what_npm_said_and_leaves_nothing(
    unreachable: Toolchain,
) -> None:
    with pytest.raises(ToolchainError, match="ECONNREFUSED"):
        unreachable.install()
    assert [each.suffix for each in unreachable.folder.iterdir()] == [".lock"]


def test_a_missing_service_is_skipped_at_home_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start() -> None:
        raise ToolchainError("no registry")

    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="a service is missing: no registry"):
        start_or_skip(start)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ToolchainError):
        start_or_skip(start)


def test_the_folder_is_that_of_the_environment_or_of_the_checkout(tmp_path: Path) -> None:
    shared = Toolchain.from_environment({FOLDER_VARIABLE: str(tmp_path)})
    assert shared.azurite.is_relative_to(tmp_path)
    assert Toolchain.from_environment({}).folder.parts[-2:] == (".local", "toolchain")
