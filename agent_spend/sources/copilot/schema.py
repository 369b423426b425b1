"""Shapes of GitHub's Copilot usage metrics reports and the lake table of per-user consumption.

Source: GitHub REST reference, "Copilot usage metrics" (API version 2026-03-10). Every field of a record except ``day``
and ``user_id`` is optional; unknown fields are ignored.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec
from msgspec import UNSET, UnsetType

from agent_spend.sources.contract import DAY, FLAG, MONEY, TEXT, WHOLE, Contract, column

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_SMALLEST = Decimal(1).scaleb(-18)


class Envelope(msgspec.Struct):
    """Answer of a report endpoint: pre-signed links to every shard, and the day or the inclusive days they cover."""

    download_links: list[str]
    report_day: date | None = None
    report_start_day: date | None = None
    report_end_day: date | None = None


class CliTokens(msgspec.Struct, gc=False):
    """Tokens of Copilot CLI; no cache and no model split, so they cannot be priced."""

    prompt_tokens_sum: int | None = None
    output_tokens_sum: int | None = None


class CliTotals(msgspec.Struct, gc=False):
    """``totals_by_cli``; left out by GitHub when the CLI was not used."""

    session_count: int | None = None
    token_usage: CliTokens | None = None


class UserDay(msgspec.Struct, gc=False):
    """One line of users-1-day or users-28-day: one user and UTC day within one organization or enterprise.

    Copies of the reports leave the day of a report of one day out, and call the login ``login``.
    """

    user_id: int
    day: date | None = None
    user_login: str | None = None
    login: str | None = None
    enterprise_id: str | int | None = None
    organization_id: str | int | None = None
    ai_credits_used: Decimal | UnsetType | None = UNSET
    user_initiated_interaction_count: int | None = None
    code_generation_activity_count: int | None = None
    code_acceptance_activity_count: int | None = None
    used_agent: bool | None = None
    used_chat: bool | None = None
    used_cli: bool | None = None
    used_copilot_cloud_agent: bool | None = None
    used_copilot_coding_agent: bool | None = None
    totals_by_cli: CliTotals | None = None


class UserTeam(msgspec.Struct, gc=False):
    """One line of user-teams-1-day: a user with a seat in a team on a UTC day. Teams of fewer than five are left out."""

    day: date
    user_id: int
    team_id: int
    slug: str
    user_login: str | None = None
    enterprise_id: str | int | None = None
    organization_id: str | int | None = None


#: Whose answer a row comes from.
SCOPE = {
    "scope_kind": column(TEXT, "enterprise or organization: whose answer the row comes from.",
                         one_of=["enterprise", "organization"]),
    "scope": column(TEXT, "Slug of the enterprise or organization that was asked."),
}  # fmt: skip
_SCOPE_OF_REPORT = {
    **SCOPE,
    "enterprise_id": column(TEXT, "GitHub's id of the enterprise.", nullable=True),
    "organization_id": column(TEXT, "GitHub's id of the organization; organization reports only.", nullable=True),
}  # fmt: skip

#: One row a scope, user and day. Columns are those of every per-user Copilot report.
USER_USAGE = Contract(
    {
        "usage_day": column(DAY, "UTC day of the consumption."),
        **_SCOPE_OF_REPORT,
        "user_id": column(WHOLE, "GitHub's account id; never changes, unlike the login."),
        "user_login": column(TEXT, "Login on that day; id: and the account id where GitHub names none."),
        "ai_credits_used": column(MONEY, "AI credits consumed (1 credit = 0.01 USD list); null is unknown, not zero.",
                                  nullable=True),
        "ai_credits_state": column(TEXT, "known, absent (GitHub left the field out) or null (sent without a value).",
                                   one_of=["known", "absent", "null"]),
        "interactions": column(WHOLE, "Prompts the user sent.", nullable=True),
        "code_generations": column(WHOLE, "Times Copilot produced code.", nullable=True),
        "code_acceptances": column(WHOLE, "Times the user accepted code.", nullable=True),
        "used_agent": column(FLAG, "Agent mode was used; null is not said.", nullable=True),
        "used_chat": column(FLAG, "Chat was used; null is not said.", nullable=True),
        "used_cli": column(FLAG, "Copilot CLI was used; null is not said.", nullable=True),
        "used_cloud_agent": column(FLAG, "The cloud (coding) agent was used; null is not said.", nullable=True),
        "cli_sessions": column(WHOLE, "Copilot CLI sessions.", nullable=True),
        "cli_prompt_tokens": column(WHOLE, "Copilot CLI prompt tokens, uncached and cached together.", nullable=True),
        "cli_output_tokens": column(WHOLE, "Copilot CLI output tokens.", nullable=True),
    },
    unique=["scope_kind", "scope", "user_id", "usage_day"],
)


#: One row a scope, team and user with a seat.
USER_TEAMS = Contract(
    {
        "usage_day": column(DAY, "UTC day of the membership."),
        **_SCOPE_OF_REPORT,
        "team_id": column(WHOLE, "GitHub's team id; survives renames."),
        "team_slug": column(TEXT, "Team slug on that day."),
        "user_id": column(WHOLE, "GitHub's account id."),
        "user_login": column(TEXT, "Login on that day; id: and the account id where GitHub names none."),
    },
    unique=["scope_kind", "scope", "team_id", "user_id", "usage_day"],
)  # fmt: skip


def user_team_row(record: UserTeam, scope: Mapping[str, str]) -> dict:
    """One row of :data:`USER_TEAMS`."""
    return {
        "usage_day": record.day, **scope, "enterprise_id": _id_text(record.enterprise_id),
        "organization_id": _id_text(record.organization_id), "team_id": record.team_id, "team_slug": record.slug,
        "user_id": record.user_id, "user_login": record.user_login or _no_login(record.user_id),
    }  # fmt: skip


def user_usage_row(record: UserDay, scope: Mapping[str, str]) -> dict:
    """One row of :data:`USER_USAGE`."""
    cli = record.totals_by_cli or CliTotals()
    tokens = cli.token_usage or CliTokens()
    # GitHub publishes the same value under two names during a rename; either may be missing.
    cloud_agent = record.used_copilot_cloud_agent
    return {
        "usage_day": record.day,
        **scope,
        "enterprise_id": _id_text(record.enterprise_id),
        "organization_id": _id_text(record.organization_id),
        "user_id": record.user_id,
        "user_login": record.user_login or record.login or _no_login(record.user_id),
        "ai_credits_used": exact(record.ai_credits_used),
        "ai_credits_state": _credits_state(record.ai_credits_used),
        "interactions": record.user_initiated_interaction_count,
        "code_generations": record.code_generation_activity_count,
        "code_acceptances": record.code_acceptance_activity_count,
        "used_agent": record.used_agent,
        "used_chat": record.used_chat,
        "used_cli": record.used_cli,
        "used_cloud_agent": record.used_copilot_coding_agent if cloud_agent is None else cloud_agent,
        "cli_sessions": cli.session_count,
        "cli_prompt_tokens": tokens.prompt_tokens_sum,
        "cli_output_tokens": tokens.output_tokens_sum,
    }


def _no_login(user_id: int) -> str:
    # No login holds a colon, so this is nobody else's.
    return f"id:{user_id}"


def exact(value: Decimal | UnsetType | None) -> Decimal | None:
    """The number as published, ``None`` when it was not said.

    Only digits beyond the lake's eighteenth decimal, which are float noise of a tiny number, are rounded.

    Raises:
        ArithmeticError: ``NaN`` or infinity.
    """
    if value is None or value is UNSET:
        return None
    if not value.is_finite():
        raise ArithmeticError(f"{value} is no number")
    return value.quantize(_SMALLEST, context=_EXACT) if value.as_tuple().exponent < -18 else value


def _credits_state(value: Decimal | UnsetType | None) -> str:
    if value is UNSET:
        return "absent"
    return "null" if value is None else "known"


def _id_text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
