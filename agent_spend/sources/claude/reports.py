"""Reads the bucketed reports (Messages usage, cost) in windows of 31 days and the Claude Code report day by day."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from arro3.core import Schema
from msgspec import Raw

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings
from agent_spend.sources.answers import Shelf, Shelved
from agent_spend.sources.claude.client import ORGANIZATION, Pages, open_session
from agent_spend.sources.claude.code_schema import CODE_USAGE, CodePage, code_rows
from agent_spend.sources.claude.schema import (
    API_COST,
    API_USAGE,
    Bucket,
    BucketPage,
    CostResult,
    UsageResult,
    cost_rows,
    midnight,
    unread_tokens,
    usage_rows,
    utc_day,
)
from agent_spend.sources.decoding import decode, decoded
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import VendorSession
from agent_spend.sources.packing import packed
from agent_spend.sources.workers import side_by_side

MAX_BUCKETS = 31
MAX_RECORDS = 1000
_DAY_WORKERS = 8
#: Windows that are read at a time; all of them share the vendor's budget.
_WINDOW_WORKERS = 3


@dataclass(frozen=True)
class Report:
    """One bucketed report: where it is, what it is cut by, and how its results become rows of a feed."""

    feed: str
    path: str
    groups: Sequence[str]
    shape: type
    to_rows: Callable[[Iterable, date, str], Iterator[dict]]
    schema: Schema
    headers: Mapping[str, str] | None = None


_USAGE = Report(
    "claude_api_usage", f"{ORGANIZATION}/usage_report/messages",
    ("api_key_id", "account_id", "service_account_id", "workspace_id", "model", "service_tier", "context_window",
     "inference_geo"),
    UsageResult, usage_rows, API_USAGE.schema,
)
#: By as much as the vendor tells apart. Fast mode costs twice as much and is told only under its beta; the groups of the
#: report's first edition, of 2025, name neither sign-ins nor geographies.
_USAGES = (
    replace(_USAGE, groups=(*_USAGE.groups, "speed"), headers={"anthropic-beta": "fast-mode-2026-02-01"}),
    _USAGE,
    replace(_USAGE, groups=("api_key_id", "workspace_id", "model", "service_tier", "context_window")),
)
_COST = Report(
    "claude_api_cost", f"{ORGANIZATION}/cost_report", ("workspace_id", "description"), CostResult, cost_rows, API_COST.schema,
)


def fetch_api_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_api_usage``: the Messages usage report by key, sign-in, workspace, model, tier, context window, geography, speed.

    Where the vendor refuses some of these groups, the report is read without them.
    """
    for report in _USAGES:
        refused = []
        for answer in _buckets(report, days, settings):
            if answer.reason == "bad_request" and report is not _USAGES[-1]:
                refused.append(answer.day)
            else:
                yield answer
        days = refused


def fetch_api_cost(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_api_cost``: the cost report by workspace and description."""
    yield from _buckets(_COST, days, settings)


def fetch_code_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_code_usage``: the Claude Code report, one call a day and page, days side by side."""
    session = open_session(settings)
    for _, answer in side_by_side(days, lambda day: _code_day(session, day, settings), _DAY_WORKERS):
        yield answer


def _buckets(report: Report, days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    session = open_session(settings)
    windows = contiguous(days, MAX_BUCKETS)
    for _, answers in side_by_side(windows, lambda window: _window(session, report, window, settings.spool_dir), _WINDOW_WORKERS):
        for answer in answers:
            is_early = answer.reason == "day_absent" and answer.day >= settings.today
            yield replace(answer, reason="day_not_closed") if is_early else answer


def _window(session: VendorSession, report: Report, window: Window, folder: Path) -> list[DayAnswer]:
    """Days whose bucket arrived; the others with the error that kept them away, or with being absent."""
    where = f"{report.feed} {window.first}..{window.last}: GET {report.path}"
    params = [
        ("starting_at", midnight(window.first)),
        ("ending_at", midnight(window.last + timedelta(days=1))),
        ("bucket_width", "1d"),
        ("limit", MAX_BUCKETS),
        *(("group_by[]", name) for name in report.groups),
    ]
    answers: dict[date, DayAnswer] = {}
    failure = FeedError("day_absent", f"{where}: the answer is complete but has no bucket for this day")
    shelf = Shelf(folder)
    try:
        pages = Pages(session, report.path, params, BucketPage, where, report.headers)
        for page, answer in pages:
            for raw in page.data:
                try:
                    bucket = decode(raw, Bucket, where)
                    day = utc_day(bucket.starting_at, bucket.ending_at, where)
                except FeedError as error:
                    # Of no day that is known: it is what kept away whichever day does not come.
                    failure = error
                    continue
                if day in answers:
                    message = f"{report.feed} {day}: GET {report.path}: the day came twice; nothing was stored"
                    answers[day] = DayAnswer.from_error(day, FeedError("repeated_day", message))
                else:
                    # A page holds a month; keeping only the day's own bytes spares the raw archive thirty copies of each.
                    answers[day] = _bucket_answer(report, day, bucket.results, shelf.put(answer, raw), folder)
        # A bucket is whole on its page, so the days that came are complete.
        failure = pages.problem or failure
    except FeedError as error:
        failure = error
    return [answers.get(day) or DayAnswer.from_error(day, failure) for day in window.days()]


def _bucket_answer(report: Report, day: date, results: Raw, kept: Shelved, folder: Path) -> DayAnswer:
    where = f"{report.feed} {day}: GET {report.path}"
    try:
        found = decoded(decode(results, list[Raw], f"{where}: results"), report.shape, where)
        rows = packed(report.to_rows(found, day, where), report.schema, folder, where)
    except FeedError as error:
        return DayAnswer.from_error(day, error, (kept,))
    if (unread := unread_tokens(results, where)) is not None:
        return DayAnswer.incomplete(day, rows, unread, (kept,))
    return DayAnswer(day, State.AVAILABLE if len(rows) else State.ZERO, rows, raw=(kept,))


def _code_day(session: VendorSession, day: date, settings: Settings) -> DayAnswer:
    path = f"{ORGANIZATION}/usage_report/claude_code"
    where = f"claude_code_usage {day}: GET {path}"
    raw: list[Shelved] = []
    shelf = Shelf(settings.spool_dir)
    pages = Pages(session, path, [("starting_at", day.isoformat()), ("limit", MAX_RECORDS)], CodePage, where)

    def rows_of_pages() -> Iterator[dict]:
        for page, answer in pages:
            raw.append(shelf.put(answer))
            yield from code_rows(page.data, day, where)

    try:
        rows = packed(rows_of_pages(), CODE_USAGE.schema, settings.spool_dir, where)
    except FeedError as error:
        return DayAnswer.from_error(day, error, raw)
    if pages.problem is not None:
        return DayAnswer.incomplete(day, rows, pages.problem, raw)
    if not len(rows) and day >= settings.today:
        message = f"{where}: no records yet; the day is not over"
        return DayAnswer(day, State.MISSING, reason="day_not_closed", message=message, raw=raw)
    return DayAnswer(day, State.AVAILABLE if len(rows) else State.ZERO, rows, raw=raw)

