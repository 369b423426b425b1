"""From spans in file order to spans by day: each once, on the day its trace ended, each call once and in one run.

Spans are spilled to disk as they are read and sorted out by DuckDB, so memory is bounded by a batch, not by the folder.
"""

import re
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from agent_spend.lake.reading import sql_text
from agent_spend.sources.agent_traces import calls, evaluations, runs
from agent_spend.sources.agent_traces.costs import MAX_REPORTED_USD
from agent_spend.sources.agent_traces.landed_schema import FEED_SCHEMA, LANDED_SCHEMA

#: What sorting out may hold in memory; the rest is spilled to disk.
MEMORY_LIMIT = "1GB"
#: Spans gathered before they go to disk.
ROW_GROUP_SPANS = 50_000
#: Spans and currencies named in a message; the rest are counted.
NAMED_SPANS = 3

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

_BY_DAY = """
CREATE TABLE spans AS
WITH several AS (
    SELECT DISTINCT trace_id FROM runs
),
whole AS (
    SELECT traces.*, several.trace_id IS NULL AS is_one_run
    FROM traces
    LEFT JOIN several ON several.trace_id = traces.trace_id
)
SELECT
    whole.usage_day,
    unique_spans.* REPLACE (
        CASE
            WHEN layered_calls.span_id IS NOT NULL THEN 'other'
            ELSE COALESCE(unclassified_calls.span_class, unique_spans.span_class)
        END AS span_class
    ),
    CASE WHEN whole.is_one_run THEN whole.lead_span_id ELSE runs.run_span_id END AS run_span_id,
    CASE WHEN whole.is_one_run THEN whole.workflow ELSE runs.run_workflow END AS run_workflow,
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
        self._duckdb.execute(f"CREATE VIEW landed AS SELECT * FROM read_parquet({sql_text(self._parquet)})")
        for statement in (
            _UNIQUE,
            runs.CONTINUED,
            evaluations.EVALUATIONS,
            calls.PAIRED_EVENTS,
            calls.UNCLASSIFIED_CALLS,
            calls.LAYERS,
            runs.TRACES,
            runs.RUNS,
            _BY_DAY,
            evaluations.OTHER_AGENTS,
            evaluations.VERDICTS,
        ):
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

    def oddities(self, day: date) -> list[str]:
        """What was odd about the day's spans, in words: costs refused or passed over, input tokens corrected."""
        query = """
            SELECT
                COUNT(*) FILTER (is_cost_rejected),
                LIST(span_id || ' of trace ' || trace_id ORDER BY trace_id, span_id) FILTER (is_cost_rejected),
                COUNT(*) FILTER (foreign_currency IS NOT NULL),
                LIST(DISTINCT foreign_currency ORDER BY foreign_currency) FILTER (foreign_currency IS NOT NULL),
                COUNT(*) FILTER (is_input_corrected)
            FROM spans
            WHERE usage_day = ?
        """
        [(refused, named, foreign, currencies, corrected)] = self._duckdb.sql(query, params=[day]).fetchall()
        found = []
        if refused:
            more = f", and {refused - NAMED_SPANS} more" if refused > NAMED_SPANS else ""
            found.append(
                f"{refused} spans report a cost below 0 or above {MAX_REPORTED_USD} USD: their cost was ignored "
                f"({', '.join(named[:NAMED_SPANS])}{more})"
            )
        if foreign:
            said = ", ".join(one if re.fullmatch("[A-Z]{3}", one) else "no known currency" for one in currencies[:NAMED_SPANS])
            found.append(f"{foreign} spans report a cost in {said}: it was passed over, nothing is converted to USD")
        if corrected:
            found.append(f"{corrected} spans had more cached than input tokens: their input was read as uncached")
        return found
