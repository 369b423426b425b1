"""Whose usage an identifier is where people decided it: read from the file that ``IDENTITY_OVERRIDES_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.dated import valid_on
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import read_file
from agent_spend.sources.identity_overrides import schema

SETTING = "IDENTITY_OVERRIDES_URI"


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a day with the overrides that hold on it; the file is read once.

    The file rides as raw evidence on the latest day asked for.
    """
    try:
        file = read_file(SETTING, settings.identity_overrides_uri)
        versions = schema.parse(file)
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)
        return
    for day in days:
        raw = (file.as_answer(),) if day == max(days) else ()
        try:
            held = valid_on(day, versions, lambda row: (row["vendor"], row["identifier"]), "identifier")
        except FeedError as error:
            yield DayAnswer.from_error(day, error, raw)
            continue
        rows = [{"usage_day": day, **override.row} for override in held]
        yield DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, raw=raw)
