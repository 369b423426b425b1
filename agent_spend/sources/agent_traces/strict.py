"""The strict reader: one line at a time, every rule checked, a bad line or span quarantined by number and reason."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa

from agent_spend.sources.agent_traces import dialects, evaluations, protobuf, resolve, wire
from agent_spend.sources.agent_traces.costs import cost as cost_of
from agent_spend.sources.agent_traces.files import FileReport, Piece
from agent_spend.sources.agent_traces.landed_schema import LANDED_SCHEMA
from agent_spend.sources.agent_traces.rules import Lookup
from agent_spend.sources.agent_traces.semantics import EVALUATION_EVENT
from agent_spend.sources.agent_traces.tokens import tokens as tokens_of
from agent_spend.sources.agent_traces.wire import Facts, Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECODER = msgspec.json.Decoder(wire.ExportRequest)
_LIST_DECODER = msgspec.json.Decoder(list[msgspec.Raw])
#: Spans gathered into one record batch.
BATCH_SPANS = 16_384


class StrictReader:
    """Turns pieces of a file into batches of ``LANDED_SCHEMA``.

    Args:
        lookups: candidates of the text columns, from ``resolve.lookups()``.
    """

    def __init__(self, lookups: dict[str, Lookup]):
        self._lookups = lookups
        self._wanted = resolve.wanted(lookups)
        self._evaluators = resolve.evaluators()

    def read(self, piece: Piece, report: FileReport) -> Iterator[pa.RecordBatch]:
        """Batches of the piece's spans; what was refused goes to ``report``."""
        rows: list[tuple] = []
        for number, line in enumerate(piece.messages or piece.body.split(b"\n"), start=piece.first_line):
            if piece.messages:
                found = protobuf.facts(line, self._wanted)
                report.other_signal_lines += found is None
                rows.extend(self._rows(found or (), f"message {number}", report))
            elif line.strip():
                rows.extend(self._line(line, number, piece.is_tail, report))
            if len(rows) >= BATCH_SPANS:
                yield _batch(rows)
                rows = []
        if rows:
            yield _batch(rows)

    def _line(self, line: bytes, number: int, is_tail: bool, report: FileReport) -> Iterator[tuple]:
        try:
            if line.lstrip().startswith(b"["):
                for one in _LIST_DECODER.decode(line):
                    yield from self._line(bytes(one), number, False, report)
                return
            request = _DECODER.decode(line)
            if request.resource_spans is not None:
                found = wire.facts(request, self._wanted)
            else:
                found = dialects.facts(line, request, self._wanted)
        except (msgspec.ValidationError, RecursionError) as error:
            report.quarantined.append(f"line {number}: {error}")
            return
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if is_tail:
                report.unfinished_lines += 1
            else:
                report.quarantined.append(f"line {number}: not JSON ({error})")
            return
        if found is None:
            report.other_signal_lines += 1
            return
        yield from self._rows(found, f"line {number}", report)
        yield from self._verdicts(line, number, report)

    def verdicts(self, piece: Piece, report: FileReport) -> Iterator[pa.RecordBatch]:
        """One batch of the verdicts on the piece's spans, if any; ``read`` gives them too."""
        lines = enumerate(piece.body.split(b"\n"), start=piece.first_line)
        if rows := [row for number, line in lines for row in self._verdicts(line, number, report)]:
            yield _batch(rows)

    def _verdicts(self, line: bytes, number: int, report: FileReport) -> Iterator[tuple]:
        if evaluations.MARK in line and b"resourceSpans" in line:
            yield from self._rows(evaluations.on_spans(line), f"line {number}", report)

    def _rows(self, found: Iterable[Facts | Refused], where: str, report: FileReport) -> Iterator[tuple]:
        for facts in found:
            if isinstance(facts, Refused):
                report.quarantined.append(f"{where}: {facts.reason}")
                continue
            try:
                row = self._row(facts, report.file.number)
            except ValueError as error:
                report.quarantined.append(f"{where}: {error}")
                continue
            report.spans += 1
            yield row

    def _row(self, facts: Facts, file_number: int) -> tuple:
        """One row in the order of ``LANDED_SCHEMA``."""
        said, resource = resolve.unpacked(facts.said), resolve.unpacked(facts.resource)
        started_ns = wire.nanoseconds(facts.started_ns, "startTimeUnixNano")
        ended_ns = wire.nanoseconds(facts.ended_ns, "endTimeUnixNano")
        texts = {name: resolve.find_text(lookup, said, resource) for name, lookup in self._lookups.items()}
        cost, tokens = cost_of(said), tokens_of(said)
        success, success_source = resolve.task_success(said)
        if facts.name == EVALUATION_EVENT:
            success = resolve.evaluation(said, self._evaluators)
        status = wire.enum(facts.status, wire.STATUS_NAMES, "status.code")
        return (
            wire.hex_id(facts.trace_id, 32, "traceId"),
            wire.hex_id(facts.span_id, 16, "spanId"),
            wire.hex_id(facts.parent_span_id, 16, "parentSpanId") if facts.parent_span_id else None,
            facts.name,
            wire.enum(facts.kind, wire.KIND_NAMES, "kind"),
            _instant(started_ns),
            _instant(ended_ns),
            status if status in (0, 1, 2) else 0,
            texts["error_type"],
            resolve.span_class(facts.name, said),
            texts["service_name"],
            texts["environment"],
            texts["client"],
            texts["organization_id"],
            texts["workflow"],
            texts["agent"],
            texts["task_id"],
            success,
            success_source,
            texts["conversation_id"],
            texts["response_id"],
            texts["provider"],
            texts["model"],
            texts["service_tier"],
            texts["speed"],
            texts["inference_geo"],
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
            facts.attribute_count,
            file_number,
            texts["request_id"],
            cost.is_rejected,
            cost.foreign_currency,
            tokens.is_corrected,
            *(one.lower() for one in facts.link or ()),
            *(() if facts.link else (None, None)),
        )


def _instant(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _batch(rows: list[tuple]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(values, type=field.type) for values, field in zip(columns, LANDED_SCHEMA, strict=True)],
        schema=LANDED_SCHEMA,
    )
