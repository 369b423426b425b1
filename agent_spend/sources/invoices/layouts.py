"""Which layout an invoice file has, read from its header, and what all files together say."""

import copy
import csv
import io
import json
import re
from dataclasses import dataclass, field
from datetime import date

from agent_spend.errors import FeedError
from agent_spend.partitions import month_start
from agent_spend.sources.files import SourceFile
from agent_spend.sources.invoices import claude_cost, cursor_monthly, github_usage, stripe, vendor_lines
from agent_spend.sources.invoices.evidence import Reports
from agent_spend.sources.invoices.schema import REQUIRED, Numbering, documented_rows
from agent_spend.sources.lines import is_record, squeezed

SUFFIXES = (".csv", ".json")
#: Layouts that are a report of use and not an invoice.
EVIDENCE = (github_usage.LAYOUT, claude_cost.LAYOUT, cursor_monthly.LAYOUT)
KNOWN = (
    f"the documented one ({', '.join(REQUIRED)}), a vendor's invoice lines ({', '.join(vendor_lines.HEADINGS)}), GitHub's "
    "usage export (date, product, sku, quantity, net_amount), the Claude Console's cost export (usage_date_utc, cost_usd)"
)
_DATES = re.compile(
    r"\b(?P<iso>20\d{2}-[01]\d-[0-3]\d)|\b(?P<us>[A-Z][a-z]{2,8} \d{1,2}, 20\d{2})|\b(?P<eu>\d{1,2} [A-Z][a-z]{2,8} 20\d{2})"
)


@dataclass
class Parsed:
    """Rows of ``vendor_invoices`` by name of the file they came from, and the error of each file that gave none."""

    rows: dict[str, list[dict]] = field(default_factory=dict)
    errors: dict[str, FeedError] = field(default_factory=dict)


def parse(files: list[SourceFile]) -> Parsed:
    """Read every file; one that cannot be read keeps none of the others from being read.

    A report of use is not an invoice: for a month, vendor and charge kind that an invoice covers, the invoice alone counts.
    """
    numbering, reports, found = Numbering(), Reports(), Parsed()
    for file in files:
        # A file that fails half-way must not have claimed lines that a later file rightly holds.
        before = copy.deepcopy(numbering)
        try:
            found.rows[file.name] = _rows(file, numbering, reports)
        except FeedError as error:
            numbering, found.errors[file.name] = before, error
    invoiced = {_slot(row) for rows in found.rows.values() for row in rows if row["layout"] not in EVIDENCE}
    for name, rows in found.rows.items():
        found.rows[name] = [row for row in rows if row["layout"] not in EVIDENCE or _slot(row) not in invoiced]
    return found


def months_named(file: SourceFile) -> list[date]:
    """Months of the dates that an unreadable file names anywhere; none when it names no date."""
    dates = (match[0] for match in _DATES.finditer(file.content.decode("utf-8-sig", "replace")))
    return sorted({month_start(day) for text in dates if (day := vendor_lines.as_day(text))})


def header(file: SourceFile) -> list[str]:
    """The first record of the file; empty when it has none."""
    text = file.content.decode("utf-8-sig", "replace")
    cells = next((cells for cells in csv.reader(io.StringIO(text, newline="")) if any(cells)), [])
    return next(csv.reader(cells)) if is_record(cells) else cells


def _rows(file: SourceFile, numbering: Numbering, reports: Reports) -> list[dict]:
    if file.path.suffix.lower() == ".json":
        content = _json(file)
        if stripe.recognises(content):
            return vendor_lines.rows_of(stripe.lines(file, content), file, numbering)
        if cursor_monthly.recognises(content):
            return vendor_lines.rows_of(cursor_monthly.lines(file, content), file, numbering, cursor_monthly.LAYOUT)
        return reports.rows(github_usage.json_charges(file, content))
    names = header(file)
    columns = {squeezed(cell) for cell in names}
    if github_usage.recognises(columns):
        return reports.rows([github_usage.csv_charges(file)])
    if claude_cost.recognises(columns):
        return reports.rows([claude_cost.charges(file)])
    if vendor_lines.recognises(columns):
        return vendor_lines.rows(file, numbering)
    if columns and "chargekind" not in columns and "vendor" not in columns:
        hint = "; separate the columns with commas" if len(names) == 1 and re.search(r"[;\t]", names[0]) else ""
        raise FeedError(
            "missing_field",
            f"{file.name}: no known invoice layout; found the columns {', '.join(cell.strip() for cell in names)}{hint}. "
            f"Known layouts: {KNOWN}",
        )
    return documented_rows(file, numbering)


def _json(file: SourceFile) -> object:
    try:
        # Numbers stay as they are printed.
        return json.loads(file.content.decode("utf-8-sig"), parse_float=str, parse_int=str)
    except ValueError as error:
        raise FeedError("malformed", f"{file.name}: not JSON ({error}); save the answer as it came") from None


def _slot(row: dict) -> tuple:
    return row["month"], row["vendor"], row["charge_kind"]
