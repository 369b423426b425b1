"""What is known about each feed and day (`feed_coverage`) and what it used to be (`feed_revisions`)."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal

from agent_spend.errors import EXPECTED_GAPS, State
from agent_spend.lake.columns import DAY, INSTANT, MONEY, TEXT, WHOLE, schema_of
from agent_spend.lake.spool import spool_of
from agent_spend.lake.tables import Lake

COVERAGE = "feed_coverage"
REVISIONS = "feed_revisions"
#: Ledgers that are not kept by day or month, and the column that partitions them.
PARTITIONED_BY = {COVERAGE: "feed", REVISIONS: None, "findings": "kind"}
COVERAGE_SCHEMA = schema_of(
    {
        "feed": TEXT, "usage_day": DAY, "state": TEXT, "reason": TEXT, "message": TEXT, "row_count": WHOLE,
        "total": MONEY, "fingerprint": TEXT, "revision": WHOLE, "fetched_at": INSTANT, "last_attempt": TEXT,
    }
)
REVISIONS_SCHEMA = schema_of(
    {
        "feed": TEXT, "usage_day": DAY, "revision": WHOLE, "revised_at": INSTANT, "rows_before": WHOLE,
        "rows_after": WHOLE, "total_before": MONEY, "total_after": MONEY, "fingerprint_before": TEXT,
        "fingerprint_after": TEXT,
    }
)
#: Attempts after which a day wants nothing.
_SOUND = EXPECTED_GAPS | {State.AVAILABLE, State.ZERO, State.NOT_CONNECTED}


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

    @property
    def is_wanting(self) -> bool:
        """Whether the newest attempt was refused, failed, or brought only a part; the check ``feed_failed`` says the same."""
        is_empty_for_a_reason = self.state == State.ZERO and self.last_attempt == (self.reason or "")
        return not is_empty_for_a_reason and self.last_attempt not in _SOUND


def coverage_of(lake: Lake, feed: str) -> dict[date, Coverage]:
    """Everything known about a feed, by day."""
    if not lake.exists(COVERAGE):
        return {}
    names = {field.name for field in fields(Coverage)}
    rows = lake.rows(COVERAGE, feed=feed)
    return {row["usage_day"]: Coverage(**{name: row[name] for name in names}) for row in rows}


def store_coverage(lake: Lake, feed: str, days: dict[date, Coverage]) -> None:
    """Replace a feed's coverage; a feed's run is the only writer of its own lines."""
    lines = spool_of([asdict(days[day]) for day in sorted(days)], COVERAGE_SCHEMA)
    lake.replace(COVERAGE, lines, "feed", {feed: (len(lines), lines.checksum)})


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
    lake.append(REVISIONS, spool_of(rows, REVISIONS_SCHEMA))
