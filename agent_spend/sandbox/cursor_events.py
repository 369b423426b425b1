"""The usage events of the simulated Cursor team, one UTC day at a time.

A person's own work repeats with a fourteen-day rhythm (amounts only, not times), so no fortnight of own work costs more
than the one before: whatever grows, grows through automations. Every trap of the vendor's feed has a fixed weekday.
"""

import functools
import random
import struct
import uuid
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from agent_spend.sandbox.cursor_team import (
    CI_ACCOUNT,
    ServiceAccount,
    automations,
    grows_on,
    instant_ms,
    members,
)
from agent_spend.sandbox.scenario import Person, Scenario

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

#: Cents per million tokens: input, output, cache write, cache read; and whether the token fee applies.
PRICES = {
    "claude-opus-5-thinking-high": (500, 2500, 625, 50, True),
    "claude-sonnet-5": (200, 1000, 250, 20, True),
    "gpt-5.4": (250, 1500, 0, 25, True),
    "composer-2.5": (50, 250, 0, 20, False),
}
#: The vendor's fee of 0.25 USD per million tokens over all four buckets, in cents a token.
FEE_CENTS_PER_TOKEN = Decimal("0.000025")
CUSTOM_SUBSCRIPTION = "Acme Flex"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Four disjoint buckets."""

    input: int
    output: int
    cache_write: int
    cache_read: int

    @property
    def total(self) -> int:
        return self.input + self.output + self.cache_write + self.cache_read


@dataclass(frozen=True, slots=True)
class Event:
    """The truth about one usage event; amounts are cents as the vendor prints them."""

    at_ms: int
    email: str
    kind_class: str
    model: str
    charged_cents: Decimal
    total_cents: Decimal | None = None
    fee_cents: Decimal | None = None
    discount_percent: int | None = None
    tokens: Tokens | None = None
    requests_costs: Decimal = Decimal(1)
    is_max_mode: bool = False
    is_headless: bool = False
    service_account: ServiceAccount | None = None
    cloud_agent_id: str | None = None
    automation_id: str | None = None
    conversation_id: str | None = None

    @property
    def surface(self) -> str:
        """What caused the event: the first of the vendor's markers that is set."""
        if self.automation_id:
            return "automation"
        if self.cloud_agent_id:
            return "cloud_agent"
        if self.service_account:
            return "service_account"
        return "headless" if self.is_headless else "interactive"


@functools.lru_cache(maxsize=64)
def events_on(scenario: Scenario, day: date) -> tuple[Event, ...]:
    """All events of one UTC day, newest first, in the vendor's order; empty outside the scenario."""
    if not scenario.first_day <= day <= scenario.end_day:
        return ()
    events = [event for person in members(scenario) for event in _own_work(scenario, person, day)]
    for background in (_cloud_agent_runs, _automation_runs, _continuous_integration, _traps):
        events += background(scenario, day)
    return tuple(sorted(events, key=lambda event: event.at_ms, reverse=True))


def _own_work(scenario: Scenario, person: Person, day: date) -> list[Event]:
    if not scenario.is_employed(person, day):
        return []
    amounts = scenario.rng("cursor", "own", person.number, day.toordinal() % 14)
    times = scenario.rng("cursor", "times", person.number, day)
    weekend_count = 1 if amounts.random() < 0.1 else 0
    count = amounts.choice((3, 4, 5)) if scenario.is_working_day(day) else weekend_count
    events = []
    for _ in range(count):
        # The two included pools run out per model family, so included and on-demand rows interleave.
        kind = amounts.choices(("included", "usage_based", "errored", "aborted"), (66, 28, 4, 2))[0]
        events.append(
            replace(
                _priced(amounts, amounts.choice(list(PRICES)), kind, amounts.uniform(0.4, 2.0)),
                at_ms=instant_ms(day, hours=7) + times.randrange(12 * 3_600_000),
                email=person.email,
                is_max_mode=amounts.random() < 0.1,
                is_headless=amounts.random() < 0.05,
                conversation_id=_uuid(times),
            )
        )
    return events


def _cloud_agent_runs(scenario: Scenario, day: date) -> list[Event]:
    """Every third member starts one cloud agent a working day."""
    if not scenario.is_working_day(day):
        return []
    events = []
    for person in members(scenario)[1::3]:
        if not scenario.is_employed(person, day):
            continue
        amounts = scenario.rng("cursor", "cloud", person.number, day.toordinal() % 14)
        times = scenario.rng("cursor", "cloud times", person.number, day)
        event = _priced(amounts, "claude-sonnet-5", amounts.choice(("included", "usage_based")), amounts.uniform(1, 3))
        events.append(_as_background(event, times, day, email=person.email, cloud_agent_id=f"bc-{_uuid(times)}"))
    return events


def _automation_runs(scenario: Scenario, day: date) -> list[Event]:
    """A steady few runs every day, then more and larger ones every day of the growth incident."""
    events = []
    growth = grows_on(scenario, day)
    for automation in automations(scenario):
        amounts = scenario.rng("cursor", "automation", automation.automation_id, day)
        times = scenario.rng("cursor", "automation times", automation.automation_id, day)
        account = automation.runs_as if isinstance(automation.runs_as, ServiceAccount) else None
        for _ in range((2 if account else 1) + growth):
            event = _priced(amounts, "claude-sonnet-5", "usage_based", amounts.uniform(0.9, 1.1) * (1 + growth))
            events.append(
                _as_background(
                    event, times, day, email=automation.runs_as.email, service_account=account,
                    cloud_agent_id=f"bc-{_uuid(times)}", automation_id=automation.automation_id,
                )
            )
    return events


