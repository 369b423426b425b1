"""Who is in the simulated Cursor team: members, service accounts, automations and the billing cycle."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from agent_spend.sandbox.scenario import ORGANISATION, Person, Scenario

#: The team signed up on a 27th at 12:08:04 UTC, so every cycle starts then, not at midnight and not on the 1st.
CYCLE_ANCHOR = datetime(2025, 1, 27, 12, 8, 4, tzinfo=UTC)
#: Automations run far more often in the last days of the scenario; people's own work does not grow.
AUTOMATION_GROWTH_DAYS = 10
TEAM_SPEND_LIMIT_DOLLARS = 50


@dataclass(frozen=True)
class ServiceAccount:
    """A machine identity of the team: no seat, no member row, usage drawn from the team."""

    service_account_id: str
    name: str
    email: str


@dataclass(frozen=True)
class Automation:
    """A scheduled cloud agent. It bills its service account, or its creator where ``runs_as`` is a person."""

    automation_id: str
    runs_as: Person | ServiceAccount


NIGHTLY_TRIAGE_ID = "5b0c0c3e-0000-4000-8000-00000000000b"
DEPENDENCY_BUMPS_ID = "7d1f4a52-0000-4000-8000-00000000000c"

TRIAGE_ACCOUNT = ServiceAccount(
    "sa_sim_triage", f"automation-{NIGHTLY_TRIAGE_ID}", f"automation-{NIGHTLY_TRIAGE_ID}@acme.test"
)
CI_ACCOUNT = ServiceAccount("sa_sim_ci", "CI review", "ci-review@acme.test")
SERVICE_ACCOUNTS = (TRIAGE_ACCOUNT, CI_ACCOUNT)


def members(scenario: Scenario) -> list[Person]:
    """The half of the developers who hold a Cursor seat, spread over every squad; the leaver is one of them."""
    return [person for person in scenario.people if (person.number + person.number // 16) % 2 == 0]


def automations(scenario: Scenario) -> list[Automation]:
    """One automation on a service account of its own, and one that runs as the person who created it."""
    return [
        Automation(NIGHTLY_TRIAGE_ID, TRIAGE_ACCOUNT),
        Automation(DEPENDENCY_BUMPS_ID, members(scenario)[0]),
    ]


def is_removed(scenario: Scenario, person: Person) -> bool:
    """Whether the member list shows the person as removed at the end of the scenario."""
    return not scenario.is_employed(person, scenario.end_day)


def end_of_scenario(scenario: Scenario) -> datetime:
    """The instant the simulated vendor treats as now: the last millisecond of the last day."""
    return datetime.combine(scenario.end_day, time(23, 59, 59, 999_000), tzinfo=UTC)


def billing_cycle(at: datetime) -> tuple[datetime, datetime]:
    """Start (inclusive) and end (exclusive) of the monthly cycle that holds the instant ``at``."""
    start = CYCLE_ANCHOR.replace(year=at.year, month=at.month)
    if at < start:
        start = _shifted(start, -1)
    return start, _shifted(start, 1)


def billing_cycles(scenario: Scenario) -> list[tuple[datetime, datetime]]:
    """Every cycle that overlaps the scenario, oldest first."""
    cycles = [billing_cycle(datetime.combine(scenario.first_day, time(), tzinfo=UTC))]
    while cycles[-1][1] <= end_of_scenario(scenario):
        cycles.append(billing_cycle(cycles[-1][1]))
    return cycles


def billing_cycle_of_day(day: date) -> tuple[datetime, datetime]:
    """The cycle in force at the end of a UTC day, the vendor's reading of ``billingCycle=YYYY-MM-DD`` here."""
    return billing_cycle(datetime.combine(day, time(23, 59, 59, 999_000), tzinfo=UTC))


def groups(scenario: Scenario) -> dict[str, list[Person]]:
    """Billing groups, one an org of the company, with their members."""
    return {org: [person for person in members(scenario) if person.org == org] for org in ORGANISATION}


def grows_on(scenario: Scenario, day: date) -> int:
    """How many growth days have passed on ``day``: 0 before the incident, 1 on its first day."""
    return max(0, AUTOMATION_GROWTH_DAYS - (scenario.end_day - day).days)


def instant_ms(day: date, hours: int = 0, minutes: int = 0, milliseconds: int = 0) -> int:
    """Epoch milliseconds of a moment of a UTC day."""
    moment = datetime.combine(day, time(), tzinfo=UTC) + timedelta(
        hours=hours, minutes=minutes, milliseconds=milliseconds
    )
    return epoch_ms(moment)


def epoch_ms(moment: datetime) -> int:
    """Exact epoch milliseconds."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def from_epoch_ms(milliseconds: int) -> datetime:
    """The UTC instant of epoch milliseconds, exactly."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _shifted(moment: datetime, months: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + months
    return moment.replace(year=index // 12, month=index % 12 + 1)
