"""The shop: orders and their lines."""

from support.examples import AS_OF, at, by_key, grouped, units_of


def test_orders_follow_the_sign_up() -> None:
    for rows in units_of("retail"):
        customers = by_key(rows["customer"])
        for order in rows["order"]:
            since = customers[order["customer_id"]]["signup_ts"]
            assert at(since) <= at(order["ts"]) <= AS_OF


def test_lines_are_numbered() -> None:
    for rows in units_of("retail"):
        orders = grouped(rows["order_line"], "order_id")
        assert set(orders) == {order["id"] for order in rows["order"]}
        for lines in orders.values():
            assert [line["line"] for line in lines] == list(range(1, len(lines) + 1))
