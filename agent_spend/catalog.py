"""The catalog of SQL models: the files of `dbt_like_sql/`, what they read, and the columns and types of each."""

import csv
from collections.abc import Iterable, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import zip_longest
from pathlib import Path

import duckdb
import pyarrow as pa

from agent_spend.errors import ConfigurationError
from agent_spend.lake.ledgers import PARTITIONED_BY
from agent_spend.lake.reading import empty_sql, session, sql_text
from agent_spend.model_files import Model, parse, parse_override
from agent_spend.settings import Settings, env

SQL_DIR = Path(env("AGENT_SPEND_SQL_DIR") or Path(__file__).resolve().parent.parent / "dbt_like_sql")
LAYERS = ("staging", "intermediate", "marts", "reports")
SEED_FOLDERS = ("prices", "policies")


class Catalog:
    """All models, seeds and feeds by name, with the columns and types of each.

    Args:
        sources: lake tables that models may read besides other models: name -> Arrow schema.
        sql_dir: folder with the layers and the seed folders.
        overrides_dir: folder with an organisation's own files, each in place of the model, price or policy file of its name;
            by default what :func:`own_files` finds.

    Raises:
        ConfigurationError: a file is malformed, reads an unknown table, or its columns differ from its header, or from
            the model it replaces.
    """

    def __init__(self, sources: Mapping[str, pa.Schema], sql_dir: Path = SQL_DIR, overrides_dir: Path | None = None):
        if not sql_dir.is_dir():
            raise ConfigurationError(f"no SQL models in {sql_dir}; set AGENT_SPEND_SQL_DIR to the dbt_like_sql folder")
        self.sources = dict(sources)
        self._overrides_dir = overrides_dir
        self.seeds = {path.stem: path for folder in SEED_FOLDERS for path in sorted((sql_dir / folder).glob("*.csv"))}
        found = [parse(path) for layer in LAYERS for path in sorted((sql_dir / layer).glob("**/*.sql"))]
        self.models = _in_order(_overridden(found, own_files("sql", overrides_dir)), {*self.sources, *self.seeds})
        for name, path in own_files("csv", overrides_dir).items():
            if name not in self.seeds:
                raise ConfigurationError(f"{path}: there is no price or policy file {name} to replace")
        self.checks_dir = sql_dir / "checks"

    def seed_file(self, name: str) -> Path:
        """A price or policy file as it is now: a company's own one counts as soon as it is there.

        Raises:
            ConfigurationError: a column is missing in the company's own.
        """
        ours, own = self.seeds[name], own_files("csv", self._overrides_dir).get(name)
        if own and (missing := [column for column in seed_lines(ours)[0] if column not in seed_lines(own)[0]]):
            raise ConfigurationError(f"{own}: column {missing[0]} is missing; the columns are those of {ours}")
        return own or ours

    def view_sql(self, name: str) -> str:
        """DuckDB SQL for a seed, or for a source that was never written."""
        if name in self.seeds:
            return f"SELECT * FROM read_csv({sql_text(self.seed_file(name))}, header=true, all_varchar=true, comment='#')"
        return empty_sql(self.schemas[name])

    @cached_property
    def schemas(self) -> dict[str, pa.Schema]:
        """Columns and types of every source, seed and model, by asking DuckDB with empty tables."""
        schemas = dict(self.sources)
        with session() as connection:
            for name, schema in self.sources.items():
                connection.execute(f'CREATE TABLE "{name}" AS {empty_sql(schema)}')
            for name in self.seeds:
                connection.execute(f'CREATE TABLE "{name}" AS {self.view_sql(name)}')
                schemas[name] = connection.sql(f'SELECT * FROM "{name}" LIMIT 0').to_arrow_table().schema
            for model in self.models.values():
                schemas[model.name] = _schema(connection, model, model.name)
        return schemas

    def stored_inputs(self, names: Iterable[str]) -> tuple[list[Model], list[str]]:
        """Views that must be created to read ``names`` (in order), and the stored tables and seeds under them."""
        views, stored, todo = set(), set(), list(names)
        while todo:
            name = todo.pop()
            model = self.models.get(name)
            if model is None or not model.is_view:
                stored.add(name)
            elif name not in views:
                views.add(name)
                todo.extend(model.upstream)
        return [model for model in self.models.values() if model.name in views], sorted(stored)

    def partition_column(self, name: str) -> str | None:
        """Partition column of a stored table."""
        if name in self.models:
            return self.models[name].partition_column
        if name in PARTITIONED_BY or name not in self.sources:
            return PARTITIONED_BY.get(name)
        return "month" if self.sources[name].names[0] == "month" else "usage_day"


