"""The rows behind the figures: each figure of the page leads to lines that add up to it, with the price line of each."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, timedelta

from agent_spend.publish.page.audience import BOUND, Audience
from agent_spend.publish.page.source import WEEKS, Source
from agent_spend.publish.page.vocabulary import VENDORS

#: What makes a line of the ledger; everything else of it is added up.
_LINE = "series, surface, model, auth_kind, unit, price_state, price_version, attribution_mode"
_SUMS = """SUM(quantity) AS quantity, SUM(list_usd) AS list_usd, SUM(covered_usd) AS covered_usd, SUM(billed_usd) AS billed_usd,
  COUNT(*) AS row_count, MIN(usage_day) AS first_day, MAX(usage_day) AS last_day"""
_ORDER = f"ORDER BY list_usd DESC NULLS LAST, billed_usd DESC NULLS LAST, {_LINE}"

#: What tells two machine keys of the page apart.
KEY_COLUMNS = ("vendor", "is_personal", "workspace", "key", "environment", "cost_center")
#: What tells two workloads of the inventory apart.
WORKLOAD_COLUMNS = ("vendor", "workload", "workload_kind", "auth_kind", "environment")
#: Lines of a period, by vendor.
Lines = dict[date, dict[str, list[dict]]]


@dataclass
class Behind:
    """Lines of the ledger by month and by week, and what a month charges or invoices beside usage."""

    months: Lines = field(default_factory=dict)
    weeks: Lines = field(default_factory=dict)
    charges: dict[tuple[date, str], list[dict]] = field(default_factory=dict)


def build_behind(source: Source, audience: Audience, first_month: date, months: list[dict]) -> Behind:
    """The audience's lines.

    Args:
        first_month: oldest month shown.
        months: rows of ``rpt_finance__vendor_month`` that the page shows; their invoiced amounts become lines.
    """
    weeks = "CAST(DATE_TRUNC('week', usage_day) AS DATE)"
    first_week = source.week - timedelta(days=7 * (WEEKS - 1)) if source.week else date.min
    charges = source.rows_of("fct_seat_month", _SEATS, first=first_month) if audience.org is None else []
    charges += [{**row, "charge": "invoice: ", "billed_usd": None, "list_usd": None, "price": "as invoiced", "row_count": None}
                for row in months if row["invoiced_usd"] is not None]  # fmt: skip
    lines = _by_period(source.rows(_MONTHS, first=first_month, **audience.bounds))
    by_month = _grouped(charges, "month", "vendor")
    for month, vendor in by_month:
        lines.setdefault(month, {}).setdefault(vendor, [])
    return Behind(
        months=dict(sorted(lines.items(), reverse=True)),
        weeks=_by_period(source.rows(_ledger(weeks), first=first_week, **audience.bounds)),
        charges=by_month,
    )


def key_lines(source: Source, keys: str) -> dict[tuple, list[dict]]:
    """Lines of each machine key of the newest month.

    Args:
        keys: the query part that names the ledger rows of machine keys and selects :data:`KEY_COLUMNS`.
    """
    rows = source.rows(f"{keys}, {_LINE}, {_SUMS} FROM machine_use GROUP BY ALL {_ORDER}", month=source.month)
    return _grouped(rows, *KEY_COLUMNS)


def workflow_lines(source: Source, first: date | None) -> dict[tuple, list[dict]]:
    """Lines of each workflow's tasks that ended from ``first`` on, by models, price lines and attribution."""
    return _grouped(source.rows_of("fct_task", _WORKFLOWS, first=first), "workflow_id")


def workload_lines(source: Source) -> dict[tuple, list[dict]]:
    """Lines of the days that the inventory adds up, by the price lines behind them."""
    return _grouped(source.rows_of("rpt_auth_audit_day", _WORKLOADS), *WORKLOAD_COLUMNS)


def budget_lines(source: Source) -> dict[tuple, list[dict]]:
    """Lines of each budget's month."""
    rows = source.rows_of("rpt_finance__budget_line", f"SELECT * FROM rpt_finance__budget_line {_BUDGETS_ORDER}")
    return _grouped(rows, "scope_kind", "scope", "amount_kind")


def _grouped(rows: list[dict], *columns: str) -> dict[Hashable, list[dict]]:
    found: dict[Hashable, list[dict]] = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return found


def _by_period(rows: list[dict]) -> Lines:
    lines: Lines = {}
    for row in rows:
        lines.setdefault(row["period"], {}).setdefault(row["vendor"], []).append(row)
    return {
        period: {vendor: by_vendor[vendor] for vendor in VENDORS if vendor in by_vendor} for period, by_vendor in lines.items()
    }


def _ledger(period: str) -> str:
    return f"""
SELECT {period} AS period, vendor, {_LINE}, {_SUMS}
FROM fct_usage_day
WHERE usage_day >= $first AND {BOUND}
GROUP BY ALL
ORDER BY period DESC, series, surface, list_usd DESC NULLS LAST, billed_usd DESC NULLS LAST, {_LINE}
"""


_MONTHS = f"""
SELECT
  month AS period, vendor, {_LINE}, SUM(quantity) AS quantity, SUM(list_usd) AS list_usd, SUM(covered_usd) AS covered_usd,
  SUM(billed_usd) AS billed_usd, SUM(row_count) AS row_count, MIN(first_day) AS first_day, MAX(last_day) AS last_day
FROM rpt_finance__line_month
WHERE month >= $first AND {BOUND}
GROUP BY ALL
ORDER BY period DESC, series, surface, list_usd DESC NULLS LAST, billed_usd DESC NULLS LAST, {_LINE}
"""
_SEATS = """
SELECT
  month, vendor, 'seat' AS charge_kind, 'plan ' || plan || ', ' AS charge, SUM(billed_usd) AS billed_usd,
  NULL AS list_usd, NULL AS invoiced_usd,
  COALESCE(price_version, 'no price') || ', ' || COALESCE(proration_rule, 'no rule') AS price, COUNT(*) AS row_count
FROM fct_seat_month
WHERE month >= $first
GROUP BY ALL
ORDER BY ALL
"""
_WORKFLOWS = """
SELECT
  workflow_id, model_set, price_versions, attribution_mode, SUM(list_usd) AS list_usd,
  SUM(input_tokens + output_tokens) AS tokens, SUM(attempts) AS attempts, COUNT(*) AS tasks,
  MIN(usage_day) AS first_day, MAX(usage_day) AS last_day
FROM fct_task
WHERE usage_day >= $first
GROUP BY ALL
ORDER BY workflow_id, list_usd DESC NULLS LAST, model_set, price_versions, attribution_mode
"""
_WORKLOADS = """
SELECT
  vendor, workload, workload_kind, auth_kind, environment, price_versions, SUM(list_usd) AS list_usd, SUM(key_usd) AS key_usd,
  SUM(starts) AS starts, COUNT(DISTINCT usage_day) AS days, MIN(usage_day) AS first_day, MAX(usage_day) AS last_day
FROM rpt_auth_audit_day
WHERE is_in_window
GROUP BY ALL
ORDER BY list_usd DESC NULLS LAST, price_versions, first_day
"""
_BUDGETS_ORDER = "ORDER BY amount_usd DESC NULLS LAST, vendor, series, model, price_state, price_version, attribution_mode"
