"""The landing table that precedes the lake table ``agent_spans``, in the types of pyarrow, which reads the files."""

import pyarrow as pa

from agent_spend.sources.agent_traces.schema import AGENT_SPANS

FEED_SCHEMA = AGENT_SPANS.arrow_schema

#: The type of a span's cost.
MONEY_TYPE = FEED_SCHEMA.field("reported_usd").type

#: Columns that only the whole trace knows.
OF_TRACE = ("usage_day", "run_span_id", "run_workflow", "run_task_id")

#: What both readers produce: the feed's columns without those of the whole trace, and a few more.
LANDED_SCHEMA = pa.schema(
    [
        *(field for field in FEED_SCHEMA if field.name not in OF_TRACE),
        ("ended_ns", pa.int64()),
        ("attribute_count", pa.int32()),
        ("file_number", pa.int32()),
        ("request_id", pa.string()),
        ("is_cost_rejected", pa.bool_()),
        ("foreign_currency", pa.string()),
        ("is_input_corrected", pa.bool_()),
        ("link_trace_id", pa.string()),
        ("link_span_id", pa.string()),
    ]
)
