"""Budgets at 80 and at 100 percent, and machine keys that no budget covers."""

from datetime import date
from decimal import Decimal

import pytest

NOVEMBER, DAY = date(2026, 11, 1), date(2026, 11, 17)


def pace(**more):
    return {
        "month": NOVEMBER, "scope_kind": "vendor", "scope": "cursor", "amount_kind": "billed",
        "owner": "finance@acme.test", "budget_usd": "1000", "to_date_usd": "845.5", "share": 0.8455,
        "exhaustion_day": date(2026, 11, 25), "state": "over_80",
    } | more


def usage(**more):
    return {
        "usage_day": DAY, "vendor": "anthropic", "series": "claude_api_key", "auth_kind": "api_key",
        "actor_kind": "machine", "actor_id": "apikey_01A", "key_id": "apikey_01A", "key_name": "matching-prod",
        "list_usd": "1.505",
    } | more


def budgets(company, *lines):
    header = "scope_kind,scope,amount_kind,monthly_usd,effective_from,effective_to,owner"
    (company.sql_dir / "policies" / "budgets.csv").write_text("\n".join((header, *lines)) + "\n")


def test_a_budget_at_80_percent_is_a_warning_with_its_date_and_owner(company):
    company.write("rpt_finance__budget_pace", pace())
    (row,) = company.rows("budget_over_80")
    assert (row["severity"], row["vendor"], row["subject"]) == ("WARN", "cursor", "vendor cursor (billed)")
    assert (row["observed"], row["baseline"], row["usage_day"]) == (Decimal("845.5"), Decimal(1000), NOVEMBER)
    assert row["explanation"] == (
        "Budget of vendor cursor for 2026-11: 845.50 of 1000.00 USD (billed) is 84 percent; at this pace it is "
        "reached on 2026-11-25; owner finance@acme.test")
    assert company.rows("budget_over_100") == []


def test_a_used_up_budget_is_an_error_and_no_longer_a_warning(company):
    company.write("rpt_finance__budget_pace", pace(
        scope_kind="org", scope="Payments", org="Payments", amount_kind="list", to_date_usd="1000", share=1.0, state="over_100",
        exhaustion_day=date(2026, 11, 20), owner=None))
    (row,) = company.rows("budget_over_100")
    assert (row["severity"], row["vendor"], row["org"]) == ("ERROR", "company", "Payments")
    assert row["explanation"] == (
        "Budget of org Payments for 2026-11: 1000.00 of 1000.00 USD (list) is 100 percent; reached on 2026-11-20")
    assert company.rows("budget_over_80") == []


@pytest.mark.parametrize(("share", "percent"), [(0.8, 80), (0.829999, 82), (0.83, 83), (0.99999, 99)])
def test_the_percentage_is_rounded_down(company, share, percent):
    company.write("rpt_finance__budget_pace", pace(share=share))
    assert f"is {percent} percent" in company.rows("budget_over_80")[0]["explanation"]


@pytest.mark.parametrize("state", ["under", None])
def test_a_budget_below_80_percent_or_without_figures_is_silent(company, state):
    company.write("rpt_finance__budget_pace", pace(state=state))
    assert company.rows("budget_over_80") + company.rows("budget_over_100") == []


def test_a_key_that_no_budget_covers_is_listed(company):
    budgets(company, "key,other-key,list,100,2026-01-01,,")
    company.write("fct_usage_day", usage(), usage(list_usd="2"))
    (row,) = company.rows("key_without_budget")
    assert (row["severity"], row["subject"], row["amount_usd"]) == ("WARN", "matching-prod", Decimal("3.505"))
    assert row["explanation"] == (
        "Key matching-prod (apikey_01A) has no budget in policies/budgets.csv; 2026-11 so far: 3.51 USD (list)")


@pytest.mark.parametrize("line", [
    "key,apikey_01A,list,100,2026-01-01,,", "key,matching-prod,list,100,2026-01-01,2026-12-01,"])
def test_a_key_is_covered_by_its_id_or_its_name(company, line):
    budgets(company, line)
    company.write("fct_usage_day", usage())
    assert company.rows("key_without_budget") == []


def test_an_ended_budget_covers_nothing(company):
    budgets(company, "key,apikey_01A,list,100,2026-01-01,2026-11-01,")
    company.write("fct_usage_day", usage())
    assert len(company.rows("key_without_budget")) == 1