def _continuous_integration(scenario: Scenario, day: date) -> list[Event]:
    """The command-line agent under a service account: no cloud agent, no automation."""
    amounts = scenario.rng("cursor", "ci", day.toordinal() % 14)
    times = scenario.rng("cursor", "ci times", day)
    count = 2 if scenario.is_working_day(day) else 0
    return [
        _as_background(
            _priced(amounts, "gpt-5.4", "usage_based", 0.5), times, day, email=CI_ACCOUNT.email,
            service_account=CI_ACCOUNT,
        )
        for _ in range(count)
    ]


def _traps(scenario: Scenario, day: date) -> list[Event]:
    """Rows that common readers get wrong, each on its weekday; amounts as documented or as live traffic shows them."""
    first, second = (person.email for person in members(scenario)[:2])
    small = Tokens(1000, 2000, 10_000, 100_000)
    usual = {"total_cents": Decimal("16.75"), "fee_cents": Decimal("2.825"), "charged_cents": Decimal("19.575")}
    opus = "claude-opus-5-thinking-high"
    composer_tokens = Tokens(20_000, 4000, 0, 200_000)
    weekday = day.weekday()
    if weekday == SUNDAY:
        return [Event(instant_ms(day, 23, 59, 59_999), first, "usage_based", opus, tokens=small, **usual)]
    if weekday == MONDAY:
        own_key = Event(
            instant_ms(day, 9), second, "user_api_key", opus, Decimal("2.825"), Decimal("16.75"), Decimal("2.825"),
            tokens=small,
        )
        return [Event(instant_ms(day), first, "usage_based", opus, tokens=small, **usual), own_key]
    if weekday == TUESDAY:
        errored = Event(
            instant_ms(day, 11), first, "errored", "gpt-5.4", Decimal("411.39"), Decimal("249.71"),
            tokens=Tokens(900_000, 1000, 0, 38_400),
        )
        free = Event(instant_ms(day, 12), second, "free", "composer-2.5", Decimal("6"), Decimal("6"),
                     tokens=composer_tokens)
        return [errored, free]
    if weekday == WEDNESDAY:
        twin = Event(instant_ms(day, 10), first, "usage_based", opus, tokens=small, **usual)
        dearer = replace(twin, total_cents=Decimal("33.5"), charged_cents=Decimal("39.15"), fee_cents=Decimal("5.65"),
                         tokens=Tokens(2000, 4000, 20_000, 200_000))
        return [twin, dearer]
    if weekday == THURSDAY:
        by_request = Event(instant_ms(day, 13), first, "usage_based", "agent_review", Decimal("4"))
        subscription = Event(instant_ms(day, 14), second, "custom_subscription", "composer-2.5", Decimal("6"),
                             Decimal("6"), tokens=composer_tokens)
        return [by_request, subscription]
    if weekday == FRIDAY:
        # Auto charges less than the model's cost and shows no discount; the charge is a widened 32-bit float.
        auto = Event(instant_ms(day, 15), first, "usage_based", "default", Decimal("2.1532750129699707"),
                     Decimal("3.5496"), tokens=Tokens(8000, 1200, 0, 17_331))
        discounted = Event(
            instant_ms(day, 16), second, "usage_based", "claude-sonnet-5", Decimal("7.0275"), Decimal("6.1"),
            Decimal("1.5375"), 10, Tokens(500, 3000, 8000, 50_000), Decimal(2), True, True,
            cloud_agent_id="bc-00000000-0000-4000-8000-00000000000a",
        )
        return [auto, discounted]
    return [Event(instant_ms(day, 17), first, "aborted", opus, Decimal(0))]


def _priced(rng: random.Random, model: str, kind_class: str, scale: float) -> Event:
    """An event without its owner and time: tokens at the model's price, plus the fee where it applies."""
    input_price, output_price, write_price, read_price, has_fee = PRICES[model]
    tokens = Tokens(
        int(rng.randrange(500, 6000) * scale),
        int(rng.randrange(1000, 6000) * scale),
        int(rng.randrange(4000, 30_000) * scale) if write_price else 0,
        int(rng.randrange(40_000, 400_000) * scale),
    )
    total_cents = Decimal(
        tokens.input * input_price + tokens.output * output_price
        + tokens.cache_write * write_price + tokens.cache_read * read_price
    ) / 1_000_000
    fee_cents = tokens.total * FEE_CENTS_PER_TOKEN if has_fee else None
    charged_cents = total_cents + (fee_cents or 0)
    if kind_class == "aborted":
        charged_cents = Decimal(0)
    elif rng.random() < 0.15 and total_cents >= 1:
        total_cents, charged_cents = _widened(total_cents), _widened(charged_cents)
    requests_costs = round(total_cents / 4, 1)
    return Event(0, "", kind_class, model, charged_cents, total_cents, fee_cents, None, tokens, requests_costs)


def _as_background(event: Event, times: random.Random, day: date, **identity) -> Event:
    at_ms = instant_ms(day, hours=1) + times.randrange(20 * 3_600_000)
    return replace(event, at_ms=at_ms, is_headless=True, conversation_id=_uuid(times), **identity)


def _widened(amount: Decimal) -> Decimal:
    """The amount as a 32-bit float printed with 64-bit precision, as the vendor sometimes does."""
    return Decimal(repr(struct.unpack("f", struct.pack("f", float(amount)))[0]))


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
