"""Cost by key from the analytics API: net and list apart, complete days only, refreshed data read from the start."""

import json
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.sandbox.claude_usage import answer_key
from agent_spend.sandbox.scenario import Scenario

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
FEED = "claude_analytics_cost"
MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")


ROW = {
    "starting_at": "2026-11-02T00:00:00Z", "ending_at": "2026-11-03T00:00:00Z",
    "group": {
        "actor": {"type": "user_actor", "user_id": "user_01SimAda", "name": "Ada Sim",
                  "email_address": "ada@example.test", "deleted": False},
        "actor_type": None, "agent_id": None, "api_key_id": "apikey_01SimAdaLaptop", "model": "claude-opus-5-5",
        "product": "claude_code", "workspace_id": "wrkspc_01SimDefault", "token_type": None},
    "cost": {"amount": "913.250000", "list_amount": "1074.411764", "currency": "USD", "requests": 211},
}


def page(*rows, next_page=None, refreshed="2026-11-23T04:00:00Z"):
    return {"data": list(rows), "has_more": next_page is not None, "next_page": next_page,
            "data_refreshed_at": refreshed}


def test_the_documented_row_keeps_net_and_list_apart_in_dollars(vendor, fetch):
    vendor(lambda path, params: page(ROW))
    assert fetch(FEED, [MONDAY])[MONDAY].rows == [{
        "usage_day": MONDAY, "api_key_id": "apikey_01SimAdaLaptop", "workspace_id": "wrkspc_01SimDefault",
        "model": "claude-opus-5-5", "product": "claude_code", "actor_type": "user_actor",
        "actor_id": "user_01SimAda", "actor_email": "ada@example.test", "cost_type": None, "token_type": None,
        "amount_usd": Decimal("9.1325"), "list_usd": Decimal("10.74411764"),
    }]


USAGE_ROW = {name: ROW[name] for name in ("starting_at", "ending_at", "group")} | {"usage": {
    "uncached_input_tokens": 11, "cache_read_input_tokens": 400, "output_tokens": 7, "total_tokens": 453, "requests": 3,
    "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 5},
    "server_tool_use": {"web_search_requests": 2}}}


def test_the_documented_usage_row_keeps_the_five_token_classes_apart(vendor, fetch):
    scripted = vendor(lambda path, params: page(USAGE_ROW))
    assert fetch("claude_analytics_usage", [MONDAY])[MONDAY].rows == [{
        "usage_day": MONDAY, "api_key_id": "apikey_01SimAdaLaptop", "workspace_id": "wrkspc_01SimDefault",
        "model": "claude-opus-5-5", "product": "claude_code", "actor_type": "user_actor",
        "actor_id": "user_01SimAda", "actor_email": "ada@example.test", "uncached_input_tokens": 11,
        "cache_write_5m_tokens": 30, "cache_write_1h_tokens": 5, "cache_read_tokens": 400, "output_tokens": 7,
        "web_search_requests": 2, "requests": 3,
    }]
    (path, params, _), = scripted.requests
    assert path == "/v1/organizations/analytics/usage"
    assert [value for name, value in params if name == "group_by[]"] == [
        "api_key_id", "workspace_id", "model", "product", "actor"]


def test_the_usage_of_every_day_has_the_tokens_of_the_usage_report(sandbox, fetch):
    sandbox.state.options["claude_refreshed_days_ago"] = "0"
    answers = fetch("claude_analytics_usage", SMALL.calendar)
    names = ("uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens")
    by_day = {day.isoformat(): sum(row[name] for row in answer.rows for name in names) for day, answer in answers.items()}
    wanted = answer_key(SMALL)["tokens"]["by_day"]
    assert by_day == {day: sum(classes.values()) for day, classes in wanted.items()}


def test_the_request_is_the_documented_one(vendor, fetch):
    scripted = vendor(lambda path, params: page())
    fetch(FEED, [MONDAY, TUESDAY])
    (path, params, headers), = scripted.requests
    assert path == "/v1/organizations/analytics/cost"
    assert headers["anthropic-beta"] == "analytics-usage-cost-2026-08-24"
    assert params == [
        ("starting_at", "2026-11-02T00:00:00Z"), ("ending_at", "2026-11-04T00:00:00Z"), ("time_bucket_width", "1d"),
        ("order_by", "time"), ("order", "asc"), ("limit", "1000"), ("group_by[]", "api_key_id"),
        ("group_by[]", "workspace_id"), ("group_by[]", "model"), ("group_by[]", "product"), ("group_by[]", "actor"),
        ("group_by[]", "cost_type"), ("group_by[]", "token_type")]


