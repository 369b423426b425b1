"""Reading agent traces: our two readers beside other ways to do it, over the same generated file, in one run.

    python benchmarks/traces.py --megabytes 200

Each way runs in a process of its own, turns every span into one row with the same eighteen columns (ours make their full
set, with exact decimals) and hands the rows over in batches that are let go. It is checked against the known number of
spans, output tokens and reported cost before its time counts. A second table has the same file with corrupt lines.
Ways whose package is not installed are left out (``pip install orjson polars``). Times are of this machine; read the ratios.

Measured with ``--megabytes 1000`` (1,109,523 spans) on two quiet cores, Python 3.11, DuckDB 2.0.0, pyarrow 26.0.1:

    way                             wall s  ratio   CPU s  ratio   spans/s  peak MiB
    ours, fast                        7.70   1.00   10.64   1.00   144,126       602
    ours, strict                     46.79   6.08   46.76   4.39    23,714       287
    orjson, tuned loop               17.25   2.24   17.23   1.62    64,334       199
    Arrow JSON reader -> DuckDB       5.11   0.66    9.73   0.91   216,979       972
    DuckDB read_json                 24.20   3.14   26.27   2.47    45,847       980
    polars scan_ndjson               20.96   2.72   38.88   3.65    52,934     3,661

With a corrupt line every 200 lines of 100 MB, ours read all other spans (5 quarantined); every other way fails.
"""

import argparse
import importlib.util
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

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
CORRUPT_MEGABYTES, CORRUPT_EVERY_LINES = 100, 200
WANTED = {key for keys in (*TEXTS.values(), *COUNTS.values(), COSTS) for key in keys}

VALUE = "STRUCT(stringValue VARCHAR, intValue VARCHAR, boolValue BOOLEAN, doubleValue DOUBLE)"
ATTRIBUTES = f"STRUCT(key VARCHAR, value {VALUE})[]"
SPAN = (
    "STRUCT(traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, name VARCHAR, startTimeUnixNano VARCHAR, "
    f"endTimeUnixNano VARCHAR, attributes {ATTRIBUTES}, status STRUCT(code BIGINT))"
)
REQUEST = f"STRUCT(resource STRUCT(attributes {ATTRIBUTES}), scopeSpans STRUCT(spans {SPAN}[])[])[]"


@dataclass(frozen=True)
class Truth:
    """What every way must find: spans, output tokens, reported cost in nano-USD."""

    spans: int
    output_tokens: int
    nano_usd: int


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
                of_process = [_first(process, keys) for keys in RESOURCE.values()]
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
                            *(_first(said, keys) for keys in TEXTS.values()),
                            *(_first(said, keys) for keys in COUNTS.values()),
                            _first(said, COSTS),
                        )
                        for add, value in zip(append, row, strict=True):
                            add(value)
            if len(columns["cost"]) >= BATCH_SPANS:
                yield pa.table(columns)
                for column in columns.values():
                    column.clear()
    yield pa.table(columns)


def _first(said: dict, keys: tuple[str, ...]):
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


