"""Wire shapes and lake tables of the Claude Enterprise reports that the analytics API does not share with the Console."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Raw, Struct

from agent_spend.sources.claude.analytics_schema import Actor, Usage, used
from agent_spend.sources.claude.schema import count, usd
from agent_spend.sources.contract import DAY, TEXT, WHOLE, Contract, column


class GroupCost(Struct):
    """Cost of one product and model in a bucket of the older report; amounts are in cents."""

    amount: Decimal
    list_amount: Decimal
    currency: str
    product: str | None = None
    model: str | None = None


class UserCost(GroupCost, kw_only=True):
    """A person's part of it; ``starting_at`` and ``ending_at`` are the bucket's."""

    actor: Actor
    starting_at: datetime
    ending_at: datetime


class GroupUsage(Usage):
    """Tokens of one product and model in a bucket of the older report."""

    product: str | None = None
    model: str | None = None


class UserUsage(GroupUsage, kw_only=True):
    """A person's part of it; ``starting_at`` and ``ending_at`` are the bucket's."""

    actor: Actor
    starting_at: datetime
    ending_at: datetime


class Summary(Struct):
    """Seats and active users of one day; ``assigned_seat_count`` is null for a part of the organisation."""

    starting_at: datetime
    ending_at: datetime
    assigned_seat_count: int | None = None
    pending_invite_count: int | None = None
    daily_active_user_count: int | None = None
    weekly_active_user_count: int | None = None
    monthly_active_user_count: int | None = None


class SummaryPage(Struct):
    """The days were published under ``summaries`` first and under ``data`` later."""

    data: list[Raw] | None = None
    summaries: list[Raw] | None = None
    next_page: str | None = None


class ActiveUser(Struct):
    id: str
    email_address: str | None = None


class Lines(Struct):
    added_count: int | None = None
    removed_count: int | None = None


class CodeCore(Struct):
    commit_count: int | None = None
    pull_request_count: int | None = None
    distinct_session_count: int | None = None
    lines_of_code: Lines | None = None


class CodeMetrics(Struct):
    core_metrics: CodeCore | None = None


class ChatMetrics(Struct):
    message_count: int | None = None
    distinct_conversation_count: int | None = None


class Activity(Struct):
    """One member's day. Metrics of further products come and go; those read here are the stable ones."""

    user: ActiveUser | None = None
    chat_metrics: ChatMetrics | None = None
    claude_code_metrics: CodeMetrics | None = None
    web_search_count: int | None = None


class ActivityPage(Struct):
    data: list[Activity]
    next_page: str | None = None


def group_cost(row: GroupCost, day: date, where: str) -> dict:
    """A row of ``claude_enterprise_cost`` from an older report, without its actor."""
    return {
        "usage_day": day,
        "product": row.product,
        "model": row.model,
        "amount_usd": usd(row.amount, row.currency, "amount", where),
        "list_usd": usd(row.list_amount, row.currency, "list_amount", where),
        "source": "reports",
    }


def group_usage(row: GroupUsage, day: date, where: str) -> dict:
    """A row of ``claude_enterprise_usage`` from an older report, without its actor."""
    return {"usage_day": day, "product": row.product, "model": row.model, **used(row, where)}


def summary_row(summary: Summary, day: date, where: str) -> dict:
    """A row of ``claude_enterprise_seats``."""
    names = {
        "assigned_seats": summary.assigned_seat_count, "pending_invites": summary.pending_invite_count,
        "daily_active_users": summary.daily_active_user_count, "weekly_active_users": summary.weekly_active_user_count,
        "monthly_active_users": summary.monthly_active_user_count,
    }
    return {"usage_day": day} | {name: count(value, name, where) for name, value in names.items()}


def activity_row(activity: Activity, day: date, where: str) -> dict:
    """A row of ``claude_enterprise_users``; what the vendor leaves out stays null."""
    chat = activity.chat_metrics or ChatMetrics()
    core = (activity.claude_code_metrics or CodeMetrics()).core_metrics or CodeCore()
    lines = core.lines_of_code or Lines()
    names = {
        "messages": chat.message_count, "conversations": chat.distinct_conversation_count,
        "code_sessions": core.distinct_session_count, "commits": core.commit_count,
        "pull_requests": core.pull_request_count, "lines_added": lines.added_count,
        "lines_removed": lines.removed_count, "web_searches": activity.web_search_count,
    }
    user = activity.user
    return {
        "usage_day": day,
        "user_id": user.id if user else None,
        "user_email": user.email_address if user else None,
        **{name: count(value, name, where) for name, value in names.items()},
    }


def _count(description: str):
    return column(WHOLE, description, nullable=True)


_DAY = column(DAY, "UTC day")

ENTERPRISE_SEATS = Contract({
    "usage_day": _DAY,
    "assigned_seats": _count("Seats assigned to members, as of the vendor's snapshot of the day"),
    "pending_invites": _count("Invitations not yet accepted"),
    "daily_active_users": _count("Members with token use on the day"),
    "weekly_active_users": _count("Members with token use in the 7 days that end with it"),
    "monthly_active_users": _count("Members with token use in the 30 days that end with it"),
})

ENTERPRISE_USERS = Contract({
    "usage_day": _DAY,
    "user_id": column(TEXT, "Member's id", nullable=True),
    "user_email": column(TEXT, "Member's e-mail address", nullable=True),
    "messages": _count("Chat messages sent"),
    "conversations": _count("Distinct chat conversations"),
    "code_sessions": _count("Distinct Claude Code sessions"),
    "commits": _count("Commits made by Claude Code"),
    "pull_requests": _count("Pull requests made by Claude Code"),
    "lines_added": _count("Lines of code added"),
    "lines_removed": _count("Lines of code removed"),
    "web_searches": _count("Web searches"),
})
