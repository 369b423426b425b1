"""Wire shape and lake table of the Claude Code report."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from agent_spend.errors import FeedError
from agent_spend.sources.claude.schema import count, usd, utc
from agent_spend.sources.contract import DAY, FLAG, MONEY, TEXT, WHOLE, Contract, column


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
    date: str
    model_breakdown: list[CodeModel]
    subscription_type: str | None = None
    terminal_type: str | None = None
    is_remote: bool = False
    organization_id: str | None = None
    core_metrics: CoreMetrics | UnsetType | None = UNSET


class CodePage(Struct):
    data: list[CodeRecord]
    has_more: bool | None = None
    next_page: str | None = None


def code_rows(records: list[CodeRecord], day: date, where: str) -> Iterator[dict]:
    """Rows of ``claude_code_usage``, one a record and model; a record without a model keeps one row for its sessions.

    Raises:
        FeedError: ``wrong_day`` when a record is of another day than the one asked for, ``bad_value`` when of none.
    """
    for record in records:
        if (found := _day_of(record, where)) != day:
            raise FeedError("wrong_day", f"{where}: a record of {found} came back; nothing was stored")
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
        yield from (head | _code_model(model, where) for model in record.model_breakdown)
        if not record.model_breakdown:
            yield head | _NO_MODEL


def _day_of(record: CodeRecord, where: str) -> date:
    """The UTC day of a record, which the vendor documents as a date and shows as a moment."""
    try:
        return utc(datetime.fromisoformat(record.date)).date()
    except ValueError:
        raise FeedError("bad_value", f"{where}: date is {record.date!r}, expected a UTC day; nothing was stored") from None


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


CODE_USAGE = Contract({
    "usage_day": column(DAY, "UTC day of use"),
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
})
