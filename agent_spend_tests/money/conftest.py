"""A lake filled by hand, and only those models that a test builds, with everything they read."""

import shutil
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from agent_spend.alerts.findings import FINDINGS_SCHEMA
from agent_spend.catalog import LAYERS, SEED_FOLDERS, SQL_DIR, Catalog, parse
from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.lake.ledgers import COVERAGE, COVERAGE_SCHEMA
from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.partitions import Window
from agent_spend.project import feeds
from agent_spend.settings import Settings

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Company:
    """Feeds by hand, real models over them."""

    lake: Lake
    folder: Path
    catalog: Catalog

    def feed(self, name: str, *rows: dict, zero_days: tuple[date, ...] = ()) -> None:
        """Store rows as the feed's days, and say in the coverage that these days are known."""
        schema = feeds()[name].arrow_schema
        content = pa.Table.from_pylist([_exact(row, schema) for row in rows], schema=schema)
        days = {row["usage_day"] for row in rows}
        self.lake.replace(name, content, "usage_day", days)
        self.covered(name, *days, *zero_days)

    def covered(self, feed: str, *days: date, state: str = "available") -> None:
        """Say that a feed is known on these days; earlier words about other feeds stay."""
        rows = [
            {"feed": feed, "usage_day": day, "state": state, "row_count": 1, "revision": 1, "fetched_at": NOON,
             "last_attempt": state}
            for day in days
        ]
        self.lake.replace(COVERAGE, pa.Table.from_pylist(rows, schema=pa.schema(COVERAGE_SCHEMA)), "feed", [feed])

    def table(self, name: str, *rows: dict) -> None:
        """Store a model's rows by hand instead of building it."""
        schema = self.catalog.schemas[name]
        content = pa.Table.from_pylist([_exact(row, schema) for row in rows], schema=schema)
        column = self.catalog.partition_column(name)
        self.lake.replace(name, content, column, {row[column] for row in rows} if column else ())

    def seed(self, name: str, text: str) -> None:
        """Replace a policy or price file."""
        path = self.folder / f"{name}.csv"
        path.write_text(text)
        self.catalog.seeds[name] = path

    def build(self, *names: str, days: list[date] = (), months: list[date] = ()) -> None:
        """Build models as their assets do; the days of a weekly one are Mondays."""
        for name in names:
            model = self.catalog.models[name]
            keys = {"day": days, "week": days, "month": months}.get(model.partitions, [])
            build(model, self.catalog, Settings.from_environment(), [day.isoformat() for day in keys])

    def rows(self, name: str, order: str = "ALL") -> list[dict]:
        """Every row of a table or view."""
        window = Window(date(2025, 1, 1), date(2026, 12, 31))
        return DuckDBEngine(self.catalog, self.lake).query(
            f"SELECT * FROM {name} ORDER BY {order}", [name], window).to_pylist()


@pytest.fixture(scope="session")
def catalogs(tmp_path_factory):
    """``catalogs(*models)`` holds these models and what they read; made once a session."""
    files = {path.stem: path for layer in LAYERS for path in (SQL_DIR / layer).glob("**/*.sql")}
    sources = {name: feed.arrow_schema for name, feed in feeds().items()}

    @cache
    def catalog_of(*names: str) -> Catalog:
        sql_dir = tmp_path_factory.mktemp("models") / "dbt_like_sql"
        todo, done = list(names), set()
        while todo:
            name = todo.pop()
            if name in files and name not in done:
                done.add(name)
                target = sql_dir / files[name].relative_to(SQL_DIR)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(files[name], target)
                todo.extend(parse(target).upstream)
        for folder in SEED_FOLDERS:
            shutil.copytree(SQL_DIR / folder, sql_dir / folder)
        catalog = Catalog(sources | {COVERAGE: pa.schema(COVERAGE_SCHEMA), "findings": FINDINGS_SCHEMA}, sql_dir)
        # Worked out here, so that the copies that tests get need not do it again.
        assert catalog.schemas
        return catalog

    return catalog_of


@pytest.fixture
def company(tmp_path, catalogs):
    """``company(*models)`` gives a company whose catalog holds these models and what they read."""

    def start(*names: str) -> Company:
        catalog = copy(catalogs(*names))
        catalog.seeds = dict(catalog.seeds)
        return Company(Lake(Settings.from_environment().lake_uri), tmp_path, catalog)

    return start


def _exact(row: dict, schema: pa.Schema) -> dict:
    return {
        name: Decimal(value) if pa.types.is_decimal(schema.field(name).type) and value is not None else value
        for name, value in row.items()
    }
