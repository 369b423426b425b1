"""Wire shapes and lake tables of the Messages usage report and the cost report; cents become dollars here."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal

from msgspec import Raw, Struct

from agent_spend.errors import FeedError
from agent_spend.sources.contract import DAY, MONEY, TEXT, WHOLE, Contract, column

# 28 digits, the default, would round an amount of more than 26 digits on its way from cents to dollars.
_EXACT = Context(prec=60)
#: No count is larger; sums and prices of larger ones would not fit their columns.
LARGEST_COUNT = 10**15
#: Columns of the five disjoint classes, which every feed of use names alike.
TOKEN_CLASSES = ("uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens")
_LIFETIMES = {b"ephemeral_5m_input_tokens", b"ephemeral_1h_input_tokens"}
_WRITTEN = re.compile(rb'"(ephemeral_\w+)"\s*:\s*[1-9]')


class BucketPage(Struct):
    """Page of a bucketed report. Buckets stay raw: one unreadable day must not cost the others."""

    data: list[Raw]
    has_more: bool | None = None
    next_page: str | None = None


class Bucket(Struct):
    """One time bucket; ``results`` is an empty list when nothing was used, and raw so that its errors are its day's."""

    starting_at: datetime
    ending_at: datetime
    results: Raw = Raw(b"null")


class CacheCreation(Struct):
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUse(Struct):
    web_search_requests: int | None = None


class UsageResult(Struct):
    """Tokens of one group. Dimensions are null when not grouped by, or with the meanings told in the README."""

    uncached_input_tokens: int
    cache_creation: CacheCreation
    cache_read_input_tokens: int
    output_tokens: int
    server_tool_use: ServerToolUse | None = None
    api_key_id: str | None = None
    account_id: str | None = None
    service_account_id: str | None = None
    workspace_id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None
    speed: str | None = None


class CostResult(Struct):
    """One line of the bill; ``amount`` is in cents."""

    amount: Decimal
    currency: str
    workspace_id: str | None = None
    description: str | None = None
    cost_type: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None
    token_type: str | None = None


def usd(cents: Decimal, currency: str, field: str, where: str) -> Decimal:
    """Dollars of an amount in cents, exactly; a negative amount is a credit.

    Raises:
        FeedError: ``bad_value`` for a non-finite amount, ``currency`` for anything but US dollars.
    """
    if currency.upper() != "USD":
        raise FeedError("currency", f"{where}: {field} is in {currency}, only USD is understood; nothing was stored")
    if not cents.is_finite():
        raise FeedError("bad_value", f"{where}: {field} is {cents}, expected an amount in cents; nothing was stored")
    return cents.scaleb(-2, _EXACT)


def unread_tokens(body: bytes | Raw, where: str) -> FeedError | None:
    """What tells that tokens were written to caches of another lifetime, which no column and no price knows."""
    others = sorted(name.decode() for name in set(_WRITTEN.findall(body)) - _LIFETIMES)
    if not others:
        return None
    message = f"{where}: cache_creation has {', '.join(others)}: no lifetime known here; its tokens are in no total"
    return FeedError("unknown_token_class", message)


