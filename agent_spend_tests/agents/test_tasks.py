"""What counts as a task, an attempt and a completion; every case with figures worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from agent_lake import DAY, at, call, span

NEXT_DAY = DAY + timedelta(days=1)
OK, FAILED, UNSET = 1, 2, 0


def attempt(trace: str, status: int, usd: str | None, *, task="T-1", workflow="Triage", start: float = 12, **more) -> list[dict]:
    """One run in a trace of its own, with one call."""
    return [
        span(trace, "w", None, "workflow", start=start, workflow=workflow, task_id=task, status_code=status, **more),
        call(trace, "c", "w", usd, start=start, **more),
    ]


def day_of(agents, day: date = DAY) -> dict:
    [found] = [row for row in agents.read("rpt_platform__workflow_day") if row["usage_day"] == day]
    return found


def test_failed_attempts_are_paid_for_and_the_task_completes_once(agents):
    agents.land([*attempt("a", FAILED, "0.30"), *attempt("b", FAILED, "0.20", start=14), *attempt("c", OK, "0.40", start=16)])
    agents.build()
    task, day = agents.one("fct_task"), day_of(agents)
    assert (task["attempts"], task["outcome"], task["completed_at"], task["list_usd"]) == (3, "completed", at(17), Decimal("0.9"))
    assert (day["attempts"], day["tasks"], day["completed_tasks"]) == (3, 1, 1)
    assert (day["cost_per_completed_task_usd"], day["cost_per_attempt_usd"]) == (Decimal("0.9"), Decimal("0.3"))


def test_a_task_that_finishes_twice_completes_once_on_the_day_of_the_first_time(agents):
    agents.land([*attempt("a", OK, "0.30"), *attempt("b", OK, "0.50", day=NEXT_DAY)]).build()
    task = agents.one("fct_task")
    assert (task["usage_day"], task["completed_at"], task["attempts"], task["list_usd"]) == (DAY, at(13), 2, Decimal("0.8"))
    assert day_of(agents)["completed_tasks"] == 1


def test_a_task_across_midnight_belongs_to_the_day_it_ended(agents):
    agents.land([*attempt("a", FAILED, "0.30", start=22.5), *attempt("b", OK, "0.40", start=23.75)]).build()
    task = agents.one("fct_task")
    assert (task["started_at"], task["completed_at"]) == (at(22.5), at(24.75))
    assert [(row["usage_day"], row["attempts"], row["list_usd"]) for row in agents.read("rpt_platform__workflow_day")] == [
        (NEXT_DAY, 2, Decimal("0.7"))
    ]


def test_a_task_that_never_succeeds_lies_on_the_day_of_its_last_attempt(agents):
    agents.land([*attempt("a", FAILED, "0.30"), *attempt("b", FAILED, "0.20", day=NEXT_DAY)]).build()
    task = agents.one("fct_task")
    assert (task["usage_day"], task["outcome"], task["attempts"], task["list_usd"]) == (NEXT_DAY, "failed", 2, Decimal("0.5"))


def test_a_task_that_never_ends_is_paid_for_and_unknown(agents):
    """The workflow span is exported last, and never was."""
    agents.land([call("a", "c1", "lost", "0.30", workflow="Triage", task_id="T-1"),
                 call("a", "c2", "lost", "0.10", start=15, workflow="Triage", task_id="T-1")]).build()  # fmt: skip
    task, day = agents.one("fct_task"), day_of(agents)
    assert (task["workflow_id"], task["outcome"], task["ended_at"], task["completed_at"]) == ("triage", "unknown", at(16), None)
    assert (day["attempts"], day["unknown_tasks"], day["list_usd"], day["cost_per_completed_task_usd"]) == (
        1, 1, Decimal("0.4"), None
    )


def test_when_its_last_span_arrives_late_the_task_moves_to_the_day_it_ended(agents):
    started = [call("a", "c1", "w", "0.30", start=22, workflow="Triage", task_id="T-1")]
    agents.land(started).build()
    assert [row["usage_day"] for row in agents.read("fct_task")] == [DAY]

    agents.land([*started, span("a", "w", None, "workflow", start=21, end=26, workflow="Triage", task_id="T-1", status_code=OK)])
    agents.build(days=[DAY, NEXT_DAY])
    task = agents.one("fct_task")
    assert (task["usage_day"], task["outcome"], task["list_usd"]) == (NEXT_DAY, "completed", Decimal("0.3"))


def test_a_late_success_takes_the_failed_attempt_with_it(agents):
    first = attempt("a", FAILED, "0.30")
    agents.land(first).build()
    assert day_of(agents)["completed_tasks"] == 0
    agents.land([*first, *attempt("b", OK, "0.10", day=NEXT_DAY)]).build(days=[DAY, NEXT_DAY])
    assert [(row["usage_day"], row["list_usd"]) for row in agents.read("rpt_platform__workflow_day")] == [
        (NEXT_DAY, Decimal("0.4"))
    ]


def test_a_workflow_without_completions_has_spend_and_no_cost_per_task(agents):
    agents.land([*attempt("a", FAILED, "0.30"), *attempt("b", UNSET, "0.20", task="T-2")]).build()
    day = day_of(agents)
    assert (day["list_usd"], day["completed_tasks"], day["cost_per_completed_task_usd"], day["ratio"]) == (
        Decimal("0.5"), 0, None, None
    )
    assert (day["unknown_tasks"], day["cost_per_attempt_usd"]) == (1, Decimal("0.25"))


def test_sub_agents_are_paid_for_in_the_run_that_started_them(agents):
    fan_out = [row for n in range(3) for row in (span("a", f"a{n}", "w", "agent", agent=f"Reader {n}", status_code=FAILED),
                                                 call("a", f"c{n}", f"a{n}", "0.10"))]  # fmt: skip
    agents.land([*attempt("a", OK, "0.20"), *fan_out]).build()
    task = agents.one("fct_task")
    assert (task["attempts"], task["outcome"], task["list_usd"]) == (1, "completed", Decimal("0.5"))


def test_totals_that_agents_and_workflows_repeat_are_not_added(agents):
    agents.land([
        span("a", "w", None, "workflow", workflow="Triage", status_code=OK, reported_usd="0.20", input_tokens=2000),
        span("a", "g", "w", "agent", agent="Main", reported_usd="0.20", input_tokens=2000),
        call("a", "c1", "g", "0.15"), call("a", "c2", "g", "0.05"),
    ]).build()  # fmt: skip
    task = agents.one("fct_task")
    assert (task["list_usd"], task["input_tokens"], task["output_tokens"]) == (Decimal("0.2"), 2000, 200)


def test_the_outcome_says_by_which_rule(agents):
    def run(trace, **said):
        return [span(trace, "w", None, "workflow", workflow="Triage", **said)]

    agents.land([
        *run("a", task_success=False, status_code=OK), *run("b", status_code=OK), *run("c", error_type="Timeout"), *run("d"),
        *run("e"), span("e", "s1", "w", task_success=False, end=12.2), span("e", "s2", "w", task_success=True, end=12.8),
    ]).build("int_agent__run")  # fmt: skip
    assert {row["trace_id"]: (row["outcome"], row["outcome_rule"]) for row in agents.read("int_agent__run")} == {
        "a": ("failure", "explicit attribute"), "b": ("success", "status of the outermost span"),
        "c": ("failure", "error.type of the outermost span"), "d": ("unknown", "nothing says"),
        "e": ("success", "explicit attribute"),
    }  # fmt: skip


def test_a_failed_step_inside_a_run_is_not_a_failed_run(agents):
    agents.land([*attempt("a", OK, "0.20"), span("a", "tool", "w", "tool", status_code=FAILED, error_type="Timeout")]).build()
    assert agents.one("fct_task")["outcome"] == "completed"


def test_calls_without_a_price_are_counted_and_never_zero(agents):
    agents.land([*attempt("a", OK, None, workflow="Triage"), call("a", "x", "w", None, model="house-model-1")]).build()
    task = agents.one("fct_task")
    # 1,000 tokens in at 2 USD and 100 out at 10 USD a million, by the book's line of the day.
    assert (task["list_usd"], task["attribution_mode"], task["unpriced_calls"]) == (Decimal("0.003"), "derived", 1)
    assert task["model_set"] == "claude-sonnet-5-5, house-model-1"


def test_what_the_run_states_counts_where_none_of_its_calls_has_a_price(agents):
    lead = span("a", "w", None, "agent", start=11, agent="Main", status_code=OK, reported_usd="0.60")
    inner = span("a", "g", "w", "agent", agent="Sub", reported_usd="0.20")
    calls = [call("a", "c1", "g", None, model="house-1"), call("a", "c2", "w", None, model="house-2", output_tokens=101)]
    agents.land([lead, inner, *calls]).build()
    task = agents.one("fct_task")
    assert (task["list_usd"], task["attribution_mode"], task["unpriced_calls"]) == (Decimal("0.6"), "direct", 0)
    assert (task["input_tokens"], task["output_tokens"], task["model_set"]) == (2000, 201, "house-1, house-2")
    assert agents.one("rpt_platform__workflow_day")["dominant_model"] == "house-2"


def test_what_the_run_states_is_no_price_beside_calls_that_have_one(agents):
    lead = span("a", "w", None, "agent", agent="Main", status_code=OK, reported_usd="0.60")
    agents.land([lead, call("a", "c1", "w", None), call("a", "c2", "w", None, model="house-1")]).build()
    task = agents.one("fct_task")
    assert (task["list_usd"], task["unpriced_calls"]) == (Decimal("0.003"), 1)


SPELLINGS = [
    "anthropic/claude-haiku-4-5", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5@20251001",
    "anthropic/claude-haiku-4.5", "vertex_ai/claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001[1m]",
    "claude-haiku-4-5-latest", "anthropic/claude-haiku-4.5:thinking", "claude-haiku-4-5-20251001-thinking",
]  # fmt: skip


@pytest.mark.parametrize("model", SPELLINGS)
def test_a_clouds_or_a_gateways_spelling_of_a_model_has_the_vendors_price(agents, model):
    agents.land([span("a", "w"), call("a", "c", "w", None, model=model)]).build("int_agent__call")
    row = agents.one("int_agent__call")
    # 1,000 tokens in at 1 USD and 100 out at 5 USD a million.
    assert (row["model"], row["list_usd"], row["price_state"]) == (model, Decimal("0.0015"), "priced")


def test_a_count_that_no_call_can_have_is_unpriced_and_keeps_nobody_else_from_a_price(agents):
    agents.land([span("a", "w"), call("a", "c", "w", None, input_tokens=10**15),
                 span("b", "w2"), call("b", "c2", "w2", None)]).build()
    # 1,000 tokens in at 2 USD and 100 out at 10 USD a million.
    assert {(row["trace_id"], row["list_usd"], row["price_state"]) for row in agents.read("int_agent__call")} == {
        ("a", None, "unpriced"), ("b", Decimal("0.003"), "priced")}


PRICED = [
    # Published prices a million tokens; prompts count input, reads and writes together.
    ("claude-haiku-5-5", DAY, {"input_tokens": 100_000, "output_tokens": 1_000}, "0.0105"),
    ("claude-haiku-5-5", DAY, {"input_tokens": 60_000, "cache_read_tokens": 40_001, "output_tokens": 0}, "0.03200005"),
    ("claude-opus-4-6", date(2026, 3, 12), {"input_tokens": 200_000, "output_tokens": 1_000}, "1.025"),
    ("claude-opus-4-6", date(2026, 3, 12), {"input_tokens": 200_001, "output_tokens": 1_000}, "2.03751"),
    ("claude-opus-4-6", date(2026, 3, 13), {"input_tokens": 200_001, "output_tokens": 1_000}, "1.025005"),
    ("claude-opus-4-6", date(2026, 3, 12), {"input_tokens": 200_001, "output_tokens": 1_000, "speed": "fast"}, "12.22506"),
    ("claude-opus-4-6", date(2026, 3, 12), {"input_tokens": 1_000, "output_tokens": 1_000, "speed": "fast"}, "0.18"),
    ("claude-opus-5-5", DAY, {"input_tokens": 1_000, "output_tokens": 1_000, "speed": "fast"}, "0.048"),
    ("claude-opus-5-5", DAY, {"input_tokens": 1_000, "output_tokens": 1_000, "speed": "standard"}, "0.024"),
    ("anthropic/claude-opus-5.5-fast", DAY, {"input_tokens": 1_000, "output_tokens": 1_000}, "0.048"),
    ("fast/claude-opus-5-5", DAY, {"input_tokens": 1_000, "output_tokens": 1_000}, "0.048"),
    ("claude-opus-5-5", DAY, {"output_tokens": 1_000, "inference_geo": "us"}, "0.022"),
    ("claude-opus-5-5", DAY, {"output_tokens": 1_000, "inference_geo": "us", "service_tier": "batch"}, "0.011"),
    ("claude-sonnet-5-5", DAY, {"output_tokens": 1_000, "speed": "fast"}, None),
]


@pytest.mark.parametrize(("model", "day", "said", "usd"), PRICED)
def test_a_call_is_priced_by_its_own_size_speed_tier_and_geography(agents, model, day, said, usd):
    agents.land([span("a", "w", day=day), call("a", "c", "w", None, model=model, day=day, **{"input_tokens": 0} | said)])
    agents.build("int_agent__call")
    row = agents.one("int_agent__call")
    assert (row["book_usd"], row["price_state"]) == (usd and Decimal(usd), "priced" if usd else "unpriced")


def test_attempts_more_than_a_week_apart_are_tasks_of_their_own_and_nothing_is_lost(agents):
    """Days 0, 5 and 11 fail, 16 succeeds: a chain of gaps below eight days, longer than a week as a whole."""
    days = [DAY + timedelta(days=n) for n in (0, 5, 11, 16)]
    rows = [row for n, day in enumerate(days) for row in attempt(f"t{n}", OK if n == 3 else FAILED, "0.10", day=day)]
    agents.land(rows).build()
    whole = [(row["usage_day"], row["attempts"], row["outcome"]) for row in agents.read("fct_task")]
    assert whole == [(days[1], 1, "failed"), (days[2], 1, "failed"), (days[3], 2, "completed")]


@pytest.mark.parametrize("step", [1, 3])
def test_a_days_tasks_do_not_depend_on_how_many_days_are_built_at_once(agents, step):
    days = [DAY + timedelta(days=n) for n in range(17)]
    rows = [row for n in (0, 5, 11, 16) for row in attempt(f"t{n}", OK if n == 16 else FAILED, "0.10", day=days[n])]
    agents.land(rows).build()
    whole = agents.read("fct_task")
    for first in range(0, 17, step):
        agents.build("fct_task", days=days[first : first + step])
    assert agents.read("fct_task") == whole
    assert sum(row["list_usd"] for row in whole) == Decimal("0.4")
