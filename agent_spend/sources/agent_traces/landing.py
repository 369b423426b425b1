"""From spans in file order to spans by day: each once, on the day its trace ended, each call once and in one run.

Spans are spilled to disk as they are read and sorted out by DuckDB, so memory is bounded by a batch, not by the folder.
"""

import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from agent_spend.sources.agent_traces import runs
from agent_spend.sources.agent_traces.schema import FEED_SCHEMA, LANDED_SCHEMA
from agent_spend.sources.agent_traces.semantics import CLAUDE_CALL_EVENT, CLAUDE_CALL_SPAN

#: What sorting out may hold in memory; the rest is spilled to disk.
MEMORY_LIMIT = "1GB"
#: Spans gathered before they go to disk.
ROW_GROUP_SPANS = 50_000

# Delivery is at least once and a snapshot of a span may precede its end: the copy that ended later knows more, then
# the one with more attributes. Ranking only what repeats is several times faster than ranking everything.
_UNIQUE = """
CREATE TABLE unique_spans AS
WITH repeated AS (
    SELECT trace_id, span_id FROM landed GROUP BY trace_id, span_id HAVING COUNT(*) > 1
),
ranked AS (
    SELECT
        landed.*,
        ROW_NUMBER() OVER (
            PARTITION BY trace_id, span_id
            ORDER BY ended_ns DESC, attribute_count DESC, file_number, output_tokens DESC NULLS LAST, started_at, name
        ) AS place
    FROM landed SEMI JOIN repeated USING (trace_id, span_id)
)
SELECT * FROM landed ANTI JOIN repeated USING (trace_id, span_id)
UNION ALL
SELECT * EXCLUDE (place) FROM ranked WHERE place = 1
"""

# Claude Code's log events state the cost that its spans lack. Where both arrived, the span takes the cost and the event
# is dropped: the span lies in its run's tree.
_PAIRED_EVENTS = f"""
CREATE TABLE paired_events AS
SELECT events.request_id, MIN(events.reported_usd) AS reported_usd, MIN(events.reported_usd_source) AS source
FROM unique_spans AS events
SEMI JOIN (SELECT request_id FROM unique_spans WHERE name = '{CLAUDE_CALL_SPAN}') AS calls USING (request_id)
WHERE events.name = '{CLAUDE_CALL_EVENT}'
GROUP BY events.request_id;

DELETE FROM unique_spans
WHERE name = '{CLAUDE_CALL_EVENT}' AND request_id IN (SELECT request_id FROM paired_events);

UPDATE unique_spans
SET reported_usd = paired_events.reported_usd, reported_usd_source = paired_events.source
FROM paired_events
WHERE unique_spans.request_id = paired_events.request_id
    AND unique_spans.name = '{CLAUDE_CALL_SPAN}'
    AND unique_spans.reported_usd IS NULL;
"""

# An emitter without any span kind still states tokens: such a span is a model call, unless a model call lies below it.
_UNCLASSIFIED_CALLS = """
CREATE TABLE unclassified_calls AS
WITH RECURSIVE candidates AS (
    SELECT trace_id, span_id
    FROM unique_spans
    WHERE span_class = 'other' AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL)
),
family AS (
    SELECT trace_id, span_id, parent_span_id, span_class = 'inference' AS is_call
    FROM unique_spans SEMI JOIN candidates USING (trace_id)
),
above AS (
    SELECT trace_id, parent_span_id AS span_id
    FROM family
    WHERE parent_span_id IS NOT NULL
        AND (is_call OR EXISTS (
            SELECT 1 FROM candidates WHERE candidates.trace_id = family.trace_id AND candidates.span_id = family.span_id
        ))
    UNION
    SELECT family.trace_id, family.parent_span_id
    FROM above JOIN family USING (trace_id, span_id)
    WHERE family.parent_span_id IS NOT NULL
)
SELECT * FROM candidates ANTI JOIN above USING (trace_id, span_id)
"""

# A vendor SDK, a framework, a gateway and the vendor's own server can each describe the same call. One stays: the one
# with a reported cost, else the innermost (which starts last), else the most complete. The others pay for nothing.
_LAYERS = """
CREATE TABLE layered_calls AS
WITH calls AS (
    SELECT
        unique_spans.* EXCLUDE (span_class),
        unique_spans.trace_id || ':' || unique_spans.response_id AS call_id
    FROM unique_spans
    LEFT JOIN unclassified_calls USING (trace_id, span_id)
    WHERE unique_spans.span_class = 'inference' OR unclassified_calls.span_id IS NOT NULL
),
by_response AS (
    SELECT
        trace_id,
        span_id,
        ROW_NUMBER() OVER (
            PARTITION BY call_id
            ORDER BY reported_usd IS NULL, started_at DESC, output_tokens DESC NULLS LAST, ended_ns DESC, span_id
        ) AS place
    FROM calls
    WHERE response_id IS NOT NULL
),
by_parent AS (
    SELECT outer_call.trace_id, outer_call.span_id
    FROM calls AS outer_call
    JOIN calls AS inner_call
        ON inner_call.trace_id = outer_call.trace_id AND inner_call.parent_span_id = outer_call.span_id
    WHERE (outer_call.response_id IS NULL OR inner_call.response_id IS NULL)
        AND outer_call.model = inner_call.model
        AND outer_call.output_tokens = inner_call.output_tokens
        AND outer_call.input_tokens = inner_call.input_tokens
        AND outer_call.cache_read_tokens IS NOT DISTINCT FROM inner_call.cache_read_tokens
)
SELECT trace_id, span_id FROM by_response WHERE place > 1
UNION
SELECT trace_id, span_id FROM by_parent
"""

