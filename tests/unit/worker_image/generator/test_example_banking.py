"""The bank: exact balances, valid numbers, payments."""

import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from support.examples import AS_OF, all_rows, at, by_key, grouped, rounded, share, units_of


def test_balances_are_exact() -> None:
    for rows in units_of("banking"):
        transfers = grouped(rows["transfer"], "account_id")
        for account in rows["account"]:
            balance, own = account["opening_balance"], transfers[account["id"]]
            assert [transfer["number"] for transfer in own] == list(range(1, len(own) + 1))
            for transfer in own:
                balance += transfer["amount"]
                assert transfer["balance_after"] == balance
            assert account["closing_balance"] == balance


def test_transfers_are_in_order_of_time() -> None:
    for own in grouped(all_rows("banking", "transfer"), "account_id").values():
        times = [at(transfer["at"]) for transfer in own]
        assert all(earlier < later for earlier, later in pairwise(times))
        assert times[-1] < AS_OF


def test_income_and_rent_come_once_a_month_from_and_to_the_same() -> None:
    for rows in units_of("banking"):
        accounts = by_key(rows["account"])
        orders = by_key(rows["standing_order"], "account_id")
        companies = by_key(rows["company"])
        assert set(orders) == set(accounts)
        for one in rows["transfer"]:
            assert one["counterparty_id"] in companies
            assert (one["amount"] > 0) == (one["kind"] in ("income", "refund"))
            order = orders[one["account_id"]]
            if one["kind"] == "rent":
                assert (one["counterparty_id"], one["amount"]) == (
                    order["payee_id"],
                    -order["amount"],
                )
                assert companies[order["payee_id"]]["category"] == "real estate"
            if one["kind"] == "income":
                assert one["counterparty_id"] == accounts[one["account_id"]]["employer_id"]
        kinds = Counter((one["account_id"], one["kind"]) for one in rows["transfer"])
        assert {kinds[account, "rent"] for account in accounts} == {3}
        assert {kinds[account, "income"] for account in accounts} == {3}


def test_account_numbers_are_valid() -> None:
    for account in all_rows("banking", "account"):
        iban = account["iban"]
        assert re.fullmatch(r"DE\d{20}", iban)
        assert int(f"{iban[4:]}1314{iban[2:4]}") % 97 == 1


def test_card_payments_are_of_cards_and_their_fees_exact() -> None:
    for rows in units_of("banking"):
        cards, companies = by_key(rows["card"]), by_key(rows["company"])
        with_card = {card["account_id"] for card in rows["card"]}
        assert with_card < {account["id"] for account in rows["account"]}
        for payment in rows["card_payment"]:
            assert cards[payment["card_id"]]["account_id"] in with_card
            assert payment["mcc"] == companies[payment["merchant_id"]]["mcc"]
            abroad = payment["currency"] != "EUR"
            fee = rounded(payment["amount"] * Decimal("0.0175")) if abroad else 0
            assert payment["fee"] == fee
            assert payment["amount"] > 0
    for card in all_rows("banking", "card"):
        assert re.fullmatch(r"9999( \d{4}){3}", card["number"])


def test_few_transfers_are_flagged_and_those_reviewed() -> None:
    transfers = all_rows("banking", "transfer")
    assert 0.001 < share(transfer["flagged"] for transfer in transfers) < 0.008
    assert all((transfer["review"] is not None) == transfer["flagged"] for transfer in transfers)


def test_customers_are_of_age_and_their_accounts_their_own() -> None:
    for rows in units_of("banking"):
        customers = by_key(rows["customer"])
        for customer in customers.values():
            born, since = map(date.fromisoformat, (customer["birth_date"], customer["since"]))
            assert since - born >= timedelta(days=18 * 365.25 - 1)
        for account in rows["account"]:
            assert account["opened"] >= customers[account["customer_id"]]["since"]


def test_categories_have_one_name_each() -> None:
    pairs = {(company["mcc"], company["category"]) for company in all_rows("banking", "company")}
    assert len(pairs) == len(dict(pairs)) == 13
