"""The worker's image: what each layer is to pull, and how soon a container does its first unit.

Run as `python -m benchmarks.image [--starts N]`, as root, where the image is built (`make image`).
Sizes are those of the layers above the base, each compressed as a registry keeps it. A start is
timed from that of the container's process, on two cores, until it has committed a unit of the
retail example to an Azurite; both run here. Ends with exit code 1 if a target is missed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import zlib
from pathlib import Path
from statistics import median
from subprocess import PIPE, STDOUT, Popen

from benchmarks.results import Page
from benchmarks.worker import azurite, seed, settings_of
from local_host import images
from local_host.container_instances.definition import Container
from local_host.container_instances.engines import Engine, Program, open_engine
from local_host.container_instances.options import Images

LARGEST = 60.0  # MB above the base, compressed
LATEST = 1.5  # seconds
CORES = 2
_LEVEL = 6  # of gzip, as registries' clients have it
_BLOCK = 1 << 20


def layers(folder: Path) -> list[tuple[str, float]]:
    """The layers above the base, the lowest first: by what each is made, and MB."""
    images.buildah("push", "--format", "oci", images.IMAGE, f"dir:{folder / 'image'}")
    images.buildah("push", "--format", "oci", images.BASE, f"dir:{folder / 'base'}")
    known = set(_blobs(folder / "base"))
    manifest = _manifest(folder / "image")
    config = json.loads((folder / "image" / _name(manifest["config"]["digest"])).read_text())
    made = [step["created_by"] for step in config["history"] if not step.get("empty_layer")]
    return [
        (by, _compressed(folder / "image" / blob))
        for by, blob in zip(made, _blobs(folder / "image"), strict=True)
        if blob not in known
    ]


def _manifest(folder: Path) -> dict[str, dict[str, str]]:
    manifest: dict[str, dict[str, str]] = json.loads((folder / "manifest.json").read_text())
    return manifest


def _blobs(folder: Path) -> list[str]:
    listed: object = _manifest(folder)["layers"]
    assert isinstance(listed, list)
    return [_name(layer["digest"]) for layer in listed]


def _name(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _compressed(blob: Path) -> float:
    press, size = zlib.compressobj(_LEVEL), 0
    with blob.open("rb") as content:
        while block := content.read(_BLOCK):
            size += len(press.compress(block))
    return (size + len(press.flush())) / 1e6


def starts(count: int, folder: Path) -> list[float]:
    """Seconds of some starts until the first unit is done; the first of all is not counted."""
    engine = open_engine("buildah", Images(), images.STORAGE, folder)
    with azurite() as (connection, _):
        seed(connection)
        program = _program(engine, settings_of(connection, CORES), folder)
        found = [_start(program) for _ in range(count + 1)]
    engine.close()
    return found[1:]


def _program(engine: Engine, variables: dict[str, str], home: Path) -> Program:
    container = Container.model_validate(
        {
            "name": "worker",
            "properties": {
                "image": images.IMAGE,
                "environmentVariables": [{"name": k, "value": v} for k, v in variables.items()],
                "resources": {"requests": {"cpu": CORES, "memoryInGB": 2}},
            },
        }
    )
    while (program := engine.program(container, home)) is None:
        time.sleep(0.1)
    return program


def _start(program: Program) -> float:
    begun = time.monotonic()
    with Popen(
        program.command,
        env=program.environment,
        cwd=program.workdir,
        stdout=PIPE,
        stderr=STDOUT,
    ) as child:
        assert child.stdout
        next(line for line in child.stdout if b" rows in " in line)
        took = time.monotonic() - begun
        child.kill()
        child.stdout.read()
    return took


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--starts", type=int, default=7)
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory(prefix="aci-jobs-image-") as folder:
        found = layers(Path(folder))
        seconds = median(starts(options.starts, Path(folder)))
    page = Page("The worker's image")
    size = sum(megabytes for _, megabytes in found)
    page.print(f"{'layers above the base':<72}{'MB':>8}")
    for by, megabytes in found:
        step = by.removeprefix("/bin/sh -c ").removeprefix("#(nop) ")
        page.print(f"  {step[:68]:<70}{megabytes:>8.1f}", markup=False)
    page.print(_verdict("all of them", size, LARGEST, "MB"))
    timed = f"start to the first unit, median of {options.starts}"
    page.print(_verdict(timed, seconds, LATEST, "s"))
    page.publish()
    return 0 if size <= LARGEST and seconds <= LATEST else 1


def _verdict(name: str, value: float, target: float, unit: str) -> str:
    word = "reached" if value <= target else "missed"
    return f"{name}: {value:.2f} {unit}; target of {target:g} {unit} {word}"


if __name__ == "__main__":
    sys.exit(main())
