"""From a file to a dataset."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from command_line.files import content_of, folder_of, name_of
from worker_image.generator import Dataset, SpecError, load, parse, resolve
from worker_image.generator.language import KINDS

FILE = Annotated[
    str, typer.Argument(metavar="FILE", help="The dataset in YAML or JSON; - is standard input.")
]


class FaultyFileError(SpecError):
    """What is wrong with a file, which every problem names."""


@dataclass(frozen=True, slots=True)
class Written:
    """A dataset that is sound, and the document that it was read from."""

    document: Any
    dataset: Dataset

    def kind(self, record: str, field: str) -> str:
        """The kind of a field."""
        spec: dict[str, Any] = self.document["records"][record]["fields"][field]
        return next(name for name in spec if name in KINDS)


def read(file: str) -> Written:
    """Read a dataset; lists in other files are found beside its own, or here for `-`.

    Raises:
        FaultyFileError: with every problem of the dataset.
        typer.BadParameter: there is no such file, or it cannot be read.
    """
    folder = folder_of(file)
    with named(file):
        document = resolve(load(content_of(file)), lambda name: _listed(folder / name))
        return Written(document, parse(document))


@contextmanager
def named(file: str) -> Iterator[None]:
    """Name a file in what is found wrong with it.

    Raises:
        FaultyFileError: something is.
    """
    try:
        yield
    except FaultyFileError:
        raise  # of another file, which this one names
    except SpecError as error:
        name = name_of(file)
        raise FaultyFileError(
            replace(each, path=": ".join(filter(None, (name, each.path))))
            for each in error.problems
        ) from None


def with_lists(content: bytes, folder: Path) -> bytes:
    """The text of a dataset with the lists in it that lie in files beside it.

    Without any it is as it was written. One with faults is left to the app, which may have the
    lists, and names what is wrong.
    """
    try:
        document = load(content)
        resolved = resolve(document, lambda name: _listed(folder / name))
    except SpecError:
        return content
    if resolved == document:
        return content
    return yaml.safe_dump(resolved, allow_unicode=True, sort_keys=False).encode()


def _listed(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="FILE") from None