def write_traces(path: Path, megabytes: int, corrupt_every: int = 0) -> Truth:
    """A file of about ``megabytes`` and its truth: simulated files repeated under other trace ids, text integers.

    With ``corrupt_every`` a line that is cut off follows after so many.
    """
    from agent_spend.sandbox.agent_traces import write_files
    from agent_spend.sandbox.scenario import Scenario

    lines = []
    with tempfile.TemporaryDirectory() as folder:
        write_files(Scenario(developers=12, days=21), Path(folder))
        for one in sorted(Path(folder).rglob("traces-*.json")):
            lines += [json.loads(line, parse_float=str) for line in one.read_bytes().split(b"\n") if line.strip()]
    spans = output = nano = written = count = 0
    with path.open("wb") as file:
        repetition = 0
        while written < megabytes * 1_000_000:
            for line in lines:
                text, found = _repeated(line, repetition)
                written += file.write(text)
                spans, output, nano = spans + found[0], output + found[1], nano + found[2]
                count += 1
                if corrupt_every and count % corrupt_every == 0:
                    written += file.write(text[: len(text) // 2] + b"\n")
                if written >= megabytes * 1_000_000:
                    break
            repetition += 1
    return Truth(spans, output, nano)


def _repeated(request: dict, repetition: int) -> tuple[bytes, tuple[int, int, int]]:
    count = output = 0
    cost = Decimal(0)
    for group in request["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                span["traceId"] = f"{repetition:08x}{span['traceId'][8:]}"
                count += 1
                said = {}
                for one in span["attributes"]:
                    value = one["value"]
                    if "intValue" in value:
                        value["intValue"] = str(value["intValue"])
                    if "doubleValue" in value:
                        value["doubleValue"] = float(value["doubleValue"])
                    said[one["key"]] = value
                output += int(_first(said, COUNTS["output_tokens"])["intValue"]) if any(
                    key in said for key in COUNTS["output_tokens"]) else 0
                stated = _first(said, COSTS)
                cost += Decimal(repr(stated["doubleValue"])) if stated else 0
    return json.dumps(request).encode() + b"\n", (count, output, int(cost * 1_000_000_000))


def _measure(name: str, path: Path, truth: Truth, answer) -> None:
    way, _ = WAYS[name]
    _added_up(way(path.with_name("warm_up.json")))
    began, cpu = time.perf_counter(), time.process_time()
    try:
        found = _added_up(way(path))
    except Exception as error:
        answer.send((float("nan"),) * 3 + (False, f"{type(error).__name__}: {str(error)[:60]!r}"))
        return
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    is_right = found[:2] == (truth.spans, truth.output_tokens) and abs(found[2] - truth.nano_usd) < truth.spans
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.send((wall, cpu, peak, is_right, found))


def _added_up(tables: Iterator[pa.Table]) -> tuple[int, int, float]:
    """Spans, output tokens and nano-USD of tables that are let go one by one, as a writer would."""
    spans = output_tokens = 0
    nano_usd = 0.0
    for table in tables:
        column = table["cost"] if "cost" in table.column_names else table["reported_usd"].cast(pa.float64())
        spans += table.num_rows
        output_tokens += pc.sum(table["output_tokens"]).as_py() or 0
        nano_usd += (pc.sum(column.cast(pa.float64())).as_py() or 0) * 1e9
    return spans, output_tokens, nano_usd


def run(name: str, path: Path, truth: Truth) -> tuple:
    """Wall seconds, CPU seconds, peak MiB and whether the result is right, from a fresh process."""
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=_measure, args=(name, path, truth, theirs))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        return (float("nan"),) * 3 + (False, f"ended with exit code {process.exitcode}")
    finally:
        process.join()


def main() -> None:
    """Generate, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--megabytes", type=int, default=200)
    megabytes = arguments.parse_args().megabytes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traces.json"
        # Imports and engine start-up are paid on a small file before the clock runs.
        write_traces(path.with_name("warm_up.json"), 1)
        truth = write_traces(path, megabytes)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {truth.spans:,} spans; ratios to our fast reader\n")
        _table(path, truth)
        truth = write_traces(path, min(megabytes, CORRUPT_MEGABYTES), corrupt_every=CORRUPT_EVERY_LINES)
        print(f"\n{path.stat().st_size / 1e6:.0f} MB with a corrupt line every {CORRUPT_EVERY_LINES} lines\n")
        _table(path, truth)


def _table(path: Path, truth: Truth) -> None:
    print(f"{'way':30}{'wall s':>9}{'ratio':>7}{'CPU s':>8}{'ratio':>7}{'spans/s':>10}{'peak MiB':>10}{'ratio':>7}")
    base = None
    for name, (_, package) in WAYS.items():
        if importlib.util.find_spec(package) is None:
            print(f"{name:30}  left out: {package} is not installed")
            continue
        wall, cpu, peak, is_right, found = run(name, path, truth)
        base = base or (wall, cpu, peak)
        print(
            f"{name:30}{wall:9.2f}{wall / base[0]:7.2f}{cpu:8.2f}{cpu / base[1]:7.2f}{truth.spans / wall:10,.0f}"
            f"{peak:10,.0f}{peak / base[2]:7.2f}" + ("" if is_right else f"  WRONG: {found}, expected {truth}"),
            flush=True,
        )


if __name__ == "__main__":
    main()
