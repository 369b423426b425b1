"""Invoice lines as Anthropic's and Cursor's billing portals print them (both bill through Stripe), exported as CSV.

The portals print number, date of issue, period, description, quantity, unit price, tax, amount and currency; the kind of
a charge is only in the words. Periods are printed to the renewal day (27 Oct to 27 Nov), which they do not include.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from agent_spend.sources.files import SourceFile
from agent_spend.sources.invoices import stripe
from agent_spend.sources.invoices.months import pieces
from agent_spend.sources.invoices.schema import CHARGE_KINDS, Numbering, currency_of
from agent_spend.sources.lines import Line, csv_lines, squeezed
from agent_spend.sources.vendors import VENDORS

LAYOUT = "vendor_lines"
#: Columns by our name, with every heading seen for each (Stripe's portal, its dashboard's itemized export).
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "invoice": ("Invoice number", "Invoice ID", "Number", "Invoice"),
    "issued": ("Date of issue", "Invoice date", "Issued", "Date", "Date (UTC)", "Created (UTC)", "Invoice date (UTC)"),
    "start": (
        "Minimum line item period start (UTC)", "Period start", "Service period start", "Line period start",
        "Period start (UTC)", "Line item period start",
    ),
    "end": (
        "Maximum line item period end (UTC)", "Period end", "Service period end", "Line period end", "Period end (UTC)",
        "Line item period end",
    ),
    "period": ("Period", "Service period", "Billing period"),
    "description": (
        "Description", "Line description", "Item", "Line item description", "Line item", "Invoice line item memo", "Memo",
    ),
    "quantity": ("Qty", "Quantity", "Line item quantity"),
    "tax": ("Tax", "Tax amount", "Line item tax"),
    "amount": (
        "Amount", "Line amount", "Amount (excl. tax)", "Amount excl. tax", "Line item amount", "Line total",
        "Invoice line item amount", "Subtotal",
    ),
    "discount": ("Total discount amount",),
    "status": ("Status",),
    "currency": ("Currency",),
    "kind": ("Charge kind",),
    "vendor": ("Vendor", "Supplier"),
}
#: What a file of this layout must name; the period may stand in two columns, in one, or in the description.
HEADINGS = ("Invoice number", "Date of issue", "Description", "Amount", "Currency")
_NEEDED = ("invoice", "description", "amount", "currency")
#: First match wins. A prorated seat that is given back ("Unused time on ...") is still about seats.
_KINDS = (
    ("tax", r"\b(sales tax|tax|vat|gst|hst|pst|qst)\b"),
    ("adjustment", r"\b(draw-?downs?|credits? purchase|purchase of (usage )?credits|prepaid|pre-?payment|auto[- ]?reload|"
                   r"top[- ]?up|commit(ment)?)\b"),
    ("usage", r"\b(usage credits?|extra usage|mid-month usage)\b"),
    ("credit", r"\b(credit note|refund|discount|coupon|promotional|promotion|goodwill|service credit|applied balance|"
               r"(account|balance) credit|credit balance|credit grants?|credits? applied|applied credits?)\b"),
    ("seat", r"\b(seats?|subscription|user-months?|remaining time|unused time|team plan|teams?\b.*\b(standard|premium|plan))\b"),
    ("usage", r"\b(usage|tokens?|calls?|requests?|api|on-demand|web search(es)?|code execution|managed agents|caching|"
              r"cache (read|write)s?)\b|\bclaude\b.*\b(input|output)\b"),
    ("seat", r"\b(claude (pro|max|team|enterprise)|cursor (pro|business|teams?|ultra|enterprise))\b"),
)
_MIDNIGHT = re.compile(r"\d[ T]00:00(:00)?(\.0+)?( ?UTC|Z|\+00:00)?$")
_SHORT_PERIOD = re.compile(
    r"(?P<first>[A-Z][a-z]{2,8} \d{1,2})(?:, (?P<year>20\d{2}))? ?(?:-|–|—|to) ?"
    r"(?P<last>[A-Z][a-z]{2,8} \d{1,2}, (?P<end>20\d{2}))"
)


def recognises(columns: set[str]) -> bool:
    """Whether squeezed column names are those of a portal's invoice lines (not of the documented layout)."""
    named = {name for name, headings in _HEADINGS.items() if any(squeezed(heading) in columns for heading in headings)}
    return named.issuperset(_NEEDED) and ("issued" in named or {"start", "end"} <= named)


def rows(file: SourceFile, numbering: Numbering) -> list[dict]:
    """Rows of ``vendor_invoices``; a tax column becomes a tax line of its own, a discount column a credit.

    Raises:
        FeedError: as :func:`agent_spend.sources.lines.csv_lines`; ``bad_value``; ``duplicate``.
    """
    optional = tuple(name for names in _HEADINGS.values() for name in names)
    printed = [
        Line(line.file, line.number, {
            name: next((value for heading in headings if (value := line.values.get(heading))), "")
            for name, headings in _HEADINGS.items()
        })
        for line in csv_lines(file, (), optional)
    ]  # fmt: skip
    if stripe.is_minor(line.values for line in printed):
        printed = [Line(line.file, line.number, stripe.in_major(line.values)) for line in printed]
    return rows_of(printed, file, numbering)


