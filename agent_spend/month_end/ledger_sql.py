"""SQL for a month's charges and cash: its own, known now or frozen, and the corrections of closed months that it carries."""

from datetime import date

import pyarrow as pa

from agent_spend.lake.reading import sql_text
from agent_spend.month_end.frozen import CLOSES, IN_FORCE, ROWS, frozen_months_sql, frozen_sql
from agent_spend.partitions import month_end
from agent_spend.project import catalog
from agent_spend.settings import Settings

#: Names under which a close freezes a month's own charges and cash, and the corrections of earlier months it carried.
CHARGES, CHARGE_CORRECTIONS, CASH, CASH_CORRECTIONS = "fct_charge_month", "charge_corrections", "cash", "cash_corrections"
_SUMS = ("quantity", "priced_quantity", "list_usd", "billed_usd")
#: Said of a charge, and no part of what tells two charges apart.
_NAMES = ("invoice_id", "sub_account_name", "billing_account")
_SAID = ("first_day", "last_day", "allocation_method", *_NAMES)
_MONEY = pa.decimal128(38, 18)
_CASH_SCHEMA = pa.schema([("month", pa.date32()), ("vendor", pa.string()), ("charge_kind", pa.string()), ("cash_usd", _MONEY)])

_CHARGES = """
SELECT
  c.*,
  COALESCE(
    (
      SELECT MAX(CAST(d.discount_share AS DECIMAL(9, 6)))
      FROM contract_discounts AS d
      WHERE d.vendor = c.vendor AND d.line = c.charge_kind AND c.month >= CAST(d.effective_from AS DATE)
        AND (d.effective_to IS NULL OR c.month < CAST(d.effective_to AS DATE))
    ),
    CAST(0 AS DECIMAL(9, 6))
  ) AS discount_share,
  -- The invoice of a vendor and charge kind, where exactly one covers the month; a report of use is none.
  (
    SELECT CASE WHEN COUNT(DISTINCT i.invoice_id) = 1 THEN MAX(i.invoice_id) END
    FROM vendor_invoices AS i
    WHERE i.vendor = c.vendor AND i.charge_kind = c.charge_kind AND i.month = c.month
      AND i.layout IN ('documented', 'vendor_lines')
  ) AS invoice_id,
  COALESCE(
    (SELECT ARG_MAX(w.name, w.usage_day) FROM claude_workspaces AS w WHERE w.workspace_id = c.sub_account), c.sub_account
  ) AS sub_account_name,
  CASE c.vendor
    WHEN 'github_copilot' THEN {github} WHEN 'anthropic' THEN 'anthropic-organization' WHEN 'cursor' THEN 'cursor-team'
  END AS billing_account
FROM fct_charge_month AS c
"""

# Read from the facts and not from the charges themselves: the two must agree.
_CASH = """
SELECT
  CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month, vendor, 'usage' AS charge_kind,
  CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS cash_usd
FROM fct_usage_day
WHERE vendor <> 'github_copilot' AND {days}
GROUP BY ALL
UNION ALL
SELECT CAST(DATE_TRUNC('month', usage_day) AS DATE), 'github_copilot', 'usage', CAST(SUM(net_usd) AS DECIMAL(38, 18))
FROM int_reconcile__copilot_bill_day
WHERE sku_class <> 'seat' AND {days}
GROUP BY ALL
UNION ALL
SELECT month, vendor, 'seat', CAST(SUM(billed_usd) AS DECIMAL(38, 18))
FROM fct_seat_month
WHERE {months}
GROUP BY ALL
"""
#: Catalog tables that this SQL reads.
TABLES = (
    "fct_charge_month", "contract_discounts", "vendor_invoices", "claude_workspaces", "fct_usage_day",
    "int_reconcile__copilot_bill_day", "fct_seat_month", CLOSES, ROWS,
)  # fmt: skip


