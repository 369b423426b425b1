"""Reads the Team plan's exports from the folder that ``CLAUDE_TEAM_CSV_URI`` names."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings, env
from agent_spend.sources.claude.team_schema import seat_rows, usage_rows
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import SourceFile, read_folder

SETTING = "CLAUDE_TEAM_CSV_URI"
#: A file by the day it is of, or as the vendor names its own exports: ``members-<id>-<day>`` and
#: ``spend-report-<id>-<first day>-to-<last day>``.
_DAY = r"\d{4}-\d{2}-\d{2}"
_NAME = re.compile(
    rf"(?:(?P<kind>seats|usage)-|(?P<own>members|spend-report)-(?:.+?-)?)(?P<day>{_DAY})(?:-to-(?P<last>{_DAY}))?\.csv"
)
_KINDS = {"members": "seats", "spend-report": "usage"}


def fetch_seats(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_seats``: the newest ``seats-YYYY-MM-DD.csv`` of the day or before it holds until the next one."""
    try:
        files = _files("seats")
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)
        return
    for day in days:
        dates = [dated for dated in files if dated <= day]
        if not dates:
            message = f"claude_seats {day}: {SETTING} has no seats-YYYY-MM-DD.csv of this day or before it"
            yield DayAnswer(day, State.MISSING, reason="no_report", message=message)
            continue
        file = files[max(dates)]
        # The snapshot is evidence of its own day, and of the newest day that still rests on it.
        raw = (file.as_answer(),) if day in (max(dates), max(days)) else ()
        try:
            rows = [{"usage_day": day, **row} for row in seat_rows(file)]
        except FeedError as error:
            yield DayAnswer.from_error(day, error, raw)
        else:
            yield DayAnswer(day, State.AVAILABLE, rows, raw=raw)


def fetch_team_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_team_usage``: ``usage-YYYY-MM-DD.csv``, a spend export of exactly that day."""
    try:
        files = _files("usage")
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)
        return
    for day in days:
        file = files.get(day)
        if file is None:
            message = f"claude_team_usage {day}: {SETTING} has no usage-{day}.csv; export the spend of this day alone"
            yield DayAnswer(day, State.MISSING, reason="no_report", message=message)
            continue
        try:
            yield DayAnswer(day, State.AVAILABLE, usage_rows(file, day), raw=(file.as_answer(),))
        except FeedError as error:
            yield DayAnswer.from_error(day, error, (file.as_answer(),))


def _files(kind: str) -> dict[date, SourceFile]:
    """The folder's files of one kind by the day in their names; a name that says no day is an error, not a skip."""
    found: dict[date, SourceFile] = {}
    for file in read_folder(SETTING, env(SETTING), ".csv"):
        match = _NAME.fullmatch(file.path.name)
        if match is None or match["day"] != (match["last"] or match["day"]):
            raise FeedError(
                "file_name",
                f"{SETTING}: {file.name} is neither seats-YYYY-MM-DD.csv nor usage-YYYY-MM-DD.csv, nor an export of one "
                "day as the vendor names it; an export of several days cannot be split, so export each day alone",
            )
        if (match["kind"] or _KINDS[match["own"]]) != kind:
            continue
        try:
            day = date.fromisoformat(match["day"])
        except ValueError:
            raise FeedError("file_name", f"{SETTING}: {file.name} names a day that does not exist") from None
        if day in found:
            raise FeedError("duplicate", f"{SETTING}: {found[day].name} and {file.name} are of the same day; keep one")
        found[day] = file
    return found
