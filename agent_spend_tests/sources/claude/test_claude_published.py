"""Anthropic's published samples through the client and into the lake.

Source: the reference pages of platform.claude.com (admin/usage_report, admin/cost_report, admin/api_keys, admin/users,
admin/workspaces, admin/analytics) of 2025 and 2026. Most say ``has_more`` and give a cursor; a server that knows only the sample
gives it for ever. Placeholders of the generated samples (``"amount"``, moments of 2019) are filled in.
"""

from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.land import land

AUGUST_1, SUNDAY, MARCH_4 = date(2025, 8, 1), date(2026, 11, 22), date(2026, 3, 4)
CURSOR = {"has_more": True, "next_page": "page_MjAyNS0wNS0xNFQwMDowMDowMFo="}
DAY = {"starting_at": "2025-08-01T00:00:00Z", "ending_at": "2025-08-02T00:00:00Z"}
USAGE = {
    "account_id": "user_01WCz1FkmYMm4gnmykNKUu3Q", "api_key_id": "apikey_01Rj2N8SVvo6BePZj99NhmiT",
    "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500}, "cache_read_input_tokens": 200,
    "context_window": "0-200k", "inference_geo": "global", "model": "claude-opus-4-6", "output_tokens": 500,
    "server_tool_use": {"web_search_requests": 10}, "service_account_id": "svac_01Hk3R9TWxq7CfQak00OiVw4",
    "service_tier": "standard", "uncached_input_tokens": 1500, "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
}
COST = {
    "amount": "123.78912", "context_window": "0-200k", "cost_type": "tokens", "currency": "USD",
    "description": "Claude Sonnet 4 Usage - Input Tokens", "model": "claude-sonnet-4-20250514", "service_tier": "standard",
    "token_type": "uncached_input_tokens", "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
}
CODE = {
    "actor": {"email_address": "user@emaildomain.com", "type": "user_actor"},
    "core_metrics": {"commits_by_claude_code": 8, "lines_of_code": {"added": 342, "removed": 128}, "num_sessions": 15,
                     "pull_requests_by_claude_code": 2},
    "customer_type": "api", "date": "2025-08-08T00:00:00Z", "is_remote": False,
    "model_breakdown": [
        {"estimated_cost": {"amount": 186, "currency": "USD"}, "model": "claude-opus-5",
         "tokens": {"cache_creation": 2340, "cache_read": 8790, "input": 45230, "output": 12450}},
        {"estimated_cost": {"amount": 42, "currency": "USD"}, "model": "claude-sonnet-5",
         "tokens": {"cache_creation": 890, "cache_read": 3420, "input": 23100, "output": 5680}}],
    "organization_id": "12345678-1234-5678-1234-567812345678", "terminal_type": "iTerm.app",
    "tool_actions": {"edit_tool": {"accepted": 25, "rejected": 3}}, "subscription_type": "enterprise",
}
KEY = {
    "id": "apikey_01Rj2N8SVvo6BePZj99NhmiT", "type": "api_key", "name": "Developer Key", "status": "active",
    "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ", "created_at": "2024-10-30T23:58:27.427722Z",
    "created_by": {"id": "user_01WCz1FkmYMm4gnmykNKUu3Q", "type": "user"}, "partial_key_hint": "sk-ant-api03-R2D...igAA",
}
NEWER_KEY = KEY | {
    "expires_at": "2024-10-30T23:58:27.427722Z",
    "principal": {"type": "user_actor", "user_id": "user_01WCz1FkmYMm4gnmykNKUu3Q"},
    "scope": {"type": "workspace", "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ"},
}
USER = {"id": "user_01WCz1FkmYMm4gnmykNKUu3Q", "type": "user", "added_at": "2024-10-30T23:58:27.427722Z",
        "email": "user@emaildomain.com", "name": "Jane Doe", "role": "user"}
WORKSPACE = {
    "id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ", "archived_at": "2024-11-01T23:59:27.427722Z",
    "compartment_id": "f8a7b6c5-4d3e-4f1a-8b9c-0d1e2f3a4b5c", "created_at": "2024-10-30T23:58:27.427722Z",
    "data_residency": {"allowed_inference_geos": "unrestricted", "default_inference_geo": "global", "workspace_geo": "us"},
    "display_color": "#6C5BB9", "external_key_id": "ekey_01SDCCSbTxrXDpWc1phhtcfK", "name": "Workspace Name",
    "tags": {"env": "prod", "team": "platform"}, "type": "workspace",
}
JANE = {"deleted": True, "email": "jane@example.com", "name": "Jane Smith", "type": "user_actor",
        "user_id": "user_01AbCdEfGhIjKlMnOpQrSt"}
