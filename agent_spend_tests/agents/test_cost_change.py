"""Why the cost per completed task changed: parts that multiply to the whole, whatever the figures."""

from datetime import timedelta
from decimal import Decimal
from math import exp, log, prod
from statistics import median

import duckdb
import pytest
from agent_lake import DAY, call, span
from hypothesis import given, settings
from hypothesis import strategies as some

from agent_spend.project import catalog

PARTS = ("price", "tokens", "attempts", "model_mix", "baseline_shape")
DAYS = [DAY + timedelta(days=n) for n in range(9)]


def split(models: list[dict], days: list[dict]) -> list[dict]:
    """Rows of the model over hand-made days; each day's money is the sum over its models."""
    with duckdb.connect() as connection:
        connection.execute("""
            CREATE TABLE alert_thresholds (name VARCHAR, value VARCHAR);
            INSERT INTO alert_thresholds VALUES ('baseline_days', '7');
            CREATE TABLE int_agent__task_model_day (
                usage_day DATE, workflow_id VARCHAR, model VARCHAR, tokens BIGINT, list_usd DECIMAL(38, 18));
            CREATE TABLE rpt_platform__workflow_day (
                usage_day DATE, workflow_id VARCHAR, attempts BIGINT, completed_tasks BIGINT, list_usd DECIMAL(38, 18),
                cost_per_completed_task_usd DECIMAL(38, 12), baseline_usd DECIMAL(38, 12), ratio DOUBLE,
                dominant_model VARCHAR, previous_dominant_model VARCHAR, model_changed BOOLEAN)
        """)
        connection.executemany(
            "INSERT INTO int_agent__task_model_day VALUES (?, 'triage', ?, ?, ?)",
            [(row["day"], row["model"], row["tokens"], row["usd"]) for row in models])
        costs, before = {}, None
        for day in days:
            stated = [row for row in models if row["day"] == day["day"] and row["usd"] is not None]
            usd = sum((row["usd"] for row in stated), Decimal(0))
            model = max(stated, key=lambda row: row["usd"])["model"] if stated else None
            known = [cost for other, cost in costs.items() if 0 < (day["day"] - other).days <= 7]
            baseline = round(Decimal(median(known)), 12) if known else None
            costs[day["day"]] = cost = round(usd / day["completed"], 12)
            connection.execute(
                "INSERT INTO rpt_platform__workflow_day VALUES (?, 'triage', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [day["day"], day["attempts"], day["completed"], usd, cost, baseline,
                 float(cost) / float(baseline) if baseline else None, model, before,
                 before is not None and model is not None and model != before])
            before = model or before
        found = connection.sql(f"SELECT * FROM ({catalog().models['rpt_platform__cost_change_day'].sql}) ORDER BY usage_day")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def on(n: int, model: str, tokens: int, usd: str | None) -> dict:
    return {"day": DAYS[n], "model": model, "tokens": tokens, "usd": None if usd is None else Decimal(usd)}


def week(attempts=10, completed=10) -> list[dict]:
    """Seven even days of one dollar, a thousand tokens and ten attempts for ten completions."""
    return [{"day": DAYS[n], "attempts": attempts, "completed": completed} for n in range(7)]


def factors(today: list[dict], attempts=10, completed=10, model="haiku") -> dict[str, float]:
    """The parts on the eighth day, after an even week of ``model``."""
    past = [on(n, model, 1000, "1") for n in range(7)]
    rows = split([*past, *today], [*week(), {"day": DAYS[7], "attempts": attempts, "completed": completed}])
    return {part: round(rows[-1][f"{part}_factor"], 9) for part in PARTS}


EVEN = dict.fromkeys(PARTS, 1.0)


@pytest.mark.parametrize(
    ("today", "more", "changed"),
    [
        ([on(7, "haiku", 1000, "3")], {}, {"price": 3.0}),
        ([on(7, "haiku", 2000, "2")], {}, {"tokens": 2.0}),
        ([on(7, "haiku", 2000, "2")], {"attempts": 20}, {"attempts": 2.0}),
        ([on(7, "opus", 1000, "5")], {}, {"model_mix": 5.0}),
        ([on(7, "haiku", 500, "0.5"), on(7, "opus", 500, "2.5")], {}, {"model_mix": 3.0}),
        ([on(7, "opus", 3000, "6")], {"attempts": 20}, {"model_mix": 2.0, "tokens": 1.5, "attempts": 2.0}),
        ([on(7, "haiku", 1000, "0.5")], {"completed": 5}, {"price": 0.5, "attempts": 2.0}),
        # A model without a price has no part in the money: its tokens are left out of the volume too.
        ([on(7, "haiku", 1000, "1"), on(7, "house", 9000, None)], {}, {}),
        # Spans that state their cost and no tokens: what is left is the cost of an attempt.
        ([on(7, "haiku", 0, "4")], {}, {"price": 4.0}),
    ],
)
def test_each_cause_is_the_one_part_that_moves(today, more, changed):
    assert factors(today, **more) == EVEN | changed


