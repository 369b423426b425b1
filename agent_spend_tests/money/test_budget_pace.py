"""Month to date, pace and projection of a budget, from ledger lines by hand."""

from datetime import date
from decimal import Decimal

import pytest

NOVEMBER = date(2026, 11, 1)
HEADER = "scope_kind,scope,amount_kind,monthly_usd,effective_from,effective_to,owner\n"


def day(n: int) -> date:
    return date(2026, 11, n)


def line(n, amount="10", **more):
    return {
        "usage_day": day(n), "vendor": "cursor", "series": "cursor_on_demand", "auth_kind": "seat", "actor_id": "m",
        "squad": "checkout", "org": "Payments", "list_usd": amount, "billed_usd": None, "is_provisional": False,
    } | more


@pytest.fixture
def finance(company):
    finance = company("rpt_finance__budget_pace", "fct_seat_month")
    finance.covered("cursor_usage_events", *(day(n) for n in range(1, 11)))
    return finance


def pace(finance, budgets, *lines):
    finance.seed("budgets", HEADER + budgets)
    finance.table("fct_usage_day", *lines)
    finance.build("rpt_finance__budget_pace")
    return finance.rows("rpt_finance__budget_pace", "scope_kind, scope, amount_kind")


def test_ten_even_days_project_three_times_as_much(finance):
    [row] = pace(finance, "vendor,cursor,list,400,2026-01-01,,finance@acme.test\n", *(line(n) for n in range(1, 11)))
    assert row == {
        "month": NOVEMBER, "scope_kind": "vendor", "scope": "cursor", "squad": None, "org": None, "amount_kind": "list",
        "owner": "finance@acme.test", "budget_usd": Decimal(400), "to_date_usd": Decimal(100), "seat_usd": None,
        "share": 0.25, "days_final": 10, "pace_usd_per_day": Decimal(10), "projected_usd": Decimal(300),
        "projected_low_usd": Decimal(300), "projected_high_usd": Decimal(300), "exhaustion_day": None, "state": "under",
    }


def test_the_band_is_one_deviation_of_a_day_times_the_root_of_the_days_to_come(finance):
    # 5 and 15 in turn: mean 10, sample deviation sqrt(250 / 9) = 5.270463, times sqrt(20) = 23.570226.
    [row] = pace(finance, "vendor,cursor,list,400,2026-01-01,,\n",
                 *(line(n, "15" if n % 2 else "5") for n in range(1, 11)))
    assert row["projected_usd"] == 300
    assert round(row["projected_low_usd"], 6) == Decimal("276.429774")
    assert round(row["projected_high_usd"], 6) == Decimal("323.570226")


def test_provisional_days_count_to_date_and_not_in_the_pace(finance):
    lines = [line(n, "10" if n < 9 else "90", is_provisional=n >= 9) for n in range(1, 11)]
    [row] = pace(finance, "vendor,cursor,list,1000,2026-01-01,,\n", *lines)
    assert (row["to_date_usd"], row["days_final"], row["pace_usd_per_day"]) == (260, 8, 10)
    # 80 of the final days and 22 days at the pace of 10.
    assert row["projected_usd"] == 300


def test_a_projection_is_never_below_what_is_there(finance):
    lines = [line(n, "10" if n < 10 else "900", is_provisional=n >= 10) for n in range(1, 11)]
    [row] = pace(finance, "vendor,cursor,list,2000,2026-01-01,,\n", *lines)
    assert (row["to_date_usd"], row["projected_usd"], row["projected_low_usd"]) == (990, 990, 990)


def test_a_known_day_without_usage_is_a_day_at_zero_and_an_unknown_one_is_none(finance):
    finance.covered("cursor_usage_events", *(day(n) for n in (1, 2, 3, 4)))
    finance.covered("claude_code_usage", *(day(n) for n in range(1, 11)))
    [row] = pace(finance, "vendor,cursor,list,1000,2026-01-01,,\n", line(1, "20"), line(2, "20"))
    assert (row["days_final"], row["pace_usd_per_day"], row["projected_usd"]) == (4, 10, 40 + 26 * 10)


