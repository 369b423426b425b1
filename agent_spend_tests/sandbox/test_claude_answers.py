"""The Claude part of the answer key: internally consistent and the same for the same scenario."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from agent_spend.sandbox.claude_usage import answer_key, messages_records, registry_rows
from agent_spend.sandbox.scenario import Scenario

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
KEY = answer_key(SMALL)


def added(amounts):
    return sum(map(Decimal, amounts.values()))


def test_the_same_scenario_gives_the_same_answers_and_another_seed_others():
    messages_records.cache_clear()
    assert answer_key(Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))) == KEY
    assert answer_key(replace(SMALL, seed=8))["list_usd"]["total"] != KEY["list_usd"]["total"]


def test_days_months_workspaces_keys_and_models_add_up_to_the_same_total():
    total = Decimal(KEY["list_usd"]["total"]["usd"])
    for name in ("by_day", "by_month", "by_workspace", "by_key", "by_model", "by_key_month"):
        assert added(KEY["list_usd"][name]) == total, name
    assert added(KEY["billed_usd"]["by_day"]) == Decimal(KEY["billed_usd"]["total"]["usd"])


def test_the_bill_exceeds_list_by_the_unlisted_model_and_the_code_execution_that_no_list_value_has():
    execution = Decimal(KEY["billed_usd"]["by_cost_type"]["code_execution"])
    stated = Decimal(KEY["list_usd"]["code_execution"]["total"])
    unlisted = Decimal(KEY["unpriced"]["billed_usd"])
    assert Decimal(KEY["difference_usd"]["total"]["usd"]) == execution - stated + unlisted
    assert execution > 0 < unlisted


def test_the_newest_days_come_from_the_reports_and_the_unpriced_one_is_among_them():
    assert KEY["analytics_last_day"] == "2026-11-18"
    assert KEY["unpriced"]["day"] > KEY["analytics_last_day"]


def test_usage_without_a_price_is_counted_in_tokens_and_on_one_day_only():
    assert KEY["unpriced"]["day"] == "2026-11-19"
    assert KEY["unpriced"]["total_tokens"] > 0
    models = [record.model for day in SMALL.calendar for record in messages_records(SMALL, day)]
    assert models.count("claude-preview-x1") == 1


def test_a_rotated_key_is_two_ids_under_one_name_and_tag():
    old, new = (key for key in KEY["keys"] if key["key_name"] == "ranker-prod")
    assert old["key_id"] != new["key_id"]
    assert (old["environment"], old["cost_center"]) == (new["environment"], new["cost_center"]) == ("prod", "CC-430")
    assert {old["key_id"], new["key_id"]} <= set(KEY["list_usd"]["by_key"])


def test_the_registry_knows_every_machine_key_but_the_forgotten_one():
    rows = registry_rows(SMALL)
    assert len(rows) == 10
    assert SMALL.incidents.untagged_key_id not in {row["key_id"] for row in rows}
    assert all("ClaudeCode" not in row["key_id"] for row in rows)
    assert set(rows[0]) == {"vendor", "key_id", "key_name", "environment", "cost_center", "owner_email", "workspace_id"}
    assert Decimal(KEY["list_usd"]["by_key"]["apikey_01SimForgotten"]) > 0


def test_claude_code_on_console_keys_is_part_of_the_api_usage():
    people = KEY["people"]["console"]
    personal = [key for key in KEY["list_usd"]["by_key"] if key.startswith("apikey_01SimClaudeCode")]
    assert len(personal) == len(people) == 4
    assert sum(Decimal(KEY["list_usd"]["by_key"][key]) for key in personal) == Decimal(
        KEY["list_usd"]["by_workspace"]["wrkspc_01SimClaudeCode"])


def test_the_swapped_workflow_uses_the_dearer_model_from_its_day_on():
    swap = SMALL.incidents.swap_day
    models = {
        day: record.model for day in SMALL.calendar for record in messages_records(SMALL, day)
        if record.api_key_id == "apikey_01SimInvoiceProd"
    }
    assert {model for day, model in models.items() if day < swap} == {"claude-sonnet-5-5"}
    assert {model for day, model in models.items() if day >= swap} == {"claude-opus-5-5"}


def test_a_year_of_history_only_uses_models_that_existed():
    year = Scenario(developers=12, days=365, seed=7, end_day=date(2026, 11, 22))
    day = date(2026, 1, 15)
    assert {record.model for record in messages_records(year, day)} <= {
        "claude-sonnet-4-6", "claude-opus-4-8", "claude-opus-4-6", "claude-haiku-4-5-20251001"}


def test_subscription_estimates_are_kept_apart_from_the_api_ones():
    code = KEY["claude_code"]
    assert added(code["subscription_usd_by_actor_month"]) == added(code["subscription_usd_by_month"])
    assert "ci-claude-code 2026-11" in code["api_usd_by_actor_month"]
    assert len(code["seat_cron"]["usd_by_day"]) == 21