MARCH = {"starting_at": "2026-03-04T00:00:00Z", "ending_at": "2026-03-05T00:00:00Z"}
ENTERPRISE = {"amount": "41280.000000", "list_amount": "51600.000000", "currency": "USD", "requests": 128,
              "context_window": "0-200k", "cost_type": None, "inference_geo": "global", "model": "claude-opus-5",
              "product": "chat", "rbac_group_id": "rbac_group_012rppKaSVsmTo6NqRDXQXNF", "speed": "fast", "token_type": None}
REFRESHED = {"data_refreshed_at": "2026-11-22T04:00:00Z", "organization_id": "org_013FP9SaFPBg7Kw7fetjn6cF"}
ACTIVITY = {
    "user": {"id": "user_01AbCdEfGhIjKlMnOpQrSt", "email_address": "jane@example.com"}, "web_search_count": 4,
    "chat_metrics": {"distinct_conversation_count": 3, "message_count": 8, "thinking_message_count": 2},
    "claude_code_metrics": {
        "core_metrics": {"commit_count": 2, "distinct_session_count": 3, "pull_request_count": 1,
                         "lines_of_code": {"added_count": 20, "removed_count": 4}},
        "tool_actions": {"edit_tool": {"accepted_count": 2, "rejected_count": 1}}},
    "office_metrics": {"excel": {"message_count": 5}}, "cowork_metrics": {"action_count": 4},
}
SUMMARY = MARCH | {"assigned_seat_count": 12, "pending_invite_count": 1, "daily_active_user_count": 8,
                   "weekly_active_user_count": 11, "monthly_active_user_count": 12, "daily_adoption_rate": 66.67}


@pytest.fixture
def landed(vendor, fetch, monkeypatch):
    """``landed(feed, day, answer)`` lands the day from a vendor who knows this answer alone: its coverage and its rows."""
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    monkeypatch.setenv("ANTHROPIC_ANALYTICS_KEY", "sk-ant-api01-sandbox")

    def take(name: str, day: date, answer):
        vendor(answer if callable(answer) else lambda path, params: answer)
        line = land(fetch.feeds[name], [day], Settings.from_environment()).coverage[day]
        return line, Lake(Settings.from_environment().lake_uri).read(name).to_pylist()

    return take


def test_the_samples_of_usage_and_cost_are_complete_days_though_more_pages_are_promised(landed):
    line, [row] = landed("claude_api_usage", AUGUST_1, {"data": [DAY | {"results": [USAGE]}], **CURSOR})
    assert (line.state, line.reason) == (State.AVAILABLE, "")
    counts = [row[name] for name in ("uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
                                     "cache_read_tokens", "output_tokens", "web_search_requests")]
    assert counts == [1500, 500, 1000, 200, 500, 10]
    line, [row] = landed("claude_api_cost", AUGUST_1, {"data": [DAY | {"results": [COST]}], **CURSOR})
    assert (line.state, row["amount_usd"], row["inference_geo"]) == (State.AVAILABLE, Decimal("1.2378912"), None)


def test_usage_without_server_tools_keeps_its_tokens_and_tells_no_searches(landed):
    """As other tools' tests abbreviate the sample."""
    kept = ("uncached_input_tokens", "cache_creation", "cache_read_input_tokens", "output_tokens")
    result = {name: USAGE[name] for name in kept}
    line, [row] = landed("claude_api_usage", AUGUST_1, {"data": [DAY | {"results": [result]}], "has_more": False})
    assert (line.state, row["output_tokens"], row["web_search_requests"], row["model"]) == (State.AVAILABLE, 500, None, None)


def test_the_sample_of_claude_code_is_two_models_of_one_person(landed):
    line, rows = landed("claude_code_usage", date(2025, 8, 8), {"data": [CODE], "has_more": False, "next_page": None})
    assert line.state == State.AVAILABLE
    assert [(row["model"], row["estimated_usd"], row["input_tokens"], row["subscription_type"]) for row in rows] == [
        ("claude-opus-5", Decimal("1.86"), 45230, "enterprise"), ("claude-sonnet-5", Decimal("0.42"), 23100, "enterprise")]


