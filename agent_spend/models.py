"""Turns every SQL model of the catalog into a Dagster asset: dependencies, partitions, columns and lineage."""

from dataclasses import dataclass
from hashlib import sha256
from math import ceil

import dagster as dg
import pyarrow as pa

from agent_spend.catalog import Catalog, Model
from agent_spend.dagster_metadata import source_files
from agent_spend.dagster_partitions import DAILY, MONTHLY, SINGLE_RUN, WEEKLY
from agent_spend.engines.duckdb import DuckDBEngine, reading_window
from agent_spend.groups import group_of_model
from agent_spend.lake.reading import duckdb_type
from agent_spend.lake.tables import Lake
from agent_spend.lineage import column_lineage
from agent_spend.partitions import Window, month_end, partition_days
from agent_spend.settings import Settings
from agent_spend.up_to_date import FULL_REFRESH, WHOLE, Record

PARTITIONS = {"day": DAILY, "week": WEEKLY, "month": MONTHLY, "none": None}

_UPDATED = dg.AutomationCondition.any_deps_updated()
_IDLE = ~dg.AutomationCondition.any_deps_in_progress() & ~dg.AutomationCondition.in_progress()

#: Rebuild after anything upstream was updated, once nothing upstream is still being updated. Unlike ``eager`` it does
#: not wait for every upstream partition to exist: a vendor that is not connected blocks nobody.
AFTER_UPSTREAM = _UPDATED.since_last_handled() & _IDLE
#: Rebuild every partition there is after an organisation put its own file in a model's place, changed it or took it away.
AFTER_OWN_RULE = (
    dg.AutomationCondition.code_version_changed().since_last_handled() & ~dg.AutomationCondition.missing() & _IDLE
)


def after_upstream(model: Model, catalog: Catalog) -> dg.AutomationCondition:
    """When a model is rebuilt: :data:`AFTER_OWN_RULE` and :data:`AFTER_UPSTREAM`, but for what a partitioned model reads whole.

    A table without partitions (people, logins) does not rebuild all of history when it changes; its new content is
    used when days are next loaded, and a model waits while it is being rebuilt.
    """
    whole = [name for name in model.upstream if name in catalog.models and catalog.models[name].partitions == "none"]
    if model.partitions == "none" or not whole:
        return AFTER_UPSTREAM | AFTER_OWN_RULE
    selection = dg.AssetSelection.assets(*whole)
    about_to_change = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.will_be_requested()).allow(selection)
    return (_UPDATED.ignore(selection).since_last_handled() & _IDLE & ~about_to_change) | AFTER_OWN_RULE


def rule_version(model: Model) -> str:
    """Which SQL stored partitions follow: ``ours``, of whatever release, or that of an organisation's own file."""
    return sha256(model.sql.encode()).hexdigest()[:12] if model.replaces else "ours"


def model_asset(model: Model, catalog: Catalog) -> dg.AssetsDefinition:
    """The asset of one SQL model.

    Running it computes the run's partitions with the engine and replaces those that changed; a view is only checked
    against the data (nothing is stored).
    """

    @dg.asset(
        name=model.name,
        group_name=group_of_model(model.name, model.layer),
        description=model.description,
        deps=[_dependency(name, model, catalog) for name in model.upstream],
        partitions_def=PARTITIONS[model.partitions],
        backfill_policy=SINGLE_RUN if PARTITIONS[model.partitions] else None,
        automation_condition=after_upstream(model, catalog),
        code_version=rule_version(model),
        kinds={"duckdb", "sql", *([] if model.is_view else ["deltalake"])},
        tags={"layer": model.layer},
        metadata={
            "dagster/column_schema": column_schema(model, catalog),
            "sql": dg.MetadataValue.md(f"```sql\n{model.sql}\n```"),
            **source_files(SQL=model.path),
        },
    )
    def asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        keys = context.partition_keys if context.has_partition_key or context.has_partition_key_range else []
        settings = Settings.from_environment()
        done = build(model, catalog, settings, keys, context.run.tags.get(FULL_REFRESH) == "true")
        # The UI takes an asset's lineage from its newest event; with each partition's it would be most of what Dagster stores.
        shown = {"dagster/column_lineage": column_lineage(model, catalog, settings.home)}
        context.add_asset_metadata(shown, partition_key=keys[-1] if keys else None)
        return dg.MaterializeResult(metadata={
            "dagster/row_count": done.rows, "computed_partitions": done.computed,
            "up_to_date_partitions": done.up_to_date, "changed_partitions": done.changed,
        })  # fmt: skip

    return asset


