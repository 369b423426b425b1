"""The simulated agents' runs as OTLP/JSON spans, in the attribute dialects that real emitters use."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import msgspec

from agent_spend.sandbox.agent_traces_runs import Attempt, Call
from agent_spend.sandbox.agent_traces_workflows import Workflow
from agent_spend.sandbox.scenario import Scenario

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTERNAL, _CLIENT = 1, 3
_UNSET, _OK, _ERROR = 0, 1, 2
_MASK = 2**64 - 1
#: Words that a reader of spend must never keep.
SECRET_WORDS = "Dear customer, your refund of 40 EUR is on its way"

Said = dict[str, str | bool | int | Decimal | None]


@dataclass(frozen=True)
class SentSpan:
    """One span with its process. ``is_number_text``: 64-bit integers as text, the standard form."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: int
    started_at: datetime
    ended_at: datetime
    status: int
    said: tuple[tuple[str, str | bool | int | Decimal | None], ...]
    resource: tuple[tuple[str, str], ...]
    is_number_text: bool = True

    @property
    def exported_on(self) -> date:
        """The UTC day of the file it lies in: a span is exported when it has ended."""
        return self.ended_at.date()

    def early_copy(self) -> "SentSpan":
        """A snapshot of the same span from a millisecond before its end, without most attributes."""
        return replace(self, ended_at=self.ended_at - timedelta(milliseconds=1), said=self.said[:2])

    def wire(self) -> dict:
        """OTLP/JSON. Defaults are left out as senders do, and one member is from a future version."""
        span = {
            "traceId": self.trace_id,
            "spanId": self.span_id,
            "parentSpanId": self.parent_span_id,
            "name": self.name,
            "kind": self.kind,
            "startTimeUnixNano": str(_nanoseconds(self.started_at)),
            "endTimeUnixNano": str(_nanoseconds(self.ended_at)),
            "attributes": [{"key": key, "value": self._any(value)} for key, value in self.said],
            "status": {"code": self.status} if self.status else {},
            "futureField": {"nested": [1, 2]},
        }
        if not self.parent_span_id and self.is_number_text:
            del span["parentSpanId"]
        return span

    def _any(self, value: str | bool | int | Decimal | None) -> dict:
        match value:
            case None:
                return {}
            case bool():
                return {"boolValue": value}
            case int():
                return {"intValue": str(value) if self.is_number_text else value}
            case Decimal():
                return {"doubleValue": value}
        return {"stringValue": value}


@lru_cache(maxsize=65_536)
def spans_of(scenario: Scenario, attempt: Attempt) -> tuple[SentSpan, ...]:
    """All spans of one run, parents first."""
    build = {"traceloop": _traceloop, "openinference": _openinference, "claude_code": _claude_code}
    make = build.get(attempt.workflow.dialect, _genai)
    resource = _resource(scenario, attempt.workflow)
    upper = attempt.workflow.name == "contract_review"
    trace_id = attempt.trace_id.upper() if upper else attempt.trace_id
    numbered = enumerate(make(attempt), start=1)
    return tuple(
        SentSpan(
            trace_id,
            _span_id(attempt, number),
            _span_id(attempt, parent) if parent else "",
            name,
            kind,
            start,
            end,
            status,
            tuple(said.items()),
            resource,
            is_number_text=attempt.workflow.team != "platform",
        )
        for number, (parent, name, kind, start, end, status, said) in numbered
    )


def request_line(spans: list[SentSpan]) -> bytes:
    """One ``ExportTraceServiceRequest`` without line end, spans grouped by process in order of arrival."""
    groups: dict[tuple, list[SentSpan]] = {}
    for span in spans:
        groups.setdefault(span.resource, []).append(span)
    request = {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": k, "value": {"stringValue": v}} for k, v in resource]},
                "scopeSpans": [
                    {"scope": {"name": "acme.agents", "version": "0.9.1"}, "spans": [span.wire() for span in group]}
                ],
                "schemaUrl": "https://opentelemetry.io/schemas/1.41.0",
            }
            for resource, group in groups.items()
        ]
    }
    return _ENCODER.encode(request)


