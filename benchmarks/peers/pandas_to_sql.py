"""Data frames into tables: `python -m benchmarks.peers.pandas_to_sql URL FOLDER UNIT ...`.

Rows go in statements of a thousand; what a document has as the text of a time is made a time.
"""

import sys
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, column, create_engine, func, table

from benchmarks.peers.documents import read_rows
from benchmarks.peers.turns import LEDGER, SCHEMA, take_turn

TIMES = ("signup_ts", "ts")
_LEDGER = table(
    LEDGER, *map(column, ("document", "etag", "run", "unit", "loaded_at")), schema=SCHEMA
)


def load(engine: Engine, folder: Path, unit: str) -> None:
    """One unit in one transaction, with its line in the ledger."""
    with engine.begin() as connection:
        connection.execute(_LEDGER.insert().values(document=unit, etag="", run="", unit=""))
        for name, rows in read_rows(folder / unit / "retail.ndjson.zst").items():
            frame = pd.DataFrame(rows)
            for time in frame.columns.intersection(TIMES):
                frame[time] = pd.to_datetime(frame[time], utc=True)
            frame.to_sql(
                name,
                connection,
                schema=SCHEMA,
                if_exists="append",
                index=False,
                method="multi",
                chunksize=1000,
            )
        loaded = _LEDGER.update().values(loaded_at=func.clock_timestamp())
        connection.execute(loaded.where(_LEDGER.c.document == unit))


if __name__ == "__main__":
    url, root, *names = sys.argv[1:]
    pool = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    take_turn(lambda unit: load(pool, Path(root), unit), names)
