"""Wire shapes and lake tables of the Usage and Cost Analytics API (beta), which both kinds of organisation share."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from agent_spend.errors import FeedError
from agent_spend.sources.claude.schema import CacheCreation, ServerToolUse, count, usd
from agent_spend.sources.contract import DAY, MONEY, TEXT, WHOLE, Contract, column
from agent_spend.sources.decoding import decode

#: Groups that are remembered as read: most of them come again every day.
_KNOWN_GROUPS = 1 << 12


class Actor(Struct):
    """User, service account, API key or federated identity; each kind fills its own field."""

    type: str
    user_id: str | None = None
    email_address: str | None = None
    email: str | None = None
    service_account_id: str | None = None
    api_key_id: str | None = None
    subject: str | None = None

    @property
    def actor_id(self) -> str | None:
        return self.user_id or self.service_account_id or self.api_key_id or self.subject


class Group(Struct):
    """Values of the dimensions asked for; the others stay null."""

    api_key_id: str | None = None
    workspace_id: str | None = None
    model: str | None = None
    product: str | None = None
    actor: Actor | None = None
    cost_type: str | None = None
    token_type: str | None = None


class Cost(Struct):
    """Cents: ``amount`` after discount and before credits, ``list_amount`` at list price."""

    amount: Decimal
    list_amount: Decimal
    currency: str
    requests: int | None = None


class Usage(Struct):
    """Tokens of five disjoint classes. Code execution counts its spans as requests."""

    uncached_input_tokens: int
    cache_creation: CacheCreation
    cache_read_input_tokens: int
    output_tokens: int
    server_tool_use: ServerToolUse | None = None
    requests: int | None = None


class CostRow(Struct):
    """One combination of one day; ``group`` stays raw because its exact content is the row's identity."""

    starting_at: datetime
    ending_at: datetime
    group: Raw
    cost: Cost


class UsageRow(Struct):
    """As :class:`CostRow`, with tokens."""

    starting_at: datetime
    ending_at: datetime
    group: Raw
    usage: Usage


class Covered(Struct):
    """What a row or bucket of any of these reports is of, the rest of it readable or not."""

    starting_at: datetime
    ending_at: datetime


class RefreshedPage(Struct):
    """Page of rows or buckets, raw: one that cannot be read must not cost the days of the others.

    ``data_refreshed_at`` is null while the vendor has completed no part of the range.
    """

    data: list[Raw]
    has_more: bool | None = None
    next_page: str | None = None
    data_refreshed_at: datetime | UnsetType | None = UNSET


def cost_row(row: CostRow, day: date, groups: Sequence[str], where: str) -> dict:
    """A row of a cost feed.

    Raises:
        FeedError: as :func:`agent_spend.sources.claude.schema.usd`, and for a group of another shape.
    """
    cost = row.cost
    return {
        "usage_day": day,
        **_dimensions(row.group, groups, where),
        "amount_usd": usd(cost.amount, cost.currency, "cost.amount", where),
        "list_usd": usd(cost.list_amount, cost.currency, "cost.list_amount", where),
    }


def usage_row(row: UsageRow, day: date, groups: Sequence[str], where: str) -> dict:
    """A row of a usage feed.

    Raises:
        FeedError: ``bad_value`` for a negative count, and for a group of another shape.
    """
    return {"usage_day": day, **_dimensions(row.group, groups, where), **used(row.usage, where)}


def used(usage: Usage, where: str) -> dict:
    """The columns of :data:`_USAGE`; raises as :func:`usage_row`."""
    counts = {
        "uncached_input_tokens": usage.uncached_input_tokens,
        "cache_write_5m_tokens": usage.cache_creation.ephemeral_5m_input_tokens,
        "cache_write_1h_tokens": usage.cache_creation.ephemeral_1h_input_tokens,
        "cache_read_tokens": usage.cache_read_input_tokens,
        "output_tokens": usage.output_tokens,
        "web_search_requests": usage.server_tool_use.web_search_requests if usage.server_tool_use else None,
        "requests": usage.requests,
    }
    return {name: count(value, f"usage.{name}", where) for name, value in counts.items()}


