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
        "traceloop.entity.input",
        "traceloop.entity.output",
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
)


def is_content(key: str) -> bool:
    """Whether an attribute holds words of a prompt, an answer, a tool call or a command."""
    return key in CONTENT_KEYS or key.startswith(CONTENT_PREFIXES)
