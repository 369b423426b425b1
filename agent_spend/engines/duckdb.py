"""Runs a model over the lake with embedded DuckDB: views over the files of one snapshot, nothing shared, no locks.

Memory is bounded twice: DuckDB spills what does not fit ``AGENT_SPEND_DUCKDB_MEMORY_LIMIT`` (default 4GB) to
``AGENT_SPEND_DUCKDB_TEMP_DIR``, and a range of days is computed in pieces that read about ``AGENT_SPEND_PIECE_MB`` each.
"""

import re
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import lru_cache
from itertools import chain, count
from math import ceil
from pathlib import Path

import duckdb
import pyarrow as pa
from dagster_duckdb import DuckDBResource

from agent_spend.catalog import Catalog, Model, seed_lines
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.model_files import PARTITION_COLUMNS
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings, env

MEGABYTE = 1_000_000


_NUMBERS = count(1)


@contextmanager
def _session() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a space of its own in this process's database; the space ends with the session.

    So does the database after a session that failed or that spilled, and with it the folder of what was spilled.
    """
    _, database, spilled = _database(
        Settings.from_environment().duckdb_memory_limit, env("AGENT_SPEND_DUCKDB_TEMP_DIR") or tempfile.gettempdir()
    )
    space = f"session_{next(_NUMBERS)}"
    try:
        with database.cursor() as connection:
            connection.execute(f"ATTACH ':memory:' AS {space}; USE {space}")
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            yield connection
            connection.execute(f"USE memory; DETACH {space}")
    except BaseException:
        _database.cache_clear()
        raise
    if spilled.exists():
        _database.cache_clear()


@lru_cache(maxsize=1)
def _database(limit: str, folder: str) -> tuple[ExitStack, duckdb.DuckDBPyConnection, Path]:
    """A database in memory, which takes longer to open than most models to run, and where it spills.

    It is closed when nothing refers to it any more: Dagster's resource would close it at the end of the first session.
    """
    # Two databases that shared a folder would overwrite each other's files.
    spilled = Path(folder) / f"agent_spend-duckdb-{uuid.uuid4().hex}"
    config = {
        "memory_limit": limit, "temp_directory": str(spilled), "preserve_insertion_order": False,
        # The lake's files, kept in memory after a session, would be read by none.
        "enable_external_file_cache": False,
    }  # fmt: skip
    resource, opened = DuckDBResource(database=":memory:", connection_config=config), ExitStack()
    return opened, opened.enter_context(resource.get_connection()), spilled


class DuckDBEngine:
    """Reads the lake through DuckDB.

    Args:
        catalog: what the names in SQL mean.
        lake: where the stored tables are.
    """

    def __init__(self, catalog: Catalog, lake: Lake):
        self._catalog = catalog
        self._lake = lake

    def run(self, model: Model, window: Window | None = None) -> pa.Table:
        """The rows of a model; for a partitioned one only those whose partition lies in ``window`` (days).

        Raises:
            duckdb.Error: the SQL fails on the data.
        """
        sql = _partitions_of(model, f"SELECT * FROM ({model.sql})", window)
        return self._planned_once(sql, model.upstream, reading_window(model, window))

    def count(self, model: Model, window: Window | None = None) -> dict[str, int]:
        """Rows of a model by the text of their partition's value; all of a model without partitions are ``all``.

        Raises:
            duckdb.Error: the SQL fails on the data.
        """
        key = f"CAST({model.partition_column} AS VARCHAR)" if model.partition_column else "'all'"
        sql = _partitions_of(model, f"SELECT {key} AS key, COUNT(*) AS row_count FROM ({model.sql})", window) + " GROUP BY ALL"
        table = self._planned_once(sql, model.upstream, reading_window(model, window))
        return dict(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def pieces(self, model: Model, days: list[date]) -> list[list[date]]:
        """Sorted ``days`` in runs without a gap, short enough that each reads about ``AGENT_SPEND_PIECE_MB`` of files."""
        if len(days) == 1:
            return [days]
        window = Window(days[0], days[-1])
        _, stored = self._catalog.stored_inputs(model.upstream)
        partitioned = [name for name in stored if self._catalog.partition_column(name) == "usage_day"]
        total = sum(self._lake.bytes(name, "usage_day", window) for name in partitioned)
        many = ceil(total / (Settings.from_environment().piece_megabytes * MEGABYTE)) or 1
        return [piece.days() for piece in contiguous(days, ceil(len(days) / many))]

    def query(self, sql: str, tables: tuple[str, ...] | list[str], window: Window | None = None) -> pa.Table:
        """Rows of a SELECT over catalog tables, in the order that it asks for.

        Args:
            tables: the catalog names that the SQL reads.
            window: days that partitioned inputs are limited to; ``None`` reads them whole.

        Raises:
            ConfigurationError: a time zone in a policy file is none; names file, line and value.
            duckdb.Error: the SQL fails on the data.
        """
        with self._asking(tables) as connection:
            return connection.sql(self._statement(sql, tables, window)).to_arrow_table()

    def _planned_once(self, sql: str, tables: tuple[str, ...], window: Window | None) -> pa.Table:
        """As :meth:`query`, in any order, and not planned a second time to describe it: over little data planning is the work."""
        with self._asking(tables) as connection, warnings.catch_warnings():
            # The rows are kept, within DuckDB's memory limit, until they are copied.
            warnings.filterwarnings("ignore", message="Arrow output on a DB-API result makes an extra copy")
            return connection.execute(self._statement(sql, tables, window)).to_arrow_table()

    @contextmanager
    def _asking(self, tables: tuple[str, ...] | list[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """A session whose error says which line of a policy file is wrong."""
        with _session() as connection:
            try:
                yield connection
            except duckdb.NotImplementedException as error:
                raise self._zone_error(str(error), tables) or error from None

    def _statement(self, sql: str, tables: tuple[str, ...] | list[str], window: Window | None) -> str:
        """One statement, because a view is planned when it is created, when it is bound and when it is run."""
        # Rows of a view that is read twice may be kept; those of files, which are many and read with other filters, are not.
        stored, views = self._relations(tables, window)
        named = [f'"{name}" AS NOT MATERIALIZED ({text})' for name, text in stored]
        named += [f'"{name}" AS ({text})' for name, text in views]
        return f"WITH {', '.join(named)} {sql}" if named else sql

    @contextmanager
    def session(self, tables, window: Window | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection in which ``tables``, and the views they need, can be read by name; what is created in it ends with it."""
        with _session() as connection:
            for name, text in chain(*self._relations(tables, window)):
                connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {text}')
            yield connection

    def _relations(self, tables, window: Window | None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Name and SQL of the stored tables and of the views that ``tables`` are made of, each after what it reads."""
        views, stored = self._catalog.stored_inputs(tables)
        return [(name, self._stored_sql(name, window)) for name in stored], [(view.name, view.sql) for view in views]

    def _zone_error(self, message: str, tables) -> ConfigurationError | None:
        """What is wrong with the line of a policy file that names a time zone which DuckDB does not know."""
        unknown = re.search(r"Unknown TimeZone '(.*?)'", message)
        for name in self._catalog.stored_inputs(tables)[1] if unknown else ():
            if name not in self._catalog.seeds:
                continue
            path = self._catalog.seed_file(name)
            rules = [line["name"] for line in seed_lines(path)[1] if line.get("value") == unknown[1]]
            numbers = [n for n, text in enumerate(path.read_text("utf-8").splitlines(), start=1) if unknown[1] in text.split(",")]
            if rules and numbers:
                remedy = "write a name of the IANA time zone database, such as Europe/Berlin"
                wrong = f"{rules[0]} must be a time zone, not {unknown[1]!r}"
                return ConfigurationError(f"{path} line {numbers[0]}: {wrong}; {remedy}")
        return None

    def limits(self, name: str, window: Window | None) -> Window | None:
        """The partitions that a stored input is limited to when ``window`` is read; ``None`` for all of them."""
        column = self._catalog.partition_column(name)
        if window is None or column is None or column not in PARTITION_COLUMNS.values():
            return None
        # The month or week that holds the window's first day may have started before it.
        return window.widened(31, 0) if column in ("month", "week_start") else window

    def _stored_sql(self, name: str, window: Window | None) -> str:
        if name in self._catalog.seeds or not self._lake.exists(name):
            return self._catalog.view_sql(name)
        column = self._catalog.partition_column(name)
        return self._lake.relation_sql(name, column, self.limits(name, window), self._catalog.schemas[name])


def reading_window(model: Model, window: Window | None) -> Window | None:
    """The days that a model reads to compute those of ``window``."""
    return None if window is None else window.widened(model.look_back, model.look_ahead)


def _partitions_of(model: Model, sql: str, window: Window | None) -> str:
    if window is None or not model.partition_column:
        return sql
    return f"{sql} WHERE {model.partition_column} BETWEEN DATE '{window.first}' AND DATE '{window.last}'"
