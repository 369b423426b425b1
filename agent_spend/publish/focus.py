"""The monthly FOCUS 1.2 file (FinOps Open Cost and Usage Specification), as CSV and Parquet.

One row a charge of ``fct_charge_month``: a token class of a Claude API key, a user's credits within and beyond the
Copilot pool, a user's Cursor usage within and beyond the plan, a seat. ``docs/focus.md`` says how each column is filled,
and what the FinOps Foundation's validator answers.
"""

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from agent_spend.lake.tables import Lake
from agent_spend.month_end.ledger import of_month
from agent_spend.partitions import month_start
from agent_spend.privacy import Display
from agent_spend.publish.files import csv_text, neutral, write_if_changed
from agent_spend.publish.focus_rows import focus_row
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
    rows = of_month(settings, month).charges
    shown = Display.of(Lake(settings.lake_uri), rows)
    return pa.Table.from_pylist([focus_row(shown.row(row), month) for row in rows], schema=SCHEMA)


def as_csv(table: pa.Table) -> bytes:
    """FOCUS text forms: UTC instants with Z, decimals with a point and no exponent, null as an empty cell.

    Text that a spreadsheet would run as a formula starts with an apostrophe here; in Parquet it is as it is.
    """
    return csv_text(table.schema.names, ([_cell(value) for value in row.values()] for row in table.to_pylist())).encode()


def _cell(value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Decimal):
        plain = f"{value.normalize():f}"
        # Readers take a column of whole numbers for integers, and FOCUS wants decimals.
        return plain if "." in plain else f"{plain}.0"
    return neutral(value)