def test_without_a_final_day_there_is_no_pace(finance):
    [row] = pace(finance, "vendor,cursor,list,100,2026-01-01,,\n", line(1, "20", is_provisional=True))
    assert (row["to_date_usd"], row["days_final"], row["pace_usd_per_day"]) == (20, 0, None)
    assert (row["projected_usd"], row["exhaustion_day"], row["state"]) == (None, None, "under")


def test_the_day_a_budget_will_be_reached_is_counted_from_the_last_final_day(finance):
    # 100 by the 10th; the other 125 take 12.5 days: the 23rd.
    [row] = pace(finance, "vendor,cursor,list,225,2026-01-01,,\n", *(line(n) for n in range(1, 11)))
    assert row["exhaustion_day"] == day(23)


def test_the_day_a_budget_was_reached_is_that_day(finance):
    [row] = pace(finance, "vendor,cursor,list,70,2026-01-01,,\n", *(line(n) for n in range(1, 11)))
    assert (row["exhaustion_day"], row["state"]) == (day(7), "over_100")


@pytest.mark.parametrize(("budget", "state"), [
    ("125.01", "under"), ("125", "over_80"), ("100.01", "over_80"), ("100", "over_100")])
def test_80_and_100_percent_count_from_the_exact_cent(finance, budget, state):
    [row] = pace(finance, f"vendor,cursor,list,{budget},2026-01-01,,\n", *(line(n) for n in range(1, 11)))
    assert row["state"] == state


def test_list_and_billed_budgets_of_one_scope_stay_apart(finance):
    rows = pace(finance, "vendor,cursor,list,400,2026-01-01,,\nvendor,cursor,billed,50,2026-01-01,,\n",
                *(line(n, "10", billed_usd="3") for n in range(1, 11)))
    assert [(row["amount_kind"], row["to_date_usd"], row["state"]) for row in rows] == [
        ("billed", 30, "under"), ("list", 100, "under")]


def test_a_billed_budget_holds_seat_fees_once_and_not_in_the_pace(finance):
    finance.table("fct_seat_month",
                  {"month": NOVEMBER, "vendor": "cursor", "plan": "standard", "person_id": "E1", "billed_usd": "40"},
                  {"month": NOVEMBER, "vendor": "cursor", "plan": "standard", "person_id": None, "billed_usd": "80"})
    finance.table("dim_person", {"person_id": "E1", "name": "Mira K", "squad": "checkout", "org": "Payments"})
    billed, squad = sorted(
        pace(finance, "vendor,cursor,billed,500,2026-01-01,,\nsquad,checkout,billed,500,2026-01-01,,\n",
             *(line(n, billed_usd="3") for n in range(1, 11))), key=lambda row: -row["to_date_usd"])
    assert (billed["to_date_usd"], billed["seat_usd"], billed["pace_usd_per_day"], billed["projected_usd"]) == (
        150, 120, 3, 210)
    assert (squad["to_date_usd"], squad["seat_usd"]) == (70, 40)


def test_an_amount_that_no_line_states_is_not_zero(finance):
    [row] = pace(finance, "vendor,cursor,billed,400,2026-01-01,,\n", *(line(n) for n in range(1, 11)))
    assert (row["to_date_usd"], row["share"], row["projected_usd"], row["state"]) == (None, None, None, None)


def test_a_scope_that_nobody_uses_is_shown_without_figures(finance):
    [row] = pace(finance, "squad,nowhere,list,400,2026-01-01,,\n", line(1))
    assert (row["scope"], row["to_date_usd"], row["days_final"], row["state"]) == ("nowhere", None, 0, None)


@pytest.mark.parametrize(("budget", "to_date"), [
    ("vendor,cursor", 1), ("squad,checkout", 17), ("org,Payments", 17), ("workflow,invoice_matching", 32),
    ("key,apikey_01A", 16), ("key,matching-prod", 16), ("key,sa_ci", 1)])
def test_each_kind_of_scope_takes_its_own_lines(finance, budget, to_date):
    nobody = {"squad": "(not attributable)", "org": "(not attributable)"}
    [row] = pace(
        finance, f"{budget},list,400,2026-01-01,,\n",
        line(1, "1", auth_kind="service_account", actor_id="sa_ci"),
        line(1, "16", vendor="anthropic", auth_kind="api_key", actor_id="apikey_01A", key_id="apikey_01A",
             key_name="matching-prod"),
        line(1, "32", vendor="custom_agents", actor_id="invoice_matching"),
        line(1, "64", vendor="anthropic", key_id="other", actor_id="invoice_matching", **nobody))
    assert row["to_date_usd"] == to_date


