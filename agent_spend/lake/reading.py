"""How the lake is read: a Delta table's snapshot as Arrow batches or as SQL, and connections to run the SQL on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from agent_spend.errors import ConfigurationError
from agent_spend.lake.memory import leave_pandas
from agent_spend.lake.spool import BATCH_ROWS
from agent_spend.partitions import Window

if TYPE_CHECKING:
    import duckdb

leave_pandas()

@contextmanager
def session() -> "Iterator[duckdb.DuckDBPyConnection]":
    """An in-memory DuckDB database of one's own, in UTC, that prints nothing."""
    # Landing a feed needs no database, and this one takes 40 MB.
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        yield connection


def rows_of(connection: "duckdb.DuckDBPyConnection", sql: str) -> list[dict]:
    """The rows of a query, money as ``Decimal``."""
    return connection.sql(sql).to_arrow_table().to_pylist()


def sql_text(value: object) -> str:
    """The text of a value, such as a path, as a string in SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def duckdb_type(arrow_type: pa.DataType) -> str:
    """DuckDB's name for an Arrow type used in the lake.

    Raises:
        ConfigurationError: a type that lake tables do not use.
    """
    names = {pa.string(): "VARCHAR", pa.large_string(): "VARCHAR", pa.int64(): "BIGINT", pa.int32(): "INTEGER",
             pa.bool_(): "BOOLEAN", pa.date32(): "DATE", pa.float64(): "DOUBLE"}
    if pa.types.is_decimal(arrow_type):
        return f"DECIMAL({arrow_type.precision}, {arrow_type.scale})"
    if pa.types.is_timestamp(arrow_type):
        return "TIMESTAMPTZ" if arrow_type.tz else "TIMESTAMP"
    if str(arrow_type) == "string_view":
        return "VARCHAR"
    if arrow_type not in names:
        raise ConfigurationError(f"lake tables do not hold columns of type {arrow_type}")
    return names[arrow_type]


def empty_sql(schema: pa.Schema) -> str:
    """A SELECT with these columns and no rows."""
    columns = ", ".join(f'CAST(NULL AS {duckdb_type(field.type)}) AS "{field.name}"' for field in schema)
    return f"SELECT {columns} WHERE FALSE"


def schema_of(stored: DeltaTable) -> pa.Schema:
    """The stored columns and types."""
    return pa.schema(stored.schema().to_arrow())


def relation_sql(
    stored: DeltaTable, partition_column: str | None, window: Window | None, wanted: pa.Schema | None = None
) -> str:
    """DuckDB SQL that reads this snapshot, only the files of ``window`` where one is given.

    Columns of ``wanted`` that an older release did not store yet are null.
    """
    schema = schema_of(stored)
    added = [field for field in wanted or () if field.name not in schema.names]
    files = stored.file_uris(file_pruning_predicate=_pruning(partition_column, window))
    columns = ", ".join(f'CAST("{field.name}" AS {duckdb_type(field.type)}) AS "{field.name}"' for field in schema)
    if not files:
        return empty_sql(pa.schema([*schema, *added]))
    columns += "".join(f', CAST(NULL AS {duckdb_type(field.type)}) AS "{field.name}"' for field in added)
    options = "union_by_name=true"
    if partition_column:
        kind = duckdb_type(schema.field(partition_column).type)
        options += f", hive_partitioning=true, hive_types={{'{partition_column}': {kind}}}"
    # delta-rs names local files as they stand in a URL; DuckDB wants their own names.
    names = ", ".join(sql_text(file if "://" in file else unquote(file)) for file in files)
    return f"SELECT {columns} FROM read_parquet([{names}], {options})"


def table_of(stored: DeltaTable, partition_column: str | None, window: Window | None) -> pa.Table:
    """The rows of this snapshot, only those of ``window`` where one is given."""
    schema, pruning = schema_of(stored), _pruning(partition_column, window)
    rows = stored.to_pyarrow_dataset(schema=schema, file_pruning_predicate=pruning)
    batches = rows.to_batches(batch_size=BATCH_ROWS, batch_readahead=0, fragment_readahead=1, use_threads=False)
    return pa.Table.from_batches(batches, schema)


def _pruning(partition_column: str | None, window: Window | None) -> str | None:
    if window is None or partition_column is None:
        return None
    return f"{partition_column} >= '{window.first}' AND {partition_column} <= '{window.last}'"
