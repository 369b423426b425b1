"""The people of one org or squad: credits day by day, weeks by vendor. Every query here is bound to it."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from agent_spend.publish.page.audience import BOUND, NOT_ATTRIBUTABLE, Audience
from agent_spend.publish.page.source import DAYS, Source, change_percent, is_data, total
from agent_spend.publish.page.vocabulary import VENDORS

#: What a day of a person is: a known value, a row without a value, no row in a known day, or a day not reported yet.
KNOWN, UNKNOWN, NO_ROW, NOT_REPORTED = "known", "unknown", "no_row", "not_reported"


@dataclass(frozen=True)
class CreditDay:
    """One person on one UTC day. ``before`` is the state of the day before."""

    day: date
    state: str
    credits: Decimal | None = None
    list_usd: Decimal | None = None
    before: str = NO_ROW
    previous_credits: Decimal | None = None
    change_pct: float | None = None
    ratio: float | None = None
    is_provisional: bool = False


@dataclass
class Person:
    """One row of the people table. ``person_id`` is :data:`NOT_ATTRIBUTABLE` for what no person carries."""

    person_id: str
    name: str
    squads: list[str]
    login: str | None = None
    days: list[CreditDay] = field(default_factory=list)
    week: dict[str, Decimal | None] = field(default_factory=dict)
    week_change: dict[str, Decimal | None] = field(default_factory=dict)
    month: list[dict] = field(default_factory=list)

    def on(self, day: date | None) -> CreditDay | None:
        """The person's credits of one day."""
        return next((credit_day for credit_day in self.days if credit_day.day == day), None)

    @property
    def bars(self) -> list[tuple[str, Decimal | None]]:
        """State and credits of each day, oldest first."""
        return [(credit_day.state, credit_day.credits) for credit_day in self.days]


@dataclass
class People:
    """The people of one org or squad, and the day that their table compares with the day before."""

    day: date | None
    days: list[date]
    people: list[Person]
    unattributed: Person
    squads: list[str]

    @property
    def is_provisional(self) -> bool:
        """Whether the vendor may still restate the compared day."""
        return any(cell.is_provisional for person in self.people for cell in person.days if cell.day == self.day)


def build_people(source: Source, audience: Audience) -> People:
    """The people with a place in the org or squad today, or with usage in it in the last weeks."""
    first = source.through - timedelta(days=DAYS - 1) if source.through else date.min
    bound = {**audience.bounds, "first": first, "week": source.week, "month": source.month}
    people: dict[str, Person] = {}
    for row in source.rows(_PEOPLE, **bound):
        person = people.setdefault(row["person_id"], Person(row["person_id"], row["name"], [], row["login"]))
        if row["squad"] not in (None, *person.squads):
            person.squads.append(row["squad"])
    days = [first + timedelta(days=n) for n in range(DAYS)] if source.through else []
    reported = {row["usage_day"] for row in source.coverage
                if row["feed"] in ("copilot_user_usage", "copilot_user_usage_28_day") and is_data(row)}
    credits = {(row["person_id"], row["usage_day"]): row for row in source.rows(_CREDITS, **bound)}
    for person in people.values():
        person.days = [_credit_day(person.person_id, day, credits, reported) for day in days]
    unattributed = Person(NOT_ATTRIBUTABLE, "Not attributable to a person", [])
    _add_weeks({**people, NOT_ATTRIBUTABLE: unattributed}, source.rows(_WEEKS, **bound))
    _add_months({**people, NOT_ATTRIBUTABLE: unattributed}, source.rows(_MONTHS, **bound))
    return People(
        day=_typical_day(credits, reported),
        days=days,
        people=sorted(people.values(), key=lambda person: (person.name.lower(), person.person_id)),
        unattributed=unattributed,
        squads=sorted({squad for person in people.values() for squad in person.squads}),
    )


def _credit_day(person_id: str, day: date, credits: dict, reported: set[date]) -> CreditDay:
    row = credits.get((person_id, day))
    if row is None:
        return CreditDay(day, NO_ROW if day in reported else NOT_REPORTED)
    before = {"known": KNOWN, "unknown": UNKNOWN}.get(row["previous_state"], NO_ROW)
    return CreditDay(
        day=day, state=UNKNOWN if row["credits"] is None else KNOWN, credits=row["credits"], list_usd=row["list_usd"],
        before=before, previous_credits=row["previous_credits"], change_pct=row["change_pct"], ratio=row["ratio"],
        is_provisional=row["is_provisional"],
    )


