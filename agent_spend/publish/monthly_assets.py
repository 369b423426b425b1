"""The month's files as Dagster assets with monthly partitions."""

import dagster as dg

from agent_spend.catalog import Catalog
from agent_spend.errors import ConfigurationError
from agent_spend.models import AFTER_UPSTREAM
from agent_spend.partitions import MONTHLY, partition_days
from agent_spend.publish.chargeback import export_chargeback
from agent_spend.publish.focus import export_focus
from agent_spend.publish.ledger import charges
from agent_spend.settings import Settings

_UPSTREAM = ("fct_charge_month", "fct_seat_month")


def monthly_assets(catalog: Catalog) -> list[dg.AssetsDefinition]:
    """``focus_export`` and ``chargeback_export``; a month without any charge gives no file and is no failure."""
    deps = [name for name in _UPSTREAM if name in catalog.models]
    common = {
        "group_name": "publish", "deps": deps, "partitions_def": MONTHLY, "backfill_policy": dg.BackfillPolicy.single_run(),
        "automation_condition": AFTER_UPSTREAM, "kinds": {"csv"},
    }  # fmt: skip

    @dg.asset(name="focus_export", description="The month in FOCUS 1.2; its BilledCost is the ledger's cash.", **common)
    def focus(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return _export(context, lambda settings, month: [str(path) for path in export_focus(settings, month)])

    @dg.asset(name="chargeback_export", description="The month's cash by cost centre, in whole cents.", **common)
    def chargeback(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return _export(context, lambda settings, month: [str(export_chargeback(settings, month))])

    return [focus, chargeback]


def _export(context: dg.AssetExecutionContext, write) -> dg.MaterializeResult:
    settings, paths, empty = Settings.from_environment(), [], []
    for month in partition_days(context.partition_keys):
        if not charges(settings, month):
            empty.append(f"{month:%Y-%m}")
            continue
        try:
            paths.extend(write(settings, month))
        except ConfigurationError as error:
            raise dg.Failure(str(error)) from None
    return dg.MaterializeResult(metadata={"paths": paths, "months_without_charges": empty})
