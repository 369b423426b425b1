"""Who works here, in which squad, on which day: read from the HR export that ``ROSTER_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date

from agent_spend.errors import ConfigurationError, FeedError
from agent_spend.settings import Settings
from agent_spend.sources.dated import Dated, Versions, daily_answers, refuse_shared, valid_on
from agent_spend.sources.feed import DayAnswer, Listed
from agent_spend.sources.files import read_file
from agent_spend.sources.roster import schema
from agent_spend.sources.written import amount_of

SETTING = "ROSTER_URI"
#: What a person is recognised by in a vendor's data; shared by two people it would send one's money to the other.
IDENTITIES = ("email", "github_login", "github_user_id")
_RULE = "max_missing_share"


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a day with one row for each person valid on it."""

    def read() -> Versions:
        file = read_file(SETTING, settings.roster_uri)
        rows = schema.parse(file)
        return Versions(rows, (file.as_answer(),), listed=_listed(file.name, rows))

    return daily_answers(days, read, _members)


def _listed(name: str, rows: Sequence[Dated]) -> Listed:
    # Imported on use: it brings DuckDB, which no feed needs.
    from agent_spend.catalog import SQL_DIR, own_files, seed_lines

    rules = own_files("csv").get("roster_rules", SQL_DIR / "policies" / "roster_rules.csv")
    try:
        written = next((line.get("value", "") for line in seed_lines(rules)[1] if line.get("name") == _RULE), "0.25")
    except ConfigurationError as error:
        raise FeedError("bad_value", str(error)) from None
    share = amount_of(written)
    if share is None or not 0 <= share <= 1:
        raise FeedError("bad_value", f"{rules}: {_RULE} must be a share from 0 to 1, not {written!r}")
    known = {row.row["person_id"] for row in rows}
    return Listed("person_id", known, IDENTITIES, share, name, "valid_to", f"{_RULE} in {rules}")


def _members(day: date, versions: Sequence[Dated]) -> list[Dated]:
    members = valid_on(day, versions, lambda row: row["person_id"], "person")
    for identity in IDENTITIES:
        refuse_shared(day, members, identity, "persons")
    return members
