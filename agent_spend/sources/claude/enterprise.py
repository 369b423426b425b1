"""Reads cost and use of a Claude Enterprise organisation by member, with its older reports as a fallback."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from agent_spend.errors import FeedError
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.claude.analytics import (
    ANALYTICS,
    MAX_ROWS,
    Reading,
    Report,
    answers,
    covered_day,
    problems_of,
    read,
    watermark,
)
from agent_spend.sources.claude.analytics_schema import (
    ENTERPRISE_COST,
    ENTERPRISE_GROUPS,
    ENTERPRISE_USAGE,
    CostRow,
    RefreshedPage,
    UsageRow,
    actor_columns,
    cost_row,
    usage_row,
)
from agent_spend.sources.claude.client import ENTERPRISE, Pages, Params, open_session
from agent_spend.sources.claude.enterprise_schema import (
    GroupCost,
    GroupUsage,
    UserCost,
    UserUsage,
    group_cost,
    group_usage,
)
from agent_spend.sources.claude.schema import TOKEN_CLASSES, Bucket
from agent_spend.sources.feed import DayAnswer, decode
from agent_spend.sources.http import VendorSession

MAX_BUCKETS = 31
#: A bucket of an older report shows this many groups and no remainder: with as many it may be cut off.
MAX_GROUPS = 100
_NOT_ENABLED = {"not_enabled", "forbidden"}

#: Rows of each day, or what was wrong with it.
Days = dict[date, list[dict] | FeedError]


@dataclass(frozen=True)
class Older:
    """The two older reports of one kind: ``user_<kind>_report`` by member, ``<kind>_report`` of the whole organisation."""

    kind: str
    by_user: type
    by_group: type
    to_row: Callable[[Any, date, str], dict]
    measures: tuple[str, ...]


def _priced_row(row, day: date, groups: Sequence[str], where: str) -> dict:
    return cost_row(row, day, groups, where) | {"source": "analytics"}


COST = Report(
    "claude_enterprise_cost", f"{ANALYTICS}/cost", CostRow, ENTERPRISE_GROUPS, _priced_row, ENTERPRISE_COST.schema
)
USAGE = Report(
    "claude_enterprise_usage", f"{ANALYTICS}/usage", UsageRow, ENTERPRISE_GROUPS, usage_row, ENTERPRISE_USAGE.schema
)
_OLDER_COST = Older("cost", UserCost, GroupCost, group_cost, ("amount_usd", "list_usd"))
_OLDER_USAGE = Older(
    "usage", UserUsage, GroupUsage, group_usage,
    (*TOKEN_CLASSES, "web_search_requests", "requests"),
)


def fetch_enterprise_cost(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_enterprise_cost``: the analytics API; where it is not enabled, the two older cost reports.

    On a seat-based plan this is the usage credits beyond the seats only.
    """
    yield from _fetch(COST, _OLDER_COST, days, settings)


