"""Claude Code usage of the simulated company, as the Claude Code analytics report shows it (one record a surface)."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from agent_spend.sandbox import prices
from agent_spend.sandbox.claude_company import CI_KEY_NAME, console_developers, subscribers
from agent_spend.sandbox.scenario import Person, Scenario

OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-4-5-20251001"
_TERMINALS = ("vscode", "iTerm.app", "tmux", "WarpTerminal")
CRON_TERMINAL = "non-interactive"


class ModelUse(NamedTuple):
    """One model's tokens in a record. The report adds the two cache-write classes up; the bill does not."""

    model: str
    uncached: int
    write_5m: int
    write_1h: int
    read: int
    output: int
    estimated_cents: int


class CodeRecord(NamedTuple):
    """One record of the report: a day, an actor, a surface."""

    email: str | None
    api_key_name: str | None
    customer_type: str
    terminal_type: str
    is_remote: bool
    sessions: int
    models: tuple[ModelUse, ...]


@lru_cache(maxsize=64)
def code_records(scenario: Scenario, day: date) -> tuple[CodeRecord, ...]:
    """Every record of one UTC day, Console developers first; empty outside the scenario."""
    if not scenario.first_day <= day <= scenario.end_day:
        return ()
    records: list[CodeRecord] = []
    for person in console_developers(scenario):
        records += _person_records(scenario, person, day, "api")
    records.append(_ci_record(scenario, day))
    for person in subscribers(scenario):
        records += _person_records(scenario, person, day, "subscription")
    records.append(_cron_record(scenario, day))
    return tuple(records)


def _person_records(scenario: Scenario, person: Person, day: date, customer_type: str) -> list[CodeRecord]:
    rng = scenario.rng("claude_code", person.person_id, day)
    worked = rng.random() < (0.88 if scenario.is_working_day(day) else 0.04)
    if not worked or not scenario.is_employed(person, day):
        return []
    appetite = 0.4 + scenario.rng("claude_code_appetite", person.person_id).random() * 1.6
    terminal = _TERMINALS[person.number % len(_TERMINALS)]
    records = [
        CodeRecord(person.email, None, customer_type, terminal, False, rng.randint(1, 7), _models(rng, day, appetite))
    ]
    if rng.random() < 0.15:
        models = _models(rng, day, appetite / 4)
        records.append(CodeRecord(person.email, None, customer_type, "web", True, rng.randint(1, 3), models))
    return records


def _ci_record(scenario: Scenario, day: date) -> CodeRecord:
    rng = scenario.rng("claude_code_ci", day)
    return CodeRecord(None, CI_KEY_NAME, "api", "github-actions", False, rng.randint(4, 18), _models(rng, day, 0.7))


def _cron_record(scenario: Scenario, day: date) -> CodeRecord:
    """The production job that runs at 03:00 UTC on a person's seat, weekends included."""
    rng = scenario.rng("claude_code_cron", day)
    email = scenario.incidents.seat_cron_person.email
    return CodeRecord(email, None, "subscription", CRON_TERMINAL, False, 1, _models(rng, day, 1.1))


def _models(rng, day: date, scale: float) -> tuple[ModelUse, ...]:
    uses = [_use(rng, day, prices.served_model(OPUS, day), scale)]
    if rng.random() < 0.6:
        uses.append(_use(rng, day, HAIKU, scale / 3))
    return tuple(uses)


def _use(rng, day: date, model: str, scale: float) -> ModelUse:
    tokens = [
        int(base * scale * rng.uniform(0.7, 1.3))
        for base in (120_000, 60_000, 40_000, 2_400_000, 45_000)
    ]
    rates = prices.billed_rate(model, day).by_token_type.values()
    usd = sum((count * rate for count, rate in zip(tokens, rates, strict=True)), Decimal(0)) / prices.MILLION
    return ModelUse(model, *tokens, int((usd * 100).to_integral_value(ROUND_HALF_UP)))
