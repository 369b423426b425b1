"""The simulated company: its people, calendar and seeded incidents. Pure data, the same for the same arguments.

Everything the sandbox's vendors answer, and the answer key, derive from this object and from nothing else.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

ENTERPRISE = "acme"
GITHUB_ORGS = ("acme-core", "acme-apps")
MIN_DEVELOPERS = 12
MIN_DAYS = 21

_FIRST = ("Ada", "Ben", "Chloe", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kavya", "Lena", "Mateo",
          "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara", "Ugo", "Vera", "Wen", "Ximena", "Yusuf", "Zoe")
_LAST = ("Abe", "Berg", "Castro", "Dahl", "Eze", "Fabre", "Gupta", "Hale", "Ito", "Jung", "Khan", "Lopez", "Moreau",
         "Novak", "Okoro", "Park", "Quist", "Rossi", "Silva", "Tanaka", "Ueda", "Vance", "Wong", "Xu", "Yilmaz", "Zhou")

#: org -> squads. An org is what an engineering manager owns; a squad is a team inside it.
ORGANISATION = {
    "Payments": ("checkout", "ledger"),
    "Platform": ("runtime", "developer-experience"),
    "Search": ("ranking", "indexing"),
    "Mobile": ("ios", "android"),
}


@dataclass(frozen=True)
class Person:
    """One developer. ``squad`` and ``org`` are the first ones held; moves are in ``Incidents``."""

    number: int
    person_id: str
    name: str
    email: str
    github_login: str
    github_user_id: int
    github_orgs: tuple[str, ...]
    cursor_user_id: str
    cursor_numeric_id: int
    org: str
    squad: str
    cost_center: str
    manager_email: str


@dataclass(frozen=True)
class Incidents:
    """Who and when, for each seeded incident. Days are UTC."""

    spike_person: Person
    """Credits exactly 100 on the day before ``spike_day`` and exactly 300 on it: alerts."""
    near_spike_person: Person
    """Credits exactly 100 on the day before ``spike_day`` and exactly 299 on it: silent."""
    low_spike_person: Person
    """Credits exactly 1 on the day before ``spike_day`` and exactly 4 on it: silent because of the floor."""
    spike_day: date
    restated_person: Person
    restated_day: date
    """This person's credits of this day are published 30 lower at first, then restated."""
    renamed_person: Person
    rename_day: date
    """From this day on GitHub shows the login ``<old>-hq`` under the same user id."""
    """Member of both GitHub orgs: repeated in both org files, once in the enterprise file."""
    squad_change_person: Person
    squad_change_day: date
    """First day in the new squad (the other squad of the same org)."""
    leaver: Person
    leave_day: date
    """Last day of work; has usage until then and stays in the roster with ``valid_to``."""
    unmatched_login: str
    """A GitHub login with credits every working day and no roster entry."""
    swap_workflow: str
    swap_day: date
    """``swap_workflow`` moves to a dearer model on this day: cost per completed task more than doubles."""
    seat_cron_person: Person
    """A prod agent runs daily at 03:00 UTC on this person's Claude seat."""
    unpriced_model: str
    unpriced_day: date
    """Claude API usage under a model that no price book knows, on this day only."""
    untagged_key_id: str
    """An Anthropic key with steady usage and no line in the key registry."""


@dataclass(frozen=True)
class Scenario:
    """The simulated company over ``days`` UTC days that end with ``end_day`` (inclusive).

    Raises:
        ValueError: fewer than ``MIN_DEVELOPERS`` developers or ``MIN_DAYS`` days.
    """

    developers: int = 80
    days: int = 35
    seed: int = 7
    end_day: date = date(2026, 11, 22)

    def __post_init__(self):
        if self.developers < MIN_DEVELOPERS or self.days < MIN_DAYS:
            raise ValueError(f"a scenario needs at least {MIN_DEVELOPERS} developers and {MIN_DAYS} days")

    @property
    def first_day(self) -> date:
        return self.end_day - timedelta(days=self.days - 1)

    @cached_property
    def calendar(self) -> list[date]:
        """Every day of the scenario, oldest first."""
        return [self.first_day + timedelta(days=n) for n in range(self.days)]

    def rng(self, *key: object) -> random.Random:
        """A generator of its own for each ``key``: one vendor's numbers never depend on another's."""
        return random.Random("|".join(str(part) for part in (self.seed, *key)))

    @cached_property
    def people(self) -> list[Person]:
        """The developers; the first ``MIN_DEVELOPERS`` hold the incidents."""
        squads = [(org, squad) for org, squads in ORGANISATION.items() for squad in squads]
        people = []
        for n in range(self.developers):
            org, squad = squads[n % len(squads)]
            generation = n // (len(_FIRST) * len(_LAST))
            first, last = _FIRST[n % len(_FIRST)], _LAST[(n // len(_FIRST) + n) % len(_LAST)]
            name = f"{first} {last}" + (f" {generation + 1}" if generation else "")
            slug = f"{first}.{last}".lower() + str(n)
            people.append(
                Person(
                    number=n,
                    person_id=f"E{1000 + n}",
                    name=name,
                    email=f"{slug}@acme.test",
                    github_login=f"{slug.replace('.', '-')}_acme",
                    github_user_id=500_000 + n,
                    github_orgs=(GITHUB_ORGS[n % 2],) if n != 5 else GITHUB_ORGS,
                    cursor_user_id=f"user_{n:05d}Sim",
                    cursor_numeric_id=90_000 + n,
                    org=org,
                    squad=squad,
                    cost_center=f"CC-{410 + 10 * list(ORGANISATION).index(org)}",
                    manager_email=f"lead-{org.lower()}@acme.test",
                )
            )
        return people

    @cached_property
    def incidents(self) -> Incidents:
        people = self.people
        weekday = self.end_day - timedelta(days=6)
        while weekday.weekday() not in (1, 2, 3):
            weekday -= timedelta(days=1)
        return Incidents(
            spike_person=people[1],
            near_spike_person=people[2],
            low_spike_person=people[3],
            spike_day=weekday,
            restated_person=people[4],
            restated_day=self.end_day - timedelta(days=2),
            renamed_person=people[6],
            rename_day=self.first_day + timedelta(days=self.days // 2),
            squad_change_person=people[7],
            squad_change_day=self.first_day + timedelta(days=self.days // 3),
            leaver=people[8],
            leave_day=self.first_day + timedelta(days=2 * self.days // 3),
            unmatched_login="contractor-9_acme",
            swap_workflow="invoice_matching",
            swap_day=weekday - timedelta(days=1),
            seat_cron_person=people[9],
            unpriced_model="claude-preview-x1",
            unpriced_day=self.end_day - timedelta(days=3),
            untagged_key_id="apikey_01SimForgotten",
        )

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday."""
        return day.weekday() < 5

    def is_employed(self, person: Person, day: date) -> bool:
        """False after the leaver's last day."""
        return person != self.incidents.leaver or day <= self.incidents.leave_day

    def squad_of(self, person: Person, day: date) -> str:
        """The squad on ``day``, with the mid-month move of ``squad_change_person``."""
        if person == self.incidents.squad_change_person and day >= self.incidents.squad_change_day:
            first, second = ORGANISATION[person.org]
            return second if person.squad == first else first
        return person.squad

    def login_of(self, person: Person, day: date) -> str:
        """The GitHub login on ``day``, with the rename of ``renamed_person``."""
        if person == self.incidents.renamed_person and day >= self.incidents.rename_day:
            return person.github_login + "-hq"
        return person.github_login
