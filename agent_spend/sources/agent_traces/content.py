"""The attributes nobody may keep: words of prompts, answers, tool calls and commands."""

#: Prompts, answers and commands: personal, never needed for money, dropped while reading (card section 11).
CONTENT_KEYS = frozenset(
    {
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.prompt",
        "gen_ai.completion",
        "gen_ai.tool.definitions",
        "input.value",
        "output.value",
        "langfuse.observation.input",
        "langfuse.observation.output",
        "langfuse.trace.input",
        "langfuse.trace.output",
        "mlflow.spanInputs",
        "mlflow.spanOutputs",
        "mlflow.traceInputs",
        "mlflow.traceOutputs",
        "mlflow.chat.tools",
        "traceloop.entity.input",
        "traceloop.entity.output",
        "gen_ai.agent.goal",
        "gen_ai.evaluation.explanation",
        "gen_ai.workflow.input",
        "gen_ai.workflow.output",
        "all_messages_events",
        "pydantic_ai.all_messages",
        "final_result",
        "anthropic.tool_result.content",
        "copilot_chat.user_request",
        "system_prompt_preview",
        "new_context",
        "response.model_output",
        "tool_input",
        "tool_parameters",
        "prompt",
        "response",
        "full_command",
        "user_prompt",
    }
)
CONTENT_PREFIXES = (
    "gen_ai.tool.call.",
    "gen_ai.prompt.",
    "gen_ai.completion.",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompts",
    "llm.completions",
    "llm.tools",
    "llm.request.functions",
    "langfuse.observation.metadata",
    "langfuse.trace.metadata",
    "traceloop.prompt.",
)


def is_content(key: str) -> bool:
    """Whether an attribute holds words of a prompt, an answer, a tool call or a command."""
    return key in CONTENT_KEYS or key.startswith(CONTENT_PREFIXES)
