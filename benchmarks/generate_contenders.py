"""Who takes part in `benchmarks.generate`, and how one is run: a process each, on one core."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".local" / "benchmarks"
IMAGE = ENVIRONMENTS / "image"
RETAIL_PROVIDERS = ["first_name", "last_name", "phone_number", "city"]
PINS = Path(__file__).parent / "peers"
TIMEOUT_SECONDS = 300

# Where the OS cannot pin a process to a core, one thread is the next best.
THREADS = ("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# And what the image says of its own.
ENVIRONMENT = {**dict.fromkeys(THREADS, "1"), "PYDANTIC_DISABLE_PLUGINS": "__all__"}


@dataclass(frozen=True)
class Contender:
    """Who makes what: a module to run with its arguments."""

    name: str
    title: str
    makes: str
    command: tuple[str, ...]
    base: str
    """The contender of which this one's speed is a multiple."""
    peer: str | None = None
    """In whose environment it runs; this project's own for none."""


class FailedError(Exception):
    """A contender that did not report."""


_OURS = "benchmarks.generate_ours"
_FAKER = "benchmarks.peers.faker_calls"


def _ours(name: str, makes: str) -> Contender:
    return Contender(name, "ours", makes, (_OURS, "retail", name), "faker")


def _peer(peer: str, makes: str, module: str) -> Contender:
    return Contender(peer, peer, makes, (f"benchmarks.peers.{module}",), "faker", peer)


def _tpch(table: str) -> list[Contender]:
    makes, base = f"{table} CSV", f"tpchgen-{table}"
    command = ("benchmarks.peers.tpchgen", table)
    return [
        Contender(table, "ours", makes, (_OURS, "table", table), base),
        Contender(base, "tpchgen", makes, command, base, "tpchgen"),
    ]


CONTENDERS = [
    _ours("ndjson", "retail NDJSON"),
    _ours("zstd", "retail NDJSON, zstd"),
    _ours("parquet", "retail Parquet"),
    _peer("polars", "retail NDJSON", "polars_expressions"),
    _peer("mimesis", "retail NDJSON", "mimesis_calls"),
    Contender(
        "faker-unweighted",
        "Faker, unweighted",
        "retail NDJSON",
        (_FAKER, "--unweighted"),
        base="faker",
        peer="faker",
    ),
    Contender("faker", "Faker, naive", "retail NDJSON", (_FAKER,), base="faker", peer="faker"),
    _peer("snowfakery", "retail JSON", "snowfakery_recipe"),
    *_tpch("lineitem"),
    *_tpch("orders"),
    *_tpch("customer"),
]


def prepare(peers: Iterable[str]) -> None:
    """Make the environments of peers that are not there with the versions pinned now."""
    for peer in sorted(peers):
        stamp, pins = ENVIRONMENTS / peer / "installed.txt", PINS / f"{peer}.txt"
        if not stamp.exists() or stamp.read_bytes() != pins.read_bytes():
            _install(peer, pins)
            stamp.write_bytes(pins.read_bytes())


def _install(peer: str, pins: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENTS / peer)], check=True)
    pip = [str(interpreter(peer)), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(pins)], check=True)


def build_image() -> None:
    """Lay the worker out as in its image: code compiled, and the vocabularies that retail uses."""
    shutil.rmtree(IMAGE, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "lexicon_files")
    shutil.copytree(ROOT / "worker_image", IMAGE / "worker_image", ignore=ignored)
    for file in ("benchmarks/generate_ready.py", "examples/retail/dataset.yaml"):
        (IMAGE / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, IMAGE / file)
    compiling = (
        "from worker_image.generator.vocabulary import compile_locale;"
        f"compile_locale('en_US', {RETAIL_PROVIDERS})"
    )
    for command in (["-c", compiling], ["-m", "compileall", "-q", "worker_image"]):
        subprocess.run([sys.executable, *command], cwd=IMAGE, check=True)


def pin() -> None:
    """Stay on one core, and so do the processes started from here on: only one works at a time."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(*command: str, peer: str | None = None, root: Path = ROOT) -> dict[str, float]:
    """What a module below `root` reports.

    Raises:
        FailedError: it ended with an error or took too long; the message is its last line.
    """
    try:
        done = subprocess.run(
            [str(interpreter(peer)), "-m", *command],
            cwd=root,
            env=os.environ | ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FailedError(f"over {error.timeout:.0f} s") from None
    if done.returncode:
        raise FailedError((done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1])
    reported: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return reported


def interpreter(peer: str | None) -> Path:
    """The Python of a peer's environment, or this one."""
    return ENVIRONMENTS / peer / "bin" / "python" if peer else Path(sys.executable)
