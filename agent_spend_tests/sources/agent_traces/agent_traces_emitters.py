"""One model call as each emitter writes it, with every place where it puts words, and the row it must become."""

import json
from dataclasses import dataclass, field

from agent_traces_otlp import attributes, line, nano, span

WORDS = "the customer's name is Mallory Quux"
MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": WORDS}]}])


@dataclass(frozen=True)
class Emitter:
    """``expected``: columns of the row of its call. ``words``: attributes that hold what was said."""

    name: str
    said: dict
    words: tuple[str, ...]
    expected: dict
    span_name: str = "chat"
    resource: dict = field(default_factory=dict)

    def body(self) -> bytes:
        """One line of a file, words in attributes, events, links, status, scope and resource."""
        one = span({**self.said, **dict.fromkeys(self.words, MESSAGES), "free.text": WORDS}, name=self.span_name)
        one["events"] = [{"name": WORDS, "timeUnixNano": nano("2026-11-20T12:00:00"),
                          "attributes": attributes(dict.fromkeys((*self.words, "exception.message"), WORDS))}]  # fmt: skip
        verdict = {"gen_ai.evaluation.name": "task_success", "gen_ai.evaluation.score.label": WORDS}
        said = attributes(verdict | {"gen_ai.evaluation.explanation": WORDS, "free.text": WORDS})
        one["events"] += [{"name": "gen_ai.evaluation.result", "timeUnixNano": nano("2026-11-20T12:00:00"), "attributes": said}]
        one["links"] = [{"traceId": "e" * 32, "spanId": "e" * 16, "attributes": attributes({"why": WORDS})}]
        one["status"] = {"code": 1, "message": WORDS}
        one["attributes"] += attributes({"error": WORDS})
        built = json.loads(line(one, resource={**self.resource, "process.command_args": WORDS}))
        built["resourceSpans"][0]["scopeSpans"][0]["scope"]["attributes"] = attributes({"scope.note": WORDS})
        return json.dumps(built).encode() + b"\n"


def tokens(uncached, read=None, written=None, written_1h=None, output=None) -> dict:
    return {
        "input_tokens": uncached, "cache_read_tokens": read, "cache_write_5m_tokens": written,
        "cache_write_1h_tokens": written_1h, "output_tokens": output,
    }  # fmt: skip


GEN_AI_WORDS = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions")

