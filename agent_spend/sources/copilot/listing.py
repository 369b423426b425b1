"""GitHub's lists: pages joined by ``Link``, and live lists that can only answer for now."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

from requests.utils import parse_header_links

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.copilot.session import each_day, get, refusal
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer, VendorSession
from agent_spend.sources.listing import Listing

PAGE_SIZE = 100


def read_pages(
    session: VendorSession, path: str, shape: type, where: str, permission: str, params: dict | None = None
) -> tuple[list, list[Answer]]:
    """Every page of a list, as ``shape``, and the answers as received.

    Raises:
        FeedError: a refusal on any page; ``endless_pages`` when ``Link`` does not lead onwards.
    """
    where = f"{where}: GET {path}"
    pages, raw, asked, listing = [], [], [], Listing(where)
    query = {**(params or {}), "per_page": str(PAGE_SIZE)}
    while query:
        asked.append(query)
        at = f"{where} page {len(asked)}"
        answer = get(session, path, query, at)
        if answer.status != 200:
            raise refusal(answer, at, permission)
        pages.append(decode(answer.body, shape, at))
        # A page that comes again, whatever the number that it was asked by, brings nothing.
        listing.add(not raw or answer.body != raw[-1].body)
        raw.append(answer)
        query = _next_query(answer)
        if query in asked:
            raise FeedError("endless_pages", f"{at}: Link names a page as the next one that was read before")
    return pages, raw


def live_list(
    days: Sequence[date], settings: Settings, feed: str, ask: Callable[[date], DayAnswer]
) -> Iterator[DayAnswer]:
    """Answers of a list that GitHub keeps no history of: only the newest requested day, and only while it is now.

    A list read now stands for today, or for yesterday, which is the newest closed day. Every other day is missing with
    reason ``live_list_only``: storing today's list under it would rewrite the past.
    """
    newest = max(days, default=date.min)
    is_now = settings.today - timedelta(days=1) <= newest <= settings.today
    for day in days:
        if day == newest and is_now:
            yield from each_day([day], ask)
        else:
            message = f"{feed} {day}: GitHub keeps no history of this list; it is read daily from now on"
            yield DayAnswer(day, State.MISSING, reason="live_list_only", message=message)


def _next_query(answer: Answer) -> dict[str, str] | None:
    # Only the link's query is taken: the token is never sent to an address that an answer names.
    for link in parse_header_links(answer.headers.get("Link", "")):
        if "next" in link.get("rel", "").lower().split():
            return dict(parse_qsl(urlsplit(link["url"]).query))
    return None
