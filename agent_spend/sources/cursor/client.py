"""Cursor usage events by UTC day, in verified windows of at most 30 closed days."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.cursor.kinds import doubts, is_doubtful
from agent_spend.sources.cursor.schema import CURSOR_USAGE_EVENTS, usage_rows
from agent_spend.sources.cursor.session import cursor_session, each_window, span, split_open
from agent_spend.sources.cursor.windows import VerifiedWindow, read_window
from agent_spend.sources.feed import DayAnswer, packed

FEED = "cursor_usage_events"
#: The vendor documents no longest range; 30 days is what its other endpoints allow and what clients use.
WINDOW_DAYS = 30


def fetch_usage_events(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. A window that fails fails each of its days; the others go on.
    """
    session = cursor_session(settings)
    closed, still_open = split_open(days, settings)
    yield from still_open

    def read(window: Window) -> VerifiedWindow:
        return read_window(session, window, f"{FEED} {span(window)}", settings.spool_dir)

    for window, found in each_window(closed, WINDOW_DAYS, read):
        if isinstance(found, FeedError):
            yield from (DayAnswer.from_error(day, found) for day in window.days())
            continue
        # Newest first, as the pages are: each page is decoded once more and then dropped.
        yield from (_answer(found, day, settings.spool_dir) for day in reversed(window.days()))


def _answer(verified: VerifiedWindow, day: date, folder: Path) -> DayAnswer:
    raw = verified.raw(day)
    doubtful: list[dict] = []

    def rows() -> Iterator[dict]:
        for row in usage_rows(verified.events(day), day, FEED):
            if is_doubtful(row):
                doubtful.append(row)
            yield row

    try:
        found = packed(rows(), CURSOR_USAGE_EVENTS.arrow_schema, folder, f"{FEED} {day}")
    except FeedError as error:
        return DayAnswer.from_error(day, error, raw)
    if verified.problem is not None:
        return DayAnswer.incomplete(day, found, verified.problem, raw)
    reason, message = doubts(doubtful, f"{FEED} {day}")
    return DayAnswer(day, State.AVAILABLE if len(found) else State.ZERO, found, reason, message, raw)
