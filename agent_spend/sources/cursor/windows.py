"""Reading every page of a closed window of usage events, and proving that nothing is missing or repeated.

The bodies of the pages, on disk, are the only copy kept until the count is verified; rows exist for one day at a time.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from agent_spend.errors import FeedError
from agent_spend.partitions import Window
from agent_spend.sources.answers import Shelf, Shelved
from agent_spend.sources.cursor.pages import (
    CountedPage,
    RawPage,
    Stamp,
    UsageEvent,
    each_event,
    event_days,
    usage_page,
)
from agent_spend.sources.cursor.session import ask, bounds
from agent_spend.sources.http import VendorSession
from agent_spend.sources.listing import Listing

PATH = "/teams/filtered-usage-events"
PAGE_SIZE = 1000


@dataclass(frozen=True)
class Page:
    """One page as received, with the number of its rows and the UTC days they fall on.

    ``undated`` is the error of a row whose day nobody can tell, if there is one.
    """

    answer: Shelved
    rows: int
    days: frozenset[date]
    undated: FeedError | None = None


class VerifiedWindow:
    """The events of a window, once each.

    Args:
        pages: in the order asked for.
        repeated: for each page, how many rows at its start repeat the end of the page before.
        problem: what shows that there are more events than these, if anything does.
    """

    def __init__(
        self, where: str, window: Window, pages: list[Page], repeated: list[int], problem: FeedError | None = None
    ):
        self.problem = problem
        self._window, self._days = window, {*window.days()}
        self._where = where
        self._pages = pages
        self._repeated = repeated
        # Neighbouring days usually share a page; two decoded pages are enough to walk the window once.
        self._events = lru_cache(maxsize=2)(self._decoded)

    def events(self, day: date) -> Iterator[list[UsageEvent]]:
        """Events of one UTC day, in the vendor's order, those of a page at a time.

        Raises:
            FeedError: the one of an event of this day that cannot be read.
        """
        for number, page in enumerate(self._pages):
            if day in page.days:
                events, broken = self._events(number)
                if day in broken:
                    raise broken[day]
                yield events[day]

    def raw(self, day: date) -> list[Shelved]:
        """The pages to keep with the day: each is kept once, with the newest day it holds events of, the last one else."""
        return [page.answer for page in self._pages if max(page.days & self._days, default=self._window.last) == day]

    def _decoded(self, number: int) -> tuple[dict[date, list[UsageEvent]], dict[date, FeedError]]:
        days: dict[date, list[UsageEvent]] = defaultdict(list)
        broken: dict[date, FeedError] = {}
        body, repeated = self._pages[number].answer.body, self._repeated[number]
        where = f"{self._where} page {number + 1}: POST {PATH}"
        try:
            events = usage_page(body, where).events[repeated:]
            for day, event in zip(event_days(events, where), events, strict=True):
                days[day].append(event)
        except FeedError:
            days.clear()
            for day, event in itertools.islice(each_event(body, where, UsageEvent), repeated, None):
                if isinstance(event, FeedError):
                    broken.setdefault(day, event)
                else:
                    days[day].append(event)
        return days, broken


def read_window(session: VendorSession, window: Window, where: str, folder: Path) -> VerifiedWindow:
    """Every event of the window's days; a count that does not add up is read once more.

    Fewer events than counted are given with the ``problem`` that tells so, and so are events of which one has no day that can
    be read. More events than counted are refused where some are alike, since those may be here twice.

    Args:
        where: feed and days, for messages.
        folder: where the pages wait.

    Raises:
        FeedError: ``count_mismatch``, or what asking and decoding raise.
    """
    for attempt in (1, 2):
        pages, totals = _download(session, window, where, Shelf(folder))
        if None in totals:
            message = f"{where}: POST {PATH}: without totalUsageEventsCount nobody knows whether this is all"
            return VerifiedWindow(where, window, pages, [0] * len(pages), FeedError("count_missing", message))
        repeated = _repeated_rows(pages, totals)
        if repeated is not None:
            return VerifiedWindow(where, window, pages, repeated, _astray(pages, window, where))
        received = sum(page.rows for page in pages)
        problem = f"{received} events on {len(pages)} pages, but totalUsageEventsCount says {_listed(totals)}"
        if attempt == 2:
            error = FeedError("count_mismatch", f"{where}: POST {PATH}: {problem}; run it later")
            if received and len(set(totals)) == 1 and (received < totals[-1] or _are_distinct(pages)):
                return VerifiedWindow(where, window, pages, [0] * len(pages), error)
            raise error
    raise AssertionError("unreachable")


def _download(
    session: VendorSession, window: Window, where: str, shelf: Shelf
) -> tuple[list[Page], list[int | None]]:
    start_ms, end_ms = bounds(window)
    pages: list[Page] = []
    totals: list[int | None] = []
    received, listing = 0, Listing(where)
    while True:
        number = len(pages) + 1
        place = f"{where} page {number}"
        body = {"startDate": start_ms, "endDate": end_ms, "page": number, "pageSize": PAGE_SIZE}
        answer = ask(session, "POST", PATH, place, body=body)
        if pages and answer.body == pages[-1].answer.body:
            return pages, totals
        page, days, undated = _dated(answer.body, f"{place}: POST {PATH}")
        pages.append(Page(shelf.put(answer), len(page.events), days, undated))
        totals.append(page.totalUsageEventsCount)
        listing.add(len(page.events))
        received += len(page.events)
        counted = page.totalUsageEventsCount
        has_next = page.pagination.has_next if page.pagination else received < (counted or 0)
        # The last two conditions end a listing that would never end by itself; the count check then refuses it.
        if not has_next or not page.events or (counted is not None and received > 2 * counted + PAGE_SIZE):
            return pages, totals


def _dated(body: bytes, where: str) -> tuple[CountedPage, frozenset[date], FeedError | None]:
    """A page by its count, the days of its events, and the error of one whose day cannot be read."""
    try:
        page = usage_page(body, where, CountedPage)
        return page, frozenset(event_days(page.events, where)), None
    except FeedError:
        found = list(each_event(body, where, Stamp))
    undated = next((error for day, error in found if day is None), None)
    return usage_page(body, where, RawPage), frozenset(day for day, _ in found) - {None}, undated


def _astray(pages: list[Page], window: Window, where: str) -> FeedError | None:
    """The error of events that belong to none of the window's days, or to nobody knows which: a day may lack them."""
    days = sorted(day for day in frozenset().union(*(page.days for page in pages)) if not window.first <= day <= window.last)
    if days:
        return FeedError("malformed", f"{where}: POST {PATH}: an event of {days[0]} lies outside the window")
    return next((page.undated for page in pages if page.undated), None)


