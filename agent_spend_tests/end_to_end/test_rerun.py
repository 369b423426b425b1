"""Running the demo again changes nothing and tells nobody anything twice."""

from pathlib import Path

import dagster as dg
import pytest
from deltalake import DeltaTable

from agent_spend.demo import run_demo
from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.runs import instance

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def versions(home: Path) -> dict[str, int]:
    return {path.name: DeltaTable(str(path)).version() for path in (home / "lake").iterdir()}


def test_a_second_demo_computes_commits_and_sends_nothing(demo, monkeypatch):
    before, page = versions(demo.home), (demo.home / "page" / "index.html").stat().st_mtime_ns
    warehouse = (demo.home / "warehouse.duckdb").stat().st_mtime_ns
    computed = []
    real = DuckDBEngine.run, DuckDBEngine.count
    monkeypatch.setattr(DuckDBEngine, "run", lambda *asked: computed.append(asked[1].name) or real[0](*asked))
    monkeypatch.setattr(DuckDBEngine, "count", lambda *asked: computed.append(asked[1].name) or real[1](*asked))
    again = run_demo(demo.result.scenario, demo.home, lambda stage: None)
    assert computed == []
    assert versions(demo.home) == before
    assert again.slack_sent == 0
    assert (demo.home / "page" / "index.html").stat().st_mtime_ns == page
    assert (demo.home / "warehouse.duckdb").stat().st_mtime_ns == warehouse


def test_the_first_demo_told_slack_of_both_alerts(demo):
    assert demo.result.slack_sent == demo.result.slack_received > 0
    told = demo.rows("SELECT kind FROM rpt_findings WHERE notified_at IS NOT NULL")
    assert {("copilot_credits_tripled",), ("cost_per_task_doubled",)} <= set(told)


def test_every_day_of_the_backfill_has_its_own_check_evaluation(demo):
    key = dg.AssetCheckKey(dg.AssetKey("rpt_manager__credit_day"), "copilot_credits_tripled")
    with instance(demo.home) as dagster:
        records = dagster.event_log_storage.get_asset_check_execution_history(key, limit=500)
        evaluations = [record.event.dagster_event.event_specific_data for record in records if record.event]
    passed_by_day = {evaluation.partition: evaluation.passed for evaluation in evaluations if evaluation.partition}
    days = {day.isoformat() for day in demo.result.scenario.calendar}
    assert set(passed_by_day) == days
    assert [day for day in sorted(days) if not passed_by_day[day]] == [demo.key["copilot_usage"]["alerts"][0]["usage_day"]]


def test_the_newest_event_of_a_model_shows_where_its_columns_come_from(demo):
    with instance(demo.home) as dagster:
        found = dagster.fetch_materializations(dg.AssetKey("rpt_manager__credit_day"), limit=2)
    newest, before = [record.asset_materialization.metadata for record in found.records]
    sources = newest["dagster/column_lineage"].value.deps_by_column["credits"]
    assert [(source.asset_key.to_user_string(), source.column_name) for source in sources] == [
        ("fct_usage_day", "quantity")
    ]
    assert "dagster/column_lineage" not in before
