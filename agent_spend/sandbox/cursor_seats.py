"""What the simulated Cursor team pays for its seats: one invoice a billing cycle, at its beginning."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from agent_spend.partitions import month_start
from agent_spend.sandbox.cursor_events import events_on
from agent_spend.sandbox.cursor_team import billing_cycle, members
from agent_spend.sandbox.scenario import Scenario

SEAT_USD = Decimal(40)


@dataclass(frozen=True)
class SeatCycle:
    """The seats of one billing cycle; the day of its first instant is its first day, that of the next one's is not its own."""

    first_day: date
    last_day: date
    seats: int
    seat_usd: Decimal

    def touches(self, month: date) -> bool:
        """Whether a day of the cycle lies in the month that begins with ``month``."""
        return month_start(self.first_day) <= month <= self.last_day


def seat_cycles(scenario: Scenario) -> list[SeatCycle]:
    """Every cycle with a day in a month of the scenario, oldest first.

    A member pays for the whole cycle, the leaver as well in a cycle with use of the seat; else for the days of membership.
    """
    cycles, at = [], datetime.combine(month_start(scenario.first_day), time(), tzinfo=UTC)
    while at.date() <= scenario.end_day:
        start, at = billing_cycle(at)
        cycles.append(_cycle(scenario, start.date(), at.date() - timedelta(days=1)))
    return cycles


def _cycle(scenario: Scenario, first: date, last: date) -> SeatCycle:
    fees = []
    for person in members(scenario):
        until = last if person != scenario.incidents.leaver else _paid_until(scenario, first, last)
        if until >= first:
            share = SEAT_USD * ((until - first).days + 1) / ((last - first).days + 1)
            fees.append(share.quantize(Decimal("0.01"), ROUND_HALF_UP))
    return SeatCycle(first, last, len(fees), sum(fees, Decimal(0)))


def _paid_until(scenario: Scenario, first: date, last: date) -> date:
    leaver, leave_day = scenario.incidents.leaver, scenario.incidents.leave_day
    days = [day for day in scenario.calendar if first <= day <= min(leave_day, last)]
    has_used = any(event.email == leaver.email for day in days for event in events_on(scenario, day))
    return last if leave_day >= last or has_used else leave_day
