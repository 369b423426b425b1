"""The fast reader: Arrow parses, numpy finds the attributes, one SELECT resolves them. Same rows as the strict reader.

Measured on simulated files it reads several times as many spans a second as the strict reader (``benchmarks/traces.py``).
What Arrow refuses (enum names, NaN, a corrupt line, an id that is not hex) goes to the strict reader with the lines
around it, so a bad line still costs one line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from agent_spend.sources.agent_traces import evaluations, fast_sql, resolve, semantics, tokens
from agent_spend.sources.agent_traces.fast_sql import Columns, Occurring
from agent_spend.sources.agent_traces.files import FileReport, Piece
from agent_spend.sources.agent_traces.schema import LANDED_SCHEMA
from agent_spend.sources.agent_traces.semantics import Lookup
from agent_spend.sources.agent_traces.strict import StrictReader

#: Below this many bytes the strict reader is done before the fast one has started.
SMALL_BYTES = 128 * 1024
#: Bytes that one of Arrow's threads parses at once; grows to the longest line.
BLOCK_BYTES = 4 * 1024 * 1024
#: Bytes of pieces whose spans are resolved together.
TOGETHER_BYTES = 64 * 1024 * 1024

# Decimals keep the digits of the text, and unlike Arrow's numbers and strings accept both 5 and "5".
_VALUE = pa.struct(
    {
        "stringValue": pa.string(),
        "intValue": pa.decimal128(20, 0),
        "boolValue": pa.bool_(),
        "doubleValue": pa.decimal128(38, 24),
    }
)
_ATTRIBUTES = pa.list_(pa.struct({"key": pa.string(), "value": _VALUE}))
_SPAN = pa.struct(
    {
        "traceId": pa.string(),
        "spanId": pa.string(),
        "parentSpanId": pa.string(),
        "name": pa.string(),
        "kind": pa.int64(),
        "startTimeUnixNano": pa.decimal128(20, 0),
        "endTimeUnixNano": pa.decimal128(20, 0),
        "attributes": _ATTRIBUTES,
        "status": pa.struct({"code": pa.int64()}),
        "links": pa.list_(pa.struct({"traceId": pa.string(), "spanId": pa.string()})),
    }
)
_REQUEST = pa.schema(
    {
        "resourceSpans": pa.list_(
            pa.struct(
                {
                    "resource": pa.struct({"attributes": _ATTRIBUTES}),
                    "scopeSpans": pa.list_(pa.struct({"spans": pa.list_(_SPAN)})),
                }
            )
        )
    }
)
_KINDS = {"text": "stringValue", "whole": "intValue", "flag": "boolValue", "double": "doubleValue"}
_IS_HEX = np.isin(np.arange(256), np.frombuffer(b"0123456789abcdefABCDEF", np.uint8))
_PARSE = pj.ParseOptions(explicit_schema=_REQUEST, unexpected_field_behavior="ignore")


@dataclass
class Flat:
    """The spans of one piece as tables of the attributes that occur, not resolved yet."""

    piece: Piece
    report: FileReport
    spans: list[pa.Table] = field(default_factory=list)
    processes: list[pa.Table] = field(default_factory=list)
    occurring: list[Occurring] = field(default_factory=list)


class FastReader:
    """Turns pieces of files into batches of ``LANDED_SCHEMA``, through ``strict`` where that is wiser.

    Planning the SELECT takes longer than running it over one piece, so pieces wait for each other: ask for the ``rest``
    in the end.

    Args:
        strict: reads small pieces, protobuf, and the part of a piece around what Arrow refuses.
    """

    def __init__(self, lookups: dict[str, Lookup], strict: StrictReader):
        self._lookups = lookups
        self._strict = strict
        self._keys = sorted(resolve.wanted(lookups))
        self._wanted = pa.array(self._keys)
        self._waiting: list[Flat] = []
        self._process_count = 0

    @cached_property
    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        # Arrow parses on all cores; more threads here cost more than they bring.
        return duckdb.connect(config={"threads": 1})

    def read(self, piece: Piece, report: FileReport) -> Iterator[pa.RecordBatch]:
        """Batches of spans read so far, of this piece or earlier ones; what was refused goes to ``report``."""
        is_fit = not piece.messages and len(piece.body) >= SMALL_BYTES
        if is_fit and (flat := self._flat(piece, report)) is not None:
            self._waiting.append(flat)
            if evaluations.MARK in piece.body:
                yield from self._strict.verdicts(piece, report)
            if sum(len(one.piece.body) for one in self._waiting) >= TOGETHER_BYTES:
                yield from self.rest()
        elif is_fit and (halves := _halves(piece)):
            for half in halves:
                yield from self.read(half, report)
        else:
            yield from self._strict.read(piece, report)

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Batches of the spans that were still waiting."""
        waiting, self._waiting, self._process_count = self._waiting, [], 0
        yield from self._resolved(waiting)

    def _resolved(self, flats: list[Flat]) -> Iterator[pa.RecordBatch]:
        spans = [table for flat in flats for table in flat.spans]
        if not spans:
            return
        try:
            self._duckdb.register("spans", pa.concat_tables(spans, promote_options="default"))
            self._duckdb.register(
                "processes",
                pa.concat_tables([table for flat in flats for table in flat.processes], promote_options="default"),
            )
            query = fast_sql.select(self._lookups, fast_sql.merged([one for flat in flats for one in flat.occurring]))
            found = self._duckdb.sql(query).to_arrow_table().cast(LANDED_SCHEMA)
        except duckdb.ConversionException:
            for flat in flats:
                yield from self._strict.read(flat.piece, flat.report) if len(flats) == 1 else self._resolved([flat])
            return
        for flat in flats:
            flat.report.spans += sum(table.num_rows for table in flat.spans)
        yield from found.to_batches()

    def _flat(self, piece: Piece, report: FileReport) -> Flat | None:
        """All spans of a piece, or ``None`` when any of it needs the strict reader."""
        flat = Flat(piece, report)
        try:
            if not piece.body.isascii():
                piece.body.decode()
            column = _parsed(piece.body)["resourceSpans"]
            if column.null_count:
                return None
            for chunk in column.chunks:
                if len(groups := chunk.flatten()) and not self._flatten(groups, flat):
                    return None
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        return flat

    def _flatten(self, groups: pa.StructArray, flat: Flat) -> bool:
        """Adds the spans of some processes; ``False`` when one of them is not what the strict reader would accept."""
        scopes, scope_group = _children(pc.struct_field(groups, "scopeSpans"))
        spans, span_scope = _children(pc.struct_field(scopes, "spans"))
        lists = pc.struct_field(spans, "attributes")
        trace, span, parent = (pc.struct_field(spans, name) for name in ("traceId", "spanId", "parentSpanId"))
        times = [pc.struct_field(spans, name).cast(pa.int64()) for name in ("startTimeUnixNano", "endTimeUnixNano")]
        parents = pc.drop_null(parent)
        if not (
            _are_ids(trace, 32)
            and _are_ids(span, 16)
            and _are_ids(parents.filter(pc.not_equal(parents, "")), 16)
            and not any(time.null_count or pc.any(pc.less_equal(time, 0)).as_py() for time in times)
        ):
            return False
        of_span, span_columns = self._attributes(lists, "s")
        of_process, process_columns = self._attributes(pc.struct_field(groups, ["resource", "attributes"]), "p")
        self._usage_counts(of_span, span_columns)
        json_columns = self._json_amounts(of_span, span_columns)
        numbers = np.arange(self._process_count, self._process_count + len(groups), dtype=np.int32)
        self._process_count += len(groups)
        columns = {
            "trace": trace,
            "span": span,
            "parent": parent,
            "name": pc.struct_field(spans, "name"),
            "kind": pc.struct_field(spans, "kind"),
            "start_ns": times[0],
            "end_ns": times[1],
            "status": pc.struct_field(spans, ["status", "code"]),
            "attribute_count": pc.fill_null(pc.list_value_length(lists), 0),
            "process": pa.array(numbers[scope_group[span_scope]]),
            **_only_links(pc.struct_field(spans, "links")),
            **of_span,
        }
        processes = {
            "process": pa.array(numbers),
            "file_number": pa.array(np.full(len(groups), flat.report.file.number, dtype=np.int32)),
            **of_process,
        }
        flat.spans.append(pa.table(columns))
        flat.processes.append(pa.table(processes))
        flat.occurring.append(Occurring(span_columns, process_columns, json_columns))
        return True

    def _attributes(self, lists: pa.ListArray, alias: str) -> tuple[dict[str, pa.Array], dict[str, Columns]]:
        """A column for each wanted attribute and kind of value that occurs; the first of equal keys wins."""
        pairs, owner = _children(lists)
        codes = pc.fill_null(pc.index_in(pc.struct_field(pairs, "key"), value_set=self._wanted), -1).to_numpy().astype(np.int16)
        kinds = {kind: pc.struct_field(pairs, ["value", member]) for kind, member in _KINDS.items()}
        wanted = np.flatnonzero(codes >= 0)
        wanted = wanted[np.argsort(codes[wanted], kind="stable")]
        present, starts = np.unique(codes[wanted], return_index=True)
        bounds = np.append(starts, len(wanted))
        # Which kinds occur among the values of each attribute, asked once for all attributes.
        occurs = {
            kind: np.logical_or.reduceat(values.is_valid().to_numpy(zero_copy_only=False)[wanted], starts)
            if len(wanted) else ()
            for kind, values in kinds.items()
        }  # fmt: skip
        arrays, columns = {}, {}
        for number, code in enumerate(present):
            places = wanted[bounds[number] : bounds[number + 1]][::-1]
            position = np.full(len(lists), -1, dtype=np.int64)
            position[owner[places]] = places
            indices = pa.array(position, mask=position < 0)
            names = {}
            for kind, values in kinds.items():
                if occurs[kind][number]:
                    found = values.take(indices)
                    if kind == "text" and self._keys[code].startswith(semantics.JSON_VALUES_PREFIX):
                        found = pc.utf8_trim(found, characters='"')
                    name = f"{alias}{code}_{kind}"
                    arrays[name] = found.cast(pa.int64()) if kind == "whole" else found
                    names[kind] = f"{alias}.{name}"
            if names:
                columns[self._keys[code]] = Columns(**names)
        return arrays, columns

    def _usage_counts(self, arrays: dict[str, pa.Array], columns: dict[str, Columns]) -> None:
        """Adds the counts inside usage maps as columns of their own; read by the strict reader's own function."""
        for number, key in enumerate(tokens.USAGE_MAPS):
            if column := columns.get(key, Columns()).text:
                written = arrays[column.removeprefix("s.")].to_pylist()
                counts = [{} if text is None else tokens.usage_counts(text) for text in written]
                for name in {name for one in counts for name in one}:
                    arrays[f"u{number}_{name}"] = pa.array([one.get(name) for one in counts], pa.int64())
                    columns[f"{key}/{name}"] = Columns(whole=f"s.u{number}_{name}")

    def _json_amounts(self, arrays: dict[str, pa.Array], columns: dict[str, Columns]) -> dict[str, str]:
        """Adds the amounts inside JSON maps as columns, by rule; read by the strict reader's own function."""
        names = {}
        for number, rule in enumerate(semantics.COSTS):
            if rule.json_member and (column := columns.get(rule.keys[0], Columns()).text):
                written = arrays[column.removeprefix("s.")].to_pylist()
                found = [resolve.json_amount(text, rule.json_member, rule.or_sum_of_map) for text in written]
                rounded = [None if amount is None else resolve.round_usd(amount) for amount in found]
                arrays[f"json_{number}"] = pa.array(rounded, pa.decimal128(38, 24))
                names[rule.source] = f"s.json_{number}"
        return names


