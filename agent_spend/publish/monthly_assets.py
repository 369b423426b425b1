"""The month's end in Dagster: closing and reopening a month, and its files, with monthly partitions."""

from datetime import datetime

import dagster as dg

from agent_spend.catalog import Catalog
from agent_spend.dagster_partitions import MONTHLY, SINGLE_RUN
from agent_spend.errors import ConfigurationError
from agent_spend.models import AFTER_UPSTREAM
from agent_spend.month_end.close import close_month, closed_months, reopen_month
from agent_spend.month_end.frozen import CLOSES, FROZEN
from agent_spend.month_end.ledger import NoCharges
from agent_spend.partitions import partition_days
from agent_spend.publish.chargeback import export_chargeback
from agent_spend.publish.focus import export_focus
from agent_spend.settings import Settings

_UPSTREAM = ("fct_charge_month", "fct_seat_month")


class CloseConfig(dg.Config):
    """``force`` closes although days are missing or provisional; they go into the log."""

    force: bool = False


class ReopenConfig(dg.Config):
    """``month`` as YYYY-MM, and why it is reopened."""

    month: str
    reason: str


def month_close_asset(catalog: Catalog) -> dg.AssetsDefinition:
    """``month_closes``: materialising a month closes it; one that is closed already stays as it is."""

    @dg.asset(
        name=CLOSES, group_name="finance", partitions_def=MONTHLY, kinds={"deltalake"}, tags={"layer": "ledgers"},
        deps=[name for name in FROZEN if name in catalog.models],
        description="Months that were closed and reopened. Materialising a month closes it; the job `reopen_month` reopens it.",
    )
    def month_closes(context: dg.AssetExecutionContext, config: CloseConfig) -> dg.MaterializeResult:
        settings, closed, before = Settings.from_environment(), [], []
        for month in partition_days(context.partition_keys):
            if month in closed_months(settings):
                before.append(f"{month:%Y-%m}")
                continue
            try:
                done = close_month(settings, month, force=config.force)
            except ConfigurationError as error:
                raise dg.Failure(str(error)) from None
            closed.append(f"{month:%Y-%m}: {done.lines} lines, {done.adjustments} adjustments taken over")
        return dg.MaterializeResult(metadata={"closed": closed, "closed_before": before})

    return month_closes


@dg.op
def reopen(context: dg.OpExecutionContext, config: ReopenConfig) -> None:
    """Takes a month's close out of force, with a reason."""
    try:
        month = datetime.strptime(config.month, "%Y-%m").date()
        sequence = reopen_month(Settings.from_environment(), month, config.reason)
    except (ConfigurationError, ValueError) as error:
        raise dg.Failure(str(error)) from None
    # Said as an event of the asset, so that what is made from the closes is made again.
    said = {"reopened": config.reason, "sequence": sequence}
    context.log_event(dg.AssetMaterialization(CLOSES, partition=f"{month}", metadata=said))


@dg.job(name="reopen_month", description="Reopens a closed month; the log keeps the close, and the reason.")
def reopen_month_job():
    """One step."""
    reopen()


def monthly_assets(catalog: Catalog) -> list[dg.AssetsDefinition]:
    """``focus_export`` and ``chargeback_export``; a month without any charge gives no file and is no failure."""
    deps = [name for name in _UPSTREAM if name in catalog.models]
    common = {
        "group_name": "publish", "deps": deps, "partitions_def": MONTHLY, "backfill_policy": SINGLE_RUN,
        "automation_condition": AFTER_UPSTREAM, "kinds": {"csv"}, "tags": {"layer": "publish"},
    }  # fmt: skip

    @dg.asset(
        name="focus_export", **common,
        description="The month's charges in FOCUS 1.2, as CSV and Parquet; BilledCost adds up to the ledger's cash in USD.",
    )
    def focus(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return _export(context, lambda settings, month: [str(path) for path in export_focus(settings, month)])

    @dg.asset(
        name="chargeback_export", **common,
        description="The month's cash by cost centre in USD, in whole cents that add up to the ledger's cash.",
    )
    def chargeback(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return _export(context, lambda settings, month: [str(export_chargeback(settings, month))])

    return [focus, chargeback]


def _export(context: dg.AssetExecutionContext, write) -> dg.MaterializeResult:
    settings, paths, empty = Settings.from_environment(), [], []
    for month in partition_days(context.partition_keys):
        try:
            paths.extend(write(settings, month))
        except NoCharges:
            empty.append(f"{month:%Y-%m}")
        except ConfigurationError as error:
            raise dg.Failure(str(error)) from None
    return dg.MaterializeResult(metadata={"paths": paths, "months_without_charges": empty})
