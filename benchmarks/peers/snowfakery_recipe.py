"""Snowfakery running a recipe into JSON: `python -m benchmarks.peers.snowfakery_recipe`.

A call of its Python interface reads the recipe each time, which is under 1 % of a unit.
"""

from io import StringIO
from pathlib import Path

from snowfakery import generate_data

from benchmarks.peers.measuring import RETAIL_FIELDS, Made, measure
from benchmarks.peers.retail import CUSTOMERS

RECIPE = Path(__file__).with_suffix(".yml")


def unit(_: int) -> Made:
    """Customers with their orders and lines, as a list in JSON."""
    out = StringIO()
    generate_data(
        RECIPE, target_number=(CUSTOMERS, "customer"), output_format="json", output_file=out
    )
    text = out.getvalue()
    records = {name: text.count(f'"_table": "{name}"') for name in RETAIL_FIELDS}
    return Made(records, len(text.encode()))


if __name__ == "__main__":
    measure(unit)
