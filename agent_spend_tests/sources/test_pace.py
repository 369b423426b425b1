"""One budget an account and path, whatever number of feeds and threads ask; the documented rates of every vendor."""

import pytest

from agent_spend.settings import Settings
from agent_spend.sources import pace
from agent_spend.sources.claude.client import open_session
from agent_spend.sources.copilot.session import github_session
from agent_spend.sources.cursor.session import cursor_session


def requests_in_one_minute(vendor, path: str) -> int:
    """How many requests two sessions of one account may send before they have to wait."""
    sessions = [vendor(Settings.from_environment()) for _ in range(2)]
    for number in range(2000):
        limiter = sessions[number % 2]._pace.limiter(path)
        if not limiter.try_acquire(path, blocking=False):
            return number
    raise AssertionError(f"{path} has no limit")


@pytest.fixture(autouse=True)
def accounts(monkeypatch):
    """Accounts that no other test has asked."""
    pace.shared_pace.cache_clear()
    for name in ("GITHUB_API_URL", "ANTHROPIC_API_URL", "CURSOR_API_URL"):
        monkeypatch.setenv(name, "https://vendor.test")


@pytest.mark.parametrize(
    ("vendor", "path", "most"),
    [
        (cursor_session, "/teams/filtered-usage-events", 60),
        (cursor_session, "/teams/spend", 20),
        (cursor_session, "/teams/members", 20),
        (cursor_session, "/teams/daily-usage-data", 20),
        (cursor_session, "/teams/groups", 20),
        (open_session, "/v1/organizations/usage_report/messages", 60),
        (github_session, "/enterprises/acme/copilot/billing/seats", 900),
    ],
)
def test_two_sessions_of_one_account_share_a_budget_within_the_vendors_limit(vendor, path, most):
    assert 0 < requests_in_one_minute(vendor, path) <= most


def test_endpoints_have_budgets_of_their_own():
    assert requests_in_one_minute(cursor_session, "/teams/spend") == 20
    assert requests_in_one_minute(cursor_session, "/teams/members") == 20


def test_a_pause_is_made_by_whoever_asks_next_and_ends(monkeypatch):
    waits, now = [], [100.0]
    monkeypatch.setattr(pace, "sleep", waits.append)
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    shared = pace.Pace({})
    shared.pause(30)
    shared.pause(10)
    shared.wait_turn("/any")
    now[0] = 131.0
    shared.wait_turn("/any")
    assert waits == [30.0]
