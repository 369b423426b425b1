"""Cursor's reports about people and cycles: wire shapes, lake tables, and rows with dollars instead of cents."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

import msgspec

from agent_spend.errors import FeedError
from agent_spend.sources.contract import DAY, FLAG, INSTANT, MONEY, TEXT, WHOLE, Contract, column
from agent_spend.sources.cursor.pages import EPOCH, instant
from agent_spend.sources.cursor.schema import dollars, email, present


class Member(msgspec.Struct):
    """One entry of ``GET /teams/members``; the id was a number until about mid-2026, and in 2025 there was none."""

    email: str
    role: str = "(not stated)"
    id: str | int | None = None
    isRemoved: bool = False
    name: str | None = None


class MemberList(msgspec.Struct):
    teamMembers: list[Member]


class MemberSpend(msgspec.Struct):
    """One entry of ``POST /teams/spend``; which of the two covered fields is present decides what ``spendCents`` is.

    The dashboard's own answer leaves a member's ``spendCents`` out where there is nothing to charge.
    """

    spendCents: Decimal | None = None
    userId: str | int | None = None
    email: str | None = None
    overallSpendCents: Decimal | None = None
    includedSpendCents: Decimal | None = None
    effectivePerUserLimitDollars: Decimal | None = None


class SpendPage(msgspec.Struct):
    teamMemberSpend: list[MemberSpend]
    subscriptionCycleStart: int | str
    totalMembers: int | None = None
    totalPages: int = 1


class Activity(msgspec.Struct):
    """One person and UTC day of ``POST /teams/daily-usage-data``; in 2025 it was told by ``date`` and e-mail alone."""

    userId: str | int | None = None
    day: str | None = None
    date: str | int | None = None
    email: str | None = None
    isActive: bool | None = None
    agentRequests: int | None = None
    chatRequests: int | None = None
    composerRequests: int | None = None
    subscriptionIncludedReqs: int | None = None
    usageBasedReqs: int | None = None
    totalLinesAdded: int | None = None
    mostUsedModel: str | None = None


class ActivityPagination(msgspec.Struct):
    hasNextPage: bool
    totalUsers: int | None = None


class ActivityPage(msgspec.Struct):
    data: list[msgspec.Raw]
    pagination: ActivityPagination | None = None


class Group(msgspec.Struct):
    id: str
    name: str
    spendCents: Decimal
    type: str = "BILLING"


class Cycle(msgspec.Struct):
    cycleStart: Annotated[datetime, msgspec.Meta(tz=True)]
    cycleEnd: Annotated[datetime, msgspec.Meta(tz=True)]


class GroupList(msgspec.Struct):
    """``GET /teams/groups?billingCycle=``: the only documented route to a past cycle and to a cycle's end."""

    billingCycle: Cycle
    groups: list[Group] = []
    unassignedGroup: Group | None = None


_USER_ID = column(TEXT, "the endpoint's own user id as text, the e-mail where it has none; join on email")
_EMAIL = column(TEXT, "e-mail, lower case", nullable=True)

CURSOR_MEMBERS = Contract(
    {
        "usage_day": column(DAY, "UTC day the list stands for"),
        "user_id": column(TEXT, "member id (user_..., a number before mid-2026) as text; the e-mail where there is none"),
        "email": column(TEXT, "e-mail, lower case"),
        "name": column(TEXT, "name as the member wrote it", nullable=True),
        "role": column(TEXT, "owner, member, free-owner (no seat) or a newer role"),
        "is_removed": column(FLAG, "whether the person has left the team; removed people stay listed"),
    },
    unique=["usage_day", "user_id"],
)

CURSOR_SPEND = Contract(
    {
        "usage_day": column(DAY, "UTC day the snapshot stands for"),
        "cycle_started_at": column(INSTANT, "start of the billing cycle that the amounts belong to, UTC"),
        "user_id": _USER_ID,
        "email": _EMAIL,
        "on_demand_usd": column(MONEY, "on-demand charge of the cycle so far, USD; null where none is stated", nullable=True),
        "overall_usd": column(MONEY, "on-demand plus included of the cycle so far, USD", nullable=True),
        "limit_usd": column(MONEY, "effective spend limit of the person, USD; null means none is stated", nullable=True),
    },
    unique=["usage_day", "user_id"],
)

CURSOR_DAILY_USAGE = Contract(
    {
        "usage_day": column(DAY, "UTC day of the activity"),
        "user_id": _USER_ID,
        "email": _EMAIL,
        "is_active": column(FLAG, "whether the person used Cursor that day", nullable=True),
        "agent_requests": column(WHOLE, "agent requests; events, not billable units", nullable=True),
        "chat_requests": column(WHOLE, "chat requests; events, not billable units", nullable=True),
        "composer_requests": column(WHOLE, "composer requests; events, not billable units", nullable=True),
        "included_requests": column(WHOLE, "requests that drew the plan's allowance", nullable=True),
        "usage_based_requests": column(WHOLE, "requests charged on demand", nullable=True),
        "lines_added": column(WHOLE, "lines added, typed and pasted ones included", nullable=True),
        "most_used_model": column(TEXT, "model as the vendor writes it; null on idle days", nullable=True),
    },
    unique=["usage_day", "user_id"],
)