def _only_links(links: pa.ListArray) -> dict[str, pa.Array]:
    """Trace and span of the link of spans that have exactly one."""
    linked, owner = _children(links)
    count = np.bincount(owner, minlength=len(links))
    position = np.full(len(links), -1, dtype=np.int64)
    position[owner] = np.arange(len(owner))
    indices = pa.array(position, mask=count != 1)
    return {
        name: pc.utf8_lower(pc.fill_null(pc.struct_field(linked, member), "").take(indices))
        for name, member in {"link_trace_id": "traceId", "link_span_id": "spanId"}.items()
    }


def _parsed(body: bytes) -> pa.Table:
    block_bytes = BLOCK_BYTES
    while True:
        try:
            return pj.read_json(pa.BufferReader(body), pj.ReadOptions(block_size=block_bytes), _PARSE)
        except pa.ArrowInvalid as error:
            longest = 2 + max(map(len, body.split(b"\n"))) if "straddling" in str(error) else 0
            if not block_bytes < longest < 2**31:
                raise
            block_bytes = longest


def _halves(piece: Piece) -> tuple[Piece, Piece] | None:
    """Both halves of a piece of several lines, so that what Arrow refuses costs its neighbourhood and not the piece."""
    middle = piece.body.find(b"\n", len(piece.body) // 2) + 1
    first, second = piece.body[:middle], piece.body[middle:]
    if not first or not second.strip():
        return None
    return Piece(first, piece.first_line), Piece(second, piece.first_line + first.count(b"\n"), piece.is_tail)


def _are_ids(ids: pa.StringArray, digits: int) -> bool:
    """Whether all are ``digits`` hex digits and none is zero or null."""
    if not len(ids):
        return True
    if ids.null_count or not pc.all(pc.equal(pc.binary_length(ids), digits)).as_py():
        return False
    _, ends, text = ids.buffers()
    first = np.frombuffer(ends, np.int32)[ids.offset]
    characters = np.frombuffer(text, np.uint8)[first : first + digits * len(ids)].reshape(-1, digits)
    return bool(_IS_HEX[characters].all() and (characters != ord("0")).any(axis=1).all())


def _children(lists: pa.ListArray) -> tuple[pa.StructArray, np.ndarray]:
    """The elements of all lists, and for each the number of the list it lies in."""
    return pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy()
