"""Which run a span belongs to: one trace may hold several runs, and everything spent is in exactly one of them."""

from decimal import Decimal

from agent_lake import call, landed, runs_of, span
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from agent_spend.engines.duckdb import DuckDBEngine

T = "t1"


def batch(*more, **root):
    """A batch job without a workflow of its own, over two workflows with a call each, and a call of its own."""
    return [
        span(T, "root", end=20, **root),
        span(T, "w1", "root", "workflow", workflow="Triage", task_id="T-1", status_code=1),
        call(T, "c1", "w1", "0.30"),
        span(T, "w2", "root", "workflow", start=14, workflow="Refund", task_id="T-2", status_code=2),
        call(T, "c2", "w2", "0.50", start=14),
        *more,
    ]


def test_each_top_level_workflow_of_a_batch_job_is_a_run_and_its_own_call_lies_outside():
    assert runs_of(batch(call(T, "plan", "root", "0.10"))) == {
        "root": None, "plan": None, "w1": "w1", "c1": "w1", "w2": "w2", "c2": "w2"
    }


def test_a_call_inside_an_inner_workflow_belongs_to_the_outermost():
    inner = [span(T, "inner", "w1", "workflow", workflow="Lookup"), call(T, "deep", "inner", "0.01")]
    assert {id: runs_of(batch(*inner))[id] for id in ("inner", "deep")} == {"inner": "w1", "deep": "w1"}


def test_several_tasks_under_one_workflow_are_runs_of_that_workflow(agents):
    rows = [
        span(T, "night", None, "workflow", end=20, workflow="Nightly"),
        span(T, "h1", "night", task_id="T-1", status_code=1),
        call(T, "c1", "h1", "0.30", task_id="T-1"),
        span(T, "h2", "night", start=14, task_id="T-2", status_code=1),
        call(T, "c2", "h2", "0.50", start=14, task_id="T-2"),
    ]
    assert runs_of(rows) == {"night": None, "h1": "h1", "c1": "h1", "h2": "h2", "c2": "h2"}
    agents.land(rows).build()
    assert [(task["workflow_id"], task["task_id"], task["outcome"], task["list_usd"]) for task in agents.read("fct_task")] == [
        ("nightly", "T-1", "completed", Decimal("0.30")), ("nightly", "T-2", "completed", Decimal("0.50"))
    ]


def test_a_task_stated_on_the_outermost_span_holds_the_sub_tasks_below_it():
    rows = [
        span(T, "root", task_id="T-1"),
        span(T, "a1", "root", "agent", task_id="T-1.1"),
        call(T, "c1", "a1", "0.10", task_id="T-1.1"),
        span(T, "a2", "root", "agent", task_id="T-1.2"),
    ]
    assert set(runs_of(rows).values()) == {"root"}


def test_sub_agents_that_fan_out_are_one_run():
    agents = [span(T, f"a{n}", "root", "agent", agent=f"Reader {n}") for n in range(3)]
    calls = [call(T, f"c{n}", f"a{n}", "0.10") for n in range(3)]
    rows = [span(T, "root", None, "workflow", workflow="Review"), *agents, *calls]
    assert set(runs_of(rows).values()) == {"root"}


def test_two_agents_without_a_workflow_are_one_run_named_after_the_first(agents):
    rows = [
        span(T, "http", end=20), span(T, "p", "http", "agent", agent="Planner"), call(T, "c1", "p", "0.10"),
        span(T, "e", "http", "agent", start=14, agent="Executor"), call(T, "c2", "e", "0.20", start=14),
    ]
    agents.land(rows).build("int_agent__run")
    run = agents.one("int_agent__run")
    assert (run["run_span_id"], run["workflow_id"], run["task_id"]) == ("p", "planner", T)


def test_a_workflow_that_ran_twice_for_one_task_in_one_trace_is_two_attempts(agents):
    rows = [
        span(T, "root", end=20),
        span(T, "w1", "root", "workflow", workflow="Triage", task_id="T-1", status_code=2), call(T, "c1", "w1", "0.30"),
        span(T, "w2", "root", "workflow", start=14, workflow="Triage", task_id="T-1", status_code=1),
        call(T, "c2", "w2", "0.40", start=14),
    ]
    agents.land(rows).build()
    task = agents.one("fct_task")
    assert (task["attempts"], task["outcome"], task["list_usd"]) == (2, "completed", Decimal("0.70"))