def test_the_cost_by_key_adds_up_to_the_bill_of_every_day(sandbox, fetch):
    sandbox.state.options |= {"claude_page_size": "50", "claude_refreshed_days_ago": "0"}
    answers = fetch(FEED, SMALL.calendar)
    wanted = answer_key(SMALL)["billed_usd"]
    by_day = {day.isoformat(): sum(row["amount_usd"] for row in answer.rows) for day, answer in answers.items()}
    assert by_day == {day: Decimal(usd) for day, usd in wanted["by_day"].items()}


def test_the_default_workspace_has_its_real_id_and_personal_keys_their_person(sandbox, fetch):
    day = date(2026, 11, 18)
    rows = fetch(FEED, [day])[day].rows
    assert {row["workspace_id"] for row in rows if row["api_key_id"] == "apikey_01SimForgotten"} == {
        "wrkspc_01SimDefault"}
    personal = {row["actor_email"] for row in rows if row["product"] == "claude_code"}
    assert personal <= set(answer_key(SMALL)["people"]["console"]) and personal
    assert None in {row["api_key_id"] for row in rows if row["product"] == "claude_console"}


def test_days_after_the_vendors_watermark_are_not_refreshed_yet(sandbox, fetch):
    sandbox.state.options["claude_refreshed_days_ago"] = "2"
    answers = fetch(FEED, SMALL.calendar)
    assert [day for day in SMALL.calendar if answers[day].reason == "not_refreshed"] == SMALL.calendar[-2:]
    assert Counter(answer.state for answer in answers.values()) == {State.AVAILABLE: 19, State.MISSING: 2}


def test_a_complete_day_without_rows_is_zero(vendor, fetch):
    vendor(lambda path, params: page(ROW))
    answers = fetch(FEED, [MONDAY, TUESDAY])
    assert (answers[MONDAY].state, answers[TUESDAY].state) == (State.AVAILABLE, State.ZERO)


def test_without_a_watermark_a_day_is_complete_one_day_after_its_end(vendor, fetch):
    vendor(lambda path, params: {"data": [], "has_more": False, "next_page": None})
    answers = fetch(FEED, [date(2026, 11, 21), date(2026, 11, 22)])
    assert [answer.reason for answer in answers.values()] == ["", "not_refreshed"]


def test_a_watermark_that_is_null_says_that_nothing_is_complete_and_is_not_a_zero(vendor, fetch):
    """As the vendor documents it for reports whose range no export covers yet."""
    vendor(lambda path, params: page(refreshed=None))
    answers = fetch(FEED, [MONDAY, TUESDAY])
    assert {(answer.state, answer.reason) for answer in answers.values()} == {(State.MISSING, "not_refreshed")}


