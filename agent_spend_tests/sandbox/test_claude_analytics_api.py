"""The simulated analytics API keeps the documented rules: ranges, groups, order, cursors, fan-out."""

from datetime import date
from decimal import Decimal

import pytest
import requests

from agent_spend.sandbox.claude_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import running

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
DAY = [("starting_at", "2026-11-04T00:00:00Z"), ("ending_at", "2026-11-05T00:00:00Z"), ("time_bucket_width", "1d")]
BETA = "analytics-usage-cost-2026-08-24"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(SMALL, tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def ask(server):
    def get(path, *params, beta=BETA):
        headers = {"x-api-key": "sk-ant-admin01-sandbox", "anthropic-version": "2026-10-21"}
        headers |= {"anthropic-beta": beta} if beta else {}
        url = f"{server.url}/anthropic/v1/organizations/analytics/{path}"
        return requests.get(url, list(params), headers=headers, timeout=10)

    yield get
    server.state.is_restated = False


def groups(*names):
    return [("group_by[]", name) for name in names]


@pytest.mark.parametrize("params", [
    [("starting_at", "2026-11-04T00:00:00Z"), ("time_bucket_width", "1d")],
    [("starting_at", "2025-12-31T00:00:00Z"), ("ending_at", "2026-01-02T00:00:00Z")],
    [("starting_at", "2026-10-01T00:00:00Z"), ("ending_at", "2026-11-02T00:00:00Z")],
    [("starting_at", "2026-11-04T00:00:00Z"), ("ending_at", "2026-11-04T00:00:00Z")],
    [*DAY, ("limit", "1001")],
    [*DAY, ("order_by", "requests")],
    [*DAY, *groups("model", "product", "actor", "api_key_id", "workspace_id", "speed")],
    [*DAY, *groups("account_id")],
], ids=["end", "too-early", "too-long", "empty", "limit", "order", "six-groups", "unknown-group"])
def test_what_the_documentation_forbids_is_a_400(ask, params):
    assert ask("cost", *params).status_code == 400


def test_the_beta_header_is_required(ask):
    assert ask("cost", *DAY, beta=None).status_code == 400


def test_five_groups_and_both_cost_splits_are_allowed(ask):
    names = ("model", "product", "actor", "api_key_id", "workspace_id", "cost_type", "token_type")
    rows = ask("cost", *DAY, ("limit", "1000"), *groups(*names)).json()["data"]
    total, = ask("cost", *DAY).json()["data"]
    assert sum(Decimal(row["cost"]["amount"]) for row in rows) == Decimal(total["cost"]["amount"])
    assert {row["cost"]["requests"] for row in rows} == {None}
    assert total["cost"]["requests"] > 0
    assert Decimal(total["cost"]["amount"]) / 100 == Decimal(answer_key(SMALL)["billed_usd"]["by_day"]["2026-11-04"])


def test_rows_come_dearest_first_and_pages_neither_skip_nor_repeat(ask):
    whole = ask("cost", *DAY, ("limit", "1000"), *groups("api_key_id", "model")).json()["data"]
    amounts = [Decimal(row["cost"]["amount"]) for row in whole]
    assert amounts == sorted(amounts, reverse=True)
    paged, page = [], None
    while True:
        more = [("page", page)] if page else []
        body = ask("cost", *DAY, ("limit", "7"), *groups("api_key_id", "model"), *more).json()
        paged += body["data"]
        page = body["next_page"]
        if not body["has_more"]:
            break
    assert paged == whole


def test_a_cursor_belongs_to_its_query_and_lapses_with_a_refresh(ask, server):
    query = [*DAY, ("limit", "2"), *groups("api_key_id")]
    page = ask("cost", *query).json()["next_page"]
    assert ask("cost", *DAY, ("limit", "3"), *groups("api_key_id"), ("page", page)).status_code == 400
    server.state.is_restated = True
    assert ask("cost", *query, ("page", page)).status_code == 410


def test_days_without_use_have_no_rows(ask):
    body = ask("cost", ("starting_at", "2026-10-20T00:00:00Z"), ("ending_at", "2026-10-25T00:00:00Z"),
               ("time_bucket_width", "1d")).json()
    assert (body["data"], body["has_more"]) == ([], False)
    assert body["data_refreshed_at"] == "2026-11-19T00:00:00Z"


def test_usage_rows_carry_the_token_classes_of_the_answer_key(ask):
    row, = ask("usage", *DAY).json()["data"]
    wanted = answer_key(SMALL)["tokens"]["by_day"]["2026-11-04"]
    assert row["usage"]["output_tokens"] == wanted["output_tokens"]
    assert row["usage"]["total_tokens"] == sum(wanted.values())
