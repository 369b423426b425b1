"""Turns every check file into a Dagster asset check: one evaluation a day, all rows to the ledger of findings."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

import dagster as dg
from dagster import AssetCheckEvaluation, AssetCheckSeverity

from agent_spend.alerts import findings
from agent_spend.catalog import Catalog
from agent_spend.checks.catalog import Check, by_day, evaluate, load_checks
from agent_spend.dagster_partitions import DAILY
from agent_spend.lake.tables import Lake
from agent_spend.partitions import partition_days
from agent_spend.privacy import Display
from agent_spend.settings import Settings

_SHOWN_ROWS = 10


def asset_checks(catalog: Catalog) -> list[dg.AssetChecksDefinition]:
    """One Dagster check for each check file of the catalog."""
    return [asset_check(check, catalog) for check in load_checks(catalog)]


def asset_check(check: Check, catalog: Catalog) -> dg.AssetChecksDefinition:
    """The Dagster check of one file.

    The query runs once for all days of the run. A run over a range of days records one evaluation a day, so that the
    UI shows which day failed; the check's own result says whether all of them passed. All rows go to the findings.
    """

    @dg.asset_check(
        name=check.name,
        asset=dg.AssetKey(check.asset),
        description=f"**{check.title}.** {check.description}\n\n**What to do:** {check.remedy}.",
        blocking=check.is_blocking,
        additional_deps=_other_models(check, catalog),
        # Dagster marks partitioned checks as preview: this is the only place that uses them.
        partitions_def=DAILY if check.is_daily else None,
    )
    def run(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        op = context.op_execution_context
        is_range = check.is_daily and op.has_partition_key_range and len(op.partition_keys) > 1
        days = partition_days(op.partition_keys) if check.is_daily and _has_partitions(op) else None
        lake = Lake(Settings.from_environment().lake_uri)
        rows = evaluate(check, catalog, lake, days)
        shown = Display.of(lake, rows)
        changed = findings.record(
            lake, check.name, days, rows, datetime.now(UTC), episode_days=check.episode_days
        )
        if changed:
            context.log.info(f"{check.name}: {changed} findings changed")
            op.log_event(dg.AssetMaterialization(findings.TABLE, metadata={"changed_findings": changed}))
        shown_rows = [shown.row(row) for row in rows]
        if is_range:
            _log_each_day(op, check, days, shown_rows)
        return dg.AssetCheckResult(
            passed=not rows, severity=AssetCheckSeverity[check.severity], metadata=_metadata(shown_rows),
            description=_summary(shown_rows),
        )

    return run


def _log_each_day(op: dg.OpExecutionContext, check: Check, days: Sequence[date], rows: Iterable[Mapping]) -> None:
    key = dg.AssetKey(check.asset)
    targets = _latest_materializations(op.instance, key, [day.isoformat() for day in days])
    offending = by_day(rows)
    for day in days:
        found = offending.get(day, [])
        op.log_event(
            AssetCheckEvaluation(
                asset_key=key,
                check_name=check.name,
                passed=not found,
                metadata=_metadata(found),
                # Without a target Dagster shows the evaluation as older than the data it is about.
                target_materialization_data=targets.get(day.isoformat()),
                severity=AssetCheckSeverity[check.severity],
                description=_summary(found),
                blocking=check.is_blocking,
                partition=day.isoformat(),
            )
        )


def _latest_materializations(instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Sequence[str]) -> dict:
    from dagster._core.definitions.asset_checks.asset_check_evaluation import (
        AssetCheckEvaluationTargetMaterializationData as Target,
    )

    targets: dict[str, Target] = {}
    cursor = None
    while len(targets) < len(partitions):
        missing = [partition for partition in partitions if partition not in targets]
        page = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key, asset_partitions=missing), limit=1000, cursor=cursor
        )
        for record in page.records:
            target = Target(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)
            targets.setdefault(record.partition_key, target)
        if not page.has_more:
            break
        cursor = page.cursor
    return targets


def _has_partitions(op: dg.OpExecutionContext) -> bool:
    return op.has_partition_key or op.has_partition_key_range


def _other_models(check: Check, catalog: Catalog) -> list[dg.AssetKey]:
    # A blocking check holds back everything downstream of its asset, so it must not wait for any of it.
    if check.is_blocking:
        return []
    return [dg.AssetKey(name) for name in check.reads if name in catalog.models and name != check.asset]


def _summary(rows: Sequence[Mapping]) -> str:
    if not rows:
        return "nothing found"
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return rows[0]["explanation"] + more


def _metadata(rows: Sequence[Mapping]) -> dict:
    if not rows:
        return {"rows": 0}
    lines = ["| day | vendor | subject | finding |", "| --- | --- | --- | --- |"]
    for row in rows[:_SHOWN_ROWS]:
        cells = (row["usage_day"] or "", row["vendor"], row["subject"], row["explanation"])
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return {"rows": len(rows), "findings": dg.MetadataValue.md("\n".join(lines))}
