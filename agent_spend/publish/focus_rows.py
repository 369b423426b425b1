"""How a charge of the ledger becomes a row of the FOCUS file: names, prices and periods."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from agent_spend.partitions import month_end

#: What a vendor bills apart; GitHub an enterprise, or an organization of its own.
_SUB_ACCOUNTS = {"anthropic": "Workspace", "github_copilot": "Billing entity", "cursor": "Team"}
_PROVIDERS = {"github_copilot": "GitHub", "anthropic": "Anthropic", "cursor": "Cursor"}
_SERVICES = {"github_copilot": "GitHub Copilot", "anthropic": "Claude API", "cursor": "Cursor"}
_ACCOUNT_TYPES = {"github_copilot": "Enterprise", "anthropic": "Organization", "cursor": "Team"}
_METERS = {
    "uncached_input": "Input Tokens", "cache_write_5m": "Cache Write Tokens, 5 minutes",
    "cache_write_1h": "Cache Write Tokens, 1 hour", "cache_read": "Cache Read Tokens", "output": "Output Tokens",
    "web_search": "Web Searches",
}  # fmt: skip
#: Charges of a seat, of use within it and beyond it; the Claude API has none of these.
_OF_SEATS = ("seat", "included", "on_demand")
#: Vendors' own units of account; such a row has a price in it, and money only where the pool is used up.
_VIRTUAL = {"github_copilot": "AI Credits", "cursor": "Cursor Included Usage", "anthropic": "Claude Included Usage"}


def focus_row(row: dict, month: date) -> dict:
    """One row of the FOCUS file of ``month``, for one charge of a :class:`agent_spend.month_end.ledger.MonthLedger`."""
    vendor, kind = row["vendor"], row["charge_class"]
    virtual = _VIRTUAL[vendor] if kind == "included" or (vendor == "github_copilot" and kind == "on_demand") else None
    sku = ", ".join(part for part in (row["model"], _METERS.get(row["sku"], row["sku"]), row["modifiers"]) if part)
    sku_id = f"{vendor}:{sku.lower().replace(', ', '/').replace(' ', '-')}"
    prices = _prices(row)
    return prices | {
        "BilledCost": row["billed_usd"],
        "BillingAccountId": row["billing_account"],
        "BillingAccountName": row["billing_account"],
        "BillingAccountType": _ACCOUNT_TYPES[vendor],
        "BillingCurrency": "USD",
        "BillingPeriodStart": _instant(month),
        "BillingPeriodEnd": _instant(month_end(month) + timedelta(days=1)),
        "ChargeCategory": "Purchase" if kind == "seat" else "Usage",
        "ChargeClass": "Correction" if row["about_month"] != month else None,
        "ChargeDescription": _description(row, sku, month),
        "ChargeFrequency": "Recurring" if kind == "seat" else "Usage-Based",
        "ChargePeriodStart": _instant(row["first_day"]),
        "ChargePeriodEnd": _instant(row["last_day"] + timedelta(days=1)),
        "ConsumedQuantity": None if kind == "seat" else row["quantity"] if row["quantity"] is not None else Decimal(1),
        "ConsumedUnit": None if kind == "seat" else row["unit"],
        "EffectiveCost": row["billed_usd"],
        "InvoiceId": row["invoice_id"],
        "InvoiceIssuerName": _PROVIDERS[vendor],
        "PricingCategory": "Standard",
        "PricingCurrency": virtual or "USD",
        "PricingCurrencyContractedUnitPrice": Decimal(1) if virtual else prices["ContractedUnitPrice"],
        "PricingCurrencyEffectiveCost":
            row["billed_usd"] if not virtual else Decimal(0) if kind == "included" else prices["PricingQuantity"],
        "PricingCurrencyListUnitPrice": Decimal(1) if virtual else prices["ListUnitPrice"],
        "PricingUnit": "Credits" if virtual else row["pricing_unit"],
        "ProviderName": _PROVIDERS[vendor],
        "PublisherName": _PROVIDERS[vendor],
        "ResourceId": _resource_id(row),
        "ResourceType": _resource_type(row),
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Claude subscription" if vendor == "anthropic" and kind in _OF_SEATS else _SERVICES[vendor],
        "ServiceSubcategory": "Generative AI",
        "SkuId": sku_id,
        "SkuMeter": "Seats" if kind == "seat" else _METERS.get(row["sku"], virtual or row["unit"]),
        "SkuPriceDetails": _json(
            {"x_PriceVersion": row["price_version"], "x_TokenClass": row["sku"] if kind == "token" else None}
        ),
        "SkuPriceId": f"{sku_id}@{row['price_version'] or 'reported'}",
        "SubAccountId": row["sub_account"],
        "SubAccountName": row["sub_account_name"],
        "SubAccountType": _SUB_ACCOUNTS[vendor] if row["sub_account"] else None,
        "Tags": _json({name: row[name] for name in ("cost_center", "environment", "org", "squad")}),
        "x_AllocationMethod": row["allocation_method"],
        "x_ModelId": row["model"],
        "x_PriceState": "unpriced" if row["unit_list_usd"] is None else "priced",
        "x_PriceVersion": row["price_version"],
    }


def _prices(row: dict) -> dict[str, Decimal | None]:
    quantity, unit, billed = row["priced_quantity"], row["unit_list_usd"], row["billed_usd"]
    if row["charge_kind"] == "seat":
        contracted = _exact_share(billed, quantity)
        if contracted is None or unit is None:
            # Seats that no single price divides evenly are one line at its own price.
            listed = row["list_usd"] if row["list_usd"] is not None else billed
            # A correction takes off what it lowers: the price of a line is not below zero, its quantity is.
            sign = Decimal(-1 if (billed or listed) < 0 else 1)
            quantity, unit, contracted = sign, listed * sign, billed * sign
        return _priced(quantity, unit, contracted)
    if unit is None:
        return {
            "PricingQuantity": quantity, "ListUnitPrice": None, "ContractedUnitPrice": None, "ListCost": billed,
            "ContractedCost": billed,
        }  # fmt: skip
    return _priced(quantity, unit, unit * (1 - row["discount_share"]))


def _priced(quantity: Decimal, unit: Decimal, contracted: Decimal) -> dict[str, Decimal | None]:
    return {
        "PricingQuantity": quantity, "ListUnitPrice": unit, "ContractedUnitPrice": contracted,
        "ListCost": _money(quantity * unit), "ContractedCost": _money(quantity * contracted),
    }  # fmt: skip


def _exact_share(total: Decimal, parts: Decimal) -> Decimal | None:
    if not parts:
        return None
    share = (total / parts).quantize(Decimal("1e-9"))
    return share if share * parts == total else None


def _money(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-18")) if value.as_tuple().exponent < -18 else value


def _description(row: dict, sku: str, month: date) -> str:
    if row["about_month"] != month:
        return f"Correction of {row['about_month']:%Y-%m}: {_description(row, sku, row['about_month'])}"
    if row["charge_class"] == "seat":
        return f"{_PROVIDERS[row['vendor']]} {row['sku']} seat"
    covered = ", covered by the seat fee" if row["charge_class"] == "included" else ""
    return f"{sku}{covered}"


def _resource_id(row: dict) -> str | None:
    actor = row["actor_id"]
    if actor is None or "@" not in actor:
        return actor
    # An e-mail address stays inside the company: the roster's id, or a digest of it.
    return row["person_id"] or f"user-{hashlib.sha256(actor.encode()).hexdigest()[:12]}"


def _resource_type(row: dict) -> str | None:
    if row["actor_id"] is None:
        return None
    if row["charge_class"] == "seat":
        return "Seat"
    return "API key" if row["charge_class"] == "token" else "User"


def _json(pairs: dict[str, str | None]) -> str | None:
    kept = {name: value for name, value in pairs.items() if value is not None}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False) if kept else None


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
