"""Vocabularies compiled into the image: the same bytes, and no Faker at the start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
COMPILE = """
from worker_image.generator.vocabulary import compile_locale
compile_locale("en_US", ["first_name", "last_name", "phone_number", "city", "passport_gender"])
"""
CHECK = """
import sys
from worker_image.generator import vocabulary
from support.golden import GOLDEN, made
assert "lexicon_image" in vocabulary.__file__
assert made("retail", "ndjson") == GOLDEN["retail", "ndjson"]
assert "faker" not in sys.modules
assert made("every_kind", "csv") == GOLDEN["every_kind", "csv"]
assert "faker" in sys.modules
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lexicon_image")
    ignored = shutil.ignore_patterns("__pycache__", "lexicon_files")
    shutil.copytree(ROOT / "worker_image", folder / "worker_image", ignore=ignored)
    run(folder, COMPILE)
    return folder


def run(folder: Path, code: str) -> None:
    path = os.pathsep.join([str(folder), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_was_compiled_is_what_faker_says(image: Path) -> None:
    run(image, CHECK)


def test_a_provider_that_is_refused_is_not_compiled(image: Path) -> None:
    names = {file.stem for file in image.glob("worker_image/generator/lexicon_files/*/en_US/*")}
    assert names == {"first_name", "last_name", "phone_number", "city", "text words"}
