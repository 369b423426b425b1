"""Every row of the ledger says which rule decided who acted and how it signed in, and what the rule saw."""

from decimal import Decimal

import pytest
from workload_company import DAYS, Company, at

from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings

DAY = DAYS[0]
LEDGER = ("int_agent__run", "int_claude__workspace", "int_claude__key", "int_identity__copilot_day", "fct_usage_day")


@pytest.fixture
def company(tmp_path, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))
    return Company(Lake(Settings.from_environment().lake_uri))


def ledger(company) -> list[dict]:
    company.build(*LEDGER, days=[DAY])
    return company.read("fct_usage_day")


def copilot_user(**flags) -> dict:
    return {
        "usage_day": DAY, "scope_kind": "enterprise", "scope": "acme", "user_id": 599009, "user_login": "cleo_acme",
        "ai_credits_used": "12.5", "ai_credits_state": "known", "interactions": 3, "used_chat": True, "used_agent": True,
    } | flags


@pytest.mark.parametrize(("flags", "actor_kind", "rule", "evidence"), [
    ({}, "interactive", "chat and agent mode of the editor are the only surfaces that GitHub reports for the day",
     "used_chat true, used_agent true, used_cli false, used_copilot_cloud_agent false"),
    ({"used_chat": False, "used_agent": False, "used_cloud_agent": True, "interactions": 0}, "headless",
     "the cloud agent is the only surface that GitHub reports for the day",
     "used_chat false, used_agent false, used_cli false, used_copilot_cloud_agent true"),
    ({"used_chat": False, "used_agent": False, "used_cli": True}, "not_split",
     "GitHub does not say whether a person was at the Copilot CLI",
     "used_chat false, used_agent false, used_cli true, used_copilot_cloud_agent false"),
    ({"used_cloud_agent": True}, "not_split", "GitHub does not split ai_credits_used by surface, model or agent",
     "used_chat true, used_agent true, used_cli false, used_copilot_cloud_agent true"),
    ({"used_cli": None, "used_cloud_agent": None}, "not_split",
     "GitHub does not split ai_credits_used by surface, model or agent",
     "used_chat true, used_agent true, used_cli not said, used_copilot_cloud_agent not said"),
])
def test_a_copilot_day_is_split_only_where_github_reports_one_surface(company, flags, actor_kind, rule, evidence):
    company.write("copilot_user_usage", copilot_user(**flags))
    (row,) = ledger(company)
    assert (row["actor_kind"], row["actor_rule"], row["actor_evidence"]) == (actor_kind, rule, evidence)
    assert (row["quantity"], row["auth_evidence"]) == (Decimal("12.5"), "user_id 599009 in the report of licensed users")


def test_the_bill_names_the_cloud_agent_of_copilot(company):
    line = {"usage_day": DAY, "scope_kind": "enterprise", "scope": "acme", "sku": "Copilot AI Credits", "sku_class": "credits"}
    company.write(
        "copilot_billing_usage", line | {"model": "Coding Agent model", "net_usd": "0.25"},
        line | {"model": "Claude Sonnet 4.6", "net_usd": "0.5"},
    )
    rows = {row["model"]: row for row in ledger(company)}
    cloud, other = rows["Coding Agent model"], rows["Claude Sonnet 4.6"]
    assert (cloud["actor_kind"], cloud["background_kind"], cloud["billed_usd"]) == ("headless", "cloud_agent", Decimal("0.25"))
    assert cloud["actor_evidence"] == "model Coding Agent model"
    assert (other["actor_kind"], other["background_kind"]) == ("not_split", None)


def test_a_cursor_row_counts_the_events_that_carry_the_marker(company):
    company.events([at(DAY, 3), at(DAY, 4)], automation_id="auto_1")
    company.events([at(DAY, 10)])
    rows = {row["surface"]: row for row in ledger(company)}
    assert (rows["automation"]["actor_rule"], rows["automation"]["actor_evidence"]) == (
        "automationId is set", "automationId on 2 events")
    assert rows["editor"]["actor_evidence"] == "none of automationId, cloudAgentId, serviceAccountId, isHeadless on 1 events"
    assert rows["editor"]["auth_evidence"] == "userEmail on 1 events"


def test_a_claude_seat_row_names_the_terminal(company):
    company.claude_code([DAY], "github-actions")
    (row,) = ledger(company)
    assert (row["auth_evidence"], row["actor_evidence"]) == ("customer_type subscription", "terminal_type github-actions")


def test_a_claude_key_row_names_key_and_workspace(company):
    usage = {"usage_day": DAY, "model": "claude-opus-5", "uncached_input_tokens": 10}
    company.write("claude_api_usage", usage | {"api_key_id": "apikey_01A", "workspace_id": "wrkspc_1"}, usage)
    where = {"usage_day": DAY, "workspace_id": "wrkspc_1"}
    company.write("claude_api_keys", where | {"api_key_id": "apikey_01A", "name": "prod-router"})
    company.write("claude_workspaces", where | {"name": "Production"})
    rows = {row["key_id"]: row for row in ledger(company)}
    assert rows["apikey_01A"]["auth_evidence"] == "api_key_id apikey_01A"
    assert rows["apikey_01A"]["actor_evidence"] == "key prod-router in workspace Production"
    assert (rows[None]["auth_kind"], rows[None]["auth_evidence"]) == ("unknown", "api_key_id is null")


def test_a_traced_workflow_names_the_attribute_and_the_number_of_traces(company):
    company.traced_runs([at(DAY, 3), at(DAY, 4)])
    (row,) = ledger(company)
    assert row["auth_evidence"] == "auth_hint seat on 2 traces; a billing identity is stated"
    assert row["actor_evidence"] == "workflow release_notes on 2 traces"
