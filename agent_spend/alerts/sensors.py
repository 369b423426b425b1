"""The two sensors: findings go to Slack, and a failed run becomes a finding."""

import re
from datetime import UTC, datetime

import dagster as dg

from agent_spend.alerts import findings, slack
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings

RUN_FAILED = "run_failed"
_MAX_REASON = 500
#: The dotted path of an exception's class; our own messages say it better.
_PYTHON_NAME = re.compile(r"^(?:\w+\.)+(?:Failure: )?")


def findings_to_slack(
    refresh_job: object | None = None,
) -> dg.SensorDefinition:
    """The sensor that sends new findings every minute.

    Args:
        refresh_job: requested after a delivery, to show ``notified_at`` in the reports. Without it only the
            materialization of ``findings`` is reported, which automation conditions downstream react to.
    """
    target = {"job": refresh_job} if refresh_job is not None else {}

    @dg.sensor(
        name="findings_to_slack",
        description="Sends each new finding to Slack once; quiet while Slack is not connected.",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        **target,
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        lake = Lake(Settings.from_environment().lake_uri)
        report = slack.deliver(lake, slack.webhook_url(), slack.page_url())
        if report.error:
            context.log.warning(report.summary)
        if not report.notified:
            return dg.SensorResult(skip_reason=report.summary)
        context.log.info(report.summary)
        changed = [dg.AssetMaterialization(findings.TABLE, metadata={"sent": len(report.notified)})]
        if refresh_job is None:
            return dg.SensorResult(skip_reason=report.summary, asset_events=changed)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=report.notified[-1])], asset_events=changed)

    return sensor


@dg.run_failure_sensor(
    name="failed_runs_to_findings",
    description="Makes a failed run a finding, so that Slack hears of it once even when it is down at the moment.",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_runs_to_findings(context: dg.RunFailureSensorContext) -> None:
    """Dagster moves this sensor's cursor even when the body fails, so the message itself is left to the ledger."""
    lake = Lake(Settings.from_environment().lake_uri)
    now = datetime.now(UTC)
    findings.record(lake, RUN_FAILED, (), [failed_run(context, now)], now)


def failed_run(context: dg.RunFailureSensorContext, now: datetime) -> dict:
    """The finding of one failed run; its subject is the run, so each failed run is one finding."""
    run = context.dagster_run
    what = sorted(key.to_user_string() for key in run.asset_selection or ()) or [run.job_name]
    shown = ", ".join(what[:3]) + (f" and {len(what) - 3} more" if len(what) > 3 else "")
    return {
        "kind": RUN_FAILED, "severity": "ERROR", "vendor": "company", "subject": f"run {run.run_id}",
        "person_id": None, "org": "(not attributable)", "usage_day": now.date(), "observed": None, "baseline": None,
        "ratio": None, "amount_usd": None,
        "explanation": f"Run {run.run_id[:8]} of {shown} failed{_partitions(run.tags)}: {_reason(context)}",
    }


def _partitions(tags: dict[str, str]) -> str:
    first = tags.get("dagster/asset_partition_range_start") or tags.get("dagster/partition")
    last = tags.get("dagster/asset_partition_range_end") or first
    if first is None:
        return ""
    return f" for {first}" if first == last else f" for {first} to {last}"


def _reason(context: dg.RunFailureSensorContext) -> str:
    for event in context.get_step_failure_events():
        error = event.step_failure_data.error
        if error is not None:
            # The outer error only says that a step failed; the cause is what a person can act on.
            cause = error.cause or error
            return f"{event.step_key}: {_PYTHON_NAME.sub('', ' '.join(cause.message.split()))}"[:_MAX_REASON]
    return " ".join((context.failure_event.message or "no reason was given").split())[:_MAX_REASON]
