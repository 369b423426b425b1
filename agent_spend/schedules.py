"""When feeds are read: every morning, over each feed's own restatement window."""

from collections import defaultdict
from datetime import date, timedelta

import dagster as dg

from agent_spend.catalog import seed_lines
from agent_spend.errors import ConfigurationError
from agent_spend.partitions import month_start, range_tags
from agent_spend.project import catalog, feeds

#: Feeds with a partition a UTC day.
DAILY_FEEDS = [feed.name for feed in feeds().values() if feed.partition_column == "usage_day"]
_MONTHLY = [feed.name for feed in feeds().values() if feed.partition_column == "month"]

#: On from the first start: somebody who runs Dagster wants the data of the night in the morning.
ON = dg.DefaultScheduleStatus.RUNNING

daily_feeds = dg.define_asset_job(
    "daily_feeds", dg.AssetSelection.assets(*DAILY_FEEDS), description="Every daily vendor feed, over its restatement window."
)
monthly_feeds = dg.define_asset_job(
    "monthly_feeds", dg.AssetSelection.assets(*_MONTHLY), description="Invoices of the newest months."
)
jobs = [daily_feeds, monthly_feeds]


def restatement_windows() -> dict[str, int]:
    """Days each feed is read again after the first time; data in ``policies/restatement_windows.csv``.

    Raises:
        ConfigurationError: a number of days is none; names file and feed.
    """
    path = catalog().seed_file("restatement_windows")
    windows = {line["feed"]: line["window_days"] for line in seed_lines(path)[1]}
    for feed, days in windows.items():
        if not days.isdigit():
            raise ConfigurationError(f"{path}: window_days of {feed} must be a whole number, not {days!r}")
    return {feed: int(days) for feed, days in windows.items()}


def daily_requests(yesterday: date) -> list[dg.RunRequest]:
    """One run for each window length: yesterday and the days before it that a vendor may have restated."""
    known = restatement_windows()
    by_window: dict[int, list[str]] = defaultdict(list)
    for name in DAILY_FEEDS:
        by_window[known.get(name, 0)].append(name)
    return [
        dg.RunRequest(
            run_key=f"{yesterday}-{days}",
            asset_selection=[dg.AssetKey(name) for name in names],
            tags=range_tags(yesterday - timedelta(days=days), yesterday),
        )
        for days, names in sorted(by_window.items())
    ]


@dg.schedule(
    job=daily_feeds, cron_schedule="30 4 * * *", execution_timezone="UTC", default_status=ON,
    description="Reads yesterday of every feed and, again, the days that its vendor may still restate.",
)
def every_morning(context: dg.ScheduleEvaluationContext):
    """Reads yesterday and, again, each feed's restatement window."""
    return daily_requests(context.scheduled_execution_time.date() - timedelta(days=1))


@dg.schedule(
    job=monthly_feeds, cron_schedule="45 4 * * *", execution_timezone="UTC", default_status=ON,
    description="Reads the invoices of this month and of the one before.",
)
def every_morning_invoices(context: dg.ScheduleEvaluationContext):
    """Reads the invoices of this month and the one before."""
    today = context.scheduled_execution_time.date()
    this_month = month_start(today)
    before = month_start(this_month - timedelta(days=1))
    return dg.RunRequest(run_key=str(today), tags=range_tags(before, this_month))


schedules = [every_morning, every_morning_invoices]
