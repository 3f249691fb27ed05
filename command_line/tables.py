"""The statements that make the tables of a dataset, as the loader makes them."""

from collections.abc import Iterator

from psycopg import sql

from worker_image.generator import Dataset
from worker_image.ingester.postgresql.ddl import add_foreign_keys, create_schema, create_table
from worker_image.ingester.postgresql.ledger import LEDGER

_AFTER = (
    "-- Once everything is loaded: rows that are shared may come after those that refer to them."
)


def statements(dataset: Dataset, schema: str) -> Iterator[str]:
    """SQL for PostgreSQL in the order in which it is to be run.

    What the loader would make itself comes first, its ledger included, and may be run any number
    of times.

    Raises:
        PermanentError: PostgreSQL would cut a name short.
    """
    yield _text(create_schema(schema))
    for table in (LEDGER, *dataset.tables):
        yield _text(create_table(schema, table))
    later = add_foreign_keys(schema, dataset.tables)
    if later:
        yield "\n".join([_AFTER, *map(_text, later)])


def _text(statement: sql.Composed) -> str:
    return f"{statement.as_string(None)};"