CURSOR_BILLING_CYCLES = Contract(
    {
        "usage_day": column(DAY, "UTC day by which the cycle was selected"),
        "cycle_started_at": column(INSTANT, "start of the cycle, UTC, included"),
        "cycle_ended_at": column(INSTANT, "end of the cycle, UTC, excluded"),
        "group_id": column(TEXT, "billing group; group_unassigned holds everything without one"),
        "group_name": column(TEXT, "name of the billing group"),
        "spend_usd": column(MONEY, "the group's spend in the cycle as known when read, USD; one group an event"),
    },
    unique=["usage_day", "group_id"],
)


def member_row(member: Member, day: date) -> dict:
    """One member as a row of ``cursor_members``."""
    return {
        "usage_day": day,
        "user_id": _user_id(member.id, member.email, "cursor_members"),
        "email": email(member.email),
        "name": present(member.name),
        "role": member.role,
        "is_removed": member.isRemoved or member.role.lower() == "removed",
    }


def is_total(spends: Sequence[MemberSpend]) -> bool:
    """Whether ``spendCents`` of an answer holds the included part, as it did before 2026, and not the on-demand part alone.

    Such an answer states ``includedSpendCents`` and no ``overallSpendCents``, and for nobody more included than spent.
    """
    older = [spend for spend in spends if spend.includedSpendCents is not None]
    return all(spend.overallSpendCents is None for spend in spends) and all(
        spend.spendCents is None or spend.includedSpendCents <= spend.spendCents for spend in older
    )


def spend_row(spend: MemberSpend, cycle_start_ms: int, day: date, where: str, *, is_total: bool) -> dict:
    """One member's cycle so far; see :func:`is_total`."""
    on_demand, included, overall = spend.spendCents, spend.includedSpendCents, spend.overallSpendCents
    if on_demand is not None and included is not None and overall is None:
        on_demand, overall = (on_demand - included, on_demand) if is_total else (on_demand, on_demand + included)
    return {
        "usage_day": day,
        "cycle_started_at": EPOCH + timedelta(milliseconds=cycle_start_ms),
        "user_id": _user_id(spend.userId, spend.email, where),
        "email": email(spend.email),
        "on_demand_usd": dollars(on_demand),
        "overall_usd": dollars(overall),
        "limit_usd": spend.effectivePerUserLimitDollars,
    }


def activity_row(activity: Activity, where: str) -> dict:
    """One person's day as a row of ``cursor_daily_usage``.

    Raises:
        FeedError: ``missing_field`` for a row that tells no day or no person; ``malformed`` for a day that is none.
    """
    stated = activity.date if activity.day is None else activity.day
    if stated is None:
        raise FeedError("missing_field", f"{where}: a row has neither day nor date; the vendor's shape has changed")
    return {
        "usage_day": instant(stated, f"{where}: data.day").date(),
        "user_id": _user_id(activity.userId, activity.email, where),
        "email": email(activity.email),
        "is_active": activity.isActive,
        "agent_requests": activity.agentRequests,
        "chat_requests": activity.chatRequests,
        "composer_requests": activity.composerRequests,
        "included_requests": activity.subscriptionIncludedReqs,
        "usage_based_requests": activity.usageBasedReqs,
        "lines_added": activity.totalLinesAdded,
        "most_used_model": present(activity.mostUsedModel),
    }


def _user_id(stated: str | int | None, address: str | None, where: str) -> str:
    """The endpoint's id as text; the e-mail in lower case where an older answer has none."""
    if stated is None and email(address) is None:
        raise FeedError("missing_field", f"{where}: a row has neither a user id nor an e-mail; the vendor's shape has changed")
    return email(address) if stated is None else str(stated)


def cycle_rows(listed: GroupList, day: date, where: str) -> list[dict]:
    """One row a billing group, the unassigned one included, so that the rows add up to the team.

    Raises:
        FeedError: ``unknown_group_type``: groups of another type could count the same events again. ``empty_list``.
    """
    if not listed.groups and listed.unassignedGroup is None:
        raise FeedError("empty_list", f"{where}: GET /teams/groups lists no group, not even Unassigned; nothing was stored")
    for group in listed.groups:
        if group.type != "BILLING":
            message = f"{where}: group {group.id} is of type {group.type!r}; only BILLING groups share out the events"
            raise FeedError("unknown_group_type", message)
    return [
        {
            "usage_day": day,
            "cycle_started_at": listed.billingCycle.cycleStart.astimezone(UTC),
            "cycle_ended_at": listed.billingCycle.cycleEnd.astimezone(UTC),
            "group_id": group.id,
            "group_name": group.name,
            "spend_usd": dollars(group.spendCents),
        }
        for group in (*listed.groups, listed.unassignedGroup)
        if group is not None
    ]
