"""The table of invoice lines by month, and the documented CSV in which any vendor's invoice can be given."""


from agent_spend.errors import FeedError
from agent_spend.sources.contract import DAY, MONEY, TEXT, WHOLE, Contract, column
from agent_spend.sources.files import SourceFile
from agent_spend.sources.invoices.months import pieces
from agent_spend.sources.lines import Line, csv_lines
from agent_spend.sources.vendors import VENDORS, vendor_of

REQUIRED = (
    "vendor", "invoice_id", "issued_day", "period_start_day", "period_end_day", "charge_kind", "currency", "amount",
)  # fmt: skip
OPTIONAL = ("line_number", "description", "quantity", "amount_usd")
CHARGE_KINDS = ("seat", "usage", "credit", "tax", "adjustment")
LAYOUT = "documented"

VENDOR_INVOICES = Contract(
    {
        "month": column(DAY, "first day of the calendar month that the amount is for"),
        "vendor": column(TEXT, "ledger name of the vendor", one_of=VENDORS),
        "invoice_id": column(TEXT, "the vendor's invoice number"),
        "line_number": column(WHOLE, "line on the invoice, from 1"),
        "issued_day": column(DAY, "day the invoice was issued"),
        "period_start_day": column(DAY, "first day of this month billed by the line"),
        "period_end_day": column(DAY, "last day of this month billed by the line, included"),
        "charge_kind": column(TEXT, "seat, usage, credit, tax or adjustment", one_of=CHARGE_KINDS),
        "description": column(TEXT, "the invoice's own words", nullable=True),
        "quantity": column(MONEY, "quantity billed, in the line's own unit; this month's share of a split line", nullable=True),
        "currency": column(TEXT, "ISO code of the invoice's currency"),
        "amount_usd": column(
            MONEY, "amount for this month in USD; null for another currency that came without its USD value", nullable=True
        ),
        "amount": column(MONEY, "amount for this month in the invoice's currency; credits are negative"),
        "billed_from_day": column(DAY, "first day of the whole line, for one split over months", nullable=True),
        "billed_to_day": column(DAY, "last day of the whole line, for one split over months", nullable=True),
        "rounded_rows": column(
            WHOLE, "rows of the file behind the line, each of which the vendor rounded to the cent; 1 for an invoice's own line"
        ),
        "layout": column(
            TEXT, "layout that the file was read as: documented, vendor_lines, github_usage, claude_cost or cursor_monthly"
        ),
    },
    unique=["month", "vendor", "invoice_id", "line_number"],
)


class Numbering:
    """Numbers of invoice lines over all files: a line without one takes its place within its invoice and file.

    A second copy of an invoice therefore clashes with the first wherever it stands.
    """

    def __init__(self):
        self._seen: dict[tuple[str, str, int], str] = {}
        self._places: dict[tuple[str, str, str], int] = {}

    def number(self, line: Line, vendor: str, invoice_id: str, given: int | None = None) -> int:
        """The line's number.

        Raises:
            FeedError: ``duplicate`` for an invoice line given twice, naming both places.
        """
        place = (line.file, vendor, invoice_id)
        self._places[place] = self._places.get(place, 0) + 1
        number = self._places[place] if given is None else given
        key = (vendor, invoice_id, number)
        if key in self._seen:
            raise FeedError(
                "duplicate",
                f"{self._seen[key]} and {line.where}: line {number} of {vendor} invoice {invoice_id} is given twice; "
                "remove one, or number the lines",
            )
        self._seen[key] = line.where
        return number


def documented_rows(file: SourceFile, numbering: Numbering) -> list[dict]:
    """Rows of ``vendor_invoices`` from the documented CSV.

    Raises:
        FeedError: as :func:`agent_spend.sources.lines.csv_lines`; ``bad_value``; ``duplicate``.
    """
    return [row for line in csv_lines(file, REQUIRED, OPTIONAL) for row in _rows(line, numbering)]


def currency_of(line: Line) -> str:
    """The ISO code in column ``currency``."""
    code = line.required("currency").upper()
    if len(code) != 3 or not code.isalpha():
        raise line.bad("currency", "must be a three-letter ISO code such as USD")
    return code


def _rows(line: Line, numbering: Numbering) -> list[dict]:
    vendor, invoice_id = vendor_of(line), line.required("invoice_id")
    start, end = line.required_day("period_start_day"), line.required_day("period_end_day")
    if end < start:
        raise line.bad("period_end_day", f"must not be before period_start_day {start}")
    kind = line.required("charge_kind").lower()
    if kind not in CHARGE_KINDS:
        raise line.bad("charge_kind", f"must be one of {', '.join(CHARGE_KINDS)}")
    line.required("amount")
    currency, amount, stated_usd = currency_of(line), line.amount("amount"), line.amount("amount_usd")
    if currency == "USD" and stated_usd not in (None, amount):
        raise line.bad("amount_usd", f"differs from amount {amount}, although the currency is USD")
    row = {
        "vendor": vendor,
        "invoice_id": invoice_id,
        "line_number": numbering.number(line, vendor, invoice_id, line.whole("line_number")),
        "issued_day": line.required_day("issued_day"),
        "charge_kind": kind,
        "description": line.text("description"),
        "quantity": line.amount("quantity"),
        "currency": currency,
        "amount_usd": amount if currency == "USD" else stated_usd,
        "amount": amount,
        "rounded_rows": 1,
        "layout": LAYOUT,
    }
    return pieces(row, start, end)
