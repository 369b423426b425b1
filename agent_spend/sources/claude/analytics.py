"""Reads usage and cost by key, workspace, model, product and actor, up to what the vendor has completed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from arro3.core import Schema
from msgspec import Raw

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings
from agent_spend.sources.answers import Received, Shelf
from agent_spend.sources.claude.analytics_schema import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    COST_GROUPS,
    KEY_GROUPS,
    CostRow,
    Covered,
    RefreshedPage,
    UsageRow,
    cost_row,
    identity,
    usage_row,
)
from agent_spend.sources.claude.client import ORGANIZATION, Pages, open_session
from agent_spend.sources.claude.schema import midnight, unread_tokens, utc_day
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import VendorSession
from agent_spend.sources.packing import Packing, Rows
from agent_spend.sources.workers import side_by_side

ANALYTICS = f"{ORGANIZATION}/analytics"
BETA = "analytics-usage-cost-2026-08-24"
MAX_DAYS, MAX_ROWS, MAX_AGE_DAYS = 31, 1000, 365
FIRST_DAY = date(2026, 1, 1)
#: Without a watermark in the answer, a day counts as complete after the latency the vendor promises to keep.
LATENCY_DAYS = 1
#: A cursor lapses when the data is refreshed; the vendor refreshes every few hours, so a third time is not bad luck.
MAX_RESTARTS = 2
#: Windows that are read at a time; all of them share the organisation's budget.
_WINDOW_WORKERS = 3


@dataclass(frozen=True)
class Report:
    """One endpoint of the API: where it is, what it is cut by, and how its rows become a feed's."""

    feed: str
    path: str
    row: type
    groups: tuple[str, ...]
    to_row: Callable[[Any, date, Sequence[str], str], dict]
    schema: Schema
    headers: tuple[tuple[str, str], ...] = (("anthropic-beta", BETA),)
    extra: tuple[tuple[str, str], ...] = (("time_bucket_width", "1d"), ("order_by", "time"), ("order", "asc"))


@dataclass(frozen=True)
class Reading:
    """What a window's pages said: the feed's rows by day, the instant the data is complete until, the answers.

    A day whose rows cannot be read holds the error instead; ``problems`` tells of days whose rows are not all of them.
    """

    days: dict[date, Rows | FeedError]
    complete_until: datetime | None
    raw: list[Received]
    problems: Mapping[date, FeedError] = field(default_factory=dict)


COST = Report("claude_analytics_cost", f"{ANALYTICS}/cost", CostRow, COST_GROUPS, cost_row, ANALYTICS_COST.schema)
USAGE = Report("claude_analytics_usage", f"{ANALYTICS}/usage", UsageRow, KEY_GROUPS, usage_row, ANALYTICS_USAGE.schema)


