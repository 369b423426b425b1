"""Takes a changed override file to every stored day, so that one line moves all of its money and not the last week's."""

import hashlib
import json
from collections.abc import Collection
from datetime import timedelta

import dagster as dg

from agent_spend.errors import FeedError
from agent_spend.lake.ledgers import COVERAGE
from agent_spend.lake.tables import Lake
from agent_spend.partitions import FIRST_DAY, range_tags
from agent_spend.settings import Settings, is_connected
from agent_spend.sources.files import read_file
from agent_spend.sources.identity_overrides import schema
from agent_spend.sources.identity_overrides.client import SETTING

FEED = "identity_overrides"


def override_sensor(job, feeds: Collection[str]) -> dg.SensorDefinition:
    """The sensor that asks for ``job`` over every day that one of ``feeds`` has rows for, once a change of the file.

    A file that cannot be read asks for nothing until it is mended; the morning's run reports it.
    """

    @dg.sensor(
        name="changed_overrides", job=job, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads a changed IDENTITY_OVERRIDES_URI for every stored day: its lines move past money too.",
    )
    def changed_overrides(context: dg.SensorEvaluationContext):
        settings = Settings.from_environment()
        if not is_connected(FEED):
            return dg.SkipReason("not connected: set IDENTITY_OVERRIDES_URI")
        before = json.loads(context.cursor or '{"digest": "", "generation": 0}')
        try:
            file = read_file(SETTING, settings.identity_overrides_uri)
            schema.parse(file)
        except FeedError as error:
            return dg.SkipReason(f"{error.reason}: {error.message}")
        digest = hashlib.sha256(file.content).hexdigest()[:16]
        if digest == before["digest"]:
            return dg.SkipReason("the override file is unchanged")
        days = _stored_days(Lake(settings.lake_uri), feeds)
        yesterday = settings.today - timedelta(days=1)
        if not days or max(FIRST_DAY, min(days)) > yesterday:
            return dg.SkipReason("no day with usage is stored yet")
        # The generation keeps a file that goes back to an earlier content from looking like a run already made.
        after = {"digest": digest, "generation": before["generation"] + 1}
        request = dg.RunRequest(
            run_key=f"overrides {digest} {after['generation']}", asset_selection=[dg.AssetKey(FEED)],
            tags=range_tags(max(FIRST_DAY, min(days)), yesterday),
        )
        return dg.SensorResult(run_requests=[request], cursor=json.dumps(after))

    return changed_overrides


def _stored_days(lake: Lake, feeds: Collection[str]) -> list:
    if not lake.exists(COVERAGE):
        return []
    lines = lake.read(COVERAGE).to_pylist()
    return [line["usage_day"] for line in lines if line["feed"] in feeds and line["row_count"]]
