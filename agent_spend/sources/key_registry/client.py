"""Which machine keys exist, what they are for and who owns them: the metadata that ``KEY_REGISTRY_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.dated import valid_on
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.key_registry import from_files

SETTING = "KEY_REGISTRY_URI"


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a day with one row for each key known on it; the registry is read once.

    What it was read from rides as raw evidence on the latest day asked for, not on every day of a backfill.
    """
    try:
        registry = from_files.read(SETTING, settings.key_registry_uri)
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)
        return
    for day in days:
        raw = registry.raw if day == max(days) else ()
        try:
            keys = valid_on(day, registry.versions, lambda row: (row["vendor"], row["key_id"]), "key")
        except FeedError as error:
            yield DayAnswer.from_error(day, error, raw)
            continue
        rows = [{"usage_day": day, **key.row} for key in keys]
        state = State.AVAILABLE if rows else State.ZERO
        yield DayAnswer(day, state, rows, message=registry.note, raw=raw)