EMITTERS = [
    Emitter(
        "gen_ai, current",
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-x",
         "gen_ai.response.model": "gpt-x-1", "gen_ai.response.id": "chatcmpl-1", "gen_ai.usage.input_tokens": 1000,
         "gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.cache_write.input_tokens": 100,
         "gen_ai.usage.output_tokens": 50, "gen_ai.usage.reasoning.output_tokens": 20,
         "gen_ai.usage.cost.amount": 0.0125, "gen_ai.usage.cost.currency": "USD"},
        GEN_AI_WORDS,
        {"provider": "openai", "model": "gpt-x-1", "response_id": "chatcmpl-1", "reported_usd": "0.0125",
         **tokens(300, 600, 100, None, 50)},
    ),
    Emitter(
        "gen_ai, before 1.27",
        {"gen_ai.system": "anthropic", "gen_ai.request.model": "claude-sonnet-5-5", "gen_ai.usage.prompt_tokens": 70,
         "gen_ai.usage.completion_tokens": 9, "gen_ai.operation.name": "chat"},
        ("gen_ai.prompt", "gen_ai.completion", "gen_ai.prompt.0.content", "gen_ai.completion.0.content"),
        {"provider": "anthropic", "model": "claude-sonnet-5-5", "reported_usd": None, **tokens(70, output=9)},
    ),
    Emitter(
        "OpenInference",
        {"openinference.span.kind": "LLM", "llm.provider": "anthropic", "llm.model_name": "claude-sonnet-5-5",
         "llm.token_count.prompt": 900, "llm.token_count.completion": 30, "llm.token_count.total": 930,
         "llm.token_count.prompt_details.cache_read": 500, "llm.token_count.prompt_details.cache_write": 200,
         "llm.cost.total": 0.4, "llm.cost.prompt": 0.3, "session.id": "S"},
        ("input.value", "output.value", "llm.input_messages.0.message.content", "llm.output_messages.0.message.content",
         "llm.prompts.0.prompt.text", "llm.tools.0.tool.json_schema", "llm.invocation_parameters"),
        {"provider": "anthropic", "conversation_id": "S", "reported_usd": "0.4", **tokens(200, 500, 200, None, 30)},
    ),
    Emitter(
        "OpenLIT",
        {"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-x",
         "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10, "gen_ai.usage.total_tokens": 110,
         "gen_ai.usage.prompt_tokens_details.cached_tokens": 60, "gen_ai.usage.cost": 0.002},
        ("gen_ai.prompt", "gen_ai.completion", "gen_ai.agent.goal", "gen_ai.workflow.input"),
        {"reported_usd": "0.002", "reported_usd_source": "gen_ai.usage.cost", **tokens(40, 60, output=10)},
    ),
    Emitter(
        "Langfuse",
        {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-x",
         "langfuse.observation.usage_details": '{"input":12,"cache_read_input_tokens":900,"output":40,"total":952}',
         "langfuse.observation.cost_details": '{"input":0.001,"output":0.004}', "langfuse.trace.name": "Triage",
         "langfuse.session.id": "S", "langfuse.environment": "prod"},
        ("langfuse.observation.input", "langfuse.observation.output", "langfuse.trace.input", "langfuse.trace.output",
         "langfuse.observation.metadata.note", "langfuse.observation.status_message"),
        {"model": "gpt-x", "workflow": "Triage", "environment": "prod", "reported_usd": "0.005", "conversation_id": "S",
         **tokens(12, 900, output=40)},
    ),
    Emitter(
        "LiteLLM, first integration",
        {"llm.request.type": "acompletion", "gen_ai.system": "anthropic", "gen_ai.request.model": "claude-sonnet-5-5",
         "gen_ai.response.id": "chatcmpl-9", "gen_ai.usage.prompt_tokens": 70, "gen_ai.usage.completion_tokens": 9,
         "gen_ai.cost.input_cost": 0.0002, "gen_ai.cost.output_cost": 0.0001, "gen_ai.cost.total_cost": 0.0003,
         "metadata.user_api_key_hash": "h1", "metadata.user_api_key_team_id": "t1"},
        ("gen_ai.prompt.0.content", "gen_ai.completion.0.content", "llm.user", "metadata.requester_metadata"),
        {"reported_usd": "0.0003", "billing_identity": "litellm_team:t1", "auth_hint": "api_key", **tokens(70, output=9)},
        "litellm_request",
    ),
    Emitter(
        "LiteLLM, second integration",
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "fast",
         "gen_ai.response.model": "claude-haiku-4-5-20251001", "gen_ai.usage.input_tokens": 1000,
         "gen_ai.usage.cache_creation.input_tokens": 250, "gen_ai.usage.output_tokens": 50, "litellm.cost.total": 0.0021,
         "litellm.cost.input": 0.002, "litellm.cost.output": 0.0001, "litellm.api_key.hash": "h2"},
        (*GEN_AI_WORDS, "litellm.metadata.note", "litellm.team.metadata"),
        {"model": "claude-haiku-4-5-20251001", "reported_usd": "0.0021", "billing_identity": "litellm_key:h2",
         **tokens(750, None, 250, None, 50)},
    ),
    Emitter(
        "Pydantic AI and Logfire",
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.response.model": "claude-sonnet-5-5",
         "gen_ai.agent.name": "triage", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20,
         "gen_ai.usage.details.reasoning_tokens": 5, "operation.cost": 1.2e-05, "logfire.msg": "chat claude-sonnet-5-5"},
        (*GEN_AI_WORDS, "all_messages_events", "final_result", "logfire.json_schema"),
        {"agent": "triage", "reported_usd": "0.000012", "reported_usd_source": "operation.cost", **tokens(100, output=20)},
    ),
    Emitter(
        "Traceloop",
        {"llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-x",
         "gen_ai.usage.input_tokens": 70, "gen_ai.usage.output_tokens": 9, "llm.usage.total_tokens": 79,
         "traceloop.workflow.name": "triage", "traceloop.association.properties.task_id": "T1",
         "gen_ai.usage.cache_read.input_tokens": 0},
        ("gen_ai.prompt.0.content", "gen_ai.completion.0.content", "traceloop.entity.input", "traceloop.entity.output",
         "llm.request.functions.0.description", "traceloop.prompt.template_variables"),
        {"workflow": "triage", "task_id": "T1", "reported_usd": None, **tokens(70, 0, output=9)},
        "openai.chat",
    ),
    Emitter(
        "MLflow",
        {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.llm.model": '"claude-sonnet-5-5"', "mlflow.llm.provider": '"anthropic"',
         "mlflow.chat.tokenUsage": '{"input_tokens":1000,"output_tokens":50,"total_tokens":1050,"cache_read_input_tokens":600}',
         "mlflow.llm.cost": '{"input_cost":0.001,"output_cost":0.002,"total_cost":0.003}', "mlflow.trace.session": '"S"'},
        ("mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.chat.tools", "mlflow.traceInputs"),
        {"model": "claude-sonnet-5-5", "provider": "anthropic", "conversation_id": "S", "reported_usd": "0.003",
         **tokens(400, 600, output=50)},
    ),
    Emitter(
        "Claude Code span",
        {"span.type": "llm_request", "gen_ai.system": "anthropic", "gen_ai.request.model": "claude-opus-5-5",
         "model": "claude-opus-5-5", "input_tokens": 2, "output_tokens": 1200, "cache_read_tokens": 84562,
         "cache_creation_tokens": 7096, "request_id": "req_1", "session.id": "s-1", "success": True, "stop_reason": "tool_use",
         "workflow.name": "custom", "workflow.run_id": "run-1", "user.email": "ada@acme.test"},
        ("user_prompt", "response.model_output", "new_context", "system_prompt_preview"),
        {"workflow": None, "task_id": "run-1", "conversation_id": "s-1", "billing_identity": "ada@acme.test",
         "reported_usd": None, **tokens(2, 84562, 7096, None, 1200)},
        "claude_code.llm_request",
        {"service.name": "claude-code"},
    ),
    Emitter(
        "Anthropic SDK",
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-5-5",
         "gen_ai.response.model": "claude-sonnet-5-5", "gen_ai.response.id": "msg_1", "gen_ai.usage.input_tokens": 1000,
         "gen_ai.usage.cache_write.input_tokens": 300, "gen_ai.usage.cache_read.input_tokens": 500,
         "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 100,
         "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 200, "gen_ai.usage.output_tokens": 10,
         "anthropic.usage.compaction.input_tokens": 5000, "anthropic.usage.compaction.output_tokens": 60,
         "anthropic.response.service_tier": "standard", "anthropic.organization.id": "org_1",
         "anthropic.workspace.id": "wrkspc_1"},
        (*GEN_AI_WORDS, "anthropic.tool_result.content", "gen_ai.tool.call.arguments"),
        {"service_tier": "standard", "billing_identity": "anthropic_workspace:org_1/wrkspc_1", "reported_usd": None,
         **tokens(5200, 500, 100, 200, 70)},
        "anthropic.messages.create",
    ),
    Emitter(
        "Anthropic API",
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.response.id": "msg_7",
         "gen_ai.response.model": "claude-opus-5-5", "gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 4},
        GEN_AI_WORDS,
        {"service_name": "claude-platform", "model": "claude-opus-5-5", "reported_usd": None, **tokens(40, output=4)},
        "anthropic.messages.create",
        {"service.name": "claude-platform"},
    ),
    Emitter(
        "VS Code Copilot",
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "github", "gen_ai.request.model": "gpt-x",
         "gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 30, "github.copilot.nano_aiu": 410_000_000,
         "github.copilot.cost": 0.33, "copilot_chat.usage.input_tokens": 900},
        (*GEN_AI_WORDS, "copilot_chat.user_request"),
        {"auth_hint": "seat", "billing_identity": "copilot:github", "reported_usd": "0.0041", **tokens(900, output=30)},
        resource={"service.name": "copilot-chat"},
    ),
    Emitter(
        "Vercel AI SDK",
        {"operation.name": "ai.generateText.doGenerate triage", "ai.operationId": "ai.generateText.doGenerate",
         "ai.telemetry.functionId": "triage", "ai.model.provider": "anthropic.messages", "ai.model.id": "claude-sonnet-5-5",
         "ai.response.model": "claude-sonnet-5-5", "ai.response.id": "msg_3", "ai.usage.inputTokens": 1000,
         "ai.usage.inputTokenDetails.noCacheTokens": 300, "ai.usage.inputTokenDetails.cacheReadTokens": 600,
         "ai.usage.inputTokenDetails.cacheWriteTokens": 100, "ai.usage.outputTokens": 50, "ai.usage.totalTokens": 1050,
         "gen_ai.system": "anthropic.messages", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 50},
        ("ai.prompt.messages", "ai.prompt.tools", "ai.response.text", "ai.response.toolCalls", "ai.response.reasoning",
         "ai.response.providerMetadata"),
        {"agent": "triage", "provider": "anthropic.messages", "model": "claude-sonnet-5-5", "response_id": "msg_3",
         "reported_usd": None, **tokens(300, 600, 100, None, 50)},
        "ai.generateText.doGenerate",
    ),
    Emitter(
        "Strands, before it counted cached input",
        {"gen_ai.operation.name": "chat", "gen_ai.system": "strands-agents", "gen_ai.request.model": "claude-haiku-4-5",
         "gen_ai.usage.prompt_tokens": 1000, "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 50,
         "gen_ai.usage.completion_tokens": 50, "gen_ai.usage.total_tokens": 1750,
         "gen_ai.usage.cache_read_input_tokens": 600, "gen_ai.usage.cache_write_input_tokens": 100},
        ("gen_ai.user.message", "gen_ai.choice", "gen_ai.assistant.message"),
        {"provider": "strands-agents", "reported_usd": None, **tokens(1000, 600, 100, None, 50)},
    ),
    Emitter(
        "LangSmith",
        {"langsmith.span.kind": "llm", "gen_ai.operation.name": "chat", "gen_ai.system": "anthropic",
         "gen_ai.request.model": "claude-sonnet-5-5", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 50,
         "gen_ai.usage.total_tokens": 1050,
         "gen_ai.usage.input_token_details": "{'cache_read': 600, 'cache_creation': 0, 'ephemeral_1h_input_tokens': 100}"},
        ("gen_ai.prompt", "gen_ai.completion", "gen_ai.serialized.doc", "langsmith.metadata.note"),
        {"provider": "anthropic", "reported_usd": None, **tokens(300, 600, 0, 100, 50)},
        "ChatAnthropic",
    ),
    Emitter(
        "Google ADK",
        {"gen_ai.operation.name": "generate_content", "gen_ai.system": "gemini", "gen_ai.agent.name": "triage",
         "gen_ai.request.model": "gemini-x", "gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 40,
         "gen_ai.usage.cache_read.input_tokens": 700, "gen_ai.usage.reasoning.output_tokens": 10,
         "gcp.vertex.agent.session_id": "S", "gcp.vertex.agent.invocation_id": "e-1"},
        ("gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response", "gcp.vertex.agent.data",
         "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.tool_response"),
        {"agent": "triage", "conversation_id": "S", "reported_usd": None, **tokens(200, 700, output=40)},
        "generate_content gemini-x",
    ),
    Emitter(
        "Azure AI projects",
        {"gen_ai.operation.name": "responses", "gen_ai.provider.name": "azure.ai.openai", "gen_ai.request.model": "gpt-x",
         "gen_ai.response.id": "resp_1", "gen_ai.conversation.id": "conv_1", "gen_ai.usage.input_tokens": 70,
         "gen_ai.usage.output_tokens": 9, "gen_ai.openai.response.service_tier": "default"},
        ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system.instructions", "gen_ai.event.content",
         "gen_ai.request.structured_inputs"),
        {"provider": "azure.ai.openai", "response_id": "resp_1", "conversation_id": "conv_1", "service_tier": "default",
         "reported_usd": None, **tokens(70, output=9)},
        "responses",
    ),
]  # fmt: skip


