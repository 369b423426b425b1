"""The FOCUS file: one row a charge, its sum the ledger's cash, its forms those of FOCUS 1.2."""

import csv
import json
import shutil
from datetime import date
from decimal import Decimal

import pyarrow.parquet as parquet
import pytest
from finance_books import OCTOBER, copilot_bill, invoice, usage

from agent_spend.catalog import SQL_DIR, Catalog
from agent_spend.errors import ConfigurationError
from agent_spend.publish.focus import export_focus

DAY = date(2026, 10, 14)
CHARGES = ("int_reconcile__claude_class_day", "int_reconcile__claude_charge_day", "int_reconcile__copilot_charge_month",
           "fct_charge_month")  # fmt: skip
TOKENS = {
    "usage_day": DAY, "model": "claude-opus-5-5", "service_tier": "standard", "inference_geo": "global",
    "workspace_id": "wrkspc_1", "uncached_input_tokens": 0, "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0,
    "cache_read_tokens": 0, "output_tokens": 0, "web_search_requests": 0,
}  # fmt: skip
COST = {
    "usage_day": DAY, "currency": "USD", "cost_type": "tokens", "model": "claude-opus-5-5", "service_tier": "standard",
    "inference_geo": "global", "workspace_id": "wrkspc_1", "token_type": "uncached_input_tokens",
}  # fmt: skip


def billed(day, amount, **more):
    return usage(day, "anthropic", None, series="claude_api_billing", actor_id="(cost report)", billed_usd=amount) | more


def rows(books):
    books.build(*CHARGES)
    paths = export_focus(books.settings, OCTOBER)
    with paths[0].open(newline="") as file:
        return list(csv.DictReader(file))


def only(found, **wanted):
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


@pytest.fixture
def full(books):
    """A month with each kind of charge: 4.00 of tokens, 10.00 of credits, 3.50 on demand, a seat of 9.50."""
    books.write("claude_api_usage", TOKENS | {"api_key_id": "k1", "uncached_input_tokens": 750_000, "output_tokens": 10},
                TOKENS | {"api_key_id": "k2", "uncached_input_tokens": 250_000})
    books.write("claude_api_cost", COST | {"amount_usd": "4.00"})
    books.write("fct_usage_day",
        billed(DAY, "4.00"),
        usage(DAY, "anthropic", "3", key_id="k1", actor_id="k1", cost_center="CC-1", environment="prod"),
        usage(DAY, "github_copilot", "60", quantity="6000", actor_id="7", person_id="E7", cost_center="CC-2"),
        usage(DAY, "cursor", "3.5", billed_usd="3.5", actor_id="mira@acme.test", person_id="E7", quantity="100"),
        usage(DAY, "cursor", "2", series="cursor_included", covered_usd="2", billed_usd="0", actor_id="mira@acme.test"))
    books.write("copilot_billing_usage", copilot_bill(
        DAY, "60", "50", "10", gross_quantity="6000", discount_quantity="5000", net_quantity="1000"))
    books.write("fct_seat_month", {
        "month": OCTOBER, "vendor": "github_copilot", "plan": "business", "person_id": "E7", "actor_id": "7", "seats": 1,
        "list_usd": "19", "billed_usd": "9.50", "proration_rule": "rest_of_month"})
    return books


def test_the_billed_cost_of_all_rows_is_the_ledgers_cash(full):
    assert sum(Decimal(row["BilledCost"]) for row in rows(full)) == Decimal("27.00")


def test_a_charge_without_keys_is_shared_out_to_the_keys_of_its_token_class(full):
    found = sorted(only(rows(full), SkuMeter="Input Tokens"), key=lambda row: row["ResourceId"])
    assert [(row["ResourceId"], row["BilledCost"], row["PricingQuantity"], row["PricingUnit"]) for row in found] == [
        ("k1", "3.0", "0.75", "1000000 Tokens"), ("k2", "1.0", "0.25", "1000000 Tokens")]
    assert [(row["ListUnitPrice"], row["ListCost"]) for row in found] == [("4.0", "3.0"), ("4.0", "1.0")]
    assert json.loads(found[0]["Tags"])["cost_center"] == "CC-1"


def test_each_token_class_is_a_row_of_its_own(full):
    assert only(rows(full), SkuMeter="Output Tokens")[0]["ConsumedQuantity"] == "10.0"


