"""Cursor's monthly invoice as its dashboard answers it in JSON: the lines of a billing cycle, in cents.

``get-monthly-invoice`` is the dashboard's own call and no documented API; administrators save its answer. It is the bill
as it stands and not the invoice document, so where an invoice covers the month and charge kind, the invoice counts.
Source: observed answers in public tools, 2025 to 2026 (``items`` of ``description`` and ``cents``, ``periodStartMs``).
"""

from datetime import UTC, datetime
from decimal import Decimal

from agent_spend.errors import FeedError
from agent_spend.sources.files import SourceFile
from agent_spend.sources.lines import Line

LAYOUT = "cursor_monthly"


def recognises(body: object) -> bool:
    """Whether parsed JSON is such an answer."""
    items = body.get("items") if isinstance(body, dict) else None
    return isinstance(items, list) and all(isinstance(item, dict) and "description" in item for item in items)


def lines(file: SourceFile, body: dict) -> list[Line]:
    """One line a charge, in the columns of :mod:`agent_spend.sources.invoices.vendor_lines`; lines without cents say nothing.

    Raises:
        FeedError: ``missing_field`` where the answer does not state its period; ``bad_value`` for cents that are no number.
    """
    start, end = (_day(file, body, name) for name in ("periodStartMs", "periodEndMs"))
    shared = {
        "invoice": f"monthly invoice {start}", "issued": end, "start": start, "end": end, "period": "", "currency": "USD",
        "vendor": "cursor", "tax": "", "kind": "", "quantity": "",
    }  # fmt: skip
    found = []
    for number, item in enumerate(body["items"], 1):
        if item.get("cents") is None:
            continue
        line = Line(file.name, number, {"cents": str(item["cents"])}, "item")
        cents = line.amount("cents") or Decimal(0)
        found.append(Line(file.name, number, shared | {
            "description": str(item["description"]), "amount": f"{cents.scaleb(-2):f}",
        }, "item"))  # fmt: skip
    return found


def _day(file: SourceFile, body: dict, name: str) -> str:
    try:
        return f"{datetime.fromtimestamp(int(body[name]) / 1000, UTC):%Y-%m-%d}"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise FeedError("missing_field", f"{file.name}: {name} is not a time in milliseconds; save the dashboard's whole answer "
                                         "to get-monthly-invoice") from None
