"""What Dagster shows of a feed that is refused, or that nobody has connected, where its partitions are green."""

from datetime import date

import dagster as dg

from agent_spend.partitions import range_tags
from agent_spend.project import feeds
from agent_spend.sources.feed_asset import feed_asset
from agent_spend.sources.feed_check import feed_check

FIRST, LAST = date(2026, 11, 19), date(2026, 11, 20)


def evaluated(name: str):
    """The asset's partitions that are green after a run over two days, and the check's evaluations."""
    feed = feeds()[name]
    job = dg.Definitions(
        assets=[feed_asset(feed)], asset_checks=[feed_check(feed)],
        jobs=[dg.define_asset_job("all", dg.AssetSelection.assets(name))],
    ).resolve_job_def("all")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, tags=range_tags(FIRST, LAST))
        assert result.success
        green = instance.get_materialized_partitions(dg.AssetKey(name))
    return sorted(green), result.get_asset_check_evaluations()


def test_a_feed_that_answered_passes(sandbox_server):
    sandbox_server()
    green, (check,) = evaluated("copilot_user_usage")
    assert green == ["2026-11-19", "2026-11-20"]
    assert (check.passed, check.description) == (True, "2 days asked for, 2 with rows")


def test_a_refused_feed_is_a_warning_with_the_days_and_the_vendors_words(sandbox_server):
    sandbox_server(copilot_policy="off")
    green, (check,) = evaluated("copilot_user_usage")
    assert green == ["2026-11-19", "2026-11-20"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description.startswith(
        "2 days since 2026-11-19 wanting, 0 of them with rows of an earlier or partial answer. 2026-11-20: "
    )
    assert "Copilot usage metrics" in check.description
    assert (check.metadata["first_day"].value, check.metadata["days"].value) == ("2026-11-19", 2)


def test_a_feed_without_settings_is_skipped_so_a_system_that_a_company_does_not_have_is_no_fault():
    green, checks = evaluated("cursor_usage_events")
    assert (green, checks) == (["2026-11-19", "2026-11-20"], [])
