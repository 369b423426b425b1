"""Every emitter's names, row by row of the resolution tables (agent-traces.md sections 3 and 4)."""

from datetime import date
from decimal import Decimal

import pytest
from agent_traces_otlp import line, span

TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens")


def counts(row):
    return tuple(row[name] for name in TOKENS)


def test_the_cards_own_example(traces):
    traces.write(CARD_EXAMPLE.encode() + b"\n")
    workflow, chat = sorted(traces.rows(date(2026, 9, 21)), key=lambda row: row["started_at"])

    assert (workflow["span_class"], workflow["workflow"]) == ("workflow", "ticket_router")
    assert workflow["task_id"] == "T-1042"
    assert (workflow["task_success"], workflow["status_code"], workflow["parent_span_id"]) == (True, 1, None)
    assert (workflow["environment"], workflow["service_name"]) == ("prod", "ticket-router")
    assert (chat["span_class"], chat["parent_span_id"], chat["status_code"]) == ("inference", "00f067aa0ba902b7", 0)
    assert counts(chat) == (1200, 4000, None, None, 310)
    assert (chat["reported_usd"], chat["reported_usd_source"]) == (Decimal("0.009450000000"), "gen_ai.usage.cost")


CARD_EXAMPLE = """{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"ticket-router"}},
 {"key":"deployment.environment.name","value":{"stringValue":"prod"}}]},
 "scopeSpans":[{"scope":{"name":"acme.agents","version":"0.9.1"},"spans":[
  {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","name":"invoke_workflow ticket_router","kind":1,
   "startTimeUnixNano":"1790000000000000000","endTimeUnixNano":"1790000012000000000","status":{"code":1},
   "attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"invoke_workflow"}},{"key":"gen_ai.workflow.name","value":{"stringValue":"ticket_router"}},
    {"key":"task.id","value":{"stringValue":"T-1042"}},{"key":"task.success","value":{"boolValue":true}}]},
  {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b9c7c989f97918e1","parentSpanId":"00f067aa0ba902b7","name":"chat claude-sonnet-5","kind":3,
   "startTimeUnixNano":"1790000001000000000","endTimeUnixNano":"1790000004000000000","status":{},
   "attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"5200"}},
    {"key":"gen_ai.usage.cache_read.input_tokens","value":{"intValue":"4000"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"310"}},
    {"key":"gen_ai.usage.cost","value":{"doubleValue":0.00945}}]}]}]}]}""".replace("\n", "")  # noqa: E501


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # OpenTelemetry, current: cached tokens are inside input.
        (
            {
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.cache_read.input_tokens": 600,
                "gen_ai.usage.cache_write.input_tokens": 100,
                "gen_ai.usage.output_tokens": 50,
            },
            (300, 600, 100, None, 50),
        ),
        # OpenTelemetry, the name before cache_write.
        (
            {
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.cache_creation.input_tokens": 250,
                "gen_ai.usage.output_tokens": 50,
            },
            (750, None, 250, None, 50),
        ),
        # Both cache-write names at once are one write, not two.
        (
            {
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.cache_write.input_tokens": 250,
                "gen_ai.usage.cache_creation.input_tokens": 250,
            },
            (750, None, 250, None, None),
        ),
        # OpenTelemetry before v1.27, and Traceloop.
        ({"gen_ai.usage.prompt_tokens": 70, "gen_ai.usage.completion_tokens": 9}, (70, None, None, None, 9)),
        (
            {
                "gen_ai.usage.prompt_tokens": 70,
                "gen_ai.usage.completion_tokens": 9,
                "gen_ai.usage.cache_read_input_tokens": 40,
                "gen_ai.usage.cache_creation_input_tokens": 10,
                "llm.usage.total_tokens": 79,
            },
            (20, 40, 10, None, 9),
        ),
        # OpenInference.
        (
            {
                "llm.token_count.prompt": 900,
                "llm.token_count.completion": 30,
                "llm.token_count.prompt_details.cache_read": 500,
                "llm.token_count.prompt_details.cache_write": 200,
            },
            (200, 500, 200, None, 30),
        ),
        # Claude Code's own names: input excludes cached tokens.
        (
            {"input_tokens": 12, "output_tokens": 400, "cache_read_tokens": 9000, "cache_creation_tokens": 700},
            (12, 9000, 700, None, 400),
        ),
        # Anthropic SDK: the split by time to live, and compaction beside the usage.
        (
            {
                "gen_ai.usage.input_tokens": 1000,
                "gen_ai.usage.cache_write.input_tokens": 300,
                "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 100,
                "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 200,
                "gen_ai.usage.output_tokens": 10,
                "anthropic.usage.compaction.input_tokens": 5000,
                "anthropic.usage.compaction.output_tokens": 60,
            },
            (5700, None, 100, 200, 70),
        ),
        # OpenLIT's extension, and OpenInference's older name of a cache read.
        (
            {
                "gen_ai.usage.input_tokens": 100,
                "gen_ai.usage.prompt_tokens_details.cached_tokens": 60,
                "gen_ai.usage.prompt_tokens_details.cache_creation_tokens": 30,
            },
            (10, 60, 30, None, None),
        ),
        ({"llm.token_count.prompt": 9, "llm.token_count.prompt_details.cache_input": 4}, (5, 4, None, None, None)),
        # Traceloop before the gen_ai names.
        ({"llm.usage.prompt_tokens": 70, "llm.usage.completion_tokens": 9}, (70, None, None, None, 9)),
        # MLflow: a JSON map whose input includes cached tokens; of the writes, those of one hour apart.
        (
            {
                "mlflow.chat.tokenUsage": '{"input_tokens":1000,"output_tokens":50,"total_tokens":1050,'
                '"cache_read_input_tokens":600,"cache_creation_input_tokens":100,"cache_creation_input_tokens_above_1hr":40}'
            },
            (300, 600, 60, 40, 50),
        ),
        # Langfuse: input and output are what is left when the other members are taken out.
        (
            {
                "langfuse.observation.usage_details": '{"input":12,"cache_read_input_tokens":9000,'
                '"cache_creation_input_tokens":700,"output":380,"output_reasoning":20,"total":10112}'
            },
            (12, 9000, 700, None, 400),
        ),
        # Langfuse hands OpenAI's own map on as it is: there, input includes cached tokens.
        (
            {
                "langfuse.observation.usage_details": '{"prompt_tokens":900,"completion_tokens":30,"total_tokens":930,'
                '"prompt_tokens_details":{"cached_tokens":500,"audio_tokens":0},'
                '"completion_tokens_details":{"reasoning_tokens":10}}'
            },
            (400, 500, None, None, 30),
        ),
        ({"langfuse.observation.usage_details": "about forty"}, (None, None, None, None, None)),
        # Attributes go before maps.
        (
            {"gen_ai.usage.output_tokens": 5, "mlflow.chat.tokenUsage": '{"output_tokens":50}'},
            (None, None, None, None, 5),
        ),
        # More cached tokens than input: the emitter sent exclusive input under the inclusive name.
        (
            {
                "gen_ai.usage.input_tokens": 12,
                "gen_ai.usage.cache_read.input_tokens": 9000,
                "gen_ai.usage.output_tokens": 5,
            },
            (12, 9000, None, None, 5),
        ),
        # Reasoning is inside output, modality counts are inside input: neither is added.
        (
            {
                "gen_ai.usage.input_tokens": 100,
                "gen_ai.usage.text.input_tokens": 90,
                "gen_ai.usage.output_tokens": 40,
                "gen_ai.usage.reasoning.output_tokens": 30,
            },
            (100, None, None, None, 40),
        ),
        # Stated as zero is zero; not stated is nothing.
        ({"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}, (0, None, None, None, 0)),
        ({}, (None, None, None, None, None)),
    ],
)
def test_tokens_of_each_dialect(traces, said, expected):
    row = traces.row_of({"gen_ai.operation.name": "chat", **said})

    assert counts(row) == expected