def seed_lines(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and lines of a price or policy file, stripped. Lines that begin with ``#`` are comments.

    Raises:
        ConfigurationError: a line has more values than the header; names the file and how the line begins.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(line for line in file if not line.startswith("#"))
        lines = list(reader)
    for line in lines:
        if None in line:
            begins = next(iter(line.values()))
            raise ConfigurationError(f"{path}: the line of {begins} has more values than the header; quote a text with a comma")
    stripped = [{name: (value or "").strip() for name, value in line.items()} for line in lines]
    return [*(reader.fieldnames or ())], stripped


def _schema(connection: duckdb.DuckDBPyConnection, model: Model, table: str) -> pa.Schema:
    """Columns and types of a model; leaves an empty ``table`` of it for those that read it."""
    try:
        # An empty table, not a view: the planner need not unfold all layers for each model.
        connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM ({model.sql}) LIMIT 0')
        schema = connection.sql(f'SELECT * FROM "{table}" LIMIT 0').to_arrow_table().schema
    except duckdb.Error as error:
        raise ConfigurationError(f"{model.place}: {error}") from None
    if model.replaces:
        _require_same(model.place, _schema(connection, model.replaces, f"replaced {table}"), schema)
    elif list(model.columns) != schema.names:
        described, given = ", ".join(model.columns), ", ".join(schema.names)
        raise ConfigurationError(f"{model.place}: the header describes {described} but the SELECT gives {given}")
    return schema


def _require_same(place: str, ours: pa.Schema, theirs: pa.Schema) -> None:
    remedy = "the SELECT must give, in this order: " + ", ".join(f"{column.name} {column.type}" for column in ours)
    for column in ours:
        if column.name not in theirs.names:
            raise ConfigurationError(f"{place}: column {column.name} is missing; {remedy}")
        if theirs.field(column.name).type != column.type:
            raise ConfigurationError(f"{place}: column {column.name} is {theirs.field(column.name).type}; {remedy}")
    for name, wanted in zip_longest(theirs.names, ours.names):
        if name != wanted:
            raise ConfigurationError(f"{place}: column {name} is out of place or not asked for; {remedy}")


def own_files(suffix: str, folder: Path | None = None) -> dict[str, Path]:
    """An organisation's own files by name: of ``folder``, of ``AGENT_SPEND_SQL_OVERRIDES_DIR``, or of the home's ``overrides``.

    Raises:
        ConfigurationError: the setting names no folder.
    """
    named = folder or env("AGENT_SPEND_SQL_OVERRIDES_DIR")
    found = Path(named) if named else Settings.from_environment().home / "overrides"
    if named and not found.is_dir():
        raise ConfigurationError(f"AGENT_SPEND_SQL_OVERRIDES_DIR names {found}, which is not a folder")
    return {path.stem: path for path in sorted(found.glob(f"*.{suffix}"))}


def _overridden(models: list[Model], own: Mapping[str, Path]) -> list[Model]:
    """The models, with an organisation's own files in place of those of the same name."""
    if unknown := sorted(set(own) - {model.name for model in models}):
        raise ConfigurationError(f"{own[unknown[0]]}: there is no model {unknown[0]} to replace")
    return [parse_override(own[model.name], model) if model.name in own else model for model in models]


def _in_order(models: list[Model], known: set[str]) -> dict[str, Model]:
    by_name = {model.name: model for model in models}
    for model in models:
        unknown = set(model.upstream) - known - set(by_name)
        if unknown:
            raise ConfigurationError(f"{model.place} reads unknown tables: {', '.join(sorted(unknown))}")
    # A replaced model still comes after what ours reads: its columns are compared with ours.
    read = {model.name: {*model.upstream, *(model.replaces.upstream if model.replaces else ())} for model in models}
    graph = {name: [upstream for upstream in tables if upstream in by_name] for name, tables in read.items()}
    try:
        return {name: by_name[name] for name in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        raise ConfigurationError(f"models read each other in a circle: {' -> '.join(error.args[1])}") from None
