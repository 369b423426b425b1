"""A closed month keeps its figures; later changes are adjustments of the open month."""

import json
from datetime import date
from decimal import Decimal

import pytest
from finance_books import OCTOBER, plain

from agent_spend.errors import ConfigurationError
from agent_spend.month_end.close import close_month, closed_months, reopen_month

NOVEMBER = date(2026, 11, 1)


def figure(month, billed, vendor="anthropic", **more):
    return {"month": month, "vendor": vendor, "charge_kind": "usage", "list_usd": "110", "billed_usd": billed} | more


@pytest.fixture
def open_books(books, monkeypatch):
    """October, complete and final, with 100.00 billed; today is 5 January 2027."""
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2027-01-05")
    books.answered("anthropic", OCTOBER, date(2026, 12, 20))
    books.write("rpt_finance__vendor_month", figure(OCTOBER, "100"), figure(NOVEMBER, "50"))
    return books


def adjustments(books):
    books.build("rpt_month_close_adjustment")
    return [
        (row["adjustment_month"], row["closed_month"], row["amount_kind"], plain(row["adjustment_usd"]))
        for row in books.lake.read("rpt_month_close_adjustment").to_pylist()
    ]


def closed(books):
    books.build("rpt_month_close")
    rows = books.lake.read("rpt_month_close").to_pylist()
    return {(row["month"], row["vendor"]): plain(row["billed_usd"]) for row in rows if row["about_month"] == row["month"]}


def test_a_closed_month_keeps_its_figure_when_the_vendor_restates_it(open_books):
    close_month(open_books.settings, OCTOBER)
    open_books.write("rpt_finance__vendor_month", figure(OCTOBER, "104.25"))
    assert closed(open_books) == {(OCTOBER, "anthropic"): "100"}
    assert adjustments(open_books) == [(NOVEMBER, OCTOBER, "billed_usd", "4.25")]


def test_a_price_change_after_the_close_is_an_adjustment_of_the_list_value_alone(open_books):
    close_month(open_books.settings, OCTOBER)
    open_books.write("rpt_finance__vendor_month", figure(OCTOBER, "100", list_usd="95"))
    assert adjustments(open_books) == [(NOVEMBER, OCTOBER, "list_usd", "-15")]


def test_a_vendor_that_appears_after_the_close_is_an_adjustment(open_books):
    close_month(open_books.settings, OCTOBER)
    open_books.write("rpt_finance__vendor_month", figure(OCTOBER, "100"), figure(OCTOBER, "7", vendor="cursor", list_usd=None))
    assert adjustments(open_books) == [(NOVEMBER, OCTOBER, "billed_usd", "7")]


def test_closing_the_next_month_takes_the_adjustment_over_once(open_books):
    close_month(open_books.settings, OCTOBER)
    open_books.write("rpt_finance__vendor_month", figure(OCTOBER, "104.25"))
    assert close_month(open_books.settings, NOVEMBER).adjustments == 1
    assert adjustments(open_books) == []
    open_books.write("rpt_finance__vendor_month", figure(OCTOBER, "105"))
    assert adjustments(open_books) == [(date(2026, 12, 1), OCTOBER, "billed_usd", "0.75")]
    assert closed(open_books) == {(OCTOBER, "anthropic"): "100", (NOVEMBER, "anthropic"): "50"}


def test_a_close_keeps_the_prices_and_inputs_behind_it(open_books):
    close_month(open_books.settings, OCTOBER)
    (row,) = open_books.lake.read("month_closes", "month").to_pylist()
    assert "claude_prices" in json.loads(row["price_hashes"])
    assert json.loads(row["input_versions"])["rpt_finance__vendor_month"] == 0
    assert (row["is_forced"], len(row["figures_hash"])) == (False, 16)


def test_the_hash_of_an_input_changes_with_a_day_of_the_month_and_with_no_other_day(open_books):
    def answered(day, fingerprint):
        rows = [row | {"fingerprint": fingerprint if row["usage_day"] == day else "f"} for row in
                open_books.lake.read("feed_coverage", "feed").to_pylist() if row["feed"] == "claude_api_cost"]
        open_books.write("feed_coverage", *rows)
        close_month(open_books.settings, OCTOBER)
        open_books.build("rpt_month_close")
        (row,) = open_books.lake.read("rpt_month_close").to_pylist()
        reopen_month(open_books.settings, OCTOBER, "again")
        return json.loads(row["input_hashes"])

    before, within, after = (answered(day, "other") for day in (date(2026, 9, 30), date(2026, 10, 14), date(2026, 11, 14)))
    assert before == after and before["claude_api_usage"] == within["claude_api_usage"]
    assert before["claude_api_cost"] != within["claude_api_cost"]


