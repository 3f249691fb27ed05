"""Datasets as messages carry them, read and compiled once for many units."""

import hashlib
import json
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from .contract import DatasetSource
from .errors import PermanentError
from .storage import Storage
from .tables import Table

if TYPE_CHECKING:
    from .generator import Compiled, Dataset

REMEMBERED = 8


class Datasets:
    """Each dataset is fetched, read and compiled by one thread, then shared; the latest are kept.

    Its methods raise SpecError, a PermanentError, for a specification that is refused.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._fetch = lru_cache(REMEMBERED)(self._download)
        self._parse = lru_cache(REMEMBERED)(_parse)
        self._compile = lru_cache(REMEMBERED)(self._compiled)

    def tables(self, source: DatasetSource) -> tuple[Table, ...]:
        """The tables that its records make."""
        with self._lock:
            return self._parse(self._text(source)).tables

    def compiled(self, source: DatasetSource, random_seed: int) -> "Compiled":
        """The dataset, ready to make units."""
        with self._lock:
            return self._compile(self._text(source), random_seed)

    def _text(self, source: DatasetSource) -> str:
        if source.blob is not None:
            return self._fetch(source.blob)
        return json.dumps(source.inline)

    def _download(self, path: str) -> str:
        content = self._storage.read(path)
        if content is None:
            raise PermanentError(f"{path}: there is no such dataset")
        if f"{hashlib.sha256(content).hexdigest()}.json" != path.rpartition("/")[2]:
            raise PermanentError(f"{path}: the content is not what its name says")
        return content.decode()

    def _compiled(self, text: str, random_seed: int) -> "Compiled":
        from .generator import compile_dataset  # noqa: PLC0415 - as in _parse

        return compile_dataset(self._parse(text), random_seed)


def _parse(text: str) -> "Dataset":
    # A worker that loads foreign documents starts without NumPy and Faker.
    from .generator import parse  # noqa: PLC0415 - as said

    return parse(json.loads(text))
