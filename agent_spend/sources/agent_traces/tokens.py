"""Token counts: which attribute states which count, as data, and the five classes made of them (card 4.4)."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from agent_spend.sources.agent_traces.values import MAX_COUNT, Attributes, count

#: Usage as a JSON map held as text. Its counts are read as attributes of their own, ``<key>/<one of USAGE_COUNTS>``.
USAGE_MAPS = ("langfuse.observation.usage_details", "mlflow.chat.tokenUsage", "gen_ai.usage.input_token_details")
#: The map's members by count, first hit wins; "a/b" is member b of the map a. ``input_total`` includes cached tokens.
USAGE_COUNTS: Mapping[str, tuple[str, ...]] = {
    "input": ("input",),
    "input_total": ("prompt_tokens", "input_tokens"),
    "cache_read": (
        "cache_read_input_tokens",
        "input_cached_tokens",
        "input_cache_read",
        "prompt_tokens_details/cached_tokens",
        "input_tokens_details/cached_tokens",
        "cache_read",
    ),
    "cache_write": ("cache_creation_input_tokens", "input_cache_creation", "cache_creation"),
    "cache_write_5m": ("cache_creation_ephemeral_5m_input_tokens", "ephemeral_5m_input_tokens"),
    "cache_write_1h": (
        "cache_creation_input_tokens_above_1hr",
        "cache_creation_ephemeral_1h_input_tokens",
        "ephemeral_1h_input_tokens",
    ),
    "output": ("output", "completion_tokens", "output_tokens"),
    "total": ("total", "total_tokens"),
}
#: Langfuse takes modalities and reasoning out of ``input`` and ``output``: members with these beginnings are put back.
USAGE_PARTS = {"input": "input_", "output": "output_"}


def _in_usage_maps(count: str) -> tuple[str, ...]:
    return tuple(f"{key}/{count}" for key in USAGE_MAPS)


#: Attributes by count, first hit wins. Input tokens: ``uncached`` is exact and wins, ``inclusive`` holds the cached ones
#: too, ``exclusive`` does not. ``part_5m`` and ``part_1h``: of ``written``, by time to live; a write without a part is a
#: 5-minute write, the vendor's default. ``added_*``: billed beside the usage above, not inside it. ``total``: of all
#: classes; shows whether an inclusive count was one.
COUNTS: Mapping[str, tuple[str, ...]] = {
    "uncached": ("ai.usage.inputTokenDetails.noCacheTokens",),
    "inclusive": (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
        "llm.usage.prompt_tokens",
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "ai.usage.tokens",
        "decision.token_count.input",
        *_in_usage_maps("input_total"),
    ),
    "exclusive": ("input_tokens", *_in_usage_maps("input")),
    "read": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cached_tokens",
        "gen_ai.usage.prompt_tokens_details.cached_tokens",
        "llm.token_count.prompt_details.cache_read",
        "llm.token_count.prompt_details.cache_input",
        "gen_ai.usage.input_tokens.cached",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_read_input_tokens",
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "ai.usage.cachedInputTokens",
        "cache_read_tokens",
        *_in_usage_maps("cache_read"),
    ),
    "written": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_input_tokens",
        "gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
        "llm.token_count.prompt_details.cache_write",
        "gen_ai.usage.input_tokens.cache_write",
        "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens",
        "cache_creation_tokens",
        *_in_usage_maps("cache_write"),
    ),
    "part_5m": ("anthropic.usage.cache_creation.ephemeral_5m_input_tokens", *_in_usage_maps("cache_write_5m")),
    "part_1h": ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens", *_in_usage_maps("cache_write_1h")),
    "added_input": ("anthropic.usage.compaction.input_tokens",),
    "output": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
        "llm.usage.completion_tokens",
        "ai.usage.outputTokens",
        "ai.usage.completionTokens",
        "decision.token_count.output",
        "output_tokens",
        *_in_usage_maps("output"),
    ),
    "added_output": ("anthropic.usage.compaction.output_tokens",),
    "total": (
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "llm.token_count.total",
        "ai.usage.totalTokens",
        *_in_usage_maps("total"),
    ),
}

#: Spans whose token and cost attributes are ignored: a fetched response repeats the tokens of the call that made it.
REPEATING_OPERATIONS = ("fetch_response",)


@dataclass(frozen=True)
class Tokens:
    """Token counts of one span; ``uncached`` excludes cache reads and writes. ``None`` means not stated."""

    uncached: int | None = None
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    output: int | None = None
    is_corrected: bool = False
    """The name promised cache-inclusive input, the numbers showed it was not."""


def tokens(span: Attributes) -> Tokens:
    """The five classes, with the input made cache-exclusive."""
    if is_repeating(span):
        return Tokens()
    said = {name: _count(span, keys) for name, keys in COUNTS.items()}
    inclusive, part_5m, part_1h = said["inclusive"], said["part_5m"], said["part_1h"]
    written = None
    if any(stated is not None for stated in (said["written"], part_5m, part_1h)):
        written = max(said["written"] or 0, (part_5m or 0) + (part_1h or 0))
    cached = (said["read"] or 0) + (written or 0)
    is_total_of_all = cached > 0 and said["total"] == (inclusive or 0) + (said["output"] or 0) + cached
    is_corrected = said["uncached"] is None and inclusive is not None and (cached > inclusive or is_total_of_all)
    if said["uncached"] is not None:
        uncached = said["uncached"]
    elif inclusive is None:
        uncached = said["exclusive"]
    else:
        uncached = inclusive if is_corrected else inclusive - cached
    return Tokens(
        uncached=_plus(uncached, said["added_input"]),
        cache_read=said["read"],
        cache_write_5m=None if written is None else max(written - (part_1h or 0), 0),
        cache_write_1h=part_1h,
        output=_plus(said["output"], said["added_output"]),
        is_corrected=is_corrected,
    )


def is_repeating(span: Attributes) -> bool:
    """Whether the span repeats another call's tokens and cost."""
    return span.get("gen_ai.operation.name") in REPEATING_OPERATIONS


def usage_counts(written: str) -> dict[str, int]:
    """Token counts of a usage map held as JSON text, under the names of ``USAGE_COUNTS``.

    A map in Python's own notation is read too: LangSmith writes one.
    """
    try:
        usage = msgspec.json.decode(written.replace("'", '"') if written.startswith("{'") else written)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    if not isinstance(usage, dict):
        return {}
    members = {**usage, **{f"{key}/{name}": n for key, inner in usage.items() if isinstance(inner, dict)
                           for name, n in inner.items()}}  # fmt: skip
    stated = {name: n for name, n in members.items() if type(n) is int and 0 <= n <= MAX_COUNT}
    counts, used = {}, set()
    for name, keys in USAGE_COUNTS.items():
        used.update(keys)
        if present := [key for key in keys if key in stated]:
            counts[name] = stated[present[0]]
    for name, beginning in USAGE_PARTS.items():
        if name in stated:
            parts = [n for key, n in stated.items() if key.startswith(beginning) and key not in used and "priority" not in key]
            counts[name] = min(counts[name] + sum(part for part in parts), MAX_COUNT)
    return counts


def _count(span: Attributes, keys: tuple[str, ...]) -> int | None:
    return next((found for key in keys if (found := count(span.get(key))) is not None), None)


def _plus(stated: int | None, added: int | None) -> int | None:
    return stated if added is None else (stated or 0) + added
