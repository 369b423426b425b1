"""One line of a vendor's invoice as the finance team exports it, and the table of invoice lines by month."""

import pandera.pandas as pandera

from agent_spend.errors import FeedError
from agent_spend.partitions import month_start
from agent_spend.sources.feed import DAY, MONEY, TEXT, WHOLE, column
from agent_spend.sources.files import Line, SourceFile, csv_lines
from agent_spend.sources.vendors import VENDORS, vendor_of

REQUIRED = (
    "vendor", "invoice_id", "issued_day", "period_start_day", "period_end_day", "charge_kind", "currency", "amount",
)  # fmt: skip
OPTIONAL = ("line_number", "description", "quantity")
CHARGE_KINDS = ("seat", "usage", "credit", "tax", "adjustment")

VENDOR_INVOICES = pandera.DataFrameSchema(
    {
        "month": column(DAY, "first day of the calendar month in which the billed period starts"),
        "vendor": column(TEXT, "ledger name of the vendor", check=pandera.Check.isin(VENDORS)),
        "invoice_id": column(TEXT, "the vendor's invoice number"),
        "line_number": column(WHOLE, "line on the invoice, from 1"),
        "issued_day": column(DAY, "day the invoice was issued"),
        "period_start_day": column(DAY, "first day billed by this line"),
        "period_end_day": column(DAY, "last day billed by this line, included"),
        "charge_kind": column(TEXT, "seat, usage, credit, tax or adjustment", check=pandera.Check.isin(CHARGE_KINDS)),
        "description": column(TEXT, "the invoice's own words", nullable=True),
        "quantity": column(MONEY, "quantity billed, in the line's own unit", nullable=True),
        "currency": column(TEXT, "currency of the invoice; USD"),
        "amount_usd": column(MONEY, "amount of the line as invoiced, USD; credits are negative"),
    },
    unique=["vendor", "invoice_id", "line_number"],
    strict=True,
)


def parse(files: list[SourceFile]) -> dict[str, list[dict]]:
    """Every invoice line by name of its file, each on the month in which its period starts.

    A line without number takes its place within its invoice, in the order of the file; a second copy of an invoice
    therefore clashes with the first wherever it stands.

    Raises:
        FeedError: as :func:`agent_spend.sources.files.csv_lines`; ``bad_value``; ``currency`` for anything but USD;
            ``duplicate`` for an invoice line given twice, naming both lines.
    """
    by_file: dict[str, list[dict]] = {}
    seen: dict[tuple[str, str, int], str] = {}
    for file in files:
        places: dict[tuple[str, str], int] = {}
        for line in csv_lines(file, REQUIRED, OPTIONAL):
            invoice = (vendor_of(line), line.required("invoice_id"))
            places[invoice] = places.get(invoice, 0) + 1
            row = _row(line, invoice, places[invoice])
            key = (*invoice, row["line_number"])
            if key in seen:
                raise FeedError(
                    "duplicate",
                    f"{seen[key]} and {line.where}: line {key[2]} of {key[0]} invoice {key[1]} is given twice; "
                    "remove one, or number the lines",
                )
            seen[key] = line.where
            by_file.setdefault(file.name, []).append(row)
    return by_file


def _row(line: Line, invoice: tuple[str, str], place: int) -> dict:
    start, end = line.required_day("period_start_day"), line.required_day("period_end_day")
    if end < start:
        raise line.bad("period_end_day", f"must not be before period_start_day {start}")
    currency = line.required("currency").upper()
    if currency != "USD":
        raise FeedError("currency", f"{line.where}: currency {currency} cannot be read yet; give the amount in USD")
    kind = line.required("charge_kind").lower()
    if kind not in CHARGE_KINDS:
        raise line.bad("charge_kind", f"must be one of {', '.join(CHARGE_KINDS)}")
    line.required("amount")
    number = line.whole("line_number")
    return {
        "month": month_start(start),
        "vendor": invoice[0],
        "invoice_id": invoice[1],
        "line_number": place if number is None else number,
        "issued_day": line.required_day("issued_day"),
        "period_start_day": start,
        "period_end_day": end,
        "charge_kind": kind,
        "description": line.text("description"),
        "quantity": line.amount("quantity"),
        "currency": currency,
        "amount_usd": line.amount("amount"),
    }
