"""A Claude Enterprise organisation: cost by member, older reports as a fallback, seats, and days built a day later."""

import json
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.sandbox.claude_enterprise import members, pieces
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.state import SandboxState

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
MONDAY, TUESDAY, SUNDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 22)
FOUND = {"Content-Type": "application/json"}
ADA = {"type": "user_actor", "user_id": "user_01Ada", "name": "Ada Sim", "deleted": False}


@pytest.fixture(autouse=True)
def enterprise(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    monkeypatch.setenv("ANTHROPIC_ANALYTICS_KEY", "sk-ant-api01-sandbox")


def refused(status, message, **more):
    return status, FOUND, json.dumps({"type": "error", "error": {"type": "x", "message": message} | more}).encode()


def bucket(*results, day="2026-11-02", after="2026-11-03"):
    return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{after}T00:00:00Z", "results": list(results)}


def group(amount, listed, **more):
    return {"amount": amount, "list_amount": listed, "currency": "USD", "requests": 3, "product": "chat",
            "model": "claude-opus-5-5"} | more


def older(people, totals, refreshed="2026-11-23T04:00:00Z"):
    """A vendor whose organisation has no analytics beta, only the two older reports."""
    envelope = {"has_more": False, "next_page": None, "data_refreshed_at": refreshed, "organization_id": "7c0f"}

    def script(path, params):
        if path.endswith("/user_cost_report"):
            times = {"starting_at": "2026-11-02T00:00:00Z", "ending_at": "2026-11-03T00:00:00Z"}
            return {"data": [times | person for person in people], **envelope}
        if path.endswith("/cost_report"):
            return {"data": [bucket(*totals)], **envelope}
        return refused(404, "Not found")

    return script


def test_cost_by_member_is_net_and_list_in_dollars_with_the_enterprise_key(vendor, fetch):
    row = {"starting_at": "2026-11-02T00:00:00Z", "ending_at": "2026-11-03T00:00:00Z",
           "group": {"actor": ADA | {"email_address": "ada@example.test"}, "product": "claude_code",
                     "model": "claude-opus-5-5", "api_key_id": None, "workspace_id": None},
           "cost": {"amount": "41280.000000", "list_amount": "45866.666667", "currency": "USD", "requests": 8}}
    scripted = vendor(lambda path, params: {
        "data": [row], "has_more": False, "next_page": None, "data_refreshed_at": "2026-11-23T04:00:00Z"})
    assert fetch("claude_enterprise_cost", [MONDAY])[MONDAY].rows == [{
        "usage_day": MONDAY, "product": "claude_code", "model": "claude-opus-5-5", "actor_type": "user_actor",
        "actor_id": "user_01Ada", "actor_email": "ada@example.test", "amount_usd": Decimal("412.8"),
        "list_usd": Decimal("458.66666667"), "source": "analytics"}]
    (_, params, headers), = scripted.requests
    assert headers["x-api-key"] == "sk-ant-api01-sandbox"
    assert [value for name, value in params if name == "group_by[]"] == ["actor", "product", "model"]


def test_the_simulated_organisation_adds_up_from_both_interfaces(sandbox, fetch):
    day = date(2026, 11, 18)
    cents = sum(piece["amounts"]["cents"] for piece in pieces(SandboxState(SMALL), day))
    for interface in ("analytics", "reports"):
        sandbox.state.options["claude_enterprise_api"] = interface
        rows = fetch("claude_enterprise_cost", [day])[day].rows
        assert sum(row["amount_usd"] for row in rows) == cents / 100
        assert sum(row["amount_usd"] for row in rows) == sum(row["list_usd"] for row in rows) * Decimal("0.9")
        assert {row["source"] for row in rows} == {interface}
        assert [row["product"] for row in rows if row["actor_id"] is None] == ["claude_tag"]
    assert fetch("claude_enterprise_cost", [SUNDAY])[SUNDAY].reason == "not_refreshed"


@pytest.mark.parametrize("status", [403, 404])
def test_without_the_beta_members_come_from_the_older_report_and_the_rest_has_no_actor(vendor, fetch, status):
    script = older([group("700.5", "800", actor=ADA | {"email": "ada@example.test"})], [group("1000", "1100.25")])
    vendor(lambda path, params: refused(status, "no") if path.endswith("/analytics/cost") else script(path, params))
    rows = fetch("claude_enterprise_cost", [MONDAY])[MONDAY].rows
    assert [(row["actor_email"], row["amount_usd"], row["list_usd"], row["source"]) for row in rows] == [
        ("ada@example.test", Decimal("7.005"), Decimal(8), "reports"),
        (None, Decimal("2.995"), Decimal("3.0025"), "reports")]


@pytest.mark.parametrize(("people", "totals", "reason"), [
    ([group("11", "11", actor=ADA)], [group("10", "11")], "count_mismatch"),
    ([group("1", "1", actor=ADA, product="chat_of_next_year")], [group("10", "11")], "count_mismatch"),
    ([], [group("1", "1", model=f"claude-{n}") for n in range(100)], "cut_off"),
    ([group("1", "1", actor=ADA)], [group("1", "1", model=f"claude-{n}") for n in range(100)], "cut_off"),
])
def test_older_reports_that_cannot_be_whole_keep_the_members_at_most(vendor, fetch, people, totals, reason):
    vendor(older(people, totals))
    answer = fetch("claude_enterprise_cost", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.PARTIAL if people else State.MISSING, reason)
    assert len(answer.rows) == len(people)


def test_what_cannot_be_read_of_an_older_report_costs_its_own_day_and_no_other(vendor, fetch):
    tuesday = {"starting_at": "2026-11-03T00:00:00Z", "ending_at": "2026-11-04T00:00:00Z"}
    script = older(
        [group("amount", "1", actor=ADA), tuesday | group("7", "8", actor=ADA), tuesday | group("x", "1", actor={"type": "new"})],
        [group("10", "11")])
    vendor(script)
    answers = fetch("claude_enterprise_cost", [MONDAY, TUESDAY])
    assert {(answer.state, answer.reason) for answer in answers.values()} == {(State.MISSING, "missing_field")}
    vendor(older([group("1", "1", actor=ADA), tuesday | group("7", "8", actor=ADA)], [group("10", "11"), group("no", "1")]))
    answers = fetch("claude_enterprise_cost", [MONDAY, TUESDAY])
    assert [(answer.state, answer.reason, len(answer.rows)) for answer in answers.values()] == [
        (State.PARTIAL, "missing_field", 1), (State.PARTIAL, "day_absent", 1)]


def test_tokens_of_the_simulated_organisation_are_the_same_from_both_interfaces(sandbox, fetch):
    day, found = date(2026, 11, 18), []
    for interface in ("analytics", "reports"):
        sandbox.state.options["claude_enterprise_api"] = interface
        rows = fetch("claude_enterprise_usage", [day])[day].rows
        found.append(sorted((row["actor_email"] or "", row["product"], row["output_tokens"], row["cache_read_tokens"])
                             for row in rows))
    assert found[0] == found[1] and len(found[0]) > 1


def test_a_key_without_the_scope_names_itself_and_both_refusals(vendor, fetch):
    vendor(lambda path, params: refused(403, "needs read:analytics"))
    answer = fetch("claude_enterprise_cost", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "ANTHROPIC_ANALYTICS_KEY may not read it" in answer.message
    assert "analytics/cost:" in answer.message and "analytics/user_cost_report:" in answer.message


@pytest.mark.parametrize("envelope", ["data", "summaries"])
def test_assigned_seats_are_read_from_both_envelopes(vendor, fetch, envelope):
    day = {"starting_at": "2026-11-02T00:00:00Z", "ending_at": "2026-11-03T00:00:00Z", "assigned_seat_count": 42,
           "pending_invite_count": 3, "daily_active_user_count": 17, "weekly_active_user_count": 30,
           "monthly_active_user_count": 39, "daily_adoption_rate": 40.47, "product_of_next_year_user_count": 1}
    scripted = vendor(lambda path, params: {envelope: [day], **({"next_page": None} if envelope == "data" else {})})
    assert fetch("claude_enterprise_seats", [MONDAY])[MONDAY].rows == [{
        "usage_day": MONDAY, "assigned_seats": 42, "pending_invites": 3, "daily_active_users": 17,
        "weekly_active_users": 30, "monthly_active_users": 39}]
    assert scripted.requests[0][1] == [("starting_date", "2026-11-02"), ("ending_date", "2026-11-03")]


def test_an_answer_with_neither_envelope_is_an_error(vendor, fetch):
    vendor(lambda path, params: {"days": []})
    assert fetch("claude_enterprise_seats", [MONDAY])[MONDAY].reason == "missing_field"


@pytest.mark.parametrize("feed", ["claude_enterprise_seats", "claude_enterprise_users"])
def test_days_the_vendor_has_not_built_are_not_refreshed_and_the_others_are_read(sandbox, fetch, feed):
    answers = fetch(feed, SMALL.calendar)
    assert [day for day, answer in answers.items() if answer.reason == "not_refreshed"] == [SUNDAY]
    assert all(answer.is_data for day, answer in answers.items() if day != SUNDAY)
    assert "the most recent available date is 2026-11-21" in answers[SUNDAY].message


def test_seats_follow_who_is_employed(sandbox, fetch):
    answers = fetch("claude_enterprise_seats", SMALL.calendar[:-1])
    assert {day: answer.rows[0]["assigned_seats"] for day, answer in answers.items()} == {
        day: len(members(SMALL, day)) for day in SMALL.calendar[:-1]}
    assert {answer.rows[0]["assigned_seats"] for answer in answers.values()} == {4, 3}


def test_another_400_is_an_error_and_not_a_day_to_wait_for(vendor, fetch):
    vendor(lambda path, params: refused(400, "starting_date: no earlier than 2026-01-01"))
    for feed in ("claude_enterprise_seats", "claude_enterprise_users"):
        assert fetch(feed, [MONDAY])[MONDAY].reason == "bad_request"


def test_what_a_member_did_is_counts_and_what_the_vendor_leaves_out_is_null(vendor, fetch):
    whole = {"user": {"id": "user_01Ada", "type": "user", "email_address": "ada@example.test"}, "web_search_count": 4,
             "chat_metrics": {"message_count": 12, "distinct_conversation_count": 3, "thinking_message_count": 1},
             "claude_code_metrics": {"core_metrics": {
                 "commit_count": 2, "pull_request_count": 1, "distinct_session_count": 5, "artifacts_created_count": 0,
                 "lines_of_code": {"added_count": 300, "removed_count": 20}}, "tool_actions": {}},
             "metrics_of_next_year": {"x": 1}}
    bare = {"user": {"id": "user_01Ben", "type": "user", "email_address": None}}
    pages = [{"data": [whole], "next_page": "page_2"}, {"data": [bare], "next_page": None}]
    scripted = vendor(lambda path, params: pages.pop(0))
    first, second = fetch("claude_enterprise_users", [MONDAY])[MONDAY].rows
    assert first == {
        "usage_day": MONDAY, "user_id": "user_01Ada", "user_email": "ada@example.test", "messages": 12,
        "conversations": 3, "code_sessions": 5, "commits": 2, "pull_requests": 1, "lines_added": 300,
        "lines_removed": 20, "web_searches": 4}
    assert {value for name, value in second.items() if name not in ("usage_day", "user_id")} == {None}
    assert [dict(params).get("page") for _, params, _ in scripted.requests] == [None, "page_2"]


def test_a_console_key_has_no_enterprise_reports_and_the_other_way_round(sandbox, fetch, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_ANALYTICS_KEY", "sk-ant-admin01-sandbox")
    answer = fetch("claude_enterprise_seats", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "not_enabled")
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-api01-sandbox")
    answer = fetch("claude_api_cost", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
