"""A billing cycle is read once more, whole, when it has closed."""

from datetime import UTC, date, datetime

import dagster as dg
import pyarrow as pa
import pytest
from cursor_fakes import event, page_text

from agent_spend.lake.tables import Lake
from agent_spend.schedules import daily_feeds
from agent_spend.settings import Settings
from agent_spend.sources.cursor.assets import FEEDS
from agent_spend.sources.cursor.sensor import cycle_sensor
from agent_spend.sources.land import land

STARTS = [datetime(2026, month, 27, 12, 8, 4, tzinfo=UTC) for month in (8, 9, 10)]
INSTANT = pa.timestamp("us", tz="UTC")


@pytest.fixture
def asked(monkeypatch):
    """``asked(today)`` gives the run requests of that day; the cycles change on the 27th of a month, 12:08:04."""
    monkeypatch.setenv("CURSOR_API_KEY", "crsr_test")
    ends = [*STARTS[1:], datetime(2026, 11, 27, 12, 8, 4, tzinfo=UTC)]
    cycles = pa.table({"cycle_started_at": pa.array(STARTS, INSTANT), "cycle_ended_at": pa.array(ends, INSTANT)})
    Lake(Settings.from_environment().lake_uri).replace("int_cursor__cycle", cycles, None)

    def ask(today: str) -> list:
        monkeypatch.setenv("AGENT_SPEND_TODAY", today)
        found = cycle_sensor(daily_feeds, 3)(dg.build_sensor_context())
        return found if isinstance(found, list) else []

    return ask


def test_a_closed_cycle_is_asked_for_over_all_of_its_days_when_its_last_day_left_the_window(asked):
    assert [request.run_key for request in asked("2026-10-30")] == []
    [request] = asked("2026-10-31")
    assert [key.to_user_string() for key in request.asset_selection] == ["cursor_usage_events", "cursor_billing_cycles"]
    assert (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"]) == (
        "2026-09-27", "2026-10-27")


def test_a_cycle_has_one_run_key_for_ever_so_that_it_is_read_once(asked):
    assert {request.run_key for day in range(1, 28) for request in asked(f"2026-11-{day:02}")} == {"2026-09-27 to 2026-10-27"}


def test_cycles_that_closed_long_ago_and_the_running_one_are_left_alone(asked):
    assert asked("2026-12-02")[0].run_key == "2026-10-27 to 2026-11-27"
    assert len(asked("2026-12-02")) == 1


def test_without_a_key_or_a_known_cycle_nothing_is_asked_for(asked, monkeypatch, tmp_path):
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "another"))
    assert asked("2026-10-31") == []


def test_a_correction_found_after_the_cycle_closed_is_a_revision_of_the_old_day(vendor):
    at_ms, day, feed = 1794319533120, date(2026, 11, 10), FEEDS[0]
    for cents in (4, 3):
        vendor.answer = lambda path, body, cents=cents: page_text([event(at_ms, chargedCents=cents)], 1)
        landing = land(feed, [day], Settings.from_environment())
    [(before, after)] = landing.revised
    assert (before.total * 100, after.total * 100, after.revision) == (4, 3, 2)
