"""OTLP/JSON as it lies in files: shapes of the ``ExportTraceServiceRequest`` and one span's facts.

Rules of the JSON encoding (``agent-traces.md`` section 1): lowerCamelCase keys, hex ids in either case, 64-bit integers
as text or number, enums as integers, unknown members ignored, ``{}`` is a legal empty value.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import msgspec

from agent_spend.sources.agent_traces.values import Attributes, Value

_HEX = frozenset("0123456789abcdef")
#: Enum names are not legal OTLP/JSON, yet plain protobuf-JSON writers (Tempo's API) send them.
STATUS_NAMES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
KIND_NAMES = {
    "SPAN_KIND_UNSPECIFIED": 0,
    "SPAN_KIND_INTERNAL": 1,
    "SPAN_KIND_SERVER": 2,
    "SPAN_KIND_CLIENT": 3,
    "SPAN_KIND_PRODUCER": 4,
    "SPAN_KIND_CONSUMER": 5,
}


class Facts(NamedTuple):
    """One span as its encoding gave it, ids and times unchecked; ``said`` holds the wanted attributes only."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    kind: int | str
    started_ns: int | str
    ended_ns: int | str
    status: int | str
    said: Attributes
    resource: Attributes
    attribute_count: int
    link: tuple[str, str] | None = None
    """Trace and span that the span's only link names."""


class Refused(NamedTuple):
    """A span, or all spans of a process, that could not be read."""

    reason: str


class AnyValue(msgspec.Struct, rename="camel"):
    """One attribute value. Arrays, maps and bytes are not declared: no rule reads them."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: msgspec.Raw = msgspec.Raw(b"")

    def value(self) -> Value | None:
        """The value with its exact digits, ``None`` for ``{}``, NaN, infinities and undeclared kinds.

        Raises:
            ValueError: a number that is not one. No message repeats a value: it may hold words of a prompt.
        """
        if self.string_value is not None:
            return self.string_value
        if self.int_value is not None:
            return whole(self.int_value, "intValue")
        if self.bool_value is not None:
            return self.bool_value
        written = bytes(self.double_value)
        if not written or written.startswith((b'"', b"null")):
            return None
        try:
            return Decimal(written.decode())
        except InvalidOperation:
            raise ValueError("doubleValue is not a number") from None


class KeyValue(msgspec.Struct):
    """One attribute."""

    key: str
    value: AnyValue | None = None


class Status(msgspec.Struct):
    """A span's status; ``{}`` is unset."""

    code: int | str = 0


class Link(msgspec.Struct, rename="camel"):
    """A span of another trace, as a span names it; the attributes of a link are not declared."""

    trace_id: str = ""
    span_id: str = ""


class Span(msgspec.Struct, rename="camel"):
    """One span. Events (``evaluations`` reads some) and the dropped counters are not declared: content lives there."""

    trace_id: str
    span_id: str
    end_time_unix_nano: int | str
    start_time_unix_nano: int | str
    name: str = ""
    parent_span_id: str | None = None
    kind: int | str = 0
    attributes: list[KeyValue] | None = None
    status: Status | None = None
    links: list[Link] | None = None


class ScopeSpans(msgspec.Struct):
    """Spans of one instrumentation scope."""

    spans: list[Span] | None = None


class Resource(msgspec.Struct):
    """The process that made the spans."""

    attributes: list[KeyValue] | None = None


class ResourceSpans(msgspec.Struct, rename="camel"):
    """Spans of one resource."""

    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None


class ExportRequest(msgspec.Struct, rename="camel"):
    """One line of a Collector's file: an ``ExportTraceServiceRequest``."""

    resource_spans: list[ResourceSpans] | None = None
    resource_logs: msgspec.Raw = msgspec.Raw(b"")
    resource_metrics: msgspec.Raw = msgspec.Raw(b"")


def facts(request: ExportRequest, wanted: frozenset[str]) -> Iterator[Facts | Refused]:
    """Every span of an export request."""
    for group in request.resource_spans or ():
        try:
            resource = attributes(group.resource.attributes if group.resource else None, wanted)
        except ValueError as error:
            yield Refused(f"resource: {error}")
            continue
        for scope in group.scope_spans or ():
            for span in scope.spans or ():
                try:
                    said = attributes(span.attributes, wanted)
                except ValueError as error:
                    yield Refused(str(error))
                    continue
                yield Facts(
                    span.trace_id,
                    span.span_id,
                    span.parent_span_id,
                    span.name,
                    span.kind,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    span.status.code if span.status else 0,
                    said,
                    resource,
                    len(span.attributes or ()),
                    (span.links[0].trace_id, span.links[0].span_id) if span.links and len(span.links) == 1 else None,
                )


def attributes(pairs: Iterable[KeyValue] | None, wanted: frozenset[str]) -> dict[str, Value | None]:
    """The wanted attributes. A repeated key keeps its first value, empty or not; content is never wanted.

    Raises:
        ValueError: a wanted attribute holds a malformed number.
    """
    kept: dict[str, Value | None] = {}
    for pair in pairs or ():
        if pair.key in wanted and pair.key not in kept:
            try:
                kept[pair.key] = pair.value.value() if pair.value else None
            except ValueError as error:
                raise ValueError(f"attribute {pair.key}: {error}") from None
    return kept


def whole(written: int | str, field: str) -> int:
    """A 64-bit integer, which OTLP/JSON may write as text.

    Raises:
        ValueError: not a whole number.
    """
    try:
        return int(written)
    except ValueError:
        raise ValueError(f"{field} is not a whole number") from None


def hex_id(written: str, digits: int, field: str) -> str:
    """A trace or span id in lower case, also from the base64 of plain protobuf-JSON (Tempo's API), whose length tells it.

    Raises:
        ValueError: not ``digits`` hex digits, or all zero.
    """
    if len(written) == (digits // 2 + 2) // 3 * 4:
        with suppress(binascii.Error):
            written = base64.b64decode(written, validate=True).hex()
    lowered = written.lower()
    if len(lowered) != digits or not _HEX.issuperset(lowered) or not lowered.strip("0"):
        raise ValueError(f"{field} of {len(written)} characters is not {digits} hex digits")
    return lowered


def nanoseconds(written: int | str, field: str) -> int:
    """A time in nanoseconds since 1970.

    Raises:
        ValueError: not a whole number, or zero (a span that has not ended).
    """
    value = whole(written, field)
    if not 0 < value < 2**63:
        raise ValueError(f"{field} {value} is not a time")
    return value


def enum(written: int | str, names: dict[str, int], field: str) -> int:
    """An enum's number, also from its protobuf name.

    Raises:
        ValueError: unknown name.
    """
    if isinstance(written, int):
        return written
    if written in names:
        return names[written]
    raise ValueError(f"{field} is unknown")
