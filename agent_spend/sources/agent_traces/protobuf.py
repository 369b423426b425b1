"""OTLP protobuf messages, with the optional package ``opentelemetry-proto`` (extra ``traces``)."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from agent_spend.sources.agent_traces.values import Value
from agent_spend.sources.agent_traces.wire import Facts, Refused

#: Kinds of an ``AnyValue`` that some rule reads.
_READ = ("string_value", "bool_value", "int_value", "double_value")


def facts(message: bytes, wanted: frozenset[str]) -> Iterator[Facts | Refused]:
    """Every span of a binary ``ExportTraceServiceRequest``."""
    try:
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError:
        yield Refused("a protobuf message needs the optional reader: pip install 'agent-spend[traces]'")
        return
    try:
        request = ExportTraceServiceRequest.FromString(message)
    except DecodeError as error:
        yield Refused(f"not an ExportTraceServiceRequest ({error})")
        return
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
                )


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
