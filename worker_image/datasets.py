"""Datasets as messages carry them, read and compiled once for many units."""

import hashlib
import json
import threading
from functools import lru_cache

from .contract import DatasetSource
from .errors import PermanentError
from .generator import Compiled, Dataset, Form, Unit, compile_dataset, parse
from .storage import Storage
from .tables import Table

REMEMBERED = 8


class Datasets:
    """The latest datasets, each fetched and compiled once and shared by all threads.

    Its methods raise SpecError, a PermanentError, for a specification that is refused.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._fetch = lru_cache(REMEMBERED)(self._download)
        self._parse = lru_cache(REMEMBERED)(_parse)
        self._compile = lru_cache(REMEMBERED)(self._compiled)

    def tables(self, source: DatasetSource) -> tuple[Table, ...]:
        """The tables that its records fill."""
        with self._lock:
            return self._parse(self._text(source)).tables

    def unit(self, source: DatasetSource, random_seed: int, unit: int, form: Form) -> Unit:
        """The records of one unit."""
        # One at a time: a compiled dataset is not for two threads, nor is there a core for them.
        with self._lock:
            return self._compile(self._text(source), random_seed, form).unit(unit)

    def _text(self, source: DatasetSource) -> str:
        return json.dumps(source.inline) if source.blob is None else self._fetch(source.blob)

    def _download(self, path: str) -> str:
        content = self._storage.read(path)
        if content is None:
            raise PermanentError(f"{path}: there is no such dataset")
        if f"{hashlib.sha256(content).hexdigest()}.json" != path.rpartition("/")[2]:
            raise PermanentError(f"{path}: the content is not what its name says")
        return content.decode()

    def _compiled(self, text: str, random_seed: int, form: Form) -> Compiled:
        return compile_dataset(self._parse(text), random_seed, form)


def _parse(text: str) -> Dataset:
    return parse(json.loads(text))
