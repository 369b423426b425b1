"""The managers' layer as everybody may see it: weeks, groups of people and background agents, without any person."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from agent_spend.publish.page.audience import BOUND, NO_GROUP, SMALLEST_GROUP, Audience, Groups, hide_small_groups
from agent_spend.publish.page.source import WEEKS, Source, change_percent, total
from agent_spend.publish.page.vocabulary import VENDORS

BACKGROUND_DAYS = 14
BACKGROUND_WEEKS = 8
#: Always a column, also when there is nothing to show: the reader must see that it is not split, not that it is zero.
NOT_SPLIT = ("github_copilot", "not_split", "ai_credits")


@dataclass
class SeatUse:
    """How one series of seat use splits this month: ``kinds`` by actor kind, ``rules`` behind them with the evidence."""

    vendor: str
    series: str
    kinds: dict[str, Decimal]
    rules: list[dict]

    @property
    def total(self) -> Decimal:
        """Seat use of the series: the sum of its kinds."""
        return total(self.kinds.values())


@dataclass
class Managers:
    """What every page shows. Groups are orgs on the company page, and squads of one org on the other pages."""

    week: date | None
    weeks: list[dict]
    open_weeks: set[tuple[str, date]]
    seat_use: list[SeatUse]
    background_kinds: list[tuple[str, str, str]]
    background_weeks: list[dict]
    background_days: list[dict]
    group_people: dict[str, int] = field(default_factory=dict)
    group_months: dict[str, Groups] = field(default_factory=dict)
    group_weeks: dict[str, Groups] = field(default_factory=dict)
    group_previous_weeks: dict[str, Groups] = field(default_factory=dict)
    vendor_months: dict[str, Decimal] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """Every group that has an amount, rows without one last."""
        names = {name for groups in self.group_months.values() for name in (*groups.shown, *groups.hidden)}
        return sorted(names, key=lambda name: (name in NO_GROUP, name))

    def group_change(self, vendor: str, group: str) -> Decimal | None:
        """Week over week, where both weeks may be shown."""
        now, before = self.group_weeks.get(vendor), self.group_previous_weeks.get(vendor)
        return change_percent(now.shown.get(group), before.shown.get(group)) if now and before else None


def build_managers(source: Source, audience: Audience) -> Managers:
    """The weeks of the company, or of the audience's own org or squad and no other."""
    bounds = audience.bounds
    weeks = source.rows(_WEEKS, first=_weeks_back(source, WEEKS), **bounds)
    kinds, by_week = _background(source.rows(_BACKGROUND_WEEKS, first=_weeks_back(source, BACKGROUND_WEEKS), **bounds))
    _, by_day = _background(source.rows(_BACKGROUND_DAYS, first=_days_back(source, BACKGROUND_DAYS), **bounds))
    managers = Managers(
        week=source.week,
        weeks=weeks,
        open_weeks=_open_weeks(source, weeks),
        seat_use=_seat_use(source.rows(_SEAT_USE, month=source.month, **bounds)),
        background_kinds=kinds,
        background_weeks=by_week,
        background_days=by_day,
    )
    if source.month is not None:
        _add_groups(managers, source, audience)
    return managers


def _seat_use(rows: list[dict]) -> list[SeatUse]:
    found: dict[tuple[str, str], SeatUse] = {}
    for row in rows:
        use = found.setdefault((row["vendor"], row["series"]), SeatUse(row["vendor"], row["series"], {}, []))
        use.kinds[row["actor_kind"]] = use.kinds.get(row["actor_kind"], Decimal(0)) + row["list_usd"]
        use.rules.append(row)
    return sorted(found.values(), key=lambda use: VENDORS.index(use.vendor))


def _add_groups(managers: Managers, source: Source, audience: Audience) -> None:
    group = "org" if audience.org is None else "squad"
    people = source.rows(
        f"""SELECT {group} AS name, COUNT(DISTINCT person_id) AS people FROM rpt_manager__person_month
            WHERE month = $month AND person_id <> '(not attributable)' AND ($org IS NULL OR org = $org) GROUP BY ALL""",
        month=source.month, org=audience.org,
    )
    managers.group_people = {row["name"]: row["people"] for row in people}
    managers.group_months = _groups(source, audience, group, "rpt_manager__person_month", "month", source.month)
    if audience.org is None:
        for row in source.rows(
            """SELECT vendor, SUM(list_usd) AS list_usd FROM rpt_finance__vendor_month
               WHERE month = $month AND charge_kind = 'usage' GROUP BY vendor""",
            month=source.month,
        ):
            managers.vendor_months[row["vendor"]] = row["list_usd"]
    if source.week is not None:
        before = source.week - timedelta(days=7)
        managers.group_weeks, managers.group_previous_weeks = (
            _groups(source, audience, group, "rpt_manager__person_week", "week_start", week) for week in (source.week, before)
        )


