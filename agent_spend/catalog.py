"""The catalog of SQL models: each `dbt_like_sql/**/*.sql` file with its header, dependencies, columns and lineage.

A model's header is a few ``-- key: value`` lines (grain, unit, source, late data, partitions, look) and one block
comment with a line for each published column, or ``same as <model>`` of the same folder. ``partitions`` is ``day``,
``week``, ``month`` or ``none``, with ``view`` before it for a model that is not stored. ``look`` widens what a partition
may read, in days: ``back 7, ahead 7``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import empty_sql, session
from agent_spend.settings import env

SQL_DIR = Path(env("AGENT_SPEND_SQL_DIR") or Path(__file__).resolve().parent.parent / "dbt_like_sql")
LAYERS = ("staging", "intermediate", "marts", "reports")
SEED_FOLDERS = ("prices", "policies")
PARTITION_COLUMNS = {"day": "usage_day", "week": "week_start", "month": "month", "none": None}
_HEADER_LINE = re.compile(r"^-- ([a-z ]+): (.+)$")
_LOOK = re.compile(r"^(?:back (\d+))?(?:, )?(?:ahead (\d+))?$")


@dataclass(frozen=True)
class Model:
    """One SQL file. ``columns`` maps each published column to its description, in order."""

    name: str
    layer: str
    sql: str
    grain: str
    unit: str
    partitions: str
    is_view: bool
    look_back: int
    look_ahead: int
    columns: Mapping[str, str]
    upstream: tuple[str, ...]
    header: Mapping[str, str] = field(default_factory=dict)

    @property
    def partition_column(self) -> str | None:
        """Column that the stored table is partitioned by."""
        return PARTITION_COLUMNS[self.partitions]

    @property
    def description(self) -> str:
        """What the Dagster UI shows: grain, unit and the other header lines."""
        return "\n\n".join(f"**{key}**: {value}" for key, value in self.header.items())


def parse(path: Path) -> Model:
    """Read one model file.

    Raises:
        ConfigurationError: the header or the SQL is not as the house style asks; names the file and the line's key.
    """
    text = path.read_text()
    header = dict(match.groups() for line in text.splitlines() if (match := _HEADER_LINE.match(line)))
    for key in ("grain", "partitions"):
        if key not in header:
            raise ConfigurationError(f"{path}: the header has no '-- {key}: ...' line")
    kind = header["partitions"].split()
    is_view, partitions = kind[0] == "view", kind[-1]
    if partitions not in PARTITION_COLUMNS:
        raise ConfigurationError(f"{path}: partitions must be day, week, month or none, not {partitions!r}")
    look = _LOOK.match(header.get("look", ""))
    if look is None:
        raise ConfigurationError(f"{path}: look must be like 'back 7, ahead 7', not {header['look']!r}")
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    names_of_ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = {table.name for table in tree.find_all(exp.Table) if table.name and table.name not in names_of_ctes}
    return Model(
        name=path.stem, layer=path.parent.name, sql=_without_header(text), grain=header["grain"],
        unit=header.get("unit", ""), partitions=partitions, is_view=is_view,
        look_back=int(look[1] or 0), look_ahead=int(look[2] or 0), columns=_columns(path, text),
        upstream=tuple(sorted(tables)), header=header,
    )


class Catalog:
    """All models, seeds and feeds by name, with the columns and types of each.

    Args:
        sources: lake tables that models may read besides other models: name -> Arrow schema.
        sql_dir: folder with the layers and the seed folders.

    Raises:
        ConfigurationError: a file is malformed, reads an unknown table, or its columns differ from its header.
    """

    def __init__(self, sources: Mapping[str, pa.Schema], sql_dir: Path = SQL_DIR):
        if not sql_dir.is_dir():
            raise ConfigurationError(f"no SQL models in {sql_dir}; set AGENT_SPEND_SQL_DIR to the dbt_like_sql folder")
        self.sources = dict(sources)
        self.seeds = {path.stem: path for folder in SEED_FOLDERS for path in sorted((sql_dir / folder).glob("*.csv"))}
        found = [parse(path) for layer in LAYERS for path in sorted((sql_dir / layer).glob("**/*.sql"))]
        self.models = _in_order(found, {*self.sources, *self.seeds})
        self.checks_dir = sql_dir / "checks"

    def view_sql(self, name: str) -> str:
        """DuckDB SQL for a seed, or for a source that was never written."""
        if name in self.seeds:
            return f"SELECT * FROM read_csv('{self.seeds[name]}', header=true, all_varchar=true, comment='#')"
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
                try:
                    # An empty table, not a view: the planner need not unfold all layers for each model.
                    connection.execute(f'CREATE TABLE "{model.name}" AS SELECT * FROM ({model.sql}) LIMIT 0')
                    schema = connection.sql(f'SELECT * FROM "{model.name}" LIMIT 0').to_arrow_table().schema
                except duckdb.Error as error:
                    raise ConfigurationError(f"model {model.name}: {error}") from None
                if list(model.columns) != schema.names:
                    raise ConfigurationError(
                        f"model {model.name}: the header describes {', '.join(model.columns)} but the SELECT gives "
                        f"{', '.join(schema.names)}"
                    )
                schemas[model.name] = schema
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
        schema = self.sources.get(name)
        if schema is None or name.startswith(("feed_", "findings")):
            return {"feed_coverage": "feed", "findings": "kind"}.get(name)
        return "month" if schema.names[0] == "month" else "usage_day"


def _without_header(text: str) -> str:
    body = re.sub(r"\A(?:--[^\n]*\n)*\s*/\*.*?\*/", "", text, count=1, flags=re.DOTALL)
    return body.strip().rstrip(";")


def _columns(path: Path, text: str) -> dict[str, str]:
    block = re.search(r"/\*(.*?)\*/", text, flags=re.DOTALL)
    if block is None:
        raise ConfigurationError(f"{path}: no /* column: description */ block")
    if same := re.fullmatch(r"same as (\w+)", block[1].strip()):
        described = path.with_name(f"{same[1]}.sql")
        if not described.exists():
            raise ConfigurationError(f"{path}: 'same as {same[1]}', but there is no {described}")
        return _columns(described, described.read_text())
    columns: dict[str, str] = {}
    for line in block[1].strip().splitlines():
        name, colon, description = line.strip().partition(": ")
        if not colon:
            raise ConfigurationError(f"{path}: column line {line.strip()!r} is not 'name: description'")
        columns[name] = description
    return columns


def _in_order(models: list[Model], known: set[str]) -> dict[str, Model]:
    by_name = {model.name: model for model in models}
    for model in models:
        unknown = set(model.upstream) - known - set(by_name)
        if unknown:
            raise ConfigurationError(f"model {model.name} reads unknown tables: {', '.join(sorted(unknown))}")
    graph = {model.name: [name for name in model.upstream if name in by_name] for model in models}
    try:
        return {name: by_name[name] for name in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        raise ConfigurationError(f"models read each other in a circle: {' -> '.join(error.args[1])}") from None
