"""Cursor's money by billing cycle and by calendar month, from the same daily rows; and events of days the API forgot."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from agent_spend.lake.ledgers import COVERAGE_SCHEMA

#: Cycles start at the instant of sign-up, to the second.
START, END = datetime(2026, 10, 27, 12, 8, 4, tzinfo=UTC), datetime(2026, 11, 27, 12, 8, 4, tzinfo=UTC)
BEFORE = datetime(2026, 9, 27, 12, 8, 4, tzinfo=UTC)
DAYS = [date(2026, 10, 26), date(2026, 10, 27), date(2026, 10, 28), date(2026, 11, 1)]


def event(at: datetime, charged: str | None, kind: str = "usage_based", **more) -> dict:
    return {"usage_day": at.date(), "event_at": at, "user_email": "ivo@acme.test", "kind": kind, "kind_class": kind,
            "charged_usd": charged} | more


def at(day: int, hour: int, minute: int = 0, second: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def cycle(usage_day: date, started: datetime, ended: datetime, usd: str) -> dict:
    return {"usage_day": usage_day, "cycle_started_at": started, "cycle_ended_at": ended, "group_id": "g", "group_name": "G",
            "spend_usd": usd}


def spend(usage_day: date, usd: str, started: datetime = START, user: str = "u1") -> dict:
    return {"usage_day": usage_day, "cycle_started_at": started, "user_id": user, "on_demand_usd": usd}


@pytest.fixture
def team(company):
    """A Cursor team whose feeds a test writes."""
    return company("rpt_finance__cursor_cycle", "fct_usage_day", "rpt_platform__background_week", "int_reconcile__coverage_day")


def cycles(team) -> dict:
    team.build("int_cursor__cycle")
    team.build("rpt_finance__cursor_cycle_day", days=[date(2026, 10, n) for n in range(25, 32)] + [date(2026, 11, 1)])
    team.build("rpt_finance__cursor_cycle")
    return {row["cycle_started_at"]: row for row in team.rows("rpt_finance__cursor_cycle")}


def test_the_day_on_which_a_cycle_changes_is_cut_at_the_exact_instant(team):
    team.feed("cursor_billing_cycles", cycle(date(2026, 10, 26), BEFORE, START, "0"), cycle(date(2026, 10, 28), START, END, "0"))
    team.feed("cursor_usage_events", event(at(27, 12, 8, 3), "1"), event(at(27, 12, 8, 4), "2"), event(at(27, 23), "4"))
    found = cycles(team)
    assert (found[BEFORE]["on_demand_usd"], found[START]["on_demand_usd"]) == (1, 6)
    assert [(row["usage_day"], row["cycle_started_at"], row["billed_usd"]) for row in team.rows(
        "rpt_finance__cursor_cycle_day", "cycle_started_at")] == [
            (date(2026, 10, 27), BEFORE, 1), (date(2026, 10, 27), START, 6)]


def test_cycle_and_calendar_month_are_cut_from_the_same_daily_rows(team):
    team.feed("cursor_spend", spend(date(2026, 11, 1), "12"))
    team.feed("cursor_usage_events", event(at(26, 9), "100"), event(at(27, 9), "1"), event(at(28, 9), "2"),
              event(at(1, 9, month=11), "10"), event(at(28, 9), "7", "included"), event(at(28, 9), "5", "errored"),
              zero_days=tuple(date(2026, 10, n) for n in (29, 30, 31)))
    found = cycles(team)
    assert {start: (row["on_demand_usd"], row["included_usd"], row["state"]) for start, row in found.items()} == {
        START: (12, 7, "agrees"), None: (101, 0, "cycle_not_known")}
    team.build("fct_usage_day", days=DAYS)
    assert of_months(team) == {10: 103, 11: 10}
    assert sum(of_months(team).values()) == sum(row["on_demand_usd"] for row in found.values()) == 113


def of_months(team) -> dict[int, Decimal]:
    """On-demand USD of each calendar month in the ledger."""
    months: dict[int, Decimal] = {}
    for row in team.rows("fct_usage_day"):
        months[row["usage_day"].month] = months.get(row["usage_day"].month, 0) + row["billed_usd"]
    return months


def built(team, *days: date) -> dict:
    team.build("int_cursor__cycle")
    team.build("rpt_finance__cursor_cycle_day", days=list(days))
    team.build("rpt_finance__cursor_cycle")
    team.build("fct_usage_day", days=list(days))
    return {row["cycle_started_at"]: row["on_demand_usd"] for row in team.rows("rpt_finance__cursor_cycle")}


def test_cycles_of_a_sign_up_on_the_31st_and_calendar_months_hold_the_same_cents(team):
    first, second, third = at(31, 9, month=10), at(30, 9, month=11), at(31, 9, month=12)
    days = date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 1)
    team.feed("cursor_billing_cycles", cycle(days[0], first, second, "0"), cycle(days[2], second, third, "0"))
    team.feed("cursor_usage_events", event(at(31, 8, 59, 59), "0.01"), event(first, "0.1"), event(at(30, 8, 59, 59, 11), "1.25"),
              event(second, "10.5"), event(at(1, 0, month=12), "100.75"))
    assert built(team, *days) == {None: Decimal("0.01"), first: Decimal("1.35"), second: Decimal("111.25")}
    assert of_months(team) == {10: Decimal("0.11"), 11: Decimal("11.75"), 12: Decimal("100.75")}


def test_a_cycle_that_is_moved_ends_where_the_new_one_begins_and_no_event_counts_twice(team):
    """The vendor named an end on November 27 before the cycle was moved to the 10th."""
    moved, after = at(10, 15, month=11), at(10, 15, month=12)
    days = date(2026, 10, 28), date(2026, 11, 10), date(2026, 11, 28)
    team.feed("cursor_billing_cycles", cycle(days[0], START, END, "0"), cycle(days[2], moved, after, "0"))
    team.feed("cursor_usage_events", event(at(28, 9), "1.5"), event(at(10, 14, 59, 59, 11), "20.25"), event(moved, "300.125"),
              event(at(28, 9, month=11), "4000"))
    assert built(team, *days) == {START: Decimal("21.75"), moved: Decimal("4300.125")}
    assert of_months(team) == {10: Decimal("1.5"), 11: Decimal("4320.375")}


def test_a_snapshot_of_which_only_a_part_came_stands_behind_an_older_whole_one(team):
    whole, part = date(2026, 10, 31), date(2026, 11, 1)
    team.feed("cursor_spend", spend(whole, "2"), spend(whole, "1", user="u2"), spend(part, "2"))
    team.feed("cursor_usage_events", event(at(28, 9), "3"), zero_days=tuple(date(2026, 10, n) for n in (27, 29, 30, 31)))
    assert cycles(team)[START]["spend_day"] == part
    days = {day: ("partial" if day == part else "available") for day in (whole, part)}
    rows = [{"feed": "cursor_spend", "usage_day": day, "state": state, "row_count": 1, "revision": 1, "last_attempt": state}
            for day, state in days.items()]
    team.lake.replace("feed_coverage", pa.Table.from_pylist(rows, schema=pa.schema(COVERAGE_SCHEMA)), "feed", ["cursor_spend"])
    assert [(row["spend_day"], row["spend_usd"], row["difference_usd"]) for row in [cycles(team)[START]]] == [(whole, 3, 0)]


@pytest.mark.parametrize(("model", "usd"), [
    # Input 1,000, writes 10,000, reads 100,000, output 2,000 at the published prices, and 113,000 tokens at 0.25 USD a million.
    ("claude-opus-5-thinking-high", "0.19575"), ("claude-opus-5-thinking-high-fast", "0.36325"), ("claude-4.5-sonnet", "0.12875"),
    ("composer-2.5", "0.0305"), ("model-of-next-year", None), ("auto", None),
])
def test_included_use_whose_amount_is_a_word_is_valued_by_the_price_book_and_cash_never_is(team, model, usd):
    tokens = {"input_tokens": 1000, "cache_write_tokens": 10_000, "cache_read_tokens": 100_000, "output_tokens": 2000}
    team.feed("cursor_csv_events", event(at(28, 9), None, "included", model=model, **tokens),
              event(at(28, 10), None, "usage_based", model=model, **tokens),
              event(at(28, 11), "0.5", "included", model=model, **tokens))
    team.build("fct_usage_day", days=[date(2026, 10, 28)])
    rows = {(row["series"], row["price_state"]): row for row in team.rows("fct_usage_day")}
    assert rows["cursor_on_demand", "not_priced"]["billed_usd"] is None
    assert rows["cursor_included", "reported"]["covered_usd"] == Decimal("0.5")
    valued = rows["cursor_included", "priced" if usd else "not_priced"]
    assert (valued["list_usd"], valued["covered_usd"], valued["billed_usd"]) == (usd and Decimal(usd), usd and Decimal(usd), 0)


def test_the_members_spend_leaves_out_service_accounts_and_only_the_newest_snapshot_counts(team):
    newest = date(2026, 11, 1)
    team.feed("cursor_spend", spend(date(2026, 10, 28), "1"), spend(newest, "2.5"), spend(newest, "0.5", user="u2"))
    team.feed("cursor_usage_events", event(at(28, 9), "3"), event(at(1, 9, month=11), "40", service_account_id="sa_1"),
              zero_days=tuple(date(2026, 10, n) for n in (27, 29, 30, 31)))
    row = cycles(team)[START]
    assert (row["on_demand_usd"], row["members_on_demand_usd"], row["spend_usd"], row["difference_usd"]) == (43, 3, 3, 0)
    assert (row["state"], row["days"], row["loaded_days"], row["cycle_ended_at"]) == ("agrees", 6, 6, None)


@pytest.mark.parametrize(
    ("groups", "amount"), [("20", "on_demand"), ("50", "overall"), ("35", "neither")],
)
def test_which_amount_the_billing_groups_give_is_found_by_the_events(team, groups, amount):
    team.feed("cursor_billing_cycles", cycle(date(2026, 10, 28), START, END, groups))
    team.feed("cursor_usage_events", event(at(28, 9), "20"), event(at(28, 9), "30", "included"), zero_days=(date(2026, 10, 27),))
    row = cycles(team)[START]
    assert (row["groups_amount"], row["state"]) == (amount, "agrees" if amount != "neither" else "running")


def test_a_cycle_with_days_that_are_not_loaded_is_not_compared(team):
    team.feed("cursor_spend", spend(date(2026, 10, 31), "2"))
    team.feed("cursor_usage_events", event(at(27, 13), "1"), event(at(31, 9), "1"))
    assert cycles(team)[START]["state"] == "days_missing"


def test_a_cycle_that_is_over_and_does_not_add_up_differs(team):
    team.feed("cursor_billing_cycles", cycle(date(2026, 10, 26), at(26, 0), at(27, 12), "9"))
    team.feed("cursor_usage_events", event(at(26, 9), "1"), event(at(27, 9), "1"))
    assert cycles(team)[at(26, 0)]["state"] == "differs"


def test_an_unknown_kind_keeps_its_amount_and_is_neither_cash_nor_covered_nor_zero(team):
    team.feed("cursor_usage_events", event(at(28, 9), "2.5", "unknown"), event(at(28, 9), "4", "errored"), event(at(28, 9), "1"))
    team.build("fct_usage_day", days=[date(2026, 10, 28)])
    assert {row["series"]: (row["list_usd"], row["covered_usd"], row["billed_usd"]) for row in team.rows("fct_usage_day")} == {
        "cursor_unknown_kind": (Decimal("2.5"), None, None), "cursor_not_charged": (0, 0, 0), "cursor_on_demand": (1, 0, 1)}


def test_exports_fill_the_days_that_the_api_does_not_serve_and_no_others(team):
    team.feed("cursor_usage_events", event(at(28, 9), "1"))
    team.feed("cursor_csv_events", event(at(28, 9), "9"), event(at(27, 9), "2"), event(at(27, 9), None, "included"))
    team.build("fct_usage_day", days=DAYS)
    assert [(row["usage_day"].day, row["series"], row["list_usd"], row["billed_usd"], row["price_state"])
            for row in team.rows("fct_usage_day", "usage_day, series")] == [
        (27, "cursor_included", None, 0, "not_priced"), (27, "cursor_on_demand", 2, 2, "reported"),
        (28, "cursor_on_demand", 1, 1, "reported")]
    assert {row["usage_day"].day: row["is_metered"] for row in team.rows("int_reconcile__coverage_day")} == {27: True, 28: True}
