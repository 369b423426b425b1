"""What a vendor's usage report says was charged: evidence of a bill where there is no invoice, one line a month and SKU.

A report is not an invoice; where an invoice covers a month and charge kind, the invoice alone counts
(:func:`agent_spend.sources.invoices.layouts.parse`). Reports print binary floats, so sums are rounded to a millionth.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from agent_spend.errors import FeedError
from agent_spend.partitions import month_end, month_start
from agent_spend.sources.files import SourceFile
from agent_spend.sources.lines import squeezed

MILLIONTH = Decimal("0.000001")
#: What a report is limited to, e.g. its organization and user; ``None`` where it covers them all.
Scope = tuple[str | None, ...]


@dataclass
class Charges:
    """The charges of one report file, added up; ``are_whole_cents`` where the vendor rounds each row of it.

    ``part`` counts the reports of one file.
    """

    vendor: str
    layout: str
    file: SourceFile
    are_whole_cents: bool = False
    part: int = 1
    sums: dict[tuple, list[Decimal]] = field(default_factory=dict)
    days: dict[date, list[date]] = field(default_factory=dict)
    held: dict[tuple[str, Scope], dict[date, str]] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)

    def add(
        self, first: date, last: date, sku: str, words: str, kind: str, quantity: Decimal | None, usd: Decimal, where: str,
        scope: Scope = (),
    ) -> None:
        """One line of the report, for the days from ``first`` to ``last`` of one month."""
        month = month_start(first)
        self.days.setdefault(month, []).extend((first, last))
        self.printed.setdefault(_one_spelling(sku), sku)
        days = self.held.setdefault((_one_spelling(sku), scope), {})
        for number in range((last - first).days + 1):
            days.setdefault(first + timedelta(days=number), where)
        total = self.sums.setdefault((month, kind, words, quantity is None), [Decimal(0), Decimal(0), Decimal(0)])
        total[0] += quantity or Decimal(0)
        total[1] += usd
        total[2] += 1

    def rows(self) -> list[dict]:
        """Rows of ``vendor_invoices``, numbered within the report."""
        name = self.file.name if self.part == 1 else f"{self.file.name} answer {self.part}"
        return [
            {
                "month": month, "vendor": self.vendor, "invoice_id": f"usage export {name}", "line_number": number,
                "issued_day": month_end(month) + timedelta(days=1), "period_start_day": min(self.days[month]),
                "period_end_day": max(self.days[month]), "charge_kind": kind, "description": words,
                "quantity": None if is_unstated else quantity.quantize(MILLIONTH), "currency": "USD",
                "amount_usd": usd.quantize(MILLIONTH), "amount": usd.quantize(MILLIONTH), "billed_from_day": None,
                "billed_to_day": None, "rounded_rows": int(rows) if self.are_whole_cents else 1, "layout": self.layout,
            }
            for number, ((month, kind, words, is_unstated), (quantity, usd, rows)) in enumerate(sorted(self.sums.items()), 1)
        ]  # fmt: skip


class Reports:
    """All reports of a folder; two that hold one SKU on one day would count it twice."""

    def __init__(self):
        self._held: list[Charges] = []

    def rows(self, reports: Iterable[Charges]) -> list[dict]:
        """The rows of one file's reports.

        Raises:
            FeedError: ``duplicate`` when another report holds the same SKU, day and scope, naming both places.
        """
        held = [*self._held]
        for report in reports:
            for earlier in held:
                _require_apart(earlier, report)
            held.append(report)
        rows = [row for report in held[len(self._held):] for row in report.rows()]
        self._held = held
        return rows


def _require_apart(earlier: Charges, later: Charges) -> None:
    for (sku, scope), days in later.held.items() if earlier.vendor == later.vendor else ():
        for (other_sku, other_scope), other_days in earlier.held.items():
            both = days.keys() & other_days.keys()
            if sku == other_sku and both and _overlap(scope, other_scope):
                day = min(both)
                message = f"{other_days[day]} and {days[day]}: both exports hold {later.printed[sku]} of {day}"
                remedy = "remove the overlapping one, or say of which cost centre each is (README of invoices)"
                raise FeedError("duplicate", f"{message}; {remedy}")


def _overlap(one: Scope, other: Scope) -> bool:
    width = max(len(one), len(other))
    pairs = zip((*one, *(None,) * width)[:width], (*other, *(None,) * width)[:width], strict=True)
    return all(a == b or a is None or b is None for a, b in pairs)


def _one_spelling(sku: str) -> str:
    # "Copilot AI Credits" in the API is "copilot_ai_credit" in the CSV.
    return squeezed(sku).removesuffix("s")
