"""What an error of the driver means for a unit, and what people are told of it."""

import re
from typing import Any

import orjson
import psycopg
from psycopg.errors import ForeignKeyViolation

from ...errors import PermanentError, TargetBusyError
from ..sink import Rejected, SourceRow
from .copy_rows import RowError

# Classes of SQLSTATE that one row can be the reason of: wrong data, broken constraint, outside of
# a view, beyond a limit of the server, refused by a trigger.
_OF_A_ROW = ("22", "23", "44", "54", "P0")
# And those that are the same for every row: unsupported feature, wrong user or password, no such
# database, schema or object, no permission.
_OF_THE_TARGET = ("0A", "28", "3D", "3F", "42")
# libpq has no SQLSTATE for a connection that was refused.
_REFUSALS = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "is not permitted to log in",
    "permission denied for database",
    "certificate verify failed",
    "does not match host name",
    "does not support SSL",
)
_LONGEST_PART = 300
_LONGEST_VALUE = 100
# Where the server says which column it means, if it does not name it apart.
_COLUMN = re.compile(r", column (.+?)(?::|$)|^Key \((.+?)\)=")


def translated(error: psycopg.Error, subject: str) -> PermanentError | TargetBusyError:
    """The error as one of ours: what is not known to last is of the moment."""
    message = f"{subject}: {description(error)}"
    return PermanentError(message) if _lasts(error) else TargetBusyError(message)


def is_of_a_row(error: Exception) -> bool:
    """Whether other rows of the document may do better: then it is worth a look at each."""
    if isinstance(error, psycopg.Error):
        if error.sqlstate is None:
            return isinstance(error, psycopg.DataError)
        return error.sqlstate[:2] in _OF_A_ROW
    return isinstance(error, RowError | PermanentError)


def is_of_a_reference(error: Exception) -> bool:
    """Whether a row is missing that another one refers to."""
    return isinstance(error, ForeignKeyViolation)


def rejected(row: SourceRow, error: Exception) -> Rejected:
    """A row that was refused, with the reason."""
    column = _column(error) if isinstance(error, psycopg.Error) else ""
    value = row.raw if row.fault else row.row.get(column, "")
    return Rejected(row, _reason(error), column, _shown(value)[:_LONGEST_VALUE])


def told(bad: Rejected) -> str:
    """A refused row in a line."""
    row = bad.row
    table = f"table {row.record_type[:80]}" if row.record_type else ""
    column = f"column {bad.column}" if bad.column else ""
    place = ", ".join(filter(None, (table, column)))
    value = repr(bad.value) if bad.value else ""
    return ": ".join(filter(None, (f"{row.name}, row {row.number}", place, bad.reason, value)))


def description(error: psycopg.Error) -> str:
    """What the server says of the error, with the place and the value, and nothing of the URL."""
    said = error.diag
    table = f"table {said.table_name}" if said.table_name else None
    return _joined(table, _reason(error), said.context)


def _reason(error: Exception) -> str:
    if not isinstance(error, psycopg.Error) or not error.diag.message_primary:
        return _joined(" ".join(str(error).split()))
    return _joined(error.diag.message_primary, error.diag.message_detail)


def _column(error: psycopg.Error) -> str:
    said = error.diag
    found = [_COLUMN.search(text) for text in (said.context, said.message_detail) if text]
    names = [said.column_name, *(match[1] or match[2] for match in found if match)]
    return next(filter(None, names), "")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _joined(*parts: str | None) -> str:
    return "; ".join(part[:_LONGEST_PART].rstrip(".") for part in parts if part)


def _lasts(error: psycopg.Error) -> bool:
    if error.sqlstate:
        return error.sqlstate[:2] in _OF_A_ROW + _OF_THE_TARGET
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return any(words in str(error) for words in _REFUSALS)
    return True  # the driver itself could not send it
