"""A member of two organizations, a rename, a leaver and a change of squads, from GitHub's files to the reports, to the digit.

Two organizations without an enterprise answer for Monday 9 and Tuesday 10 November 2026; HR's file has the people.
"""

import json
from datetime import date
from decimal import Decimal

import pytest
from copilot_fake_github import fake_github

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.project import catalog, feeds
from agent_spend.settings import Settings
from agent_spend.sources.land import land

NINTH, TENTH = DAYS = date(2026, 11, 9), date(2026, 11, 10)
ADA, BEN, CID, DEE = 11, 12, 13, 14
#: Ada is in both organizations, whose files repeat her whole; Ben is renamed on the 10th; Cid's last day was the 9th.
USED = {
    ("core", 9): [(ADA, "ada", "12.5"), (BEN, "ben-old", "100"), (CID, "cid", "7.25")],
    ("apps", 9): [(ADA, "ada", "12.5"), (DEE, "dee", "40")],
    ("core", 10): [(ADA, "ada", "20"), (BEN, "ben-new", "150"), (CID, "cid", "3")],
    ("apps", 10): [(ADA, "ada", "20"), (DEE, "dee", "60.5")],
}
#: HR knows Ben by the login that he had, and Dee in the squad of the day.
ROSTER = """person_id,name,github_login,org,squad,valid_from,valid_to
E1,Ada,ada,Product,checkout,2026-01-01,
E2,Ben,ben-old,Product,checkout,2026-01-01,
E3,Cid,cid,Product,search,2026-01-01,2026-11-09
E4,Dee,dee,Product,checkout,2026-01-01,2026-11-09
E4,Dee,dee,Product,search,2026-11-10,
"""
PERSON_DAYS = [
    (9, "E1", "checkout", "12.5"), (9, "E2", "checkout", "100"), (9, "E3", "search", "7.25"), (9, "E4", "checkout", "40"),
    (10, "E1", "checkout", "20"), (10, "E2", "checkout", "150"), (10, "E4", "search", "60.5"),
    (10, None, "(not attributable)", "3"),
]  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """The four files of GitHub and HR's file, landed, and every model up to the reports."""
    home = tmp_path_factory.mktemp("two organizations")
    (home / "roster.csv").write_text(ROSTER)
    with fake_github() as github, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in {
            "AGENT_SPEND_HOME": str(home), "GITHUB_API_URL": github.url, "GITHUB_TOKEN": "ghp_test", "GITHUB_ORGS": "core,apps",
            "AGENT_SPEND_TODAY": "2026-11-20", "ROSTER_URI": str(home / "roster.csv"),
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        settings = Settings.from_environment()
        for day in DAYS:
            github.answers.clear()
            for org in ("core", "apps"):
                lines = [{"day": str(day), "organization_id": org, "user_id": user, "user_login": login,
                          "ai_credits_used": float(used)} for user, login, used in USED[org, day.day]]
                envelope = {"download_links": [f"{github.url}/{org}.json"], "report_day": str(day)}
                github.answer(f"/orgs/{org}/copilot/metrics/reports/users-1-day", json.dumps(envelope))
                github.answer(f"/{org}.json", "\n".join(map(json.dumps, lines)))
            assert land(feeds()["copilot_user_usage"], [day], settings).coverage[day].row_count == 5
        land(feeds()["roster_members"], DAYS, settings)
        for name in ("int_github__login", "int_github__squad_span", "int_github__identity", "int_github__email",
                     "int_github__person", "fct_usage_day", "dim_person", "rpt_manager__credit_day",
                     "rpt_manager__person_week", "rpt_finance__series_month", "rpt_unmatched"):  # fmt: skip
            model = catalog().models[name]
            first = {"day": DAYS, "week": [NINTH], "month": [date(2026, 11, 1)]}.get(model.partitions, [])
            build(model, catalog(), settings, [day.isoformat() for day in first])
        yield Lake(settings.lake_uri)


def rows(lake: Lake, columns: str, table: str) -> list[tuple]:
    found = DuckDBEngine(catalog(), lake).query(f"SELECT {columns} FROM {table} ORDER BY ALL", [table], None)
    return [tuple(row.values()) for row in found.to_pylist()]


def test_every_person_has_the_credits_of_the_day_once_and_in_the_squad_of_the_day(lake):
    assert rows(lake, "DAY(usage_day), person_id, squad, quantity, list_usd", "fct_usage_day") == [
        (day, person, squad, Decimal(credits), Decimal(credits) / 100) for day, person, squad, credits in PERSON_DAYS]


def test_the_manager_sees_a_renamed_person_rise_from_the_day_before(lake):
    found = rows(lake, "person_id, login, credits, previous_credits, ratio, DAY(usage_day)", "rpt_manager__credit_day")
    assert [row[:5] for row in found if row[5] == 10] == [
        ("E1", "ada", Decimal(20), Decimal("12.5"), 1.6), ("E2", "ben-new", Decimal(150), Decimal(100), 1.5),
        ("E4", "dee", Decimal("60.5"), Decimal(40), 1.5125), (None, "cid", Decimal(3), Decimal("7.25"), 3 / 7.25),
    ]  # fmt: skip


def test_the_week_of_who_changed_squads_is_split_by_the_day_of_the_change(lake):
    found = rows(lake, "week_start, squad, person_id, credits, list_usd", "rpt_manager__person_week")
    assert found == [
        (NINTH, squad, person, Decimal(credits), Decimal(credits) / 100) for squad, person, credits in [
            ("(not attributable)", "(not attributable)", "3"), ("checkout", "E1", "32.5"), ("checkout", "E2", "250"),
            ("checkout", "E4", "40"), ("search", "E3", "7.25"), ("search", "E4", "60.5")]]


def test_the_month_is_the_sum_of_everybody_once(lake):
    assert rows(lake, "month, series, credits, list_usd", "rpt_finance__series_month") == [
        (date(2026, 11, 1), "copilot_credits", Decimal("393.25"), Decimal("3.9325"))]


def test_what_was_used_after_the_last_day_stands_in_the_queue_with_its_money(lake):
    assert rows(lake, "vendor, identifier, login, first_day, last_day, list_usd", "rpt_unmatched") == [
        ("github_copilot", "13", "cid", TENTH, TENTH, Decimal("0.03"))]