_BY_DAY = """
CREATE TABLE spans AS
WITH several AS (
    SELECT DISTINCT trace_id FROM runs
),
whole AS (
    SELECT traces.*, several.trace_id IS NULL AS is_one_run, leads.workflow AS lead_workflow
    FROM traces
    JOIN unique_spans AS leads ON leads.trace_id = traces.trace_id AND leads.span_id = traces.lead_span_id
    LEFT JOIN several ON several.trace_id = traces.trace_id
)
SELECT
    whole.usage_day,
    unique_spans.* REPLACE (
        CASE
            WHEN layered_calls.span_id IS NOT NULL THEN 'other'
            WHEN unclassified_calls.span_id IS NOT NULL THEN 'inference'
            ELSE unique_spans.span_class
        END AS span_class
    ),
    CASE WHEN whole.is_one_run THEN whole.lead_span_id ELSE runs.run_span_id END AS run_span_id,
    CASE WHEN whole.is_one_run THEN whole.lead_workflow ELSE runs.run_workflow END AS run_workflow,
    CASE WHEN whole.is_one_run THEN whole.task_id ELSE runs.run_task_id END AS run_task_id
FROM unique_spans
JOIN whole USING (trace_id)
LEFT JOIN runs ON runs.trace_id = unique_spans.trace_id AND runs.span_id = unique_spans.span_id
LEFT JOIN unclassified_calls
    ON unclassified_calls.trace_id = unique_spans.trace_id AND unclassified_calls.span_id = unique_spans.span_id
LEFT JOIN layered_calls
    ON layered_calls.trace_id = unique_spans.trace_id AND layered_calls.span_id = unique_spans.span_id
ORDER BY usage_day, unique_spans.trace_id, unique_spans.span_id
"""


class Landing:
    """A scratch place for one run's spans. Use as a context manager: ``add`` batches, ``sort_out``, then ask by day."""

    def __enter__(self) -> "Landing":
        self._folder = tempfile.TemporaryDirectory(prefix="agent_spans-")
        scratch = Path(self._folder.name)
        self._parquet = scratch / "landed.parquet"
        self._writer = pq.ParquetWriter(self._parquet, LANDED_SCHEMA, compression="zstd", compression_level=1)
        self._duckdb = duckdb.connect(
            config={
                "temp_directory": str(scratch / "spilled"),
                "memory_limit": MEMORY_LIMIT,
                "preserve_insertion_order": False,
            }
        )
        self._waiting: list[pa.RecordBatch] = []
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._duckdb.close()
        self._folder.cleanup()

    def add(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Spill batches of ``LANDED_SCHEMA``; small ones wait for company."""
        for batch in batches:
            self._waiting.append(batch)
            if sum(one.num_rows for one in self._waiting) >= ROW_GROUP_SPANS:
                self._spill()

    def _spill(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
            self._waiting = []

    def sort_out(self) -> None:
        """De-duplicate and assign days; ``add`` is over after this."""
        self._spill()
        self._writer.close()
        self._duckdb.execute(f"CREATE VIEW landed AS SELECT * FROM read_parquet({_quoted(self._parquet)})")
        for statement in (_UNIQUE, _PAIRED_EVENTS, _UNCLASSIFIED_CALLS, _LAYERS, runs.TRACES, runs.RUNS, _BY_DAY):
            self._duckdb.execute(statement)

    def span_of_days(self) -> tuple[date, date] | None:
        """First and last day with spans; ``None`` without any."""
        [(first, last)] = self._duckdb.sql("SELECT MIN(usage_day), MAX(usage_day) FROM spans").fetchall()
        return None if first is None else (first, last)

    def rows(self, day: date) -> pa.Table:
        """The day's spans in the feed's schema, ordered by trace and span."""
        names = ", ".join(FEED_SCHEMA.names)
        query = f"SELECT {names} FROM spans WHERE usage_day = ? ORDER BY trace_id, span_id"
        return self._duckdb.sql(query, params=[day]).to_arrow_table().cast(FEED_SCHEMA)

    def file_numbers(self, day: date) -> set[int]:
        """The files the day's spans came from."""
        query = "SELECT DISTINCT file_number FROM spans WHERE usage_day = ?"
        return {number for (number,) in self._duckdb.sql(query, params=[day]).fetchall()}

    def oddities(self, day: date) -> tuple[int, int]:
        """How many of the day's spans had their reported cost refused, and their input tokens corrected."""
        query = (
            "SELECT COUNT(*) FILTER (is_cost_rejected), COUNT(*) FILTER (is_input_corrected) "
            "FROM spans WHERE usage_day = ?"
        )
        [(refused, corrected)] = self._duckdb.sql(query, params=[day]).fetchall()
        return refused, corrected


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
