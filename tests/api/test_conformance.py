"""The API against its own document: no server error, no answer outside the schema."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.history import worker

from local_host.system import LocalApp

EXAMPLES, LEAST = 20, 2_000
DEAD = 4  # units of the run that are dead; the first of the others is done
# A run is drawn from values that each are sound and do not go together: that is refused, rightly.
LEFT_OUT = "positive_data_acceptance,unsupported_method"


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_no_call_is_answered_by_an_error_or_outside_the_schema(
    app: LocalApp, run: str, tmp_path: Path
) -> None:
    (tmp_path / "schemathesis.toml").write_text(
        f"""
        [parameters]
        run = "{run}"
        stage = "generate"
        unit = "{DEAD}"
        worker = "{worker(run, 1)}"
        """
    )
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{app.url}/api/openapi.json"),
        *("--header", f"x-functions-key:{app.key}", "--max-examples", str(EXAMPLES)),
        *("--checks", "all", "--exclude-checks", LEFT_OUT, "--workers", "2"),
        *("--continue-on-failure", "--suppress-health-check", "all", "--seed", "7"),
    ]
    told = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=1_200
    )
    print(told.stdout)
    assert told.returncode == 0, told.stdout[-20_000:]
    generated = re.search(r"([\d,]+) generated", told.stdout)
    assert generated, told.stdout
    assert int(generated[1].replace(",", "")) >= LEAST
