"""What the simulated agents did: tasks, attempts and model calls with exact prices. The truth behind spans and key."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from agent_spend.sandbox.agent_traces_workflows import WORKFLOWS, Workflow, on_day
from agent_spend.sandbox.prices import MILLION, list_rate
from agent_spend.sandbox.scenario import Scenario

_REPORTED_STEP = Decimal("0.00000001")
_WEEK = 7


@dataclass(frozen=True)
class Call:
    """One model call. ``input_tokens`` excludes cached ones; ``reported_usd`` is ``None`` for tokens only."""

    agent: str
    model: str
    started_at: datetime
    ended_at: datetime
    input_tokens: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output_tokens: int
    reported_usd: Decimal | None

    @property
    def token_usd(self) -> Decimal:
        """The tokens at the list price of the day the call ended."""
        rate = list_rate(self.model, self.ended_at.date())
        return (
            self.input_tokens * rate.input
            + self.cache_read * rate.read
            + self.cache_write_5m * rate.write_5m
            + self.cache_write_1h * rate.write_1h
            + self.output_tokens * rate.output
        ) / MILLION

    @property
    def list_usd(self) -> Decimal:
        """The reported cost, else the tokens at list price."""
        return self.token_usd if self.reported_usd is None else self.reported_usd


@dataclass(frozen=True)
class Attempt:
    """One run, which is one trace. ``succeeded`` is ``None`` when nothing says how it went."""

    workflow: Workflow
    task_id: str
    number: int
    trace_id: str
    started_at: datetime
    ended_at: datetime
    succeeded: bool | None
    calls: tuple[Call, ...]

    @property
    def list_usd(self) -> Decimal:
        return sum((call.list_usd for call in self.calls), Decimal(0))


@dataclass(frozen=True)
class Task:
    """All attempts at one piece of work, oldest first."""

    workflow: Workflow
    task_id: str
    attempts: tuple[Attempt, ...]

    @property
    def is_completed(self) -> bool:
        return any(attempt.succeeded for attempt in self.attempts)

    @property
    def usage_day(self) -> date:
        """UTC day of the end of the first successful attempt, else of the last attempt."""
        done = [attempt for attempt in self.attempts if attempt.succeeded]
        return (done[0] if done else self.attempts[-1]).ended_at.date()


@lru_cache(maxsize=4096)
def tasks_started(scenario: Scenario, day: date) -> tuple[Task, ...]:
    """Every task whose first attempt starts on ``day``."""
    return tuple(
        task
        for workflow in WORKFLOWS
        for task in _workflow_tasks(scenario, on_day(workflow, scenario, day), day)
    )


def all_tasks(scenario: Scenario) -> tuple[Task, ...]:
    """Every task of the scenario, in order of the day it starts."""
    return tuple(task for day in scenario.calendar for task in tasks_started(scenario, day))


def _workflow_tasks(scenario: Scenario, workflow: Workflow, day: date) -> list[Task]:
    random = scenario.rng("agent_traces", workflow.name, day)
    week_day = (day - scenario.first_day).days % _WEEK
    tasks = []
    for number in range(random.randint(*workflow.tasks)):
        start = _midnight(day) + _start_offset(random, workflow, number)
        outcomes = _outcomes(random, workflow)
        if number == 0:
            # One seeded curiosity a week for each of three workflows.
            if (workflow.name, week_day) == ("ticket_router", 6):
                outcomes = (True, True)
            elif (workflow.name, week_day) == ("refund_triage", 4):
                outcomes = (False, False, False)
            elif (workflow.name, week_day) == ("contract_review", 5) and day < scenario.end_day:
                outcomes, start = (False, True), _midnight(day) + timedelta(hours=23, minutes=51)
        task_id = f"{workflow.name}-{day:%Y%m%d}-{number:03d}"
        attempts = []
        for attempt_number, outcome in enumerate(outcomes, start=1):
            attempts.append(_attempt(random, workflow, task_id, attempt_number, start, outcome))
            start = attempts[-1].ended_at + timedelta(seconds=random.randint(60, 240))
        tasks.append(Task(workflow, task_id, tuple(attempts)))
    return tasks


def _outcomes(random, workflow: Workflow) -> tuple[bool | None, ...]:
    if workflow.success == "never":
        return (None,) if random.random() < 0.5 else (False,)
    outcomes: tuple[bool | None, ...] = ()
    while len(outcomes) < 2 and random.randrange(100) < workflow.retry_percent:
        outcomes += (False,)
    return (*outcomes, True)


def _attempt(random, workflow: Workflow, task_id: str, number: int, start: datetime, outcome: bool | None) -> Attempt:
    clock = start + timedelta(milliseconds=random.randint(20, 400))
    calls = []
    for agent in ("main", *workflow.agents):
        for _ in range(workflow.calls):
            took = timedelta(milliseconds=random.randint(1500, 14_000))
            calls.append(_call(random, workflow, agent, clock, clock + took))
            clock += took + timedelta(milliseconds=random.randint(50, 900))
    # An attempt that crosses midnight waits for a person; its last call ends on the new day.
    if task_id.startswith("contract_review") and start.hour == 23 and number == 2:
        first_late = calls[-1]
        late = datetime.combine(start.date() + timedelta(days=1), first_late.started_at.timetz().replace(hour=0))
        calls[-1] = _call(random, workflow, first_late.agent, late, late + timedelta(seconds=6))
        clock = calls[-1].ended_at + timedelta(seconds=1)
    trace_id = f"{random.getrandbits(128) | 1:032x}"
    return Attempt(workflow, task_id, number, trace_id, start, clock, outcome, tuple(calls))


def _call(random, workflow: Workflow, agent: str, start: datetime, end: datetime) -> Call:
    def about(count: int) -> int:
        return int(count * random.uniform(0.85, 1.15))

    written = about(workflow.cache_write)
    written_1h = written // 3 if workflow.is_cache_1h else 0
    call = Call(
        agent=agent,
        model=workflow.model,
        started_at=start,
        ended_at=end,
        input_tokens=about(workflow.input_tokens),
        cache_read=about(workflow.cache_read),
        cache_write_5m=written - written_1h,
        cache_write_1h=written_1h,
        output_tokens=about(workflow.output_tokens),
        reported_usd=None,
    )
    if not workflow.reported:
        return call
    reported = (call.token_usd * workflow.reported_percent / 100).quantize(_REPORTED_STEP, rounding=ROUND_HALF_UP)
    return replace(call, reported_usd=reported)


def _start_offset(random, workflow: Workflow, number: int) -> timedelta:
    if workflow.start_hour is not None:
        return timedelta(hours=workflow.start_hour, minutes=6 * number, seconds=random.randint(0, 20))
    return timedelta(seconds=random.randint(5 * 3600, 21 * 3600), milliseconds=random.randint(0, 999))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
