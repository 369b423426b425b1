"""The attributes nobody may keep: words of prompts, answers, tool calls and commands.

Readers keep the attributes that a rule names and no others; this list keeps words out of the settings, and out of the
files themselves when the Collector of ``deploy/`` writes them.
"""

import re

#: Prompts, answers and commands: personal, never needed for money, dropped while reading (card section 11).
CONTENT_KEYS = frozenset({
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.input.message", "gen_ai.output.message",
    "gen_ai.system_instructions", "gen_ai.system_instruction", "gen_ai.system.instructions",
    "gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message", "gen_ai.choice",
    "gen_ai.prompt", "gen_ai.completion", "gen_ai.event.content", "gen_ai.tool.definitions",
    "gen_ai.workflow.input", "gen_ai.workflow.output", "gen_ai.agent.goal", "gen_ai.evaluation.explanation",
    "gen_ai.agent.invocation_input", "gen_ai.agent.invocation_output", "gen_ai.request.structured_inputs",
    "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text", "gen_ai.memory.query.text", "gen_ai.memory.records",
    "gen_ai.serialized.doc", "gen_ai.response.summary",
    "input.value", "input.images", "input.documents", "output.value", "output.images", "output.documents",
    "tool.parameters", "tool.json_schema", "llm.function_call", "llm.invocation_parameters", "reranker.query",
    "langfuse.observation.input", "langfuse.observation.output", "langfuse.observation.status_message",
    "langfuse.trace.input", "langfuse.trace.output", "langfuse.experiment.item.expected_output",
    "mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.traceInputs", "mlflow.traceOutputs", "mlflow.chat.tools",
    "traceloop.entity.input", "traceloop.entity.output", "litellm.guardrail.response",
    "all_messages_events", "pydantic_ai.all_messages", "final_result", "tool_arguments", "tool_response",
    "model_request_parameters", "request_data", "response_data", "logfire.msg", "events",
    "anthropic.tool_result.content", "copilot_chat.user_request", "system_prompt_preview", "new_context",
    "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response", "gcp.vertex.agent.data",
    "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.tool_response",
    "response.model_output", "tool_input", "tool_parameters", "prompt", "response", "full_command", "user_prompt",
    "crew_tasks_output", "exception.message", "exception.stacktrace",
})  # fmt: skip
CONTENT_PREFIXES = (
    "ai.documents", "ai.prompt", "ai.request.text", "ai.response.files", "ai.response.object",
    "ai.response.providerMetadata", "ai.response.reasoning", "ai.response.text", "ai.response.toolCalls", "ai.schema",
    "ai.toolCall.args", "ai.toolCall.result", "ai.value", "embedding.embeddings", "gen_ai.completion.", "gen_ai.content.",
    "gen_ai.prompt.", "gen_ai.tool.call.", "langfuse.observation.metadata", "langfuse.trace.metadata",
    "langsmith.metadata.", "llm.choices", "llm.completions", "llm.input_messages", "llm.output_messages",
    "llm.prompt_template", "llm.prompts", "llm.request.functions", "llm.tools", "reranker.input_documents",
    "reranker.output_documents", "retrieval.documents", "traceloop.prompt.",
)  # fmt: skip


def is_content(key: str) -> bool:
    """Whether an attribute holds words of a prompt, an answer, a tool call or a command."""
    return key in CONTENT_KEYS or key.startswith(CONTENT_PREFIXES)


def pattern() -> str:
    """All of these attributes as one regular expression (RE2)."""
    keys = "|".join(map(re.escape, sorted(CONTENT_KEYS)))
    prefixes = "|".join(map(re.escape, CONTENT_PREFIXES))
    return f"^({keys}|({prefixes}).*)$"
