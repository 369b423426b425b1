"""Which layout an invoice file has, read from its header, and what all files together say."""

import csv
import io

from agent_spend.errors import FeedError
from agent_spend.sources.files import SourceFile, squeezed
from agent_spend.sources.invoices import github_usage, vendor_lines
from agent_spend.sources.invoices.schema import REQUIRED, Numbering, documented_rows


def parse(files: list[SourceFile]) -> dict[str, list[dict]]:
    """Rows of ``vendor_invoices`` by name of the file they came from.

    GitHub's usage export is not an invoice: for a month and charge kind that an invoice of GitHub's covers, the
    invoice alone counts.

    Raises:
        FeedError: as the layouts; ``missing_field`` for a header that no layout knows.
    """
    numbering, exports = Numbering(), github_usage.Exports()
    by_file: dict[str, list[dict]] = {}
    for file in files:
        columns = {squeezed(cell) for cell in header(file)}
        if github_usage.recognises(columns):
            by_file[file.name] = exports.rows(file)
        elif vendor_lines.recognises(columns):
            by_file[file.name] = vendor_lines.rows(file, numbering)
        elif columns and "chargekind" not in columns and "vendor" not in columns:
            raise FeedError(
                "missing_field",
                f"{file.name}: no known invoice layout (documented, vendor's invoice lines, GitHub usage export); "
                f"the documented one needs the columns {', '.join(REQUIRED)}",
            )
        else:
            by_file[file.name] = documented_rows(file, numbering)
    invoiced = {_slot(row) for rows in by_file.values() for row in rows if row["layout"] != github_usage.LAYOUT}
    return {
        name: [row for row in rows if row["layout"] != github_usage.LAYOUT or _slot(row) not in invoiced]
        for name, rows in by_file.items()
    }


def header(file: SourceFile) -> list[str]:
    """The first record of the file; empty when it has none."""
    text = file.content.decode("utf-8-sig", "replace")
    return next((cells for cells in csv.reader(io.StringIO(text, newline="")) if any(cells)), [])


def _slot(row: dict) -> tuple:
    return row["month"], row["vendor"], row["charge_kind"]
