"""What Dagster sees: every feed and model as an asset with columns, groups, partitions and one single-run policy."""

from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path

import dagster as dg
import pytest

from agent_spend.dagster_metadata import owned
from agent_spend.definitions import defs
from agent_spend.errors import ConfigurationError
from agent_spend.project import catalog, feeds
from agent_spend.runs import model_stages
from agent_spend.schedules import daily_requests, restatement_windows

GRAPH = defs.resolve_asset_graph()


def test_definitions_load():
    dg.Definitions.validate_loadable(defs)


@pytest.mark.parametrize(
    "name",
    ["copilot_user_usage", "claude_api_usage", "claude_api_cost", "claude_code_usage", "cursor_usage_events", "agent_spans",
     "roster_members", "key_registry"],
)
def test_each_vendor_feed_is_daily_partitioned_and_backfills_in_one_run(name):
    node = GRAPH.get(dg.AssetKey(name))
    assert isinstance(node.partitions_def, dg.DailyPartitionsDefinition)
    assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_invoices_are_monthly():
    assert isinstance(GRAPH.get(dg.AssetKey("vendor_invoices")).partitions_def, dg.MonthlyPartitionsDefinition)


def test_every_feed_and_model_has_a_description_a_group_and_described_columns():
    for name in [*feeds(), *catalog().models]:
        node = GRAPH.get(dg.AssetKey(name))
        columns = node.metadata["dagster/column_schema"].columns
        assert node.description and node.group_name != "default", name
        assert columns and all(column.description for column in columns), name


def test_nothing_stands_in_a_group_without_a_name():
    assert [key.to_user_string() for key in GRAPH.get_all_asset_keys() if GRAPH.get(key).group_name == "default"] == []


def test_groups_are_few_and_none_feeds_one_that_feeds_it():
    nodes = [GRAPH.get(key) for key in GRAPH.get_all_asset_keys()]
    feeds_into = {node.group_name: set() for node in nodes}
    for node in nodes:
        for parent in node.parent_keys:
            feeds_into[GRAPH.get(parent).group_name].add(node.group_name)
    # Raises CycleError where the graph of groups has no order from left to right.
    order = [*TopologicalSorter({name: found - {name} for name, found in feeds_into.items()}).static_order()][::-1]
    assert sorted(order) == [
        "alerts", "audit", "coverage", "feeds_agents", "feeds_claude", "feeds_company", "feeds_copilot", "feeds_cursor",
        "finance", "identity", "ledger", "managers", "platform", "prices_policies", "publish",
        "seats", "staging",
    ]
    assert order[-1] == "publish"


def test_every_asset_has_a_description_a_layer_and_an_owner():
    nodes = [GRAPH.get(key) for key in GRAPH.get_all_asset_keys()]
    assert [node.key for node in nodes if not (node.description and node.tags.get("layer") and node.owners)] == []


def test_an_asset_links_to_the_files_behind_it():
    def linked(name: str) -> list[str]:
        references = GRAPH.get(dg.AssetKey(name)).metadata["dagster/code_references"].code_references
        return [Path(reference.file_path).name for reference in references]

    assert linked("fct_usage_day") == ["fct_usage_day.sql"]
    assert linked("claude_api_cost") == ["reports.py", "README.md"]
    assert linked("alert_thresholds") == ["alert_thresholds.csv"]


def test_a_models_description_begins_with_its_grain_in_plain_words():
    first, _, rest = GRAPH.get(dg.AssetKey("rpt_manager__credit_day")).description.partition("\n\n")
    assert first == "One row per UTC day x GitHub user."
    assert "**Unit:** AI credits." in rest and "**Also reads:** days around its own, back 1." in rest


def test_a_check_says_what_to_do():
    checks = [spec for definition in defs.asset_checks for spec in definition.check_specs]
    assert len(checks) > 20 and [spec.name for spec in checks if "**What to do:** " not in spec.description] == []


def test_every_job_schedule_and_sensor_says_what_it_does():
    assert [one.name for one in [*defs.jobs, *defs.schedules, *defs.sensors] if not one.description] == []


