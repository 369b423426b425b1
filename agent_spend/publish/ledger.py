"""The ledger's charges and cash of a month: what the FOCUS and chargeback files are made of and checked against."""

from datetime import date
from decimal import Decimal

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window, month_end, month_start
from agent_spend.project import catalog
from agent_spend.settings import Settings

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
  ) AS discount_share
FROM fct_charge_month AS c
WHERE c.month = DATE '{month}'
ORDER BY ALL
"""

# Read from the facts and not from the charges themselves: the two must agree.
_CASH = """
SELECT vendor, 'usage' AS charge_kind, CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS cash_usd
FROM fct_usage_day
WHERE vendor <> 'github_copilot' AND usage_day BETWEEN DATE '{month}' AND DATE '{end}'
GROUP BY vendor
UNION ALL
SELECT 'github_copilot', 'usage', CAST(SUM(net_usd) AS DECIMAL(38, 18))
FROM int_reconcile__copilot_bill_day
WHERE sku_class = 'credits' AND usage_day BETWEEN DATE '{month}' AND DATE '{end}'
UNION ALL
SELECT vendor, 'seat', CAST(SUM(billed_usd) AS DECIMAL(38, 18))
FROM fct_seat_month
WHERE month = DATE '{month}'
GROUP BY vendor
"""


def charges(settings: Settings, month: date) -> list[dict]:
    """Rows of ``fct_charge_month`` with the contract discount that holds for them, in a stable order."""
    return _ask(settings, _CHARGES, ["fct_charge_month", "contract_discounts"], month)


def cash(settings: Settings, month: date) -> dict[tuple[str, str], Decimal]:
    """What vendors charge for the month before tax and credit notes, by vendor and charge kind, exact."""
    rows = _ask(settings, _CASH, ["fct_usage_day", "int_reconcile__copilot_bill_day", "fct_seat_month"], month)
    return {(row["vendor"], row["charge_kind"]): row["cash_usd"] for row in rows if row["cash_usd"] is not None}


def _ask(settings: Settings, sql: str, tables: list[str], month: date) -> list[dict]:
    first = month_start(month)
    window = Window(first, month_end(first))
    engine = DuckDBEngine(catalog(), Lake(settings.lake_uri))
    return engine.query(sql.format(month=first, end=window.last), tables, window).to_pylist()
