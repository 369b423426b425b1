"""Runs a model over the lake with embedded DuckDB: views over the files of one snapshot, nothing shared, no locks.

Memory is bounded twice: DuckDB spills what does not fit ``AGENT_SPEND_DUCKDB_MEMORY_LIMIT`` (default 4GB) to
``AGENT_SPEND_DUCKDB_TEMP_DIR``, and a range of days is computed in pieces that read about ``AGENT_SPEND_PIECE_MB`` each.
"""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from math import ceil
from pathlib import Path

import duckdb
import pyarrow as pa
from dagster_duckdb import DuckDBResource

from agent_spend.catalog import Catalog, Model
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings, env

MEGABYTE = 1_000_000


def connection_config() -> dict[str, str | bool]:
    """DuckDB's settings for one session; spilled data has a folder of its own, removed with the session."""
    folder = Path(env("AGENT_SPEND_DUCKDB_TEMP_DIR") or tempfile.gettempdir())
    return {
        "memory_limit": Settings.from_environment().duckdb_memory_limit,
        # Two sessions that shared a folder would overwrite each other's files.
        "temp_directory": str(folder / f"agent_spend-duckdb-{uuid.uuid4().hex}"),
        "preserve_insertion_order": False,
    }


class DuckDBEngine:
    """Reads the lake through DuckDB.

    Args:
        catalog: what the names in SQL mean.
        lake: where the stored tables are.
        resource: Dagster's DuckDB resource; always ``:memory:``, since a shared database file locks readers out. Without
            one, each session gets :func:`connection_config`.
    """

    def __init__(self, catalog: Catalog, lake: Lake, resource: DuckDBResource | None = None):
        self._catalog = catalog
        self._lake = lake
        self._resource = resource

    def run(self, model: Model, window: Window | None = None) -> pa.Table:
        """The rows of a model; for a partitioned one only those whose partition lies in ``window`` (days).

        Raises:
            duckdb.Error: the SQL fails on the data.
        """
        sql = f"SELECT * FROM ({model.sql})"
        if window is not None and model.partition_column:
            sql += f" WHERE {model.partition_column} BETWEEN DATE '{window.first}' AND DATE '{window.last}'"
        return self.query(sql, model.upstream, _reading_window(model, window))

    def pieces(self, model: Model, days: list[date]) -> list[list[date]]:
        """Sorted ``days`` in runs without a gap, short enough that each reads about ``AGENT_SPEND_PIECE_MB`` of files."""
        if len(days) == 1:
            return [days]
        window = Window(days[0], days[-1])
        _, stored = self._catalog.stored_inputs(model.upstream)
        partitioned = [name for name in stored if self._catalog.partition_column(name) == "usage_day"]
        total = sum(self._lake.bytes(name, "usage_day", window) for name in partitioned)
        count = ceil(total / (Settings.from_environment().piece_megabytes * MEGABYTE)) or 1
        return [piece.days() for piece in contiguous(days, ceil(len(days) / count))]

    def query(self, sql: str, tables: tuple[str, ...] | list[str], window: Window | None = None) -> pa.Table:
        """Rows of any SQL over catalog tables.

        Args:
            tables: the catalog names that the SQL reads.
            window: days that partitioned inputs are limited to; ``None`` reads them whole.
        """
        with self.session(tables, window) as connection:
            return connection.sql(sql).to_arrow_table()

    @contextmanager
    def session(self, tables, window: Window | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection in which ``tables``, and the views they need, can be read by name."""
        views, stored = self._catalog.stored_inputs(tables)
        resource = self._resource or DuckDBResource(database=":memory:", connection_config=connection_config())
        with resource.get_connection() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            for name in stored:
                connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {self._stored_sql(name, window)}')
            for view in views:
                connection.execute(f'CREATE OR REPLACE VIEW "{view.name}" AS {view.sql}')
            try:
                yield connection
            finally:
                connection.close()

    def _stored_sql(self, name: str, window: Window | None) -> str:
        if name in self._catalog.seeds or not self._lake.exists(name):
            return self._catalog.view_sql(name)
        column = self._catalog.partition_column(name)
        if window is not None and column in ("month", "week_start"):
            # The month or week that holds the window's first day may have started before it.
            window = window.widened(31, 0)
        if column in ("feed", "kind"):
            window = None
        return self._lake.relation_sql(name, column, window, self._catalog.schemas[name])


def _reading_window(model: Model, window: Window | None) -> Window | None:
    return None if window is None else window.widened(model.look_back, model.look_ahead)
