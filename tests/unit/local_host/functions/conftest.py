"""A process that an app can be loaded into again and again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def clean_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `load_app` change this process, then put everything back."""
    path, environment = list(sys.path), dict(os.environ)
    sys.modules.pop("function_app", None)
    yield
    sys.path[:] = path
    sys.modules.pop("function_app", None)
    os.environ.clear()
    os.environ.update(environment)