def fetch_analytics_cost(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_analytics_cost``: ``GET /v1/organizations/analytics/cost``; see :func:`answers`."""
    session = open_session(settings)
    yield from answers(COST.feed, days, settings.today, lambda window: read(session, COST, window, settings.spool_dir))


def fetch_analytics_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_analytics_usage``: ``GET /v1/organizations/analytics/usage``; see :func:`answers`."""
    session = open_session(settings)
    yield from answers(USAGE.feed, days, settings.today, lambda window: read(session, USAGE, window, settings.spool_dir))


def answers(
    feed: str, days: Sequence[date], today: date, read_window: Callable[[Window], Reading]
) -> Iterator[DayAnswer]:
    """Answers of ``days`` in windows of 31 days.

    Days before 2026-01-01 or more than 365 days ago are not asked for (``no_report``); days after the vendor's
    watermark are ``not_refreshed``; a key or organisation without the endpoint is ``forbidden`` or ``not_enabled``.
    """
    oldest = max(FIRST_DAY, today - timedelta(days=MAX_AGE_DAYS - 1))
    for day in days:
        if day < oldest:
            message = f"{feed} {day}: Anthropic answers from {oldest} on; older days stay without this feed"
            yield DayAnswer(day, State.MISSING, reason="no_report", message=message)

    def outcome(window: Window) -> Reading | FeedError:
        try:
            return read_window(window)
        except FeedError as error:
            return error

    for window, found in side_by_side(contiguous([day for day in days if day >= oldest], MAX_DAYS), outcome, _WINDOW_WORKERS):
        if isinstance(found, FeedError):
            yield from (DayAnswer.from_error(day, found) for day in window.days())
        else:
            yield from _day_answers(feed, window, found, today)


def _day_answers(feed: str, window: Window, reading: Reading, today: date) -> Iterator[DayAnswer]:
    complete_until = reading.complete_until or _midnight(today - timedelta(days=LATENCY_DAYS))
    complete = [day for day in window.days() if _midnight(day + timedelta(days=1)) <= complete_until]
    for day in window.days():
        # Rows of all days share their pages: kept once, beside the newest day they complete.
        evidence = reading.raw if day == (complete or window.days())[-1] else ()
        rows = reading.days.get(day, [])
        if day not in complete:
            message = f"{feed} {day}: the vendor's data is complete until {complete_until:%Y-%m-%d %H:%M} UTC only"
            yield DayAnswer(day, State.MISSING, reason="not_refreshed", message=message, raw=evidence)
        elif isinstance(rows, FeedError):
            yield DayAnswer.from_error(day, rows, evidence)
        elif day in reading.problems:
            yield DayAnswer.incomplete(day, rows, reading.problems[day], evidence)
        else:
            yield DayAnswer(day, State.AVAILABLE if len(rows) else State.ZERO, rows, raw=evidence)


def read(session: VendorSession, report: Report, window: Window, folder: Path) -> Reading:
    """One window of a report, from the start again when the vendor refreshed its data meanwhile.

    What it holds waits in ``folder``.

    Raises:
        FeedError: ``not_enabled`` where the endpoint does not exist for the organisation, ``cursor_expired`` after
            ``MAX_RESTARTS``, ``repeated_row``, ``wrong_day``, or as :class:`agent_spend.sources.claude.client.Pages`.
    """
    where = f"{report.feed} {window.first}..{window.last}: GET {report.path}"
    for restart in range(MAX_RESTARTS + 1):
        try:
            return _walk(session, report, window, where, folder)
        except FeedError as error:
            if error.reason == "not_found":
                message = f"{error.message}; the organisation does not have this report"
                raise FeedError("not_enabled", message, State.FORBIDDEN) from None
            if error.reason != "cursor_expired" or restart == MAX_RESTARTS:
                raise
    raise AssertionError("unreachable")


def _walk(session: VendorSession, report: Report, window: Window, where: str, folder: Path) -> Reading:
    params = [
        ("starting_at", midnight(window.first)),
        ("ending_at", midnight(window.last + timedelta(days=1))),
        *report.extra,
        ("limit", MAX_ROWS),
        *(("group_by[]", name) for name in report.groups),
    ]
    found: dict[date, Packing | FeedError] = {}
    days_of: dict[tuple[datetime, datetime], date] = {}
    seen: set[int] = set()
    watermarks, raw, shelf, unread = [], [], Shelf(folder), None
    pages = Pages(session, report.path, params, RefreshedPage, where, dict(report.headers))
    for page, answer in pages:
        raw.append(shelf.put(answer))
        unread = unread or unread_tokens(answer.body, where)
        watermarks += watermark(page, window)
        for entry in page.data:
            try:
                row = decode(entry, report.row, where)
            except FeedError as error:
                found[covered_day(entry, window, where)] = error
                continue
            covered = row.starting_at, row.ending_at
            if (day := days_of.get(covered)) is None:
                day = days_of[covered] = row_day(*covered, window, where)
            # Eight bytes are enough to notice a row that comes again.
            came = hash((day, identity(bytes(row.group))))
            if came in seen:
                raise FeedError("repeated_row", f"{where}: a row of {day} came twice; nothing was stored")
            seen.add(came)
            if (rows := found.get(day)) is None:
                rows = found[day] = Packing(report.schema, folder, f"{report.feed} {day}: GET {report.path}")
            if isinstance(rows, Packing):
                try:
                    rows.add(report.to_row(row, day, report.groups, rows.where))
                except FeedError as error:
                    found[day] = error
    days = {day: rows.rows() if isinstance(rows, Packing) else rows for day, rows in found.items()}
    return Reading(days, min(watermarks, default=None), raw, problems_of(window, pages.problem or unread))


def problems_of(window: Window, problem: FeedError | None) -> dict[date, FeedError]:
    """A problem of a window's pages as one of each of its days, whichever of them the missing rows are of."""
    return {day: problem for day in window.days()} if problem else {}


def watermark(page: RefreshedPage, window: Window) -> list[datetime]:
    """The instant a page says its data is complete until: the window's start where nothing is complete yet."""
    if page.data_refreshed_at:
        return [page.data_refreshed_at]
    return [_midnight(window.first)] if page.data_refreshed_at is None and not page.data else []


def covered_day(entry: Raw, window: Window, where: str) -> date:
    """The day of a row or bucket that may not be readable otherwise; raises as :func:`row_day` and :func:`decode`."""
    covered = decode(entry, Covered, where)
    return row_day(covered.starting_at, covered.ending_at, window, where)


def row_day(starting_at: datetime, ending_at: datetime, window: Window, where: str) -> date:
    """The UTC day that a row or bucket covers.

    Raises:
        FeedError: ``wrong_day`` unless it is exactly one of the window's days.
    """
    day = utc_day(starting_at, ending_at, where)
    if not window.first <= day <= window.last:
        raise FeedError("wrong_day", f"{where}: a row of {day} is not of the days asked for")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

