"""Deletes rows about people that are older than the company keeps them; off until policies/retention.csv names a table.

A run first removes the files of days that earlier runs deleted, then deletes newly expired days from their tables. So a
reader who began before a run still finds its files, and the data is gone from the disk one run after it left the table.
Delta's log keeps file statistics, smallest and largest values included, for 30 days; then they go as well.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from pyarrow import fs
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from agent_spend.catalog import Catalog, seed_lines
from agent_spend.errors import ConfigurationError, State
from agent_spend.lake.ledgers import coverage_of, store_coverage
from agent_spend.lake.tables import Lake
from agent_spend.partitions import month_end
from agent_spend.settings import Settings

POLICY = "retention"
#: Last day that a partition holds, by partition column.
_LAST_DAY: dict[str, Callable[[date], date]] = {
    "usage_day": lambda day: day, "week_start": lambda monday: monday + timedelta(days=6), "month": month_end,
}
#: Tables without day partitions that can still lose old rows.
_BY_ROW = {"findings": "usage_day"}
#: Files that a by-row deletion replaced stay this long for readers who began before it.
_READER_HOURS = 24


@dataclass(frozen=True)
class Rule:
    """Rows of ``table`` are kept for ``days`` days: a day of that age is kept, the one before it is not."""

    table: str
    days: int


@dataclass(frozen=True)
class Expired:
    """What left a table in one run. ``files`` counts files of days deleted by earlier runs."""

    table: str
    partitions: tuple[str, ...] = ()
    rows: int = 0
    files: int = 0
    raw_days: int = 0


def rules_of(catalog: Catalog) -> list[Rule]:
    """The rules of policies/retention.csv.

    Raises:
        ConfigurationError: an unknown table, one without days, a number of days that is not one, or a table named twice.
    """
    path = catalog.seed_file(POLICY)
    rules: dict[str, Rule] = {}
    for line in seed_lines(path)[1]:
        name, days = line.get("table", ""), line.get("days", "")
        if name not in catalog.sources and (name not in catalog.models or catalog.models[name].is_view):
            raise ConfigurationError(f"{path}: no stored table is named {name!r}")
        if name not in _BY_ROW and catalog.partition_column(name) not in _LAST_DAY:
            raise ConfigurationError(f"{path}: {name} is not stored by day, week or month; it is rebuilt whole")
        if not days.isdigit() or int(days) < 1:
            raise ConfigurationError(f"{path}: days of {name} must be a whole number of 1 or more, not {days!r}")
        if name in rules:
            raise ConfigurationError(f"{path}: {name} is named twice")
        rules[name] = Rule(name, int(days))
    return list(rules.values())


def expire(lake: Lake, today: date, catalog: Catalog, *, raw_dir: Path | None = None) -> list[Expired]:
    """Delete what the rules say from the lake and, for feeds, from ``raw_dir``.

    The coverage of a deleted day becomes ``missing`` with reason ``expired``, so that no report takes it for zero.

    Args:
        today: current UTC day; rows of days before ``today - days`` go.

    Returns:
        One entry for each rule under which anything was deleted.

    Raises:
        ConfigurationError: the policy file is wrong; nothing is deleted then.
    """
    found = []
    for rule in rules_of(catalog):
        oldest_kept = today - timedelta(days=rule.days)
        result = Expired(rule.table)
        if lake.exists(rule.table):
            if rule.table in _BY_ROW:
                result = _expire_rows(lake, rule.table, _BY_ROW[rule.table], oldest_kept)
            else:
                result = _expire_partitions(lake, rule.table, catalog.partition_column(rule.table), oldest_kept)
        if rule.table in catalog.sources:
            _forget_coverage(lake, rule, oldest_kept)
            result = replace(result, raw_days=_delete_raw(raw_dir, rule.table, oldest_kept))
        if result != Expired(rule.table):
            found.append(result)
    return found


def _expire_partitions(lake: Lake, name: str, column: str, oldest_kept: date) -> Expired:
    def is_expired(key: str) -> bool:
        return _LAST_DAY[column](date.fromisoformat(key)) < oldest_kept

    table = DeltaTable(lake.uri(name))
    stored = sorted({partition[column] for partition in table.partitions()})
    files = _purge(lake.uri(name), table, column, [key for key in _folders(lake.uri(name), column) if is_expired(key)])
    gone = tuple(key for key in stored if is_expired(key))
    rows = _delete(lake.uri(name), f"{column} IN ({', '.join(repr(key) for key in gone)})") if gone else 0
    return Expired(name, gone, rows, files)


def _expire_rows(lake: Lake, name: str, column: str, oldest_kept: date) -> Expired:
    predicate = f"{column} < '{oldest_kept}'"
    table = DeltaTable(lake.uri(name))
    files = len(table.vacuum(_READER_HOURS, dry_run=False, enforce_retention_duration=False))
    return Expired(name, (), _delete(lake.uri(name), predicate), files)


@retry(
    retry=retry_if_exception_type(CommitFailedError), stop=stop_after_attempt(8), wait=wait_random_exponential(max=2),
    reraise=True,
)
def _delete(uri: str, predicate: str) -> int:
    table = DeltaTable(uri)
    before = _row_count(table)
    metrics = table.delete(predicate)
    if not metrics.get("num_removed_files"):
        return 0
    table.create_checkpoint()
    table.cleanup_metadata()
    return before - _row_count(table)


def _row_count(table: DeltaTable) -> int:
    return sum(table.get_add_actions(flatten=True)["num_records"].to_pylist())


def _purge(uri: str, table: DeltaTable, column: str, keys: Sequence[str]) -> int:
    """Remove files of ``keys`` that the newest snapshot does not hold; the number of files removed."""
    system, root = _file_system(uri)
    current = {path.rsplit("/", 1)[-1] for path in table.file_uris()}
    removed = 0
    for key in keys:
        folder = f"{root}/{column}={key}"
        left = system.get_file_info(fs.FileSelector(folder))
        for info in left:
            if info.base_name not in current:
                system.delete_file(info.path)
                removed += 1
        if all(info.base_name not in current for info in left):
            system.delete_dir(folder)
    return removed


def _folders(uri: str, column: str) -> list[str]:
    system, root = _file_system(uri)
    names = (info.base_name for info in system.get_file_info(fs.FileSelector(root)) if info.type == fs.FileType.Directory)
    return sorted(name.split("=", 1)[1] for name in names if name.startswith(f"{column}="))


def _file_system(uri: str) -> tuple[fs.FileSystem, str]:
    return fs.FileSystem.from_uri(uri) if "://" in uri else (fs.LocalFileSystem(), uri)


def _forget_coverage(lake: Lake, rule: Rule, oldest_kept: date) -> None:
    coverage = coverage_of(lake, rule.table)
    changed = {
        day: replace(
            line, state=State.MISSING.value, reason="expired", row_count=0, total=None, fingerprint=None,
            message=f"deleted: kept for {rule.days} days by policies/retention.csv",
        )
        for day, line in coverage.items()
        if day < oldest_kept and line.state in (State.AVAILABLE, State.ZERO, State.PARTIAL)
    }
    if changed:
        store_coverage(lake, rule.table, coverage | changed)


def _delete_raw(raw_dir: Path | None, feed: str, oldest_kept: date) -> int:
    # An answer over several days lies under its last one, so it stays until that one expires.
    folders = [] if raw_dir is None else [
        folder for folder in (raw_dir / feed).glob("????-??-??") if date.fromisoformat(folder.name) < oldest_kept
    ]
    for folder in folders:
        shutil.rmtree(folder)
    return len(folders)


def retention_asset(catalog: Catalog) -> dg.AssetsDefinition:
    """The asset that applies the rules; materialising it without a rule does nothing."""

    @dg.asset(
        name="person_row_retention",
        group_name="identity",
        description="Deletes rows about people that are older than policies/retention.csv allows; off while that has no line.",
        kinds={"deltalake"},
        tags={"layer": "lake"},
    )
    def person_row_retention(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        settings = Settings.from_environment()
        found = expire(Lake(settings.lake_uri), settings.today, catalog, raw_dir=settings.raw_dir)
        for entry in found:
            context.log.info(f"{entry.table}: {len(entry.partitions)} partitions, {entry.rows} rows, {entry.raw_days} raw days")
        return dg.MaterializeResult(
            metadata={
                "rules": len(rules_of(catalog)),
                "deleted_rows": sum(entry.rows for entry in found),
                "removed_files": sum(entry.files for entry in found),
                "deleted_raw_days": sum(entry.raw_days for entry in found),
            }
        )

    return person_row_retention


retention_job = dg.define_asset_job(
    "retention", dg.AssetSelection.assets("person_row_retention"), description="Deletes rows about people that are too old."
)
every_night = dg.ScheduleDefinition(
    name="every_night_retention", job=retention_job, cron_schedule="15 2 * * *", execution_timezone="UTC",
    description="Deletes rows about people that are older than policies/retention.csv keeps them; no line, no deletion.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
