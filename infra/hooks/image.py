"""Builds the worker's image in the registry of an environment, unless it is there.

azd runs this before and after it provisions. The tag is a digest of what is in the image, so an
image never changes under a run, and the app is told of one only when it is there: before, for an
environment that has a registry; after, for a new one, whose app has no code yet.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "worker_image"
REPOSITORY = "aci-jobs/worker"
MADE = {"__pycache__", "lexicon_files"}  # made from the rest
LENGTH = 16


def files(source: Path) -> Iterator[Path]:
    """What the image is built from, in the order of the names."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and not MADE & set(path.relative_to(source).parts):
            yield path


def tag(source: Path) -> str:
    """A digest of names and contents; line ends do not count, as they differ by system."""
    digest = hashlib.sha256()
    for path in files(source):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        name = path.relative_to(source).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:LENGTH]


def run(program: str, *arguments: str, quiet: bool = False) -> bool:
    """Whether a program ends well.

    Raises:
        SystemExit: it is not installed.
    """
    found = shutil.which(program)
    if found is None:
        raise SystemExit(f"{program} is needed: docs/deploy.md tells where to get it")
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run([found, *arguments], check=False, stdout=output, stderr=output)
    return done.returncode == 0


def main(environment: Mapping[str, str]) -> None:
    """Tell azd the tag, and build the image where there is a registry.

    Raises:
        SystemExit: azd or the registry has refused.
    """
    image = f"{REPOSITORY}:{tag(SOURCE)}"
    _, _, version = image.partition(":")
    name = environment["AZURE_ENV_NAME"]
    if not run("azd", "env", "set", "ACI_JOBS_WORKER_IMAGE_TAG", version, "--environment", name):
        raise SystemExit("azd has not kept ACI_JOBS_WORKER_IMAGE_TAG")
    registry = environment.get("ACI_JOBS_REGISTRY")
    if not registry:
        print(f"{image} is built once there is a registry")
        return
    where = ("--image", image, "--subscription", environment["AZURE_SUBSCRIPTION_ID"])
    if run("az", "acr", "repository", "show", "--name", registry, *where, quiet=True):
        print(f"{image} is in {registry}")
    elif not run("az", "acr", "build", "--registry", registry, *where, str(SOURCE)):
        raise SystemExit(f"{registry} has not built {image}")


if __name__ == "__main__":
    main(os.environ)
