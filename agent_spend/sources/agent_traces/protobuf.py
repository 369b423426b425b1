"""OTLP protobuf messages, with the optional package ``opentelemetry-proto`` (extra ``traces``)."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from agent_spend.sources.agent_traces.dialects import EVENT_KEYS, Event, call_or_verdict
from agent_spend.sources.agent_traces.evaluations import verdict
from agent_spend.sources.agent_traces.semantics import EVALUATION_EVENT
from agent_spend.sources.agent_traces.values import Value
from agent_spend.sources.agent_traces.wire import Facts, Refused

#: Kinds of an ``AnyValue`` that some rule reads.
_READ = ("string_value", "bool_value", "int_value", "double_value")


def facts(message: bytes, wanted: frozenset[str]) -> Iterator[Facts | Refused] | None:
    """The calls of a binary export request, of spans or of logs; ``None`` for a message that holds none of either."""
    try:
        signal, request = _request(message)
    except ValueError as error:
        return iter([Refused(str(error))])
    if signal == "logs":
        found = list(_of_logs(request, wanted))
        return iter(found) if found else None
    return None if signal == "metrics" else _of_spans(request, wanted)


def metrics(message: bytes | memoryview) -> bytes:
    """The OTLP/JSON document that says the same as a binary export request of metrics; ``{}`` for one of spans or logs.

    Raises:
        ValueError: the message is none of the three, or the optional reader is missing.
    """
    signal, request = _request(bytes(message))
    if signal != "metrics":
        return b"{}"
    from google.protobuf.json_format import MessageToJson

    return MessageToJson(request, indent=None).encode()


def _request(message: bytes) -> tuple[str, Any]:
    """The signal of a message and its request. No message says which it is: the one in whose shape its records have ids, or
    times, is.
    """
    try:
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError:
        raise ValueError("a protobuf message needs the optional reader: pip install 'agent-spend[traces]'") from None

    def parsed(kind: type) -> Any:
        try:
            return kind.FromString(message)
        except DecodeError:
            return kind()

    traces, logs, measured = map(parsed, (ExportTraceServiceRequest, ExportLogsServiceRequest, ExportMetricsServiceRequest))
    if not any(len(span.trace_id) == 16 for span in _spans(traces)):
        if any(record.time_unix_nano or record.observed_time_unix_nano for record in _records(logs)):
            return "logs", logs
        if any(metric.WhichOneof("data") for metric in _metrics(measured)):
            return "metrics", measured
    if message and not traces.ByteSize():
        raise ValueError("not an ExportTraceServiceRequest")
    return "traces", traces


def _spans(request: Any) -> Iterator[Any]:
    return (span for group in request.resource_spans for scope in group.scope_spans for span in scope.spans)


def _records(request: Any) -> Iterator[Any]:
    return (record for group in request.resource_logs for scope in group.scope_logs for record in scope.log_records)


def _metrics(request: Any) -> Iterator[Any]:
    return (metric for group in request.resource_metrics for scope in group.scope_metrics for metric in scope.metrics)


def _of_logs(request: Any, wanted: frozenset[str]) -> Iterator[Facts | Refused]:
    for group in request.resource_logs:
        resource = _attributes(group.resource.attributes, wanted)
        for scope in group.scope_logs:
            for record in scope.log_records:
                event = Event(
                    record.time_unix_nano or record.observed_time_unix_nano,
                    record.event_name,
                    record.body.string_value if record.body.WhichOneof("value") == "string_value" else None,
                    record.trace_id.hex(),
                    record.span_id.hex(),
                    _attributes(record.attributes, wanted | EVENT_KEYS),
                    resource,
                    len(record.attributes),
                )
                yield from _checked(lambda event=event: call_or_verdict(event))


def _checked(read: Callable[[], Iterable[Facts]]) -> Iterator[Facts | Refused]:
    try:
        yield from read()
    except ValueError as error:
        yield Refused(f"log record: {error}")


def _of_spans(request: Any, wanted: frozenset[str]) -> Iterator[Facts | Refused]:
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes, wanted)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Facts(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex() or None,
                    span.name,
                    span.kind,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    span.status.code,
                    _attributes(span.attributes, wanted),
                    resource,
                    len(span.attributes),
                    (span.links[0].trace_id.hex(), span.links[0].span_id.hex()) if len(span.links) == 1 else None,
                )
                for event in span.events:
                    if event.name == EVALUATION_EVENT:
                        said = _attributes(event.attributes, EVENT_KEYS)
                        at = event.time_unix_nano
                        yield from _checked(lambda span=span, at=at, said=said: [
                            verdict(span.trace_id.hex(), span.span_id.hex(), at, said)
                        ])


def _attributes(pairs: Iterable, wanted: frozenset[str]) -> dict[str, Value | None]:
    kept: dict[str, Value | None] = {}
    for pair in pairs:
        if pair.key in wanted and pair.key not in kept:
            kind = pair.value.WhichOneof("value")
            value = getattr(pair.value, kind) if kind in _READ else None
            # The shortest text of a binary double is the number its emitter meant.
            number = Decimal(repr(value)) if isinstance(value, float) else value
            kept[pair.key] = None if isinstance(number, Decimal) and not number.is_finite() else number
    return kept
