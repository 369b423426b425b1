"""Wire shapes and lake tables of the Messages usage report, the cost report and the Claude Code report."""

from datetime import date, datetime
from decimal import Context, Decimal

import pandera.pandas as pandera
from msgspec import UNSET, Raw, Struct, UnsetType

from agent_spend.errors import FeedError
from agent_spend.sources.feed import DAY, FLAG, MONEY, TEXT, WHOLE, column

# 28 digits, the default, would round an amount of more than 26 digits on its way from cents to dollars.
_EXACT = Context(prec=60)

TOKEN_CLASSES = (
    "uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens",
)


class BucketPage(Struct):
    """Page of a bucketed report. Buckets stay raw: one unreadable day must not cost the others."""

    data: list[Raw]
    has_more: bool
    next_page: str | None = None


class Bucket(Struct):
    """One time bucket; ``results`` is empty when nothing was used."""

    starting_at: datetime
    ending_at: datetime
    results: Raw


class CacheCreation(Struct):
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUse(Struct):
    web_search_requests: int


class UsageResult(Struct):
    """Tokens of one group. Dimensions are null when not grouped by, or with the meanings told in the README."""

    uncached_input_tokens: int
    cache_creation: CacheCreation
    cache_read_input_tokens: int
    output_tokens: int
    server_tool_use: ServerToolUse
    api_key_id: str | None = None
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


class CodeActor(Struct):
    """``user_actor`` with an e-mail address or ``api_actor`` with the (mutable, not unique) name of a key."""

    type: str
    email_address: str | None = None
    api_key_name: str | None = None


class CodeTokens(Struct):
    input: int
    output: int
    cache_read: int
    cache_creation: int


class CodeCost(Struct):
    """The vendor's estimate; ``amount`` is in cents."""

    amount: Decimal
    currency: str


class CodeModel(Struct):
    model: str
    tokens: CodeTokens
    estimated_cost: CodeCost


class CoreMetrics(Struct):
    num_sessions: int | None = None


class CodeRecord(Struct):
    """One actor's day on one surface."""

    actor: CodeActor
    customer_type: str
    date: datetime
    model_breakdown: list[CodeModel]
    subscription_type: str | None = None
    terminal_type: str | None = None
    is_remote: bool = False
    organization_id: str | None = None
    core_metrics: CoreMetrics | UnsetType | None = UNSET


class CodePage(Struct):
    data: list[CodeRecord]
    has_more: bool
    next_page: str | None = None


def usd(cents: Decimal, currency: str, field: str, where: str) -> Decimal:
    """Dollars of an amount in cents, exactly.

    Raises:
        FeedError: ``bad_value`` for a negative or non-finite amount, ``currency`` for anything but US dollars.
    """
    if currency != "USD":
        raise FeedError("currency", f"{where}: {field} is in {currency}, only USD is understood; nothing was stored")
    if not cents.is_finite() or cents < 0:
        raise FeedError("bad_value", f"{where}: {field} is {cents}, expected zero or more; nothing was stored")
    return cents.scaleb(-2, _EXACT)


def count(value: int, field: str, where: str) -> int:
    """``value`` unless negative (``bad_value``)."""
    if value < 0:
        raise FeedError("bad_value", f"{where}: {field} is {value}, expected zero or more; nothing was stored")
    return value


def usage_rows(results: list[UsageResult], day: date, where: str) -> list[dict]:
    """Rows of ``claude_api_usage``: the five token classes stay apart, the nested cache writes become columns."""
    names = ("api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo", "speed")
    rows = []
    for result in results:
        counts = {
            "uncached_input_tokens": result.uncached_input_tokens,
            "cache_write_5m_tokens": result.cache_creation.ephemeral_5m_input_tokens,
            "cache_write_1h_tokens": result.cache_creation.ephemeral_1h_input_tokens,
            "cache_read_tokens": result.cache_read_input_tokens,
            "output_tokens": result.output_tokens,
            "web_search_requests": result.server_tool_use.web_search_requests,
        }
        dimensions = {name: getattr(result, name) for name in names}
        rows.append({"usage_day": day, **dimensions, **{name: count(n, name, where) for name, n in counts.items()}})
    return rows


def cost_rows(results: list[CostResult], day: date, where: str) -> list[dict]:
    """Rows of ``claude_api_cost``; cents become dollars here and nowhere else."""
    names = ("workspace_id", "description", "cost_type", "model", "service_tier", "context_window", "inference_geo",
             "token_type", "currency")
    return [
        {"usage_day": day, **{name: getattr(result, name) for name in names},
         "amount_usd": usd(result.amount, result.currency, "amount", where)}
        for result in results
    ]


