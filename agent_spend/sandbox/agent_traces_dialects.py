"""What the simulated agents say of a run, in the attribute dialects that real emitters use."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from agent_spend.sandbox.agent_traces_runs import Attempt, Call

INTERNAL, CLIENT = 1, 3
UNSET, OK, ERROR = 0, 1, 2
#: Words that a reader of spend must never keep.
SECRET_WORDS = "Dear customer, your refund of 40 EUR is on its way"

Said = dict[str, str | bool | int | Decimal | None]


class Emitted(NamedTuple):
    """One span as its emitter makes it; ``parent`` is the place of the parent among the run's spans, from 1, 0 for none."""

    parent: int
    name: str
    kind: int
    started_at: datetime
    ended_at: datetime
    status: int
    said: Said


def emitted(attempt: Attempt) -> Iterator[Emitted]:
    """The spans of one run, parents first."""
    dialects = {"traceloop": _traceloop, "openinference": _openinference, "claude_code": _claude_code}
    return map(Emitted._make, dialects.get(attempt.workflow.dialect, _genai)(attempt))


def _root_facts(attempt: Attempt, task_key: str = "task.id") -> tuple[int, Said]:
    """Status of the outermost span, and what it says about the task."""
    style, done = attempt.workflow.success, attempt.succeeded
    if style == "never":
        return (UNSET if done is None else ERROR), {} if done is None else {"error.type": "disk_full"}
    said: Said = {task_key: attempt.task_id}
    if style == "flag":
        return UNSET, {**said, "task.success": bool(done)}
    if style == "outcome":
        return UNSET, {**said, "task.outcome": "completed" if done else "failed"}
    return (OK, said) if done else (ERROR, {**said, "error.type": "agent_gave_up"})


def _genai(attempt: Attempt) -> Iterator[tuple]:
    workflow, start, end = attempt.workflow, attempt.started_at, attempt.ended_at
    is_old = workflow.dialect == "genai_old"
    status, said = _root_facts(attempt, "ticket.id" if is_old else "task.id")
    named = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": workflow.name}
    yield 0, f"invoke_workflow {workflow.name}", INTERNAL, start, end, status, {**named, **said}
    by_agent: dict[str, list[Call]] = {}
    for call in attempt.calls:
        by_agent.setdefault(call.agent, []).append(call)
    number_of = {}
    # The main agent repeats everybody's totals, each sub-agent repeats its own: summing agents counts twice.
    for number, agent in enumerate(by_agent, start=2):
        calls = attempt.calls if agent == "main" else by_agent[agent]
        number_of[agent] = number
        totals: Said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent, **_usage(calls, is_old)}
        if workflow.reported == "gen_ai.usage.cost":
            totals["gen_ai.usage.cost"] = attempt.list_usd
        parent = 1 if agent == "main" else 2
        yield parent, f"invoke_agent {agent}", INTERNAL, calls[0].started_at, calls[-1].ended_at, UNSET, totals
    for number, call in enumerate(attempt.calls):
        chat: Said = {
            "gen_ai.operation.name": "chat",
            ("gen_ai.system" if is_old else "gen_ai.provider.name"): "anthropic",
            "gen_ai.request.model": call.model,
            "gen_ai.response.model": call.model,
            "gen_ai.response.id": f"msg_{attempt.trace_id[:12]}{number:02d}",
            "gen_ai.request.seed": None,
            **_usage([call], is_old),
        }
        if workflow.is_cache_1h:
            chat["anthropic.usage.cache_creation.ephemeral_5m_input_tokens"] = call.cache_write_5m
            chat["anthropic.usage.cache_creation.ephemeral_1h_input_tokens"] = call.cache_write_1h
        if call.reported_usd is not None:
            chat[workflow.reported] = call.reported_usd
        if number == 0:
            chat["gen_ai.output.messages"] = SECRET_WORDS
        yield number_of[call.agent], f"chat {call.model}", CLIENT, call.started_at, call.ended_at, UNSET, chat
    tool: Said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup",
                  "gen_ai.tool.call.arguments": SECRET_WORDS}
    first = attempt.calls[0].ended_at
    yield 2, "execute_tool lookup", INTERNAL, first, first + timedelta(milliseconds=40), UNSET, tool


