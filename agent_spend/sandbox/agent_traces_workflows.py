"""The simulated company's own agents: eight workflows, how each emits its spans and how it signs in."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from agent_spend.sandbox.prices import served_model
from agent_spend.sandbox.scenario import Scenario

HAIKU, SONNET, OPUS = "claude-haiku-4-5-20251001", "claude-sonnet-5-5", "claude-opus-5-5"


@dataclass(frozen=True)
class Workflow:
    """One automated workload.

    Args:
        dialect: its attribute names: ``genai``, ``genai_old``, ``traceloop``, ``openinference``, ``claude_code``.
        tasks: fewest and most tasks a day.
        retry_percent: share of attempts that fail and are tried again.
        input_tokens, cache_read, cache_write, output_tokens: of a typical call; input without cached tokens.
        reported: attribute that carries the cost, empty when spans hold tokens only.
        reported_percent: reported cost as percent of the list price (an emitter with a discount, or with a margin).
        success: how it says that a task is done: ``flag``, ``outcome``, ``status``, or ``never``.
        auth_kind: ``api_key``, ``seat``, ``service_account``, or empty when nothing says.
        agents: sub-agents the main agent hands work to.
    """

    name: str
    team: str
    environment: str
    dialect: str
    model: str
    tasks: tuple[int, int]
    calls: int
    retry_percent: int
    input_tokens: int
    cache_read: int
    cache_write: int
    output_tokens: int
    reported: str = ""
    reported_percent: int = 100
    success: str = "status"
    auth_kind: str = "api_key"
    agents: tuple[str, ...] = ()
    is_cache_1h: bool = False
    start_hour: int | None = None
    """Runs at this hour only (a cron); else spread over the day."""


WORKFLOWS = (
    Workflow("invoice_matching", "payments", "prod", "genai", HAIKU, (14, 20), 3, 15, 2600, 9000, 600, 420,
             success="flag"),
    Workflow("contract_review", "payments", "prod", "genai", OPUS, (10, 13), 2, 10, 5200, 22000, 1800, 1500,
             success="outcome", agents=("clause_reader", "risk_rater"), is_cache_1h=True),
    Workflow("refund_triage", "payments", "prod", "traceloop", HAIKU, (14, 18), 2, 12, 1800, 0, 0, 260,
             reported="litellm.cost.total", reported_percent=105),
    Workflow("ticket_router", "platform", "prod", "genai_old", SONNET, (18, 25), 2, 8, 1300, 4000, 300, 180,
             reported="gen_ai.usage.cost", reported_percent=92),
    Workflow("code_review_bot", "platform", "prod", "genai", SONNET, (12, 16), 2, 10, 7200, 30000, 2500, 1900,
             reported="operation.cost", auth_kind="service_account", agents=("diff_reader", "test_runner")),
    Workflow("nightly_cleanup", "platform", "staging", "genai", HAIKU, (2, 2), 4, 0, 900, 0, 0, 150,
             success="never", auth_kind="", start_hour=2),
    Workflow("search_synonyms", "search", "staging", "openinference", SONNET, (12, 15), 2, 8, 2400, 6000, 500, 700),
    Workflow("release_notes", "mobile", "prod", "claude_code", SONNET, (3, 3), 3, 0, 3100, 12000, 900, 1100,
             auth_kind="seat", start_hour=3),
)


def cheaper_tokens_day(scenario: Scenario) -> date:
    """From this day ``search_synonyms`` uses a model at half the price a token, which needs more tokens and retries."""
    return scenario.first_day + timedelta(days=scenario.days // 2)


def on_day(workflow: Workflow, scenario: Scenario, day: date) -> Workflow:
    """The workflow as it runs on ``day``: seeded model moves, and no model before its release."""
    incidents = scenario.incidents
    if workflow.name == incidents.swap_workflow and day >= incidents.swap_day:
        workflow = replace(workflow, model=OPUS)
    if workflow.name == "search_synonyms" and day >= cheaper_tokens_day(scenario):
        workflow = replace(workflow, model=HAIKU, retry_percent=20, input_tokens=4600, output_tokens=1400)
    return replace(workflow, model=served_model(workflow.model, day))
