"""Cursor usage events by UTC day, in verified windows of at most 30 closed days."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.cursor.kinds import doubtful_rows, doubts
from agent_spend.sources.cursor.schema import CURSOR_USAGE_EVENTS, usage_columns
from agent_spend.sources.cursor.session import cursor_session, each_window, span, split_open
from agent_spend.sources.cursor.windows import VerifiedWindow, read_window
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.packing import Packing

FEED = "cursor_usage_events"
#: The vendor documents no longest range; 30 days is what its other endpoints allow and what clients use.
WINDOW_DAYS = 30


def fetch_usage_events(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. A window that fails fails each of its days; the others go on."""
    session = cursor_session(settings)
    closed, still_open = split_open(days, settings)
    yield from still_open

    def read(window: Window) -> VerifiedWindow:
        return read_window(session, window, f"{FEED} {span(window)}", settings.spool_dir)

    for window, found in _counted(closed, read):
        if isinstance(found, FeedError):
            yield from (DayAnswer.from_error(day, found) for day in window.days())
            continue
        # Newest first, as the pages are: each page is decoded once more and then dropped.
        yield from (_answer(found, day, settings.spool_dir) for day in reversed(window.days()))


def _counted(
    days: Sequence[date], read: Callable[[Window], VerifiedWindow]
) -> Iterator[tuple[Window, VerifiedWindow | FeedError]]:
    """Windows; one with something amiss is asked for day by day, since only some of its days need have it."""
    for window, found in each_window(days, WINDOW_DAYS, read):
        if window.first < window.last and _is_amiss(found):
            yield from each_window(window.days(), 1, read)
        else:
            yield window, found


def _is_amiss(found: VerifiedWindow | FeedError) -> bool:
    """Whether the events came, but are not what was counted or asked for."""
    if isinstance(found, FeedError):
        return found.reason == "count_mismatch"
    return found.problem is not None and found.problem.reason != "count_missing"


def _answer(verified: VerifiedWindow, day: date, folder: Path) -> DayAnswer:
    raw, where = verified.raw(day), f"{FEED} {day}"
    doubtful: list[dict] = []
    packing = Packing(CURSOR_USAGE_EVENTS.schema, folder, where)
    try:
        is_of_2025 = all(event.chargedCents is None for events in verified.events(day) for event in events)
        for events in verified.events(day):
            columns = usage_columns(events, day, FEED, is_of_2025=is_of_2025)
            packing.add_columns(columns)
            doubtful += doubtful_rows(columns)
    except FeedError as error:
        return DayAnswer.from_error(day, error, raw)
    found = packing.rows()
    if verified.problem is not None:
        return DayAnswer.incomplete(day, found, verified.problem, raw)
    reason, message = doubts(doubtful, where)
    return DayAnswer(day, State.AVAILABLE if len(found) else State.ZERO, found, reason, message, raw)
