"""Claude API usage of the simulated company at the finest grain of the reports, and what the vendor bills for it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from agent_spend.sandbox import prices
from agent_spend.sandbox.claude_code import HAIKU, OPUS, code_records
from agent_spend.sandbox.claude_company import PROD, STAGING, machine_keys, personal_keys
from agent_spend.sandbox.scenario import Scenario

SONNET = "claude-sonnet-5-5"
_WEEKEND = 0.55
#: Before this day prompts above 200k tokens carried a surcharge; the company started using them afterwards.
_LONG_CONTEXT_DAY = date(2026, 3, 13)
_MODEL_NAMES = {
    OPUS: "Claude Opus 5.5",
    SONNET: "Claude Sonnet 5.5",
    HAIKU: "Claude Haiku 4.5",
    "claude-opus-5": "Claude Opus 5",
    "claude-opus-4-8": "Claude Opus 4.8",
    "claude-opus-4-6": "Claude Opus 4.6",
    "claude-sonnet-5": "Claude Sonnet 5",
    "claude-sonnet-4-6": "Claude Sonnet 4.6",
    "claude-preview-x1": "Claude Preview X1",
}
_TOKEN_NAMES = dict(zip(prices.TOKEN_TYPES, (
    "Input Tokens", "Input Tokens, Cache Write (5m)", "Input Tokens, Cache Write (1h)", "Input Tokens, Cache Hit",
    "Output Tokens"), strict=True))


class MessagesRecord(NamedTuple):
    """Tokens of one (key, workspace, model, tier, context window, geography) on one day; classes are disjoint."""

    api_key_id: str | None
    workspace_id: str | None
    model: str
    service_tier: str
    context_window: str
    inference_geo: str
    uncached: int
    write_5m: int
    write_1h: int
    read: int
    output: int
    web_searches: int = 0

    @property
    def tokens(self) -> tuple[int, int, int, int, int]:
        return (self.uncached, self.write_5m, self.write_1h, self.read, self.output)


class CostLine(NamedTuple):
    """One line of the bill at the cost report's finest grain; ``cents`` is exact."""

    workspace_id: str | None
    description: str
    cost_type: str
    model: str | None
    service_tier: str | None
    context_window: str | None
    inference_geo: str | None
    token_type: str | None
    cents: Decimal


class _Load(NamedTuple):
    key_id: str | None
    model: str
    tokens: tuple[int, int, int, int, int]
    service_tier: str = "standard"
    context_window: str = "0-200k"
    inference_geo: str = "global"
    web_searches: int = 0


@lru_cache(maxsize=400)
def messages_records(scenario: Scenario, day: date) -> tuple[MessagesRecord, ...]:
    """Every record of one UTC day; empty outside the scenario."""
    if not scenario.first_day <= day <= scenario.end_day:
        return ()
    return (*_machine_records(scenario, day), *_claude_code_records(scenario, day))


@lru_cache(maxsize=400)
def cost_lines(scenario: Scenario, day: date) -> tuple[CostLine, ...]:
    """The bill of one UTC day: tokens at the vendor's own rates, web searches, and code execution on Tuesdays."""
    return bill(scenario, day, messages_records(scenario, day))


def bill(scenario: Scenario, day: date, records: Iterable[MessagesRecord]) -> tuple[CostLine, ...]:
    """The bill of one UTC day for these records only."""
    totals: dict[tuple, Decimal] = defaultdict(Decimal)
    for record in records:
        for token_type, usd in billed_by_token_type(record, day).items():
            description = f"{_MODEL_NAMES[record.model]} Usage - {_TOKEN_NAMES[token_type]}"
            totals[record.workspace_id, description, "tokens", record.model, record.service_tier,
                   record.context_window, record.inference_geo, token_type] += usd * 100
        if record.web_searches:
            totals[record.workspace_id, "Web Search Usage", "web_search", None, None, None, None, None] += (
                record.web_searches * prices.WEB_SEARCH_USD * 100
            )
    if day.weekday() == 1 and scenario.first_day <= day <= scenario.end_day:
        totals[PROD, "Code Execution Usage", "code_execution", None, None, None, None, None] = code_execution_cents(
            scenario, day
        )
    return tuple(CostLine(*dimensions, cents) for dimensions, cents in totals.items())


def billed_by_token_type(record: MessagesRecord, day: date) -> dict[str, Decimal]:
    """USD the vendor bills for each non-empty token class of a record."""
    return _priced(record, prices.billed_rate(record.model, day))


def list_usd(record: MessagesRecord, day: date) -> Decimal | None:
    """List price of a record's tokens and web searches, or ``None`` when no public price exists."""
    rate = prices.list_rate(record.model, day)
    if rate is None:
        return None
    return sum(_priced(record, rate).values(), record.web_searches * prices.WEB_SEARCH_USD)


