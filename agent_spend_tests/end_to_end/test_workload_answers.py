"""The workload inventory, its findings and its what-ifs on the simulated company, against the answer key."""

from datetime import date
from decimal import Decimal

import pytest

from agent_spend.settings import Settings
from agent_spend.what_if.agent_sdk_split import split_what_if

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def test_the_production_cron_on_a_seat_is_the_only_one_found_and_is_one_finding(demo):
    rows = demo.rows("SELECT workload, owner, confidence FROM rpt_auth_audit WHERE verdict = 'prod_on_seat'")
    findings = demo.rows("SELECT subject, person_id FROM rpt_findings WHERE kind = 'prod_workload_on_seat'")
    assert rows == [("release_notes", "Jonas Jung", "high")]
    assert findings == [("release_notes", "E1009")]


def test_nobodys_interactive_use_of_a_seat_is_in_the_inventory(demo):
    assert demo.rows("SELECT workload FROM rpt_auth_audit WHERE workload_kind IN ('session', 'unlisted terminal')") == []


def test_the_inventory_holds_all_machine_and_headless_money_of_the_window(demo):
    ledger = demo.rows(
        """SELECT vendor, SUM(list_usd) FROM fct_usage_day
           WHERE actor_kind IN ('headless', 'machine') AND usage_day > (SELECT MAX(usage_day) - 28 FROM fct_usage_day)
             AND series <> 'copilot_billing'  -- the bill's own line of the same use: a charge, no list value
           GROUP BY vendor ORDER BY vendor"""
    )
    assert demo.rows("SELECT vendor, SUM(list_usd_28d) FROM rpt_auth_audit GROUP BY vendor ORDER BY vendor") == ledger


def test_a_rotated_key_is_one_workload(demo):
    ledger = "SELECT SUM(list_usd), COUNT(DISTINCT key_id) FROM fct_usage_day WHERE key_name = 'ranker-prod'"
    ((list_usd, keys),) = demo.rows(ledger + " AND usage_day > (SELECT MAX(usage_day) - 28 FROM fct_usage_day)")
    assert demo.rows("SELECT list_usd_28d FROM rpt_auth_audit WHERE workload = 'ranker-prod'") == [(list_usd,)] and keys == 2


def test_the_forgotten_key_is_one_finding_of_each_kind(demo):
    key = demo.key["company_files"]["key_registry"]["untagged_key_id"]
    assert demo.rows(f"SELECT kind FROM rpt_findings WHERE subject = '{key}' ORDER BY kind") == [
        ("key_without_budget",), ("key_without_owner",), ("untagged_key",)]


def test_budgets_are_used_as_the_key_says_and_the_owner_of_the_one_that_is_used_up_is_told(demo):
    budgets = demo.key["company_files"]["budgets"]
    assert demo.rows("SELECT scope, budget_usd, to_date_usd, state FROM rpt_finance__budget_pace ORDER BY scope") == sorted(
        (line["scope"], Decimal(line["monthly_usd"]), Decimal(line["used_usd"]), line["state"]) for line in budgets
    )
    used_up = {line["state"]: line for line in budgets}["over_100"]
    ((told,),) = demo.rows("SELECT explanation FROM rpt_findings WHERE kind = 'budget_over_100' AND notified_at IS NOT NULL")
    assert used_up["scope"] in told and used_up["owner"] in told


def test_the_split_is_not_in_force_and_a_what_if_matches_the_key_to_the_cent(demo):
    assert demo.rows("SELECT DISTINCT state, credit_usd FROM rpt_platform__agent_sdk_split") == [("not in force", None)]
    cron = demo.key["claude_usage"]["claude_code"]["seat_cron"]
    used = sum(Decimal(usd) for usd in list(cron["usd_by_day"].values())[-28:])
    (row,) = split_what_if(Settings.from_environment(), date(2026, 12, 1)).seats.to_pylist()
    assert (row["seat"], row["headless_list_usd"], row["overflow_usd"], row["stops"]) == (
        cron["email"], used, used - 20, True)


def test_the_last_weeks_growth_is_named_first(demo):
    assert demo.rows(
        "SELECT week_start, vendor, background_kind FROM rpt_finance__drivers_week WHERE rank = 1 ORDER BY 1 DESC LIMIT 1"
    ) == [(date(2026, 11, 16), "cursor", "automation")]
