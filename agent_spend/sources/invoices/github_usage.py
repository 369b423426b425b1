"""GitHub's billing usage export as CSV, in its vintages: what Copilot charged, one line a month and SKU.

The export is UTF-8 with a byte order mark, CRLF and quoted fields; its columns changed from 17 to 21 (token counts) in
2026 and are read by name. Amounts are prints of binary floats (``1.5600000000000005``), so sums are rounded to a
millionth of a dollar. The report of before 2025 gives a price and a multiplier instead of amounts.
Source: GitHub docs, "Billing reports reference"; observed files.
"""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from agent_spend.errors import FeedError
from agent_spend.partitions import month_end, month_start
from agent_spend.sources.copilot.billing_schema import sku_class
from agent_spend.sources.files import Line, SourceFile, csv_lines

LAYOUT = "github_usage"
MILLIONTH = Decimal("0.000001")
_NEEDED = ("date", "product", "sku", "quantity", "unit_type")
_AMOUNTS = ("gross_amount", "discount_amount", "net_amount")
_LEGACY = ("Price Per Unit ($)", "Multiplier")
_KEYS = ("username", "model", "organization", "repository", "repository_slug", "cost_center_name", "workflow_path",
         "actions_workflow", "owner")  # fmt: skip


def recognises(columns: set[str]) -> bool:
    """Whether squeezed column names are those of a usage export."""
    return {"date", "product", "sku", "quantity"} <= columns and bool({"netamount", "priceperunit"} & columns)


class Exports:
    """All exports of a folder; two that hold the same line would count it twice."""

    def __init__(self):
        self._seen: dict[tuple, str] = {}

    def rows(self, file: SourceFile) -> list[dict]:
        """Rows of ``vendor_invoices``: the net of each month and Copilot SKU, use without a user apart.

        Raises:
            FeedError: as :func:`agent_spend.sources.files.csv_lines`; ``bad_value``; ``duplicate`` for a line that
                another export already holds, naming both.
        """
        sums: dict[tuple, list[Decimal]] = {}
        days: dict[date, list[date]] = {}
        for line in csv_lines(file, _NEEDED[:4], (_NEEDED[4], *_AMOUNTS, *_LEGACY, *_KEYS)):
            day, sku, unit = _day(line), line.required("sku"), line.text("unit_type") or ""
            kind = sku_class(sku, unit)
            if (line.text("product") or "").lower() != "copilot" and kind != "credits" and "copilot" not in sku.lower():
                continue
            self._claim(line, (day, sku, *(line.text(name) for name in _KEYS)))
            month = month_start(day)
            days.setdefault(month, []).append(day)
            charge = "seat" if kind == "seat" or _is_legacy_seat(sku) else "usage"
            is_userless = charge == "usage" and "username" in line.values and line.text("username") is None
            total = sums.setdefault((month, sku, unit, charge, is_userless), [Decimal(0), Decimal(0)])
            total[0] += _number(line, "quantity")
            total[1] += _net(line)
        return [
            _row(file, key, quantity, amount, days[key[0]], number)
            for number, (key, (quantity, amount)) in enumerate(sorted(sums.items()), 1)
        ]

    def _claim(self, line: Line, key: tuple) -> None:
        # Within one file a repeated key is two charges; the same key in a second file is an overlapping export.
        holder = self._seen.setdefault(key, line.where)
        if not holder.startswith(f"{line.file} line "):
            message = f"{holder} and {line.where}: both exports hold {key[1]} of {key[0]}; remove the overlapping one"
            raise FeedError("duplicate", message)


def _row(file: SourceFile, key: tuple, quantity: Decimal, amount: Decimal, days: list[date], number: int) -> dict:
    month, sku, unit, charge, is_userless = key
    words = f"{sku}, {unit}" if unit else sku
    net = amount.quantize(MILLIONTH)
    return {
        "month": month, "vendor": "github_copilot", "invoice_id": f"usage export {file.name}", "line_number": number,
        "issued_day": month_end(month) + timedelta(days=1), "period_start_day": min(days), "period_end_day": max(days),
        "charge_kind": charge, "description": f"{words}, without a user" if is_userless else words,
        "quantity": quantity.quantize(MILLIONTH), "currency": "USD", "amount_usd": net, "amount": net,
        "billed_from_day": None, "billed_to_day": None, "layout": LAYOUT,
    }  # fmt: skip


def _day(line: Line) -> date:
    text = line.required("date")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise line.bad("date", "must start with a day written YYYY-MM-DD") from None


def _net(line: Line) -> Decimal:
    if line.text("net_amount") is not None:
        return _number(line, "net_amount")
    multiplier = _number(line, _LEGACY[1]) if line.text(_LEGACY[1]) else Decimal(1)
    return _number(line, "quantity") * _number(line, _LEGACY[0]) * multiplier


def _number(line: Line, name: str) -> Decimal:
    # Binary floats are printed with any number of digits and, when small, with an exponent.
    try:
        value = Decimal(line.required(name))
    except InvalidOperation:
        raise line.bad(name, "must be a number") from None
    if not value.is_finite():
        raise line.bad(name, "must be a number")
    return value


def _is_legacy_seat(sku: str) -> bool:
    return sku.lower() in ("copilot for business", "copilot enterprise", "copilot_for_business", "copilot_enterprise")