def fetch_enterprise_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_enterprise_usage``: tokens by member, product and model, from where the cost is from."""
    yield from _fetch(USAGE, _OLDER_USAGE, days, settings)


def _fetch(report: Report, older: Older, days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    session = open_session(settings, ENTERPRISE)

    def window_of(window: Window) -> Reading:
        try:
            return read(session, report, window, settings.spool_dir)
        except FeedError as error:
            if error.reason not in _NOT_ENABLED:
                raise
            refused = error
        try:
            return _older_reports(session, report.feed, older, window)
        except FeedError as error:
            raise FeedError(error.reason, f"{refused.message}; and {error.message}", error.state) from None

    yield from answers(report.feed, days, settings.today, window_of)


def _older_reports(session: VendorSession, feed: str, older: Older, window: Window) -> Reading:
    """Cost or use by member, and what no member accounts for as rows without an actor.

    A day whose members add up to more than their organisation, or whose organisation cannot be read, holds the members
    alone and tells why; so does one whose groups the vendor's cap may hide (``cut_off``), which holds nothing.

    Raises:
        FeedError: as :class:`Pages`.
    """
    people, until_of_people, raw, problem_of_people = _people(session, feed, older, window)
    totals, until, more, problem = _totals(session, feed, older, window)
    days: Days = {}
    problems = problems_of(window, problem_of_people or problem)
    for day in window.days():
        known = people.get(day, [])
        if isinstance(known, FeedError):
            days[day] = known
            continue
        where = f"{feed} {day}: GET {ANALYTICS}/{older.kind}_report"
        try:
            days[day] = [*known, *_remainder(older, known, totals.get(day), where)]
        except FeedError as error:
            # What members used is known, whatever their organisation used besides.
            is_known = error.reason != "cut_off"
            days[day] = known if is_known else error
            problems |= {day: error} if is_known else {}
    return Reading(days, min((*until_of_people, *until), default=None), [*raw, *more], problems)


def _bucketed(window: Window) -> Params:
    return [
        ("starting_at", f"{window.first}T00:00:00Z"), ("ending_at", f"{window.last + timedelta(days=1)}T00:00:00Z"),
        ("bucket_width", "1d"), ("group_by[]", "product"), ("group_by[]", "model"),
    ]


def _people(session: VendorSession, feed: str, older: Older, window: Window):
    path = f"{ANALYTICS}/user_{older.kind}_report"
    where = f"{feed} {window.first}..{window.last}: GET {path}"
    found: Days = {}
    seen, watermarks, raw = set(), [], []
    pages = Pages(session, path, [*_bucketed(window), ("limit", MAX_ROWS)], RefreshedPage, where)
    for page, answer in pages:
        raw.append(answer)
        watermarks += watermark(page, window)
        for entry in page.data:
            day = covered_day(entry, window, where)
            rows = found.setdefault(day, [])
            if isinstance(rows, FeedError):
                continue
            try:
                row = decode(entry, older.by_user, where)
                identity = (day, msgspec.json.encode(row.actor), row.product, row.model)
                if identity in seen:
                    raise FeedError("repeated_row", f"{where}: a row of {day} came twice; nothing was stored")
                rows.append(older.to_row(row, day, where) | actor_columns(row.actor))
                seen.add(identity)
            except FeedError as error:
                found[day] = error
    return found, watermarks, raw, pages.problem


def _totals(session: VendorSession, feed: str, older: Older, window: Window):
    path = f"{ANALYTICS}/{older.kind}_report"
    where = f"{feed} {window.first}..{window.last}: GET {path}"
    found: Days = {}
    watermarks, raw = [], []
    pages = Pages(session, path, [*_bucketed(window), ("limit", MAX_BUCKETS)], RefreshedPage, where)
    for page, answer in pages:
        raw.append(answer)
        watermarks += watermark(page, window)
        for entry in page.data:
            day = covered_day(entry, window, where)
            try:
                results = decode(decode(entry, Bucket, where).results, list[older.by_group], f"{where}: results")
                found[day] = [older.to_row(row, day, where) for row in results]
            except FeedError as error:
                found[day] = error
    return found, watermarks, raw, pages.problem


def _remainder(older: Older, people: list[dict], totals: list[dict] | FeedError | None, where: str) -> Iterator[dict]:
    if totals is None:
        raise FeedError("day_absent", f"{where}: the answer is complete but has no bucket for this day")
    if isinstance(totals, FeedError):
        raise totals
    if len(totals) >= MAX_GROUPS:
        raise FeedError("cut_off", f"{where}: {len(totals)} groups, the report's cap; what is beyond it is not known")
    sums: dict[tuple, dict] = defaultdict(lambda: dict.fromkeys(older.measures, 0))
    for row in people:
        of_group = sums[row["product"], row["model"]]
        for name in older.measures:
            of_group[name] += row[name] or 0
    for row in totals:
        of_group = sums.pop((row["product"], row["model"]), {})
        left = {name: row[name] - of_group.get(name, 0) for name in older.measures if row[name] is not None}
        if min(left.values()) < 0:
            raise FeedError("count_mismatch", f"{where}: members add up to more than their organisation; read it again")
        if any(left.values()):
            yield row | actor_columns(None) | left
    if any(any(rest.values()) for rest in sums.values()):
        raise FeedError("count_mismatch", f"{where}: members have what their organisation has not; read it again")
