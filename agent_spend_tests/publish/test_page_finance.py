"""The finance layer, read as finance reads it."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from page_rows import MONTH, OCTOBER, WEEK, company


def test_the_four_amounts_of_a_month_are_four_columns(publish):
    row = publish()["index.html"].row("reconciliation", "Oct 2026 Cursor")
    assert row[:8] == ["Oct 2026", "Cursor", "usage", "$20.00", "$5.00", "$15.00", "$15.00", "reconciled"]


def test_an_amount_that_nobody_stated_is_not_zero(publish):
    page = publish()["index.html"]
    assert page.row("reconciliation", "Nov 2026 GitHub Copilot")[3:7] == ["$7.44", "not stated", "not stated", "not stated"]
    assert page.row("reconciliation", "seats")[3:7] == ["not stated", "not stated", "not stated", "$320.00"]


def test_a_stated_zero_is_shown_as_zero(publish):
    row = next(row for row in publish()["index.html"].rows["reconciliation"] if row[1] == "Cursor" and row[2] == "usage")
    assert row[3:6] == ["$10.00", "$0.00", "$10.00"]


def test_a_month_without_an_invoice_is_not_reconciled(publish):
    assert "not reconciled" in publish()["index.html"].row("reconciliation", "Nov 2026 GitHub Copilot")[7]


def test_list_value_is_called_directional_and_not_an_invoice(publish):
    assert publish()["index.html"].text.lower().count("directional, not an invoice") >= 4


def test_a_tile_compares_the_list_value_of_a_day_with_that_of_the_month_before(publish):
    tables = company()
    for row in tables["rpt_finance__vendor_month"]:
        if row["vendor"] == "cursor" and row["charge_kind"] == "usage":
            row["days_covered"] = 20 if row["month"] == MONTH else 10
    # 10 USD in 20 days are 0.50 a day; 20 USD in 10 days were 2.00.
    assert "−75% a day against Oct 2026 ($20.00 in 10 days)" in publish(tables)["index.html"].text


def test_a_total_says_which_tokens_it_leaves_out(publish):
    text = publish()["index.html"].text
    assert "excludes 1.20 M unpriced tokens" in text


def test_no_figure_is_called_spend_or_cost_alone(publish):
    for page in publish().values():
        text = page.text.replace("Agent spend", "").replace("agent-spend query", "")
        assert not re.search(r"\bspend\b", text, re.IGNORECASE)
        left = re.sub(r"cost per completed task|cost report|cost centre", "", text, flags=re.IGNORECASE)
        assert not re.search(r"\bcosts?\b", left, re.IGNORECASE)


def test_vendors_are_never_added(publish):
    # 7.44 + 43.00 + 10.00 of November, and its parts two by two.
    for sum_over_vendors in ("60.44", "50.44", "53.00", "17.44"):
        assert sum_over_vendors not in publish()["index.html"].html


def test_a_figure_leads_to_its_rows_and_the_price_behind_them(publish):
    page = publish()["index.html"]
    assert 'href="#lines-anthropic-2026-11-01"' in page.html
    assert "lines-anthropic-2026-11-01" in page.ids
    row = page.row("lines-anthropic-2026-11-01", "Claude API keys claude-opus-5-5 key")
    assert row[3:5] == ["1.50 M tokens", "$40.25"]
    assert row[7].startswith("claude_prices claude-opus-5-5 default 2026-09-22")


def test_copilot_is_not_split_by_model(publish):
    row = publish()["index.html"].row("lines-github_copilot-2026-11-01", "Copilot credits")
    assert row[1] == "not split by the vendor"


def test_every_series_has_its_own_line_in_the_numbers_of_the_chart(publish):
    names = [row[1] for row in publish()["index.html"].rows["months"][1:]]
    assert sorted(names) == ["Claude API keys", "Copilot credits", "Cursor on-demand"]


def test_without_invoices_the_page_says_so(publish):
    tables = company()
    tables["rpt_finance__vendor_month"] = [row for row in tables["rpt_finance__vendor_month"] if row["month"] == MONTH]
    assert "No invoices are loaded" in publish(tables)["index.html"].text


def test_an_invoice_is_marked_in_the_chart(publish):
    tables = company()
    tables["rpt_finance__series_month"].append(
        {**tables["rpt_finance__series_month"][2], "month": OCTOBER}
    )
    assert 'aria-label="Oct 2026, Cursor: invoiced $335.00"' in publish(tables)["index.html"].html


def test_included_pools_and_seat_fees_stand_beside_the_months(publish):
    tables = company()
    pool = {"included_credits": 1900, "used_credits": 2000, "left_credits": 0, "overage_credits": 100, "overage_usd": 1}
    tables["rpt_finance__pool_month"] = [{"month": MONTH, "vendor": "github_copilot", "source": "billing API", **pool}]
    tables["fct_seat_month"] = [
        {"month": MONTH, "vendor": "cursor", "plan": "standard", "seats": 1, "billed_usd": Decimal(40), "is_idle": idle,
         "idle_usd": Decimal(40 if idle else 0), "is_under_used": not idle, "under_used_usd": Decimal(0 if idle else 40),
         "proration_rule": "rest_of_cycle_if_used", "price_version": "seat_prices cursor 2026"} for idle in (True, False, False)
    ]  # fmt: skip
    page = publish(tables)["index.html"]
    assert page.row("pools", "Nov 2026")[2:7] == ["1,900.00", "2,000.00", "0", "100.00", "$1.00"]
    assert page.row("seat-fees", "Cursor")[1:] == [
        "standard", "3", "$120.00", "1", "$40.00", "2", "$80.00", "Rest of cycle if used seat_prices cursor 2026",
    ]


def test_seats_of_an_unknown_cycle_are_called_provisional_and_unseen_use_is_not_called_idle(publish):
    tables = company()
    tables["fct_seat_month"] = [
        {"month": MONTH, "vendor": "cursor", "plan": "standard", "seats": 1, "billed_usd": Decimal(40),
         "is_provisional": True,
         "use_state": "usage not loaded", "proration_rule": "rest_of_cycle_if_used"},
        {"month": MONTH, "vendor": "anthropic", "plan": "standard", "seats": 1, "billed_usd": Decimal(25),
         "is_provisional": False,
         "use_state": "use not visible", "proration_rule": "purchased_seats"}]  # fmt: skip
    page = publish(tables)["index.html"]
    assert page.row("seat-fees", "Cursor")[8].startswith("provisional: billing cycle not known, calendar month shown")
    assert page.row("seat-fees", "Anthropic")[4:] == ["unknown"] * 4 + ["1 of the seats: use not visible Purchased seats"]


def test_cursors_cycle_and_its_calendar_months_are_cut_from_the_same_rows(publish):
    tables = company()
    start, end = (datetime(2026, month, 27, 12, 8, 4, tzinfo=UTC) for month in (10, 11))
    tables["rpt_finance__cursor_cycle"] = [
        {"cycle_started_at": start, "cycle_ended_at": end, "seat_usd": 40,
         "included_usd": 7, "on_demand_usd": 12, "spend_usd": 10,
         "difference_usd": 2, "state": "running"}]
    tables["rpt_finance__cursor_cycle_day"] = [
        {"usage_day": date(2026, month, day), "cycle_started_at": start, "covered_usd": covered, "billed_usd": billed}
        for month, day, covered, billed in ((10, 27, 3, 1), (10, 28, 2, 1), (11, 1, 2, 10))]
    tables["fct_seat_fee"] = [
        {"month": date(2026, month, 1), "vendor": "cursor", "period_start_day": start.date(), "billed_usd": Decimal(usd)}
        for month, usd in ((10, "6.45"), (11, "33.55"))]
    page = publish(tables)["index.html"]
    assert page.row("cursor-cycles", "27 Oct 2026")[1:] == [
        "$40.00", "$7.00", "$12.00", "$10.00", "$2.00", "running, not comparable yet"]
    assert page.row("cursor-cycles", "in Oct 2026")[1:4] == ["$6.45", "$5.00", "$2.00"]
    assert page.row("cursor-cycles", "in Nov 2026")[1:4] == ["$33.55", "$2.00", "$10.00"]


def test_a_reconciled_seat_line_is_called_so_and_a_difference_names_its_cause(publish):
    tables = company()
    figures = {"metered_usd": 320, "billing_api_usd": 321, "invoiced_usd": 320, "cause": "rounding", "cause_usd": -1}
    line = {"month": OCTOBER, "vendor": "cursor", "line": "seat", "comparison": "billing_api_invoice", "state": "reconciled"}
    tables["rpt_reconciliation_month"] = [line | figures]
    tables["rpt_reconciliation_month"].append({
        "month": OCTOBER, "vendor": "anthropic", "line": "usage", "comparison": "billing_api_invoice", "cause": "currency",
        "billing_api_usd": 100, "invoiced_foreign": "92.00 EUR", "state": "not reconciled"})
    for row in tables["rpt_finance__vendor_month"]:
        row["is_reconciled"] = row["charge_kind"] == "seat"
    page = publish(tables)["index.html"]
    assert page.row("reconciliation", "seats")[7] == "reconciled"
    assert page.row("differences", "Oct 2026 Cursor")[3:] == ["$320.00", "$321.00", "$320.00", "−$1.00 rounding", "reconciled"]
    assert page.row("differences", "Oct 2026 Anthropic")[5:] == ["92.00 EUR", "not known currency", "not reconciled"]


def closed_october(**more):
    line = {"month": OCTOBER, "about_month": OCTOBER, "vendor": "cursor", "charge_kind": "usage", "billed_usd": Decimal(15),
            "closed_at": datetime(2026, 11, 5, 9, tzinfo=UTC), "is_forced": False, "figures_hash": "3fa9",
            "price_versions": '["claude_prices claude-opus-5-5 default 2026-09-22"]'}  # fmt: skip
    change = {"adjustment_month": MONTH, "closed_month": OCTOBER, "vendor": "cursor", "charge_kind": "usage"}
    tables = company()
    tables["rpt_month_close"] = [line | more]
    tables["rpt_month_close_adjustment"] = [
        change | {"amount_kind": "billed_usd", "adjustment_usd": Decimal("4.25")},
        change | {"amount_kind": "list_usd", "adjustment_usd": Decimal("-1.5")}]
    return tables


def test_a_closed_month_says_when_it_was_closed_and_at_which_prices(publish):
    page = publish(closed_october())["index.html"]
    assert page.row("reconciliation", "Oct 2026")[0] == "Oct 2026 closed 5 Nov 2026"
    assert page.row("reconciliation", "Oct 2026 5 Nov 2026") == [
        "Oct 2026", "5 Nov 2026", "3fa9", "claude_prices claude-opus-5-5 default 2026-09-22"]


def test_a_change_after_the_close_is_a_row_of_the_open_month_and_not_of_the_closed_one(publish):
    rows = publish(closed_october())["index.html"].rows["reconciliation"]
    changed = next(n for n, row in enumerate(rows) if row[2].startswith("adjustment"))
    assert rows[changed] == ["", "Cursor", "adjustment of Oct 2026: usage", "−$1.50", "", "$4.25", "", "changed after its close"]
    assert changed < next(n for n, row in enumerate(rows) if row[0].startswith("Oct 2026"))


def test_an_adjustment_shows_before_the_month_that_carries_it_has_any_figure(publish):
    tables = closed_october()
    for row in tables["rpt_month_close_adjustment"]:
        row["adjustment_month"] = date(2026, 12, 1)
    assert publish(tables)["index.html"].row("reconciliation", "Dec 2026 Cursor")[2] == "adjustment of Oct 2026: usage"


def test_an_adjustment_that_a_close_took_over_stays_in_its_month(publish):
    tables = closed_october(month=MONTH, about_month=date(2026, 9, 1))
    rows = publish(tables)["index.html"].rows["reconciliation"]
    assert ["", "Cursor", "adjustment of Sep 2026: usage", "", "", "$15.00", "", "changed after its close"] in rows


def test_a_small_groups_budget_is_for_its_own_organisation_only(publish):
    tables = company()
    budget = {"month": MONTH, "amount_kind": "list", "budget_usd": Decimal(10), "to_date_usd": Decimal(9), "share": 0.9,
              "state": "over_80"}  # fmt: skip
    squad = {"scope_kind": "squad", "scope": "ranking", "squad": "ranking", "org": "Search"}
    tables["rpt_finance__budget_pace"] = [budget | squad, {**budget, "scope_kind": "vendor", "scope": "cursor"}]
    pages = publish(tables)
    assert [row[0] for row in pages["index.html"].rows["budgets"][1:] if len(row) == 10] == ["Cursor"]
    assert pages["org-search.html"].row("budgets", "squad ranking")[3:6] == ["$10.00", "$9.00", "90%"]
    assert "No budget of Payments." in pages["org-payments.html"].text
    assert pages["squad-search--ranking.html"].rows["budgets"][1][0] == "squad ranking"


def test_without_budgets_the_page_says_how_to_set_one(publish):
    assert "No budgets. One line a budget in dbt_like_sql/policies/budgets.csv" in publish()["index.html"].text


def test_what_changed_names_the_largest_rise_first(publish):
    tables = company()
    tables["rpt_finance__drivers_week"] = [
        {"week_start": WEEK, "vendor": "cursor", "series": "cursor_on_demand", "background_kind": kind, "list_usd": Decimal(now),
         "previous_list_usd": Decimal(before), "change_list_usd": Decimal(now) - Decimal(before), "rank": rank}
        for kind, now, before, rank in (("interactive", "41.00", "42.50", 2), ("automation", "123.81", "5.47", 1))
    ]
    rows = publish(tables)["index.html"].rows["drivers"]
    assert rows[1] == ["Cursor on-demand", "cloud automations, nobody at the keyboard", "$5.47", "$123.81", "+$118.34"]
    assert rows[2][-1] == "−$1.50"


def test_a_week_of_the_drivers_leads_to_its_rows_and_their_price_version(publish):
    tables = company()
    tables["rpt_finance__drivers_week"] = [
        {"week_start": WEEK, "vendor": "anthropic", "series": "claude_api_key", "background_kind": "api_key", "rank": 1,
         "list_usd": Decimal(43), "previous_list_usd": Decimal(1), "change_list_usd": Decimal(42)}
    ]
    page = publish(tables)["index.html"]
    assert 'href="#lines-anthropic-2026-11-01"' in page.html
    row = page.row("lines-anthropic-2026-11-01", "Claude API keys")
    assert row[7] == "claude_prices claude-opus-5-5 default 2026-09-22, direct"


def test_missing_thresholds_are_said_at_the_top_of_the_page(publish):
    assert "Alerts are silent." not in publish()["index.html"].text
    tables = company()
    tables["rpt_findings"] += [
        {**tables["rpt_findings"][0], "finding_id": name, "kind": "thresholds_missing", "vendor": "company", "subject": name,
         "person_id": None, "org": "(not attributable)", "amount_usd": None} for name in ("credits_floor", "credits_ratio")]
    text = publish(tables)["index.html"].text
    assert "Missing in dbt_like_sql/policies: credits_floor, credits_ratio." in text
    assert text.index("Alerts are silent.") < text.index("Needs a look")
