"""Who works here, in which squad, on which day: read from the HR export that ``ROSTER_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.settings import Settings
from agent_spend.sources.dated import Dated, Versions, daily_answers, refuse_shared, valid_on
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import read_file
from agent_spend.sources.roster import schema

SETTING = "ROSTER_URI"
#: What a person is recognised by in a vendor's data; shared by two people it would send one's money to the other.
IDENTITIES = ("email", "github_login", "github_user_id")


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a day with one row for each person valid on it."""

    def read() -> Versions:
        file = read_file(SETTING, settings.roster_uri)
        return Versions(schema.parse(file), (file.as_answer(),))

    return daily_answers(days, read, _members)


def _members(day: date, versions: Sequence[Dated]) -> list[Dated]:
    members = valid_on(day, versions, lambda row: row["person_id"], "person")
    for identity in IDENTITIES:
        refuse_shared(day, members, identity, "persons")
    return members
