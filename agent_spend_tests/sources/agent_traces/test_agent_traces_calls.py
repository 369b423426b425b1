"""Which spans are model calls, each once: layers of one call, agents nobody traced, tools that cost money of their own."""

from decimal import Decimal

import pytest
from agent_traces_otlp import DAY, line, span

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7}
EQUAL = {**CHAT, "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 50}


def classes(traces, *spans, resource=None):
    """Span class by the first digit of the span id."""
    rows = traces.write(line(*spans, resource=resource) + b"\n").rows()
    return {row["span_id"][0]: row["span_class"] for row in rows}


def calls(found):
    return [id for id, span_class in found.items() if span_class == "inference"]


def test_layers_are_found_along_the_path_to_the_root_not_only_in_the_parent(traces):
    found = classes(
        traces,
        span(EQUAL, id="1" * 16, name="framework"),
        span({}, id="2" * 16, parent="1" * 16, name="POST"),
        span(EQUAL, id="3" * 16, parent="2" * 16, name="sdk"),
    )

    assert calls(found) == ["3"]


def test_calls_with_equal_tokens_on_two_branches_are_two_calls(traces):
    found = classes(
        traces,
        span({}, id="1" * 16),
        span({}, id="2" * 16, parent="1" * 16),
        span(EQUAL, id="3" * 16, parent="2" * 16),
        span(EQUAL, id="4" * 16, parent="1" * 16),
    )

    assert calls(found) == ["3", "4"]


def test_equal_tokens_with_two_response_ids_are_two_calls(traces):
    found = classes(
        traces,
        span({**EQUAL, "gen_ai.response.id": "msg_1"}, id="1" * 16),
        span({**EQUAL, "gen_ai.response.id": "msg_2"}, id="2" * 16, parent="1" * 16),
    )

    assert calls(found) == ["1", "2"]


def test_without_response_ids_the_layer_with_the_cost_stays_whichever_it_is(traces):
    gateway = span({**EQUAL, "litellm.cost.total": 0.5}, id="1" * 16)
    sdk = span(EQUAL, id="2" * 16, parent="1" * 16)

    assert calls(classes(traces, gateway, sdk)) == ["1"]


def test_without_a_cost_the_gateway_stays(traces):
    said = {**CHAT, "gen_ai.response.id": "msg_1"}
    sdk = span(said, id="1" * 16)
    gateway = span({**said, "litellm.team.id": "t1"}, id="2" * 16, parent="1" * 16)
    vendor = span(said, id="3" * 16, parent="2" * 16, start="2026-11-20T12:00:01")

    assert calls(classes(traces, sdk, gateway, vendor)) == ["2"]


def test_sdk_vendor_and_proxy_spans_of_one_call_cost_once(traces):
    """Anthropic's SDK and its servers describe the call without a cost, LiteLLM's proxy with one."""
    said = {**CHAT, "gen_ai.response.id": "msg_1", "gen_ai.usage.input_tokens": 100}
    proxy = {**said, "litellm.cost.total": 0.0125, "litellm.api_key.hash": "h1"}
    rows = traces.write(
        line(
            span({**proxy, "gen_ai.response.id": "msg_1"}, id="2" * 16, parent="1" * 16),
            span(said, id="1" * 16, name="anthropic.messages.create"),
        )
        + b"\n"
        + line(span(said, id="3" * 16, parent="2" * 16), resource={"service.name": "claude-platform"})
        + b"\n"
    ).rows()

    assert [(row["span_id"][0], row["reported_usd"]) for row in rows if row["span_class"] == "inference"] == [
        ("2", Decimal("0.0125"))
    ]


def test_a_vendors_own_span_in_a_trace_of_its_own_is_not_another_call(traces):
    said = {**CHAT, "gen_ai.response.id": "msg_1"}
    traces.write(line(span(said, id="1" * 16, name="anthropic.messages.create")) + b"\n")
    traces.write(line(span(said, trace="c" * 32), resource={"service.name": "claude-platform"}) + b"\n", "platform.json")

    assert [row["span_id"][0] for row in traces.rows() if row["span_class"] == "inference"] == ["1"]


def test_a_vendors_own_span_of_a_call_nobody_else_traced_is_the_call(traces):
    found = classes(traces, span({**CHAT, "gen_ai.response.id": "msg_9"}), resource={"service.name": "claude-platform"})

    assert calls(found) == ["b"]


@pytest.mark.parametrize("kind", ["invoke_agent", "invoke_workflow"])
def test_an_agent_that_runs_at_a_vendor_is_a_call_when_no_call_lies_below_it(traces, kind):
    found = classes(traces, span({"gen_ai.operation.name": kind, "gen_ai.usage.output_tokens": 7}))

    assert calls(found) == ["b"]


def test_an_agents_totals_are_no_call_above_calls_however_deep(traces):
    found = classes(
        traces,
        span({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.output_tokens": 14, "gen_ai.usage.cost": 1.0}, id="1" * 16),
        span({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.output_tokens": 14}, id="2" * 16, parent="1" * 16),
        span({"gen_ai.operation.name": "execute_tool"}, id="3" * 16, parent="2" * 16),
        span(CHAT, id="4" * 16, parent="3" * 16),
    )

    assert found == {"1": "agent", "2": "agent", "3": "tool", "4": "inference"}


def test_of_nested_agents_without_calls_the_innermost_is_the_call(traces):
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.output_tokens": 7}
    found = classes(traces, span(agent, id="1" * 16), span(agent, id="2" * 16, parent="1" * 16))

    assert found == {"1": "agent", "2": "inference"}


@pytest.mark.parametrize(
    ("outer", "inner", "counted"),
    [(28, 14, ["1"]), (14, 28, ["1", "2"]), (0, 14, ["2"])],
    ids=["holds the inner one's", "cannot hold the inner one's", "states a cost alone"],
)
def test_of_nested_agents_without_calls_the_one_that_states_more_holds_the_other(traces, outer, inner, counted):
    agent = {"gen_ai.operation.name": "invoke_agent"}
    usage = {"gen_ai.usage.output_tokens": outer} if outer else {"gen_ai.usage.cost": 0.5}
    found = classes(
        traces,
        span({**agent, **usage}, id="1" * 16),
        span({"gen_ai.operation.name": "execute_tool"}, id="3" * 16, parent="1" * 16),
        span({**agent, "gen_ai.usage.output_tokens": inner}, id="2" * 16, parent="3" * 16),
    )

    assert calls(found) == counted


def test_of_equal_spans_the_one_that_names_the_model_is_the_call(traces):
    """Azure's thread runs: the outer span has the model, the inner one the same tokens alone."""
    usage = {"gen_ai.usage.input_tokens": 120, "gen_ai.usage.output_tokens": 12}
    found = classes(
        traces,
        span({"gen_ai.operation.name": "process_thread_run", "gen_ai.request.model": "gpt-x", **usage}, id="1" * 16),
        span({"gen_ai.operation.name": "start_thread_run", **usage}, id="2" * 16, parent="1" * 16),
    )

    assert found == {"1": "inference", "2": "other"}


def test_a_tools_own_cost_counts_beside_the_tokens_of_its_agent(traces):
    found = classes(
        traces,
        span({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.output_tokens": 7}, id="1" * 16),
        span({"gen_ai.operation.name": "execute_tool", "gen_ai.usage.cost": 0.01}, id="2" * 16, parent="1" * 16),
    )

    assert calls(found) == ["1", "2"]


def test_an_agent_speaks_for_calls_that_state_nothing(traces):
    silent = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    found = classes(
        traces,
        span({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.cost": 0.5}, id="1" * 16),
        span({}, id="2" * 16, parent="1" * 16),
        span(silent, id="3" * 16, parent="2" * 16),
        span(silent, id="4" * 16, parent="1" * 16),
    )

    assert found == {"1": "inference", "2": "other", "3": "other", "4": "other"}


def test_calls_that_state_nothing_stay_calls_where_no_agent_speaks_for_them(traces):
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.output_tokens": 7}
    found = classes(
        traces,
        span(agent, id="1" * 16),
        span({"gen_ai.operation.name": "chat"}, id="2" * 16, parent="1" * 16),
        span(CHAT, id="3" * 16, parent="1" * 16),
    )

    assert found == {"1": "agent", "2": "inference", "3": "inference"}


def test_a_tool_counts_only_with_a_cost_of_its_own(traces):
    tool = {"gen_ai.operation.name": "execute_tool"}
    found = classes(
        traces,
        span({**tool, "gen_ai.usage.cost": 0.01}, id="1" * 16, name="web search"),
        span({**tool, "gen_ai.usage.output_tokens": 7}, id="2" * 16),
        span({**tool, "gen_ai.usage.cost": 0.0}, id="3" * 16),
        span({**tool, "gen_ai.usage.cost": 0.5}, id="4" * 16, name="sub-agent"),
        span(CHAT, id="5" * 16, parent="4" * 16),
    )

    assert found == {"1": "inference", "2": "tool", "3": "tool", "4": "tool", "5": "inference"}


def test_a_span_that_is_its_own_ancestor_ends_nothing_but_its_own_walk(traces):
    found = classes(
        traces,
        span({"gen_ai.usage.output_tokens": 7}, id="1" * 16, parent="2" * 16),
        span(EQUAL, id="2" * 16, parent="1" * 16),
        span(EQUAL, id="3" * 16, parent="3" * 16),
    )

    assert calls(found) == ["2", "3"]


def test_nested_workflows_hold_each_call_once(traces):
    """An outer workflow of two calls runs an inner one of two through a tool: four calls, not six."""
    workflow, agent = {"gen_ai.operation.name": "invoke_workflow"}, {"gen_ai.operation.name": "invoke_agent"}
    tool = {"gen_ai.operation.name": "execute_tool"}
    tree = [
        ("1", None, {**workflow, "gen_ai.workflow.name": "research_assistant"}),
        ("2", "1", {**agent, "gen_ai.agent.name": "planner", "gen_ai.usage.output_tokens": 28}),
        ("3", "2", CHAT),
        ("4", "2", tool),
        ("5", "4", {**workflow, "gen_ai.workflow.name": "web_research"}),
        ("6", "5", {**agent, "gen_ai.agent.name": "researcher", "gen_ai.usage.output_tokens": 14}),
        ("7", "6", CHAT),
        ("8", "6", tool),
        ("9", "6", CHAT),
        ("a", "2", CHAT),
    ]
    spans = [span(said, id=id * 16, parent=parent and parent * 16) for id, parent, said in tree]
    rows = traces.write(line(*spans) + b"\n").rows()
    inference = [row for row in rows if row["span_class"] == "inference"]

    assert [row["span_id"][0] for row in inference] == ["3", "7", "9", "a"]
    assert {(row["run_span_id"][0], row["run_workflow"]) for row in rows} == {("1", "research_assistant")}
    assert rows[0]["usage_day"] == DAY
