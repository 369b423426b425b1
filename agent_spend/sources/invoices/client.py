"""What the vendors' invoices say, month by month: read from the file or folder that ``INVOICES_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import SourceFile, read_folder
from agent_spend.sources.invoices import layouts

SETTING, FEED = "INVOICES_URI", "vendor_invoices"


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a month (given by its first day) with every invoice line, or share of a line, that is for it.

    A month without a line is missing (``no_invoice``), never zero. A file that cannot be read is reported on every month
    whose dates it names (on every month when it names none) and keeps no other file from being read; while there is one,
    a month is not replaced by less than what is stored of it. A month's raw evidence is the files that gave it a line.
    """
    try:
        files = invoice_files(settings)
    except FeedError as error:
        yield from (DayAnswer.from_error(month, error) for month in days)
        return
    parsed = layouts.parse(files)
    named = {file.name: layouts.months_named(file) for file in files if file.name in parsed.errors}
    for month in days:
        given = {name: [row for row in rows if row["month"] == month] for name, rows in parsed.rows.items()}
        rows = [row for found in given.values() for row in found]
        error = next((parsed.errors[name] for name, months in named.items() if not months or month in months), None)
        if parsed.errors and (lost := _lost(settings, month, rows)):
            failed = error or next(iter(parsed.errors.values()))
            yield DayAnswer.from_error(month, FeedError(failed.reason, f"{failed.message}; without that file {lost}"))
        elif rows:
            raw = [file.as_answer() for file in files if given.get(file.name)]
            said = {"reason": error.reason, "message": error.message} if error else {}
            yield DayAnswer(month, State.AVAILABLE, rows, raw=raw, **said)
        elif error:
            yield DayAnswer.from_error(month, error)
        else:
            message = f"no invoice line for {month:%Y-%m} in {settings.invoices_uri}"
            yield DayAnswer(month, State.MISSING, reason="no_invoice", message=message)


def invoice_files(settings: Settings) -> list[SourceFile]:
    """Every invoice file, in order of name.

    Raises:
        FeedError: as :func:`agent_spend.sources.files.read_folder`.
    """
    by_name = {file.name: file for suffix in layouts.SUFFIXES for file in read_folder(SETTING, settings.invoices_uri, suffix)}
    return [by_name[name] for name in sorted(by_name)]


def _lost(settings: Settings, month: date, rows: list[dict]) -> str | None:
    lake = Lake(settings.lake_uri)
    if not lake.exists(FEED):
        return None
    stored = [row for row in lake.read(FEED, "month", Window(month, month)).to_pylist() if row["month"] == month]
    lost = {_line(row) for row in stored} - {_line(row) for row in rows}
    if not lost:
        return None
    vendor, invoice, number = min(lost)
    return f"line {number} of {vendor} invoice {invoice} of {month:%Y-%m} would be lost, so what is stored was kept"


def _line(row: dict) -> tuple[str, str, int]:
    return row["vendor"], row["invoice_id"], row["line_number"]