def rows_of(lines: Iterable[Line], file: SourceFile, numbering: Numbering, layout: str = LAYOUT) -> list[dict]:
    """As :func:`rows`, of lines whose values have the names of :data:`_HEADINGS`; draft and void invoices are left out."""
    owed = (line for line in lines if (line.text("status") or "").lower() not in stripe.NOT_OWED)
    return [row | {"layout": layout} for line in owed for row in _rows(line, file, numbering)]


def _rows(line: Line, file: SourceFile, numbering: Numbering) -> list[dict]:
    vendor, invoice_id = _vendor(line, file), line.required("invoice")
    first, last = _period(line)
    line.required("amount")
    currency, amount, tax, off = currency_of(line), line.amount("amount"), line.amount("tax"), line.amount("discount")
    common = {
        "vendor": vendor, "invoice_id": invoice_id, "issued_day": _day(line, "issued") if line.text("issued") else last,
        "currency": currency, "rounded_rows": 1,
    }  # fmt: skip
    charges: list[tuple[str, str, Decimal | None, Decimal]] = [
        (_kind(line), line.required("description"), line.amount("quantity"), amount)
    ]
    if off:
        charges.append(("credit", f"Discount on: {line.required('description')}", None, -abs(off)))
    if tax:
        charges.append(("tax", f"Tax on: {line.required('description')}", None, tax))
    return [
        piece
        for kind, words, quantity, money in charges
        for piece in pieces(
            common | {
                "line_number": numbering.number(line, vendor, invoice_id), "charge_kind": kind, "description": words,
                "quantity": quantity, "amount": money, "amount_usd": money if currency == "USD" else None,
            },
            first, last,
        )
    ]  # fmt: skip


def _kind(line: Line) -> str:
    stated = line.text("kind")
    if stated is not None:
        if stated.lower() not in CHARGE_KINDS:
            raise line.bad("kind", f"must be one of {', '.join(CHARGE_KINDS)}")
        return stated.lower()
    words = re.sub(r"\((excl|incl)[^)]*\)", "", line.required("description").lower())
    for kind, pattern in _KINDS:
        if re.search(pattern, words):
            return kind
    remedy = f"does not say what is charged; give the line as CSV with a column 'Charge kind': {', '.join(CHARGE_KINDS)}"
    raise line.bad("description", remedy)


def _vendor(line: Line, file: SourceFile) -> str:
    # Portals do not print their own name in a line: the file or its folder has to say whose invoice it is.
    stated = squeezed(line.text("vendor") or file.name)
    found = [vendor for vendor in VENDORS if squeezed(vendor) in stated]
    if "anysphere" in stated:
        found.append("cursor")
    if len(set(found)) != 1:
        raise line.bad("vendor", f"is not clear: name one of {', '.join(VENDORS)} in the file's name or a column 'Vendor'")
    return found[0]


def _period(line: Line) -> tuple[date, date]:
    if line.text("start") is None and line.text("end") is None:
        first, last = _written_period(line)
    else:
        first, last = _day(line, "start"), _day(line, "end")
    if last < first:
        raise line.bad("end", f"must not be before the period's start {first}")
    # An end at midnight is the first instant after the period, and so is a renewal day.
    if last > first and (_MIDNIGHT.search(line.text("end") or "") or _is_renewal(first, last)):
        last -= timedelta(days=1)
    return first, last


def _written_period(line: Line) -> tuple[date, date]:
    """A period in words, such as ``Oct 27 – Nov 27, 2026``."""
    match = _SHORT_PERIOD.search(line.text("period") or line.required("description"))
    if match is None:
        raise line.bad("start", "is not given: add the columns 'Period start' and 'Period end', or write the period as "
                                "'Oct 27 – Nov 27, 2026' in 'Period' or in the description")
    last = as_day(match["last"])
    first = as_day(f"{match['first']}, {match['year'] or match['end']}")
    if first and last and first > last and not match["year"]:
        first = first.replace(year=first.year - 1)
    if first is None or last is None:
        raise line.bad("period", "must be written like 'Oct 27 – Nov 27, 2026'")
    return first, last


def _is_renewal(first: date, last: date) -> bool:
    month_end_day = (last + timedelta(days=1)).day == 1
    return last.day == first.day or (first.day > last.day and month_end_day and (last - first).days < 32)


def _day(line: Line, name: str) -> date:
    day = as_day(line.required(name))
    if day is None:
        raise line.bad(name, "must be a day such as 2026-10-27 or October 27, 2026")
    return day


def as_day(text: str) -> date | None:
    """A day as invoices print it, or seconds since 1970; ``None`` for anything else."""
    if re.fullmatch(r"1\d{9}", text):
        return datetime.fromtimestamp(int(text), UTC).date()
    for form in ("%Y-%m-%d", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y"):
        try:
            return datetime.strptime(text[:10] if form == "%Y-%m-%d" else text, form).date()
        except ValueError:
            continue
    return None
