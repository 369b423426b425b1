"""Cursor usage events in the lake: the table, and the one place where cents become dollars."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from operator import attrgetter

from agent_spend.errors import FeedError
from agent_spend.sources.contract import DAY, FLAG, INSTANT, MONEY, TEXT, WHOLE, Contract, column
from agent_spend.sources.cursor.kinds import KIND_CLASSES, NOT_STATED, kind_class
from agent_spend.sources.cursor.pages import EPOCH, NO_TOKENS, TokenUsage, UsageEvent, instant

#: No event used more; sums of larger counts would not fit 64 bits.
_LARGEST_COUNT = 10**15
_EXACT = Context(prec=76)


CURSOR_USAGE_EVENTS = Contract(
    {
        "usage_day": column(DAY, "UTC day of the event"),
        "event_at": column(INSTANT, "instant of the event, UTC, to the millisecond"),
        "user_email": column(
            TEXT, "e-mail, lower case; not a person's when service_account_id is set", nullable=True
        ),
        "service_account_id": column(TEXT, "service account that caused the event; null for people", nullable=True),
        "service_account_name": column(TEXT, "its name; automations' accounts are automation-<id>", nullable=True),
        "cloud_agent_id": column(TEXT, "cloud agent run (bc-...); null when not a cloud agent", nullable=True),
        "automation_id": column(TEXT, "automation that started the run; null when none", nullable=True),
        "conversation_id": column(TEXT, "conversation the event belongs to", nullable=True),
        "model": column(TEXT, "model as the vendor writes it, not normalised; default means Auto", nullable=True),
        "kind": column(TEXT, "kind as received, in either of the vendor's two vocabularies"),
        "kind_class": column(TEXT, "kind in one vocabulary; only usage_based is cash", one_of=KIND_CLASSES),
        "max_mode": column(FLAG, "whether Max Mode was on", nullable=True),
        "is_token_based": column(FLAG, "whether the event is priced by tokens", nullable=True),
        "is_chargeable": column(FLAG, "the vendor's flag; true on included rows too, so no cash filter", nullable=True),
        "is_headless": column(FLAG, "whether no person sat in front of it", nullable=True),
        "requests_costs": column(MONEY, "legacy request units, fractional", nullable=True),
        "input_tokens": column(WHOLE, "plain input tokens; null when the vendor does not say", nullable=True),
        "output_tokens": column(WHOLE, "output tokens; null when the vendor does not say", nullable=True),
        "cache_write_tokens": column(WHOLE, "cache-write tokens; null when the vendor does not say", nullable=True),
        "cache_read_tokens": column(WHOLE, "cache-read tokens; null when the vendor does not say", nullable=True),
        "model_usd": column(MONEY, "model cost in USD before discount and fee", nullable=True),
        "discount_percent": column(MONEY, "percent taken off model_usd", nullable=True),
        "charged_usd": column(
            MONEY, "charged amount in USD; notional unless kind_class is usage_based; null where none is stated", nullable=True
        ),
        "token_fee_usd": column(MONEY, "token fee in USD, contained in charged_usd", nullable=True),
    },
)


def usage_columns(events: Sequence[UsageEvent], day: date, where: str, *, is_of_2025: bool) -> dict[str, list]:
    """Events of one day as columns, with money in USD.

    Args:
        is_of_2025: whether no event of the day has ``chargedCents``: the charge is then the model cost less its discount, and
            the token fee where there is one, which is what ``chargedCents`` holds since.

    Raises:
        FeedError: ``bad_value`` for a token count that no event can have.
    """
    place = f"{where} {day}"
    kinds = [event.kind or event.kindLabel or NOT_STATED for event in events]
    tokens = [event.tokenUsage or NO_TOKENS for event in events]
    return {
        "usage_day": [day] * len(tokens),
        "event_at": _instants(events, place),
        "user_email": [email(event.userEmail) for event in events],
        "service_account_id": [present(event.serviceAccountId) for event in events],
        "service_account_name": [present(event.serviceAccountName) for event in events],
        "cloud_agent_id": [present(event.cloudAgentId) for event in events],
        "automation_id": [present(event.automationId) for event in events],
        "conversation_id": [present(event.conversationId) for event in events],
        "model": [present(event.model) for event in events],
        "kind": kinds,
        "kind_class": [kind_class(kind, event.customSubscriptionName) for kind, event in zip(kinds, events, strict=True)],
        "max_mode": [event.maxMode for event in events],
        "is_token_based": [event.isTokenBasedCall for event in events],
        "is_chargeable": [event.isChargeable for event in events],
        "is_headless": [event.isHeadless for event in events],
        "requests_costs": [event.requestsCosts for event in events],
        "input_tokens": _counts(events, tokens, "inputTokens", place),
        "output_tokens": _counts(events, tokens, "outputTokens", place),
        "cache_write_tokens": _counts(events, tokens, "cacheWriteTokens", place),
        "cache_read_tokens": _counts(events, tokens, "cacheReadTokens", place),
        "model_usd": [dollars(used.totalCents) for used in tokens],
        "discount_percent": [used.discountPercentOff for used in tokens],
        "charged_usd": [dollars(_cents_of_2025(event) if is_of_2025 else event.chargedCents) for event in events],
        "token_fee_usd": [dollars(event.cursorTokenFee) for event in events],
    }


def dollars(cents: Decimal | None) -> Decimal | None:
    """Dollars of an amount in (fractional) cents, exact; the lake rounds what it has no places for."""
    return None if cents is None else cents.scaleb(-2, _EXACT)


def present(text: str | int | None) -> str | None:
    """Text, or None where the vendor writes nothing, an empty string or the word null; an id may be a number."""
    try:
        return None if not text or (text := text.strip()) in ("", "null") else text
    except AttributeError:
        return str(text)


def email(text: str | None) -> str | None:
    """An e-mail in lower case, the only key that all of the vendor's endpoints share."""
    text = present(text)
    return None if text is None else text.lower()


def _cents_of_2025(event: UsageEvent) -> Decimal | None:
    used = event.tokenUsage or NO_TOKENS
    if used.totalCents is None:
        return None
    return used.totalCents * (100 - (used.discountPercentOff or 0)) / 100 + (event.cursorTokenFee or 0)


def _instants(events: Sequence[UsageEvent], where: str) -> list[datetime]:
    try:
        return [EPOCH + timedelta(milliseconds=int(event.timestamp)) for event in events]
    except ValueError:
        return [instant(event.timestamp, where) for event in events]


def _counts(events: Sequence[UsageEvent], tokens: Sequence[TokenUsage], field: str, where: str) -> list[int | None]:
    counts = [*map(attrgetter(field), tokens)]
    try:
        return [_whole(count) for count in counts]
    except ValueError:
        event, count = next((event, count) for event, count in zip(events, counts, strict=True) if not _is_whole(count))
    raise FeedError("bad_value", f"{where}: usageEvents.tokenUsage.{field} of the event at {event.timestamp} is {count!r}, "
                                 "expected a whole number from zero to 10^15")


def _whole(count: int | str | None) -> int | None:
    if isinstance(count, str):
        count = int(count) if count.isdigit() else -1
    if count is not None and not 0 <= count <= _LARGEST_COUNT:
        raise ValueError
    return count


def _is_whole(count: int | str | None) -> bool:
    try:
        _whole(count)
    except ValueError:
        return False
    return True
