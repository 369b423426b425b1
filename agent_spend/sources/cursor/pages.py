"""Pages of Cursor usage events: the wire shape, read whole, by its times alone, or event by event where one is broken."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import msgspec

from agent_spend.errors import FeedError
from agent_spend.sources.decoding import decode

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000


class TokenUsage(msgspec.Struct, gc=False):
    """Four disjoint buckets; a zero bucket may be left out, so a missing one is unknown here."""

    inputTokens: int | str | None = None
    outputTokens: int | str | None = None
    cacheWriteTokens: int | str | None = None
    cacheReadTokens: int | str | None = None
    totalCents: Decimal | None = None
    discountPercentOff: Decimal | None = None


#: Of an event that is priced by request.
NO_TOKENS = TokenUsage()


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
            (day,) = event_days([decode(raw, Stamp, place)], place)
            yield day, decode(raw, shape, place)
        except FeedError as error:
            yield day, error


def event_days(events: Sequence[UsageEvent | Stamp], where: str) -> list[date]:
    """UTC day of each event.

    Raises:
        FeedError: ``malformed`` when a timestamp is neither epoch milliseconds nor an ISO instant.
    """
    try:
        return [_day(int(event.timestamp) // _DAY_MS) for event in events]
    except (ValueError, OverflowError):
        return [instant(event.timestamp, f"{where}: usageEvents.timestamp").date() for event in events]


def instant(stamp: str | int, where: str) -> datetime:
    """The moment that a timestamp tells: epoch milliseconds, or an ISO instant (in UTC where it names no zone).

    Args:
        where: endpoint and field, for messages.

    Raises:
        FeedError: ``malformed`` when it is neither.
    """
    try:
        return EPOCH + timedelta(milliseconds=int(stamp))
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        raise FeedError("malformed", f"{where} {stamp!r} is neither epoch milliseconds nor an ISO instant") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=1024)
def _day(number: int) -> date:
    return (EPOCH + timedelta(days=number)).date()
