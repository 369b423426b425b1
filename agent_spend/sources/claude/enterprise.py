"""Reads cost and use of a Claude Enterprise organisation by member, with its older reports as a fallback."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from agent_spend.errors import FeedError
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.answers import Shelf
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
from agent_spend.sources.claude.schema import TOKEN_CLASSES, Bucket, midnight
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import VendorSession
from agent_spend.sources.packing import Packing, Rows

MAX_BUCKETS = 31
#: A bucket of an older report shows this many groups and no remainder: with as many it may be cut off.
MAX_GROUPS = 100
_NOT_ENABLED = {"not_enabled", "forbidden"}

#: A measure's sums by product and model.
Sums = dict[tuple[str | None, str | None], dict[str, Any]]


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
            return _older_reports(session, report, older, window, settings.spool_dir)
        except FeedError as error:
            raise FeedError(error.reason, f"{refused.message}; and {error.message}", error.state) from None

    yield from answers(report.feed, days, settings.today, window_of)


def _older_reports(session: VendorSession, report: Report, older: Older, window: Window, folder: Path) -> Reading:
    """Cost or use by member, and what no member accounts for as rows without an actor.

    A day whose members add up to more than their organisation, whose organisation cannot be read or whose groups the
    vendor's cap may hide (``cut_off``) holds the members alone and tells why.

    Raises:
        FeedError: as :class:`Pages`.
    """
    people, until_of_people, raw, problem_of_people = _people(session, report, older, window, folder)
    totals, until, more, problem = _totals(session, report.feed, older, window, folder)
    days: dict[date, Rows | FeedError] = {}
    problems = problems_of(window, problem_of_people or problem)
    for day in window.days():
        known = people.get(day) or _of_members(report, older, day, folder)
        if isinstance(known, FeedError):
            days[day] = known
            continue
        rows, sums = known
        where = f"{report.feed} {day}: GET {ANALYTICS}/{older.kind}_report"
        try:
            rows.extend(list(_remainder(older, sums, totals.get(day), where)))
        except FeedError as error:
            # What members used is known, whatever their organisation used besides.
            problems |= {day: error}
        days[day] = rows.rows()
    return Reading(days, min((*until_of_people, *until), default=None), [*raw, *more], problems)


def _of_members(report: Report, older: Older, day: date, folder: Path) -> tuple[Packing, Sums]:
    """Where a day's members go: their rows, and what they add up to."""
    where = f"{report.feed} {day}: GET {ANALYTICS}/user_{older.kind}_report"
    return Packing(report.schema, folder, where), defaultdict(lambda: dict.fromkeys(older.measures, 0))


def _bucketed(window: Window) -> Params:
    return [
        ("starting_at", midnight(window.first)), ("ending_at", midnight(window.last + timedelta(days=1))),
        ("bucket_width", "1d"), ("group_by[]", "product"), ("group_by[]", "model"),
    ]


def _people(session: VendorSession, report: Report, older: Older, window: Window, folder: Path):
    path = f"{ANALYTICS}/user_{older.kind}_report"
    where = f"{report.feed} {window.first}..{window.last}: GET {path}"
    found: dict[date, tuple[Packing, Sums] | FeedError] = {}
    seen, watermarks, raw, shelf = set(), [], [], Shelf(folder)
    pages = Pages(session, path, [*_bucketed(window), ("limit", MAX_ROWS)], RefreshedPage, where)
    for page, answer in pages:
        raw.append(shelf.put(answer))
        watermarks += watermark(page, window)
        for entry in page.data:
            day = covered_day(entry, window, where)
            if (known := found.get(day)) is None:
                known = found[day] = _of_members(report, older, day, folder)
            if isinstance(known, FeedError):
                continue
            rows, sums = known
            try:
                member = decode(entry, older.by_user, where)
                # Eight bytes are enough to notice a row that comes again.
                came = hash((day, msgspec.json.encode(member.actor), member.product, member.model))
                if came in seen:
                    raise FeedError("repeated_row", f"{where}: a row of {day} came twice; nothing was stored")
                seen.add(came)
                row = older.to_row(member, day, where)
                of_group = sums[member.product, member.model]
                for name in older.measures:
                    of_group[name] += row[name] or 0
                rows.add(row | actor_columns(member.actor))
            except FeedError as error:
                found[day] = error
    return found, watermarks, raw, pages.problem


def _totals(session: VendorSession, feed: str, older: Older, window: Window, folder: Path):
    path = f"{ANALYTICS}/{older.kind}_report"
    where = f"{feed} {window.first}..{window.last}: GET {path}"
    found: dict[date, list[dict] | FeedError] = {}
    watermarks, raw, shelf = [], [], Shelf(folder)
    pages = Pages(session, path, [*_bucketed(window), ("limit", MAX_BUCKETS)], RefreshedPage, where)
    for page, answer in pages:
        raw.append(shelf.put(answer))
        watermarks += watermark(page, window)
        for entry in page.data:
            day = covered_day(entry, window, where)
            try:
                results = decode(decode(entry, Bucket, where).results, list[older.by_group], f"{where}: results")
                found[day] = [older.to_row(row, day, where) for row in results]
            except FeedError as error:
                found[day] = error
    return found, watermarks, raw, pages.problem


def _remainder(older: Older, sums: Sums, totals: list[dict] | FeedError | None, where: str) -> Iterator[dict]:
    if totals is None:
        raise FeedError("day_absent", f"{where}: the answer is complete but has no bucket for this day")
    if isinstance(totals, FeedError):
        raise totals
    if len(totals) >= MAX_GROUPS:
        raise FeedError("cut_off", f"{where}: {len(totals)} groups, the report's cap; what is beyond it is not known")
    for row in totals:
        of_group = sums.pop((row["product"], row["model"]), {})
        left = {name: row[name] - of_group.get(name, 0) for name in older.measures if row[name] is not None}
        if min(left.values()) < 0:
            raise FeedError("count_mismatch", f"{where}: members add up to more than their organisation; read it again")
        if any(left.values()):
            yield row | actor_columns(None) | left
    if any(any(rest.values()) for rest in sums.values()):
        raise FeedError("count_mismatch", f"{where}: members have what their organisation has not; read it again")
