"""`copilot_user_teams`: who was in which team on a day, from the enterprise and from every organization."""

from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

FEED = next(feed for feed in FEEDS if feed.name == "copilot_user_teams")
DAY = date(2026, 11, 18)
ENTERPRISE, ORG = (f"/{scope}/copilot/metrics/reports/user-teams-1-day" for scope in ("enterprises/acme", "orgs/one"))
# The example line of the team-level metrics reference.
MIRA = (
    '{"user_id":5501,"user_login":"mira-k_acme","day":"2026-11-18","organization_id":"8101","team_id":440,"slug":"payments"}'
)


def ask(*days: date) -> list:
    return list(FEED.fetch(days or [DAY], Settings.from_environment()))


def rows(answer) -> list[dict]:
    return FEED.table(answer).to_pylist()


def test_the_reference_line_is_read(github):
    github.envelope(ENTERPRISE)
    github.answer("/files/part-0.json", MIRA)
    assert rows(ask()[0]) == [{
        "usage_day": DAY, "scope_kind": "enterprise", "scope": "acme", "enterprise_id": None, "organization_id": "8101",
        "team_id": 440, "team_slug": "payments", "user_id": 5501, "user_login": "mira-k_acme",
    }]  # fmt: skip


def test_a_user_in_two_teams_has_two_rows_and_a_repeated_line_counts_once(github):
    github.envelope(ENTERPRISE, shards=2)
    github.answer("/files/part-0.json", f"{MIRA}\n{MIRA.replace('440', '441')}")
    github.answer("/files/part-1.json", MIRA)
    assert sorted(row["team_id"] for row in rows(ask()[0])) == [440, 441]


def test_the_enterprise_and_its_organizations_are_both_asked(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    for path in (ENTERPRISE, ORG):
        github.envelope(path)
    github.answer("/files/part-0.json", MIRA)
    assert sorted(row["scope"] for row in rows(ask()[0])) == ["acme", "one"]


@pytest.mark.parametrize(("status", "body", "reason"), [
    (204, "", "no_report"), (404, "{}", "not_found"), (403, '{"message":"no"}', "forbidden"), (200, "null", "null_body")])
def test_a_scope_without_a_report_is_named_and_the_others_count(github, monkeypatch, status, body, reason):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(ENTERPRISE, body, status)
    github.envelope(ORG)
    github.answer("/files/part-0.json", MIRA)
    (answer,) = ask()
    assert (answer.state, answer.message) == (State.AVAILABLE, f"enterprise acme: {reason}")


def test_a_scope_that_fails_leaves_the_whole_day(github, monkeypatch):
    monkeypatch.setattr("agent_spend.sources.http.MAX_ATTEMPTS", 1)
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(ENTERPRISE, "", 500)
    github.envelope(ORG)
    github.answer("/files/part-0.json", MIRA)
    assert (ask()[0].state, ask()[0].reason) == (State.MISSING, "server_error")


def test_a_day_that_no_scope_has_a_report_for_is_missing(github):
    github.answer(ENTERPRISE, "", 204)
    assert (ask()[0].state, ask()[0].reason) == (State.MISSING, "no_report")


def test_a_file_without_lines_is_zero_once_and_never_replaces_rows(github):
    for _ in range(2):
        github.envelope(ENTERPRISE)
    github.answer("/files/part-0.json", "")
    github.answer("/files/part-0.json", MIRA)
    github.answer("/files/part-0.json", "")
    settings = Settings.from_environment()
    lines = [land(FEED, [DAY], settings).coverage[DAY] for _ in range(3)]
    assert [(line.state, line.row_count, line.last_attempt) for line in lines] == [
        ("zero", 0, "empty_file"), ("available", 1, "available"), ("available", 1, "empty_file")]


def test_rows_of_a_scope_that_has_no_report_any_more_stay(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.envelope(ENTERPRISE)
    github.answer(ENTERPRISE, "", 204)
    github.envelope(ORG)
    github.answer("/files/part-0.json", MIRA)
    settings = Settings.from_environment()
    for _ in range(2):
        land(FEED, [DAY], settings)
    stored = Lake(settings.lake_uri).read("copilot_user_teams", "usage_day").to_pylist()
    assert sorted(row["scope"] for row in stored) == ["acme", "one"]


def test_the_sandbox_leaves_out_teams_of_fewer_than_five_and_knows_the_squad_of_the_day(sandbox_server):
    scenario = Scenario(developers=40, days=21, seed=7, end_day=date(2026, 11, 22))
    sandbox_server(scenario)
    mover, moved_on = scenario.incidents.squad_change_person, scenario.incidents.squad_change_day
    squads = []
    for answer in ask(date.fromordinal(moved_on.toordinal() - 1), moved_on):
        found = rows(answer)
        sizes = {slug: sum(row["team_slug"] == slug for row in found) for slug in {row["team_slug"] for row in found}}
        assert min(sizes.values()) >= 5
        squads.append({row["team_slug"] for row in found if row["user_id"] == mover.github_user_id})
    # With the one who moves the other squad has four.
    assert squads == [{"android", "mobile"}, {"mobile"}]