def copilot_cli() -> bytes:
    """A line of Copilot CLI's own file, with words in attributes and events."""
    said = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 900, "github.copilot.nano_aiu": 410000000}
    return json.dumps(
        {"type": "span", "traceId": "a" * 32, "spanId": "b" * 16, "name": "chat", "kind": 2,
         "startTime": [1795176000, 0], "endTime": [1795176001, 0],
         "attributes": {**said, "gen_ai.input.messages": MESSAGES, "free.text": WORDS}, "status": {"code": 1, "message": WORDS},
         "events": [{"name": WORDS, "attributes": {"content": WORDS}}],
         "resource": {"attributes": {"service.name": "github-copilot", "process.command_args": WORDS}}}
    ).encode() + b"\n"  # fmt: skip


def log_events() -> bytes:
    """Log events of Claude Code and of an evaluator, with words in bodies and attributes."""
    call = {"event.name": "api_request", "event.sequence": 1, "session.id": "s", "prompt.id": "p", "request_id": "req_2",
            "model": "claude-sonnet-5-5", "cost_usd": 0.0125, "input_tokens": 12, "output_tokens": 400}  # fmt: skip
    records = [
        {"body": {"stringValue": "claude_code.api_request"}, "attributes": attributes({**call, "prompt": WORDS})},
        {"body": {"stringValue": "claude_code.user_prompt"}, "attributes": attributes({"prompt": WORDS})},
        {"body": {"stringValue": WORDS}, "attributes": attributes({"event.name": "app.log"})},
        {"eventName": "gen_ai.evaluation.result", "traceId": "a" * 32, "spanId": "b" * 16,
         "attributes": attributes({"gen_ai.evaluation.name": "task_completion", "gen_ai.evaluation.score.label": WORDS,
                                   "gen_ai.evaluation.explanation": WORDS})},
        {"eventName": "gen_ai.client.inference.operation.details", "body": {"kvlistValue": {"values": attributes({"m": WORDS})}},
         "attributes": attributes({"gen_ai.input.messages": MESSAGES})},
    ]  # fmt: skip
    at = {"timeUnixNano": nano("2026-11-20T12:00:05")}
    group = {"resource": {"attributes": attributes({"service.name": "claude-code", "process.command_args": WORDS})},
             "scopeLogs": [{"logRecords": [at | record for record in records]}]}  # fmt: skip
    return json.dumps({"resourceLogs": [group]}).encode() + b"\n"
