"""How the report feeds treat documented payloads, and answers that must not become data."""

import json
import tracemalloc
from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State

SUNDAY, MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)

#: Shapes as published for version 2023-06-01, with fields of later editions (service_account_id) left in.
USAGE_RESULT = {
    "uncached_input_tokens": 1500,
    "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
    "cache_read_input_tokens": 200,
    "output_tokens": 500,
    "server_tool_use": {"web_search_requests": 10},
    "account_id": None,
    "api_key_id": "apikey_01Rj2N8SVvo6BePZj99NhmiT",
    "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
    "model": "claude-sonnet-4-20250514",
    "service_account_id": None,
    "service_tier": "standard",
    "context_window": "0-200k",
    "inference_geo": "global",
}
COST_RESULT = {
    "currency": "USD", "amount": "123.45", "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
    "description": "Claude Sonnet 4 Usage - Input Tokens", "cost_type": "tokens", "context_window": "0-200k",
    "model": "claude-sonnet-4-20250514", "service_tier": "standard", "token_type": "uncached_input_tokens",
    "inference_geo": "global",
}
CODE_RECORD = {
    "date": "2026-11-02T00:00:00Z",
    "actor": {"type": "user_actor", "email_address": "developer@company.com"},
    "organization_id": "dc9f6c26-b22c-4831-8d01-0446bada88f1",
    "customer_type": "api",
    "terminal_type": "vscode",
    "core_metrics": {"num_sessions": 5, "lines_of_code": {"added": 1543, "removed": 892},
                     "commits_by_claude_code": 12, "pull_requests_by_claude_code": 2},
    "tool_actions": {"edit_tool": {"accepted": 45, "rejected": 5}, "some_new_tool": {"accepted": 1, "rejected": 0}},
    "model_breakdown": [{
        "model": "claude-sonnet-4-20250514",
        "tokens": {"input": 100000, "output": 35000, "cache_read": 10000, "cache_creation": 5000},
        "estimated_cost": {"currency": "USD", "amount": 1025},
    }],
}


def bucket(day, *results):
    after = date.fromordinal(day.toordinal() + 1)
    return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{after}T00:00:00Z", "results": list(results)}


def page(*data, next_page=None):
    return {"data": list(data), "has_more": next_page is not None, "next_page": next_page}


def test_the_documented_usage_example_keeps_the_five_token_classes_apart(vendor, fetch):
    vendor(lambda path, params: page(bucket(MONDAY, USAGE_RESULT)))
    answer = fetch("claude_api_usage", [MONDAY])[MONDAY]
    assert answer.rows == [{
        "usage_day": MONDAY, "api_key_id": "apikey_01Rj2N8SVvo6BePZj99NhmiT", "account_id": None, "service_account_id": None,
        "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ", "model": "claude-sonnet-4-20250514",
        "service_tier": "standard", "context_window": "0-200k", "inference_geo": "global", "speed": None,
        "uncached_input_tokens": 1500, "cache_write_5m_tokens": 500, "cache_write_1h_tokens": 1000,
        "cache_read_tokens": 200, "output_tokens": 500, "web_search_requests": 10,
    }]


def test_absent_dimensions_new_fields_and_new_values_do_not_break_usage(vendor, fetch):
    result = {key: USAGE_RESULT[key] for key in reversed(USAGE_RESULT) if key not in ("inference_geo", "workspace_id")}
    result |= {"service_tier": "tier-of-next-year", "speed": "fast", "new_field": {"nested": []}}
    vendor(lambda path, params: page(bucket(MONDAY, result)) | {"organization_id": "x"})
    row, = fetch("claude_api_usage", [MONDAY])[MONDAY].rows
    assert (row["service_tier"], row["speed"], row["inference_geo"], row["workspace_id"]) == (
        "tier-of-next-year", "fast", None, None)