def unfinished_line(scenario: Scenario) -> bytes:
    """The first two thirds of a line about a run that is still being written when the folder is read."""
    start = datetime(scenario.end_day.year, scenario.end_day.month, scenario.end_day.day, 23, 50, tzinfo=UTC)
    span = SentSpan("f" * 32, "e" * 16, "", "invoke_workflow ticket_router", _INTERNAL, start,
                    start + timedelta(seconds=9), _OK, (("gen_ai.workflow.name", "ticket_router"),), ())
    line = request_line([span])
    return line[: 2 * len(line) // 3]


def _resource(scenario: Scenario, workflow: Workflow) -> tuple[tuple[str, str], ...]:
    environment_key = "deployment.environment" if workflow.dialect == "genai_old" else "deployment.environment.name"
    is_claude_code = workflow.dialect == "claude_code"
    resource = {
        "service.name": "claude-code" if is_claude_code else workflow.name.replace("_", "-"),
        "service.namespace": workflow.team,
        environment_key: workflow.environment,
    }
    if workflow.auth_kind:
        resource["agent_spend.auth_kind"] = workflow.auth_kind
    if workflow.auth_kind == "seat":
        resource["user.email"] = scenario.incidents.seat_cron_person.email
    if workflow.auth_kind == "service_account":
        resource["billing.account"] = f"svc-{workflow.name}"
    return tuple(resource.items())


def _root_facts(attempt: Attempt, task_key: str = "task.id") -> tuple[int, Said]:
    """Status of the outermost span, and what it says about the task."""
    style, done = attempt.workflow.success, attempt.succeeded
    if style == "never":
        return (_UNSET if done is None else _ERROR), {} if done is None else {"error.type": "disk_full"}
    said: Said = {task_key: attempt.task_id}
    if style == "flag":
        return _UNSET, {**said, "task.success": bool(done)}
    if style == "outcome":
        return _UNSET, {**said, "task.outcome": "completed" if done else "failed"}
    return (_OK, said) if done else (_ERROR, {**said, "error.type": "agent_gave_up"})


def _genai(attempt: Attempt) -> Iterator[tuple]:
    workflow, start, end = attempt.workflow, attempt.started_at, attempt.ended_at
    is_old = workflow.dialect == "genai_old"
    status, said = _root_facts(attempt, "ticket.id" if is_old else "task.id")
    named = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": workflow.name}
    yield 0, f"invoke_workflow {workflow.name}", _INTERNAL, start, end, status, {**named, **said}
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
        yield parent, f"invoke_agent {agent}", _INTERNAL, calls[0].started_at, calls[-1].ended_at, _UNSET, totals
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
        yield number_of[call.agent], f"chat {call.model}", _CLIENT, call.started_at, call.ended_at, _UNSET, chat
    tool: Said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup",
                  "gen_ai.tool.call.arguments": SECRET_WORDS}
    first = attempt.calls[0].ended_at
    yield 2, "execute_tool lookup", _INTERNAL, first, first + timedelta(milliseconds=40), _UNSET, tool


def _traceloop(attempt: Attempt) -> Iterator[tuple]:
    workflow = attempt.workflow
    everywhere: Said = {"traceloop.workflow.name": workflow.name}
    status, said = _root_facts(attempt, "traceloop.association.properties.task_id")
    root = {"traceloop.span.kind": "workflow", **everywhere, **said}
    yield 0, f"{workflow.name}.workflow", _INTERNAL, attempt.started_at, attempt.ended_at, status, root
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
        yield 1, "litellm_request", _CLIENT, call.started_at, call.ended_at, _OK, gateway
        inside = timedelta(milliseconds=3)
        yield 2 + 2 * number, "anthropic.chat", _CLIENT, call.started_at + inside, call.ended_at - inside, _OK, sdk


def _openinference(attempt: Attempt) -> Iterator[tuple]:
    status, said = _root_facts(attempt)
    root = {"openinference.span.kind": "AGENT", "agent.name": attempt.workflow.name, **said}
    yield 0, "agent_run", _INTERNAL, attempt.started_at, attempt.ended_at, status, root
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
        yield 1, "ChatAnthropic", _INTERNAL, call.started_at, call.ended_at, _OK, said


def _claude_code(attempt: Attempt) -> Iterator[tuple]:
    workflow = attempt.workflow
    status, said = _root_facts(attempt, "workflow.run_id")
    named = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": workflow.name}
    yield (0, f"invoke_workflow {workflow.name}", _INTERNAL, attempt.started_at, attempt.ended_at, status,
           {**named, **said})
    first, last = attempt.calls[0], attempt.calls[-1]
    yield 1, "claude_code.interaction", _INTERNAL, first.started_at, last.ended_at, _UNSET, {}
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
        yield 2, "claude_code.llm_request", _INTERNAL, call.started_at, call.ended_at, _UNSET, request


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


def _span_id(attempt: Attempt, number: int) -> str:
    return f"{(int(attempt.trace_id[:16], 16) + number * 0x9E3779B97F4A7C15) & _MASK or 1:016x}"


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
