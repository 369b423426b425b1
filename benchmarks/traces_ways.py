"""Ways to turn a file of OTLP/JSON lines into batches of one row a span: our two readers and others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

#: Target columns of the other ways, and the attributes each may come from.
TEXTS = {
    "operation": ("gen_ai.operation.name", "openinference.span.kind", "llm.request.type"),
    "model": ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "model"),
    "workflow": ("gen_ai.workflow.name", "traceloop.workflow.name"),
    "task_id": ("task.id", "ticket.id", "traceloop.association.properties.task_id", "workflow.run_id"),
}
COUNTS = {
    "input_tokens": ("gen_ai.usage.input_tokens", "llm.token_count.prompt", "input_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "llm.token_count.completion", "output_tokens"),
    "cache_read_tokens": ("gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read",
                          "cache_read_tokens"),
    "cache_write_tokens": ("gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
                           "llm.token_count.prompt_details.cache_write", "cache_creation_tokens"),
}
COSTS = ("litellm.cost.total", "gen_ai.usage.cost", "operation.cost")
RESOURCE = {
    "service_name": ("service.name",),
    "environment": ("deployment.environment.name", "deployment.environment"),
}
#: Spans a way may hand over at once.
BATCH_SPANS = 50_000
WANTED = {key for keys in (*TEXTS.values(), *COUNTS.values(), COSTS) for key in keys}

VALUE = "STRUCT(stringValue VARCHAR, intValue VARCHAR, boolValue BOOLEAN, doubleValue DOUBLE)"
ATTRIBUTES = f"STRUCT(key VARCHAR, value {VALUE})[]"
SPAN = (
    "STRUCT(traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, name VARCHAR, startTimeUnixNano VARCHAR, "
    f"endTimeUnixNano VARCHAR, attributes {ATTRIBUTES}, status STRUCT(code BIGINT))"
)
REQUEST = f"STRUCT(resource STRUCT(attributes {ATTRIBUTES}), scopeSpans STRUCT(spans {SPAN}[])[])[]"



def strict(path: Path) -> Iterator[pa.Table]:
    """Our strict reader."""
    return _ours(path, is_fast=False)


def fast(path: Path) -> Iterator[pa.Table]:
    """Our fast reader."""
    return _ours(path, is_fast=True)


def _ours(path: Path, is_fast: bool) -> Iterator[pa.Table]:
    from agent_spend.sources.agent_traces import resolve
    from agent_spend.sources.agent_traces.fast import FastReader
    from agent_spend.sources.agent_traces.files import FileReport, pieces
    from agent_spend.sources.agent_traces.store import TraceFile
    from agent_spend.sources.agent_traces.strict import StrictReader

    lookups = resolve.lookups()
    strict_reader = StrictReader(lookups)
    report = FileReport(TraceFile(str(path), path.name, 0))
    with path.open("rb") as raw:
        found = pieces(report, raw)
        if is_fast:
            batches = FastReader(lookups, strict_reader).read((piece, report) for piece in found)
        else:
            batches = (batch for piece in found for batch in strict_reader.read(piece, report))
        yield from (pa.Table.from_batches([batch]) for batch in batches)
    if report.quarantined:
        print(f"    {len(report.quarantined)} quarantined: {report.quarantined[0]}")


def orjson_loop(path: Path) -> Iterator[pa.Table]:
    """A Python loop over orjson that touches wanted attributes only."""
    import orjson

    names = ("trace_id", "span_id", "parent_span_id", "name", "started", "ended", "status", *RESOURCE, *TEXTS, *COUNTS, "cost")
    columns: dict[str, list] = {name: [] for name in names}
    append = [column.append for column in columns.values()]
    with path.open("rb") as lines:
        for line in lines:
            if len(line) < 3:
                continue
            for group in orjson.loads(line)["resourceSpans"]:
                process = {one["key"]: one["value"].get("stringValue") for one in group["resource"]["attributes"]}
                of_process = [first(process, keys) for keys in RESOURCE.values()]
                for scope in group["scopeSpans"]:
                    for span in scope["spans"]:
                        said = {}
                        for one in span["attributes"]:
                            if one["key"] in WANTED:
                                for kind, value in one["value"].items():
                                    said[one["key"]] = int(value) if kind == "intValue" else value
                        row = (
                            span["traceId"], span["spanId"], span.get("parentSpanId"), span["name"],
                            int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]), span["status"].get("code", 0),
                            *of_process,
                            *(first(said, keys) for keys in TEXTS.values()),
                            *(first(said, keys) for keys in COUNTS.values()),
                            first(said, COSTS),
                        )
                        for add, value in zip(append, row, strict=True):
                            add(value)
            if len(columns["cost"]) >= BATCH_SPANS:
                yield pa.table(columns)
                for column in columns.values():
                    column.clear()
    yield pa.table(columns)


def first(said: dict, keys: tuple[str, ...]):
    for key in keys:
        if key in said:
            return said[key]
    return None


def arrow_duckdb(path: Path) -> Iterator[pa.Table]:
    """Arrow's streaming JSON reader into DuckDB, attributes found with list_position."""
    import duckdb
    import pyarrow.json as pj

    value = pa.struct({"stringValue": pa.string(), "intValue": pa.decimal128(20, 0), "boolValue": pa.bool_(),
                       "doubleValue": pa.float64()})
    attributes = pa.list_(pa.struct({"key": pa.string(), "value": value}))
    span = pa.struct({
        "traceId": pa.string(), "spanId": pa.string(), "parentSpanId": pa.string(), "name": pa.string(),
        "startTimeUnixNano": pa.string(), "endTimeUnixNano": pa.string(), "attributes": attributes,
        "status": pa.struct({"code": pa.int64()}),
    })
    group = pa.struct({"resource": pa.struct({"attributes": attributes}),
                       "scopeSpans": pa.list_(pa.struct({"spans": pa.list_(span)}))})
    requests = pj.open_json(
        path,
        pj.ReadOptions(block_size=16 * 1024 * 1024),
        pj.ParseOptions(explicit_schema=pa.schema({"resourceSpans": pa.list_(group)}),
                        unexpected_field_behavior="ignore"),
    )
    connection = duckdb.connect()
    connection.register("requests", requests)
    for batch in connection.sql(_duckdb_query("requests")).to_arrow_reader(BATCH_SPANS):
        yield pa.Table.from_batches([batch])


