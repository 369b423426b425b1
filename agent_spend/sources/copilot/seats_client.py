"""Who holds a Copilot seat now: one snapshot a day of GitHub's live list."""

from collections.abc import Iterator, Sequence
from datetime import date

from agent_spend.errors import FeedError
from agent_spend.settings import Settings
from agent_spend.sources.copilot.listing import live_list, read_pages
from agent_spend.sources.copilot.scopes import Part, Scope, ask_scopes
from agent_spend.sources.copilot.seats_schema import SeatPage, seat_rows
from agent_spend.sources.copilot.session import github_session
from agent_spend.sources.feed import DayAnswer

SEATS_FEED = "copilot_seats"


def fetch_seats(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """The seat list for the newest requested day while that is now; see :func:`listing.live_list`."""
    session = github_session(settings)

    def ask(day: date) -> DayAnswer:
        def part(scope: Scope, where: str) -> Part:
            path = f"{scope.path}/copilot/billing/seats"
            pages, raw = read_pages(session, path, SeatPage, where, _permission(scope))
            seats = [seat for page in pages for seat in page.seats]
            # People counted once are never more than seats listed, unless a page is missing.
            total = pages[0].total_seats
            if len(seats) < total:
                message = f"{where}: GET {path}: total_seats is {total}, the pages list {len(seats)}; run it again"
                raise FeedError("count_mismatch", message)
            return Part(seat_rows(seats, day, scope.columns), raw)

        return ask_scopes(settings, SEATS_FEED, day, part)

    return live_list(days, settings, SEATS_FEED, ask)


def _permission(scope: Scope) -> str:
    if scope.is_enterprise:
        return f"manage_billing:copilot or read:enterprise (classic token) on enterprise {scope.slug}"
    return f"manage_billing:copilot or read:org of an owner, or an app's read access, on organization {scope.slug}"
