"""What is sent to Azure: all that the app needs, and nothing else of this folder."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import grimp
import pytest

from deployment.package import APP, IGNORE, files, write

SENT = files(APP)
# By folder, the kinds of files that may be in it.
ALLOWED = {
    "orchestration": {".py"},
    "orchestration/dashboard": {".py", ".html", ".css", ".js"},
    "orchestration/dashboard/vendor": {".css", ".js", ".LICENSE", ".md"},
    "worker_image": {".py"},
}
JUNK = (
    "local.settings.json",
    "local.settings.json.example",
    ".env",
    ".venv/bin/python",
    ".local/state/keys.json",
    ".python_packages/lib/site-packages/six.py",
    ".github/workflows/ci.yaml",
    "aci_jobs.egg-info/PKG-INFO",
    "azure.yaml",
    "infra/main.bicep",
    "__pycache__/function_app.cpython-313.pyc",
    "orchestration/__pycache__/settings.cpython-313.pyc",
    "worker_image/generator/kinds/__pycache__/keys.cpython-313.pyc",
    "worker_image/generator/lexicon_files/en_US.json",
    "worker_image/.dockerignore",
    "worker_image/ingester/sink.py",
    "worker_image/worker.py",
)


def test_each_file_is_of_a_kind_that_its_folder_may_have() -> None:
    top = [name for name in SENT if "/" not in name]
    assert top == ["function_app.py", "host.json", "requirements.txt"]
    strange = [name for name in SENT if "/" in name and not _allowed(PurePosixPath(name))]
    assert strange == []


def _allowed(path: PurePosixPath) -> bool:
    return path.suffix in next(ALLOWED[str(at)] for at in path.parents if str(at) in ALLOWED)


def test_the_modules_are_those_that_the_app_imports() -> None:
    graph = grimp.build_graph("orchestration", "worker_image", cache_dir=None)
    needed = set(_with_parents(_imported(graph)))
    for module in list(needed):
        needed |= set(_with_parents(graph.find_upstream_modules(module)))
    paths = (PurePosixPath(name) for name in SENT if name.endswith(".py"))
    sent = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}
    assert sent == needed | {"function_app"}


def _imported(graph: grimp.ImportGraph) -> Iterator[str]:
    """The modules of ours that the composition root names."""
    for node in ast.walk(ast.parse((APP / "function_app.py").read_text())):
        if isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from ({str(node.module), *names}) & graph.modules


def _with_parents(modules: Iterator[str] | set[str]) -> Iterator[str]:
    for module in modules:
        parts = module.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


@pytest.fixture
def littered(tmp_path: Path) -> Path:
    """The app as it is, among what lies about in a folder that people work in."""
    folder = tmp_path / "app"
    contents = {name: (APP / name).read_bytes() for name in (*SENT, IGNORE)}
    for name, content in (contents | dict.fromkeys(JUNK, b"secret")).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def test_nothing_that_lies_about_is_sent(littered: Path) -> None:
    assert files(littered) == SENT


def test_core_tools_read_the_same_of_the_ignore_file(littered: Path) -> None:
    """Their rule: each line is the beginning of a path, and an exception always wins."""
    lines = [line for line in (littered / IGNORE).read_text().splitlines() if line[:1] != "#"]
    ignored = _beginnings(line for line in lines if line[0] != "!")
    excepted = _beginnings(line[1:] for line in lines if line[0] == "!")
    own = {".funcignore", ".gitignore", "local.settings.json"}  # they leave these by themselves
    found = (path.relative_to(littered) for path in littered.rglob("*") if path.is_file())
    sent = [
        path.as_posix()
        for path in found
        if path.name not in own
        and (excepted.match(path.as_posix()) or not ignored.match(path.as_posix()))
    ]
    assert sorted(sent) == SENT


def _beginnings(lines: Iterator[str]) -> re.Pattern[str]:
    patterns = (re.escape(line.removeprefix("/")) for line in lines)
    told = (p.replace(r"\*\*", "(.+)").replace(r"\*", "([^/]+)") for p in patterns)
    return re.compile("|".join(f"({pattern})" for pattern in told))


def test_the_same_files_give_the_same_bytes(littered: Path, tmp_path: Path) -> None:
    first = write(APP, tmp_path / "first.zip")
    for name in reversed(SENT):
        os.utime(littered / name, (0, 0))
        (littered / name).chmod(0o600)
    second = write(littered, tmp_path / "folder" / "second.zip")
    assert second == first
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "folder/second.zip").read_bytes()
    assert first.size < 1_000_000


def test_a_folder_without_an_ignore_file_is_not_sent(littered: Path) -> None:
    (littered / IGNORE).unlink()
    with pytest.raises(FileNotFoundError, match=IGNORE):
        files(littered)
