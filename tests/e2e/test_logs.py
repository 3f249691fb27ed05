"""What the app's host is given to log: lines that a query joins with those of the workers."""

import json
import re

import pytest
from support.runs import Ground, until

pytestmark = pytest.mark.long

LINE = re.compile(r"^[^{]* orchestration[^{]*(\{.*)$", re.MULTILINE)


def test_the_lines_of_a_run_can_be_found(ground: Ground) -> None:
    run = ground.client.start(ground.nothing())
    ground.finish(run)

    def done() -> set[str]:
        text = (ground.app.folder / "functions.log").read_text()
        lines = map(json.loads, LINE.findall(text))
        return {line["activity"] for line in lines if line.get("run") == run}

    assert until(done) == {"prepare", "audit", "close"}
