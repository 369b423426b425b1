"""The strict reader: one line at a time, every rule checked, a bad line or span quarantined by number and reason."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa

from agent_spend.sources.agent_traces import resolve, wire
from agent_spend.sources.agent_traces.files import FileReport, Piece
from agent_spend.sources.agent_traces.resolve import Attributes
from agent_spend.sources.agent_traces.schema import LANDED_SCHEMA
from agent_spend.sources.agent_traces.semantics import Lookup, wanted_keys

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECODER = msgspec.json.Decoder(wire.ExportRequest)
#: Spans gathered into one record batch.
BATCH_SPANS = 16_384


class StrictReader:
    """Turns pieces of a file into batches of ``LANDED_SCHEMA``.

    Args:
        lookups: candidates of the text columns, from ``resolve.lookups()``.
    """

    def __init__(self, lookups: dict[str, Lookup]):
        self._lookups = lookups
        self._wanted = wanted_keys() | {key for lookup in lookups.values() for key in lookup.keys}

    def read(self, piece: Piece, report: FileReport) -> Iterator[pa.RecordBatch]:
        """Batches of the piece's spans; what was refused goes to ``report``."""
        rows: list[tuple] = []
        for number, line in enumerate(piece.body.split(b"\n"), start=piece.first_line):
            if not line.strip():
                continue
            for row in self._line(line, number, piece.is_tail, report):
                rows.append(row)
            if len(rows) >= BATCH_SPANS:
                yield _batch(rows)
                rows = []
        if rows:
            yield _batch(rows)

    def _line(self, line: bytes, number: int, is_tail: bool, report: FileReport) -> Iterator[tuple]:
        try:
            request = _DECODER.decode(line)
        except msgspec.ValidationError as error:
            report.quarantined.append(f"line {number}: {error}")
            return
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if is_tail:
                report.unfinished_lines += 1
            else:
                report.quarantined.append(f"line {number}: not JSON ({error})")
            return
        if request.resource_spans is None:
            if bytes(request.resource_logs) or bytes(request.resource_metrics):
                report.other_signal_lines += 1
            else:
                report.quarantined.append(f"line {number}: no resourceSpans, so not an OTLP trace export")
            return
        for group in request.resource_spans:
            try:
                resource = wire.attributes(group.resource.attributes if group.resource else None, self._wanted)
            except ValueError as error:
                report.quarantined.append(f"line {number}: resource: {error}")
                continue
            for scope in group.scope_spans or ():
                for span in scope.spans or ():
                    try:
                        row = self._row(span, resource, report.file.number)
                    except ValueError as error:
                        report.quarantined.append(f"line {number}: span {span.name!r}: {error}")
                        continue
                    report.spans += 1
                    yield row

    def _row(self, span: wire.Span, resource: Attributes, file_number: int) -> tuple:
        """One row in the order of ``LANDED_SCHEMA``."""
        said = wire.attributes(span.attributes, self._wanted)
        ended_ns = wire.nanoseconds(span.end_time_unix_nano, "endTimeUnixNano")
        texts = {name: resolve.find_text(lookup, said, resource) for name, lookup in self._lookups.items()}
        cost, tokens = resolve.cost(said), resolve.tokens(said)
        status = wire.enum(span.status.code if span.status else 0, wire.STATUS_NAMES, "status.code")
        return (
            wire.hex_id(span.trace_id, 32, "traceId"),
            wire.hex_id(span.span_id, 16, "spanId"),
            wire.hex_id(span.parent_span_id, 16, "parentSpanId") if span.parent_span_id else None,
            span.name,
            wire.enum(span.kind, wire.KIND_NAMES, "kind"),
            _instant(wire.nanoseconds(span.start_time_unix_nano, "startTimeUnixNano")),
            _instant(ended_ns),
            status if status in (0, 1, 2) else 0,
            texts["error_type"],
            resolve.span_class(span.name, said),
            texts["service_name"],
            texts["environment"],
            texts["workflow"],
            texts["agent"],
            texts["task_id"],
            resolve.task_success(said),
            texts["conversation_id"],
            texts["response_id"],
            texts["provider"],
            texts["model"],
            texts["service_tier"],
            tokens.uncached,
            tokens.cache_read,
            tokens.cache_write_5m,
            tokens.cache_write_1h,
            tokens.output,
            cost.usd,
            cost.source,
            resolve.auth_hint(said, resource),
            resolve.billing_identity(said, resource),
            ended_ns,
            len(span.attributes or ()),
            file_number,
            cost.is_rejected,
            tokens.is_corrected,
        )


def _instant(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _batch(rows: list[tuple]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(values, type=field.type) for values, field in zip(columns, LANDED_SCHEMA, strict=True)],
        schema=LANDED_SCHEMA,
    )
