"""The table of contents: everything Dagster sees, nothing else."""

import warnings

import dagster as dg

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

from agent_spend.alerts.findings import FINDINGS_ASSET  # noqa: E402
from agent_spend.alerts.sensors import failed_runs_to_findings, findings_to_slack  # noqa: E402
from agent_spend.checks.assets import asset_checks  # noqa: E402
from agent_spend.dagster_metadata import owned  # noqa: E402
from agent_spend.external_assets import external_assets  # noqa: E402
from agent_spend.lake.retention import every_night, retention_asset, retention_job  # noqa: E402
from agent_spend.models import model_asset  # noqa: E402
from agent_spend.project import catalog, feeds  # noqa: E402
from agent_spend.publish.assets import published_assets  # noqa: E402
from agent_spend.publish.monthly_assets import month_close_asset, monthly_assets, reopen_month_job  # noqa: E402
from agent_spend.schedules import DAILY_FEEDS, daily_feeds, jobs, monthly_feeds, restatement_windows, schedules  # noqa: E402
from agent_spend.sources.cursor.sensor import cycle_sensor  # noqa: E402
from agent_spend.sources.feed_asset import feed_asset  # noqa: E402
from agent_spend.sources.feed_check import feed_check  # noqa: E402
from agent_spend.sources.identity_overrides.sensor import override_sensor  # noqa: E402
from agent_spend.sources.invoices.sensor import invoice_sensor  # noqa: E402

defs = dg.Definitions(
    assets=owned([
        *(feed_asset(feed) for feed in feeds().values()),
        *(model_asset(model, catalog()) for model in catalog().models.values()),
        *published_assets(catalog()),
        *monthly_assets(catalog()),
        month_close_asset(catalog()),
        retention_asset(catalog()),
        FINDINGS_ASSET,
        *external_assets(catalog()),
    ]),
    asset_checks=[*map(feed_check, feeds().values()), *asset_checks(catalog())],
    jobs=[*jobs, retention_job, reopen_month_job],
    schedules=[*schedules, every_night],
    sensors=[
        findings_to_slack(),
        failed_runs_to_findings,
        invoice_sensor(monthly_feeds),
        override_sensor(daily_feeds, DAILY_FEEDS),
        cycle_sensor(daily_feeds, restatement_windows()["cursor_usage_events"]),
        dg.AutomationConditionSensorDefinition(
            "rebuild_after_upstream",
            target=dg.AssetSelection.all(),
            description="Builds what reads a changed feed, price file or model, up to the warehouse and the page.",
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=60,
        ),
    ],
    executor=dg.in_process_executor,
)