def test_credits_are_a_virtual_currency_within_and_beyond_the_pool(full):
    within, beyond = (only(rows(full), SkuId=f"github_copilot:{sku}")[0] for sku in (
        "ai-credits/included", "ai-credits/beyond-the-pool"))
    assert (within["PricingCurrency"], within["PricingQuantity"], within["BilledCost"], within["ListCost"]) == (
        "AI Credits", "5000.0", "0.0", "50.0")
    assert (beyond["PricingQuantity"], beyond["BilledCost"], beyond["PricingUnit"]) == ("1000.0", "10.0", "Credits")


def test_a_prorated_seat_is_a_recurring_purchase(full):
    (seat,) = only(rows(full), ChargeCategory="Purchase")
    assert (seat["ChargeFrequency"], seat["BilledCost"], seat["ListCost"], seat["ContractedCost"], seat["ConsumedUnit"]) == (
        "Recurring", "9.5", "19.0", "9.5", "")


def test_included_use_of_cursor_bills_nothing_and_no_address_leaves_the_company(full):
    (row,) = only(rows(full), PricingCurrency="Cursor Included Usage")
    assert (row["BilledCost"], row["EffectiveCost"], row["ListCost"]) == ("0.0", "0.0", "2.0")
    assert "@" not in row["ResourceId"]


def test_the_invoice_that_covers_the_month_is_named(full):
    full.write("vendor_invoices", invoice("github_copilot", "seat", "9.50", invoice_id="GH-202610"),
               invoice("anthropic", "usage", "4.00", invoice_id="usage export costs.csv", layout="claude_cost"))
    found = rows(full)
    assert only(found, ChargeCategory="Purchase")[0]["InvoiceId"] == "GH-202610"
    assert only(found, SkuMeter="Input Tokens")[0]["InvoiceId"] == ""


def test_a_contract_discount_lowers_the_contracted_price_and_not_the_list_price(full, tmp_path, monkeypatch):
    folder = tmp_path / "dbt_like_sql"
    shutil.copytree(SQL_DIR, folder)
    (folder / "policies" / "contract_discounts.csv").write_text(
        "vendor,line,shown_by,discount_share,effective_from,effective_to,source\n"
        "anthropic,usage,invoice,0.25,2026-01-01,,order form\nanthropic,usage,billing_api,0.25,2026-01-01,,order form\n"
    )
    dated = Catalog(full.catalog.sources, folder)
    monkeypatch.setattr("agent_spend.month_end.ledger.catalog", lambda: dated)
    (row,) = only(rows(full), SkuMeter="Input Tokens", ResourceId="k1")
    assert (row["ListUnitPrice"], row["ContractedUnitPrice"], row["ContractedCost"], row["BilledCost"]) == (
        "4.0", "3.0", "2.25", "3.0")


def test_periods_are_utc_with_an_open_end(full):
    row = rows(full)[0]
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-10-14T00:00:00Z", "2026-10-15T00:00:00Z")


def test_the_parquet_file_holds_the_same_rows_with_decimals(full):
    full.build(*CHARGES)
    csv_path, parquet_path = export_focus(full.settings, OCTOBER)
    table = parquet.read_table(parquet_path)
    assert table.num_rows == len(csv_path.read_text().splitlines()) - 1
    assert str(table.schema.field("BilledCost").type) == "decimal128(38, 18)"


def test_a_workspace_whose_name_is_a_formula_is_neutralised_in_the_csv_and_whole_in_the_parquet_file(full):
    name = '=HYPERLINK("http://a.test","pay")'
    full.write("claude_workspaces", {"usage_day": DAY, "workspace_id": "wrkspc_1", "name": name})
    full.build(*CHARGES)
    csv_path, parquet_path = export_focus(full.settings, OCTOBER)
    with csv_path.open(newline="") as file:
        assert {row["SubAccountName"] for row in csv.DictReader(file)} == {f"'{name}", ""}
    assert set(parquet.read_table(parquet_path)["SubAccountName"].to_pylist()) == {name, None}


def test_an_export_twice_writes_nothing_new(full):
    full.build(*CHARGES)
    before = [path.stat().st_mtime_ns for path in export_focus(full.settings, OCTOBER)]
    assert [path.stat().st_mtime_ns for path in export_focus(full.settings, OCTOBER)] == before


def test_rows_that_are_not_the_ledgers_cash_are_refused(full):
    full.build(*CHARGES)
    full.write("fct_usage_day", billed(DAY, "4.01"))
    with pytest.raises(ConfigurationError, match=r"2026-10: the charges of anthropic usage are 4 USD, the ledger's cash is 4.01"):
        export_focus(full.settings, OCTOBER)


def test_a_month_without_charges_is_refused(books):
    with pytest.raises(ConfigurationError, match="no charges of 2026-10 in the lake"):
        export_focus(books.settings, OCTOBER)
