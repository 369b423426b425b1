"""The README's tables of the resolution order, row by row and candidate by candidate, are what the readers do."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from agent_spend.sources import agent_traces
from agent_spend.sources.agent_traces import costs, semantics
from agent_spend.sources.agent_traces.tokens import COUNTS as TOKEN_COUNTS
from agent_spend.sources.agent_traces.tokens import USAGE_COUNTS

README = (Path(agent_traces.__file__).with_name("README.md")).read_text()
#: The README's counts, and the column in which a span that states only this count shows it.
COUNTS = {
    "uncached input, exact": "input_tokens",
    "input with cached tokens": "input_tokens",
    "input without them": "input_tokens",
    "output": "output_tokens",
    "cache reads": "cache_read_tokens",
    "cache writes": "cache_write_5m_tokens",
    "of these, 5 minutes": "cache_write_5m_tokens",
    "of these, 1 hour": "cache_write_1h_tokens",
    "added to input": "input_tokens",
    "added to output": "output_tokens",
}


def rows_of(title: str) -> list[list[str]]:
    """The cells of the table that follows ``title``."""
    lines = README[README.index(title) :].split("\n")
    table = [line for line in lines[next(n for n, line in enumerate(lines) if line.startswith("| ")) :]]
    end = next(n for n, line in enumerate(table) if not line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:end]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


TEXTS = {quoted(column)[0]: ([key for key in quoted(candidates) if key not in ("custom", "_OTHER")], places)
         for column, candidates, places in rows_of("## Which attribute means what")}  # fmt: skip
COSTS = [quoted(rule)[0] for _, rule, _ in rows_of("**Reported cost**")]
TOKENS = {count: quoted(candidates) for count, candidates in rows_of("**Tokens**")}
#: What each cost rule needs to say 0.5 USD.
HALF_A_DOLLAR = {
    "llm.cost.prompt+llm.cost.completion": {"llm.cost.prompt": 0.2, "llm.cost.completion": 0.3},
    "langfuse.observation.cost_details": {"langfuse.observation.cost_details": '{"input":0.2,"output":0.3}'},
    "mlflow.llm.cost": {"mlflow.llm.cost": '{"total_cost":0.5}'},
    "cost_usd_micros": {"cost_usd_micros": 500_000},
    "github.copilot.nano_aiu": {"github.copilot.nano_aiu": 50_000_000_000},
}


@pytest.mark.parametrize(
    ("column", "place"),
    [(column, place.strip()) for column, (_, places) in TEXTS.items() if column != "task_success" for place in places.split(",")],
)
def test_of_the_candidates_of_a_text_column_the_first_that_is_there_wins(traces, column, place):
    keys = TEXTS[column][0]
    for first in range(len(keys)):
        said = {key: f"value-{number}" for number, key in enumerate(keys) if number >= first}
        row = traces.row_of(said) if place == "span" else traces.row_of({}, resource=said)
        assert row[column] == f"value-{first}"


def test_every_text_column_is_in_the_table():
    internal = {"service_name", "request_id"}
    assert TEXTS.keys() - {"task_success"} == semantics.TEXTS.keys() - internal
    assert all(list(semantics.TEXTS[name].keys) == TEXTS[name][0] for name in TEXTS if name != "task_success")


def test_of_the_explicit_results_the_first_that_says_something_wins(traces):
    assert TEXTS["task_success"][0] == ["task.success", "task.outcome", "gen_ai.agent.invocation.status"]
    for said, expected in [
        ({"task.success": True, "task.outcome": "failed"}, (True, "task.success")),
        ({"task.success": "perhaps", "task.outcome": "failed"}, (False, "task.outcome")),
        (
            {"task.outcome": "failed", "gen_ai.agent.invocation.status": "completed"},
            (False, "task.outcome"),
        ),
        ({"gen_ai.agent.invocation.status": "completed"}, (True, "gen_ai.agent.invocation.status")),
    ]:
        row = traces.row_of(said)
        assert (row["task_success"], row["task_success_source"]) == expected


@pytest.mark.parametrize("rule", COSTS)
def test_of_the_rules_of_the_reported_cost_the_first_that_applies_wins(traces, rule):
    said = {}
    for later in COSTS[COSTS.index(rule) + 1 :]:
        said |= {key: 99.0 for key in later.split("+")}
    row = traces.row_of({"gen_ai.operation.name": "chat", **said, **HALF_A_DOLLAR.get(rule, {rule: 0.5})})

    assert (row["reported_usd"], row["reported_usd_source"]) == (Decimal("0.5"), rule)


def test_every_rule_of_the_reported_cost_is_in_the_table():
    assert [rule.source for rule in costs.COSTS] == COSTS


@pytest.mark.parametrize("count", COUNTS)
def test_of_the_candidates_of_a_token_count_the_first_that_is_there_wins(traces, count):
    keys = TOKENS[count]
    for first in range(len(keys)):
        said = {}
        for number, key in enumerate(keys):
            if number >= first:
                said |= counted(key, 10 + number)
        assert traces.row_of({"gen_ai.operation.name": "chat", **said})[COUNTS[count]] == 10 + first


def counted(key: str, tokens: int) -> dict:
    if key in USAGE_COUNTS:
        # A member of the map that has this meaning and no other.
        member = USAGE_COUNTS[key][0]
        return {"mlflow.chat.tokenUsage": f'{{"{member}": {tokens}}}'}
    return {key: tokens}


def test_every_candidate_of_a_token_count_is_in_the_table():
    tables = {
        "uncached input, exact": TOKEN_COUNTS["uncached"],
        "input with cached tokens": TOKEN_COUNTS["inclusive"],
        "input without them": TOKEN_COUNTS["exclusive"],
        "output": TOKEN_COUNTS["output"],
        "cache reads": TOKEN_COUNTS["read"],
        "cache writes": TOKEN_COUNTS["written"],
        "of these, 5 minutes": TOKEN_COUNTS["part_5m"],
        "of these, 1 hour": TOKEN_COUNTS["part_1h"],
        "added to input": TOKEN_COUNTS["added_input"],
        "added to output": TOKEN_COUNTS["added_output"],
        "all of these": TOKEN_COUNTS["total"],
    }
    assert len(tables) == len(TOKEN_COUNTS)
    for count, keys in tables.items():
        plain = [key for key in keys if "/" not in key]
        assert [key for key in TOKENS[count] if key not in USAGE_COUNTS] == plain


@pytest.mark.parametrize(
    "member", [member for count, members in USAGE_COUNTS.items() if count != "total" for member in members]
)
def test_every_member_of_a_usage_map_is_counted_once(traces, member):
    outer, _, inner = member.partition("/")
    usage = f'{{"{outer}":{{"{inner}":30}}}}' if inner else f'{{"{outer}":30}}'
    row = traces.row_of({"gen_ai.operation.name": "chat", "langfuse.observation.usage_details": usage})
    columns = [value for name, value in row.items() if name.endswith("_tokens") and value is not None]

    assert columns in ([30], [0, 30], [30, 0])


@pytest.mark.parametrize(
    "said",
    [
        {key: value}
        for cell in (rule for name, rule in rows_of("**Span class**") if "inference" in name)
        for part in cell.split(";")[:-1]
        for key, *values in [quoted(part)]
        for value in values
    ],
    ids=str,
)
def test_every_rule_that_makes_a_call_does(traces, said):
    assert traces.row_of(said)["span_class"] == "inference"
