"""The chargeback file: whole cents by cost centre that add up to the ledger, and nothing a spreadsheet would run."""

import csv
from datetime import date
from decimal import Decimal

import pytest
from finance_books import OCTOBER, usage

from agent_spend.errors import ConfigurationError
from agent_spend.publish.chargeback import export_chargeback, in_cents
from agent_spend.publish.files import neutral

DAY = date(2026, 10, 14)


def charged(books, *rows):
    books.write("fct_usage_day", *(
        usage(DAY, "cursor", amount, billed_usd=amount, actor_id=f"{number}@acme.test", cost_center=center)
        for number, (center, amount) in enumerate(rows)
    ))
    books.build("fct_charge_month")
    with export_chargeback(books.settings, OCTOBER).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_cents_by_cost_center_add_up_to_the_ledger(books):
    lines = charged(books, ("CC-1", "10.004"), ("CC-2", "10.004"), ("CC-3", "10.004"))
    assert [(line["cost_center"], line["amount_usd"]) for line in lines] == [
        ("CC-1", "10.01"), ("CC-2", "10.00"), ("CC-3", "10.00")]


def test_spend_without_a_cost_center_is_a_line_of_its_own(books):
    assert [line["cost_center"] for line in charged(books, (None, "1"), ("CC-1", "2"))] == ["(no cost center)", "CC-1"]


def test_a_cost_center_that_is_a_formula_is_neutralised(books):
    (line,) = charged(books, ('=HYPERLINK("http://evil.test")', "1"))
    assert line["cost_center"] == '\'=HYPERLINK("http://evil.test")'


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_every_start_of_a_formula_is_neutralised(start):
    assert neutral(f"{start}1+1") == f"'{start}1+1"


def test_negative_amounts_stay_numbers():
    assert neutral(Decimal("-3.20")) == "-3.20"


def test_left_over_cents_go_to_the_largest_remainders():
    amounts = [Decimal("0.333"), Decimal("0.338"), Decimal("-0.001"), Decimal("0.330")]
    assert in_cents(amounts) == [Decimal("0.33"), Decimal("0.34"), Decimal("0.00"), Decimal("0.33")]


def test_charges_that_are_not_the_ledgers_cash_are_refused(books):
    charged(books, ("CC-1", "1"))
    books.write("fct_usage_day", usage(DAY, "cursor", "2", billed_usd="2"))
    with pytest.raises(ConfigurationError, match="charges of cursor usage are 1 USD, the ledger's cash is 2"):
        export_chargeback(books.settings, OCTOBER)
