"""The simulated Copilot bill: one pool a month, used up in the middle of a day, and seats that sum to whole months."""

from datetime import date
from decimal import Decimal

from agent_spend.sandbox.copilot_billing import covered_on, credit_lines, credits_on, pool_in, seat_quantity_on
from agent_spend.sandbox.scenario import Scenario

USUAL = Scenario(end_day=date(2026, 11, 22))
NOVEMBER = [day for day in USUAL.calendar if day.month == 11]


def test_the_pool_is_used_up_on_one_day_in_november():
    assert pool_in(USUAL, date(2026, 11, 1)) == Decimal(153_900)
    assert sum(covered_on(USUAL, day) for day in NOVEMBER) == Decimal(153_900)
    assert len([day for day in NOVEMBER if 0 < covered_on(USUAL, day) < credits_on(USUAL, day)]) == 1


def test_at_most_one_line_of_a_day_is_covered_in_part():
    for day in NOVEMBER:
        lines = credit_lines(USUAL, day)
        assert sum(line["grossQuantity"] for line in lines) == credits_on(USUAL, day)
        assert sum(line["discountQuantity"] for line in lines) == covered_on(USUAL, day)
        assert len([line for line in lines if 0 < line["discountQuantity"] < line["grossQuantity"]]) <= 1


def test_a_full_month_of_seat_lines_is_the_number_of_seats():
    assert sum(seat_quantity_on(USUAL, date(2026, 10, day)) for day in range(1, 32)) == Decimal(81)
