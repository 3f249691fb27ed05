"""Datasets as messages carry them: in the message, or fetched once from the run's blobs."""

import hashlib
import json
import threading
from functools import lru_cache

from .blobs import BlobStore
from .contract import DatasetSource
from .errors import PermanentError
from .forms import Form
from .making import REMEMBERED, Made, MakeUnit, Making, TellTables
from .tables import Table


class Datasets:
    """The latest datasets, each fetched once and shared by all threads.

    Its methods raise PermanentError for a specification that is refused or not there, and
    MakerError where another try may be lucky.
    """

    def __init__(self, storage: BlobStore, makers: Making) -> None:
        self._storage = storage
        self._makers = makers
        self._lock = threading.Lock()
        self._fetch = lru_cache(REMEMBERED)(self._download)
        self._tell = lru_cache(REMEMBERED)(lambda text: makers.tables(TellTables(text)))

    def tables(self, source: DatasetSource) -> tuple[Table, ...]:
        """The tables that its records fill."""
        return self._tell(self._text(source))

    def unit(self, source: DatasetSource, random_seed: int, unit: int, form: Form) -> Made:
        """The records of one unit."""
        return self._makers.unit(MakeUnit(self._text(source), random_seed, unit, form))

    def _text(self, source: DatasetSource) -> str:
        if source.blob is None:
            return json.dumps(source.inline)
        with self._lock:
            return self._fetch(source.blob)

    def _download(self, path: str) -> str:
        content = self._storage.read(path)
        if content is None:
            raise PermanentError(f"{path}: there is no such dataset")
        if f"{hashlib.sha256(content).hexdigest()}.json" != path.rpartition("/")[2]:
            raise PermanentError(f"{path}: the content is not what its name says")
        return content.decode()
