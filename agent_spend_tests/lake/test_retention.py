"""Rows about people leave the lake, the disk and the raw files when the policy says so, and not before."""

import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from agent_spend.alerts.findings import FINDINGS_SCHEMA
from agent_spend.catalog import SQL_DIR, Catalog
from agent_spend.errors import ConfigurationError
from agent_spend.lake.ledgers import COVERAGE, COVERAGE_SCHEMA, Coverage, coverage_of, store_coverage
from agent_spend.lake.retention import Expired, Rule, expire, retention_asset, rules_of
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings

TODAY = date(2026, 11, 23)
USAGE = pa.schema([("usage_day", pa.date32()), ("user_login", pa.string()), ("ai_credits_used", pa.decimal128(38, 18))])
WEEK = """-- grain: one row per week x person
-- partitions: week
/*
week_start: Monday
user_login: who
*/
SELECT CAST(DATE_TRUNC('week', usage_day) AS DATE) AS week_start, user_login FROM copilot_user_usage
"""


@pytest.fixture
def catalog(tmp_path):
    folder = tmp_path / "sql"
    for name in ("policies", "reports"):
        (folder / name).mkdir(parents=True)
    (folder / "reports" / "rpt_manager__person_week.sql").write_text(WEEK)
    (folder / "reports" / "rpt_people.sql").write_text(
        WEEK.replace("week x person", "person").replace("partitions: week", "partitions: none"))
    shutil.copy(SQL_DIR / "policies" / "retention.csv", folder / "policies" / "retention.csv")
    return Catalog({"copilot_user_usage": USAGE, COVERAGE: pa.schema(COVERAGE_SCHEMA), "findings": FINDINGS_SCHEMA}, folder)


@pytest.fixture
def lake():
    lake = Lake(Settings.from_environment().lake_uri)
    store(lake, date(2026, 11, 1), date(2026, 11, 12), date(2026, 11, 13), date(2026, 11, 14))
    return lake


def store(lake, *days, login="mira-k_acme"):
    rows = [{"usage_day": day, "user_login": login, "ai_credits_used": Decimal("1.5")} for day in days]
    lake.replace("copilot_user_usage", pa.Table.from_pylist(rows, schema=USAGE), "usage_day", days)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    known = coverage_of(lake, "copilot_user_usage")
    store_coverage(lake, "copilot_user_usage", known | {
        day: Coverage("copilot_user_usage", day, "available", None, None, 1, Decimal("1.5"), "f", 1, at, "available")
        for day in days})


def policy(catalog, *lines):
    catalog.seeds["retention"].write_text("\n".join(("table,days,note", *lines)) + "\n")


def days_of(lake):
    return sorted(row["usage_day"].day for row in lake.read("copilot_user_usage", "usage_day").to_pylist())


def files_of(lake):
    return sorted(path.parent.name for path in Path(lake.uri("copilot_user_usage")).glob("usage_day=*/*.parquet"))


def test_as_shipped_nothing_is_deleted(lake, catalog):
    version = lake.version("copilot_user_usage")
    assert rules_of(catalog) == []
    assert expire(lake, TODAY, catalog) == []
    assert lake.version("copilot_user_usage") == version


def test_days_older_than_the_rule_leave_the_table(lake, catalog):
    policy(catalog, "copilot_user_usage,10,users")
    assert expire(lake, TODAY, catalog) == [Expired("copilot_user_usage", ("2026-11-01", "2026-11-12"), 2)]
    assert days_of(lake) == [13, 14]


def test_a_second_run_deletes_nothing_more_from_the_table(lake, catalog):
    policy(catalog, "copilot_user_usage,10,users")
    expire(lake, TODAY, catalog)
    expire(lake, TODAY, catalog)
    version = lake.version("copilot_user_usage")
    assert expire(lake, TODAY, catalog) == []
    assert lake.version("copilot_user_usage") == version


def test_files_stay_for_running_readers_and_are_gone_after_the_next_run(lake, catalog):
    policy(catalog, "copilot_user_usage,10,users")
    store(lake, date(2026, 11, 12), login="restated")
    assert len(files_of(lake)) == 5
    assert expire(lake, TODAY, catalog)[0].files == 1
    assert files_of(lake) == ["usage_day=2026-11-01", "usage_day=2026-11-12", "usage_day=2026-11-13", "usage_day=2026-11-14"]
    assert expire(lake, TODAY, catalog) == [Expired("copilot_user_usage", files=2)]
    assert files_of(lake) == ["usage_day=2026-11-13", "usage_day=2026-11-14"]
    assert days_of(lake) == [13, 14]


def test_older_versions_of_days_that_are_kept_stay_readable(lake, catalog):
    policy(catalog, "copilot_user_usage,10,users")
    store(lake, date(2026, 11, 14), login="restated")
    for _ in range(2):
        expire(lake, TODAY, catalog)
    assert files_of(lake).count("usage_day=2026-11-14") == 2


def test_a_deleted_day_is_missing_and_not_zero(lake, catalog):
    policy(catalog, "copilot_user_usage,10,users")
    expire(lake, TODAY, catalog)
    known = coverage_of(lake, "copilot_user_usage")
    gone, kept = known[date(2026, 11, 12)], known[date(2026, 11, 13)]
    assert (gone.state, gone.reason, gone.row_count, gone.total) == ("missing", "expired", 0, None)
    assert gone.last_attempt == "available"
    assert gone.message == "deleted: kept for 10 days by policies/retention.csv"
    assert (kept.state, kept.row_count) == ("available", 1)