@pytest.mark.parametrize(("feed", "broken"), [
    (FEED, {"cost": {"amount": "1"}}), (FEED, {"group": {"model": 7}}), (FEED, {"cost": ROW["cost"] | {"amount": "amount"}}),
    ("claude_analytics_usage", {"usage": {"output_tokens": 1}}),
    ("claude_analytics_usage", {"usage": {"uncached_input_tokens": "many"}}),
])
def test_a_row_that_cannot_be_read_costs_its_own_day_and_no_other_of_its_page(vendor, fetch, feed, broken):
    good = ROW | {"usage": {"uncached_input_tokens": 1, "cache_read_input_tokens": 0, "output_tokens": 0, "cache_creation": {
        "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}}}
    tuesday = {"starting_at": "2026-11-03T00:00:00Z", "ending_at": "2026-11-04T00:00:00Z"}
    vendor(lambda path, params: page(good | broken, good | tuesday))
    answers = fetch(feed, [MONDAY, TUESDAY])
    assert (answers[MONDAY].state, answers[MONDAY].reason, len(answers[MONDAY].rows)) == (State.MISSING, "missing_field", 0)
    assert "2026-11-02" in answers[MONDAY].message
    assert (answers[TUESDAY].state, len(answers[TUESDAY].rows)) == (State.AVAILABLE, 1)


def test_days_the_vendor_does_not_keep_are_not_asked_for(vendor, fetch):
    scripted = vendor(lambda path, params: page())
    old, older = date(2025, 12, 31), date(2025, 6, 1)
    answers = fetch(FEED, [older, old])
    assert {answer.reason for answer in answers.values()} == {"no_report"}
    assert scripted.requests == []


def test_refreshed_data_is_read_again_from_the_first_page(vendor, fetch):
    gone = (410, {"Content-Type": "application/json"}, b'{"type":"error","error":{"message":"lapsed"}}')
    second = ROW | {"starting_at": "2026-11-03T00:00:00Z", "ending_at": "2026-11-04T00:00:00Z"}
    answers = [page(ROW, next_page="page_old"), gone, page(ROW, next_page="page_new"), page(second)]
    scripted = vendor(lambda path, params: answers.pop(0))
    found = fetch(FEED, [MONDAY, TUESDAY])
    assert [len(answer.rows) for answer in found.values()] == [1, 1]
    assert [dict(params).get("page") for _, params, _ in scripted.requests] == [None, "page_old", None, "page_new"]


def test_data_refreshed_again_and_again_is_an_error(vendor, fetch):
    gone = (410, {"Content-Type": "application/json"}, b'{"type":"error","error":{"message":"lapsed"}}')
    vendor(lambda path, params: gone if "page" in dict(params) else page(ROW, next_page="page_x"))
    assert fetch(FEED, [MONDAY])[MONDAY].reason == "cursor_expired"


def test_a_row_that_comes_twice_is_not_counted_twice(vendor, fetch):
    answers = [page(ROW, next_page="page_two"), page(ROW)]
    vendor(lambda path, params: answers.pop(0))
    assert fetch(FEED, [MONDAY])[MONDAY].reason == "repeated_row"


@pytest.mark.parametrize(("status", "error", "reason"), [
    (403, {"type": "permission_error", "message": "needs read:analytics"}, "forbidden"),
    (404, {"type": "not_found_error", "message": "Not found"}, "not_enabled"),
    (400, {"type": "invalid_request_error", "message": "no",
           "details": {"error_code": "organization_type_not_supported"}}, "not_enabled"),
])
def test_an_organisation_without_the_endpoint_is_forbidden_and_not_empty(vendor, fetch, status, error, reason):
    body = json.dumps({"type": "error", "error": error}).encode()
    vendor(lambda path, params: (status, {"Content-Type": "application/json"}, body))
    answer = fetch(FEED, [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.FORBIDDEN, reason)


@pytest.mark.parametrize(("actor", "wanted"), [
    (None, (None, None, None)),
    ({"type": "service_account_actor", "service_account_id": "svac_01"}, ("service_account_actor", "svac_01", None)),
    ({"type": "api_actor", "api_key_id": "apikey_01"}, ("api_actor", "apikey_01", None)),
    ({"type": "federated_actor", "provider": {"type": "oidc", "issuer": None}, "subject": "repo:x"},
     ("federated_actor", "repo:x", None)),
    ({"type": "user_actor", "user_id": "user_01", "name": "Deleted User", "email_address": None, "deleted": True},
     ("user_actor", "user_01", None)),
    ({"type": "user_actor", "user_id": "user_01", "email": "old@example.test"},
     ("user_actor", "user_01", "old@example.test")),
    ({"type": "actor_of_next_year", "thing_id": "x"}, ("actor_of_next_year", None, None)),
])
def test_every_kind_of_actor_is_read(vendor, fetch, actor, wanted):
    vendor(lambda path, params: page(ROW | {"group": {"actor": actor}}))
    row, = fetch(FEED, [MONDAY])[MONDAY].rows
    assert (row["actor_type"], row["actor_id"], row["actor_email"]) == wanted


def test_another_currency_and_an_amount_that_is_no_number_are_refused(vendor, fetch):
    for cost, reason in (({"currency": "EUR"}, "currency"), ({"list_amount": "NaN"}, "bad_value")):
        vendor(lambda path, params, cost=cost: page(ROW | {"cost": ROW["cost"] | cost}))
        answer = fetch(FEED, [MONDAY])[MONDAY]
        assert (answer.state, answer.reason) == (State.MISSING, reason)


def test_a_year_is_asked_in_windows_of_31_days(vendor, fetch):
    scripted = vendor(lambda path, params: page())
    days = [date(2026, 11, 22) - timedelta(days=n) for n in reversed(range(100))]
    fetch(FEED, days)
    assert sorted(dict(params)["starting_at"][:10] for _, params, _ in scripted.requests) == [
        "2026-08-15", "2026-09-15", "2026-10-16", "2026-11-16"]
