"""The machine's time zone moves nothing: single days add up to the range, and every zone gives the same days."""

import time
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.lake.tables import Lake
from agent_spend.project import feeds
from agent_spend.sandbox.cursor_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment, running
from agent_spend.settings import Settings
from agent_spend.sources.land import land

WEEK = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
FEEDS = [
    "claude_api_cost", "claude_api_usage", "claude_code_usage", "copilot_user_usage", "cursor_daily_usage", "cursor_usage_events",
]


@pytest.fixture(scope="module")
def server(company_folder):
    with running(WEEK, company_folder(WEEK)) as found:
        yield found


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def zone(request, server, monkeypatch):
    """The vendors, seen by a process of another zone."""
    for name, value in environment(server.url, server.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", FEEDS)
def test_single_days_add_up_to_the_range_in_every_zone(zone, name, monkeypatch, tmp_path):
    days, held = WEEK.calendar[-4:], []
    for home, parts in (("range", [days]), ("days", [[day] for day in days])):
        monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / home))
        settings = Settings.from_environment()
        for part in parts:
            assert land(feeds()[name], part, settings).failures == {}
        held.append(sorted(map(str, Lake(settings.lake_uri).read(name).to_pylist())))
    assert held[0] == held[1] != []


def test_the_month_of_every_zone_is_the_answer_keys(zone):
    land(feeds()["cursor_usage_events"], WEEK.calendar, Settings.from_environment())
    rows = Lake(Settings.from_environment().lake_uri).read("cursor_usage_events").to_pylist()
    cash = [row for row in rows if row["kind_class"] == "usage_based"]
    by_month = answer_key(WEEK)["on_demand_usd"]["by_month"]
    assert {month: sum(row["charged_usd"] for row in cash if f"{row['usage_day']:%Y-%m}" == month) for month in by_month} == {
        month: Decimal(usd) for month, usd in by_month.items()}
