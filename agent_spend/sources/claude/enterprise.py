"""Reads cost and use of a Claude Enterprise organisation by member, with its older cost reports as a fallback."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from agent_spend.errors import FeedError
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.claude.analytics import ANALYTICS, MAX_ROWS, Reading, Report, answers, problems_of, read, row_day
from agent_spend.sources.claude.analytics_schema import (
    ENTERPRISE_COST,
    ENTERPRISE_GROUPS,
    ENTERPRISE_USAGE,
    CostPage,
    UsagePage,
    cost_row,
    usage_row,
)
from agent_spend.sources.claude.client import ENTERPRISE, Pages, Params, open_session
from agent_spend.sources.claude.enterprise_schema import CostBucketPage, UserCostPage, group_cost
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import VendorSession

MAX_BUCKETS = 31
#: A bucket of the older cost report shows this many groups and no remainder: with as many it may be cut off.
MAX_GROUPS = 100
_NOT_ENABLED = {"not_enabled", "forbidden"}


def _priced_row(row, day: date, groups: Sequence[str], where: str) -> dict:
    return cost_row(row, day, groups, where) | {"source": "analytics"}


COST = Report(
    "claude_enterprise_cost", f"{ANALYTICS}/cost", CostPage, ENTERPRISE_GROUPS, _priced_row, ENTERPRISE_COST.schema
)
USAGE = Report(
    "claude_enterprise_usage", f"{ANALYTICS}/usage", UsagePage, ENTERPRISE_GROUPS, usage_row, ENTERPRISE_USAGE.schema
)


def fetch_enterprise_cost(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_enterprise_cost``: the analytics API; where it is not enabled, the two older cost reports.

    On a seat-based plan this is the usage credits beyond the seats only.
    """
    session = open_session(settings, ENTERPRISE)

    def window_of(window: Window) -> Reading:
        try:
            return read(session, COST, window, settings.spool_dir)
        except FeedError as error:
            if error.reason not in _NOT_ENABLED:
                raise
            refused = error
        try:
            return _older_reports(session, window)
        except FeedError as error:
            raise FeedError(error.reason, f"{refused.message}; and {error.message}", error.state) from None

    yield from answers(COST.feed, days, settings.today, window_of)


def fetch_enterprise_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_enterprise_usage``: tokens by member, product and model; the analytics API only."""
    session = open_session(settings, ENTERPRISE)
    yield from answers(USAGE.feed, days, settings.today, lambda window: read(session, USAGE, window, settings.spool_dir))


def _older_reports(session: VendorSession, window: Window) -> Reading:
    """Cost by member, and what no member accounts for as rows without an actor.

    A day whose members add up to more than their organisation holds the members alone, and ``count_mismatch``.

    Raises:
        FeedError: ``cut_off`` where the vendor's cap on groups may hide some, or as :class:`Pages`.
    """
    people, watermark_of_people, raw, problem_of_people = _people(session, window)
    totals, watermark, more, problem = _totals(session, window)
    days: dict[date, list[dict] | FeedError] = {}
    problems = problems_of(window, problem_of_people or problem)
    for day in window.days():
        try:
            days[day] = [*people.get(day, ()), *_remainder(day, people.get(day, []), totals.get(day, []))]
        except FeedError as error:
            # What members spent is known, whatever their organisation spent besides.
            is_known = error.reason == "count_mismatch"
            days[day] = people[day] if is_known else error
            problems |= {day: error} if is_known else {}
    known = [moment for moment in (watermark_of_people, watermark) if moment]
    return Reading(days, min(known, default=None), [*raw, *more], problems)


def _bucketed(window: Window) -> Params:
    return [
        ("starting_at", f"{window.first}T00:00:00Z"), ("ending_at", f"{window.last + timedelta(days=1)}T00:00:00Z"),
        ("bucket_width", "1d"), ("group_by[]", "product"), ("group_by[]", "model"),
    ]


def _people(session: VendorSession, window: Window):
    path = f"{ANALYTICS}/user_cost_report"
    where = f"{COST.feed} {window.first}..{window.last}: GET {path}"
    found: dict[date, list[dict]] = defaultdict(list)
    seen, watermarks, raw = set(), [], []
    pages = Pages(session, path, [*_bucketed(window), ("limit", MAX_ROWS)], UserCostPage, where)
    for page, answer in pages:
        raw.append(answer)
        watermarks += [page.data_refreshed_at] if page.data_refreshed_at else []
        for row in page.data:
            day = row_day(row.starting_at, row.ending_at, window, where)
            identity = (day, msgspec.json.encode(row.actor), row.product, row.model)
            if identity in seen:
                raise FeedError("repeated_row", f"{where}: a row of {day} came twice; nothing was stored")
            seen.add(identity)
            actor = row.actor
            found[day].append(group_cost(row, day, where) | {
                "actor_type": actor.type, "actor_id": actor.actor_id, "actor_email": actor.email_address or actor.email})
    return found, min(watermarks, default=None), raw, pages.problem


def _totals(session: VendorSession, window: Window):
    path = f"{ANALYTICS}/cost_report"
    where = f"{COST.feed} {window.first}..{window.last}: GET {path}"
    found: dict[date, list[dict]] = {}
    watermarks, raw = [], []
    pages = Pages(session, path, [*_bucketed(window), ("limit", MAX_BUCKETS)], CostBucketPage, where)
    for page, answer in pages:
        raw.append(answer)
        watermarks += [page.data_refreshed_at] if page.data_refreshed_at else []
        for bucket in page.data:
            day = row_day(bucket.starting_at, bucket.ending_at, window, where)
            found[day] = [group_cost(row, day, where) for row in bucket.results]
    return found, min(watermarks, default=None), raw, pages.problem


def _remainder(day: date, people: list[dict], totals: list[dict]) -> Iterator[dict]:
    where = f"{COST.feed} {day}: GET {ANALYTICS}/cost_report"
    if len(totals) >= MAX_GROUPS:
        raise FeedError("cut_off", f"{where}: {len(totals)} groups, the report's cap; what is beyond it is not known")
    sums: dict[tuple, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in people:
        sums[row["product"], row["model"]][0] += row["amount_usd"]
        sums[row["product"], row["model"]][1] += row["list_usd"]
    nobody = {"actor_type": None, "actor_id": None, "actor_email": None}
    for row in totals:
        amount, listed = sums.pop((row["product"], row["model"]), (Decimal(0), Decimal(0)))
        left = {"amount_usd": row["amount_usd"] - amount, "list_usd": row["list_usd"] - listed}
        if min(left.values()) < 0:
            raise FeedError("count_mismatch", f"{where}: members add up to more than their organisation; read it again")
        if any(left.values()):
            yield row | nobody | left
    if any(any(rest) for rest in sums.values()):
        raise FeedError("count_mismatch", f"{where}: members have cost that their organisation has not; read it again")