def _traceloop(attempt: Attempt) -> Iterator[tuple]:
    workflow = attempt.workflow
    everywhere: Said = {"traceloop.workflow.name": workflow.name}
    status, said = _root_facts(attempt, "traceloop.association.properties.task_id")
    root = {"traceloop.span.kind": "workflow", **everywhere, **said}
    yield 0, f"{workflow.name}.workflow", INTERNAL, attempt.started_at, attempt.ended_at, status, root
    for number, call in enumerate(attempt.calls):
        # A gateway's span and, inside it, the SDK's span of the same call: one of them is money.
        gateway: Said = {
            "llm.request.type": "chat",
            **everywhere,
            "gen_ai.request.model": call.model,
            "gen_ai.response.id": f"msg_{attempt.trace_id[:12]}{number:02d}",
            **_usage([call], is_old=True),
            workflow.reported: call.reported_usd,
        }
        sdk: Said = {**gateway, "gen_ai.operation.name": "chat"}
        del sdk[workflow.reported]
        yield 1, "litellm_request", CLIENT, call.started_at, call.ended_at, OK, gateway
        inside = timedelta(milliseconds=3)
        yield 2 + 2 * number, "anthropic.chat", CLIENT, call.started_at + inside, call.ended_at - inside, OK, sdk


def _openinference(attempt: Attempt) -> Iterator[tuple]:
    status, said = _root_facts(attempt)
    root = {"openinference.span.kind": "AGENT", "agent.name": attempt.workflow.name, **said}
    yield 0, "agent_run", INTERNAL, attempt.started_at, attempt.ended_at, status, root
    for call in attempt.calls:
        written = call.cache_write_5m + call.cache_write_1h
        said = {
            "openinference.span.kind": "LLM",
            "llm.model_name": call.model,
            "llm.provider": "anthropic",
            "llm.token_count.prompt": call.input_tokens + call.cache_read + written,
            "llm.token_count.completion": call.output_tokens,
            "llm.token_count.prompt_details.cache_read": call.cache_read,
            "llm.token_count.prompt_details.cache_write": written,
            "input.value": SECRET_WORDS,
        }
        yield 1, "ChatAnthropic", INTERNAL, call.started_at, call.ended_at, OK, said


def _claude_code(attempt: Attempt) -> Iterator[tuple]:
    workflow = attempt.workflow
    status, said = _root_facts(attempt, "workflow.run_id")
    named = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": workflow.name}
    yield (0, f"invoke_workflow {workflow.name}", INTERNAL, attempt.started_at, attempt.ended_at, status,
           {**named, **said})
    first, last = attempt.calls[0], attempt.calls[-1]
    yield 1, "claude_code.interaction", INTERNAL, first.started_at, last.ended_at, UNSET, {}
    for number, call in enumerate(attempt.calls):
        request: Said = {
            "model": call.model,
            "gen_ai.system": "anthropic",
            "input_tokens": call.input_tokens,
            "output_tokens": call.output_tokens,
            "cache_read_tokens": call.cache_read,
            "cache_creation_tokens": call.cache_write_5m + call.cache_write_1h,
            "request_id": f"req_{attempt.trace_id[:12]}{number:02d}",
        }
        yield 2, "claude_code.llm_request", INTERNAL, call.started_at, call.ended_at, UNSET, request


def _usage(calls: tuple[Call, ...] | list[Call], is_old: bool) -> Said:
    """Token counts of some calls under the conventions' names; input includes cached tokens."""
    read = sum(call.cache_read for call in calls)
    written = sum(call.cache_write_5m + call.cache_write_1h for call in calls)
    cache_write = "gen_ai.usage.cache_creation.input_tokens" if is_old else "gen_ai.usage.cache_write.input_tokens"
    return {
        "gen_ai.usage.input_tokens": sum(call.input_tokens for call in calls) + read + written,
        "gen_ai.usage.output_tokens": sum(call.output_tokens for call in calls),
        "gen_ai.usage.cache_read.input_tokens": read,
        cache_write: written,
    }
