"""The simulated agents' runs as OTLP/JSON spans: identity, process and the form on the wire."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import msgspec

from agent_spend.sandbox.agent_traces_dialects import INTERNAL, OK, emitted
from agent_spend.sandbox.agent_traces_runs import Attempt
from agent_spend.sandbox.agent_traces_workflows import Workflow
from agent_spend.sandbox.scenario import Scenario

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MASK = 2**64 - 1

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
    resource = _resource(scenario, attempt.workflow)
    upper = attempt.workflow.name == "contract_review"
    trace_id = attempt.trace_id.upper() if upper else attempt.trace_id
    return tuple(
        SentSpan(
            trace_id,
            _span_id(attempt, number),
            _span_id(attempt, span.parent) if span.parent else "",
            span.name,
            span.kind,
            span.started_at,
            span.ended_at,
            span.status,
            tuple(span.said.items()),
            resource,
            is_number_text=attempt.workflow.team != "platform",
        )
        for number, span in enumerate(emitted(attempt), start=1)
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
    span = SentSpan("f" * 32, "e" * 16, "", "invoke_workflow ticket_router", INTERNAL, start,
                    start + timedelta(seconds=9), OK, (("gen_ai.workflow.name", "ticket_router"),), ())
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


def _span_id(attempt: Attempt, number: int) -> str:
    return f"{(int(attempt.trace_id[:16], 16) + number * 0x9E3779B97F4A7C15) & _MASK or 1:016x}"


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
