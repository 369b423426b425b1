"""What GitHub publishes anew is taken over while the day is inside the feed's window, and not once it has passed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window
from agent_spend.project import catalog, feeds
from agent_spend.sandbox.scenario import Scenario
from agent_spend.schedules import daily_requests
from agent_spend.settings import Settings
from agent_spend.sources.land import land

#: Two days have data after the one that is restated: with a window of one day, on the second it is outside.
COMPANY = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
FEED = feeds()["copilot_user_usage"]
RESTATED = COMPANY.incidents.restated_day


@pytest.fixture
def lake(sandbox_server, monkeypatch, tmp_path):
    """Every day up to the restated one as first published, and then published anew; the window is one day."""
    windows = tmp_path / "restatement_windows.csv"
    windows.write_text("feed,vendor,window_days,source\ncopilot_user_usage,github_copilot,1,test\n")
    monkeypatch.setitem(catalog().seeds, "restatement_windows", windows)
    server = sandbox_server(COMPANY)
    settings = Settings.from_environment()
    land(FEED, Window(COMPANY.first_day, RESTATED).days(), settings)
    server.restate()
    return Lake(settings.lake_uri)


def morning_of(day: date) -> None:
    """The scheduled run for ``day`` as yesterday."""
    (request,) = [run for run in daily_requests(day) if any(key.path == [FEED.name] for key in run.asset_selection)]
    first = date.fromisoformat(request.tags["dagster/asset_partition_range_start"])
    land(FEED, Window(first, day).days(), Settings.from_environment())


def table(lake: Lake, name: str) -> list[dict]:
    return [row for row in DuckDBEngine(catalog(), lake).run(catalog().models[name]).to_pylist() if row["usage_day"] == RESTATED]


def credits_of_the_restated_person(lake: Lake) -> Decimal:
    rows = lake.read(FEED.name, "usage_day", Window(RESTATED, RESTATED)).to_pylist()
    return next(row["ai_credits_used"] for row in rows if row["user_id"] == 500_004)


def test_on_the_last_morning_of_its_window_a_day_takes_the_new_figure_and_logs_both(lake):
    morning_of(RESTATED + timedelta(days=1))
    assert credits_of_the_restated_person(lake) == Decimal("120.5")
    ((line,), (revision,)) = table(lake, "rpt_coverage"), table(lake, "rpt_revisions")
    assert (line["state"], line["is_provisional"], line["revision"]) == ("available", False, 2)
    assert revision["total_after"] - revision["total_before"] == 30
    assert revision["total_after"] == sum(
        row["ai_credits_used"] or 0 for row in lake.read(FEED.name, "usage_day", Window(RESTATED, RESTATED)).to_pylist())


def test_a_day_outside_the_window_is_final_whatever_is_published_later(lake):
    (line,) = table(lake, "rpt_coverage")
    assert (line["state"], line["is_provisional"]) == ("provisional", True)
    morning_of(RESTATED + timedelta(days=2))
    assert credits_of_the_restated_person(lake) == Decimal("90.5")
    (line,) = table(lake, "rpt_coverage")
    assert (line["state"], line["is_provisional"], line["revision"]) == ("available", False, 1)
    assert table(lake, "rpt_revisions") == []
