"""Some units of a dataset, made in a process of its own: bounded in time, memory and output.

A dataset that is sound may still make units that are too large, or too slow, for whoever only asks
what a run of it would be like.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..errors import PermanentError
from ..forms import Compression, Form, Format
from .compiled import compile_dataset
from .measuring import measure
from .parsing import parse
from .sampling import Row, sample

TIMEOUT = 20.0
MEMORY = 1 << 30
UNITS, SECONDS = 100, 1.0
ROWS, ROWS_BYTES = 5, 100_000
# Parquet needs a library that only workers have, and comes to about the same as this.
LIKE_PARQUET = Form(Format.CSV, Compression.ZSTD)
# What a process needs to find its libraries, and nothing that is secret.
NEEDED = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "LANG")


class TrialError(Exception):
    """No unit was made within the bounds; the message says why."""


def trial(
    dataset: Mapping[str, Any],
    form: Form,
    *,
    units: int,
    random_seed: int,
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
) -> dict[str, Any]:
    """The sizes of an average unit (`each`) and of so many (`total`), and rows of unit 0.

    `made` units were measured, which took `seconds` each on one core. The `timeout` is in seconds,
    the `memory` in bytes.

    Raises:
        TrialError: the units cannot be made, or not within the bounds.
    """
    request = {
        "dataset": dataset,
        "form": asdict(form),
        "units": units,
        "seed": random_seed,
        "memory": memory,
    }
    try:
        answer = _answer(json.dumps(request), timeout)
    except subprocess.TimeoutExpired:
        raise TrialError(f"no unit was made within {timeout:g} s") from None
    if "problem" in answer:
        raise TrialError(answer["problem"])
    return answer


def _answer(request: str, timeout: float) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name in NEEDED}
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import main; main()"],
        input=request,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        return {"problem": f"the process that makes units ended with code {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    _limit_memory(request["memory"])
    try:
        answer = _tried(request)
    except PermanentError as error:
        answer = {"problem": str(error)}
    except MemoryError:
        answer = {"problem": f"a unit needs more than {request['memory'] >> 20} MB of memory"}
    print(json.dumps(answer, default=float))


def _limit_memory(size: int) -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - it is not everywhere

        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _tried(request: Mapping[str, Any]) -> dict[str, Any]:
    dataset, units = parse(request["dataset"]), request["units"]
    form = Form(Format(request["form"]["format"]), Compression(request["form"]["compression"]))
    form = LIKE_PARQUET if form.format is Format.PARQUET else form
    measured = measure(dataset, form, units=min(units, UNITS), seconds=SECONDS)
    found = sample(dataset, compile_dataset(dataset, request["seed"]), range(1), kept=ROWS)
    return {
        "made": measured.units,
        "seconds": measured.seconds,
        "each": asdict(measured.each),
        "total": asdict(measured.total(units)),
        "rows": _bounded(found.rows),
    }


def _bounded(rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """Rows of each record type, as many as there is room for."""
    shown: dict[str, list[Row]] = {}
    for name, found in rows.items():
        room = ROWS_BYTES // len(rows)
        shown[name] = []
        for row in found:
            room -= len(json.dumps(row, default=float))
            if room >= 0:
                shown[name].append(row)
    return shown