@dataclass(frozen=True)
class Built:
    """What became of a model's partitions: their ``rows``, how many were ``computed`` and which of those ``changed``.

    Those that are ``up_to_date`` would have been computed from the same as before, and were not.
    """

    rows: int
    computed: int
    up_to_date: int
    changed: int


def build(model: Model, catalog: Catalog, settings: Settings, keys: list[str], full_refresh: bool = False) -> Built:
    """Compute a model for partition ``keys`` (none for an unpartitioned model) and store what changed.

    Partitions that are up to date are left alone, but for a ``full_refresh``. All from the first to the last of the others
    are computed at once; a range of days that reads much, piece by piece (``DuckDBEngine.pieces``). Each day is whole.
    """
    lake = Lake(settings.lake_uri)
    engine = DuckDBEngine(catalog, lake)
    days = partition_days(keys)
    windows = {str(day): reading_window(model, _window(model, [day])) for day in days} or {WHOLE: None}
    record = Record(model, catalog, lake, settings.home, windows)
    known = {} if full_refresh else record.up_to_date()
    missing = [key for key in windows if key not in known]
    if not missing:
        return Built(sum(known.values()), 0, len(windows), 0)
    days = [day for day in days if missing[0] <= str(day) <= missing[-1]]
    computed, commits, changed = dict.fromkeys(map(str, days) if days else (WHOLE,), 0), 0, 0
    for piece in engine.pieces(model, days) if model.partitions == "day" and days and not model.is_view else [days]:
        if model.is_view:
            computed |= engine.count(model, _window(model, piece))
        else:
            rows, changes = _store(model, engine.run(model, _window(model, piece)), lake, piece)
            computed |= rows
            commits, changed = commits + bool(changes), changed + changes
    computed = {key: rows for key, rows in computed.items() if key in windows}
    record.keep(computed, commits)
    return Built(sum((known | computed).values()), len(computed), len(windows) - len(computed), changed)


def _store(model: Model, table: pa.Table, lake: Lake, days: list) -> tuple[dict[str, int], int]:
    """Replace the partitions of ``days`` that changed; rows of each, and how many partitions changed."""
    table = in_lake_types(table, model.name)
    if model.partition_column is None:
        return {WHOLE: table.num_rows}, len(lake.replace(model.name, table, None))
    wanted = {day.isoformat() for day in days}
    column = table[model.partition_column].cast(pa.string())
    table = table.filter(pa.compute.is_in(column, value_set=pa.array(sorted(wanted))))
    counted = pa.compute.value_counts(table[model.partition_column].cast(pa.string())).to_pylist()
    rows = {line["values"]: line["counts"] for line in counted}
    return rows, len(lake.replace(model.name, table, model.partition_column, wanted))


def in_lake_types(table: pa.Table, name: str) -> pa.Table:
    """The table with UTC instants; refuses types that would change meaning between engines."""
    fields = []
    for field in table.schema:
        kind = pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(field.type) and field.type.tz else field.type
        duckdb_type(kind)
        if pa.types.is_decimal(kind) and (kind.precision, kind.scale) == (38, 0):
            raise TypeError(f"model {name}: column {field.name} is HUGEINT; CAST the sum to BIGINT or DECIMAL")
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))


def column_schema(model: Model, catalog: Catalog) -> dg.TableSchema:
    """Names, types and descriptions of the published columns."""
    types = catalog.schemas[model.name]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, duckdb_type(types.field(name).type), description=description)
            for name, description in model.columns.items()
        ]
    )


def _dependency(name: str, model: Model, catalog: Catalog) -> dg.AssetDep:
    upstream = catalog.models.get(name)
    upstream_kind = upstream.partitions if upstream else {"usage_day": "day", "month": "month"}.get(
        catalog.partition_column(name) or "", "none"
    )
    if model.partitions in ("day", "month") and upstream_kind == "day" and (model.look_back or model.look_ahead):
        # Dagster counts an offset in the downstream's own partitions.
        days = 1 if model.partitions == "day" else 31
        mapping = dg.TimeWindowPartitionMapping(
            start_offset=-ceil(model.look_back / days), end_offset=ceil(model.look_ahead / days),
            allow_nonexistent_upstream_partitions=True,
        )
        return dg.AssetDep(name, partition_mapping=mapping)
    if "none" not in (model.partitions, upstream_kind) and model.partitions != upstream_kind:
        return dg.AssetDep(
            name, partition_mapping=dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
        )
    return dg.AssetDep(name)


def _window(model: Model, days: list) -> Window | None:
    if not days:
        return None
    if model.partitions == "week":
        return Window(days[0], Window(days[-1], days[-1]).widened(0, 6).last)
    return Window(days[0], month_end(days[-1]) if model.partitions == "month" else days[-1])
