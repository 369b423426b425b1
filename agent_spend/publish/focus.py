"""The monthly FOCUS 1.2 file (FinOps Open Cost and Usage Specification), as CSV and Parquet.

One row a charge of ``fct_charge_month``: a token class of a Claude API key, a user's credits within and beyond the
Copilot pool, a user's Cursor usage within and beyond the plan, a seat. ``docs/focus.md`` says how each column is filled,
and what the FinOps Foundation's validator answers.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window, month_end, month_start
from agent_spend.project import catalog
from agent_spend.publish.files import write_if_changed
from agent_spend.publish.focus_rows import focus_row
from agent_spend.publish.ledger import cash, charges
from agent_spend.settings import Settings

TEXT, MONEY, INSTANT = pa.string(), pa.decimal128(38, 18), pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("BilledCost", MONEY), ("BillingAccountId", TEXT), ("BillingAccountName", TEXT), ("BillingAccountType", TEXT),
        ("BillingCurrency", TEXT), ("BillingPeriodEnd", INSTANT), ("BillingPeriodStart", INSTANT),
        ("ChargeCategory", TEXT), ("ChargeClass", TEXT), ("ChargeDescription", TEXT), ("ChargeFrequency", TEXT),
        ("ChargePeriodEnd", INSTANT), ("ChargePeriodStart", INSTANT), ("ConsumedQuantity", MONEY), ("ConsumedUnit", TEXT),
        ("ContractedCost", MONEY), ("ContractedUnitPrice", MONEY), ("EffectiveCost", MONEY), ("InvoiceId", TEXT),
        ("InvoiceIssuerName", TEXT), ("ListCost", MONEY), ("ListUnitPrice", MONEY), ("PricingCategory", TEXT),
        ("PricingCurrency", TEXT), ("PricingCurrencyContractedUnitPrice", MONEY), ("PricingCurrencyEffectiveCost", MONEY),
        ("PricingCurrencyListUnitPrice", MONEY), ("PricingQuantity", MONEY), ("PricingUnit", TEXT), ("ProviderName", TEXT),
        ("PublisherName", TEXT), ("ResourceId", TEXT), ("ResourceName", TEXT), ("ResourceType", TEXT),
        ("ServiceCategory", TEXT), ("ServiceName", TEXT), ("ServiceSubcategory", TEXT), ("SkuId", TEXT), ("SkuMeter", TEXT),
        ("SkuPriceDetails", TEXT), ("SkuPriceId", TEXT), ("SubAccountId", TEXT), ("SubAccountName", TEXT),
        ("SubAccountType", TEXT), ("Tags", TEXT), ("x_AllocationMethod", TEXT), ("x_ModelId", TEXT), ("x_PriceState", TEXT),
        ("x_PriceVersion", TEXT),
    ]
)  # fmt: skip


def export_focus(settings: Settings, month: date) -> list[Path]:
    """Write the FOCUS file of a month to ``home/exports``; an unchanged file is left alone.

    Returns:
        Paths of the CSV and of the Parquet file.

    Raises:
        ConfigurationError: the lake holds no charges of the month, or their sum is not the ledger's cash.
    """
    table = focus_table(settings, month)
    folder = settings.home / "exports"
    paths = [folder / f"focus-{month:%Y-%m}.csv", folder / f"focus-{month:%Y-%m}.parquet"]
    write_if_changed(paths[0], as_csv(table))
    content = io.BytesIO()
    parquet.write_table(table, content, compression="zstd")
    write_if_changed(paths[1], content.getvalue())
    return paths


def focus_table(settings: Settings, month: date) -> pa.Table:
    """The FOCUS rows of a month; ``BilledCost`` adds up to the ledger's cash exactly.

    Raises:
        ConfigurationError: as :func:`export_focus`.
    """
    month = month_start(month)
    rows = charges(settings, month)
    if not rows:
        raise ConfigurationError(f"no charges of {month:%Y-%m} in the lake; run agent-spend backfill over it first")
    invoices = _invoice_ids(settings, month)
    names = _workspace_names(settings)
    focus = [focus_row(row, month, settings, invoices, names) for row in rows]
    total, ledger = sum(row["BilledCost"] for row in focus), sum(cash(settings, month).values())
    if total != ledger:
        raise ConfigurationError(
            f"FOCUS {month:%Y-%m}: the rows bill {total.normalize():f} USD, the ledger {ledger.normalize():f}; "
            "rebuild the month's models before exporting"
        )
    return pa.Table.from_pylist(focus, schema=SCHEMA)


def as_csv(table: pa.Table) -> bytes:
    """FOCUS text forms: UTC instants with Z, decimals with a point and no exponent, null as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.schema.names)
    writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())
    return text.getvalue().encode()


def _cell(value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Decimal):
        plain = f"{value.normalize():f}"
        # Readers take a column of whole numbers for integers, and FOCUS wants decimals.
        return plain if "." in plain else f"{plain}.0"
    return str(value)


def _invoice_ids(settings: Settings, month: date) -> dict[tuple[str, str], str]:
    """The invoice of a vendor and charge kind, where exactly one covers the month."""
    lines = _ask(settings, "SELECT DISTINCT vendor, charge_kind, invoice_id FROM vendor_invoices "
                           f"WHERE month = DATE '{month}'", ["vendor_invoices"], Window(month, month_end(month)))
    found: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        found.setdefault((line["vendor"], line["charge_kind"]), []).append(line["invoice_id"])
    return {slot: ids[0] for slot, ids in found.items() if len(ids) == 1}


def _workspace_names(settings: Settings) -> dict[str, str]:
    rows = _ask(settings, "SELECT workspace_id, ARG_MAX(name, usage_day) AS name FROM claude_workspaces GROUP BY 1",
                ["claude_workspaces"], None)
    return {row["workspace_id"]: row["name"] for row in rows}


def _ask(settings: Settings, sql: str, tables: list[str], window: Window | None) -> Iterable[dict]:
    return DuckDBEngine(catalog(), Lake(settings.lake_uri)).query(sql, tables, window).to_pylist()