def test_a_month_with_missing_days_is_refused_and_names_them(open_books):
    open_books.answered("anthropic", date(2026, 10, 4), date(2026, 12, 20), feeds=("claude_api_cost",))
    with pytest.raises(ConfigurationError, match="claude_api_cost has no data for 2026-10-01 to 2026-10-03"):
        close_month(open_books.settings, OCTOBER)
    assert closed_months(open_books.settings) == []


def test_a_month_with_provisional_days_is_refused_and_names_them(open_books):
    open_books.answered("anthropic", OCTOBER, date(2026, 11, 2), feeds=("claude_api_cost",))
    with pytest.raises(ConfigurationError, match="claude_api_cost may still be restated for 2026-10-31"):
        close_month(open_books.settings, OCTOBER)


def test_days_of_the_analytics_api_hold_a_close_up_while_they_move_but_never_by_being_absent(open_books):
    open_books.answered("anthropic", date(2026, 10, 28), date(2026, 11, 28), feeds=("claude_analytics_cost",))
    with pytest.raises(ConfigurationError, match="complete: claude_analytics_cost may still be restated for 2026-10-30 to"):
        close_month(open_books.settings, OCTOBER)
    open_books.answered("anthropic", date(2026, 10, 28), date(2026, 11, 30), feeds=("claude_analytics_cost",))
    assert close_month(open_books.settings, OCTOBER).open_days == ()


def test_a_forced_close_writes_the_open_days_into_the_log(open_books):
    open_books.answered("anthropic", date(2026, 10, 4), date(2026, 12, 20), feeds=("claude_api_cost",))
    assert close_month(open_books.settings, OCTOBER, force=True).open_days == (
        "claude_api_cost has no data for 2026-10-01 to 2026-10-03",)
    assert open_books.lake.read("month_closes", "month")["is_forced"].to_pylist() == [True]


def test_a_month_that_is_not_over_is_refused_even_by_force(open_books, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-10-31")
    with pytest.raises(ConfigurationError, match="can be closed from 2026-11-01 on"):
        close_month(open_books.settings, OCTOBER, force=True)


def test_a_closed_month_is_not_closed_again(open_books):
    close_month(open_books.settings, OCTOBER)
    with pytest.raises(ConfigurationError, match="reopen it first"):
        close_month(open_books.settings, OCTOBER)


def test_reopening_is_logged_with_its_reason_and_lets_the_month_be_closed_anew(open_books):
    close_month(open_books.settings, OCTOBER)
    reopen_month(open_books.settings, OCTOBER, "credit note of 12 November")
    assert closed(open_books) == {}
    open_books.write("rpt_finance__vendor_month", figure(OCTOBER, "88"))
    close_month(open_books.settings, OCTOBER)
    log = sorted(open_books.lake.read("month_closes", "month").to_pylist(), key=lambda row: row["sequence"])
    assert [(row["action"], row["reason"], row["billed_usd"]) for row in log] == [
        ("closed", None, Decimal(100)), ("reopened", "credit note of 12 November", None), ("closed", None, Decimal(88))]
    assert closed(open_books) == {(OCTOBER, "anthropic"): "88"}


def test_reopening_needs_a_reason_and_a_closed_month(open_books):
    with pytest.raises(ConfigurationError, match="needs a reason"):
        reopen_month(open_books.settings, OCTOBER, " ")
    with pytest.raises(ConfigurationError, match="2026-10 is not closed"):
        reopen_month(open_books.settings, OCTOBER, "why")


def test_a_month_before_a_closed_one_is_not_reopened(open_books):
    close_month(open_books.settings, OCTOBER)
    close_month(open_books.settings, NOVEMBER)
    with pytest.raises(ConfigurationError, match="2026-11 is closed after 2026-10; reopen it first"):
        reopen_month(open_books.settings, OCTOBER, "why")
