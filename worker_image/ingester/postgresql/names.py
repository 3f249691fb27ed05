"""Names: quoted where there are some, and made for constraints and indexes that have none yet."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from psycopg import sql

from ...errors import PermanentError

_LONGEST_NAME = 63


def quoted(name: str) -> sql.Identifier:
    """A name as a statement has it.

    Raises:
        PermanentError: PostgreSQL would cut it short.
    """
    if not name or "\0" in name or len(name.encode()) > _LONGEST_NAME:
        raise PermanentError(f"{name[:80]!r} is no name of 1 to {_LONGEST_NAME} bytes")
    return sql.Identifier(name)


def qualified(schema: str, name: str) -> sql.Composed:
    """The name of something in a schema."""
    return sql.SQL("{}.{}").format(quoted(schema), quoted(name))


def listed(names: Iterable[str]) -> sql.Composed:
    """Names with commas between them."""
    return sql.SQL(", ").join(map(quoted, names))


def made_names(parts: Sequence[str], suffix: str) -> Iterator[str]:
    """Names for what belongs to these parts, the same ones always, without end.

    The first is the one that PostgreSQL would give, if it is not too long. All others have a
    digest of the parts, so that what is cut away is still told apart.
    """
    plain = "_".join([*parts, suffix])
    if len(plain.encode()) <= _LONGEST_NAME:
        yield plain
    for number in count():
        digest = hashlib.sha256(repr((*parts, suffix, number)).encode()).hexdigest()
        ending = f"_{digest[:8]}_{suffix}"
        room = _LONGEST_NAME - len(ending)
        yield "_".join(parts).encode()[:room].decode(errors="ignore") + ending
