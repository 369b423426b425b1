"""Groups of fewer than five people are shown only together, and no subtraction gives them back."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_spend.publish.small_groups import TOGETHER, suppress_small_groups

MONTH = date(2026, 11, 1)
SCHEMA = pa.schema([
    ("month", pa.date32()), ("org", pa.string()), ("people", pa.int64()), ("list_usd", pa.decimal128(38, 18)),
    ("credits", pa.decimal128(38, 18)), ("name", pa.string())])


def groups(*rows, month=MONTH):
    return pa.Table.from_pylist(
        [{"month": month, "org": org, "people": people, "list_usd": usd if usd is None else Decimal(usd)}
         for org, people, usd in rows], schema=SCHEMA)


def shown(table, **more):
    table = suppress_small_groups(
        table, group="org", people="people", keys=["month"], amounts=["list_usd", "credits"], **more)
    return [(row["org"], row["people"], row["list_usd"]) for row in table.to_pylist()]


def test_five_people_are_shown_and_four_are_not():
    assert shown(groups(("A", 5, "1"), ("B", 4, "2"), ("C", 3, "4"), ("D", 9, "8"))) == [
        ("A", 5, 1), ("D", 9, 8), (TOGETHER, 7, 6)]


def test_one_small_group_takes_the_next_larger_one_with_it():
    assert shown(groups(("A", 20, "1"), ("B", 4, "2"), ("C", 6, "4"))) == [("A", 20, 1), (TOGETHER, 10, 6)]


def test_a_small_company_shows_no_amount_instead_of_zero():
    assert shown(groups(("A", 2, "1"), ("B", 1, "2"))) == [(TOGETHER, None, None)]


def test_the_readers_own_group_is_shown_and_does_not_hide_others():
    assert shown(groups(("A", 2, "1"), ("B", 3, "2"), ("C", 3, "4")), own=["A"]) == [("A", 2, 1), (TOGETHER, 6, 6)]


def test_money_of_nobody_is_always_shown():
    assert shown(groups(("(not attributable)", 0, "7"), ("A", 5, "1"))) == [("(not attributable)", 0, 7), ("A", 5, 1)]


def test_months_are_judged_apart():
    december = date(2026, 12, 1)
    table = pa.concat_tables([groups(("A", 5, "1"), ("B", 5, "1")), groups(("A", 5, "1"), ("B", 4, "1"), month=december)])
    assert shown(table) == [("A", 5, 1), ("B", 5, 1), (TOGETHER, 9, 2)]


def test_a_group_whose_people_are_unknown_counts_as_small():
    assert shown(groups(("A", None, "1"), ("B", 8, "2"), ("C", 9, None))) == [("C", 9, None), (TOGETHER, 8, 3)]


def test_columns_that_are_neither_keys_nor_amounts_are_dropped():
    table = suppress_small_groups(groups(("A", 1, "1")), group="org", people="people", keys=["month"], amounts=["list_usd"])
    assert table.schema.names == ["month", "org", "people", "list_usd"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1000)), max_size=8))
def test_totals_are_kept_or_hidden_and_no_row_is_small(sizes):
    rows = [(f"org {n}", people, str(usd)) for n, (people, usd) in enumerate(sizes)]
    result = shown(groups(*rows))
    assert all(people is None or people >= 5 for _, people, _ in result)
    if all(people is not None for _, people, _ in result):
        assert sum(usd for *_, usd in result) == sum(usd for _, usd in sizes)
    else:
        assert result == [(TOGETHER, None, None)]