def test_cents_of_the_documented_cost_example_are_one_dollar_and_23_45_hundredths(vendor, fetch):
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT)))
    row, = fetch("claude_api_cost", [MONDAY])[MONDAY].rows
    assert row["amount_usd"] == Decimal("1.2345")
    assert (row["cost_type"], row["token_type"], row["currency"]) == ("tokens", "uncached_input_tokens", "USD")


@pytest.mark.parametrize(("cents", "usd"), [
    ("4", "0.04"), ("24.00000", "0.24"), ("0", "0"), ("913.250000", "9.1325"), ("0.0000000001", "0.000000000001"),
    ("123456789012345678.1234567890123456", "1234567890123456.781234567890123456"),
])
def test_fractional_cents_become_dollars_without_rounding(vendor, fetch, cents, usd):
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT | {"amount": cents})))
    answer = fetch("claude_api_cost", [MONDAY])[MONDAY]
    assert answer.rows[0]["amount_usd"] == Decimal(usd)
    assert fetch.feeds["claude_api_cost"].table(answer).column("amount_usd")[0].as_py() == Decimal(usd)


def test_an_amount_sent_as_a_json_number_keeps_its_digits(vendor, fetch):
    body = b'{"data":[{"starting_at":"2026-11-02T00:00:00Z","ending_at":"2026-11-03T00:00:00Z","results":[' \
           b'{"amount":1186.7999999999988,"currency":"USD"}]}],"has_more":false}'
    vendor(lambda path, params: (200, {"Content-Type": "application/json"}, body))
    row, = fetch("claude_api_cost", [MONDAY])[MONDAY].rows
    assert row["amount_usd"] == Decimal("11.867999999999988")


def test_the_documented_claude_code_example_becomes_one_row_a_model(vendor, fetch):
    vendor(lambda path, params: page(CODE_RECORD))
    assert fetch("claude_code_usage", [MONDAY])[MONDAY].rows == [{
        "usage_day": MONDAY, "actor_type": "user_actor", "actor_email": "developer@company.com",
        "actor_api_key_name": None, "customer_type": "api", "subscription_type": None, "terminal_type": "vscode",
        "is_remote": False, "organization_id": "dc9f6c26-b22c-4831-8d01-0446bada88f1", "sessions": 5,
        "model": "claude-sonnet-4-20250514", "input_tokens": 100000, "output_tokens": 35000,
        "cache_read_tokens": 10000, "cache_creation_tokens": 5000, "estimated_usd": Decimal("10.25"),
    }]


def test_a_key_as_actor_has_a_name_and_no_email(vendor, fetch):
    record = CODE_RECORD | {"actor": {"type": "api_actor", "api_key_name": "ci"}, "is_remote": True}
    vendor(lambda path, params: page(record))
    row, = fetch("claude_code_usage", [MONDAY])[MONDAY].rows
    assert (row["actor_type"], row["actor_email"], row["actor_api_key_name"], row["is_remote"]) == (
        "api_actor", None, "ci", True)


def test_sessions_without_model_use_keep_their_row(vendor, fetch):
    vendor(lambda path, params: page(CODE_RECORD | {"model_breakdown": []}))
    row, = fetch("claude_code_usage", [MONDAY])[MONDAY].rows
    assert (row["sessions"], row["model"], row["estimated_usd"]) == (5, None, Decimal(0))


def test_where_the_beta_of_fast_mode_is_refused_the_report_is_read_without_speed(vendor, fetch):
    error = b'{"type":"error","error":{"type":"invalid_request_error","message":"speed: unknown group"}}'

    def script(path, params):
        is_refused = ("group_by[]", "speed") in params
        return (400, {"Content-Type": "application/json"}, error) if is_refused else page(bucket(MONDAY), bucket(TUESDAY))

    scripted = vendor(script)
    answers = fetch("claude_api_usage", [MONDAY, TUESDAY])
    assert {answer.is_data for answer in answers.values()} == {True}
    assert len(scripted.requests) == 2 and "anthropic-beta" not in scripted.requests[1][2]


