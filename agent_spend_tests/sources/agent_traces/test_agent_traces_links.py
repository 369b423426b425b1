"""Work that goes on in another trace, which a span link says: whose it is, on which day, and what is left apart."""

from datetime import date

import pytest
from agent_traces_otlp import line, span

A, B, C = "a" * 32, "b" * 32, "c" * 32
WORKFLOW = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "triage", "task.id": "T1"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7}
START = span(WORKFLOW, trace=A, id="1" * 16)
NEXT_DAY = date(2026, 11, 21)


def linked(one, *targets):
    """The span with links to spans, each a trace and a span id."""
    return one | {"links": [{"traceId": trace.upper(), "spanId": id, "attributes": []} for trace, id in targets]}


def later(said=None, **more):
    return span(said, start="2026-11-21T09:00:00", end="2026-11-21T09:00:05", **more)


def places(traces, *spans):
    """Trace, run and its task by span, from whichever day it is on."""
    answers = traces.write(line(*spans) + b"\n").answers(date(2026, 11, 20), NEXT_DAY)
    rows = [row for answer in answers if answer.rows for row in answer.rows.to_pylist()]
    assert len(rows) == len(spans)
    return {row["span_id"][0]: (row["trace_id"][0], (row["run_span_id"] or " ")[0], row["run_task_id"]) for row in rows}


def test_a_trace_that_goes_on_with_anothers_work_is_part_of_its_run(traces):
    resumed = linked(later({}, trace=B, id="2" * 16), (A, "1" * 16))
    call = later(CHAT, trace=B, id="3" * 16, parent="2" * 16)

    assert places(traces, START, resumed, call) == {"1": ("a", "1", "T1"), "2": ("a", "1", "T1"), "3": ("a", "1", "T1")}
    rows = {row["span_id"][0]: row for row in traces.rows(NEXT_DAY)}
    assert rows.keys() == {"1", "2", "3"}
    assert rows["2"]["parent_span_id"] == "1" * 16


def test_a_chain_of_traces_is_one_run(traces):
    second = linked(later({}, trace=B, id="2" * 16), (A, "1" * 16))
    third = linked(later(CHAT, trace=C, id="3" * 16), (B, "2" * 16))

    assert places(traces, third, second, START)["3"] == ("a", "1", "T1")


@pytest.mark.parametrize(
    "said",
    [{"task.id": "T2"}, {"gen_ai.operation.name": "invoke_workflow"}, {"gen_ai.workflow.name": "other"}],
    ids=["task", "workflow span", "workflow name"],
)
def test_a_trace_that_says_what_it_works_on_stays_its_own(traces, said):
    assert places(traces, START, linked(later(said, trace=B, id="2" * 16), (A, "1" * 16)))["2"][:2] == ("b", "2")


def test_a_link_to_a_trace_that_says_nothing_either_joins_nothing(traces):
    """Turns of one conversation."""
    first = span({"gen_ai.operation.name": "invoke_agent"}, trace=A, id="1" * 16)

    assert places(traces, first, linked(later({}, trace=B, id="2" * 16), (A, "1" * 16)))["2"][:2] == ("b", "2")


@pytest.mark.parametrize("targets", [[(A, "1" * 16), (C, "9" * 16)], [(A, "9" * 16)], [("xyz", "1" * 16)]],
                         ids=["two links", "a span that is not there", "no id"])  # fmt: skip
def test_links_that_name_no_single_span_at_hand_join_nothing(traces, targets):
    assert places(traces, START, linked(later({}, trace=B, id="2" * 16), *targets))["2"][:2] == ("b", "2")


def test_a_link_of_an_inner_span_joins_nothing(traces):
    root = later({}, trace=B, id="2" * 16)
    inner = linked(later(CHAT, trace=B, id="3" * 16, parent="2" * 16), (A, "1" * 16))

    assert places(traces, START, root, inner)["3"][0] == "b"


def test_traces_that_link_to_each_other_lose_nothing(traces):
    spans = [linked(later(CHAT, trace=B, id="2" * 16), (C, "3" * 16)), linked(later(CHAT, trace=C, id="3" * 16), (B, "2" * 16))]

    assert places(traces, *spans) == {"2": ("b", "2", None), "3": ("c", "3", None)}


def test_a_span_id_that_both_traces_use_keeps_them_apart(traces):
    resumed = linked(later({}, trace=B, id="2" * 16), (A, "1" * 16))
    twin = later(CHAT, trace=B, id="1" * 16, parent="2" * 16)
    answers = traces.write(line(START, resumed, twin) + b"\n").answers(date(2026, 11, 20), NEXT_DAY)

    assert sorted(row["trace_id"][0] for answer in answers for row in answer.rows.to_pylist()) == ["a", "b", "b"]