def _typical_day(credits: dict, reported: set[date]) -> date | None:
    """Newest of the last seven reported days with at least half the people of the busiest: not a quiet Sunday."""
    recent = sorted(reported)[-7:]
    counts = {day: sum(1 for _, usage_day in credits if usage_day == day) for day in recent}
    busiest = max(counts.values(), default=0)
    return max((day for day, count in counts.items() if count and count * 2 >= busiest), default=recent[-1] if recent else None)


def _add_weeks(people: dict[str, Person], rows: list[dict]) -> None:
    for person_id, person in people.items():
        own = [row for row in rows if row["person_id"] == person_id]
        for vendor in VENDORS:
            now = total(row["list_usd"] for row in own if row["vendor"] == vendor and row["is_newest"])
            before = total(row["list_usd"] for row in own if row["vendor"] == vendor and not row["is_newest"])
            person.week[vendor], person.week_change[vendor] = now, change_percent(now, before)


def _add_months(people: dict[str, Person], rows: list[dict]) -> None:
    for row in rows:
        if row["person_id"] in people:
            people[row["person_id"]].month.append(row)


_PEOPLE = f"""
SELECT person_id, ANY_VALUE(name) AS name, squad, MAX(login) AS login
FROM (
  SELECT person_id, name, squad, github_login AS login FROM dim_person
  WHERE {BOUND} AND last_day >= (SELECT MAX(last_day) FROM dim_person)
  UNION ALL
  SELECT c.person_id, c.name, c.squad, ARG_MAX(c.login, c.usage_day)
  FROM rpt_manager__credit_day AS c
  WHERE {BOUND} AND c.person_id IS NOT NULL AND c.usage_day >= $first
  GROUP BY ALL
  UNION ALL
  SELECT person_id, name, squad, NULL FROM rpt_manager__person_week
  WHERE {BOUND} AND person_id <> '(not attributable)' AND week_start >= $first
)
GROUP BY person_id, squad
ORDER BY person_id, squad
"""
_CREDITS = f"""
WITH priced AS (
  SELECT usage_day, actor_id, SUM(list_usd) AS list_usd
  FROM fct_usage_day
  WHERE series = 'copilot_credits' AND {BOUND} AND usage_day >= $first
  GROUP BY ALL
)
SELECT
  c.usage_day, c.person_id, SUM(c.credits) AS credits, SUM(p.list_usd) AS list_usd,
  SUM(c.previous_credits) AS previous_credits, ANY_VALUE(c.previous_state) AS previous_state,
  ANY_VALUE(c.change_pct) AS change_pct, ANY_VALUE(c.ratio) AS ratio, BOOL_OR(c.is_provisional) AS is_provisional
FROM rpt_manager__credit_day AS c
LEFT JOIN priced AS p USING (usage_day, actor_id)
WHERE {BOUND} AND c.person_id IS NOT NULL AND c.usage_day >= $first
GROUP BY ALL
"""
_WEEKS = f"""
SELECT person_id, vendor, series, week_start = $week AS is_newest, SUM(list_usd) AS list_usd
FROM rpt_manager__person_week
WHERE {BOUND} AND week_start IN ($week, CAST($week AS DATE) - 7)
GROUP BY ALL
ORDER BY ALL
"""
_MONTHS = f"""
WITH background AS (
  SELECT
    COALESCE(person_id, '(not attributable)') AS person_id, vendor, series,
    SUM(CASE WHEN background_kind IS NOT NULL THEN list_usd END) AS background_list_usd,
    SUM(CASE WHEN background_kind IS NOT NULL THEN billed_usd END) AS background_billed_usd,
    ARRAY_TO_STRING(LIST_SORT(LIST(DISTINCT COALESCE(price_version, price_state) || ', ' || attribution_mode)), '; ') AS prices
  FROM fct_usage_day
  WHERE {BOUND} AND DATE_TRUNC('month', usage_day) = $month
  GROUP BY ALL
)
SELECT
  m.person_id, m.vendor, m.series, SUM(m.credits) AS credits, SUM(m.list_usd) AS list_usd,
  SUM(m.covered_usd) AS covered_usd, SUM(m.billed_usd) AS billed_usd,
  ANY_VALUE(b.background_list_usd) AS background_list_usd, ANY_VALUE(b.background_billed_usd) AS background_billed_usd,
  ANY_VALUE(b.prices) AS prices
FROM rpt_manager__person_month AS m
LEFT JOIN background AS b USING (person_id, vendor, series)
WHERE {BOUND} AND m.month = $month
GROUP BY m.person_id, m.vendor, m.series
ORDER BY ALL
"""
