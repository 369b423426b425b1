"""An organisation's own outcome rule: one SQL file in place of ours."""

import re
from decimal import Decimal

import dagster as dg
import pytest
from agent_lake import AgentLake, call, span

from agent_spend.catalog import SQL_DIR, Catalog
from agent_spend.errors import ConfigurationError
from agent_spend.models import model_asset
from agent_spend.project import catalog

#: The example of the documentation: a task counts as done only when the evaluation of its answer passed.
EVALUATED = re.search(r"```sql\n(.*?)```", (SQL_DIR.parent / "docs" / "cost-per-task.md").read_text(), re.DOTALL)[1]


def own(folder, sql: str, name="int_agent__outcome") -> Catalog:
    (folder / f"{name}.sql").write_text(sql)
    return Catalog(catalog().sources, overrides_dir=folder)


def task(number: int, evaluation: int | None) -> list[dict]:
    """A run whose span says ok, and what its evaluation said, if there was one."""
    trace = f"t{number}"
    rows = [span(trace, "w", None, "workflow", workflow="Triage", status_code=1), call(trace, "c", "w", "0.20")]
    return rows + ([span(trace, "e", "w", status_code=evaluation, name="evaluate answer")] if evaluation else [])


def test_only_tasks_whose_evaluation_passed_count_as_completed(agents, tmp_path):
    rows = [*task(1, 1), *task(2, 2), *task(3, None), *task(4, 1)]
    agents.land(rows).build()
    day = agents.one("rpt_platform__workflow_day")
    assert (day["completed_tasks"], day["cost_per_completed_task_usd"]) == (4, Decimal("0.2"))

    evaluated = AgentLake(own(tmp_path, EVALUATED))
    evaluated.land(rows).build()
    day = evaluated.one("rpt_platform__workflow_day")
    assert (day["attempts"], day["completed_tasks"], day["unknown_tasks"]) == (4, 2, 1)
    assert (day["list_usd"], day["cost_per_completed_task_usd"]) == (Decimal("0.8"), Decimal("0.4"))
    assert {run["outcome_rule"] for run in evaluated.read("int_agent__run")} == {"evaluation of the answer"}


def test_a_changed_rule_is_asked_for_on_every_day_that_is_stored(tmp_path):
    def rule(catalog_: Catalog) -> dg.Definitions:
        return dg.Definitions([model_asset(catalog_.models["int_agent__outcome"], catalog_)])

    stored = ["2026-11-03", "2026-11-20"]
    with dg.DagsterInstance.ephemeral() as instance:
        for day in stored:
            instance.report_runless_asset_event(dg.AssetMaterialization("int_agent__outcome", partition=day))
        own(tmp_path, EVALUATED)
        requested, cursor = [], None
        for folder in (tmp_path / "none", tmp_path / "none", tmp_path, tmp_path, tmp_path / "none"):
            folder.mkdir(exist_ok=True)
            definitions = rule(Catalog(catalog().sources, overrides_dir=folder))
            result = dg.evaluate_automation_conditions(definitions, instance, cursor=cursor)
            cursor = result.cursor
            requested.append(result.get_requested_partitions(dg.AssetKey("int_agent__outcome")))

    assert requested == [set(), set(), set(stored), set(), set(stored)]


@pytest.mark.parametrize(
    ("replaced", "by", "complaint"),
    [
        ("'evaluation of the answer' AS outcome_rule", "'x' AS rule", "column outcome_rule is missing"),
        ("'evaluation of the answer' AS outcome_rule", "3 AS outcome_rule", "column outcome_rule is int32"),
        ("r.run_span_id,\n  CASE", "r.run_span_id, 1 AS extra,\n  CASE", "column extra is out of place or not asked for"),
        ("FROM agent_spans AS r", "FROM agent_runs AS r", "reads unknown tables: agent_runs"),
        ("r.trace_id,", "r.trace,", "trace"),
        ("SELECT\n  r.usage_day", "SELECT FROM WHERE", "Expected"),
    ],
)
def test_a_mistake_in_an_own_file_names_the_file_and_the_column(tmp_path, replaced, by, complaint):
    with pytest.raises(ConfigurationError) as raised:
        _ = own(tmp_path, EVALUATED.replace(replaced, by)).schemas
    assert str(tmp_path / "int_agent__outcome.sql") in str(raised.value)
    assert complaint in str(raised.value)


def test_a_file_that_replaces_nothing_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match=r"int_agent__outcomes\.sql: there is no model int_agent__outcomes"):
        own(tmp_path, EVALUATED, "int_agent__outcomes")


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match=r"AGENT_SPEND_SQL_OVERRIDES_DIR names .*nowhere, which is not a folder"):
        Catalog(catalog().sources, overrides_dir=tmp_path / "nowhere")


def test_a_rule_that_says_two_things_of_one_run_leaves_it_unknown_and_pays_it_once(agents, tmp_path):
    twice = EVALUATED.strip() + "\nUNION ALL\nSELECT usage_day, trace_id, run_span_id, 'failure', 'always'\nFROM agent_spans"
    doubting = AgentLake(own(tmp_path, twice))
    doubting.land(task(1, 1)).build()
    run, day = doubting.one("int_agent__run"), doubting.one("rpt_platform__workflow_day")
    assert (run["outcome"], run["outcome_rule"]) == ("unknown", "the rule contradicts itself")
    assert (day["list_usd"], day["attempts"], day["completed_tasks"]) == (Decimal("0.2"), 1, 0)
