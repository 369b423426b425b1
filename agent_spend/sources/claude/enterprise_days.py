"""Reads what a Claude Enterprise organisation's days hold besides money: assigned seats, and what members did."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings
from agent_spend.sources.claude.analytics import ANALYTICS, FIRST_DAY, MAX_DAYS, MAX_ROWS, covered_day
from agent_spend.sources.claude.client import ENTERPRISE, Pages, Params, open_session
from agent_spend.sources.claude.enterprise_schema import ActivityPage, Summary, SummaryPage, activity_row, summary_row
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer
from agent_spend.sources.workers import side_by_side

_DAY_WORKERS = 4
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

#: Rows and answers of each day, and what shows that there should be more rows, or keeps them from being read.
Days = dict[date, tuple[list[dict], list[Answer], FeedError | None]]


def fetch_enterprise_seats(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_enterprise_seats``: ``GET /v1/organizations/analytics/summaries``, a month a request."""
    session = open_session(settings, ENTERPRISE)
    path = f"{ANALYTICS}/summaries"

    def window_of(window: Window, where: str) -> Days:
        params = [("starting_date", window.first.isoformat()),
                  ("ending_date", (window.last + timedelta(days=1)).isoformat())]
        found: Days = {}
        for page, answer in Pages(session, path, params, SummaryPage, where):
            summaries = page.data if page.data is not None else page.summaries
            if summaries is None:
                raise FeedError("missing_field", f"{where}: neither data nor summaries is there; nothing was stored")
            for entry in summaries:
                day = covered_day(entry, window, where)
                if day in found:
                    raise FeedError("repeated_day", f"{where}: {day} came twice; nothing was stored")
                try:
                    found[day] = ([summary_row(decode(entry, Summary, where), day, where)], [answer], None)
                except FeedError as error:
                    found[day] = ([], [answer], error)
        return found

    yield from _built_days("claude_enterprise_seats", path, days, MAX_DAYS, window_of)


def fetch_enterprise_users(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_enterprise_users``: ``GET /v1/organizations/analytics/users``, a day a request, days side by side."""
    session = open_session(settings, ENTERPRISE)
    path = f"{ANALYTICS}/users"

    def window_of(window: Window, where: str) -> Days:
        day = window.first
        params: Params = [("date", day.isoformat()), ("limit", MAX_ROWS)]
        rows, raw = [], []
        pages = Pages(session, path, params, ActivityPage, where)
        for page, answer in pages:
            raw.append(answer)
            rows += [activity_row(activity, day, where) for activity in page.data]
        return {day: (rows, raw, pages.problem)}

    def answers(day: date) -> list[DayAnswer]:
        return list(_built_days("claude_enterprise_users", path, [day], 1, window_of))

    for _, found in side_by_side(days, answers, _DAY_WORKERS):
        yield from found


def _built_days(
    feed: str, path: str, days: Sequence[date], longest: int, read_window: Callable[[Window, str], Days]
) -> Iterator[DayAnswer]:
    """Days the vendor has built (at 10:00 UTC of the next day); one that it has not is ``not_refreshed``.

    Asked for too new a day the vendor refuses the whole request and names the newest day it has: the days up to that one
    are asked for again.
    """
    for day in days:
        if day < FIRST_DAY:
            message = f"{feed} {day}: Anthropic answers from {FIRST_DAY} on"
            yield DayAnswer(day, State.MISSING, reason="no_report", message=message)
    for window in contiguous([day for day in days if day >= FIRST_DAY], longest):
        yield from _window_days(feed, path, window, read_window)


def _window_days(feed: str, path: str, window: Window, read_window: Callable[[Window, str], Days]) -> Iterator[DayAnswer]:
    where = f"{feed} {window.first}..{window.last}: GET {path}"
    try:
        found = read_window(window, where)
    except FeedError as error:
        newest = _newest_day(error, window.last)
        for day in window.days():
            if newest is None:
                yield DayAnswer.from_error(day, error)
            elif day > newest:
                yield DayAnswer(day, State.MISSING, reason="not_refreshed", message=error.message)
        if newest is not None and newest >= window.first:
            yield from _window_days(feed, path, Window(window.first, newest), read_window)
        return
    for day in window.days():
        if day in found:
            rows, raw, problem = found[day]
            if problem is not None:
                yield DayAnswer.incomplete(day, rows, problem, raw)
                continue
            yield DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, raw=raw)
        else:
            message = f"{where}: the answer has no entry for {day}"
            yield DayAnswer(day, State.MISSING, reason="not_refreshed", message=message)


def _newest_day(error: FeedError, asked_last: date) -> date | None:
    """The newest day before ``asked_last`` that a 400 names; ``None`` for any other refusal."""
    if error.reason != "bad_request":
        return None
    named = [_date(text) for text in _DATE.findall(error.message.partition(": GET ")[2])]
    return max((day for day in named if day and asked_last - timedelta(days=MAX_DAYS) <= day < asked_last), default=None)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
