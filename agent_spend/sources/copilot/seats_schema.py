"""Shape of GitHub's seat list and the lake table of its daily snapshots.

Source: GitHub REST reference, "Copilot user management" (API version 2026-03-10, public preview).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

import msgspec

from agent_spend.lake.columns import MisfitError
from agent_spend.sources.contract import DAY, INSTANT, TEXT, WHOLE, Contract, column
from agent_spend.sources.copilot.schema import SCOPE
from agent_spend.sources.written import day_of


class Assignee(msgspec.Struct):
    """Who holds a seat. Older answers name teams and organizations too, which have a name and no login."""

    id: int
    login: str | None = None
    name: str | None = None

    @property
    def is_person(self) -> bool:
        return self.login is not None


class AssigningTeam(msgspec.Struct):
    """The team that granted a seat."""

    slug: str | None = None
    name: str | None = None


class Seat(msgspec.Struct):
    """One seat. A person may hold several: one for each organization or team that granted it."""

    created_at: datetime
    assignee: Assignee | None = None
    plan_type: str | None = None
    last_activity_at: datetime | None = None
    last_activity_editor: str | None = None
    pending_cancellation_date: str | None = None
    assigning_team: AssigningTeam | None = None


class SeatPage(msgspec.Struct):
    """One page. ``total_seats`` counts each person once, ``seats`` may list a person several times."""

    total_seats: int
    seats: list[Seat]


#: One row a person with a seat, and one for each seat without a person (an invitation not accepted yet, a team's).
SEATS = Contract(
    {
        "usage_day": column(DAY, "UTC day the list was read for."),
        **SCOPE,
        "user_id": column(WHOLE, "GitHub's account id; null for an open invitation and for a seat that a team holds.",
                          nullable=True),
        "user_login": column(TEXT, "Login when the list was read; the name of a team that holds the seat.", nullable=True),
        "plan_type": column(TEXT, "business, enterprise or unknown.", nullable=True),
        "created_at": column(INSTANT, "When the seat was given (UTC)."),
        "last_activity_at": column(INSTANT, "Last activity (UTC), up to 24 hours late; null after 90 idle days.",
                                   nullable=True),
        "last_activity_editor": column(TEXT, "Editor of the last activity.", nullable=True),
        "pending_cancellation_day": column(DAY, "First UTC day without the seat: the start of the next billing cycle.",
                                           nullable=True),
        "assigning_team": column(TEXT, "Slug of the team that granted the seat.", nullable=True),
    },
)  # fmt: skip


def seat_rows(seats: Iterable[Seat], day: date, scope: Mapping[str, str]) -> list[dict]:
    """Rows of :data:`SEATS`, one a person: GitHub bills a person once, and Enterprise where one of several seats is that.

    Of several seats of the plan the one that lasts counts, then the one used last, given when the first of them was.
    """
    kept: dict[object, Seat] = {}
    given: dict[tuple[object, str | None], datetime] = {}
    for number, seat in enumerate(seats):
        key = (seat.assignee.id, seat.assignee.login) if seat.assignee and seat.assignee.is_person else number
        created_at = _utc(seat.created_at)
        given[key, seat.plan_type] = min(created_at, given.get((key, seat.plan_type), created_at))
        if key not in kept or _standing(seat) > _standing(kept[key]):
            kept[key] = seat
    return [_seat_row(seat, day, scope) | {"created_at": given[key, seat.plan_type]} for key, seat in kept.items()]


def _standing(seat: Seat) -> tuple[bool, bool, datetime]:
    is_enterprise = (seat.plan_type or "").lower() == "enterprise"
    return is_enterprise, not seat.pending_cancellation_date, _utc(seat.last_activity_at or datetime.min)


def _seat_row(seat: Seat, day: date, scope: Mapping[str, str]) -> dict:
    team, holder = seat.assigning_team, seat.assignee
    return {
        "usage_day": day,
        **scope,
        "user_id": holder.id if holder and holder.is_person else None,
        "user_login": (holder.login or holder.name) if holder else None,
        "plan_type": seat.plan_type,
        "created_at": _utc(seat.created_at),
        "last_activity_at": _utc(seat.last_activity_at) if seat.last_activity_at else None,
        "last_activity_editor": seat.last_activity_editor,
        "pending_cancellation_day": _day(seat.pending_cancellation_date),
        "assigning_team": (team.slug or team.name) if team else None,
    }


def _day(text: str | None) -> date | None:
    # A plain date as documented, or the midnight that starts it.
    day = day_of(text) if text else None
    if text and not day:
        raise MisfitError(f"pending_cancellation_date {text!r} is no day")
    return day


def _utc(moment: datetime) -> datetime:
    # GitHub writes any offset; a time without one would be read as the machine's own.
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