def frozen_parts(month: date) -> list[str]:
    """Of a closed month: charges, their corrections, cash and its corrections, each as a SELECT."""
    charge, cash = _charge_schema(), _CASH_SCHEMA
    tables = ((CHARGES, charge), (CHARGE_CORRECTIONS, charge), (CASH, cash), (CASH_CORRECTIONS, cash))
    return [
        f"SELECT *, month AS about_month FROM ({frozen_sql(name, schema)}) WHERE close_month = DATE '{month}'"
        for name, schema in tables
    ]


def known_parts(settings: Settings, month: date) -> list[str]:
    """As :func:`frozen_parts`, of a month that is not closed."""
    columns = ", ".join(f'"{name}"' for name in _charge_schema().names)
    days = f"usage_day BETWEEN DATE '{month}' AND DATE '{month_end(month)}'"
    own_cash = _CASH.format(days=days, months=f"month = DATE '{month}'")
    return [
        f"SELECT {columns}, month AS about_month FROM ({_charge_sql(settings)}) WHERE month = DATE '{month}'",
        _charge_corrections_sql(settings, month),
        f"SELECT * FROM ({own_cash}) WHERE cash_usd IS NOT NULL",
        _cash_corrections_sql(month),
    ]


def _charge_sql(settings: Settings) -> str:
    github = settings.github_enterprise or next(iter(settings.github_orgs), "github")
    return _CHARGES.format(github=sql_text(github))


def _charge_schema() -> pa.Schema:
    added = [("discount_share", pa.decimal128(9, 6)), *((name, pa.string()) for name in _NAMES)]
    return pa.schema([*catalog().schemas[CHARGES], *added])


def _charge_corrections_sql(settings: Settings, month: date) -> str:
    schema = _charge_schema()
    columns = ", ".join(f'"{name}"' for name in schema.names)
    kept = ", ".join(f'"{name}"' for name in schema.names if name not in (*_SUMS, *_SAID))
    # The invoice of the closed month does not hold what changed after it.
    said = ", ".join(f'{"NULL" if name == "invoice_id" else f"""MAX("{name}")"""} AS "{name}"' for name in _SAID)
    sums = ", ".join(f'CAST(SUM("{name}") AS DECIMAL(38, 18)) AS "{name}"' for name in _SUMS)
    taken_off = ", ".join(f'-"{name}" AS "{name}"' if name in _SUMS else f'"{name}"' for name in schema.names)
    changed = " OR ".join(f'COALESCE("{name}", 0) <> 0' for name in _SUMS)
    frozen = " UNION ALL ".join(
        f"SELECT {taken_off} FROM ({frozen_sql(name, schema)})"
        for name in (CHARGES, CHARGE_CORRECTIONS)
    )
    return f"""
SELECT {columns}, month AS about_month
FROM (
  SELECT {kept}, {said}, {sums}
  FROM (SELECT {columns} FROM ({_charge_sql(settings)}) UNION ALL {frozen})
  WHERE month IN ({_corrected_months_sql(month)})
  GROUP BY {kept}
)
WHERE {changed}"""


def _cash_corrections_sql(month: date) -> str:
    frozen = " UNION ALL ".join(
        f"SELECT month, vendor, charge_kind, -cash_usd FROM ({frozen_sql(name, _CASH_SCHEMA)})"
        for name in (CASH, CASH_CORRECTIONS)
    )
    return f"""
SELECT month, vendor, charge_kind, CAST(SUM(cash_usd) AS DECIMAL(38, 18)) AS cash_usd
FROM ({_CASH.format(days="TRUE", months="TRUE")} UNION ALL {frozen})
WHERE month IN ({_corrected_months_sql(month)})
GROUP BY ALL
HAVING SUM(cash_usd) <> 0"""


def _corrected_months_sql(month: date) -> str:
    # A month whose charges were deleted for their age cannot be compared any more, and has not changed for it.
    return f"""
SELECT f.month
FROM ({frozen_months_sql(CHARGES)}) AS f
WHERE f.month IN (SELECT month FROM fct_charge_month)
  AND DATE '{month}' = (SELECT CAST(MAX(month) + INTERVAL 1 MONTH AS DATE) FROM ({IN_FORCE}) AS i)"""
