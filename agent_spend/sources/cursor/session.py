"""The connection to Cursor's Team Admin API: how to sign, how fast to ask, which days, and what a refusal means."""

import base64
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings, secret
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer, VendorSession, error_text
from agent_spend.sources.workers import side_by_side

#: Requests a minute by endpoint (cursor.com/docs/api, "Rate limits"); each endpoint has its own budget.
RATES = {
    "/teams/filtered-usage-events": 60,
    "/teams/members": 20,
    "/teams/daily-usage-data": 20,
    "/teams/spend": 20,
    "/teams/groups": 20,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Refusals that every further request of the run would meet too.
REFUSED_FOR_ALL = ("unauthorized", "forbidden")
#: Windows that are read at a time: a page takes the vendor about as long as the pause between two of them.
WORKERS = 3

Found = TypeVar("Found")


def cursor_session(settings: Settings) -> VendorSession:
    """A session that signs with ``CURSOR_API_KEY`` as Basic user name and an empty password."""
    return VendorSession("cursor", settings.cursor_api_url, _sign, rates=RATES, settings=settings)


def ask(session: VendorSession, method: str, path: str, where: str, *, body: dict | None = None,
        params: dict | None = None) -> Answer:
    """Send one request and return its answer when it is a 200.

    Args:
        where: feed and day or days, for messages.

    Raises:
        FeedError: ``unauthorized``, ``forbidden``, ``bad_request``, ``not_found``, ``unexpected_status``, or what
            :class:`VendorSession` raises after its retries.
    """
    try:
        answer = session.request(method, path, json_body=body, params=params)
    except FeedError as error:
        raise FeedError(error.reason, f"{where}: {error.message}", error.state) from None
    if answer.status == 200:
        return answer
    said = f"{where}: {method} {path} answered {answer.status}: {error_text(answer)}"
    if answer.status == 401:
        raise FeedError("unauthorized", f"{said}. Use a team key (Dashboard, API Keys), not a user key")
    if answer.status == 403:
        remedy = "The Admin API needs an Enterprise plan and a team key with scope read:* or admin:*; without it, import the "
        remedy += "dashboard's CSV exports (CURSOR_CSV_URI)"
        raise FeedError("forbidden", f"{said}. {remedy}", State.FORBIDDEN)
    if answer.status == 400:
        raise FeedError("bad_request", f"{said}. The vendor asks for something else now: update agent_spend")
    raise FeedError("not_found" if answer.status == 404 else "unexpected_status", f"{said}. Check CURSOR_API_URL")


def bounds(window: Window) -> tuple[int, int]:
    """First and last millisecond of the window; the vendor includes both, so it ends at 23:59:59.999."""
    first = datetime.combine(window.first, datetime.min.time(), tzinfo=UTC)
    after = datetime.combine(window.last + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    millisecond = timedelta(milliseconds=1)
    return (first - _EPOCH) // millisecond, (after - _EPOCH) // millisecond - 1


def split_open(days: Sequence[date], settings: Settings) -> tuple[list[date], list[DayAnswer]]:
    """The days that are over in UTC, and an answer for each that is not."""
    message = "the day is not over in UTC; ask again tomorrow"
    return [day for day in sorted(days) if day < settings.today], [
        DayAnswer(day, State.MISSING, reason="day_not_closed", message=f"{day}: {message}")
        for day in sorted(days)
        if day >= settings.today
    ]


def each_window(
    days: Sequence[date], longest: int, read: Callable[[Window], Found]
) -> Iterator[tuple[Window, Found | FeedError]]:
    """What ``read`` finds in each window of at most ``longest`` days, or the error that it raises.

    The first window is read alone: where that one is refused for good, no other is asked for. The others are read side by
    side, while the caller is at work on it.
    """
    refused: list[FeedError] = []
    windows = contiguous(days, step_days=longest)

    def outcome(window: Window) -> Found | FeedError:
        try:
            return read(window)
        except FeedError as error:
            if error.reason in REFUSED_FOR_ALL:
                refused.append(error)
            return error

    first = {window: outcome(window) for window in windows[:1]}

    def of_any(window: Window) -> Found | FeedError:
        return first[window] if window in first else refused[0] if refused else outcome(window)

    yield from side_by_side(windows, of_any, WORKERS)


def span(window: Window) -> str:
    """A window in words: its day, or its first and last day."""
    return f"{window.first}" if window.first == window.last else f"{window.first} to {window.last}"


def _sign(headers: dict[str, str]) -> None:
    credentials = base64.b64encode(f"{secret('CURSOR_API_KEY')}:".encode()).decode()
    headers["Authorization"] = f"Basic {credentials}"
