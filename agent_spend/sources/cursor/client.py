"""Cursor usage events by UTC day, in verified windows of at most 30 closed days."""

from collections.abc import Iterator, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.partitions import contiguous
from agent_spend.settings import Settings
from agent_spend.sources.cursor.schema import doubts, usage_rows
from agent_spend.sources.cursor.session import REFUSED_FOR_ALL, cursor_session, span, split_open
from agent_spend.sources.cursor.windows import VerifiedWindow, read_window
from agent_spend.sources.feed import DayAnswer

FEED = "cursor_usage_events"
#: The vendor documents no longest range; 30 days is what its other endpoints allow and what clients use.
WINDOW_DAYS = 30


def fetch_usage_events(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. A window that fails fails each of its days; the others go on.

    One request follows the other: the vendor's 60 requests a minute are slower than one connection.
    """
    session = cursor_session(settings)
    refused: FeedError | None = None
    closed, still_open = split_open(days, settings)
    yield from still_open
    for window in contiguous(closed, step_days=WINDOW_DAYS):
        where = f"{FEED} {span(window)}"
        try:
            if refused is not None:
                raise refused
            verified = read_window(session, window, where)
        except FeedError as error:
            refused = error if error.reason in REFUSED_FOR_ALL else None
            yield from (DayAnswer.from_error(day, error) for day in window.days())
            continue
        # Newest first, as the pages are: each page is decoded once more and then dropped.
        yield from (_answer(verified, day) for day in reversed(window.days()))


def _answer(verified: VerifiedWindow, day: date) -> DayAnswer:
    raw = verified.raw(day)
    try:
        rows = usage_rows(verified.events(day), day, FEED)
    except FeedError as error:
        return DayAnswer.from_error(day, error, raw)
    if verified.problem is not None:
        return DayAnswer.incomplete(day, rows, verified.problem, raw)
    reason, message = doubts(rows, f"{FEED} {day}")
    return DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, reason, message, raw)
