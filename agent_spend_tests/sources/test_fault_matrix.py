"""Every fault on every vendor endpoint ends in a named state and a clear message, and leaves stored data alone."""

from datetime import date

import pytest

from agent_spend.lake.tables import Lake
from agent_spend.project import feeds
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment, running
from agent_spend.settings import Settings
from agent_spend.sources import http
from agent_spend.sources.land import land

DAY = date(2026, 11, 20)
FRIDAY = Scenario(developers=12, days=21, seed=7, end_day=DAY)

#: feed -> a part of the path that only its requests have.
ENDPOINTS = {
    "copilot_user_usage": "users-1-day",
    "copilot_user_usage_28_day": "users-28-day",
    "copilot_seats": "billing/seats",
    "copilot_billing_usage": "settings/billing",
    "github_identities": "consumed-licenses",
    "claude_api_usage": "usage_report/messages",
    "claude_api_cost": "cost_report",
    "claude_code_usage": "usage_report/claude_code",
    "claude_analytics_cost": "analytics/cost",
    "claude_analytics_usage": "analytics/usage",
    "claude_api_keys": "api_keys",
    "claude_workspaces": "workspaces",
    "claude_users": "organizations/users",
    "cursor_usage_events": "filtered-usage-events",
    "cursor_members": "teams/members",
    "cursor_spend": "teams/spend",
    "cursor_daily_usage": "daily-usage-data",
    "cursor_billing_cycles": "teams/groups",
}

#: fault -> reasons that name it. GitHub answers 404 (and 204) for a day without a report, hence ``no_report``.
FAULTS = {
    "401": {"unauthorized", "link_expired"},
    "403": {"forbidden", "link_expired", "policy_disabled", "not_enabled"},
    "404": {"not_found", "no_report", "link_expired", "not_enabled"},
    "429": {"rate_limited"},
    "500": {"server_error"},
    "truncated-json": {"malformed", "truncated"},
    "truncated-gzip": {"malformed", "truncated"},
    "wrong-content-type": {"malformed", "wrong_content_type"},
    "empty": {"empty_body", "malformed"},
    "drop": {"truncated", "malformed", "connection"},
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """The same retries, without the pauses between them."""
    monkeypatch.setattr(http, "_backoff", lambda state: 0.0)


@pytest.fixture(scope="module")
def shared_sandbox(company_folder):
    """One server for the whole matrix."""
    with running(FRIDAY, company_folder(FRIDAY), claude_refreshed_days_ago="0") as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox, monkeypatch):
    """The shared sandbox without faults, asked as if GitHub had one scope only (no fallback to organizations)."""
    for name, value in environment(shared_sandbox.url, shared_sandbox.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_ORGS", "")
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "licences")
    shared_sandbox.state.options.pop("fault", None)
    return shared_sandbox


def totals(settings: Settings, name: str) -> list:
    lake = Lake(settings.lake_uri)
    return sorted(map(str, lake.read(name, "usage_day").to_pylist()))


@pytest.mark.parametrize("name", ENDPOINTS)
def test_each_fault_is_named_and_changes_nothing(sandbox, name):
    settings = Settings.from_environment()
    feed = feeds()[name]
    assert land(feed, [DAY], settings).coverage[DAY].state == "available"
    before = totals(settings, name)
    for fault, reasons in FAULTS.items():
        sandbox.state.options["fault"] = f"{ENDPOINTS[name]}:{fault}"
        line = land(feed, [DAY], settings).coverage[DAY]
        assert line.last_attempt in reasons, (fault, line.last_attempt, line.message)
        assert line.message, fault
        assert (line.state, totals(settings, name)) == ("available", before), fault


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_passing_fault_is_retried_to_a_good_end(sandbox, name):
    sandbox.state.options["fault"] = f"{ENDPOINTS[name]}:429:1,{ENDPOINTS[name]}:500:2"
    line = land(feeds()[name], [DAY], Settings.from_environment()).coverage[DAY]
    assert (line.state, line.last_attempt) == ("available", "available")


def test_a_vendor_that_says_how_long_to_wait_is_obeyed(sandbox):
    sandbox.state.options["fault"] = "cost_report:429-retry-after:1"
    assert land(feeds()["claude_api_cost"], [DAY], Settings.from_environment()).failures == {}
