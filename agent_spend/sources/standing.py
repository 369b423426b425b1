"""What a list of people, keys or overrides keeps: a failed reading is no empty list, and who vanished from a file was here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from agent_spend.errors import FeedError, State
from agent_spend.lake.ledgers import Coverage
from agent_spend.lake.tables import Lake
from agent_spend.sources.feed import DayAnswer, Feed

#: A day that could not be read takes the list of a day that is at most so long before it.
_CARRY_DAYS = 7
#: Fewer than these are no sign of a broken file, whatever their share.
_MANY = 5


def standing(lake: Lake, feed: Feed, answer: DayAnswer, known: Mapping[date, Coverage]) -> DayAnswer:
    """The answer of a list's day with what stands from before.

    - Whoever is stored for the day and in the answer's source on no day at all stays, unless somebody of the answer has the
      same e-mail, login or id: an export of today's staff knows no leavers.
    - On a new day, a source that no longer knows too many of those of the newest day before it is an error (``shrunk``).
    - A failed day without rows has the rows of the newest whole day before it, as a part: without those that ended.
    """
    before = known.get(answer.day)
    has_rows = before is not None and before.row_count > 0
    if answer.state is State.NOT_CONNECTED or (not answer.listed if answer.is_data else has_rows):
        return answer
    if answer.is_data and has_rows and before.state != State.PARTIAL:
        return _with_vanished(answer, _rows(lake, feed, answer.day))
    first = answer.day - timedelta(days=_CARRY_DAYS)
    whole = [day for day, line in known.items() if line.row_count and line.state != State.PARTIAL and first <= day < answer.day]
    if not whole:
        return answer
    newest, rows = max(whole), _rows(lake, feed, max(whole))
    if answer.is_data:
        answer = _unless_shrunk(answer, newest, rows)
    return answer if answer.is_data or has_rows else _carried(answer, newest, rows)


def _rows(lake: Lake, feed: Feed, day: date) -> list[dict]:
    stored = lake.rows(feed.name, **{feed.partition_column: day})
    return [{name: row.get(name) for name in feed.schema.columns} for row in stored]


def _vanished(answer: DayAnswer, rows: list[dict]) -> list[dict]:
    listed = answer.listed
    taken = {(column, row[column]) for row in answer.rows for column in listed.identities if row[column] is not None}
    return [
        row
        for row in rows
        if row[listed.column] not in listed.values and not any((column, row[column]) in taken for column in listed.identities)
    ]


def _with_vanished(answer: DayAnswer, stored: list[dict]) -> DayAnswer:
    kept = _vanished(answer, stored)
    if not kept:
        return answer
    said = f"{len(kept)} stored rows were kept, of whom {answer.listed.where} has no line any more: {_some(answer, kept)}"
    message = f"{answer.message}; {said}" if answer.message else said
    return replace(answer, state=State.AVAILABLE, rows=[*answer.rows, *kept], message=message)


def _unless_shrunk(answer: DayAnswer, newest: date, rows: list[dict]) -> DayAnswer:
    listed, gone = answer.listed, _vanished(answer, rows)
    if len(gone) < _MANY or len(gone) <= listed.max_missing_share * len(rows):
        return answer
    message = (
        f"{listed.where} has no line any more for {len(gone)} of the {len(rows)} of {newest} ({_some(answer, gone)}): it looks "
        f"cut off. If they have left, keep their lines with {listed.ends}, or raise {listed.rule}"
    )
    return DayAnswer.from_error(answer.day, FeedError("shrunk", message), answer.raw)


def _carried(answer: DayAnswer, newest: date, rows: list[dict]) -> DayAnswer:
    held = [{**row, "usage_day": answer.day} for row in rows if not row.get("valid_to") or row["valid_to"] >= answer.day]
    message = f"{answer.message}; the {len(held)} rows of {newest} stand in for the day"
    return DayAnswer.incomplete(answer.day, held, FeedError(answer.reason, message, answer.state), answer.raw)


def _some(answer: DayAnswer, rows: list[dict]) -> str:
    names = sorted(row[answer.listed.column] for row in rows)
    return ", ".join(names[:_MANY]) + (" ..." if len(names) > _MANY else "")