def code_execution_cents(scenario: Scenario, day: date) -> Decimal:
    """Container hours of one Tuesday in quarter hours, at 5 cents an hour."""
    quarters = scenario.rng("claude_code_execution", day).randint(20, 60)
    return Decimal(quarters) / 4 * prices.CODE_EXECUTION_USD_PER_HOUR * 100


def _priced(record: MessagesRecord, rate: prices.Rate) -> dict[str, Decimal]:
    factor = prices.factor(record.service_tier, record.inference_geo)
    return {
        token_type: count * price * factor / prices.MILLION
        for count, (token_type, price) in zip(record.tokens, rate.by_token_type.items(), strict=True)
        if count
    }


def _loads(scenario: Scenario, day: date) -> Iterator[_Load]:
    incidents = scenario.incidents
    invoice_model = OPUS if day >= incidents.swap_day else SONNET
    yield _Load("apikey_01SimCheckoutProd", SONNET, (2_100_000, 500_000, 0, 9_000_000, 640_000))
    if day >= _LONG_CONTEXT_DAY:
        yield _Load("apikey_01SimCheckoutProd", SONNET, (900_000, 0, 0, 0, 30_000), context_window="200k-1M")
    yield _Load("apikey_01SimInvoiceProd", invoice_model, (3_000_000, 250_000, 120_000, 4_000_000, 700_000))
    yield _Load("apikey_01SimNightlyBatch", HAIKU, (9_000_000, 0, 0, 0, 2_200_000), "batch", "0-200k", "not_available")
    yield _Load("apikey_01SimSupportUs", "claude-opus-5", (800_000, 0, 300_000, 2_500_000, 260_000), "standard",
                "0-200k", "us", 90)
    yield _Load("apikey_01SimRankerOld", SONNET, (1_500_000, 200_000, 0, 6_000_000, 110_000))
    yield _Load("apikey_01SimRankerNew", SONNET, (1_500_000, 200_000, 0, 6_000_000, 110_000))
    yield _Load("apikey_01SimEvalStaging", OPUS, (700_000, 150_000, 0, 1_000_000, 210_000))
    yield _Load("apikey_01SimDevSandbox", "claude-sonnet-5", (400_000, 50_000, 0, 300_000, 90_000))
    yield _Load("apikey_01SimLegacy", "claude-opus-4-6", (200_000, 0, 0, 0, 40_000))
    yield _Load(incidents.untagged_key_id, SONNET, (600_000, 0, 0, 0, 80_000))
    if day == incidents.unpriced_day:
        yield _Load("apikey_01SimEvalStaging", incidents.unpriced_model, (250_000, 40_000, 0, 120_000, 60_000))
    if scenario.is_working_day(day):
        yield _Load(None, SONNET, (40_000, 0, 0, 0, 12_000))


def _machine_records(scenario: Scenario, day: date) -> Iterator[MessagesRecord]:
    keys = {key.key_id: key for key in machine_keys(scenario)}
    weight = 1.0 if scenario.is_working_day(day) else _WEEKEND
    for load in _loads(scenario, day):
        key = keys.get(load.key_id)
        if key and ((key.first_day and day < key.first_day) or (key.last_day and day > key.last_day)):
            continue
        rng = scenario.rng("claude_api", load.key_id, load.model, load.context_window, day)
        model = prices.served_model(load.model, day)
        tokens = (int(base * weight * rng.uniform(0.9, 1.1)) for base in load.tokens)
        yield MessagesRecord(
            load.key_id, key.workspace_id if key else None, model, load.service_tier, load.context_window,
            load.inference_geo, *tokens, web_searches=int(load.web_searches * weight * rng.uniform(0.8, 1.2)),
        )


def _claude_code_records(scenario: Scenario, day: date) -> Iterator[MessagesRecord]:
    """Claude Code on Console keys is API usage too: the report's records added up per key and model."""
    key_of = {person.email: key for person, key in personal_keys(scenario)}
    totals: dict[tuple[str, str, str], list[int]] = {}
    for record in code_records(scenario, day):
        if record.customer_type != "api":
            continue
        key_id, workspace_id = (
            (key_of[record.email].key_id, key_of[record.email].workspace_id)
            if record.email else ("apikey_01SimCiCode", STAGING)
        )
        for use in record.models:
            total = totals.setdefault((key_id, workspace_id, use.model), [0] * 5)
            for n, count in enumerate((use.uncached, use.write_5m, use.write_1h, use.read, use.output)):
                total[n] += count
    for (key_id, workspace_id, model), tokens in totals.items():
        geo = "not_available" if model == HAIKU else "global"
        yield MessagesRecord(key_id, workspace_id, model, "standard", "0-200k", geo, *tokens)