def test_a_fetched_response_carries_no_tokens_and_no_cost(traces):
    row = traces.row_of(
        {"gen_ai.operation.name": "fetch_response", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.cost": 1.5}
    )

    assert (row["span_class"], row["input_tokens"], row["reported_usd"]) == ("other", None, None)


@pytest.mark.parametrize(
    ("said", "usd", "source"),
    [
        ({"gen_ai.usage.cost.amount": 0.5, "gen_ai.usage.cost": 9.0}, "0.5", "gen_ai.usage.cost.amount"),
        ({"gen_ai.usage.cost.amount": 0.5, "gen_ai.usage.cost.currency": "USD"}, "0.5", "gen_ai.usage.cost.amount"),
        ({"gen_ai.usage.cost.amount": 0.5, "gen_ai.usage.cost.currency": "EUR"}, None, None),
        # In another currency beside one in USD.
        (
            {"gen_ai.usage.cost.amount": 0.5, "gen_ai.usage.cost.currency": "EUR", "gen_ai.usage.cost": 0.55},
            "0.55",
            "gen_ai.usage.cost",
        ),
        ({"litellm.cost.total": 0.0021, "gen_ai.usage.cost": 9.0}, "0.0021", "litellm.cost.total"),
        ({"gen_ai.cost.total_cost": 0.0022}, "0.0022", "gen_ai.cost.total_cost"),
        ({"gen_ai.usage.cost": 0.00945, "operation.cost": 9.0}, "0.00945", "gen_ai.usage.cost"),
        ({"gen_ai.usage.cost_usd": 0.031}, "0.031", "gen_ai.usage.cost_usd"),
        ({"operation.cost": 1.2e-05, "llm.cost.total": 9.0}, "0.000012", "operation.cost"),
        ({"llm.cost.total": 0.4, "llm.cost.prompt": 9.0}, "0.4", "llm.cost.total"),
        ({"llm.cost.prompt": 0.1, "llm.cost.completion": 0.02}, "0.12", "llm.cost.prompt+llm.cost.completion"),
        ({"llm.cost.prompt": 0.1}, None, None),
        (
            {"langfuse.observation.cost_details": '{"input":0.1,"output":0.2,"total":0.31}'},
            "0.31",
            "langfuse.observation.cost_details",
        ),
        (
            {"langfuse.observation.cost_details": '{"input":0.1,"output":0.2}'},
            "0.3",
            "langfuse.observation.cost_details",
        ),
        ({"mlflow.llm.cost": '{"input_cost":0.1,"total_cost":0.25}'}, "0.25", "mlflow.llm.cost"),
        ({"cost_usd": 0.07, "cost_usd_micros": 9}, "0.07", "cost_usd"),
        ({"cost_usd_micros": 70_001}, "0.070001", "cost_usd_micros"),
        ({"github.copilot.nano_aiu": 410_000_000, "github.copilot.cost": 0.33}, "0.0041", "github.copilot.nano_aiu"),
        ({"gen_ai.usage.cost": "0.0125"}, "0.0125", "gen_ai.usage.cost"),
        ({"gen_ai.usage.cost": 0.0}, "0", "gen_ai.usage.cost"),
        # A request multiplier, a total of children, another system's cost: never money.
        ({"github.copilot.cost": 0.33}, None, None),
        ({"gen_ai.aggregated_usage.cost": 0.33}, None, None),
        ({"db.operation.cost": 0.33}, None, None),
        # Not a number, below zero, above any sane price.
        ({"gen_ai.usage.cost": {"doubleValue": "NaN"}}, None, None),
        ({"gen_ai.usage.cost": -0.5}, None, None),
        ({"gen_ai.usage.cost": 25_000.0}, None, None),
        ({"mlflow.llm.cost": "about a cent"}, None, None),
    ],
)
def test_reported_cost_of_each_dialect(traces, said, usd, source):
    row = traces.row_of({"gen_ai.operation.name": "chat", **said})

    assert row["reported_usd"] == (None if usd is None else Decimal(usd))
    assert row["reported_usd_source"] == source


def test_a_cost_keeps_the_digits_of_the_text(traces):
    """0.1 + 0.2 as a float would be 0.30000000000000004."""
    row = traces.row_of(
        {"llm.cost.prompt": {"doubleValue": 0.1}, "llm.cost.completion": {"doubleValue": 0.2}}
    )

    assert row["reported_usd"] == Decimal("0.300000000000")


def test_a_refused_cost_is_said_in_the_days_message(traces):
    answer = traces.write(line(span({"gen_ai.usage.cost": -0.5})) + b"\n").answer()

    assert answer.message == (
        "1 spans report a cost below 0 or above 10000 USD: their cost was ignored "
        f"({'b' * 16} of trace {'a' * 32})"
    )


def test_a_cost_in_another_currency_is_never_taken_for_usd_and_said(traces):
    said = {"gen_ai.operation.name": "chat", "gen_ai.usage.cost.amount": 0.5}
    euros, dollars = {**said, "gen_ai.usage.cost.currency": "eur"}, {**said, "gen_ai.usage.cost.currency": "usd"}
    answer = traces.write(line(span(euros), span(dollars, id="c" * 16)) + b"\n").answer()

    assert [row["reported_usd"] for row in answer.rows.to_pylist()] == [None, Decimal("0.5")]
    assert answer.message == "1 spans report a cost in EUR: it was passed over, nothing is converted to USD"


@pytest.mark.parametrize(
    ("said", "name", "expected"),
    [
        ({"gen_ai.operation.name": "chat"}, "chat", "inference"),
        ({"gen_ai.operation.name": "text_completion"}, "x", "inference"),
        ({"gen_ai.operation.name": "generate_content"}, "x", "inference"),
        ({"gen_ai.operation.name": "embeddings"}, "x", "inference"),
        ({"gen_ai.operation.name": "execute_tool"}, "x", "tool"),
        ({"gen_ai.operation.name": "invoke_agent"}, "x", "agent"),
        ({"gen_ai.operation.name": "create_agent"}, "x", "agent"),
        ({"gen_ai.operation.name": "invoke_workflow"}, "x", "workflow"),
        ({"gen_ai.operation.name": "plan"}, "x", "other"),
        ({"openinference.span.kind": "LLM"}, "x", "inference"),
        ({"openinference.span.kind": "EMBEDDING"}, "x", "inference"),
        ({"openinference.span.kind": "AGENT"}, "x", "agent"),
        ({"openinference.span.kind": "TOOL"}, "x", "tool"),
        ({"openinference.span.kind": "CHAIN"}, "x", "other"),
        ({"mlflow.spanType": "CHAT_MODEL"}, "x", "inference"),
        ({"mlflow.spanType": "AGENT"}, "x", "agent"),
        ({"mlflow.spanType": "WORKFLOW"}, "x", "workflow"),
        ({"mlflow.spanType": "TOOL"}, "x", "tool"),
        # MLflow writes every value as JSON: text stands in quotes.
        ({"mlflow.spanType": '"LLM"'}, "x", "inference"),
        ({"mlflow.spanType": '"EMBEDDING"'}, "x", "inference"),
        ({"mlflow.spanType": '"CHAIN"'}, "x", "other"),
        ({"langfuse.observation.type": "embedding"}, "x", "inference"),
        ({"langfuse.observation.type": "agent"}, "x", "agent"),
        ({"langfuse.observation.type": "tool"}, "x", "tool"),
        ({"llm.request.type": "completion"}, "x", "inference"),
        ({"llm.request.type": "embedding"}, "x", "inference"),
        ({"llm.request.type": "acompletion"}, "x", "inference"),
        ({"llm.request.type": "rerank"}, "x", "other"),
        ({"langfuse.observation.type": "generation"}, "x", "inference"),
        ({"langfuse.observation.type": "span"}, "x", "other"),
        ({"llm.request.type": "chat"}, "x", "inference"),
        ({"traceloop.span.kind": "workflow"}, "x", "workflow"),
        ({"traceloop.span.kind": "task"}, "x", "other"),
        ({"traceloop.span.kind": "agent"}, "x", "agent"),
        ({"traceloop.span.kind": "tool"}, "x", "tool"),
        ({}, "claude_code.llm_request", "inference"),
        ({}, "claude_code.tool", "tool"),
        ({}, "claude_code.interaction", "agent"),
        ({}, "GET /health", "other"),
    ],
)
def test_span_class_of_each_dialect(traces, said, name, expected):
    assert traces.row_of(said, name=name)["span_class"] == expected


@pytest.mark.parametrize(
    ("column", "said", "expected"),
    [
        ("model", {"gen_ai.response.model": "a", "gen_ai.request.model": "b"}, "a"),
        ("model", {"gen_ai.request.model": "b", "llm.model_name": "c"}, "b"),
        ("model", {"llm.response.model": "c", "llm.request.model": "d"}, "c"),
        ("model", {"llm.model_name": "c"}, "c"),
        ("model", {"llm.request.model": "d"}, "d"),
        ("model", {"langfuse.observation.model.name": "e"}, "e"),
        ("model", {"langfuse.observation.model.name": "e", "mlflow.llm.model": '"g"'}, "e"),
        ("model", {"mlflow.llm.model": '"g"', "model": "f"}, "g"),
        ("model", {"model": "f", "model_name": "h"}, "f"),
        ("model", {"model_name": "h"}, "h"),
        ("model", {"llm.response.model_name": "r", "llm.model_name": "c"}, "r"),
        ("model", {"llm.request.model_name": "q", "embedding.model_name": "v"}, "q"),
        ("model", {"embedding.model_name": "v"}, "v"),
        ("model", {"gen_ai.response.model": "", "gen_ai.request.model": "b"}, "b"),
        ("provider", {"gen_ai.provider.name": "aws.bedrock", "gen_ai.system": "anthropic"}, "aws.bedrock"),
        ("provider", {"gen_ai.system": "anthropic"}, "anthropic"),
        ("provider", {"llm.provider": "anthropic", "llm.system": "x"}, "anthropic"),
        ("provider", {"llm.system": "openai", "mlflow.llm.provider": '"x"'}, "openai"),
        ("provider", {"mlflow.llm.provider": '"anthropic"'}, "anthropic"),
        ("workflow", {"gen_ai.workflow.name": "Billing", "workflow.name": "x"}, "Billing"),
        ("workflow", {"traceloop.workflow.name": "w"}, "w"),
        ("workflow", {"workflow.name": "w"}, "w"),
        ("workflow", {"langfuse.trace.name": "w"}, "w"),
        ("workflow", {"workflow.name": "custom"}, None),
        ("workflow", {"gen_ai.agent.name": "a"}, None),
        ("agent", {"gen_ai.agent.name": "a", "gen_ai.agent.id": "9"}, "a"),
        ("agent", {"agent.name": "a"}, "a"),
        ("agent", {"agent_name": "a", "gen_ai.agent.role": "r"}, "a"),
        ("agent", {"gen_ai.agent.role": "r", "graph.node.id": "n"}, "r"),
        ("agent", {"graph.node.id": "n", "gen_ai.agent.id": "9"}, "n"),
        ("agent", {"gen_ai.agent.id": "9"}, "9"),
        ("task_id", {"task.id": "T1", "ticket.id": "T2"}, "T1"),
        ("task_id", {"ticket.id": "T2"}, "T2"),
        ("task_id", {"gen_ai.task.id": "T3"}, "T3"),
        ("task_id", {"traceloop.association.properties.task_id": "T4"}, "T4"),
        ("task_id", {"workflow.run_id": "T5"}, "T5"),
        ("task_id", {"task.id": 1042}, "1042"),
        ("task_id", {"gen_ai.conversation.id": "C1"}, None),
        ("conversation_id", {"gen_ai.conversation.id": "C1", "session.id": "S"}, "C1"),
        ("conversation_id", {"session.id": "S"}, "S"),
        ("conversation_id", {"langfuse.session.id": "S", "mlflow.trace.session": '"T"'}, "S"),
        ("conversation_id", {"mlflow.trace.session": '"T"'}, "T"),
        ("conversation_id", {"traceloop.association.properties.session_id": "S"}, "S"),
        ("response_id", {"gen_ai.response.id": "msg_1", "request_id": "req_1"}, "msg_1"),
        ("response_id", {"request_id": "req_1"}, "req_1"),
        ("service_tier", {"anthropic.response.service_tier": "batch", "anthropic.request.service_tier": "auto"}, "batch"),
        ("service_tier", {"anthropic.request.service_tier": "auto"}, "auto"),
        ("service_tier", {"openai.response.service_tier": "flex"}, "flex"),
        ("service_tier", {"gen_ai.openai.response.service_tier": "flex"}, "flex"),
        ("error_type", {"error.type": "timeout", "exception.type": "E"}, "timeout"),
        ("error_type", {"exception.type": "E", "error": "boom"}, "E"),
        ("error_type", {"error": "boom"}, "boom"),
        ("error_type", {"error": True}, None),
        ("client", {"app.entrypoint": "sdk-py", "terminal.type": "vscode"}, "sdk-py"),
        ("client", {"terminal.type": "vscode"}, "vscode"),
        ("organization_id", {"organization.id": "7c0f"}, "7c0f"),
        ("task_success", {"task.success": True}, True),
        ("task_success", {"task.success": False, "task.outcome": "completed"}, False),
        ("task_success", {"task.success": "true"}, True),
        ("task_success", {"task.outcome": "Completed"}, True),
        ("task_success", {"task.outcome": "failed"}, False),
        ("task_success", {"task.outcome": "escalated"}, None),
        ("task_success", {}, None),
    ],
)
def test_first_candidate_that_speaks_wins(traces, column, said, expected):
    assert traces.row_of(said)[column] == expected


@pytest.mark.parametrize(
    ("resource", "said", "expected"),
    [
        ({"deployment.environment.name": "prod", "deployment.environment": "x"}, {}, "prod"),
        ({"deployment.environment": "staging"}, {"deployment.environment.name": "prod"}, "staging"),
        ({}, {"deployment.environment": "dev"}, "dev"),
        ({}, {"langfuse.environment": "prod"}, "prod"),
        ({}, {}, None),
    ],
)
def test_the_environment_of_the_process_goes_before_that_of_the_span(traces, resource, said, expected):
    assert traces.row_of(said, resource=resource)["environment"] == expected


@pytest.mark.parametrize(
    ("resource", "said", "hint", "identity"),
    [
        ({"agent_spend.auth_kind": "seat", "user.email": "ada@acme.test"}, {}, "seat", "ada@acme.test"),
        ({"agent_spend.auth_kind": "api_key", "billing.account": "cc-7"}, {}, "api_key", "account:cc-7"),
        ({"agent_spend.auth_kind": "service_account"}, {}, "service_account", None),
        ({"agent_spend.auth_kind": "carrier pigeon"}, {}, None, None),
        ({}, {"litellm.team.id": "t1", "litellm.api_key.hash": "h1"}, "api_key", "litellm_team:t1"),
        ({}, {"litellm.api_key.hash": "h1"}, "api_key", "litellm_key:h1"),
        # LiteLLM's first integration: the same under "metadata".
        ({}, {"metadata.user_api_key_team_id": "t1", "metadata.user_api_key_hash": "h1"}, "api_key", "litellm_team:t1"),
        ({}, {"metadata.user_api_key_team_id": "", "metadata.user_api_key_hash": "h1"}, "api_key", "litellm_key:h1"),
        ({}, {"litellm.api_key.hash": "h1", "anthropic.workspace.id": "w", "anthropic.organization.id": "o"}, "api_key",
         "litellm_key:h1"),
        # Without an organization a workspace names nobody.
        ({}, {"anthropic.workspace.id": "wrkspc_1"}, None, None),
        ({}, {"user.email": "ada@acme.test", "organization.id": "o", "user.account_uuid": "u"}, None, "ada@acme.test"),
        ({"service.name": "claude-code-desktop"}, {"user.id": "i"}, None, "claude_install:i"),
        ({"cursor.team.id": "7"}, {"gen_ai.provider.name": "github"}, "seat", "cursor_team:7"),
        ({"service.name": "copilot-chat"}, {"server.address": "api.github.test"}, "seat", "copilot:copilot-chat"),
        (
            {},
            {"anthropic.workspace.id": "wrkspc_1", "anthropic.organization.id": "org_1"},
            None,
            "anthropic_workspace:org_1/wrkspc_1",
        ),
        # A Claude Code sign-in proves no seat: Console accounts are billed by the token.
        (
            {"service.name": "claude-code"},
            {"organization.id": "o", "user.account_uuid": "u", "user.id": "i"},
            None,
            "claude_account:o/u",
        ),
        ({"service.name": "claude-code"}, {"user.id": "i", "session.id": "s"}, None, "claude_install:i"),
        ({"service.name": "some-app"}, {"user.id": "i"}, None, None),
        ({"cursor.team.id": "7"}, {}, None, "cursor_team:7"),
        ({}, {"gen_ai.provider.name": "github"}, "seat", "copilot:github"),
        ({"service.name": "github-copilot"}, {}, "seat", "copilot:github-copilot"),
        ({}, {"server.address": "bedrock-runtime.eu-west-1.amazonaws.com"}, None,
         "host:bedrock-runtime.eu-west-1.amazonaws.com"),
        ({}, {}, None, None),
    ],
)
def test_who_gets_the_invoice_and_how_the_caller_signed_in(traces, resource, said, hint, identity):
    row = traces.row_of(said, resource=resource)

    assert (row["auth_hint"], row["billing_identity"]) == (hint, identity)


def test_a_configured_task_attribute_goes_first(traces, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_TASK_ATTRIBUTES", "acme.case, acme.job")

    assert traces.row_of({"acme.job": "J1", "task.id": "T1"})["task_id"] == "J1"