@pytest.mark.parametrize("dates", ["2026-11-11,", "2026-01-01,2026-11-10"])
def test_a_budget_not_in_force_on_the_newest_day_is_left_out(finance, dates):
    assert pace(finance, f"vendor,cursor,list,400,{dates},\n", line(10)) == []


def test_only_the_newest_month_counts(finance):
    [row] = pace(finance, "vendor,cursor,list,400,2026-01-01,,\n", line(1), line(1, "999") | {"usage_day": date(2026, 10, 31)})
    assert (row["month"], row["to_date_usd"]) == (NOVEMBER, 10)


def test_a_budget_that_changes_in_mid_month_is_each_lines_part_of_the_days(finance):
    # 300 for 15 of 30 days and 600 for the other 15.
    [row] = pace(finance, "vendor,cursor,list,300,2026-01-01,2026-11-16,a@acme.test\n"
                 "vendor,cursor,list,600,2026-11-16,,b@acme.test\n", *(line(n) for n in range(1, 11)), line(16), line(17))
    assert (row["budget_usd"], row["to_date_usd"], row["owner"]) == (450, 120, "b@acme.test")
    # Of the ten final days of the coverage: 100, and 20 days at 10.
    assert (row["days_final"], row["projected_usd"]) == (10, 300)


def test_a_new_line_ends_the_one_before_it(finance):
    [row] = pace(finance, "vendor,cursor,list,300,2026-01-01,,\nvendor,cursor,list,600,2026-11-07,,\n", line(10))
    # 300 for 6 of 30 days and 600 for 24.
    assert row["budget_usd"] == 60 + 480


def test_a_budget_that_begins_in_mid_month_takes_its_own_days_and_their_part_of_the_money(finance):
    [row] = pace(finance, "vendor,cursor,list,300,2026-11-06,,\n", *(line(n) for n in range(1, 11)))
    # 25 of 30 days; the pace of the days 6 to 10 for all 25.
    assert (row["budget_usd"], row["to_date_usd"], row["days_final"], row["projected_usd"]) == (250, 50, 5, 250)


def test_seat_fees_of_a_budget_for_half_a_month_are_half_the_fees(finance):
    finance.table("fct_seat_month", {
        "month": NOVEMBER, "vendor": "cursor", "plan": "standard", "person_id": "E1", "billed_usd": "40"})
    [row] = pace(finance, "vendor,cursor,billed,300,2026-01-01,2026-11-16,\n", line(10, billed_usd="3"))
    assert (row["budget_usd"], row["seat_usd"], row["to_date_usd"]) == (150, 20, 23)


def test_on_the_first_of_a_month_the_new_line_is_in_force_and_there_is_no_pace_yet(finance):
    first = {"usage_day": date(2026, 12, 1), "is_provisional": True}
    finance.covered("cursor_usage_events", *(day(n) for n in range(1, 31)), date(2026, 12, 1))
    [row] = pace(finance, "vendor,cursor,list,300,2026-01-01,2026-12-01,\nvendor,cursor,list,620,2026-12-01,,\n",
                 *(line(n, "30") for n in range(1, 31)), line(1, "31") | first)
    assert (row["month"], row["budget_usd"], row["to_date_usd"], row["state"]) == (date(2026, 12, 1), 620, 31, "under")
    assert (row["days_final"], row["pace_usd_per_day"], row["projected_usd"], row["exhaustion_day"]) == (0, None, None, None)


def test_squads_of_one_name_in_two_orgs_have_a_budget_each(finance):
    rows = pace(finance, "squad,checkout,list,400,2026-01-01,,\nsquad,Search/checkout,list,100,2026-01-01,,\n",
                line(1, "3"), line(1, "5", org="Search"))
    assert [(row["scope"], row["org"], row["budget_usd"], row["to_date_usd"]) for row in rows] == [
        ("Payments/checkout", "Payments", 400, 3), ("Search/checkout", "Search", 100, 5)]


def test_the_file_as_shipped_holds_no_budget(finance):
    finance.table("fct_usage_day", line(1))
    finance.build("rpt_finance__budget_pace")
    assert finance.rows("rpt_finance__budget_pace") == []
