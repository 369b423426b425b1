"""Cursor's monthly invoice as its dashboard answers it in JSON: the lines of a billing cycle.

``get-monthly-invoice`` is the dashboard's own call and no documented API; administrators save its answer. It is the bill
as it stands and not the invoice document, so where an invoice covers the month and charge kind, the invoice counts.
Source: observed answers in public tools, 2025 to 2026 (``items`` of ``description`` and ``cents``, ``periodStartMs``).
"""

import re
from datetime import UTC, date, datetime

from agent_spend.errors import FeedError
from agent_spend.partitions import month_end
from agent_spend.sources.files import SourceFile
from agent_spend.sources.lines import Line

LAYOUT = "cursor_monthly"
#: What an item's amount is called: cents, and in answers of early 2025 dollars with their sign.
_AMOUNTS = ("cents", "totalDollars")


def recognises(body: object) -> bool:
    """Whether parsed JSON is such an answer."""
    items = body.get("items") if isinstance(body, dict) else None
    return isinstance(items, list) and all(isinstance(item, dict) and "description" in item for item in items)


def lines(file: SourceFile, body: dict) -> list[Line]:
    """One line a charge, in the columns of :mod:`agent_spend.sources.invoices.vendor_lines`; lines without an amount say nothing.

    Raises:
        FeedError: ``missing_field`` where neither the answer nor the file's name states its period; ``bad_value`` for an amount
            that is no number.
    """
    start, end = _period(file, body)
    shared = {
        "invoice": f"monthly invoice {start}", "issued": end, "start": start, "end": end, "period": "", "currency": "USD",
        "vendor": "cursor", "tax": "", "kind": "", "quantity": "",
    }  # fmt: skip
    found = []
    for number, item in enumerate(body["items"], 1):
        line = Line(file.name, number, {name: str(item[name]) for name in _AMOUNTS if item.get(name) is not None}, "item")
        cents, usd = (line.amount(name) for name in _AMOUNTS)
        if cents is not None:
            usd = cents.scaleb(-2)
        if usd is not None:
            said = {"description": str(item["description"]), "amount": f"{usd:f}"}
            found.append(Line(file.name, number, shared | said, "item"))
    return found


def _period(file: SourceFile, body: dict) -> tuple[str, str]:
    named = re.search(r"(?<!\d)(20\d{2})-(0[1-9]|1[0-2])(?!\d)", file.path.name)
    if named and body.get("periodStartMs") is None and body.get("periodEndMs") is None:
        month = date(int(named[1]), int(named[2]), 1)
        return f"{month}", f"{month_end(month)}"
    return _day(file, body, "periodStartMs"), _day(file, body, "periodEndMs")


def _day(file: SourceFile, body: dict, name: str) -> str:
    try:
        return f"{datetime.fromtimestamp(int(body[name]) / 1000, UTC):%Y-%m-%d}"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise FeedError("missing_field", f"{file.name}: {name} is not a time in milliseconds; save the dashboard's whole answer "
                                         "to get-monthly-invoice, or name the file of an older one without periods by its month "
                                         "(cursor-2025-07.json)") from None
