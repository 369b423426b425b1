"""Which days of a month keep it from being closed: those without data, and those that their vendor may still restate."""

from collections.abc import Iterator
from datetime import date

import duckdb

from agent_spend.partitions import Window, contiguous, month_end

#: Feeds whose days a month is made of. One that never answered for any day is not connected here, and not waited for.
CLOSING_FEEDS = (
    "copilot_user_usage", "copilot_billing_usage", "claude_api_usage", "claude_api_cost", "claude_code_usage",
    "cursor_usage_events", "agent_spans",
)  # fmt: skip
#: Feeds that a day may come from instead: one that has no such day leaves it to those above, so only what it has can move.
REPLACING_FEEDS = ("claude_analytics_cost", "claude_enterprise_cost")
#: Catalog tables that :func:`open_days` reads.
TABLES = ("feed_coverage", "int_feed__watermark")
_LOADED = """
SELECT c.feed, c.usage_day, c.state = 'zero' AS is_zero, COALESCE(c.usage_day > w.final_through_day, FALSE) AS may_move
FROM feed_coverage AS c
LEFT JOIN int_feed__watermark AS w ON w.feed = c.feed
WHERE c.state IN ('available', 'zero')
"""


def open_days(connection: duckdb.DuckDBPyConnection, month: date) -> Iterator[str]:
    """One sentence for each feed with such days, naming them. ``connection`` is a session over :data:`TABLES`."""
    loaded: dict[str, dict[date, tuple[bool, bool]]] = {}
    for feed, day, *state in connection.execute(_LOADED).fetchall():
        loaded.setdefault(feed, {})[day] = tuple(state)
    days = Window(month, month_end(month)).days()
    for feed in (*CLOSING_FEEDS, *REPLACING_FEEDS):
        known = loaded.get(feed, {})
        is_replacing = feed in REPLACING_FEEDS
        missing = [day for day in days if day not in known]
        moving = [day for day in days if day in known and known[day][1] and not (is_replacing and known[day][0])]
        if known and missing and not is_replacing:
            yield f"{feed} has no data for {_ranges(missing)}"
        if moving:
            yield f"{feed} may still be restated for {_ranges(moving)}"


def _ranges(days: list[date]) -> str:
    windows = contiguous(days)
    return ", ".join(f"{w.first}" if w.first == w.last else f"{w.first} to {w.last}" for w in windows)