def test_a_line_that_begins_later_ends_the_one_before_it_and_covers_from_then(company):
    budgets(company, "key,apikey_01A,list,100,2026-01-01,,", "key,apikey_01A,list,200,2026-11-10,2026-11-15,")
    company.write("fct_usage_day", usage())
    assert len(company.rows("key_without_budget")) == 1


@pytest.mark.parametrize(("line", "uncovered"), [
    ("squad,Payments/Core,list,100,2026-01-01,,", ["apikey_01B"]),
    ("squad,Core,list,100,2026-01-01,,", []),
    ("squad,Search/Core,list,100,2026-01-01,,", ["apikey_01A"]),
    ("org,Payments,list,100,2026-01-01,,", ["apikey_01B"]),
    ("org,Payments,list,100,2026-01-01,2026-11-17,", ["apikey_01A", "apikey_01B"]),
    ("vendor,anthropic,list,100,2026-01-01,,", ["apikey_01A", "apikey_01B"])])
def test_the_budget_of_its_own_squad_or_org_covers_a_key_and_a_vendors_does_not(company, line, uncovered):
    budgets(company, "key,other-key,list,100,2026-01-01,,", line)
    company.write(
        "fct_usage_day", usage(squad="Core", org="Payments"),
        usage(squad="Core", org="Search", actor_id="apikey_01B", key_id="apikey_01B", key_name=None))
    names = {"matching-prod": "apikey_01A"}
    assert sorted(names.get(row["subject"], row["subject"]) for row in company.rows("key_without_budget")) == uncovered


def test_service_accounts_are_keys_and_interactive_keys_and_people_are_not(company):
    budgets(company, "key,other-key,list,100,2026-01-01,,")
    company.write(
        "fct_usage_day",
        usage(vendor="cursor", auth_kind="service_account", actor_id="sa_ci", key_id=None, key_name=None, list_usd=None),
        usage(actor_kind="interactive"), usage(auth_kind="seat", key_id=None),
        usage(vendor="custom_agents", actor_id="invoice_matching"))
    (row,) = company.rows("key_without_budget")
    assert row["explanation"] == "Key sa_ci has no budget in policies/budgets.csv; 2026-11 so far: not priced"


def test_a_key_is_listed_once_however_often_it_was_rotated(company):
    budgets(company, "key,other-key,list,100,2026-01-01,,")
    company.write("fct_usage_day", usage(), usage(actor_id="apikey_01B", key_id="apikey_01B", list_usd="2"))
    (row,) = company.rows("key_without_budget")
    assert row["explanation"] == (
        "Key matching-prod (apikey_01A, apikey_01B) has no budget in policies/budgets.csv; 2026-11 so far: 3.51 USD (list)")


def test_without_any_budget_one_line_says_so_for_all_keys_and_how_to_state_one(company):
    budgets(company)
    company.write(
        "fct_usage_day", usage(), usage(actor_id="apikey_01B", key_id="apikey_01B", list_usd="2"),
        usage(actor_id="apikey_01C", key_id="apikey_01C", key_name="ranker", list_usd="1"))
    (row,) = company.rows("key_without_budget")
    assert (row["vendor"], row["subject"], row["amount_usd"], row["usage_day"]) == (
        "company", "all machine keys", Decimal("4.505"), NOVEMBER)
    assert row["explanation"] == (
        "policies/budgets.csv states no budget at all, so nothing watches 2 machine keys; 2026-11 so far: 4.51 USD (list). "
        "A line such as key,matching-prod,list,100,2026-11-01,,owner@example.com gives one a budget in USD a month; "
        "a line for a squad or org covers all of its keys")


def test_without_any_budget_and_without_a_machine_key_nothing_is_said(company):
    budgets(company)
    company.write("fct_usage_day", usage(auth_kind="seat", key_id=None, actor_kind="interactive"))
    assert company.rows("key_without_budget") == []


def test_a_budget_of_one_of_its_ids_covers_a_rotated_key(company):
    budgets(company, "key,apikey_01B,list,100,2026-01-01,,")
    company.write("fct_usage_day", usage(), usage(actor_id="apikey_01B", key_id="apikey_01B"))
    assert company.rows("key_without_budget") == []