@pytest.mark.parametrize("key", [KEY, NEWER_KEY], ids=["2025", "2026"])
def test_the_sample_of_keys_is_kept_as_a_part(landed, key):
    listed = {"has_more": True, "first_id": "<string>", "last_id": "<string>"}
    line, [row] = landed("claude_api_keys", SUNDAY, {"data": [key], **listed})
    assert (line.state, line.reason) == (State.PARTIAL, "repeated_page")
    assert (row["api_key_id"], row["workspace_id"], row["created_by_user_id"]) == (key["id"], key["workspace_id"], USER["id"])


def test_the_samples_of_users_and_workspaces_are_kept_as_parts(landed):
    listed = {"has_more": True, "first_id": "first_id", "last_id": "last_id"}
    line, [user] = landed("claude_users", SUNDAY, {"data": [USER], **listed})
    assert (line.state, user["email"], user["role"]) == (State.PARTIAL, "user@emaildomain.com", "user")
    line, [workspace] = landed("claude_workspaces", SUNDAY, {"data": [WORKSPACE], **listed})
    assert (line.state, workspace["tags_json"], workspace["is_default"], workspace["archived"]) == (
        State.PARTIAL, '{"env":"prod","team":"platform"}', False, True)


def older_reports(total: str):
    def script(path, params):
        if path.endswith("/user_cost_report"):
            return {"data": [MARCH | ENTERPRISE | {"actor": JANE}], **CURSOR, **REFRESHED}
        if path.endswith("/cost_report"):
            bucket = MARCH | {"results": [ENTERPRISE | {"amount": total, "list_amount": total}]}
            return {"data": [bucket], "has_more": False, "next_page": None, **REFRESHED}
        return 404, {"Content-Type": "application/json"}, b'{"type":"error","error":{"type":"not_found_error","message":"no"}}'

    return script


def test_the_samples_of_an_enterprise_give_412_dollars_80_to_the_member_and_the_rest_to_nobody(landed):
    line, rows = landed("claude_enterprise_cost", MARCH_4, older_reports("60000.000000"))
    assert (line.state, line.reason) == (State.PARTIAL, "repeated_page")
    assert sorted((row["actor_email"] or "", row["amount_usd"], row["list_usd"]) for row in rows) == [
        ("", Decimal("187.2"), 84), ("jane@example.com", Decimal("412.8"), 516)]


MEMBER_USAGE = {
    "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
    "cache_read_input_tokens": 3200000, "context_window": "0-200k", "inference_geo": "global", "model": "claude-opus-5",
    "output_tokens": 891000, "product": "chat", "requests": 128, "server_tool_use": {"web_search_requests": 10},
    "speed": "fast", "uncached_input_tokens": 1284500,
}


def test_the_sample_of_tokens_by_member_is_read_where_only_the_older_reports_are(landed):
    def script(path, params):
        if path.endswith("/user_usage_report"):
            return {"data": [MARCH | MEMBER_USAGE | {"actor": JANE, "total_tokens": 5377000}], "has_more": False, **REFRESHED}
        if path.endswith("/usage_report"):
            bucket = MARCH | {"results": [MEMBER_USAGE | {"output_tokens": 891007, "requests": None}]}
            return {"data": [bucket], "has_more": False, "next_page": None, **REFRESHED}
        return 404, {"Content-Type": "application/json"}, b'{"type":"error","error":{"type":"not_found_error","message":"no"}}'

    line, rows = landed("claude_enterprise_usage", MARCH_4, script)
    names = ("actor_email", "uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens",
             "output_tokens", "web_search_requests", "requests")
    assert (line.state, line.reason) == (State.AVAILABLE, "")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("jane@example.com", 1284500, 500, 1000, 3200000, 891000, 10, 128), (None, 0, 0, 0, 0, 7, 0, None)]


def test_a_member_with_more_than_the_organisation_is_kept_and_the_day_says_so(landed):
    line, [row] = landed("claude_enterprise_cost", MARCH_4, older_reports("100.000000"))
    assert (line.state, line.reason, row["amount_usd"]) == (State.PARTIAL, "count_mismatch", Decimal("412.8"))


def test_the_samples_of_members_and_seats_of_both_envelopes(landed):
    line, [row] = landed("claude_enterprise_users", MARCH_4, {"data": [ACTIVITY], "next_page": "next_page"})
    assert (line.state, row["user_email"], row["messages"], row["code_sessions"], row["lines_added"]) == (
        State.PARTIAL, "jane@example.com", 8, 3, 20)
    for answer in ({"summaries": [SUMMARY]}, {"data": [SUMMARY], "next_page": None}):
        line, [row] = landed("claude_enterprise_seats", MARCH_4, answer)
        assert (line.state, row["assigned_seats"], row["daily_active_users"]) == (State.AVAILABLE, 12, 8)