def test_a_vendor_that_knows_the_groups_of_2025_only_is_asked_by_those(vendor, fetch):
    """The first edition of the reference has five groups; another one is an invalid request."""
    known = {"api_key_id", "workspace_id", "model", "service_tier", "context_window"}

    def script(path, params):
        unknown = {value for name, value in params if name == "group_by[]"} - known
        error = json.dumps({"type": "error", "error": {"message": f"group_by: {sorted(unknown)}"}}).encode()
        return (400, {"Content-Type": "application/json"}, error) if unknown else page(bucket(MONDAY, USAGE_RESULT))

    scripted = vendor(script)
    assert fetch("claude_api_usage", [MONDAY])[MONDAY].state is State.AVAILABLE
    assert len(scripted.requests) == 3
    vendor(lambda path, params: (400, {"Content-Type": "application/json"}, b'{"error":{"message":"never"}}'))
    answer = fetch("claude_api_usage", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "bad_request")


@pytest.mark.parametrize(("written", "reason"), [
    ("2026-11-02", ""), ("2026-11-02T00:00:00.000Z", ""), ("2026-11-02T05:30:00+05:30", ""), ("yesterday", "bad_value")])
def test_a_claude_code_record_is_of_its_utc_day_however_the_day_is_written(vendor, fetch, written, reason):
    vendor(lambda path, params: page(CODE_RECORD | {"date": written}))
    assert fetch("claude_code_usage", [MONDAY])[MONDAY].reason == reason


def test_requests_carry_the_pinned_version_the_key_and_bracketed_groups(vendor, fetch):
    scripted = vendor(lambda path, params: page(bucket(MONDAY), bucket(TUESDAY)))
    fetch("claude_api_usage", [MONDAY, TUESDAY])
    (path, params, headers), = scripted.requests
    assert path == "/v1/organizations/usage_report/messages"
    assert params == [
        ("starting_at", "2026-11-02T00:00:00Z"), ("ending_at", "2026-11-04T00:00:00Z"), ("bucket_width", "1d"),
        ("limit", "31"), ("group_by[]", "api_key_id"), ("group_by[]", "account_id"),
        ("group_by[]", "service_account_id"), ("group_by[]", "workspace_id"), ("group_by[]", "model"),
        ("group_by[]", "service_tier"), ("group_by[]", "context_window"), ("group_by[]", "inference_geo"),
        ("group_by[]", "speed"),
    ]
    assert headers["anthropic-beta"] == "fast-mode-2026-02-01"
    assert (headers["anthropic-version"], headers["x-api-key"]) == ("2023-06-01", "sk-ant-admin01-sandbox")


def test_the_claude_code_report_is_asked_by_date_with_full_pages(vendor, fetch):
    scripted = vendor(lambda path, params: page())
    fetch("claude_code_usage", [MONDAY])
    (path, params, _), = scripted.requests
    assert path == "/v1/organizations/usage_report/claude_code"
    assert params == [("starting_at", "2026-11-02"), ("limit", "1000")]


def test_a_failed_second_page_costs_only_the_days_it_would_have_brought(vendor, fetch):
    def script(path, params):
        if dict(params).get("page") == "page_two":
            return 400, {"Content-Type": "application/json"}, b'{"type":"error","error":{"message":"bad cursor"}}'
        return page(bucket(MONDAY, COST_RESULT), bucket(TUESDAY), next_page="page_two")

    vendor(script)
    answers = fetch("claude_api_cost", [MONDAY, TUESDAY, WEDNESDAY])
    assert [answers[day].state for day in (MONDAY, TUESDAY, WEDNESDAY)] == [
        State.AVAILABLE, State.ZERO, State.MISSING]
    assert answers[WEDNESDAY].reason == "bad_request"
    assert "bad cursor" in answers[WEDNESDAY].message


