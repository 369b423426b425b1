"""A changed override file is read for every stored day, once."""

from datetime import UTC, date, datetime

import dagster as dg
import pytest

from agent_spend.lake.ledgers import Coverage, store_coverage
from agent_spend.lake.tables import Lake
from agent_spend.schedules import daily_feeds
from agent_spend.settings import Settings
from agent_spend.sources.identity_overrides.sensor import override_sensor

LINE = "vendor,identifier,person_id\ngithub_copilot,contractor-9,E1\n"


def covered(feed: str, day: date, rows: int) -> None:
    line = Coverage(feed, day, "available", None, None, rows, None, "x", 1, datetime.now(UTC), "available")
    store_coverage(Lake(Settings.from_environment().lake_uri), feed, {day: line})


@pytest.fixture
def file(tmp_path, monkeypatch):
    """An override file of a company with usage since the first of September."""
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-22")
    monkeypatch.setenv("IDENTITY_OVERRIDES_URI", str(tmp_path / "overrides.csv"))
    covered("copilot_user_usage", date(2026, 9, 1), 3)
    covered("cursor_usage_events", date(2026, 8, 1), 0)
    covered("vendor_invoices", date(2026, 1, 1), 5)
    (tmp_path / "overrides.csv").write_text(LINE)
    return tmp_path / "overrides.csv"


def tick(cursor=None):
    """What is asked for, the new cursor, and the reason for asking for nothing."""
    sensor = override_sensor(daily_feeds, ["copilot_user_usage", "cursor_usage_events"])
    with dg.build_sensor_context(cursor=cursor) as context:
        result = sensor(context)
    if isinstance(result, dg.SkipReason):
        return None, cursor, result.skip_message
    (request,) = result.run_requests
    return request, result.cursor, None


def test_a_new_line_asks_for_every_stored_day_once(file):
    request, cursor, _ = tick()
    assert [key.to_user_string() for key in request.asset_selection] == ["identity_overrides"]
    assert (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"]) == (
        "2026-09-01", "2026-11-21")
    assert tick(cursor)[2] == "the override file is unchanged"


def test_a_file_that_goes_back_to_an_earlier_content_is_read_again(file):
    first, cursor, _ = tick()
    file.write_text(LINE + "github_copilot,other,E2\n")
    second, cursor, _ = tick(cursor)
    file.write_text(LINE)
    third, _, _ = tick(cursor)
    assert len({first.run_key, second.run_key, third.run_key}) == 3


def test_a_broken_file_asks_for_nothing_until_it_is_mended(file):
    _, cursor, _ = tick()
    file.write_text("vendor,identifier,person_id\nopenai,a,E1\n")
    request, cursor, why = tick(cursor)
    assert request is None and "line 2: vendor must be one of" in why
    file.write_text(LINE + "github_copilot,other,E2\n")
    assert tick(cursor)[0] is not None


def test_without_a_setting_or_a_stored_day_the_sensor_says_so(file, monkeypatch, tmp_path):
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "new"))
    assert tick()[2] == "no day with usage is stored yet"
    monkeypatch.delenv("IDENTITY_OVERRIDES_URI")
    assert tick()[2] == "not connected: set IDENTITY_OVERRIDES_URI"