def test_owners_are_a_setting(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_OWNERS", "team:finops, ada@acme.test")
    (spec,) = owned([dg.AssetSpec("a")])
    assert spec.owners == ["team:finops", "ada@acme.test"]
    monkeypatch.setenv("AGENT_SPEND_OWNERS", "the platform people")
    with pytest.raises(ConfigurationError, match="AGENT_SPEND_OWNERS must be a comma list of team:<name> and e-mail addresses"):
        owned([])


def test_weeks_start_on_monday_in_utc():
    partitions = GRAPH.get(dg.AssetKey("rpt_manager__person_week")).partitions_def
    window = partitions.time_window_for_partition_key("2026-11-16")
    assert (window.start.isoformat(), window.end.isoformat()) == (
        "2026-11-16T00:00:00+00:00", "2026-11-23T00:00:00+00:00"
    )


def test_both_alert_checks_hang_on_their_tables():
    keys = {(check.asset_key.to_user_string(), check.name) for check in GRAPH.asset_check_keys}
    assert ("rpt_manager__credit_day", "copilot_credits_tripled") in keys
    assert ("rpt_platform__workflow_day", "cost_per_task_doubled") in keys


def test_every_daily_feed_has_a_restatement_window():
    daily = {feed.name for feed in feeds().values()}
    assert daily - set(restatement_windows()) == set()


def test_a_restatement_window_that_is_no_number_is_named_and_comments_are_none(tmp_path, monkeypatch):
    path = tmp_path / "restatement_windows.csv"
    monkeypatch.setitem(catalog().seeds, "restatement_windows", path)
    path.write_text("feed,vendor,window_days,source\n# our own contract\ncopilot_seats,github_copilot,2,contract\n")
    assert restatement_windows() == {"copilot_seats": 2}
    path.write_text("feed,vendor,window_days,source\ncopilot_seats,github_copilot,two,contract\n")
    with pytest.raises(ConfigurationError, match="window_days of copilot_seats must be a whole number, not 'two'"):
        restatement_windows()


def test_the_morning_run_covers_each_feeds_restatement_window():
    ranges = {}
    for request in daily_requests(date(2026, 11, 22)):
        for key in request.asset_selection:
            ranges[key.to_user_string()] = (
                request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"]
            )
    assert ranges["copilot_user_usage"] == ("2026-11-18", "2026-11-22")
    assert ranges["claude_analytics_cost"] == ("2026-10-23", "2026-11-22")
    assert ranges["copilot_seats"] == ("2026-11-22", "2026-11-22")


def test_schedules_and_sensors_are_on_from_the_first_start():
    started = [*defs.schedules, *defs.sensors]
    assert [one.name for one in started if one.default_status.value != "RUNNING"] == []


def test_stages_build_every_model_after_what_it_reads():
    built: set[str] = set()
    for stage in model_stages():
        for name in stage.assets:
            upstream = set(catalog().models[name].upstream) & set(catalog().models)
            assert upstream <= built | set(stage.assets), name
        built |= set(stage.assets)
    assert built == set(catalog().models)


def automatic_requests(changed: str, partition: str | None) -> dict[str, set]:
    """What the automation sensor asks for after one asset was materialised, everything having been built once."""
    with dg.DagsterInstance.ephemeral() as instance:
        first = dg.evaluate_automation_conditions(defs, instance)
        instance.report_runless_asset_event(dg.AssetMaterialization(changed, partition=partition))
        second = dg.evaluate_automation_conditions(defs, instance, cursor=first.cursor)
        return {
            key.to_user_string(): second.get_requested_partitions(key)
            for key in GRAPH.materializable_asset_keys
            if second.get_num_requested(key)
        }


def test_a_new_day_of_a_feed_rebuilds_that_day_of_what_reads_it():
    requested = automatic_requests("copilot_user_usage", "2026-11-20")
    assert requested["stg_copilot__user_day"] == {"2026-11-20"}
    assert "cursor_usage_events" not in requested


def test_a_change_of_people_does_not_rebuild_all_of_history():
    requested = automatic_requests("int_github__login", None)
    assert [name for name, partitions in requested.items() if partitions - {None}] == []