def _groups(source: Source, audience: Audience, group: str, table: str, column: str, value: date) -> dict[str, Groups]:
    rows = source.rows(
        f"""SELECT vendor, {group} AS name, COUNT(DISTINCT NULLIF(person_id, '(not attributable)')) AS people,
              SUM(list_usd) AS list_usd
            FROM {table}
            WHERE {column} = $value AND list_usd IS NOT NULL AND ($org IS NULL OR org = $org) GROUP BY ALL ORDER BY ALL""",
        value=value, org=audience.org,
    )
    # Who may see everybody of an org may see its squads; a squad's page shows its own and the others as groups.
    own = {row["name"] for row in rows} if audience.org and not audience.squad else {audience.squad}
    derivable = {(r["vendor"], r["name"]) for r in source.rows(_DERIVABLE.format(table=table, column=column), value=value,
                                                                smallest=SMALLEST_GROUP)} if audience.org is None else set()
    return {
        vendor: hide_small_groups([(r["name"], r["people"], r["list_usd"]) for r in rows if r["vendor"] == vendor], own,
                                  {name for maker, name in derivable if maker == vendor})
        for vendor in VENDORS
    }


def _background(rows: list[dict]) -> tuple[list[tuple[str, str, str]], list[dict]]:
    """Pivot to one row a period, one column a vendor, kind and unit, so that a busy day of two vendors stands in one row."""
    kinds = {NOT_SPLIT} | {(row["vendor"], row["background_kind"], row["unit"]) for row in rows}
    periods: dict[date, dict] = {}
    for row in rows:
        periods.setdefault(row["period"], {})[row["vendor"], row["background_kind"], row["unit"]] = row
    order = {vendor: number for number, vendor in enumerate(VENDORS)}
    columns = sorted(kinds, key=lambda kind: (order.get(kind[0], 9), *kind[1:]))
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


#: Orgs whose total, less what one of its squads reads on its own page, is that of too few people.
_DERIVABLE = """
WITH members AS (
  SELECT DISTINCT vendor, org, squad, person_id FROM {table}
  WHERE {column} = $value AND list_usd IS NOT NULL AND person_id <> '(not attributable)'
)
SELECT DISTINCT m.vendor, m.org AS name
FROM (SELECT DISTINCT vendor, org, squad FROM members WHERE squad <> '(no squad)') AS m
INNER JOIN members AS others ON others.vendor = m.vendor AND others.org = m.org AND others.squad <> m.squad
GROUP BY m.vendor, m.org, m.squad
HAVING COUNT(DISTINCT others.person_id) < $smallest
"""
_WEEKS = f"""
SELECT
  week_start, vendor, series, SUM(credits) AS credits, SUM(list_usd) AS list_usd, SUM(covered_usd) AS covered_usd,
  SUM(billed_usd) AS billed_usd
FROM rpt_manager__person_week
WHERE week_start >= $first AND {BOUND}
GROUP BY ALL
ORDER BY ALL
"""
_SEAT_USE = f"""
SELECT
  vendor, series, actor_kind, actor_rule, MIN(actor_evidence) AS evidence, COUNT(DISTINCT actor_evidence) AS evidences,
  COUNT(DISTINCT person_id) AS people, SUM(list_usd) AS list_usd
FROM fct_usage_day
WHERE auth_kind = 'seat' AND vendor <> 'custom_agents' AND DATE_TRUNC('month', usage_day) = $month AND {BOUND}
GROUP BY ALL
HAVING SUM(list_usd) > 0
ORDER BY series, actor_kind, list_usd DESC, actor_rule
"""
_BACKGROUND_COLUMNS = f"""
  vendor,
  CASE
    WHEN background_kind IS NOT NULL THEN background_kind
    WHEN series = 'copilot_credits' THEN 'not_split'
    WHEN series = 'claude_api_key' AND actor_kind = 'machine' THEN 'api_key'
  END AS background_kind,
  SUM(quantity) AS quantity, unit, SUM(list_usd) AS list_usd, SUM(billed_usd) AS billed_usd
FROM fct_usage_day
WHERE vendor <> 'custom_agents'
  AND (background_kind IS NOT NULL OR (series = 'copilot_credits' AND actor_kind = 'not_split')
    OR (series = 'claude_api_key' AND actor_kind = 'machine'))
  AND usage_day >= $first AND {BOUND}
GROUP BY ALL
"""
_BACKGROUND_WEEKS = f"SELECT CAST(DATE_TRUNC('week', usage_day) AS DATE) AS period, {_BACKGROUND_COLUMNS}"
_BACKGROUND_DAYS = f"SELECT usage_day AS period, {_BACKGROUND_COLUMNS}"
