"""Reads billed and list cost by key, workspace, model, product and actor, up to what the vendor has completed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings
from agent_spend.sources.claude.analytics_schema import CostPage, CostRow, cost_row
from agent_spend.sources.claude.client import ORGANIZATION, open_session, pages
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer, VendorSession

FEED = "claude_analytics_cost"
PATH = f"{ORGANIZATION}/analytics/cost"
BETA = "analytics-usage-cost-2026-08-24"
MAX_DAYS, MAX_ROWS, MAX_AGE_DAYS = 31, 1000, 365
FIRST_DAY = date(2026, 1, 1)
#: Without a watermark in the answer, a day counts as complete after the latency the vendor promises to keep.
LATENCY_DAYS = 1
#: A cursor lapses when the data is refreshed; the vendor refreshes every few hours, so a third time is not bad luck.
MAX_RESTARTS = 2
_GROUPS = ("api_key_id", "workspace_id", "model", "product", "actor")


def fetch_analytics_cost(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_analytics_cost``: ``GET /v1/organizations/analytics/cost`` in windows of 31 days.

    Days before 2026-01-01 or more than 365 days ago are not asked for (``no_report``); days after the vendor's
    watermark are ``not_refreshed``; a key or organisation without the endpoint is ``forbidden`` or ``not_enabled``.
    """
    session = open_session(settings)
    oldest = max(FIRST_DAY, settings.today - timedelta(days=MAX_AGE_DAYS - 1))
    for day in days:
        if day < oldest:
            message = f"{FEED} {day}: Anthropic answers from {oldest} on; older days stay without cost by key"
            yield DayAnswer(day, State.MISSING, reason="no_report", message=message)
    for window in contiguous([day for day in days if day >= oldest], MAX_DAYS):
        yield from _window(session, window, settings.today)


def _window(session: VendorSession, window: Window, today: date) -> Iterator[DayAnswer]:
    where = f"{FEED} {window.first}..{window.last}: GET {PATH}"
    try:
        found, watermark, raw = _read(session, window, where)
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in window.days())
        return
    complete_until = watermark or _midnight(today - timedelta(days=LATENCY_DAYS))
    complete = [day for day in window.days() if _midnight(day + timedelta(days=1)) <= complete_until]
    for day in window.days():
        # Rows of all days share their pages: kept once, beside the newest day they complete.
        evidence = raw if day == (complete or window.days())[-1] else ()
        if day not in complete:
            message = f"{FEED} {day}: the vendor's data is complete until {complete_until:%Y-%m-%d %H:%M} UTC only"
            yield DayAnswer(day, State.MISSING, reason="not_refreshed", message=message, raw=evidence)
            continue
        try:
            rows = [cost_row(row, day, f"{FEED} {day}: GET {PATH}") for row in found.get(day, ())]
        except FeedError as error:
            yield DayAnswer.from_error(day, error, evidence)
        else:
            yield DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, raw=evidence)


def _read(
    session: VendorSession, window: Window, where: str
) -> tuple[dict[date, list[CostRow]], datetime | None, list[Answer]]:
    """The window's rows by day, the watermark, and the answers; starts over when the vendor's data was refreshed."""
    for restart in range(MAX_RESTARTS + 1):
        try:
            return _walk(session, window, where)
        except FeedError as error:
            if error.reason == "not_found":
                raise FeedError("not_enabled", f"{error.message}; the beta is not enabled", State.FORBIDDEN) from None
            if error.reason != "cursor_expired" or restart == MAX_RESTARTS:
                raise
    raise AssertionError("unreachable")


def _walk(session: VendorSession, window: Window, where: str):
    params = [
        ("starting_at", _text(window.first)),
        ("ending_at", _text(window.last + timedelta(days=1))),
        ("time_bucket_width", "1d"),
        ("order_by", "time"),
        ("order", "asc"),
        ("limit", MAX_ROWS),
        *(("group_by[]", name) for name in _GROUPS),
    ]
    found: dict[date, list[CostRow]] = {}
    seen: set[tuple[date, bytes]] = set()
    watermarks, raw = [], []
    for page, answer in pages(session, PATH, params, CostPage, where, {"anthropic-beta": BETA}):
        raw.append(answer)
        watermarks += [page.data_refreshed_at] if page.data_refreshed_at else []
        for row in page.data:
            day = _row_day(row, window, where)
            identity = (day, msgspec.json.encode(msgspec.json.decode(row.group), order="sorted"))
            if identity in seen:
                raise FeedError("repeated_row", f"{where}: a row of {day} came twice; nothing was stored")
            seen.add(identity)
            found.setdefault(day, []).append(row)
    return found, min(watermarks, default=None), raw


def _row_day(row: CostRow, window: Window, where: str) -> date:
    start = row.starting_at.astimezone(UTC)
    is_one_day = start.time() == time() and row.ending_at - row.starting_at == timedelta(days=1)
    if not is_one_day or not window.first <= start.date() <= window.last:
        span = f"{row.starting_at}..{row.ending_at}"
        raise FeedError("wrong_day", f"{where}: a row of {span} is not one of the days asked for")
    return start.date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _text(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
