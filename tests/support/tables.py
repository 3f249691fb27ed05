"""Tests as tables: a row a case, named by a sentence."""

from collections.abc import Mapping
from typing import Any

import pytest


def table(names: str, rows: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Parametrize a test by rows of values, each under the sentence that it proves."""
    return pytest.mark.parametrize(names, rows.values(), ids=rows)
