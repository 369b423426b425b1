"""The managers' layer as everybody may see it: weeks, groups of people and background agents, without any person."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from agent_spend.publish.page.audience import NO_GROUP, Audience, Groups, hide_small_groups
from agent_spend.publish.page.source import WEEKS, Source, change_percent
from agent_spend.publish.page.vocabulary import VENDORS

BACKGROUND_DAYS = 14
BACKGROUND_WEEKS = 8
#: Always a column, also when there is nothing to show: the reader must see that it is not split, not that it is zero.
NOT_SPLIT = ("github_copilot", "not_split")


@dataclass
class Managers:
    """What both kinds of page show. ``group_months`` and ``group_weeks`` are for the company page only."""

    week: date | None
    weeks: list[dict]
    open_weeks: set[tuple[str, date]]
    seat_use: list[dict]
    background_kinds: list[tuple[str, str]]
    background_weeks: list[dict]
    background_days: list[dict]
    group_people: dict[str, int] = field(default_factory=dict)
    group_months: dict[str, Groups] = field(default_factory=dict)
    group_weeks: dict[str, Groups] = field(default_factory=dict)
    group_previous_weeks: dict[str, Groups] = field(default_factory=dict)
    vendor_months: dict[str, Decimal] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """Every org that has an amount, named rows last."""
        names = {name for groups in self.group_months.values() for name in (*groups.shown, *groups.hidden)}
        return sorted(names, key=lambda name: (name in NO_GROUP, name))

    def group_change(self, vendor: str, org: str) -> Decimal | None:
        """Week over week, where both weeks may be shown."""
        now, before = self.group_weeks.get(vendor), self.group_previous_weeks.get(vendor)
        return change_percent(now.shown.get(org), before.shown.get(org)) if now and before else None


def build_managers(source: Source, audience: Audience) -> Managers:
    """The weeks of the company, or of the audience's own org and no other."""
    org = audience.org
    weeks = source.rows(_WEEKS, org=org, first=_weeks_back(source, WEEKS))
    kinds, by_week = _background(source.rows(_BACKGROUND_WEEKS, org=org, first=_weeks_back(source, BACKGROUND_WEEKS)))
    _, by_day = _background(source.rows(_BACKGROUND_DAYS, org=org, first=_days_back(source, BACKGROUND_DAYS)))
    managers = Managers(
        week=source.week,
        weeks=weeks,
        open_weeks=_open_weeks(source, weeks),
        seat_use=source.rows(_SEAT_USE, org=org, month=source.month),
        background_kinds=kinds,
        background_weeks=by_week,
        background_days=by_day,
    )
    if org is None and source.month is not None:
        _add_groups(managers, source)
    return managers


def _add_groups(managers: Managers, source: Source) -> None:
    people = source.rows(
        """SELECT org, COUNT(DISTINCT person_id) AS people FROM rpt_manager__person_month
           WHERE month = $month AND person_id <> '(not attributable)' GROUP BY org""",
        month=source.month,
    )
    managers.group_people = {row["org"]: row["people"] for row in people}
    managers.group_months = _groups(source, "rpt_manager__person_month", "month", source.month)
    for row in source.rows(
        """SELECT vendor, SUM(list_usd) AS list_usd FROM rpt_finance__vendor_month
           WHERE month = $month AND charge_kind = 'usage' GROUP BY vendor""",
        month=source.month,
    ):
        managers.vendor_months[row["vendor"]] = row["list_usd"]
    if source.week is not None:
        managers.group_weeks = _groups(source, "rpt_manager__person_week", "week_start", source.week)
        before = source.week - timedelta(days=7)
        managers.group_previous_weeks = _groups(source, "rpt_manager__person_week", "week_start", before)


def _groups(source: Source, table: str, column: str, value: date) -> dict[str, Groups]:
    rows = source.rows(
        f"""SELECT vendor, org, COUNT(DISTINCT NULLIF(person_id, '(not attributable)')) AS people, SUM(list_usd) AS list_usd
            FROM {table} WHERE {column} = $value AND list_usd IS NOT NULL GROUP BY vendor, org ORDER BY ALL""",
        value=value,
    )
    return {
        vendor: hide_small_groups([(r["org"], r["people"], r["list_usd"]) for r in rows if r["vendor"] == vendor])
        for vendor in VENDORS
    }


