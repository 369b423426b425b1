"""Cursor's lists and snapshots: members, the running cycle's spend, and billing cycles by group."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.cursor import team_schema
from agent_spend.sources.cursor.session import REFUSED_FOR_ALL, ask, cursor_session, split_open
from agent_spend.sources.cursor.team_schema import GroupList, MemberList, SpendPage
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer, VendorSession

SPEND_PAGE_SIZE = 100


def fetch_members(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``cursor_members``: the member list, which exists for now only."""
    yield from _live("cursor_members", days, settings, _members)


def fetch_spend(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``cursor_spend``: each member's running cycle, which exists for now only."""
    yield from _live("cursor_spend", days, settings, _spend)


def fetch_billing_cycles(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``cursor_billing_cycles``: for each day the cycle it selects, past ones included.

    A cycle is asked for once a run: the days wholly inside it share the answer. The day on which one cycle ends and the
    next begins is asked for by itself, since only the vendor knows which of them it means.
    """
    session = cursor_session(settings)
    closed, still_open = split_open(days, settings)
    yield from still_open
    known: list[tuple[GroupList, Answer]] = []
    refused: FeedError | None = None
    for day in closed:
        where = f"cursor_billing_cycles {day}"
        try:
            if refused is not None:
                raise refused
            found = next((entry for entry in known if _is_inside(day, entry[0])), None)
            if found is None:
                answer = ask(session, "GET", "/teams/groups", where, params={"billingCycle": day.isoformat()})
                found = (decode(answer.body, GroupList, f"{where}: GET /teams/groups"), answer)
                known.append(found)
            if not _is_held(day, found[0]):
                cycle = found[0].billingCycle
                message = f"{where}: GET /teams/groups answers with the cycle of {cycle.cycleStart} to {cycle.cycleEnd}"
                yield DayAnswer(day, State.MISSING, reason="no_report", message=message, raw=[found[1]])
                continue
            rows = team_schema.cycle_rows(found[0], day, where)
        except FeedError as error:
            refused = error if error.reason in REFUSED_FOR_ALL else None
            yield DayAnswer.from_error(day, error)
            continue
        yield DayAnswer(day, State.AVAILABLE, rows, raw=[found[1]])


def _live(
    feed: str, days: Sequence[date], settings: Settings,
    read: Callable[[VendorSession, date, str], DayAnswer],
) -> Iterator[DayAnswer]:
    """The list for the newest day asked for, while that is today or yesterday; the others are ``live_list_only``."""
    newest = max(days, default=date.min)
    is_now = settings.today - timedelta(days=1) <= newest <= settings.today
    for day in days:
        if day != newest or not is_now:
            message = f"{feed} {day}: Cursor keeps no history of this list; it is read daily from now on"
            yield DayAnswer(day, State.MISSING, reason="live_list_only", message=message)
            continue
        try:
            yield read(cursor_session(settings), day, f"{feed} {day}")
        except FeedError as error:
            yield DayAnswer.from_error(day, error)


def _members(session: VendorSession, day: date, where: str) -> DayAnswer:
    answer = ask(session, "GET", "/teams/members", where)
    members = decode(answer.body, MemberList, f"{where}: GET /teams/members").teamMembers
    if not members:
        # A team has at least its owner, so an empty list is an answer about nothing.
        raise FeedError("empty_list", f"{where}: GET /teams/members lists nobody; nothing was stored")
    return DayAnswer(day, State.AVAILABLE, [team_schema.member_row(member, day) for member in members], raw=[answer])


def _spend(session: VendorSession, day: date, where: str) -> DayAnswer:
    """All pages by name, so that a page does not shift while amounts move; read once more when they do not add up."""
    place = f"{where}: POST /teams/spend"
    for attempt in (1, 2):
        pages, raw = _spend_pages(session, where)
        spends = [spend for page in pages for spend in page.teamMemberSpend]
        starts = {int(page.subscriptionCycleStart) for page in pages}
        counted = pages[-1].totalMembers
        if not spends and counted == 0:
            raise FeedError("empty_list", f"{place} lists nobody; nothing was stored")
        total = team_schema.is_total(spends)
        rows = [team_schema.spend_row(spend, min(starts), day, place, is_total=total) for spend in spends]
        if rows and all(row["on_demand_usd"] is None for row in rows):
            raise FeedError("missing_field", f"{place}: no member has spendCents; the vendor's shape has changed")
        people = len({row["user_id"] for row in rows})
        if len(rows) == people and counted in (None, people) and len(starts) == 1:
            return DayAnswer(day, State.AVAILABLE, rows, raw=raw)
        problem = f"{len(rows)} rows of {people} members, but totalMembers says {counted}"
        if len(starts) > 1:
            problem = "the billing cycle changed between pages"
        if attempt == 2:
            error = FeedError("count_mismatch", f"{place}: {problem}; run it later")
            # Fewer members than counted are part of the truth; one that came twice is not.
            is_part = people == len(rows) and len(starts) == 1 and counted is not None and len(rows) < counted
            return DayAnswer.incomplete(day, rows if is_part else (), error, raw)
    raise AssertionError("unreachable")


def _spend_pages(session: VendorSession, where: str) -> tuple[list[SpendPage], list[Answer]]:
    pages: list[SpendPage] = []
    raw: list[Answer] = []
    while not pages or (len(pages) < pages[-1].totalPages and pages[-1].teamMemberSpend):
        number = len(pages) + 1
        body = {"sortBy": "user", "sortDirection": "asc", "page": number, "pageSize": SPEND_PAGE_SIZE}
        raw.append(ask(session, "POST", "/teams/spend", f"{where} page {number}", body=body))
        if len(raw) > 1 and raw[-1].body == raw[-2].body:
            break
        pages.append(decode(raw[-1].body, SpendPage, f"{where} page {number}: POST /teams/spend"))
    return pages, raw


def _is_inside(day: date, listed: GroupList) -> bool:
    """Whether the whole day is in the cycle."""
    begins, ends = _instants(day)
    return listed.billingCycle.cycleStart <= begins and ends <= listed.billingCycle.cycleEnd


def _is_held(day: date, listed: GroupList) -> bool:
    """Whether some of the day is in the cycle."""
    begins, ends = _instants(day)
    return listed.billingCycle.cycleStart < ends and begins < listed.billingCycle.cycleEnd


def _instants(day: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    return begins, begins + timedelta(days=1)
