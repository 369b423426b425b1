"""What a backfill in this process recorded, as Dagster's own storage reads it afterwards."""

from collections import Counter
from datetime import date

import dagster as dg
import pytest

from agent_spend.dagster_partitions import DAILY, SINGLE_RUN
from agent_spend.partitions import range_tags
from agent_spend.runs import instance

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PEARS, APPLES = dg.AssetKey("pears"), dg.AssetKey("apples")


@dg.asset(partitions_def=DAILY, backfill_policy=SINGLE_RUN)
def pears(context) -> None:
    context.add_asset_metadata({"stones": 3}, partition_key=context.partition_keys[-1])


@dg.asset(partitions_def=DAILY, backfill_policy=SINGLE_RUN, deps=[pears])
def apples(context) -> None: ...


@dg.asset_check(asset=apples)
def ripe() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Two runs over three days and one day, read back by an instance of its own."""
    home = tmp_path_factory.mktemp("quick")
    job = dg.Definitions(assets=[pears, apples], asset_checks=[ripe]).resolve_implicit_global_asset_job_def()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home / "dagster"))
        with instance(home) as quick:
            runs = [
                job.execute_in_process(instance=quick, tags=range_tags(date(2026, 11, first), date(2026, 11, last)),
                                       run_config=QUIET).run_id
                for first, last in ((1, 3), (4, 4))
            ]
        with dg.DagsterInstance.get() as plain:
            yield plain, runs


def events(recorded, run: int) -> Counter:
    plain, runs = recorded
    return Counter(entry.dagster_event_type for entry in plain.all_logs(runs[run]) if entry.is_dagster_event)


@pytest.mark.parametrize(("run", "days"), [(0, 3), (1, 1)])
def test_every_event_of_a_run_is_stored_once(recorded, run, days):
    kinds = dg.DagsterEventType
    counted = events(recorded, run)
    assert counted[kinds.ASSET_MATERIALIZATION_PLANNED] == counted[kinds.ASSET_MATERIALIZATION] == 2 * days
    assert (counted[kinds.ASSET_CHECK_EVALUATION_PLANNED], counted[kinds.ASSET_CHECK_EVALUATION]) == (1, 1)
    assert (counted[kinds.STEP_SUCCESS], counted[kinds.PIPELINE_SUCCESS]) == (3, 1)


def test_every_partition_is_known_as_materialized(recorded):
    plain, _ = recorded
    assert plain.get_materialized_partitions(PEARS) == {"2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"}


def test_the_newest_event_of_an_asset_is_that_of_its_last_partition(recorded):
    plain, runs = recorded
    for key in (PEARS, APPLES):
        entry = plain.get_latest_materialization_event(key)
        assert (entry.dagster_event.partition, entry.run_id) == ("2026-11-04", runs[1])


def test_each_partition_keeps_its_own_metadata(recorded):
    plain, _ = recorded
    stones = dg.AssetRecordsFilter(asset_key=PEARS, asset_partitions=["2026-11-02", "2026-11-03"])
    found = {record.partition_key: record for record in plain.fetch_materializations(stones, limit=9).records}
    assert {day: [*record.asset_materialization.metadata] for day, record in found.items()} == {
        "2026-11-02": [], "2026-11-03": ["stones"]
    }


def test_the_data_version_of_each_partition_is_stored(recorded):
    plain, _ = recorded
    assert [[*tags] for tags in plain.get_event_tags_for_asset(APPLES)] == [["dagster/data_version"]] * 4


def test_a_check_is_known_by_its_result(recorded):
    plain, runs = recorded
    history = plain.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(APPLES, "ripe"), limit=9)
    assert [record.run_id for record in history if record.status.value == "SUCCEEDED"] == [runs[1], runs[0]]
