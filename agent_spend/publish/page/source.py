"""Reads the published tables, as rows with decimals; the page computes no money of its own beyond plain sums."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import duckdb

from agent_spend.partitions import month_start, week_start
from agent_spend.publish.page.vocabulary import STAND_IN_FEEDS, USAGE_FEEDS

#: How far back the page looks. Older figures stay in the warehouse.
WEEKS, DAYS = 26, 28


class Source:
    """One open snapshot of the warehouse.

    Attributes:
        through: newest UTC day that any vendor's feed has data for; ``None`` in an empty warehouse.
        month: first day of the newest month with usage.
        week: Monday of the newest week that has ended.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self._connection = connection
        self.coverage = self.rows("SELECT * FROM rpt_coverage ORDER BY feed, usage_day")
        newest: dict[str, date] = {}
        oldest: dict[str, date] = {}
        for row in self.coverage:
            if is_data(row):
                newest[row["feed"]] = row["usage_day"]
                oldest.setdefault(row["feed"], row["usage_day"])
        usage_feeds = {
            vendor: loaded
            for vendor, needed in USAGE_FEEDS.items()
            if (loaded := _loaded(needed, newest) or _loaded(STAND_IN_FEEDS.get(vendor, ()), newest))
        }
        #: First day that all of a vendor's usage feeds with any data have.
        self.vendor_first = {
            vendor: max(min(oldest[feed] for feed in feeds) for feeds in needed) for vendor, needed in usage_feeds.items()
        }
        #: Newest day that all of a vendor's usage feeds with any data reach.
        self.vendor_through = {
            vendor: min(max(newest[feed] for feed in feeds) for feeds in needed) for vendor, needed in usage_feeds.items()
        }
        #: Usage outlives a coverage report that could not be built.
        self.through = max(self.vendor_through.values(), default=None) or self.one("SELECT MAX(usage_day) FROM fct_usage_day")
        self.month = self.one("SELECT MAX(month) FROM rpt_finance__series_month")
        self.week = self._last_full_week()

    def rows(self, sql: str, **parameters: object) -> list[dict]:
        """Rows of a query as dicts; ``$name`` in the SQL is the parameter of that name, others are ignored."""
        used = set(re.findall(r"\$(\w+)", sql))
        result = self._connection.execute(sql, {name: value for name, value in parameters.items() if name in used})
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def rows_of(self, table: str, sql: str, **parameters: object) -> list[dict]:
        """Rows of a query over a table that an older warehouse may lack; none when it does."""
        known = self.rows("SELECT table_name FROM duckdb_tables() WHERE table_name = $table", table=table)
        return self.rows(sql, **parameters) if known else []

    def one(self, sql: str, **parameters: object):
        """The single value of a query."""
        return next(iter(self.rows(sql, **parameters)[0].values()))

    def _last_full_week(self) -> date | None:
        if self.through is None:
            return None
        monday = week_start(self.through)
        return monday if (self.through - monday).days == 6 else date.fromordinal(monday.toordinal() - 7)

    @property
    def previous_month(self) -> date | None:
        """The month before the newest one."""
        return None if self.month is None else month_start(date.fromordinal(self.month.toordinal() - 1))


def _loaded(needed: Iterable[Iterable[str]], newest: dict[str, date]) -> list[list[str]]:
    """The feeds with data, in the groups of those that stand in for each other."""
    groups = ([feed for feed in feeds if feed in newest] for feeds in needed)
    return [feeds for feeds in groups if feeds]


def is_data(row: dict) -> bool:
    """Whether a line of the coverage report stands for a day with an answer, be it a partial one."""
    return row["state"] in ("available", "provisional", "zero", "partial")


def total(values: Iterable[Decimal | None]) -> Decimal | None:
    """Sum of the stated values; ``None`` when none is stated."""
    stated = [value for value in values if value is not None]
    return sum(stated, Decimal(0)) if stated else None


def change_percent(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Change in percent; ``None`` without a stated value above zero before."""
    if now is None or not before or before <= 0:
        return None
    return (now - before) / before * 100
