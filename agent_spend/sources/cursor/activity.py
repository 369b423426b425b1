"""Daily activity of each member, in windows of at most 30 closed days; its pages count people, not rows."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.answers import Shelf, Shelved
from agent_spend.sources.cursor.session import ask, bounds, cursor_session, each_window, span, split_open
from agent_spend.sources.cursor.team_schema import Activity, ActivityPage, activity_row
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import VendorSession

FEED = "cursor_daily_usage"
PATH = "/teams/daily-usage-data"
#: The longest range the vendor allows.
WINDOW_DAYS = 30
PEOPLE_A_PAGE = 100


def fetch_daily_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``cursor_daily_usage``: one answer a day; a window that fails fails each of its days."""
    session = cursor_session(settings)
    closed, still_open = split_open(days, settings)
    yield from still_open
    for window, found in each_window(closed, WINDOW_DAYS, lambda window: _read(session, window, settings.spool_dir)):
        if isinstance(found, FeedError):
            yield from (DayAnswer.from_error(day, found) for day in window.days())
            continue
        rows, raw, problem = found
        for day in window.days():
            # The pages hold every day of the window; they are kept once, with its last day.
            evidence = raw if day == window.last else ()
            if problem is not None:
                yield DayAnswer.incomplete(day, rows[day], problem, evidence)
            else:
                yield DayAnswer(day, State.AVAILABLE if rows[day] else State.ZERO, rows[day], raw=evidence)


def _read(
    session: VendorSession, window: Window, folder: Path
) -> tuple[dict[date, list[dict]], list[Shelved], FeedError | None]:
    """Rows by day of all pages; a listing that repeats a person's day or changes its size is read once more."""
    for attempt in (1, 2):
        try:
            return _pages(session, window, f"{FEED} {span(window)}", Shelf(folder))
        except FeedError as error:
            if error.reason != "count_mismatch" or attempt == 2:
                raise
    raise AssertionError("unreachable")


def _pages(
    session: VendorSession, window: Window, where: str, shelf: Shelf
) -> tuple[dict[date, list[dict]], list[Shelved], FeedError | None]:
    start_ms, end_ms = bounds(window)
    rows: dict[date, list[dict]] = {day: [] for day in window.days()}
    seen: set[tuple[date, str]] = set()
    raw: list[Shelved] = []
    sizes: set[int] = set()
    unplaced: FeedError | None = None
    while True:
        place = f"{where} page {len(raw) + 1}"
        body = {"startDate": start_ms, "endDate": end_ms, "page": len(raw) + 1, "pageSize": PEOPLE_A_PAGE}
        answer = ask(session, "POST", PATH, place, body=body)
        raw.append(shelf.put(answer))
        page = decode(answer.body, ActivityPage, f"{place}: POST {PATH}")
        sizes |= {page.pagination.totalUsers} - {None} if page.pagination else set()
        for number, activity in enumerate(page.data):
            at = f"{place}: POST {PATH}: data[{number}]"
            try:
                row = activity_row(decode(activity, Activity, at), at)
                if row["usage_day"] not in rows:
                    raise FeedError("malformed", f"{place}: POST {PATH}: a row of {row['usage_day']} lies outside the window")
            except FeedError as error:
                # Nobody knows which day lacks it.
                unplaced = unplaced or error
                continue
            key = (row["usage_day"], row["user_id"])
            if key in seen or len(sizes) > 1:
                problem = f"user {key[1]} was listed before for {key[0]}" if key in seen else "totalUsers has changed"
                raise FeedError("count_mismatch", f"{place}: POST {PATH}: {problem}; nothing was stored, run it later")
            seen.add(key)
            rows[key[0]].append(row)
        if page.pagination is None or not page.pagination.hasNextPage:
            return rows, raw, unplaced
        # A listing that tells no size ends at the first row that it repeats.
        if not page.data or (sizes and len(raw) * PEOPLE_A_PAGE > max(sizes) + PEOPLE_A_PAGE):
            people = max(sizes, default="the listed")
            raise FeedError("count_mismatch", f"{place}: POST {PATH}: more pages than {people} people fill")