def test_raw_answers_of_the_feed_go_with_it(lake, catalog, tmp_path):
    raw = tmp_path / "raw"
    for feed in ("copilot_user_usage", "claude_api_usage"):
        for day in ("2026-11-12", "2026-11-13"):
            (raw / feed / day).mkdir(parents=True)
            (raw / feed / day / "x.ndjson.zst").write_bytes(b"x")
    policy(catalog, "copilot_user_usage,10,users")
    assert expire(lake, TODAY, catalog, raw_dir=raw)[0].raw_days == 1
    assert sorted(str(path.relative_to(raw)) for path in raw.glob("*/*")) == [
        "claude_api_usage/2026-11-12", "claude_api_usage/2026-11-13", "copilot_user_usage/2026-11-13"]


@pytest.mark.parametrize(("days", "kept"), [(15, [2, 9]), (14, [9]), (8, [9]), (7, [])])
def test_a_week_goes_when_its_last_day_does(lake, catalog, days, kept):
    weeks = [date(2026, 11, 2), date(2026, 11, 9)]
    schema = pa.schema([("week_start", pa.date32()), ("user_login", pa.string())])
    lake.replace("rpt_manager__person_week", pa.table([weeks, ["a", "b"]], schema=schema), "week_start", weeks)
    policy(catalog, f"rpt_manager__person_week,{days},people")
    # 15 days before the 23rd is Sunday the 8th, the last day of the week of the 2nd.
    expire(lake, TODAY, catalog)
    stored = lake.read("rpt_manager__person_week", "week_start")["week_start"].to_pylist()
    assert sorted(day.day for day in stored) == kept


def test_old_findings_go_row_by_row(lake, catalog):
    rows = [{"finding_id": str(day), "kind": "unmatched_user", "usage_day": date(2026, 11, day)} for day in (12, 13)]
    lake.replace("findings", pa.Table.from_pylist(rows, schema=FINDINGS_SCHEMA), "kind", ["unmatched_user"])
    policy(catalog, "findings,10,names")
    assert expire(lake, TODAY, catalog) == [Expired("findings", rows=1)]
    assert lake.read("findings", "kind")["finding_id"].to_pylist() == ["13"]


def test_a_table_that_was_never_written_is_no_error(lake, catalog):
    policy(catalog, "rpt_manager__person_week,10,people")
    assert expire(lake, TODAY, catalog) == []


@pytest.mark.parametrize(("lines", "complaint"), [
    (["copilot_usage,10,x"], "no stored table is named 'copilot_usage'"),
    (["rpt_people,10,x"], "rpt_people is not stored by day, week or month"),
    (["feed_coverage,10,x"], "feed_coverage is not stored by day, week or month"),
    (["copilot_user_usage,0,x"], "must be a whole number of 1 or more, not '0'"),
    (["copilot_user_usage,,x"], "must be a whole number of 1 or more, not ''"),
    (["copilot_user_usage,10,x", "copilot_user_usage,20,x"], "copilot_user_usage is named twice"),
])
def test_a_wrong_line_stops_everything_before_anything_is_deleted(lake, catalog, lines, complaint):
    policy(catalog, "findings,10,names", *lines)
    with pytest.raises(ConfigurationError, match=complaint):
        expire(lake, TODAY, catalog)
    assert days_of(lake) == [1, 12, 13, 14]


def test_every_example_of_the_shipped_file_is_a_table_that_can_expire():
    from agent_spend.project import catalog

    path = catalog().seeds["retention"]
    named = [line[2:].split(",")[0] for line in path.read_text().splitlines() if line.count(",") >= 2 and line.startswith("# ")]
    columns = {name: catalog().partition_column(name) for name in named if name in catalog().schemas and name != "findings"}
    assert {name for name in named if "_" in name} - {"findings"} == set(columns)
    assert set(columns.values()) <= {"usage_day", "week_start", "month"}


PERSON_COLUMNS = {
    "person_id", "email", "login", "user_login", "user_email", "person_email", "actor_email", "owner_email",
    "billing_identity", "created_by_user_id",
}


def test_the_shipped_file_names_every_feed_with_people():
    from agent_spend.project import catalog, feeds

    named = catalog().seeds["retention"].read_text()
    with_people = {name for name, feed in feeds().items() if PERSON_COLUMNS & set(feed.arrow_schema.names)}
    assert {name for name in with_people if f"# {name}," not in named} == set()


def test_the_asset_applies_the_rules(lake, catalog, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    policy(catalog, "copilot_user_usage,10,users")
    result = dg.materialize([retention_asset(catalog)])
    (event,) = result.asset_materializations_for_node("person_row_retention")
    assert (event.metadata["rules"].value, event.metadata["deleted_rows"].value) == (1, 2)
    assert days_of(lake) == [13, 14]


def test_a_rule_names_table_and_days(catalog):
    policy(catalog, "copilot_user_usage,400,users", "# findings,10,no", "")
    assert rules_of(catalog) == [Rule("copilot_user_usage", 400)]
