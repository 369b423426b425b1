"""One budget an account and path, whatever number of feeds, threads and processes ask; the documented rates of every vendor."""

import pytest

from agent_spend.settings import Settings
from agent_spend.sources import pace
from agent_spend.sources.claude.client import open_session
from agent_spend.sources.copilot.session import github_session
from agent_spend.sources.cursor.session import cursor_session


class Clock:
    """Time that passes only where a request waits."""

    def __init__(self):
        self.now, self.waits = 1_800_000_000.0, []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    for name in ("GITHUB_API_URL", "ANTHROPIC_API_URL", "CURSOR_API_URL"):
        monkeypatch.setenv(name, "https://vendor.test")
    return clock


def most_in_a_minute(clock: Clock, vendor, path: str) -> int:
    """The most requests in any 60 seconds, both ends included, that two sessions of one account send if they can."""
    sessions = [vendor(Settings.from_environment()) for _ in range(2)]
    sent = []
    while clock.now < 1_800_000_200:
        sessions[len(sent) % 2]._pace.wait_turn(path)
        sent.append(clock.now)
    return max(sum(begin <= moment <= begin + 60.001 for moment in sent) for begin in sent[:: max(1, len(sent) // 100)])


@pytest.mark.parametrize(
    ("vendor", "path", "documented"),
    [
        (cursor_session, "/teams/filtered-usage-events", 60),
        (cursor_session, "/teams/spend", 20),
        (cursor_session, "/teams/members", 20),
        (cursor_session, "/teams/daily-usage-data", 20),
        (cursor_session, "/teams/groups", 20),
        (open_session, "/v1/organizations/usage_report/messages", 20),
        (github_session, "/enterprises/acme/copilot/billing/seats", 600),
    ],
)
def test_two_sessions_of_one_account_use_a_budget_up_and_no_more(clock, vendor, path, documented):
    assert most_in_a_minute(clock, vendor, path) == documented


def test_endpoints_have_budgets_of_their_own(clock):
    session = cursor_session(Settings.from_environment())
    for path in ("/teams/spend", "/teams/members", "/teams/groups"):
        for _ in range(3):
            session._pace.wait_turn(path)
    assert clock.waits == []


def test_processes_of_one_home_share_the_budget_and_the_pause_through_its_file(clock, tmp_path):
    # Of 12 a minute 2 come at once and 10 evenly spread, one in 6 seconds.
    ours, theirs = (pace.shared_pace("cursor", "https://vendor.test", {"/": 12}, tmp_path) for _ in range(2))
    for other in (ours, theirs, ours, theirs):
        other.wait_turn("/any")
    assert clock.waits == [6, 6]
    theirs.pause(30)
    ours.wait_turn("/any")
    assert clock.waits == [6, 6, 30]


@pytest.mark.parametrize("left", [b"", b'{"/": 1', b"null", b"[]", b'{"/": 9e99, "paused until": 9e99}'])
def test_a_file_that_makes_no_sense_stops_nobody(clock, tmp_path, left):
    shared = pace.shared_pace("cursor", "https://vendor.test", {"/": 12}, tmp_path)
    (file,) = (tmp_path / "pace").glob("*.json")
    file.write_bytes(left)
    for _ in range(3):
        shared.wait_turn("/any")
    assert clock.waits == [6]


def test_a_pause_is_made_by_whoever_asks_next_and_ends(clock):
    shared = pace.Pace({})
    shared.pause(30)
    shared.pause(10)
    shared.wait_turn("/any")
    shared.wait_turn("/any")
    assert clock.waits == [30]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7), ({"Retry-After": "0.5"}, 0.5), ({"Retry-After": "-5"}, 0), ({"Retry-After": "nan"}, 0),
        ({"Retry-After": "1e9"}, 1e9), ({"Retry-After": "soon"}, None), ({}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "²³"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 5000}, float("inf")),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "99999999999"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 30),
    ],
)
def test_whatever_the_headers_say_is_a_number_of_seconds_or_nothing(headers, seconds):
    assert pace.asked_wait(headers) == seconds
