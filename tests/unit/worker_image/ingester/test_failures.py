import psycopg
import pytest
from psycopg import errors
from support.tables import table

from worker_image.errors import PermanentError, TargetBusyError
from worker_image.ingester.postgresql.copy_rows import RowError
from worker_image.ingester.postgresql.failures import is_of_a_row, told, translated
from worker_image.ingester.sink import Rejected, SourceRow

LASTING = [
    "0A000",
    "22P02",
    "23505",
    "28P01",
    "3D000",
    "3F000",
    "42501",
    "42P01",
    "44000",
    "54000",
    "P0001",
]
PASSING = [
    "08006",
    "25006",
    "25P03",
    "40001",
    "40P01",
    "53300",
    "53100",
    "55P03",
    "57014",
    "57P01",
    "57P03",
    "58030",
    "XX000",
]
OF_A_ROW = ["22P02", "23505", "44000", "54000", "P0001"]


@pytest.mark.parametrize("state", LASTING + PASSING)
def test_states_that_last_and_others_that_pass(state: str) -> None:
    error = errors.lookup(state)("told by the server")
    expected = PermanentError if state in LASTING else TargetBusyError
    ours = translated(error, "d.ndjson")
    assert (type(ours), str(ours)) == (expected, "d.ndjson: told by the server")
    assert is_of_a_row(error) == (state in OF_A_ROW)


@table(
    "error, expected",
    {
        "nobody listens": (psycopg.OperationalError("Connection refused"), TargetBusyError),
        "an unknown text": (psycopg.OperationalError("¡No hay nadie!"), TargetBusyError),
        "lost": (psycopg.InterfaceError("the connection is closed"), TargetBusyError),
        "no timely answer": (psycopg.errors.ConnectionTimeout("expired"), TargetBusyError),
        "refused": (
            psycopg.OperationalError('FATAL:\n no pg_hba.conf entry for host "h"'),
            PermanentError,
        ),
        "no role": (psycopg.OperationalError('role "a" does not exist'), PermanentError),
        "not to be sent": (psycopg.DataError("cannot contain NUL"), PermanentError),
    },
)
def test_errors_without_a_state(error: psycopg.Error, expected: type[Exception]) -> None:
    ours = translated(error, "d")
    assert isinstance(ours, expected)
    assert "\n" not in str(ours)


@pytest.mark.parametrize("error", [RowError("x"), PermanentError("line 3"), psycopg.DataError("x")])
def test_other_errors_of_a_row(error: Exception) -> None:
    assert is_of_a_row(error)


def test_a_row_is_told_in_a_line() -> None:
    row = SourceRow("a/d.csv", 7, "thing", {"id": "x"}, "x")
    known = Rejected(row, "no number", "id", "x")
    assert told(known) == "a/d.csv, row 7: table thing, column id: no number: 'x'"
    unread = Rejected(SourceRow("d.csv", 8, "", {}, "{", "no object"), "no object", "", "{")
    assert told(unread) == "d.csv, row 8: no object: '{'"
