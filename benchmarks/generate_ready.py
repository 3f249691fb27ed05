"""How soon a new process has its first unit: `python -m benchmarks.generate_ready STARTED`.

STARTED is `time.monotonic()` of the driver just before it started this process.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

BEGUN = time.monotonic()  # the generator is imported below, with the clock read on both sides

DATASET = Path(__file__).parents[1] / "examples" / "retail" / "dataset.yaml"


def main(started: float) -> None:
    """Import, compile and make a unit, with the clock read in between."""
    generator = import_module("worker_image.generator")
    imported = time.monotonic()
    dataset = generator.parse(generator.load(DATASET.read_bytes()))
    compiled = generator.compile_dataset(dataset, 2025)
    ready = time.monotonic()
    compiled.unit(0)
    first = time.monotonic()
    marks = [started, BEGUN, imported, ready, first]
    names = ["interpreter", "imports", "compile", "unit"]
    spans = {name: end - begin for name, begin, end in zip(names, marks, marks[1:], strict=False)}
    print(json.dumps(spans | {"total": first - started, "processor": time.process_time()}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
