"""Cursor usage events: the wire shape, the lake table, and the one place where cents become dollars."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from operator import attrgetter

import msgspec

from agent_spend.errors import FeedError
from agent_spend.sources.contract import DAY, FLAG, INSTANT, MONEY, TEXT, WHOLE, Contract, column
from agent_spend.sources.cursor.kinds import KIND_CLASSES, NOT_STATED, kind_class
from agent_spend.sources.feed import decode

#: No event used more; sums of larger counts would not fit 64 bits.
_LARGEST_COUNT = 10**15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = Context(prec=76)
_DAY_MS = 86_400_000


class TokenUsage(msgspec.Struct, gc=False):
    """Four disjoint buckets; a zero bucket may be left out, so a missing one is unknown here."""

    inputTokens: int | str | None = None
    outputTokens: int | str | None = None
    cacheWriteTokens: int | str | None = None
    cacheReadTokens: int | str | None = None
    totalCents: Decimal | None = None
    discountPercentOff: Decimal | None = None


_NO_TOKENS = TokenUsage()


class UsageEvent(msgspec.Struct, gc=False):
    """One event of ``POST /teams/filtered-usage-events``; it has no id of its own. In 2025 it had no ``chargedCents``."""

    timestamp: str | int
    kind: str | None = None
    kindLabel: str | None = None
    chargedCents: Decimal | None = None
    userEmail: str | None = None
    serviceAccountId: str | int | None = None
    serviceAccountName: str | None = None
    cloudAgentId: str | int | None = None
    automationId: str | int | None = None
    conversationId: str | int | None = None
    model: str | None = None
    customSubscriptionName: str | None = None
    maxMode: bool | None = None
    isTokenBasedCall: bool | None = None
    isChargeable: bool | None = None
    isHeadless: bool | None = None
    requestsCosts: Decimal | None = None
    tokenUsage: TokenUsage | None = None
    cursorTokenFee: Decimal | None = None


class Pagination(msgspec.Struct):
    """Some answers say whether there is a next page, others only which of how many this one is."""

    hasNextPage: bool | None = None
    currentPage: int = 1
    numPages: int = 1

    @property
    def has_next(self) -> bool:
        return bool(self.hasNextPage) or self.currentPage < self.numPages


class Stamp(msgspec.Struct, gc=False):
    """An event of which only the time is read."""

    timestamp: str | int


class CountedPage(msgspec.Struct):
    """One page of usage events by their times; the dashboard has another name for the list.

    A body without the list is a failure, never an empty page.
    """

    usageEvents: list[Stamp] | None = None
    usageEventsDisplay: list[Stamp] | None = None
    totalUsageEventsCount: int | None = None
    pagination: Pagination | None = None

    @property
    def events(self) -> list:
        return (self.usageEventsDisplay if self.usageEvents is None else self.usageEvents) or []


class UsagePage(CountedPage):
    """One page with its events whole."""

    usageEvents: list[UsageEvent] | None = None
    usageEventsDisplay: list[UsageEvent] | None = None


class RawPage(CountedPage):
    """One page with its events as received."""

    usageEvents: list[msgspec.Raw] | None = None
    usageEventsDisplay: list[msgspec.Raw] | None = None


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


def usage_page(body: bytes, where: str, shape: type[CountedPage] = UsagePage) -> CountedPage:
    """Parse one page, whole or what counts it.

    Raises:
        FeedError: ``malformed`` or ``missing_field``, be it for one event alone; see :func:`each_event`.
    """
    page = decode(body, shape, where)
    # A stated count of zero needs no list.
    if page.usageEvents is None and page.usageEventsDisplay is None and page.totalUsageEventsCount != 0:
        raise FeedError("missing_field", f"{where}: the answer has no usageEvents; the vendor's shape has changed")
    return page


def each_event(body: bytes, where: str, shape: type) -> Iterator[tuple[date | None, object]]:
    """Each event of a page by itself, with its day; in place of one that cannot be read its error, which names it.

    Slower than :func:`usage_page` and for pages that it refuses. The day is None where the event's time cannot be read.

    Raises:
        FeedError: as :func:`usage_page`, for the page.
    """
    for number, raw in enumerate(usage_page(body, where, RawPage).events):
        place, day = f"{where}: usageEvents[{number}]", None
        try:
            day = event_day(decode(raw, Stamp, place), place)
            yield day, decode(raw, shape, place)
        except FeedError as error:
            yield day, error


def event_day(event: UsageEvent | Stamp, where: str) -> date:
    """UTC day of an event.

    Raises:
        FeedError: ``malformed`` when the timestamp is neither epoch milliseconds nor an ISO instant.
    """
    try:
        return _day(int(event.timestamp) // _DAY_MS)
    except (ValueError, OverflowError):
        return instant(event.timestamp, f"{where}: usageEvents.timestamp").date()


def instant(stamp: str | int, where: str) -> datetime:
    """The moment that a timestamp tells: epoch milliseconds, or an ISO instant (in UTC where it names no zone).

    Args:
        where: endpoint and field, for messages.

    Raises:
        FeedError: ``malformed`` when it is neither.
    """
    try:
        return _EPOCH + timedelta(milliseconds=int(stamp))
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        raise FeedError("malformed", f"{where} {stamp!r} is neither epoch milliseconds nor an ISO instant") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


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
    tokens = [event.tokenUsage or _NO_TOKENS for event in events]
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


@lru_cache(maxsize=1024)
def _day(number: int) -> date:
    return (_EPOCH + timedelta(days=number)).date()


def _cents_of_2025(event: UsageEvent) -> Decimal | None:
    used = event.tokenUsage or _NO_TOKENS
    if used.totalCents is None:
        return None
    return used.totalCents * (100 - (used.discountPercentOff or 0)) / 100 + (event.cursorTokenFee or 0)


def _instants(events: Sequence[UsageEvent], where: str) -> list[datetime]:
    try:
        return [_EPOCH + timedelta(milliseconds=int(event.timestamp)) for event in events]
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