def _background(rows: list[dict]) -> tuple[list[tuple[str, str]], list[dict]]:
    """Pivot to one row a period, one column a vendor and kind, so that a busy day of two vendors stands in one row."""
    kinds = {NOT_SPLIT} | {(row["vendor"], row["background_kind"]) for row in rows}
    periods: dict[date, dict] = {}
    for row in rows:
        periods.setdefault(row["period"], {})[row["vendor"], row["background_kind"]] = row
    order = {vendor: number for number, vendor in enumerate(VENDORS)}
    columns = sorted(kinds, key=lambda kind: (order.get(kind[0], 9), kind[1]))
    newest_first = sorted(periods, reverse=True)
    for period, before in pairwise(newest_first):
        for kind, cell in periods[period].items():
            earlier = periods[before].get(kind)
            if earlier and earlier["list_usd"] and cell["list_usd"]:
                cell["ratio"] = float(cell["list_usd"] / earlier["list_usd"])
    return columns, [{"period": period, "cells": periods[period]} for period in newest_first]


def _open_weeks(source: Source, weeks: list[dict]) -> set[tuple[str, date]]:
    """Vendor and week where the vendor's data does not reach from Monday to Sunday."""
    first, last = source.vendor_first, source.vendor_through
    return {
        (row["vendor"], row["week_start"]) for row in weeks
        if row["vendor"] not in last or row["week_start"] < first[row["vendor"]]
        or row["week_start"] + timedelta(days=6) > last[row["vendor"]]
    }


def _weeks_back(source: Source, count: int) -> date:
    return source.week - timedelta(days=7 * (count - 1)) if source.week else date.min


def _days_back(source: Source, count: int) -> date:
    return source.through - timedelta(days=count - 1) if source.through else date.min


_WEEKS = """
SELECT
  week_start, vendor, series, SUM(credits) AS credits, SUM(list_usd) AS list_usd, SUM(covered_usd) AS covered_usd,
  SUM(billed_usd) AS billed_usd
FROM rpt_finance__series_week
WHERE week_start >= $first AND ($org IS NULL OR org = $org)
GROUP BY ALL
ORDER BY ALL
"""
_SEAT_USE = """
SELECT
  vendor, series, actor_kind, actor_rule, COUNT(DISTINCT person_id) AS people, SUM(list_usd) AS list_usd
FROM fct_usage_day
WHERE auth_kind = 'seat' AND vendor <> 'custom_agents' AND DATE_TRUNC('month', usage_day) = $month
  AND ($org IS NULL OR org = $org)
GROUP BY ALL
HAVING SUM(list_usd) > 0
ORDER BY vendor, series, actor_kind, actor_rule
"""
_BACKGROUND_COLUMNS = """
  vendor,
  CASE
    WHEN series = 'copilot_credits' THEN 'not_split'
    WHEN background_kind IS NOT NULL THEN background_kind
    WHEN series = 'claude_api_key' AND actor_kind = 'machine' THEN 'api_key'
  END AS background_kind,
  SUM(quantity) AS quantity, ANY_VALUE(unit) AS unit, SUM(list_usd) AS list_usd, SUM(billed_usd) AS billed_usd
FROM fct_usage_day
WHERE vendor <> 'custom_agents'
  AND (background_kind IS NOT NULL OR series = 'copilot_credits' OR (series = 'claude_api_key' AND actor_kind = 'machine'))
  AND usage_day >= $first AND ($org IS NULL OR org = $org)
GROUP BY ALL
"""
_BACKGROUND_WEEKS = f"SELECT CAST(DATE_TRUNC('week', usage_day) AS DATE) AS period, {_BACKGROUND_COLUMNS}"
_BACKGROUND_DAYS = f"SELECT usage_day AS period, {_BACKGROUND_COLUMNS}"
