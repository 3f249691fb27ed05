"""From a job in a file to the request of a run."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from command_line.files import content_of, folder_of

FILE = Annotated[
    str, typer.Argument(metavar="FILE", help="The job in YAML or JSON; - is standard input.")
]
UNITS = Annotated[int | None, typer.Option(min=1, help="Units, instead of what the job says.")]
SEED = Annotated[int | None, typer.Option(min=0, help="The random seed, instead of the job's.")]
SET = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PLACE=VALUE",
        help="Another member of the job, its value in YAML: `--set limits.cost=2.5`.",
    ),
]
_DATASETS = (".yaml", ".yml", ".json")

Job = dict[str, Any]


def read_job(
    file: str,
    *,
    units: int | None = None,
    seed: int | None = None,
    changes: Iterable[str] | None = None,
) -> Job:
    """The request that a file holds, with what the options say instead.

    A dataset that is the path of a file, relative to the job's own, takes its place.

    Raises:
        SpecError: the file or its dataset, with every problem.
        typer.BadParameter: it cannot be read, is no mapping, or a change has no place in it.
    """
    # The language takes long to import, and only a job needs it.
    from command_line.reading import named  # noqa: PLC0415
    from worker_image.generator import load  # noqa: PLC0415

    with named(file):
        job = load(content_of(file))
    if not isinstance(job, dict):
        raise typer.BadParameter(f"{file}: a mapping is needed, such as kind: ...")
    for change in changes or ():
        place, value = _change(change)
        with named(f"--set {'.'.join(place)}"):
            _put(job, place, load(value))
    given = {"units": units, "random_seed": seed}
    job |= {name: value for name, value in given.items() if value is not None}
    return {**job, **dataset_in_file(job, folder_of(file))}


def dataset_in_file(job: Job, folder: Path) -> Job:
    """The dataset of a job that names a file instead of a stored one, as a member of it.

    Raises:
        SpecError: the dataset, with every problem.
        typer.BadParameter: the file cannot be read.
    """
    from command_line import reading  # noqa: PLC0415 - as said

    dataset = job.get("dataset")
    if not isinstance(dataset, str) or not dataset.endswith(_DATASETS):
        return {}
    return {"dataset": reading.read(str(folder / dataset)).document}


def _change(words: str) -> tuple[list[str], str]:
    """The place and the value of a change."""
    place, equals, value = words.partition("=")
    names = place.split(".")
    if not equals or not all(names):
        raise typer.BadParameter(f"{words!r}: PLACE=VALUE is needed", param_hint="--set")
    return names, value


def _put(job: Job, place: list[str], value: object) -> None:
    inside: Any = job
    for name in place[:-1]:
        inside = inside.setdefault(name, {})
        if not isinstance(inside, dict):
            raise typer.BadParameter(
                f"{'.'.join(place)}: {name} is no mapping in this job", param_hint="--set"
            )
    inside[place[-1]] = value
