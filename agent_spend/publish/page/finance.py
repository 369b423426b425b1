"""The finance layer: months by vendor, four amounts apart."""

import json
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from agent_spend.publish.page.source import Source, change_percent, total
from agent_spend.publish.page.vocabulary import CHARGE_NAMES, COVERED_NAMES, VENDORS

AMOUNTS = ("list_usd", "covered_usd", "billed_usd", "invoiced_usd")


@dataclass
class Amount:
    """One amount of a tile in the newest month and the month before; ``parts`` by charge kind where there are several."""

    tag: str
    note: str
    now: Decimal | None
    before: Decimal | None
    parts: dict[str, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)


@dataclass
class Tile:
    """One vendor in the newest month. Nothing here is a sum over vendors or over amounts.

    ``pace_change`` is the list value a day against that of the month before, in percent, over the days that are known.
    """

    vendor: str
    days_covered: int
    days_in_month: int
    days_before: int
    pace_change: Decimal | None
    is_provisional: bool
    amounts: list[Amount]
    unpriced_tokens: int
    has_data: bool


@dataclass
class Finance:
    """Everything the finance layer shows."""

    month: date | None
    previous_month: date | None
    tiles: list[Tile]
    months: list[dict]
    series: list[dict]
    has_invoices: bool
    pools: list[dict]
    cycles: list[dict]
    seats: list[dict]
    closes: dict[date, dict]
    adjustments: dict[date, list[dict]]
    drivers: list[dict]


def build_finance(source: Source) -> Finance:
    """The company's months; there is no person and no org in it."""
    months = source.rows("SELECT * FROM rpt_finance__vendor_month ORDER BY month DESC, vendor, charge_kind")
    months = _recent(months, source.month)
    kinds = ("usage", "seat", "credit", "adjustment", "tax")
    months.sort(key=lambda row: (-row["month"].toordinal(), _order(VENDORS, row["vendor"]), _order(kinds, row["charge_kind"])))
    series = source.rows("SELECT * FROM rpt_finance__series_month ORDER BY month, vendor, series, auth_kind")
    return Finance(
        month=source.month,
        previous_month=source.previous_month,
        tiles=[_tile(vendor, months, source) for vendor in VENDORS],
        months=months,
        series=_recent(series, source.month),
        has_invoices=any(row["invoiced_usd"] is not None for row in months),
        pools=source.rows_of("rpt_finance__pool_month", _POOLS, first=first_month(source.month)),
        cycles=_cycles(source),
        seats=source.rows_of("fct_seat_month", _SEATS, month=source.month),
        drivers=source.rows_of("rpt_finance__drivers_week", _DRIVERS, week=source.week),
        closes={
            row["month"]: {**row, "prices": json.loads(row["price_versions"] or "[]")}
            for row in source.rows_of("rpt_month_close", _CLOSES)
        },
        adjustments=_adjustments(source),
    )


def _cycles(source: Source) -> list[dict]:
    """Cursor's billing cycles, the newest first, each with its ``months``; none where Cursor is not connected."""
    cycles = source.rows_of("rpt_finance__cursor_cycle", _CYCLES, first=first_month(source.month))
    months = source.rows_of("rpt_finance__cursor_cycle_day", _CYCLE_MONTHS)
    fees = {(row["period_start_day"], row["month"]): row["seat_usd"] for row in source.rows_of("fct_seat_fee", _SEAT_MONTHS)}
    return [
        {**cycle, "months": [
            {**row, "seat_usd": fees.get((row["cycle_started_at"].date(), row["month"])) if row["cycle_started_at"] else None}
            for row in months if row["cycle_started_at"] == cycle["cycle_started_at"]
        ]} for cycle in cycles
    ]  # fmt: skip


def _adjustments(source: Source) -> dict[date, list[dict]]:
    """Changes of closed months, by the month that carries them: those that a close took over, and those of the open month."""
    lines: dict[tuple, dict] = {}
    for row in source.rows_of("rpt_month_close", _TAKEN_OVER):
        lines[row["month"], row["about_month"], row["vendor"], row["charge_kind"]] = row
    for row in source.rows_of("rpt_month_close_adjustment", "SELECT * FROM rpt_month_close_adjustment ORDER BY ALL"):
        key = (row["adjustment_month"], row["closed_month"], row["vendor"], row["charge_kind"])
        line = lines.setdefault(key, {
            "month": key[0], "about_month": key[1], "vendor": key[2], "charge_kind": key[3], **dict.fromkeys(AMOUNTS),
        })  # fmt: skip
        line[row["amount_kind"]] = row["adjustment_usd"]
    by_month: dict[date, list[dict]] = {}
    for key in sorted(lines):
        by_month.setdefault(key[0], []).append(lines[key])
    return by_month


