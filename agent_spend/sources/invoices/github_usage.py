"""GitHub's billing usage export as CSV, in its vintages: what Copilot charged, one line a month and SKU.

The export is UTF-8 with a byte order mark, CRLF and quoted fields; its columns changed from 17 to 21 (token counts) in
2026 and are read by name. Amounts are prints of binary floats (``1.5600000000000005``), so sums are rounded to a
millionth of a dollar. The report of before 2025 gives a price and a multiplier instead of amounts.
Source: GitHub docs, "Billing reports reference"; observed files.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from agent_spend.errors import FeedError
from agent_spend.partitions import month_end
from agent_spend.sources.copilot.billing_schema import sku_class
from agent_spend.sources.files import SourceFile
from agent_spend.sources.invoices.evidence import Charges
from agent_spend.sources.lines import Line, csv_lines

LAYOUT = "github_usage"
_NEEDED = ("date", "product", "sku", "quantity", "unit_type")
#: What the day was called until 2025, as GitHub's reference has it among the fields that are closing down.
_DAY = {"date": ("usageat",)}
_AMOUNTS = ("gross_amount", "discount_amount", "net_amount")
_LEGACY = ("Price Per Unit ($)", "Multiplier")
_SCOPE = ("organization", "username")
_ITEM = "usageItems"
#: A plain ``usage`` answer does not say which cost centre was asked for; the name of its file or folder can.
_COST_CENTER = re.compile(r"cost[ _-]?cent(?:er|re)[ =_-]+([^/]+?)(?:\.json)?(?:/|$)", re.IGNORECASE)


def recognises(columns: set[str]) -> bool:
    """Whether squeezed column names are those of a usage export."""
    has_day = "date" in columns or not columns.isdisjoint(_DAY["date"])
    return has_day and {"product", "sku", "quantity"} <= columns and bool({"netamount", "priceperunit"} & columns)


def csv_charges(file: SourceFile) -> Charges:
    """Net charges of a CSV export by month and Copilot SKU, use without a user apart.

    Raises:
        FeedError: as :func:`agent_spend.sources.lines.csv_lines`; ``bad_value``.
    """
    charges = Charges("github_copilot", LAYOUT, file)
    for line in csv_lines(file, _NEEDED[:4], (_NEEDED[4], *_AMOUNTS, *_LEGACY, *_SCOPE), also=_DAY):
        if not _is_copilot(line):
            continue
        day = _day(line)
        _add(charges, line, day, day, _net(line), "quantity", (line.text("organization"),))
    return charges


def json_charges(file: SourceFile, content: object) -> list[Charges]:
    """Net charges of each saved answer of the billing API: ``usage``, ``usage/summary``, ``ai_credit/usage`` or
    ``premium_request/usage``.

    Raises:
        FeedError: ``missing_field`` for a file that is none of them; ``bad_value``.
    """
    found, number = [], 0
    for body in _bodies(file, content):
        charges = Charges("github_copilot", LAYOUT, file, part=len(found) + 1)
        found.append(charges)
        period = body.get("timePeriod") or {}
        for item in body[_ITEM]:
            number += 1
            values = {name: str(value).strip() for name, value in item.items() if value not in (None, "")}
            line = Line(file.name, number, values, "item")
            if not _is_copilot(line):
                continue
            first, last = _days(line, period)
            organization = line.text("organizationName") or body.get("organization")
            scope = (organization, body.get("user"), body.get("model"), _cost_center(body, file))
            quantity = "quantity" if "quantity" in values else "netQuantity"
            _add(charges, line, first, last, _number(line, "netAmount"), quantity, scope)
    return found


def _is_copilot(line: Line) -> bool:
    sku, product = (line.text("sku") or "").lower(), (line.text("product") or "").lower()
    return product == "copilot" or "copilot" in sku or sku_class(sku, _unit(line)) == "credits"


def _unit(line: Line) -> str:
    return line.text("unit_type") or line.text("unitType") or ""


def _cost_center(body: dict, file: SourceFile) -> str | None:
    stated = body.get("costCenter")
    if isinstance(stated, dict):
        stated = stated.get("id") or stated.get("name")
    named = _COST_CENTER.search(file.name)
    return stated or (named[1] if named else None)


def _add(charges: Charges, line: Line, first: date, last: date, net: Decimal, quantity: str, scope: tuple) -> None:
    sku, unit = line.required("sku"), _unit(line)
    kind = sku_class(sku, unit)
    charge = "seat" if kind == "seat" or _is_legacy_seat(sku) else "usage"
    is_userless = charge == "usage" and "username" in line.values and line.text("username") is None
    words = (f"{sku}, {unit}" if unit else sku) + (", without a user" if is_userless else "")
    charges.add(first, last, sku, words, charge, _number(line, quantity), net, line.where, scope)


def _bodies(file: SourceFile, found: object) -> Iterable[dict]:
    bodies = found if isinstance(found, list) else [found]
    for body in bodies:
        items = body.get(_ITEM) if isinstance(body, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            keys = ", ".join(body) if isinstance(body, dict) else type(body).__name__
            raise FeedError("missing_field", f"{file.name}: no list {_ITEM}; found: {keys}. Known JSON: answers of GitHub's "
                                             "billing endpoints usage, usage/summary, ai_credit/usage and premium_request/usage, "
                                             "Stripe's invoices and credit notes, and Cursor's monthly invoice")
        yield body


def _days(line: Line, period: dict) -> tuple[date, date]:
    if line.text("date") is not None:
        return (_day(line),) * 2
    try:
        year, month, day = (int(period[name]) if period.get(name) else None for name in ("year", "month", "day"))
        first = date(year, month, day or 1)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise FeedError("bad_value", f"{line.where}: has no date, and timePeriod names no month; ask GitHub with year and "
                                     "month") from None
    return first, first if day else month_end(first)


def _day(line: Line) -> date:
    text = line.required("date")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise line.bad("date", "must start with a day written YYYY-MM-DD") from None


def _net(line: Line) -> Decimal:
    if "net_amount" in line.values:
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
