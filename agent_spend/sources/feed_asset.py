"""A feed as a Dagster asset: its partitions, its columns, and what a run says about the days it landed."""

from datetime import date
from decimal import Decimal
from inspect import getsourcefile
from pathlib import Path

import dagster as dg

from agent_spend.dagster_metadata import source_files
from agent_spend.dagster_partitions import DAILY, MONTHLY, SINGLE_RUN
from agent_spend.groups import group_of_feed
from agent_spend.lake.reading import duckdb_type
from agent_spend.lake.tables import Lake
from agent_spend.partitions import partition_days
from agent_spend.privacy import Display
from agent_spend.settings import Settings, settings_of
from agent_spend.sources.feed import Feed
from agent_spend.sources.land import ACCEPT_EMPTY, Landing, land
from agent_spend.words import counted

#: What Dagster's UI draws beside an asset, by system; a file of a fixed shape is a CSV file.
_KINDS = {
    "github_copilot": "github", "anthropic": "anthropic", "claude_enterprise": "anthropic", "cursor": "cursor",
    "claude_code_metrics": "opentelemetry", "custom_agents": "opentelemetry", "key_registry": "file",
}
#: Dagster stores an asset's metadata once a partition; the revision log itself has every line.
_REVISIONS_SHOWN = 40
_REVISION_COLUMNS = dg.TableSchema([
    dg.TableColumn("usage_day"), dg.TableColumn("revision", "int"), dg.TableColumn("rows_before", "int"),
    dg.TableColumn("rows_after", "int"), dg.TableColumn("total_before"), dg.TableColumn("total_after"),
])


def feed_asset(feed: Feed) -> dg.AssetsDefinition:
    """The daily (or monthly) partitioned asset of a feed; a whole range is one run."""
    schema, client = feed.arrow_schema, Path(getsourcefile(feed.fetch))

    @dg.asset(
        name=feed.name,
        group_name=group_of_feed(feed.vendor),
        description=f"{feed.description}\n\n**Settings:** {settings_of(feed.system)}.",
        partitions_def=MONTHLY if feed.partition_column == "month" else DAILY,
        backfill_policy=SINGLE_RUN,
        kinds={"deltalake", _KINDS.get(feed.system, "csv")},
        tags={"layer": "feed", "vendor": feed.vendor},
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(
                        name, duckdb_type(schema.field(name).type), description=column.description,
                        constraints=dg.TableColumnConstraints(nullable=column.nullable),
                    )
                    for name, column in feed.schema.columns.items()
                ]
            ),
            "partition_expr": feed.partition_column,
            **source_files(client=client, README=client.with_name("README.md")),
        },
    )
    def asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        settings = Settings.from_environment()
        days = partition_days(context.partition_keys)
        accept_empty = context.run.tags.get(ACCEPT_EMPTY) == "true"
        landing = land(feed, days, settings, log=context.log.info, accept_empty=accept_empty)
        # Messages are written by sources, and a path may hold a login; Dagster keeps them.
        shown = Display.of(Lake(settings.lake_uri))
        if landing.failures:
            good = [day for day in landing.coverage if day not in landing.failures]
            for day in good:
                said = _of_day(landing, day) | _revisions(landing, day)
                context.log_event(dg.AssetMaterialization(feed.name, partition=day.isoformat(), metadata=said))
            first = next(iter(sorted(landing.failures)))
            raise dg.Failure(
                f"{len(landing.failures)} of {counted(len(days), 'day')} failed; stored data is unchanged for them. "
                f"First: {shown.text(landing.failures[first])}",
                metadata={day.isoformat(): shown.text(message) for day, message in sorted(landing.failures.items())[:20]},
                allow_retries=True,
            )
        states: dict[str, int] = {}
        for line in landing.coverage.values():
            states[line.state] = states.get(line.state, 0) + 1
        for day in landing.coverage:
            context.add_asset_metadata(_of_day(landing, day), partition_key=day.isoformat())
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(line.row_count for line in landing.coverage.values()),
                "states": states,
                "changed_days": len(landing.changed),
                **_revisions(landing),
                "dagster/uri": Lake(settings.lake_uri).uri(feed.name),
                **({"message": shown.text(messages[0])} if (messages := [
                    line.message for line in landing.coverage.values() if line.message]) else {}),
            }
        )

    return asset


def _of_day(landing: Landing, day: date) -> dict:
    """What a run that lands many days says about one of them."""
    return {"dagster/partition_row_count": landing.coverage[day].row_count, "state": landing.coverage[day].state}


def _revisions(landing: Landing, day: date | None = None) -> dict:
    """The days (or the one day) whose content was changed, with rows and totals before and after, as metadata."""
    records = [
        dg.TableRecord({
            "usage_day": after.usage_day.isoformat(), "revision": after.revision, "rows_before": before.row_count,
            "rows_after": after.row_count, "total_before": _text(before.total), "total_after": _text(after.total),
        })
        for before, after in landing.revised
        if day in (None, after.usage_day)
    ]
    return {"revisions": dg.MetadataValue.table(records[:_REVISIONS_SHOWN], schema=_REVISION_COLUMNS)} if records else {}


def _text(total: Decimal | None) -> str:
    return "not stated" if total is None else f"{total.normalize():f}"
