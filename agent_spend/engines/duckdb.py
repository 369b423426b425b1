"""Runs a model over the lake with embedded DuckDB: views over the files of one snapshot, nothing shared, no locks."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from dagster_duckdb import DuckDBResource

from agent_spend.catalog import Catalog, Model
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window


class DuckDBEngine:
    """Reads the lake through DuckDB.

    Args:
        catalog: what the names in SQL mean.
        lake: where the stored tables are.
        resource: Dagster's DuckDB resource; always ``:memory:``, since a shared database file locks readers out.
    """

    def __init__(self, catalog: Catalog, lake: Lake, resource: DuckDBResource | None = None):
        self._catalog = catalog
        self._lake = lake
        self._resource = resource or DuckDBResource(database=":memory:")

    def run(self, model: Model, window: Window | None = None) -> pa.Table:
        """The rows of a model; for a partitioned one only those whose partition lies in ``window`` (days).

        Raises:
            duckdb.Error: the SQL fails on the data.
        """
        sql = f"SELECT * FROM ({model.sql})"
        if window is not None and model.partition_column:
            sql += f" WHERE {model.partition_column} BETWEEN DATE '{window.first}' AND DATE '{window.last}'"
        return self.query(sql, model.upstream, _reading_window(model, window))

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
        with self._resource.get_connection() as connection:
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
        return self._lake.relation_sql(name, column, window)


def _reading_window(model: Model, window: Window | None) -> Window | None:
    return None if window is None else window.widened(model.look_back, model.look_ahead)
