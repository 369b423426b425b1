"""The published copy of the marts: one DuckDB file for people and BI tools, replaced in one step, never written to."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from agent_spend import privacy
from agent_spend.catalog import Catalog, Model
from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.reading import session, sql_text
from agent_spend.lake.tables import Lake
from agent_spend.month_end.frozen import CLOSES, FROZEN, ROWS, show_closed_months_as_frozen
from agent_spend.publish.files import beside

FILE_NAME = "warehouse.duckdb"
PUBLISHED_PREFIXES = ("fct_", "dim_", "rpt_")
#: Older DuckDB clients in BI tools can still read this version; a newer library would write a newer one by default.
STORAGE_VERSION = "v1.4.0"
ORIGINS = "_published_from"

#: What a published table was built from: (table_name, lake_version, lake_table_id, fingerprint of models and seeds).
Origin = tuple[str, int | None, str | None, str | None]


def publish_warehouse(lake: Lake, catalog: Catalog, home: Path) -> Path:
    """Write ``home/warehouse.duckdb`` with one table for each published model, unless it is already current.

    The file is built beside the old one and swapped in by a rename: readers of the old file keep reading it, new
    readers see the new one whole. Money stays DECIMAL. Tables and columns carry the models' descriptions as comments.
    The table ``_published_from`` says which lake version each stored input had. Closed months are published as frozen.

    Returns:
        Path of the file.
    """
    path = home / FILE_NAME
    models = published_models(catalog)
    # Read before the data: a commit in between makes the copy newer than it claims, and the next run writes it again.
    origins = _origins(lake, catalog, models)
    if path.exists() and _stored_origins(path) == origins:
        return path
    home.mkdir(parents=True, exist_ok=True)
    building = beside(path)
    try:
        _build(building, lake, catalog, models, origins)
        os.replace(building, path)
    finally:
        building.unlink(missing_ok=True)
    return path


def published_models(catalog: Catalog) -> list[Model]:
    """The models that the warehouse holds: facts, dimensions and reports."""
    return [model for model in catalog.models.values() if model.name.startswith(PUBLISHED_PREFIXES)]


def query(home: Path, sql: str) -> tuple[list[str], list[tuple]]:
    """Run one SQL statement on the published warehouse, read-only.

    Returns:
        Column names, and rows with money as ``Decimal``.

    Raises:
        ConfigurationError: nothing is published yet.
        duckdb.Error: the SQL is wrong or tries to write.
    """
    with reading(home / FILE_NAME) as connection:
        result = connection.execute(sql)
        return [column[0] for column in result.description or []], result.fetchall()


@contextmanager
def reading(path: Path):
    """A read-only connection to a published file, as it is now.

    Raises:
        ConfigurationError: there is no such file.
    """
    if not path.exists():
        remedy = "run agent-spend demo or agent-spend backfill, or materialise the asset 'warehouse'"
        raise ConfigurationError(f"{path} does not exist yet; {remedy}")
    # Attached, because duckdb.connect(path) would share an older copy that this process still has open.
    with session() as connection:
        connection.execute(f"ATTACH {sql_text(path)} AS warehouse (READ_ONLY)")
        connection.execute("USE warehouse")
        yield connection


def _build(path: Path, lake: Lake, catalog: Catalog, models: list[Model], origins: list[Origin]) -> None:
    ledgers = [name for name in (CLOSES, ROWS) if name in catalog.sources]
    with DuckDBEngine(catalog, lake).session([*(model.name for model in models), *ledgers]) as connection:
        if ledgers:
            show_closed_months_as_frozen(connection, catalog)
        connection.execute(f"ATTACH {sql_text(path)} AS published (STORAGE_VERSION '{STORAGE_VERSION}')")
        # Each description a transaction of its own would be most of the work.
        connection.begin()
        pseudonyms = privacy.from_environment()
        people = privacy.people_of(connection, [model.name for model in models]) if pseudonyms else None
        for model in models:
            table = f'published.main."{model.name}"'
            source = f'"{model.name}"'
            if pseudonyms:
                named = connection.sql(f"SELECT * FROM {source}").to_arrow_table()
                connection.register("_pseudonymized", privacy.pseudonymized_table(named, people, pseudonyms))
                source = "_pseudonymized"
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {source} ORDER BY ALL")
            comment = f"Grain: {model.grain}." + (f" Unit: {model.unit}." if model.unit else "")
            connection.execute(f"COMMENT ON TABLE {table} IS {sql_text(comment)}")
            for column, description in model.columns.items():
                connection.execute(f'COMMENT ON COLUMN {table}."{column}" IS {sql_text(description)}')
        connection.execute(
            f"CREATE TABLE published.main.{ORIGINS} "
            "(table_name VARCHAR, lake_version BIGINT, lake_table_id VARCHAR, fingerprint VARCHAR)"
        )
        connection.executemany(f"INSERT INTO published.main.{ORIGINS} VALUES (?, ?, ?, ?)", origins)
        connection.commit()
        connection.execute("DETACH published")


def _origins(lake: Lake, catalog: Catalog, models: Iterable[Model]) -> list[Origin]:
    views, stored = catalog.stored_inputs([model.name for model in models])
    origins = [_origin_of(lake, catalog, name) for name in stored]
    # A view is computed here, so its SQL is part of what was published; a stored model only lends its descriptions.
    text = repr([(model.name, model.sql if model in views else "", model.grain, model.unit, [*model.columns.items()])
                 for model in (*models, *views)] + [*FROZEN])
    pseudonyms = privacy.from_environment()
    people = pseudonyms.fingerprint() if pseudonyms else "by name"
    return sorted([*origins, ("(models)", None, None, _digest(text.encode())), ("(people)", None, None, people)])


def _origin_of(lake: Lake, catalog: Catalog, name: str) -> Origin:
    if name in catalog.seeds:
        return name, None, None, _digest(catalog.seed_file(name).read_bytes())
    if not lake.exists(name):
        return name, None, None, None
    table = DeltaTable(lake.uri(name))
    return name, table.version(), str(table.metadata().id), None


def _stored_origins(path: Path) -> list[Origin] | None:
    try:
        with reading(path) as connection:
            return sorted(connection.execute(f"SELECT * FROM {ORIGINS}").fetchall())
    except duckdb.Error:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
