"""Where a unit goes that will not be tried again: a record for the ledger, a message for people."""

from dataclasses import replace

from .contract import DeadLetter, naming
from .storage import Storage

MESSAGE_LIMIT = 60 * 1024  # the service takes 64 KiB
_NAMES = ("version", "run", "stage", "unit")


def bury(storage: Storage, letter: DeadLetter) -> None:
    """Write the record, then send the message. Done twice, one record and two messages result."""
    path = letter.record_path(storage.run)
    storage.write(path, letter.encode(), letter.to_metadata())
    storage.bury(_text(letter, path))


def _text(letter: DeadLetter, path: str) -> str:
    """The queue text; one that would not fit names the unit and points to the record."""
    text = letter.encode()
    if len(text) <= MESSAGE_LIMIT:
        return text
    original = {} if isinstance(letter.message, str) else letter.message
    short = {name: original[name] for name in _NAMES if name in original}
    return replace(letter, message={**short, "record": f"{naming.RUNS}/{path}"}).encode()
