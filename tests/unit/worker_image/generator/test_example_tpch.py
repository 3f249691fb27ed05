"""The benchmark: what its tables promise of each other."""

from datetime import date
from decimal import Decimal

from support.examples import all_rows, grouped, rounded, units_of


def test_orders_are_worth_their_lines() -> None:
    for rows in units_of("tpch"):
        lines = grouped(rows["lineitem"], "l_orderkey")
        for order in rows["orders"]:
            own = lines[order["o_orderkey"]]
            charges = (
                line["l_extendedprice"] * (1 + line["l_tax"]) * (1 - line["l_discount"])
                for line in own
            )
            assert order["o_totalprice"] == rounded(sum(charges, Decimal(0)))
            states = {line["l_linestatus"] for line in own}
            assert order["o_orderstatus"] == (states.pop() if len(states) == 1 else "P")
            assert [line["l_linenumber"] for line in own] == list(range(1, len(own) + 1))


def test_lines_are_of_offers_and_priced_by_the_part() -> None:
    for rows in units_of("tpch"):
        prices = {part["p_partkey"]: part["p_retailprice"] for part in rows["part"]}
        offers = {(offer["ps_partkey"], offer["ps_suppkey"]) for offer in rows["partsupp"]}
        assert len(offers) == len(rows["partsupp"])
        for line in rows["lineitem"]:
            assert (line["l_partkey"], line["l_suppkey"]) in offers
            assert line["l_extendedprice"] == line["l_quantity"] * prices[line["l_partkey"]]


def test_lines_are_shipped_and_received_in_time() -> None:
    today = date(1995, 6, 17)
    for rows in units_of("tpch"):
        ordered = {
            row["o_orderkey"]: date.fromisoformat(row["o_orderdate"]) for row in rows["orders"]
        }
        for line in rows["lineitem"]:
            shipped, committed, received = (
                date.fromisoformat(line[f"l_{event}date"])
                for event in ("ship", "commit", "receipt")
            )
            day = ordered[line["l_orderkey"]]
            assert 1 <= (shipped - day).days <= 121
            assert 30 <= (committed - day).days <= 90
            assert 1 <= (received - shipped).days <= 30
            assert line["l_linestatus"] == ("O" if shipped > today else "F")
            assert (line["l_returnflag"] == "N") == (received > today)


def test_a_third_of_the_customers_never_orders() -> None:
    ordering = {order["o_custkey"] for order in all_rows("tpch", "orders")}
    keys = {customer["c_custkey"] for customer in all_rows("tpch", "customer")}
    assert ordering == {key for key in keys if key % 3}
