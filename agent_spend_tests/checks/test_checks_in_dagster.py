from datetime import date

import dagster as dg
import pytest

from agent_spend.alerts import findings
from agent_spend.alerts.findings import FINDINGS_ASSET
from agent_spend.checks.assets import asset_checks
from agent_spend.dagster_partitions import DAILY, SINGLE_RUN
from agent_spend.partitions import range_tags

FIRST, SPIKE, LAST = date(2026, 11, 11), date(2026, 11, 12), date(2026, 11, 13)
CHECK = dg.AssetCheckKey(dg.AssetKey("rpt_manager__credit_day"), "copilot_credits_tripled")


def user(day, credits, previous="100"):
    return {"usage_day": day, "login": "ben", "name": "Ben Berg", "org": "Payments", "credits": credits,
            "previous_credits": previous, "previous_state": "known", "is_provisional": False}


@pytest.fixture
def job(company, monkeypatch):
    """A job over the credit report and everything its checks read, whose tables the test fills by hand."""
    monkeypatch.setenv("AGENT_SPEND_HOME", str(company.lake.root).removesuffix("/lake"))

    @dg.asset(name="rpt_manager__credit_day", partitions_def=DAILY, backfill_policy=SINGLE_RUN)
    def credit_day() -> None:
        pass

    checks = [check for check in asset_checks(company.catalog) if CHECK in check.check_keys]
    definitions = dg.Definitions(
        assets=[credit_day, FINDINGS_ASSET], asset_checks=checks,
        jobs=[dg.define_asset_job("all", dg.AssetSelection.assets(credit_day))],
    )
    return definitions.resolve_job_def("all")


def evaluations(instance, run_id):
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    return [record.event_log_entry.dagster_event.event_specific_data for record in records]


def test_a_range_run_records_failed_for_the_day_and_passed_for_the_others(company, job):
    company.write("rpt_manager__credit_day", user(FIRST, "100"), user(SPIKE, "300"), user(LAST, "310", "300"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, tags=range_tags(FIRST, LAST))
        found = {e.partition: e for e in evaluations(instance, result.run_id)}
        of_the_spike = dg.AssetRecordsFilter(CHECK.asset_key, asset_partitions=["2026-11-12"])
        (materialization,) = instance.fetch_materializations(of_the_spike, limit=5).records
    assert {day: e.passed for day, e in found.items()} == {
        "2026-11-11": True, "2026-11-12": False, "2026-11-13": True, None: False,
    }
    assert found["2026-11-12"].target_materialization_data.storage_id == materialization.storage_id
    assert found["2026-11-12"].metadata["rows"].value == 1
    assert "Ben Berg used 300 credits on 2026-11-12, 3.0x" in found["2026-11-12"].metadata["findings"].value


def test_a_run_of_one_day_records_that_day_once(company, job):
    company.write("rpt_manager__credit_day", user(SPIKE, "300"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key="2026-11-12")
        assert [(e.partition, e.passed) for e in evaluations(instance, result.run_id)] == [("2026-11-12", False)]


def test_a_failed_check_that_does_not_block_leaves_the_run_successful(company, job):
    company.write("rpt_manager__credit_day", user(SPIKE, "300"))
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key="2026-11-12").success


def test_a_run_writes_its_rows_to_the_ledger_and_says_so_only_when_it_changed(company, job):
    company.write("rpt_manager__credit_day", user(SPIKE, "300"))
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            assert job.execute_in_process(instance=instance, tags=range_tags(FIRST, LAST)).success
        reported = instance.fetch_materializations(dg.AssetKey("findings"), limit=10).records
    assert [f["explanation"][:32] for f in findings.read(company.lake)] == ["Ben Berg used 300 credits on 202"]
    assert (len(reported), company.lake.version("findings")) == (1, 1)


def test_a_failed_blocking_check_stops_what_follows(company, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_HOME", str(company.lake.root).removesuffix("/lake"))
    company.write("claude_api_cost", {"usage_day": SPIKE, "amount_usd": "10"})

    @dg.asset(partitions_def=DAILY, backfill_policy=SINGLE_RUN)
    def fct_usage_day() -> None:
        pass

    @dg.asset(partitions_def=DAILY, backfill_policy=SINGLE_RUN, deps=[fct_usage_day])
    def rpt_after() -> None:
        pass

    checks = [check for check in asset_checks(company.catalog) if "vendor_totals_conserved" in str(check.check_keys)]
    definitions = dg.Definitions(
        assets=[fct_usage_day, rpt_after], asset_checks=checks, jobs=[dg.define_asset_job("all", "*")]
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("all").execute_in_process(
            instance=instance, tags=range_tags(FIRST, LAST), raise_on_error=False
        )
        assert not result.success
        assert not instance.fetch_materializations(dg.AssetKey("rpt_after"), limit=1).records
        assert {e.partition: e.passed for e in evaluations(instance, result.run_id)}["2026-11-12"] is False
