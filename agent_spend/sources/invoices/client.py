"""What the vendors' invoices say, month by month: read from the CSV file or folder that ``INVOICES_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import read_folder
from agent_spend.sources.invoices import layouts

SETTING = "INVOICES_URI"


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a month (given by its first day) with every invoice line, or share of a line, that is for it.

    A month without a line is missing (``no_invoice``), never zero. One unreadable line fails every month, for nobody
    can tell which month it belongs to. A month's raw evidence is the files that gave it a line.
    """
    try:
        files = read_folder(SETTING, settings.invoices_uri, ".csv")
        by_file = layouts.parse(files)
    except FeedError as error:
        yield from (DayAnswer.from_error(month, error) for month in days)
        return
    for month in days:
        given = {file: [row for row in rows if row["month"] == month] for file, rows in by_file.items()}
        rows = [row for found in given.values() for row in found]
        if not rows:
            message = f"no invoice line for {month:%Y-%m} in {settings.invoices_uri}"
            yield DayAnswer(month, State.MISSING, reason="no_invoice", message=message)
            continue
        yield DayAnswer(month, State.AVAILABLE, rows, raw=[file.as_answer() for file in files if given.get(file.name)])
