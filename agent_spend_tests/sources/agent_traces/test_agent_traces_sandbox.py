"""The feed over the simulated agents' files, against the answer key."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from agent_traces_otlp import FEED

from agent_spend.sandbox.agent_traces import answer_key, write_files
from agent_spend.sandbox.agent_traces_dialects import SECRET_WORDS
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings

SCENARIO = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
#: USD per million tokens: input, 5-minute write, 1-hour write, cache read, output; from Anthropic's price list.
PRICES = {
    "claude-haiku-4-5-20251001": ("1", "1.25", "2", "0.10", "5"),
    "claude-sonnet-5-5": ("2", "2.50", "4", "0.10", "10"),
    "claude-opus-5-5": ("4", "5", "8", "0.20", "20"),
}
COUNTS = ("input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens")


@pytest.fixture(scope="module")
def key():
    return answer_key(SCENARIO)


@pytest.fixture(scope="module")
def rows_by_day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    write_files(SCENARIO, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENT_TRACES_URI", str(folder))
        answers = list(FEED.fetch(SCENARIO.calendar, Settings.from_environment()))
    return {answer.day.isoformat(): FEED.table(answer).to_pylist() for answer in answers}


@pytest.fixture(scope="module")
def rows(rows_by_day):
    return [row for rows in rows_by_day.values() for row in rows]


def list_usd(row):
    if row["span_class"] != "inference":
        return Decimal(0)
    if row["reported_usd"] is not None:
        return row["reported_usd"]
    rates = map(Decimal, PRICES[row["model"]])
    return sum((row[name] or 0) * rate for name, rate in zip(COUNTS, rates, strict=True)) / 1_000_000


def test_every_day_has_exactly_the_spans_that_ended_then(rows_by_day, key):
    assert {day: len(rows) for day, rows in rows_by_day.items()} == key["span_rows"]


def test_every_day_costs_exactly_what_its_traces_cost(rows_by_day, key):
    costs = {day: sum(map(list_usd, rows), Decimal(0)) for day, rows in rows_by_day.items()}

    assert costs == {day: Decimal(usd) for day, usd in key["list_usd_by_trace_day"].items()}


def test_the_rows_give_the_cost_per_completed_task_of_every_workflow_and_day(rows, key):
    """Task runs are put together as the marts do: a trace is a run, its root names the workflow and the result."""
    traces = defaultdict(list)
    for row in rows:
        traces[row["trace_id"]].append(row)
    tasks = defaultdict(list)
    for trace_id, members in traces.items():
        root = next(row for row in members if row["parent_span_id"] is None)
        workflow = root["workflow"] or root["agent"]
        success = root["task_success"]
        if success is None:
            success = {0: None, 1: True, 2: False}[root["status_code"]]
        cost = sum(map(list_usd, members), Decimal(0))
        ended = max(row["ended_at"] for row in members)
        tasks[workflow, root["task_id"] or trace_id].append((ended, success, cost))
    found = defaultdict(lambda: [0, 0, Decimal(0)])
    for (workflow, _), attempts in tasks.items():
        attempts.sort()
        done = [ended for ended, success, _ in attempts if success]
        cell = found[workflow, (done[0] if done else attempts[-1][0]).date().isoformat()]
        cell[0] += len(attempts)
        cell[1] += bool(done)
        cell[2] += sum(cost for _, _, cost in attempts)

    assert {cell: tuple(values) for cell, values in found.items()} == {
        (row["workflow"], row["usage_day"]): (row["attempts"], row["completed_tasks"], Decimal(row["list_usd"]))
        for row in key["workflow_days"]
    }


def test_the_seat_cron_carries_the_seat_and_its_person(rows):
    runs = [row for row in rows if row["workflow"] == "release_notes"]
    person = SCENARIO.incidents.seat_cron_person.email

    assert {(row["auth_hint"], row["billing_identity"], row["environment"]) for row in runs} == {
        ("seat", person, "prod")
    }
    assert {row["started_at"].hour for row in runs} == {3}
    assert len(runs) == 3 * 21


def test_the_run_that_is_still_being_written_is_not_there_yet(rows):
    assert not any(row["trace_id"] == "f" * 32 for row in rows)


def test_no_words_of_the_agents_reach_the_rows(rows):
    assert SECRET_WORDS not in str(rows)