def test_a_failed_second_page_of_a_claude_code_day_leaves_no_partial_day(vendor, fetch):
    def script(path, params):
        if "page" in dict(params):
            return 401, {"Content-Type": "application/json"}, b'{"error":{"message":"expired"}}'
        return page(CODE_RECORD, next_page="page_two")

    vendor(script)
    answer = fetch("claude_code_usage", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "unauthorized", [])


def test_a_page_that_comes_back_ends_the_day_as_a_part_and_not_as_an_endless_read(vendor, fetch):
    scripted = vendor(lambda path, params: page(CODE_RECORD, next_page="page_again"))
    answer = fetch("claude_code_usage", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason, len(answer.rows)) == (State.PARTIAL, "repeated_page", 1)
    assert len(scripted.requests) == 2


def test_a_day_whose_bucket_came_is_complete_though_its_page_comes_again(vendor, fetch):
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT), next_page="page_again"))
    answers = fetch("claude_api_cost", [MONDAY, TUESDAY])
    assert [(answer.state, answer.reason) for answer in answers.values()] == [
        (State.AVAILABLE, ""), (State.MISSING, "repeated_page")]


def test_a_day_that_comes_twice_is_not_trusted(vendor, fetch):
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT), bucket(MONDAY, COST_RESULT)))
    answer = fetch("claude_api_cost", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "repeated_day")


def test_a_promise_of_more_without_a_cursor_keeps_what_came_as_a_part(vendor, fetch):
    vendor(lambda path, params: {"data": [], "has_more": True, "next_page": None})
    answer = fetch("claude_code_usage", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "missing_field")
    vendor(lambda path, params: page(CODE_RECORD) | {"has_more": True})
    answer = fetch("claude_code_usage", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason, len(answer.rows)) == (State.PARTIAL, "missing_field", 1)
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT)) | {"has_more": True})
    answers = fetch("claude_api_cost", [MONDAY, TUESDAY])
    assert [(answer.state, answer.reason) for answer in answers.values()] == [
        (State.AVAILABLE, ""), (State.MISSING, "missing_field")]


def test_an_answer_without_a_content_type_is_read_if_it_is_json(vendor, fetch):
    vendor(lambda path, params: (200, {}, json.dumps(page(bucket(MONDAY, COST_RESULT))).encode()))
    assert fetch("claude_api_cost", [MONDAY])[MONDAY].state is State.AVAILABLE
    vendor(lambda path, params: (200, {}, b"<html>gateway</html>"))
    assert fetch("claude_api_cost", [MONDAY])[MONDAY].reason == "malformed"


def test_a_missing_amount_names_feed_day_and_field_and_spares_the_other_days(vendor, fetch):
    broken = {name: value for name, value in COST_RESULT.items() if name != "amount"}
    vendor(lambda path, params: page(bucket(MONDAY, broken), bucket(TUESDAY, COST_RESULT)))
    answers = fetch("claude_api_cost", [MONDAY, TUESDAY])
    assert (answers[MONDAY].state, answers[MONDAY].reason) == (State.MISSING, "missing_field")
    assert all(part in answers[MONDAY].message for part in ("claude_api_cost", "2026-11-02", "amount"))
    assert answers[TUESDAY].state is State.AVAILABLE


@pytest.mark.parametrize("broken", [
    bucket(MONDAY) | {"results": None}, {name: value for name, value in bucket(MONDAY).items() if name != "results"},
    bucket(MONDAY) | {"results": [7]}, bucket(MONDAY, COST_RESULT | {"amount": "amount"}),
    bucket(MONDAY, COST_RESULT | {"workspace_id": 7}), bucket(MONDAY) | {"starting_at": "soon"}, 7,
], ids=["null", "no results", "no object", "no amount", "no text", "no day", "no bucket"])
def test_a_bucket_that_cannot_be_read_costs_its_own_day_and_no_other_of_its_page(vendor, fetch, broken):
    vendor(lambda path, params: page(bucket(SUNDAY, COST_RESULT), broken, bucket(TUESDAY, COST_RESULT)))
    answers = fetch("claude_api_cost", [SUNDAY, MONDAY, TUESDAY])
    assert [answers[day].state for day in (SUNDAY, MONDAY, TUESDAY)] == [State.AVAILABLE, State.MISSING, State.AVAILABLE]
    assert answers[MONDAY].reason == "missing_field"


