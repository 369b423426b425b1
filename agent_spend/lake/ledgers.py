"""What is known about each feed and day (`feed_coverage`) and what it used to be (`feed_revisions`)."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from agent_spend.lake.tables import Lake

COVERAGE = "feed_coverage"
REVISIONS = "feed_revisions"
_INSTANT = pa.timestamp("us", tz="UTC")

COVERAGE_SCHEMA = pa.schema(
    [
        ("feed", pa.string()), ("usage_day", pa.date32()), ("state", pa.string()), ("reason", pa.string()),
        ("message", pa.string()), ("row_count", pa.int64()), ("total", pa.decimal128(38, 18)), ("fingerprint", pa.string()),
        ("revision", pa.int64()), ("fetched_at", _INSTANT), ("last_attempt", pa.string()),
    ]
)
REVISIONS_SCHEMA = pa.schema(
    [
        ("feed", pa.string()), ("usage_day", pa.date32()), ("revision", pa.int64()), ("revised_at", _INSTANT),
        ("rows_before", pa.int64()), ("rows_after", pa.int64()), ("total_before", pa.decimal128(38, 18)),
        ("total_after", pa.decimal128(38, 18)), ("fingerprint_before", pa.string()), ("fingerprint_after", pa.string()),
    ]
)


@dataclass(frozen=True)
class Coverage:
    """One feed on one day. ``state`` describes what is stored; ``last_attempt`` what the newest try said."""

    feed: str
    usage_day: date
    state: str
    reason: str | None
    message: str | None
    row_count: int
    total: Decimal | None
    fingerprint: str | None
    revision: int
    fetched_at: datetime | None
    last_attempt: str


def coverage_of(lake: Lake, feed: str) -> dict[date, Coverage]:
    """Everything known about a feed, by day."""
    if not lake.exists(COVERAGE):
        return {}
    table = lake.read(COVERAGE, "feed")
    rows = table.filter(pa.compute.equal(table["feed"], feed)).to_pylist()
    names = {field.name for field in fields(Coverage)}
    return {row["usage_day"]: Coverage(**{name: row[name] for name in names}) for row in rows}


def store_coverage(lake: Lake, feed: str, days: dict[date, Coverage]) -> None:
    """Replace a feed's coverage; a feed's run is the only writer of its own lines."""
    rows = [asdict(days[day]) for day in sorted(days)]
    lake.replace(COVERAGE, pa.Table.from_pylist(rows, schema=COVERAGE_SCHEMA), "feed", [feed])


def log_revisions(lake: Lake, pairs: list[tuple[Coverage, Coverage]]) -> None:
    """Record days that already had data and now hold other data: what was believed, and since when not."""
    now = datetime.now(UTC)
    rows = [
        {
            "feed": after.feed, "usage_day": after.usage_day, "revision": after.revision, "revised_at": now,
            "rows_before": before.row_count, "rows_after": after.row_count, "total_before": before.total,
            "total_after": after.total, "fingerprint_before": before.fingerprint, "fingerprint_after": after.fingerprint,
        }
        for before, after in pairs
    ]
    lake.append(REVISIONS, pa.Table.from_pylist(rows, schema=REVISIONS_SCHEMA))