def _tile(vendor: str, months: list[dict], source: Source) -> Tile:
    now = [row for row in months if row["vendor"] == vendor and row["month"] == source.month]
    before = [row for row in months if row["vendor"] == vendor and row["month"] == source.previous_month]
    notes = ("consumption at list value", COVERED_NAMES[vendor], "net billed", "")
    amounts = [_amount(column, note, now, before) for column, note in zip(AMOUNTS, notes, strict=True)]
    month = source.month
    # Seats are billed for the whole month from its first day on; how far it is known, use says.
    days, days_before = (
        max((row["days_covered"] for row in rows if row["charge_kind"] == "usage"), default=0) for rows in (now, before)
    )
    return Tile(
        vendor=vendor,
        days_covered=days,
        days_before=days_before,
        pace_change=change_percent(_a_day(amounts[0].now, days), _a_day(amounts[0].before, days_before)),
        days_in_month=monthrange(month.year, month.month)[1] if month else 0,
        is_provisional=any(row["is_provisional"] for row in now),
        amounts=amounts,
        unpriced_tokens=sum(row["unpriced_tokens"] for row in now),
        has_data=bool(now or before),
    )


def _a_day(amount: Decimal | None, days: int) -> Decimal | None:
    return amount / days if amount is not None and days else None


def _amount(column: str, note: str, now: list[dict], before: list[dict]) -> Amount:
    # The list price of a seat is not consumption: seats, credits and tax count where money is charged, not before.
    kinds = CHARGE_NAMES if column in ("billed_usd", "invoiced_usd") else ("usage",)
    parts = {}
    for kind in kinds:
        pair = tuple(total(row[column] for row in rows if row["charge_kind"] == kind) for rows in (now, before))
        if pair != (None, None):
            parts[kind] = pair
    tag = column.removesuffix("_usd")
    sums = [total(pair[n] for pair in parts.values()) for n in (0, 1)]
    return Amount(tag, note, *sums, parts if len(parts) > 1 else {})


def _recent(rows: list[dict], newest: date | None) -> list[dict]:
    first = first_month(newest)
    return [row for row in rows if row["month"] >= first]


def first_month(newest: date | None) -> date:
    """Thirteen months are shown: the newest, and the same month of the year before at the other end."""
    return date(newest.year - 1, newest.month, 1) if newest else date.min


def _order(known: tuple[str, ...], name: str) -> tuple[int, str]:
    return (known.index(name) if name in known else len(known), name)


_CLOSES = """
SELECT month, MAX(closed_at) AS closed_at, BOOL_OR(is_forced) AS is_forced, MAX(price_versions) AS price_versions,
  MAX(figures_hash) AS figures_hash
FROM rpt_month_close
GROUP BY month
ORDER BY month DESC
"""
_TAKEN_OVER = "SELECT * FROM rpt_month_close WHERE about_month <> month ORDER BY ALL"
#: A cycle and its share of each calendar month, both added from the same daily rows.
_CYCLES = """
SELECT * FROM rpt_finance__cursor_cycle
WHERE cycle_ended_at IS NULL OR cycle_ended_at >= $first
ORDER BY cycle_started_at DESC NULLS LAST
"""
_CYCLE_MONTHS = """
SELECT
  cycle_started_at, CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
  SUM(covered_usd) AS included_usd, SUM(billed_usd) AS on_demand_usd
FROM rpt_finance__cursor_cycle_day
GROUP BY 1, 2
ORDER BY 2
"""
_SEAT_MONTHS = """
SELECT period_start_day, month, CASE WHEN COUNT(*) = COUNT(billed_usd) THEN SUM(billed_usd) END AS seat_usd
FROM fct_seat_fee
WHERE vendor = 'cursor'
GROUP BY 1, 2
"""
_POOLS = """
SELECT * FROM rpt_finance__pool_month
WHERE month >= $first AND (included_credits IS NOT NULL OR used_credits IS NOT NULL)
ORDER BY month DESC, vendor, billing_entity
"""
_SEATS = """
SELECT
  vendor, plan, SUM(seats) AS seats, SUM(billed_usd) AS billed_usd,
  SUM(CASE WHEN is_idle THEN seats END) AS idle_seats, SUM(idle_usd) AS idle_usd,
  SUM(CASE WHEN is_under_used THEN seats END) AS under_used_seats, SUM(under_used_usd) AS under_used_usd,
  BOOL_OR(is_idle IS NOT NULL) AS is_use_known, SUM(CASE WHEN use_state = 'use not visible' THEN seats END) AS unseen_seats,
  BOOL_OR(is_provisional) AS is_provisional, STRING_AGG(DISTINCT proration_rule, ', ' ORDER BY proration_rule) AS rules,
  STRING_AGG(DISTINCT price_version, ', ' ORDER BY price_version) AS prices
FROM fct_seat_month
WHERE month = $month
GROUP BY vendor, plan
ORDER BY vendor, plan
"""
_DRIVERS = """
SELECT * FROM rpt_finance__drivers_week
WHERE week_start = $week AND rank IS NOT NULL AND change_list_usd <> 0
ORDER BY rank
"""
