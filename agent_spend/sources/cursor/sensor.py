"""Reads a whole billing cycle of Cursor once more after it has closed, since its costs may be corrected until then."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from agent_spend.lake.tables import Lake
from agent_spend.partitions import FIRST_DAY, Window, range_tags
from agent_spend.settings import Settings, is_connected

CYCLES, FEEDS = "int_cursor__cycle", ("cursor_usage_events", "cursor_billing_cycles")
#: A cycle that closed longer ago was loaded when it was final already; no cycle is shorter.
MAX_AGE_DAYS = 28


def cycle_sensor(job, window_days: int) -> dg.SensorDefinition:
    """The sensor that asks for ``job`` once for each closed cycle, over all of its days.

    Args:
        window_days: how long after its last day a cycle is still read every morning anyway.
    """

    @dg.sensor(
        name="closed_cursor_cycles", job=job, minimum_interval_seconds=3600, default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads each of Cursor's billing cycles once more, whole, after it has closed.",
    )
    def closed_cursor_cycles(context: dg.SensorEvaluationContext):
        settings = Settings.from_environment()
        if not is_connected("cursor"):
            return dg.SkipReason("Cursor is not connected.")
        found = closed_cycles(Lake(settings.lake_uri), settings.today - timedelta(days=window_days))
        return [
            dg.RunRequest(
                run_key=f"{cycle.first} to {cycle.last}", asset_selection=[dg.AssetKey(name) for name in FEEDS],
                tags=range_tags(cycle.first, cycle.last),
            )
            for cycle in found
        ] or dg.SkipReason("No billing cycle has closed lately.")

    return closed_cursor_cycles


def closed_cycles(lake: Lake, today: date) -> Iterator[Window]:
    """The days of each cycle whose last day is over by ``today``, the days it shares with its neighbours included."""
    if not lake.exists(CYCLES):
        return
    for row in lake.read(CYCLES).to_pylist():
        if row["cycle_ended_at"] is None:
            continue
        last = (row["cycle_ended_at"] - timedelta(microseconds=1)).date()
        if today - timedelta(days=MAX_AGE_DAYS) <= last < today and row["cycle_started_at"].date() >= FIRST_DAY:
            yield Window(row["cycle_started_at"].date(), last)
