"""Shapes of GitHub's billing usage reports and the lake table of what Copilot was billed.

Source: GitHub REST reference, "Billing usage" (enhanced billing platform, API version 2026-03-10). ``gross`` is list
consumption, ``discount`` the part covered by included credits or other discounts, ``net`` what is billed.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from agent_spend.sources.contract import DAY, MONEY, TEXT, Contract, column
from agent_spend.sources.copilot.schema import SCOPE, exact
from agent_spend.sources.lines import squeezed


class TimePeriod(msgspec.Struct):
    """The period GitHub answered for. Only the year is promised: GitHub's own samples leave month and day out."""

    year: int
    month: int | None = None
    day: int | None = None

    def contradicts(self, day: date) -> bool:
        """Whether a part that is stated is another one than the day's."""
        asked = (day.year, day.month, day.day)
        return any(part not in (None, own) for part, own in zip((self.year, self.month, self.day), asked, strict=True))

    def __str__(self) -> str:
        return "-".join(str(part) for part in (self.year, self.month, self.day) if part is not None)


class UsageItem(msgspec.Struct, rename="camel"):
    """One line of ``usage/summary`` (one an SKU), ``ai_credit/usage`` or ``premium_request/usage`` (one an SKU and model)."""

    product: str
    sku: str
    unit_type: str
    gross_quantity: Decimal
    gross_amount: Decimal
    discount_quantity: Decimal
    discount_amount: Decimal
    net_quantity: Decimal
    net_amount: Decimal
    model: str | None = None

    @property
    def spelled(self) -> str:
        """The SKU without what its spellings differ in."""
        return squeezed(self.sku).removesuffix("s")

    @property
    def use(self) -> str:
        """What the line counts, however its SKU is spelled: ``credits``, ``premium requests``, or the SKU itself."""
        if sku_class(self.sku, self.unit_type) == "credits":
            return "credits"
        sku = squeezed(self.sku)
        return "premium requests" if "premiumrequest" in sku else sku


class UsageReport(msgspec.Struct, rename="camel"):
    """One of these billing usage reports."""

    usage_items: list[UsageItem]
    time_period: TimePeriod | None = None

    @property
    def is_coarse(self) -> bool:
        """Whether it names no day: GitHub promises the year only."""
        return self.time_period is None or not self.time_period.day


class UsageLine(msgspec.Struct, rename="camel"):
    """One line of plain ``usage``: a day, SKU, organization and repository, without the split of the quantity."""

    date: str
    product: str
    sku: str
    unit_type: str
    quantity: Decimal
    gross_amount: Decimal
    discount_amount: Decimal
    net_amount: Decimal


class UsageLines(msgspec.Struct, rename="camel"):
    """Plain ``usage``."""

    usage_items: list[UsageLine]


class CostCenter(msgspec.Struct):
    """A cost center of the enterprise, whatever its state."""

    id: str


class CostCenters(msgspec.Struct, rename="camel"):
    """Answer of the list of cost centers."""

    cost_centers: list[CostCenter]


#: One row a line of the day's reports: credits an SKU and model, everything else an SKU.
BILLING_USAGE = Contract(
    {
        "usage_day": column(DAY, "UTC day of the usage."),
        **SCOPE,
        "product": column(TEXT, "Product as GitHub prints it."),
        "sku": column(TEXT, "SKU as GitHub prints it."),
        "sku_class": column(TEXT, "credits, seat or other, by unit and SKU.",
                            one_of=["credits", "seat", "other"]),
        "model": column(TEXT, "Billing's display name of the model; null on lines without a model.", nullable=True),
        "unit": column(TEXT, "Unit of the quantities as GitHub prints it."),
        "gross_quantity": column(MONEY, "Consumption, in unit."),
        "gross_usd": column(MONEY, "Consumption at list price, USD."),
        "discount_quantity": column(MONEY, "Part covered by included credits or other discounts, in unit."),
        "discount_usd": column(MONEY, "Part covered by included credits or other discounts, USD."),
        "net_quantity": column(MONEY, "Billed part, in unit."),
        "net_usd": column(MONEY, "Billed part, USD, before taxes and contract discounts."),
    },
)  # fmt: skip


_CREDITS = re.compile("ai(credit|unit)")


def sku_class(sku: str, unit: str) -> str:
    """``credits``, ``seat`` or ``other``; GitHub spells both in several ways, so only their letters are read."""
    sku, unit = squeezed(sku), squeezed(unit)
    if unit == "credits" or _CREDITS.match(unit) or _CREDITS.search(sku):
        return "credits"
    return "seat" if unit == "usermonths" else "other"


def summed(lines: Iterable[UsageLine]) -> list[UsageItem]:
    """Lines of plain ``usage`` by product, SKU and unit; the quantity is split as the money is."""
    found: dict[tuple[str, str, str], UsageItem] = {}
    for line in lines:
        key = (line.product, line.sku, line.unit_type)
        covered = line.quantity * line.discount_amount / line.gross_amount if line.gross_amount else Decimal(0)
        item = found.setdefault(key, UsageItem(*key, *[Decimal(0)] * 6))
        item.gross_quantity += line.quantity
        item.gross_amount += line.gross_amount
        item.discount_quantity += covered
        item.discount_amount += line.discount_amount
        item.net_quantity += line.quantity - covered
        item.net_amount += line.net_amount
    return list(found.values())


def is_copilot(item: UsageItem) -> bool:
    """Whether a line belongs to Copilot; the reports hold Actions, storage and the rest as well."""
    return item.product.lower() == "copilot" or sku_class(item.sku, item.unit_type) == "credits" or (
        "copilot" in item.sku.lower()
    )


def billing_rows(items: Iterable[UsageItem], day: date, scope: Mapping[str, str]) -> list[dict]:
    """Rows of :data:`BILLING_USAGE`, one a line."""
    return [
        {
            "usage_day": day,
            **scope,
            "product": item.product,
            "sku": item.sku,
            "sku_class": sku_class(item.sku, item.unit_type),
            "model": item.model or None,
            "unit": item.unit_type,
            "gross_quantity": exact(item.gross_quantity),
            "gross_usd": exact(item.gross_amount),
            "discount_quantity": exact(item.discount_quantity),
            "discount_usd": exact(item.discount_amount),
            "net_quantity": exact(item.net_quantity),
            "net_usd": exact(item.net_amount),
        }
        for item in items
    ]