def duckdb_read_json(path: Path) -> Iterator[pa.Table]:
    """DuckDB's read_json with a typed schema."""
    import duckdb

    source = (
        f"read_json('{path}', format = 'newline_delimited', columns = {{resourceSpans: '{REQUEST}'}}, "
        "maximum_object_size = 67108864)"
    )
    connection = duckdb.connect()
    for batch in connection.sql(_duckdb_query(source)).to_arrow_reader(BATCH_SPANS):
        yield pa.Table.from_batches([batch])


def _duckdb_query(source: str) -> str:
    def found(keys, member, prefix=""):
        values = [f"{prefix}vals[NULLIF(list_position({prefix}keys, '{key}'), 0)].{member}" for key in keys]
        return f"COALESCE({', '.join(values)})" if len(values) > 1 else values[0]

    texts = [f"{found(keys, 'stringValue')} AS {name}" for name, keys in TEXTS.items()]
    counts = [f"CAST({found(keys, 'intValue')} AS BIGINT) AS {name}" for name, keys in COUNTS.items()]
    process = [f"{found(keys, 'stringValue', 'process_')} AS {name}" for name, keys in RESOURCE.items()]
    return f"""
    WITH processes AS (SELECT UNNEST(resourceSpans) AS r FROM {source}),
    scopes AS (
        SELECT
            list_transform(r.resource.attributes, lambda a: a.key) AS process_keys,
            list_transform(r.resource.attributes, lambda a: a.value) AS process_vals,
            UNNEST(r.scopeSpans) AS c
        FROM processes
    ),
    spans AS (SELECT process_keys, process_vals, UNNEST(c.spans) AS s FROM scopes),
    listed AS (
        SELECT
            *,
            list_transform(s.attributes, lambda a: a.key) AS keys,
            list_transform(s.attributes, lambda a: a.value) AS vals
        FROM spans
    )
    SELECT
        s.traceId AS trace_id, s.spanId AS span_id, s.parentSpanId AS parent_span_id, s.name,
        CAST(s.startTimeUnixNano AS BIGINT) AS started, CAST(s.endTimeUnixNano AS BIGINT) AS ended,
        s.status.code AS status, {", ".join([*process, *texts, *counts])}, {found(COSTS, "doubleValue")} AS cost
    FROM listed
    """


def polars_explode(path: Path) -> Iterator[pa.Table]:
    """Polars: scan_ndjson with a schema, explode, pivot by aggregates; its result comes whole."""
    import polars as pl

    value = pl.Struct({"stringValue": pl.String, "intValue": pl.String, "boolValue": pl.Boolean,
                       "doubleValue": pl.Float64})
    attributes = pl.List(pl.Struct({"key": pl.String, "value": value}))
    span = pl.Struct({
        "traceId": pl.String, "spanId": pl.String, "parentSpanId": pl.String, "name": pl.String,
        "startTimeUnixNano": pl.String, "endTimeUnixNano": pl.String, "attributes": attributes,
        "status": pl.Struct({"code": pl.Int64}),
    })
    group = pl.Struct({"resource": pl.Struct({"attributes": attributes}),
                       "scopeSpans": pl.List(pl.Struct({"spans": pl.List(span)}))})
    spans = (
        pl.scan_ndjson(path, schema={"resourceSpans": pl.List(group)})
        .drop_nulls().explode("resourceSpans").unnest("resourceSpans").explode("scopeSpans").unnest("scopeSpans")
        .explode("spans").with_row_index("row").unnest("spans")
    )

    def found(column, keys, member):
        value = pl.element().struct.field("value").struct.field(member)
        one = [pl.col(column).list.eval(value.filter(pl.element().struct.field("key") == key)).list.first()
               for key in keys]
        return pl.coalesce(one)

    yield spans.select(
        pl.col("traceId").alias("trace_id"), pl.col("spanId").alias("span_id"),
        pl.col("parentSpanId").alias("parent_span_id"), "name",
        pl.col("startTimeUnixNano").cast(pl.Int64).alias("started"),
        pl.col("endTimeUnixNano").cast(pl.Int64).alias("ended"),
        pl.col("status").struct.field("code").alias("status"),
        *(found("attributes", keys, "stringValue").alias(name) for name, keys in TEXTS.items()),
        *(found("attributes", keys, "intValue").cast(pl.Int64).alias(name) for name, keys in COUNTS.items()),
        found("attributes", COSTS, "doubleValue").alias("cost"),
    ).collect().to_arrow()


WAYS: dict[str, tuple[Callable[[Path], Iterator[pa.Table]], str]] = {
    "ours, fast": (fast, "duckdb"),
    "ours, strict": (strict, "msgspec"),
    "orjson, tuned loop": (orjson_loop, "orjson"),
    "Arrow JSON reader -> DuckDB": (arrow_duckdb, "duckdb"),
    "DuckDB read_json": (duckdb_read_json, "duckdb"),
    "polars scan_ndjson": (polars_explode, "polars"),
}
