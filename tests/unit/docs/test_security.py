"""Each claim of the page on security is held by a test that is there."""

import re

import pytest

from local_host.system import CHECKOUT

PAGE = CHECKOUT / "docs" / "security.md"
CLAIMS = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", PAGE.read_text())


@pytest.mark.parametrize(("name", "path"), CLAIMS)
def test_a_test_that_is_named_is_there(name: str, path: str) -> None:
    assert f"def {name}(" in (CHECKOUT / path).read_text()