def test_a_step_tried_again_inside_a_run_counts_by_its_last_try(agents):
    rows = [
        span(T, "night", None, "workflow", end=20, workflow="Nightly"),
        span(T, "h1", "night", task_id="T-1", status_code=2), span(T, "h2", "night", start=14, task_id="T-1", status_code=1),
        span(T, "h3", "night", start=16, task_id="T-2", status_code=2),
    ]
    agents.land(rows).build()
    assert [(task["task_id"], task["attempts"], task["outcome"]) for task in agents.read("fct_task")] == [
        ("T-1", 1, "completed"), ("T-2", 1, "failed")
    ]


def test_a_workflow_named_on_its_calls_alone_is_one_run_a_name():
    rows = [
        span(T, "http", end=20),
        call(T, "c1", "http", "0.10", workflow="A"), call(T, "c2", "http", "0.20", start=13, workflow="a"),
        call(T, "c3", "http", "0.20", start=14, workflow="B"),
    ]
    assert runs_of(rows) == {"http": None, "c1": "c2", "c2": "c2", "c3": "c3"}


def test_calls_whose_parent_never_arrived_are_one_run_of_their_workflow():
    rows = [call(T, f"c{n}", "lost", "0.10", start=12 + n, workflow="A", task_id="T-1") for n in range(3)]
    assert set(runs_of(rows).values()) == {"c0"}


def test_spans_that_call_each_other_in_a_circle_lose_nothing():
    rows = batch(span(T, "x", "y"), call(T, "y", "x", "0.07"))
    assert runs_of(rows) | {"x": None, "y": None} == runs_of(rows)


def test_what_a_batch_job_spends_itself_is_shared_equally_and_marked_allocated(agents):
    agents.land(batch(call(T, "plan", "root", "0.05"))).build("int_agent__call", "int_agent__run", "fct_task",
                                                              "int_agent__task_model_day", "rpt_platform__workflow_day")
    days = {day["workflow_id"]: day for day in agents.read("rpt_platform__workflow_day")}
    shown = {name: (day["list_usd"], day["allocated_usd"], day["attribution_mode"]) for name, day in days.items()}
    assert shown == {
        "triage": (Decimal("0.325"), Decimal("0.025"), "allocated"), "refund": (Decimal("0.525"), Decimal("0.025"), "allocated")
    }
    assert {call["calls"] for call in agents.read("int_agent__call") if call["is_allocated"]} == {0, 1}


def test_an_equal_share_that_does_not_divide_loses_nothing(agents):
    third = [span(T, "w3", "root", "workflow", workflow="Audit")]
    agents.land(batch(*third, call(T, "plan", "root", "0.10", input_tokens=100, output_tokens=2))).build("int_agent__call")
    shares = [row for row in agents.read("int_agent__call") if row["is_allocated"]]
    assert [share["list_usd"] for share in shares] == [
        Decimal("0.033333333333"), Decimal("0.033333333333"), Decimal("0.033333333334")
    ]
    assert [share["input_tokens"] for share in shares] == [33, 33, 34]
    assert [share["output_tokens"] for share in shares] == [0, 0, 2]


def test_the_ledger_marks_shares_of_overhead_as_allocated(agents):
    agents.land(batch(call(T, "plan", "root", "0.10"))).build("int_agent__call", "int_agent__run")
    engine = DuckDBEngine(agents.catalog, agents.lake)
    sql = "SELECT actor_id, attribution_mode, list_usd FROM int_usage__agents ORDER BY ALL"
    assert engine.query(sql, ["int_usage__agents"]).to_pylist() == [
        {"actor_id": "refund", "attribution_mode": "allocated", "list_usd": Decimal("0.05")},
        {"actor_id": "refund", "attribution_mode": "direct", "list_usd": Decimal("0.50")},
        {"actor_id": "triage", "attribution_mode": "allocated", "list_usd": Decimal("0.05")},
        {"actor_id": "triage", "attribution_mode": "direct", "list_usd": Decimal("0.30")},
    ]