def test_a_negative_amount_is_a_credit_and_stays_a_line_of_its_own(vendor, fetch):
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT | {"amount": "250"}, COST_RESULT | {"amount": "-100.5"})))
    assert [row["amount_usd"] for row in fetch("claude_api_cost", [MONDAY])[MONDAY].rows] == [Decimal("2.5"), Decimal("-1.005")]


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_an_amount_that_is_no_number_is_refused(vendor, fetch, amount):
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT | {"amount": amount})))
    answer = fetch("claude_api_cost", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "bad_value", [])
    assert "amount" in answer.message


def test_tokens_of_a_cache_lifetime_of_next_year_make_the_day_partial_and_are_named(vendor, fetch):
    result = deepcopy(USAGE_RESULT)
    result["cache_creation"] |= {"ephemeral_24h_input_tokens": 70, "ephemeral_7d_input_tokens": 0}
    vendor(lambda path, params: page(bucket(MONDAY, result), bucket(TUESDAY, USAGE_RESULT)))
    answers = fetch("claude_api_usage", [MONDAY, TUESDAY])
    assert (answers[MONDAY].state, answers[MONDAY].reason, len(answers[MONDAY].rows)) == (State.PARTIAL, "unknown_token_class", 1)
    assert "ephemeral_24h_input_tokens" in answers[MONDAY].message and "7d" not in answers[MONDAY].message
    assert answers[TUESDAY].state is State.AVAILABLE


def test_a_bucket_is_of_its_utc_day_whatever_the_offset_of_its_moments(vendor, fetch):
    moved = bucket(MONDAY, USAGE_RESULT) | {"starting_at": "2026-11-02T05:30:00+05:30", "ending_at": "2026-11-03T00:00:00"}
    vendor(lambda path, params: page(moved))
    assert fetch("claude_api_usage", [MONDAY])[MONDAY].state is State.AVAILABLE


@pytest.mark.parametrize("tokens", [-1, 2**62])
def test_tokens_that_no_call_can_have_used_are_refused_by_name(vendor, fetch, tokens):
    result = deepcopy(USAGE_RESULT)
    result["cache_creation"]["ephemeral_1h_input_tokens"] = tokens
    vendor(lambda path, params: page(bucket(MONDAY, result)))
    answer = fetch("claude_api_usage", [MONDAY])[MONDAY]
    assert answer.reason == "bad_value"
    assert f"cache_write_1h_tokens is {tokens}" in answer.message


