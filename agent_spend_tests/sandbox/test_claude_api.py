"""The simulated Anthropic answers as documented: credentials, paging, limits, groups, errors."""

from datetime import date
from decimal import Decimal

import pytest
import requests

from agent_spend.sandbox.claude_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import running

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
USAGE, COST, CODE = "/usage_report/messages", "/cost_report", "/usage_report/claude_code"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(SMALL, tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def ask(server):
    """GET below ``/v1/organizations`` with the Admin key: ``ask(path, *params, headers...)``."""

    def get(path, *params, **headers):
        sent = {"x-api-key": "sk-ant-admin01-sandbox", "anthropic-version": "2023-06-01"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if value is not None}
        return requests.get(f"{server.url}/anthropic/v1/organizations{path}", list(params), headers=sent, timeout=10)

    yield get
    server.state.is_restated = False


def error_of(response):
    body = response.json()
    assert body["type"] == "error"
    assert body["request_id"] == response.headers["request-id"]
    return response.status_code, body["error"]["type"]


def test_credentials_and_version_are_checked(ask):
    assert error_of(ask("/me", x_api_key=None)) == (401, "authentication_error")
    assert error_of(ask("/me", x_api_key="sk-ant-admin01-other")) == (401, "authentication_error")
    assert error_of(ask("/me", x_api_key="sk-ant-api03-sandbox")) == (403, "permission_error")
    assert error_of(ask("/me", anthropic_version=None)) == (400, "invalid_request_error")
    assert error_of(ask("/me", anthropic_version="2024-01-01")) == (400, "invalid_request_error")
    assert ask("/me").json()["type"] == "organization"


def test_a_bearer_token_is_accepted_too(ask):
    assert ask("/me", x_api_key=None, authorization="Bearer sk-ant-admin01-sandbox").status_code == 200


def test_seven_daily_buckets_by_default_and_31_at_most(ask):
    start = ("starting_at", "2026-11-02T13:45:00Z")
    body = ask(USAGE, start).json()
    assert [bucket["starting_at"][:10] for bucket in body["data"]] == [f"2026-11-{n:02}" for n in range(2, 9)]
    assert body["has_more"] and body["next_page"].startswith("page_")
    assert error_of(ask(USAGE, start, ("limit", "32"))) == (400, "invalid_request_error")
    assert error_of(ask(USAGE)) == (400, "invalid_request_error")


def test_the_last_page_has_no_cursor_and_stops_at_the_present(ask):
    body = ask(USAGE, ("starting_at", "2026-11-20T00:00:00Z"), ("ending_at", "2026-12-31T00:00:00Z")).json()
    assert [bucket["starting_at"][:10] for bucket in body["data"]] == ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert (body["has_more"], body["next_page"]) == (False, None)


def test_empty_buckets_are_listed(ask):
    body = ask(USAGE, ("starting_at", "2026-10-31T00:00:00Z"), ("limit", "2")).json()
    assert [bucket["results"] for bucket in body["data"]] == [[], []]


def test_ungrouped_usage_is_one_row_with_null_dimensions(ask):
    result, = ask(USAGE, ("starting_at", "2026-11-04T00:00:00Z"), ("limit", "1")).json()["data"][0]["results"]
    assert {name for name, value in result.items() if value is None} == {
        "account_id", "api_key_id", "context_window", "inference_geo", "model", "service_account_id", "service_tier",
        "workspace_id"}
    wanted = answer_key(SMALL)["tokens"]["by_day"]["2026-11-04"]
    assert result["uncached_input_tokens"] == wanted["uncached_input_tokens"]
    assert result["cache_creation"]["ephemeral_1h_input_tokens"] == (
        wanted["cache_creation.ephemeral_1h_input_tokens"])


def test_hours_of_a_day_add_up_to_the_day(ask):
    hours = ask(USAGE, ("starting_at", "2026-11-04T00:00:00Z"), ("ending_at", "2026-11-05T00:00:00Z"),
                ("bucket_width", "1h")).json()["data"]
    assert len(hours) == 24
    total = sum(result["output_tokens"] for hour in hours for result in hour["results"])
    assert total == answer_key(SMALL)["tokens"]["by_day"]["2026-11-04"]["output_tokens"]


def test_grouping_by_speed_needs_the_beta_header(ask):
    params = [("starting_at", "2026-11-04T00:00:00Z"), ("group_by[]", "speed")]
    assert error_of(ask(USAGE, *params)) == (400, "invalid_request_error")
    assert ask(USAGE, *params, anthropic_beta="fast-mode-2026-02-01").status_code == 200


def test_the_cost_report_groups_by_workspace_and_description_only(ask):
    start = ("starting_at", "2026-11-04T00:00:00Z")
    for name in ("api_key_id", "model"):
        assert error_of(ask(COST, start, ("group_by[]", name))) == (400, "invalid_request_error")
    assert error_of(ask(COST, start, ("bucket_width", "1h"))) == (400, "invalid_request_error")
    assert error_of(ask(COST, start, ("models[]", "x"))) == (400, "invalid_request_error")


def test_cost_amounts_are_strings_in_cents_and_groups_add_up_to_the_total(ask):
    start = ("starting_at", "2026-11-04T00:00:00Z")
    groups = [("group_by[]", "workspace_id"), ("group_by[]", "description")]
    lines = ask(COST, start, ("limit", "1"), *groups).json()["data"][0]["results"]
    total, = ask(COST, start, ("limit", "1")).json()["data"][0]["results"]
    assert all(isinstance(line["amount"], str) for line in lines)
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal(total["amount"])
    assert Decimal(total["amount"]) / 100 == Decimal(answer_key(SMALL)["billed_usd"]["by_day"]["2026-11-04"])
    assert "priority" not in {line["service_tier"] for line in lines}


def test_the_claude_code_report_takes_a_date_and_counts_records(ask):
    assert error_of(ask(CODE, ("starting_at", "2026-11-04T00:00:00Z"))) == (400, "invalid_request_error")
    first = ask(CODE, ("starting_at", "2026-11-04"), ("limit", "2")).json()
    assert len(first["data"]) == 2 and first["has_more"]
    second = ask(CODE, ("starting_at", "2026-11-04"), ("limit", "2"), ("page", first["next_page"])).json()
    assert second["data"][0] != first["data"][0]
    again = ask(CODE, ("starting_at", "2026-11-04"), ("limit", "2"), ("page", first["next_page"])).json()
    assert again == second


def test_optional_fields_of_claude_code_records_are_absent_on_some(ask):
    records = ask(CODE, ("starting_at", "2026-11-04"), ("limit", "1000")).json()["data"]
    assert {"subscription_type" in record for record in records} == {True, False}
    assert {record["actor"]["type"] for record in records} == {"user_actor", "api_actor"}
    models = [model for record in records for model in record["model_breakdown"]]
    assert {type(model["estimated_cost"]["amount"]) for model in models} == {int}


def test_default_and_archived_workspaces_are_shown_on_request_only(ask):
    def names(*params):
        return {workspace["name"] for workspace in ask("/workspaces", *params).json()["data"]}

    assert names() == {"Production", "Staging", "Development", "Claude Code"}
    assert names(("include_default", "true"), ("include_archived", "true")) == names() | {"Default", "Legacy Tools"}
    assert ask("/workspaces/wrkspc_01SimDefault").json()["name"] == "Default"
    assert error_of(ask("/workspaces/wrkspc_01None")) == (404, "not_found_error")


def test_keys_are_paged_by_id_and_lose_their_workspace_under_the_newer_version(ask):
    first = ask("/api_keys", ("limit", "2")).json()
    second = ask("/api_keys", ("limit", "2"), ("after_id", first["last_id"])).json()
    assert first["has_more"] and second["first_id"] == "apikey_01SimNightlyBatch"
    assert "workspace_id" in first["data"][0]
    newer = ask("/api_keys", ("limit", "2"), anthropic_version="2026-10-21").json()
    assert "workspace_id" not in newer["data"][0]
    assert newer["data"][0]["scope"] == {"type": "workspace", "workspace_id": "wrkspc_01SimProd"}


def test_two_keys_share_a_name_and_one_of_them_is_archived(ask):
    keys = [key for key in ask("/api_keys", ("limit", "1000")).json()["data"] if key["name"] == "ranker-prod"]
    assert {key["status"] for key in keys} == {"active", "archived"}


def test_members_can_be_looked_up_by_email(ask):
    person = SMALL.people[0]
    user, = ask("/users", ("email", person.email)).json()["data"]
    assert (user["email"], user["role"]) == (person.email, "admin")