def test_a_call_that_a_proxy_reports_again_is_paid_once(agents):
    rows = [
        span(T, "w1", None, "workflow", workflow="Triage", status_code=1),
        call(T, "sdk", "w1", None, response_id="msg_1"), call(T, "proxy", "sdk", "0.30", response_id="msg_1"),
    ]
    agents.land(rows).build()
    task = agents.one("fct_task")
    assert (task["list_usd"], task["input_tokens"], task["attribution_mode"]) == (Decimal("0.30"), 1000, "direct")


# --- any tree -----------------------------------------------------------------------------------------------------

NODES = some.lists(
    some.tuples(
        some.integers(-1, 30),  # parent: an earlier span, or none
        some.sampled_from(["workflow", "agent", "other", "tool", "inference", "inference"]),
        some.sampled_from([None, None, "A", "B"]),
        some.sampled_from([None, None, "T-1", "T-2"]),
        some.integers(0, 5_000_000),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


def grown(nodes, trace=T) -> list[dict]:
    rows = []
    for n, (parent, kind, workflow, task, micros) in enumerate(nodes):
        above = f"s{parent % n}" if n and parent >= 0 else None
        usd = f"{micros / 1_000_000:.6f}" if kind == "inference" else None
        make = call if kind == "inference" else lambda *said, kind=kind, **more: span(*said[:3], kind, **more)
        rows.append(make(trace, f"s{n}", above, usd, start=n / 10, workflow=workflow, task_id=task, model=f"m{n % 3}"))
    return rows


def paths(rows) -> dict[str, list[dict]]:
    """Each span with the spans above it, the outermost first."""
    found = {}
    for row in rows:
        found[row["span_id"]] = [*found.get(row["parent_span_id"], []), row]
    return found


@settings(max_examples=25, deadline=None)
@given(NODES)
@example([(-1, "workflow", None, "T-1", 0), (0, "agent", "A", None, 0)])
def test_in_any_tree_the_outermost_workflow_or_task_leads_and_a_lone_run_takes_the_whole_trace(nodes):
    rows = grown(nodes)
    runs, above = runs_of(rows), paths(rows)
    leads = {run for run in runs.values() if run}
    assert leads and all(runs[lead] == lead for lead in leads)
    if len(leads) == 1:
        assert set(runs.values()) == leads
    for id, path in above.items():
        outermost = next((row for row in path if row["span_class"] == "workflow" or row["workflow"] or row["task_id"]), None)
        if outermost and (outermost["span_class"] == "workflow") and outermost["task_id"]:
            assert runs[id] == outermost["span_id"]
        if outermost is None and len(leads) > 1:
            assert runs[id] is None


COUNTS = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens")


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(NODES, min_size=10, max_size=20))
def test_in_any_trees_the_runs_and_the_tasks_hold_exactly_what_the_calls_cost(agents, trees):
    rows = [row for number, tree in enumerate(trees) for row in grown(tree, f"t{number}")]
    paid = [row for row in landed(rows).to_pylist() if row["span_class"] == "inference"]
    agents.land(rows).build("int_agent__call", "int_agent__run", "fct_task", "int_agent__task_model_day")
    calls, runs, tasks = agents.read("int_agent__call"), agents.read("int_agent__run"), agents.read("fct_task")
    spent = sum((row["reported_usd"] for row in paid), Decimal(0))

    assert sum((row["list_usd"] for row in calls), Decimal(0)) == spent
    assert sum((row["list_usd"] or 0 for row in tasks), Decimal(0)) == spent
    assert sum((row["list_usd"] for row in agents.read("int_agent__task_model_day")), Decimal(0)) == spent
    assert sum(row["calls"] for row in calls) == len(paid)
    assert sum(row["attempts"] for row in tasks) == len(runs)
    for column in COUNTS:
        assert sum(row[column] for row in calls) == sum(row[column] or 0 for row in paid)
    named = {(row["trace_id"], row["run_span_id"]) for row in runs}
    assert {(row["trace_id"], row["run_span_id"]) for row in calls} <= named and len(named) == len(runs)