def utc(moment: datetime) -> datetime:
    """A moment in UTC, whatever its offset; one without an offset is UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def utc_day(starting_at: datetime, ending_at: datetime, where: str) -> date:
    """The UTC day that a row or bucket covers.

    Raises:
        FeedError: ``wrong_day`` unless it is exactly one.
    """
    start = utc(starting_at)
    if start.time() != time() or utc(ending_at) - start != timedelta(days=1):
        raise FeedError("wrong_day", f"{where}: {starting_at}..{ending_at} is not one UTC day")
    return start.date()


def midnight(day: date) -> str:
    """The instant a UTC day begins, as queries write it."""
    return f"{day}T00:00:00Z"


def count(value: int | None, field: str, where: str) -> int | None:
    """``value`` unless negative or beyond ``LARGEST_COUNT`` (``bad_value``); ``None`` stays what it is, not stated."""
    if value is not None and not 0 <= value <= LARGEST_COUNT:
        raise FeedError("bad_value", f"{where}: {field} is {value}, expected zero or more, up to 10^15; nothing was stored")
    return value


def usage_rows(results: Iterable[UsageResult], day: date, where: str) -> Iterator[dict]:
    """Rows of ``claude_api_usage``: the five token classes stay apart, the nested cache writes become columns."""
    names = ("api_key_id", "account_id", "service_account_id", "workspace_id", "model", "service_tier", "context_window",
             "inference_geo", "speed")
    for result in results:
        counts = {
            "uncached_input_tokens": result.uncached_input_tokens,
            "cache_write_5m_tokens": result.cache_creation.ephemeral_5m_input_tokens,
            "cache_write_1h_tokens": result.cache_creation.ephemeral_1h_input_tokens,
            "cache_read_tokens": result.cache_read_input_tokens,
            "output_tokens": result.output_tokens,
            "web_search_requests": result.server_tool_use.web_search_requests if result.server_tool_use else None,
        }
        dimensions = {name: getattr(result, name) for name in names}
        yield {"usage_day": day, **dimensions, **{name: count(n, name, where) for name, n in counts.items()}}


def cost_rows(results: Iterable[CostResult], day: date, where: str) -> Iterator[dict]:
    """Rows of ``claude_api_cost``; cents become dollars here and nowhere else."""
    names = ("workspace_id", "description", "cost_type", "model", "service_tier", "context_window", "inference_geo",
             "token_type", "currency")
    for result in results:
        yield {"usage_day": day, **{name: getattr(result, name) for name in names},
               "amount_usd": usd(result.amount, result.currency, "amount", where)}


_DIMENSIONS = {
    "workspace_id": column(TEXT, "Workspace; null is the default workspace", nullable=True),
    "model": column(TEXT, "Model id as the vendor reports it", nullable=True),
    "service_tier": column(TEXT, "standard, batch, priority, flex or a newer tier", nullable=True),
    "context_window": column(TEXT, "0-200k or 200k-1M, by prompt length in tokens", nullable=True),
    "inference_geo": column(TEXT, "global, us, or not_available for models without the choice", nullable=True),
}
_DAY = column(DAY, "UTC day of use")

API_USAGE = Contract({
    "usage_day": _DAY,
    "api_key_id": column(TEXT, "Key; null is the Console's Workbench or a call without a key", nullable=True),
    "account_id": column(TEXT, "User whose sign-in made the call; null for any other", nullable=True),
    "service_account_id": column(TEXT, "Service account of a federated workload; null for any other", nullable=True),
    **_DIMENSIONS,
    "speed": column(TEXT, "standard or fast, where the vendor says it", nullable=True),
    "uncached_input_tokens": column(WHOLE, "Input tokens neither read from nor written to the cache"),
    "cache_write_5m_tokens": column(WHOLE, "Input tokens written to the five-minute cache"),
    "cache_write_1h_tokens": column(WHOLE, "Input tokens written to the one-hour cache"),
    "cache_read_tokens": column(WHOLE, "Input tokens read from the cache"),
    "output_tokens": column(WHOLE, "Output tokens"),
    "web_search_requests": column(WHOLE, "Web searches the server ran; null where the answer tells none", nullable=True),
})

API_COST = Contract({
    "usage_day": _DAY,
    "workspace_id": _DIMENSIONS["workspace_id"],
    "description": column(TEXT, "The vendor's own wording of the line; never parsed", nullable=True),
    "cost_type": column(TEXT, "tokens, web_search, code_execution or session_usage", nullable=True),
    **{name: _DIMENSIONS[name] for name in ("model", "service_tier", "context_window", "inference_geo")},
    "token_type": column(TEXT, "Token class of the line, in the vendor's dotted names", nullable=True),
    "currency": column(TEXT, "Always USD"),
    "amount_usd": column(MONEY, "USD the vendor bills for the line, negative for a credit; Priority Tier is not in it"),
})