def _repeated_rows(pages: list[Page], totals: list[int]) -> list[int] | None:
    """Rows to leave out at the start of each page so that the count holds; None when it cannot be made to hold.

    Equal rows are legitimate, so rows are left out only when there are too many, only at a seam where the start of a
    page is byte for byte the end of the page before, and only when the count leaves no choice which ones.
    """
    surplus = sum(page.rows for page in pages) - totals[-1]
    if len(set(totals)) > 1 or surplus < 0:
        return None
    if surplus == 0:
        return [0] * len(pages)
    # Each longest overlap is at least what was really repeated there, so an equal sum leaves no other reading.
    repeated = [0] + [_overlap(before, after, surplus) for before, after in itertools.pairwise(pages)]
    return repeated if sum(repeated) == surplus else None


def _are_distinct(pages: list[Page]) -> bool:
    """Whether no row is byte for byte another one, so that no event can be here twice."""
    rows = [hash(bytes(row)) for page in pages for row in usage_page(page.answer.body, "", RawPage).events]
    return len(set(rows)) == len(rows)


def _overlap(before: Page, after: Page, most: int) -> int:
    """The largest number of rows, up to ``most``, by which ``after`` may repeat the end of ``before``."""
    ending, beginning = (
        [bytes(row) for row in usage_page(page.answer.body, "", RawPage).events] for page in (before, after)
    )
    longest = min(len(ending), len(beginning), most)
    return next((length for length in range(longest, 0, -1) if ending[-length:] == beginning[:length]), 0)


def _listed(totals: list[int]) -> str:
    return " then ".join(str(total) for total in dict.fromkeys(totals))