@pytest.mark.parametrize(("feed", "body"), [
    ("claude_api_cost", page(bucket(MONDAY, COST_RESULT | {"currency": "EUR"}))),
    ("claude_code_usage", page(CODE_RECORD | {"model_breakdown": [
        CODE_RECORD["model_breakdown"][0] | {"estimated_cost": {"currency": "EUR", "amount": 1}}]})),
])
def test_another_currency_is_refused_by_name(vendor, fetch, feed, body):
    vendor(lambda path, params: body)
    answer = fetch(feed, [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "currency")
    assert "EUR" in answer.message


def test_a_claude_code_record_of_another_day_is_refused(vendor, fetch):
    vendor(lambda path, params: page(CODE_RECORD | {"date": "2026-11-01T00:00:00Z"}))
    assert fetch("claude_code_usage", [MONDAY])[MONDAY].reason == "wrong_day"


def test_buckets_that_are_not_whole_utc_days_are_refused(vendor, fetch):
    hour = {"starting_at": "2026-11-02T00:00:00Z", "ending_at": "2026-11-02T01:00:00Z", "results": [COST_RESULT]}
    vendor(lambda path, params: page(hour))
    answer = fetch("claude_api_cost", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "wrong_day")


def test_a_bucket_written_in_another_offset_is_still_its_utc_day(vendor, fetch):
    shifted = {"starting_at": "2026-11-02T01:00:00+01:00", "ending_at": "2026-11-03T01:00:00+01:00",
               "results": [COST_RESULT]}
    vendor(lambda path, params: page(shifted))
    assert fetch("claude_api_cost", [MONDAY])[MONDAY].state is State.AVAILABLE


@pytest.mark.parametrize(("answer", "reason"), [
    ((200, {"Content-Type": "text/html"}, b"<html>gateway</html>"), "wrong_content_type"),
    ((200, {"Content-Type": "application/json"}, b""), "malformed"),
    ((200, {"Content-Type": "application/json"}, b'{"data": [{"star'), "malformed"),
    ((200, {"Content-Type": "application/json"}, b'{"type":"error","error":{}}'), "missing_field"),
    ((302, {"Location": "https://elsewhere.test"}, b""), "unexpected_status"),
    ((404, {"Content-Type": "application/json"}, b'{"error":{"message":"no"}}'), "not_found"),
])
@pytest.mark.parametrize("feed", ["claude_api_usage", "claude_api_cost", "claude_code_usage"])
def test_an_answer_that_is_not_the_report_is_never_data(vendor, fetch, feed, answer, reason):
    vendor(lambda path, params: answer)
    found = fetch(feed, [MONDAY])[MONDAY]
    assert (found.state, found.reason, list(found.rows)) == (State.MISSING, reason, [])
    assert feed in found.message


@pytest.mark.parametrize(("feed", "result"), [("claude_api_usage", USAGE_RESULT), ("claude_api_cost", COST_RESULT)])
def test_a_bucket_with_very_many_results_stands_in_memory_about_once(vendor, fetch, feed, result):
    """As objects its results take several times as much as their text does."""
    results = [result | {"workspace_id": f"wrkspc_{number:024d}"} for number in range(6_000)]
    body = json.dumps(page(bucket(MONDAY, *results))).encode()
    vendor(lambda path, params: (200, {"Content-Type": "application/json"}, body))
    fetch(feed, [MONDAY])
    tracemalloc.start()
    answer = fetch(feed, [MONDAY])[MONDAY]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.state, len(answer.rows)) == (State.AVAILABLE, 6_000)
    assert peak < 2 * len(body)


def test_an_overloaded_vendor_is_asked_again(vendor, fetch, waits):
    answers = [(529, {"Retry-After": "0"}, b"{}"), (429, {"Retry-After": "0"}, b"{}")]
    vendor(lambda path, params: answers.pop() if answers else page(bucket(MONDAY, COST_RESULT)))
    assert fetch("claude_api_cost", [MONDAY])[MONDAY].state is State.AVAILABLE


def test_a_vendor_that_stays_down_gives_an_error_and_no_rows(vendor, fetch, waits):
    scripted = vendor(lambda path, params: (500, {"Retry-After": "0"}, b'{"error":{"message":"down"}}'))
    answer = fetch("claude_api_usage", [MONDAY])[MONDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "server_error")
    assert len(scripted.requests) == 5


def test_an_empty_claude_code_day_that_is_not_over_is_missing(vendor, fetch):
    vendor(lambda path, params: page())
    far = date(2999, 1, 1)
    answer = fetch("claude_code_usage", [far])[far]
    assert (answer.state, answer.reason) == (State.MISSING, "day_not_closed")


def test_the_raw_archive_gets_the_bytes_of_its_own_day(vendor, fetch):
    vendor(lambda path, params: page(bucket(MONDAY, COST_RESULT), bucket(TUESDAY)))
    answers = fetch("claude_api_cost", [MONDAY, TUESDAY])
    assert b"123.45" in answers[MONDAY].raw[0].body
    assert b"123.45" not in answers[TUESDAY].raw[0].body