def code_rows(records: list[CodeRecord], day: date, where: str) -> list[dict]:
    """Rows of ``claude_code_usage``, one a record and model; a record without a model keeps one row for its sessions.

    Raises:
        FeedError: ``wrong_day`` when a record is of another day than the one asked for.
    """
    rows = []
    for record in records:
        if record.date.date() != day:
            raise FeedError("wrong_day", f"{where}: a record of {record.date.date()} came back; nothing was stored")
        head = {
            "usage_day": day,
            "actor_type": record.actor.type,
            "actor_email": record.actor.email_address,
            "actor_api_key_name": record.actor.api_key_name,
            "customer_type": record.customer_type,
            "subscription_type": record.subscription_type,
            "terminal_type": record.terminal_type,
            "is_remote": record.is_remote,
            "organization_id": record.organization_id,
            "sessions": record.core_metrics.num_sessions if record.core_metrics else None,
        }
        rows += [head | _code_model(model, where) for model in record.model_breakdown] or [head | _NO_MODEL]
    return rows


_NO_MODEL = {"model": None, "input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0, "cache_creation_tokens": 0,
             "estimated_usd": Decimal(0)}


def _code_model(model: CodeModel, where: str) -> dict:
    tokens, cost = model.tokens, model.estimated_cost
    return {
        "model": model.model,
        "input_tokens": count(tokens.input, "tokens.input", where),
        "output_tokens": count(tokens.output, "tokens.output", where),
        "cache_read_tokens": count(tokens.cache_read, "tokens.cache_read", where),
        "cache_creation_tokens": count(tokens.cache_creation, "tokens.cache_creation", where),
        "estimated_usd": usd(cost.amount, cost.currency, "estimated_cost.amount", where),
    }


_DIMENSIONS = {
    "workspace_id": column(TEXT, "Workspace; null is the default workspace", nullable=True),
    "model": column(TEXT, "Model id as the vendor reports it", nullable=True),
    "service_tier": column(TEXT, "standard, batch, priority, flex or a newer tier", nullable=True),
    "context_window": column(TEXT, "0-200k or 200k-1M, by prompt length in tokens", nullable=True),
    "inference_geo": column(TEXT, "global, us, or not_available for models without the choice", nullable=True),
}
_DAY = column(DAY, "UTC day of use")

API_USAGE = pandera.DataFrameSchema({
    "usage_day": _DAY,
    "api_key_id": column(TEXT, "Key; null is the Console's Workbench or a call without a key", nullable=True),
    **_DIMENSIONS,
    "speed": column(TEXT, "standard or fast, where the vendor says it", nullable=True),
    "uncached_input_tokens": column(WHOLE, "Input tokens neither read from nor written to the cache"),
    "cache_write_5m_tokens": column(WHOLE, "Input tokens written to the five-minute cache"),
    "cache_write_1h_tokens": column(WHOLE, "Input tokens written to the one-hour cache"),
    "cache_read_tokens": column(WHOLE, "Input tokens read from the cache"),
    "output_tokens": column(WHOLE, "Output tokens"),
    "web_search_requests": column(WHOLE, "Web searches the server ran"),
}, strict=True)

API_COST = pandera.DataFrameSchema({
    "usage_day": _DAY,
    "workspace_id": _DIMENSIONS["workspace_id"],
    "description": column(TEXT, "The vendor's own wording of the line; never parsed", nullable=True),
    "cost_type": column(TEXT, "tokens, web_search, code_execution or session_usage", nullable=True),
    **{name: _DIMENSIONS[name] for name in ("model", "service_tier", "context_window", "inference_geo")},
    "token_type": column(TEXT, "Token class of the line, in the vendor's dotted names", nullable=True),
    "currency": column(TEXT, "Always USD"),
    "amount_usd": column(MONEY, "USD the vendor bills for the line; Priority Tier is not in it"),
}, strict=True)

CODE_USAGE = pandera.DataFrameSchema({
    "usage_day": _DAY,
    "actor_type": column(TEXT, "user_actor or api_actor"),
    "actor_email": column(TEXT, "E-mail address of a person", nullable=True),
    "actor_api_key_name": column(TEXT, "Name (not id) of the key of an api_actor", nullable=True),
    "customer_type": column(TEXT, "api: also in the API reports; subscription: covered by a seat"),
    "subscription_type": column(TEXT, "team or enterprise", nullable=True),
    "terminal_type": column(TEXT, "Surface, as the client names it", nullable=True),
    "is_remote": column(FLAG, "Ran on the vendor's machines"),
    "organization_id": column(TEXT, "The vendor's organisation", nullable=True),
    "sessions": column(WHOLE, "Sessions of the record, repeated on each of its models", nullable=True),
    "model": column(TEXT, "Model id; null for a record without model use", nullable=True),
    "input_tokens": column(WHOLE, "Uncached input tokens"),
    "output_tokens": column(WHOLE, "Output tokens"),
    "cache_read_tokens": column(WHOLE, "Input tokens read from the cache"),
    "cache_creation_tokens": column(WHOLE, "Input tokens written to a cache of either lifetime"),
    "estimated_usd": column(MONEY, "The vendor's estimate at list price in USD; not billed for subscription rows"),
}, strict=True)
