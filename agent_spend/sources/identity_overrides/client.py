"""Whose usage an identifier is where people decided it: read from the file that ``IDENTITY_OVERRIDES_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.settings import Settings
from agent_spend.sources.dated import Dated, Versions, daily_answers, valid_on
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import read_file
from agent_spend.sources.identity_overrides import schema

SETTING = "IDENTITY_OVERRIDES_URI"


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a day with the overrides that hold on it."""

    def read() -> Versions:
        file = read_file(SETTING, settings.identity_overrides_uri)
        return Versions(schema.parse(file), (file.as_answer(),))

    return daily_answers(days, read, _overrides)


def _overrides(day: date, versions: Sequence[Dated]) -> list[Dated]:
    return valid_on(day, versions, lambda row: (row["vendor"], row["identifier"]), "identifier")
