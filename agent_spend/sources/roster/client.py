"""Who works here, in which squad, on which day: read from the HR export that ``ROSTER_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.dated import Dated, refuse_shared, valid_on
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import read_file
from agent_spend.sources.roster import schema

SETTING = "ROSTER_URI"
#: What a person is recognised by in a vendor's data; shared by two people it would send one's money to the other.
IDENTITIES = ("email", "github_login", "github_user_id")


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a day with one row for each person valid on it; the file is read once.

    The file rides as raw evidence on the latest day asked for, not on every day of a backfill.
    """
    try:
        file = read_file(SETTING, settings.roster_uri)
        versions = schema.parse(file)
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)
        return
    for day in days:
        raw = (file.as_answer(),) if day == max(days) else ()
        try:
            rows = _members(day, versions)
        except FeedError as error:
            yield DayAnswer.from_error(day, error, raw)
        else:
            yield DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, raw=raw)


def _members(day: date, versions: Sequence[Dated]) -> list[dict]:
    members = valid_on(day, versions, lambda row: row["person_id"], "person")
    for identity in IDENTITIES:
        refuse_shared(day, members, identity, "persons")
    return [{"usage_day": day, **member.row} for member in members]
