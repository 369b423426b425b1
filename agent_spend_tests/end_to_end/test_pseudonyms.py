"""With the salt set, nobody of the simulated company is named in anything written outside the lake and the raw answers."""

import csv
import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from pyarrow import parquet

from agent_spend.alerts.slack import deliver
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window, month_start
from agent_spend.project import catalog
from agent_spend.publish.cutover import export_cutover
from agent_spend.publish.focus import export_focus
from agent_spend.publish.page import publish_page
from agent_spend.publish.warehouse import publish_warehouse
from agent_spend.runs import Stage, instance, materialize
from agent_spend.sandbox.server import environment, running
from agent_spend.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
FOR_OPERATORS = ("lake", "raw", "sandbox")
#: Models that hang checks about people, by the kind of run they need.
STAGES = (
    Stage("days", "day", ("fct_usage_day", "rpt_manager__credit_day")),
    Stage("current", "none", ("rpt_auth_audit", "rpt_findings")),
)


def identifiers(home: Path) -> set[str]:
    """Ids, names, addresses and logins of everybody on the roster, in lower case."""
    with (home / "sandbox" / "roster.csv").open() as lines:
        rows = [*csv.DictReader(lines)]
    found = {row[name].lower() for row in rows for name in ("person_id", "name", "email", "github_login")}
    return found | {row["email"].split("@")[0].lower() for row in rows}


def texts(home: Path) -> dict[str, str]:
    """Everything written outside the operators' folders, as text; compressed files are unpacked."""
    found = {}
    for path in home.rglob("*"):
        if path.is_file() and path.relative_to(home).parts[0] not in FOR_OPERATORS:
            found[str(path.relative_to(home))] = path.read_bytes().decode("utf-8", "replace")
            if path.suffix == ".parquet":
                found[f"{path.name}, rows"] = str(parquet.read_table(path).to_pylist())
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            found[f"warehouse, {table}"] = str(connection.execute(f'SELECT * FROM "{table}"').fetchall())
    return found


def named(found: dict[str, str], words: set[str]) -> dict[str, str]:
    """Where somebody is named, and one example each."""
    pattern = re.compile(r"(?<![a-z0-9])(" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")(?![a-z0-9])")
    hits = {place: pattern.search(text.lower()) for place, text in found.items()}
    return {place: hit[0] for place, hit in hits.items() if hit}


@pytest.fixture(scope="module")
def masked(finished_demo, tmp_path_factory):
    """The demo's lake in a home of its own, checked, alerted, published and exported again with a salt."""
    home = tmp_path_factory.mktemp("masked") / "home"
    for folder in ("lake", "sandbox"):
        shutil.copytree(finished_demo.home / folder, home / folder)
    shutil.rmtree(home / "lake" / "findings")
    scenario = finished_demo.result.scenario
    with pytest.MonkeyPatch.context() as patch, running(scenario, home / "sandbox") as server:
        for name, value in environment(server.url, server.folder).items():
            patch.setenv(name, value)
        patch.setenv("AGENT_SPEND_HOME", str(home))
        patch.setenv("DAGSTER_HOME", str(home / "dagster"))
        patch.setenv("AGENT_SPEND_PSEUDONYM_SALT", "a salt of the tests, long enough")
        from agent_spend.definitions import defs

        settings = Settings.from_environment()
        with instance(home) as dagster:
            materialize(defs, dagster, STAGES, Window(scenario.first_day, scenario.end_day))
        report = deliver(Lake(settings.lake_uri), environment(server.url, server.folder)["SLACK_WEBHOOK_URL"])
        publish_page(publish_warehouse(Lake(settings.lake_uri), catalog(), home), home)
        export_cutover(settings)
        export_focus(settings, month_start(scenario.end_day))
        yield home, report, json.dumps(server.state.slack_messages)


def test_nothing_outside_the_lake_names_anybody(masked):
    home, _, _ = masked
    found = texts(home)
    assert {"exports/cutover.csv", "page/index.html", "warehouse, rpt_findings"} <= set(found)
    assert any(place.startswith("dagster/") and place.endswith(".db") for place in found)
    assert named(found, identifiers(home)) == {}


def test_slack_hears_of_people_by_pseudonym(masked):
    home, report, sent = masked
    assert report.messages > 0 and "person-" in sent
    assert named({"Slack": sent}, identifiers(home)) == {}


def test_one_person_has_one_pseudonym_in_slack_the_warehouse_and_dagster(masked, finished_demo):
    home, _, sent = masked
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        (person,) = connection.execute(
            "SELECT person_id FROM rpt_findings WHERE kind = 'copilot_credits_tripled' AND status = 'open'"
        ).fetchone()
    assert person.startswith("person-") and person in sent
    stored = b"".join(path.read_bytes() for path in (home / "dagster").rglob("*.db"))
    assert person.encode() in stored


def test_the_search_finds_names_where_no_salt_is_set(finished_demo):
    where = named(texts(finished_demo.home), identifiers(finished_demo.home))
    assert any(place.startswith("dagster/") for place in where)
    assert {"warehouse, dim_person", "warehouse, rpt_findings"} <= set(where)
    assert "page/index.html" not in where
