"""Lines that are not trace exports but say something of calls: Copilot CLI's own file format and some log events.

Copilot CLI (``COPILOT_OTEL_FILE_EXPORTER_PATH``) writes one SDK object a line, all signals mixed, a flat attribute map,
``[seconds, nanoseconds]`` times and the SDK's numbering of kinds (``agent-traces.md`` section 6). Claude Code states the
cost of each call in the log event ``api_request`` and not on its spans (section 5). Evaluators judge a span in the log
event ``gen_ai.evaluation.result`` (section 3).
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from agent_spend.sources.agent_traces import evaluations, wire
from agent_spend.sources.agent_traces.evaluations import digest
from agent_spend.sources.agent_traces.semantics import CLAUDE_CALL_EVENT, EVALUATION_EVENT
from agent_spend.sources.agent_traces.values import Attributes, Value, number, text
from agent_spend.sources.agent_traces.wire import Facts, KeyValue, Refused

_WHOLE = re.compile(rb"-?\d+")
#: What Claude Code calls the event in its attribute ``event.name``.
CALL_EVENT = "api_request"
#: Attributes of events that are read besides those of spans.
EVENT_KEYS = evaluations.KEYS | {
    "event.name", "event.sequence", "duration_ms", "prompt.id", "request_id", "session.id", "gen_ai.response.id"
}  # fmt: skip


class SdkResource(msgspec.Struct):
    """The process, in the SDK's own form."""

    attributes: dict[str, msgspec.Raw] | None = None


class SdkObject(msgspec.Struct, rename="camel"):
    """One line of Copilot CLI's file exporter."""

    type: str
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str | None = None
    name: str = ""
    kind: int = 0
    start_time: tuple[int, int] = (0, 0)
    end_time: tuple[int, int] = (0, 0)
    attributes: dict[str, msgspec.Raw] | None = None
    status: wire.Status | None = None
    resource: SdkResource | None = None


class LogRecord(msgspec.Struct, rename="camel"):
    """One OTLP log record; its body is read only to recognise the event."""

    time_unix_nano: int | str = 0
    observed_time_unix_nano: int | str = 0
    event_name: str = ""
    trace_id: str = ""
    span_id: str = ""
    body: wire.AnyValue | None = None
    attributes: list[KeyValue] | None = None


class Event(NamedTuple):
    """A log record as its encoding gave it; ``said`` holds the wanted attributes and ``EVENT_KEYS`` only."""

    at: int | str
    name: str
    body: str | None
    trace_id: str
    span_id: str
    said: Attributes
    resource: Attributes
    attribute_count: int


class ScopeLogs(msgspec.Struct, rename="camel"):
    """Records of one scope."""

    log_records: list[LogRecord] | None = None


class ResourceLogs(msgspec.Struct, rename="camel"):
    """Records of one process."""

    resource: wire.Resource | None = None
    scope_logs: list[ScopeLogs] | None = None


def facts(line: bytes, request: wire.ExportRequest, wanted: frozenset[str]) -> Iterator[Facts | Refused] | None:
    """The model calls of a line without ``resourceSpans``; ``None`` for a line of another signal.

    Raises:
        msgspec.ValidationError: the line is of no known shape.
    """
    if logs := bytes(request.resource_logs):
        found = list(_log_events(msgspec.json.decode(logs, type=list[ResourceLogs]), wanted))
        return iter(found) if found else None
    if bytes(request.resource_metrics):
        return None
    try:
        one = msgspec.json.decode(line, type=SdkObject)
    except msgspec.ValidationError:
        raise msgspec.ValidationError("no resourceSpans, so not an OTLP trace export") from None
    return _copilot(one, wanted) if one.type == "span" else None


def _copilot(span: SdkObject, wanted: frozenset[str]) -> Iterator[Facts]:
    resource = span.resource.attributes if span.resource else None
    yield Facts(
        span.trace_id,
        span.span_id,
        span.parent_span_id,
        span.name,
        # The SDK counts kinds from 0 = internal; OTLP counts from 1 and keeps 0 for unspecified.
        span.kind + 1,
        _nanoseconds(span.start_time),
        _nanoseconds(span.end_time),
        span.status.code if span.status else 0,
        _flat(span.attributes or {}, wanted),
        _flat(resource or {}, wanted),
        len(span.attributes or {}),
    )


def _log_events(groups: list[ResourceLogs], wanted: frozenset[str]) -> Iterator[Facts | Refused]:
    needed = wanted | EVENT_KEYS
    for group in groups:
        try:
            resource = wire.attributes(group.resource.attributes if group.resource else None, wanted)
        except ValueError as error:
            yield Refused(f"resource: {error}")
            continue
        for scope in group.scope_logs or ():
            for record in scope.log_records or ():
                try:
                    event = Event(
                        record.time_unix_nano or record.observed_time_unix_nano,
                        record.event_name,
                        record.body.string_value if record.body else None,
                        record.trace_id,
                        record.span_id,
                        wire.attributes(record.attributes, needed),
                        resource,
                        len(record.attributes or ()),
                    )
                    yield from call_or_verdict(event)
                except ValueError as error:
                    yield Refused(f"log record: {error}")


def call_or_verdict(event: Event) -> Iterator[Facts]:
    """What an event says of a call: that it was made, or how it was judged; nothing of other events.

    Raises:
        ValueError: the event has no time.
    """
    names = (event.name, event.said.get("event.name"), event.body)
    if EVALUATION_EVENT in names:
        yield evaluations.verdict(event.trace_id, event.span_id, event.at, event.said, event.resource)
    elif CLAUDE_CALL_EVENT in names or (names[1] == CALL_EVENT and not names[2]):
        yield _claude_call(event)


def _claude_call(event: Event) -> Facts:
    """An event as a span that ended when the event was written.

    Without trace context the calls of one prompt are one trace; the ids are made from the event's own, so that a
    repeated delivery is the same span.
    """
    said = event.said
    session, prompt = text(said.get("session.id")) or "", text(said.get("prompt.id")) or ""
    request = text(said.get("request_id")) or f"{session}/{text(said.get('event.sequence'))}"
    ended = wire.nanoseconds(event.at, "timeUnixNano")
    duration = number(said.get("duration_ms")) or Decimal(0)
    return Facts(
        event.trace_id or digest(f"{session}/{prompt}", 32),
        digest(request, 16),
        event.span_id or None,
        CLAUDE_CALL_EVENT,
        3,
        ended - int(duration * 1_000_000),
        ended,
        0,
        said,
        event.resource,
        event.attribute_count,
    )


def _flat(attributes: Mapping[str, msgspec.Raw], wanted: frozenset[str]) -> dict[str, Value | None]:
    return {key: _value(bytes(raw)) for key, raw in attributes.items() if key in wanted}


def _value(written: bytes) -> Value | None:
    if written.startswith(b'"'):
        return msgspec.json.decode(written, type=str)
    if written in (b"true", b"false"):
        return written == b"true"
    if _WHOLE.fullmatch(written):
        return int(written)
    return None if written.startswith((b"n", b"[", b"{")) else Decimal(written.decode())


def _nanoseconds(time: tuple[int, int]) -> int:
    return time[0] * 1_000_000_000 + time[1]
