"""Spans written by hand, landed as any others, with the real models built over them in a small lake."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from agent_spend.catalog import Catalog
from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.settings import Settings
from agent_spend.sources.agent_traces.landed_schema import FEED_SCHEMA, LANDED_SCHEMA
from agent_spend.sources.agent_traces.landing import Landing

DAY = date(2026, 11, 20)
#: In the order they read each other; views among them need no building.
MODELS = ("int_agent__call", "int_agent__run", "fct_task", "int_agent__task_model_day", "rpt_platform__workflow_day",
          "rpt_platform__cost_change_day")  # fmt: skip


def at(hour: float, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def span(trace: str, id: str, parent: str | None = None, kind: str = "other", start: float = 12, end: float | None = None,
         day: date = DAY, **said) -> dict:
    """A row of the landing table. ``start`` and ``end`` are hours of ``day``; spans of one hour unless said."""
    ended = at(start + 1 if end is None else end, day)
    return {
        "trace_id": trace, "span_id": id, "parent_span_id": parent, "name": id, "kind": 1, "span_class": kind,
        "started_at": at(start, day), "ended_at": ended, "ended_ns": int(ended.timestamp()) * 10**9, "status_code": 0,
        "attribute_count": 1, "file_number": 0, "is_cost_rejected": False, "is_input_corrected": False,
    } | said  # fmt: skip


def call(trace: str, id: str, parent: str | None, usd: str | None, **said) -> dict:
    """A model call of a thousand tokens in and a hundred out that states its cost."""
    tokens = {"input_tokens": 1000, "output_tokens": 100, "model": "claude-sonnet-5-5"}
    return span(trace, id, parent, "inference", **tokens | {"reported_usd": usd} | said)


def landed(rows: list[dict]) -> pa.Table:
    """The feed's rows of all days."""
    whole = [{name: row.get(name) for name in LANDED_SCHEMA.names} for row in rows]
    for row in whole:
        row["reported_usd"] = None if row["reported_usd"] is None else pa.scalar(row["reported_usd"]).cast(
            LANDED_SCHEMA.field("reported_usd").type).as_py()
    with Landing() as landing:
        landing.add([pa.RecordBatch.from_pylist(whole, schema=LANDED_SCHEMA)])
        landing.sort_out()
        first, last = landing.span_of_days()
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return pa.concat_tables([FEED_SCHEMA.empty_table(), *(landing.rows(day) for day in days)])


def runs_of(rows: list[dict]) -> dict[str, str | None]:
    """The leading span by span id, for spans of one trace."""
    return {row["span_id"]: row["run_span_id"] for row in landed(rows).to_pylist()}


class AgentLake:
    """A lake that holds spans and the models over them."""

    def __init__(self, catalog: Catalog):
        self.catalog = catalog
        self.lake = Lake(Settings.from_environment().lake_uri)
        self.days: set[date] = set()

    def land(self, rows: list[dict]) -> "AgentLake":
        """Replace the days of ``rows``."""
        table = landed(rows)
        days = set(table["usage_day"].to_pylist())
        self.lake.replace("agent_spans", table, "usage_day", days | self.days)
        self.days |= days
        return self

    def build(self, *names: str, days: list[date] | None = None) -> "AgentLake":
        """Build models (all) over ``days`` (from the first landed day to the last)."""
        first, last = min(self.days), max(self.days)
        chosen = days or [first + timedelta(days=n) for n in range((last - first).days + 1)]
        for name in names or MODELS:
            build(self.catalog.models[name], self.catalog, Settings.from_environment(), [day.isoformat() for day in chosen])
        return self

    def read(self, name: str) -> list[dict]:
        return sorted(self.lake.read(name, self.catalog.partition_column(name)).to_pylist(), key=str)

    def one(self, name: str) -> dict:
        [row] = self.read(name)
        return row

    def by(self, name: str, key: str) -> dict[str, list[dict]]:
        found = defaultdict(list)
        for row in self.read(name):
            found[row[key]].append(row)
        return dict(found)