def test_cheaper_by_the_token_and_dearer_by_the_task_at_once():
    """Half the price of a token by another model, three times the tokens, and one attempt more for each completion."""
    parts = factors([on(7, "haiku", 6000, "3")], attempts=20, model="opus")
    assert parts == EVEN | {"model_mix": 0.5, "tokens": 3.0, "attempts": 2.0}
    assert prod(parts.values()) == 3.0


def test_the_contributions_are_logarithms_that_add_up_to_the_whole():
    past = [on(n, "haiku", 1000, "1") for n in range(7)]
    row = split([*past, on(7, "opus", 3000, "6")], [*week(), {"day": DAYS[7], "attempts": 20, "completed": 10}])[-1]
    assert [round(row[f"{part}_log"], 9) for part in PARTS] == [
        0.0, round(log(1.5), 9), round(log(2), 9), round(log(2), 9), 0.0
    ]
    assert row["ratio_log"] == pytest.approx(log(6))


def test_the_swap_is_named_with_its_day_also_on_the_days_after_it():
    past = [on(n, "haiku", 1000, "1") for n in range(7)]
    rows = split([*past, on(7, "opus", 1000, "5"), on(8, "opus", 1000, "5")],
                 [*week(), *({"day": DAYS[n], "attempts": 10, "completed": 10} for n in (7, 8))])  # fmt: skip
    named = [(row["usage_day"], row["swapped_from"], row["model"], row["swap_day"]) for row in rows]
    assert named[-3:] == [
        (DAYS[6], None, "haiku", None), (DAYS[7], "haiku", "opus", DAYS[7]), (DAYS[8], "haiku", "opus", DAYS[7])
    ]


USD = some.one_of(some.none(), some.integers(0, 10**10).map(lambda nanos: Decimal(nanos).scaleb(-9)))
MODEL_DAY = some.tuples(some.integers(0, 8), some.sampled_from("abcd"), some.integers(0, 10**9), USD)


@settings(max_examples=40, deadline=None)
@given(
    some.lists(MODEL_DAY, min_size=4, max_size=30, unique_by=lambda row: row[:2]),
    some.lists(some.tuples(some.integers(0, 500), some.integers(1, 300)), min_size=9, max_size=9),
)
def test_whatever_the_figures_the_parts_multiply_to_the_whole(model_days, tasks):
    models = [{"day": DAYS[n], "model": model, "tokens": tokens, "usd": usd} for n, model, tokens, usd in model_days]
    days = [{"day": DAYS[n], "attempts": done + more, "completed": done} for n, (more, done) in enumerate(tasks)]
    for row in split(models, days):
        parts = [row[f"{part}_factor"] for part in PARTS]
        assert prod(parts) == pytest.approx(row["ratio"], rel=1e-12)
        assert sum(row[f"{part}_log"] for part in PARTS) == pytest.approx(row["ratio_log"], abs=1e-12)
        assert all(exp(row[f"{part}_log"]) == pytest.approx(factor) for part, factor in zip(PARTS, parts, strict=True))


def test_from_spans_to_the_parts(agents):
    """Seven days with one attempt of 0.10 a task, then a dearer model with three attempts for two completions."""
    def run(trace, day, model, usd, status=1, task=None):
        same = {"day": day, "workflow": "Triage", "task_id": task or trace}
        return [span(trace, "w", None, "workflow", status_code=status, **same), call(trace, "c", "w", usd, day=day, model=model)]

    rows = [row for n in range(7) for k in range(2) for row in run(f"t{n}{k}", DAYS[n], "haiku", "0.10")]
    last = DAYS[7]
    rows += [*run("x", last, "opus", "0.40", 2, task="T"), *run("y", last, "opus", "0.40", task="T")]
    rows += run("z", last, "opus", "0.40")
    agents.land(rows).build()
    [row] = [row for row in agents.read("rpt_platform__cost_change_day") if row["usage_day"] == last]
    assert {part: round(row[f"{part}_factor"], 9) for part in PARTS} == EVEN | {"model_mix": 4.0, "attempts": 1.5}
    assert (round(row["ratio"], 9), row["swapped_from"], row["swap_day"]) == (6.0, "haiku", last)
