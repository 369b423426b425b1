"""Reads the bucketed reports (Messages usage, cost) in windows of 31 days and the Claude Code report day by day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, time, timedelta

from msgspec import Raw

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings
from agent_spend.sources.claude.client import ORGANIZATION, Pages, open_session
from agent_spend.sources.claude.code_schema import CodePage, CodeRecord, code_rows
from agent_spend.sources.claude.schema import Bucket, BucketPage, CostResult, UsageResult, cost_rows, usage_rows
from agent_spend.sources.feed import DayAnswer, decode
from agent_spend.sources.http import Answer, VendorSession

MAX_BUCKETS = 31
MAX_RECORDS = 1000
_DAY_WORKERS = 8
_USAGE_GROUPS = ("api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo")
#: Fast mode costs twice as much and is told apart only under its beta.
_SPEED_BETA = {"anthropic-beta": "fast-mode-2026-02-01"}
_COST_GROUPS = ("workspace_id", "description")

ToRows = Callable[[list, date, str], list[dict]]


def fetch_api_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_api_usage``: the Messages usage report by key, workspace, model, tier, context window, geography, speed.

    Where the vendor refuses the beta that tells fast mode, the report is read without speed.
    """
    name, path = "claude_api_usage", f"{ORGANIZATION}/usage_report/messages"
    refused = []
    for answer in _buckets(name, path, (*_USAGE_GROUPS, "speed"), list[UsageResult], usage_rows, days, settings, _SPEED_BETA):
        if answer.reason == "bad_request":
            refused.append(answer.day)
        else:
            yield answer
    yield from _buckets(name, path, _USAGE_GROUPS, list[UsageResult], usage_rows, refused, settings)


def fetch_api_cost(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_api_cost``: the cost report by workspace and description."""
    path = f"{ORGANIZATION}/cost_report"
    yield from _buckets("claude_api_cost", path, _COST_GROUPS, list[CostResult], cost_rows, days, settings)


def fetch_code_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_code_usage``: the Claude Code report, one call a day and page, days side by side."""
    session = open_session(settings)
    with ThreadPoolExecutor(_DAY_WORKERS) as workers:
        yield from workers.map(lambda day: _code_day(session, day, settings.today), days)


def _buckets(
    feed: str, path: str, groups: Sequence[str], shape: type, to_rows: ToRows, days: Sequence[date], settings: Settings,
    headers: Mapping[str, str] | None = None,
) -> Iterator[DayAnswer]:
    session = open_session(settings)
    for window in contiguous(days, MAX_BUCKETS):
        where = f"{feed} {window.first}..{window.last}: GET {path}"
        params = [
            ("starting_at", _midnight(window.first)),
            ("ending_at", _midnight(window.last + timedelta(days=1))),
            ("bucket_width", "1d"),
            ("limit", MAX_BUCKETS),
            *(("group_by[]", name) for name in groups),
        ]
        for answer in _window(session, feed, path, params, where, window, shape, to_rows, headers):
            is_early = answer.reason == "day_absent" and answer.day >= settings.today
            yield replace(answer, reason="day_not_closed") if is_early else answer


def _window(session, feed, path, params, where, window: Window, shape, to_rows: ToRows, headers) -> Iterator[DayAnswer]:
    """Days whose bucket arrived; the others with the error that kept them away, or with being absent."""
    answers: dict[date, DayAnswer] = {}
    failure = FeedError("day_absent", f"{where}: the answer is complete but has no bucket for this day")
    try:
        pages = Pages(session, path, params, BucketPage, where, headers)
        for page, answer in pages:
            for raw in page.data:
                bucket = decode(raw, Bucket, where)
                day = _bucket_day(bucket, where)
                if day in answers:
                    message = f"{feed} {day}: GET {path}: the day came twice; nothing was stored"
                    answers[day] = DayAnswer.from_error(day, FeedError("repeated_day", message))
                else:
                    answers[day] = _bucket_answer(f"{feed} {day}: GET {path}", day, bucket, raw, answer, shape, to_rows)
        # A bucket is whole on its page, so the days that came are complete.
        failure = pages.problem or failure
    except FeedError as error:
        failure = error
    for day in window.days():
        yield answers.get(day) or DayAnswer.from_error(day, failure)


def _bucket_day(bucket: Bucket, where: str) -> date:
    start = bucket.starting_at.astimezone(UTC)
    if start.time() != time() or bucket.ending_at - bucket.starting_at != timedelta(days=1):
        raise FeedError("wrong_day", f"{where}: bucket {bucket.starting_at}..{bucket.ending_at} is not one UTC day")
    return start.date()


def _bucket_answer(
    where: str, day: date, bucket: Bucket, raw: Raw, answer: Answer, shape: type, to_rows: ToRows
) -> DayAnswer:
    # A page holds a month; keeping only the day's own bytes spares the raw archive thirty copies of each.
    kept = (replace(answer, body=bytes(raw)),)
    try:
        rows = to_rows(decode(bucket.results, shape, where), day, where)
    except FeedError as error:
        return DayAnswer.from_error(day, error, kept)
    return DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, raw=kept)


def _code_day(session: VendorSession, day: date, today: date) -> DayAnswer:
    path = f"{ORGANIZATION}/usage_report/claude_code"
    where = f"claude_code_usage {day}: GET {path}"
    records: list[CodeRecord] = []
    raw: list[Answer] = []
    try:
        pages = Pages(session, path, [("starting_at", day.isoformat()), ("limit", MAX_RECORDS)], CodePage, where)
        for page, answer in pages:
            raw.append(answer)
            records += page.data
        rows = code_rows(records, day, where)
    except FeedError as error:
        return DayAnswer.from_error(day, error, raw)
    if pages.problem is not None:
        return DayAnswer.incomplete(day, rows, pages.problem, raw)
    if not rows and day >= today:
        message = f"{where}: no records yet; the day is not over"
        return DayAnswer(day, State.MISSING, reason="day_not_closed", message=message, raw=raw)
    return DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, raw=raw)


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