@lru_cache(_KNOWN_GROUPS)
def identity(group: bytes) -> bytes:
    """What a row is of, however the vendor orders it."""
    return msgspec.json.encode(msgspec.json.decode(group), order="sorted")


def _dimensions(raw: Raw, groups: Sequence[str], where: str) -> dict:
    try:
        return _columns_of(bytes(raw), tuple(groups))
    except FeedError as error:
        raise FeedError(error.reason, f"{where}: {error.message}") from None


@lru_cache(_KNOWN_GROUPS)
def _columns_of(raw: bytes, groups: tuple[str, ...]) -> dict:
    group = decode(raw, Group, "group")
    return {name: getattr(group, name) for name in groups if name != "actor"} | actor_columns(group.actor)


def actor_columns(actor: Actor | None) -> dict:
    """Who it was; nobody where the vendor names none."""
    return {
        "actor_type": actor.type if actor else None,
        "actor_id": actor.actor_id if actor else None,
        "actor_email": (actor.email_address or actor.email) if actor else None,
    }


_DIMENSIONS = {
    "api_key_id": column(TEXT, "Key; null for use without one", nullable=True),
    "workspace_id": column(TEXT, "Workspace by its real id, the default one included", nullable=True),
    "model": column(TEXT, "Model id; null for code execution", nullable=True),
    "product": column(TEXT, "messages_api, claude_code, chat or another; null where no product is known", nullable=True),
    "cost_type": column(TEXT, "tokens, web_search, code_execution or session_usage", nullable=True),
    "token_type": column(TEXT, "Token class of the cost, in the vendor's dotted names", nullable=True),
    "actor_type": column(TEXT, "user_actor, service_account_actor, api_actor or federated_actor", nullable=True),
    "actor_id": column(TEXT, "Id of the user, service account or key, or the federated subject", nullable=True),
    "actor_email": column(TEXT, "E-mail address of a user; null once the account is deleted", nullable=True),
}
_COST = {
    "amount_usd": column(MONEY, "USD after discount and before credits"),
    "list_usd": column(MONEY, "USD at list price, as the vendor states it"),
}
_USAGE = {
    "uncached_input_tokens": column(WHOLE, "Input tokens neither read from nor written to the cache"),
    "cache_write_5m_tokens": column(WHOLE, "Input tokens written to the five-minute cache"),
    "cache_write_1h_tokens": column(WHOLE, "Input tokens written to the one-hour cache"),
    "cache_read_tokens": column(WHOLE, "Input tokens read from the cache"),
    "output_tokens": column(WHOLE, "Output tokens"),
    "web_search_requests": column(WHOLE, "Web searches the server ran; null where the answer tells none", nullable=True),
    "requests": column(WHOLE, "Requests", nullable=True),
}
#: What each query is cut by. The API allows five dimensions; ``cost_type`` and ``token_type`` come on top of them.
KEY_GROUPS = ("api_key_id", "workspace_id", "model", "product", "actor")
COST_GROUPS = (*KEY_GROUPS, "cost_type", "token_type")
ENTERPRISE_GROUPS = ("actor", "product", "model")


def _table(groups: Sequence[str], columns: dict) -> Contract:
    names = [name for name in groups if name != "actor"] + ["actor_type", "actor_id", "actor_email"]
    day = {"usage_day": column(DAY, "UTC day of use")}
    return Contract(day | {name: _DIMENSIONS[name] for name in names} | columns)


ANALYTICS_COST = _table(COST_GROUPS, _COST)
ANALYTICS_USAGE = _table(KEY_GROUPS, _USAGE)
ENTERPRISE_COST = _table(ENTERPRISE_GROUPS, _COST | {
    "source": column(TEXT, "analytics: the Usage and Cost Analytics API; reports: the older reports of the Enterprise plan"),
})
ENTERPRISE_USAGE = _table(ENTERPRISE_GROUPS, _USAGE)
