"""`github_teams`: who is where, as GitHub lists it now."""

from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.sandbox.copilot_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

TEAMS = next(feed for feed in FEEDS if feed.name == "github_teams")
SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
NOW = date(2026, 11, 22)
ORG = "/orgs/one"


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-22")


def ask(feed, *days: date) -> list:
    return list(feed.fetch(days or [NOW], Settings.from_environment()))


def rows(feed) -> list[dict]:
    return feed.table(ask(feed)[0]).to_pylist()


def members(feed_rows: list[dict]) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = {}
    for row in (row for row in feed_rows if row["user_id"] is not None):
        found.setdefault(row["org"], {}).setdefault(row["team_slug"], []).append(row["user_id"])
    return {org: {slug: sorted(ids) for slug, ids in teams.items()} for org, teams in found.items()}


@pytest.mark.parametrize("inherited", ["", "on"])
def test_direct_members_are_found_with_and_without_githubs_mark(sandbox_server, inherited):
    sandbox_server(SMALL, github_inherited=inherited)
    expected = answer_key(SMALL)["team_members"]
    assert members(rows(TEAMS)) == {org: {s: ids for s, ids in teams.items() if ids} for org, teams in expected.items()}
    assert expected["acme-core"]["search"] == [500_005] and expected["acme-apps"]["indexing"] == [500_005]


def test_a_nested_team_names_its_parent(sandbox_server):
    sandbox_server(SMALL)
    parents = {(row["org"], row["team_slug"]): row["parent_team_id"] for row in rows(TEAMS)}
    ids = {(row["org"], row["team_slug"]): row["team_id"] for row in rows(TEAMS)}
    assert parents["acme-core", "ranking"] == ids["acme-core", "search"]
    assert parents["acme-core", "search"] is None


def test_a_team_without_members_of_its_own_still_has_a_place(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    top, middle = '{"id":1,"slug":"eng","name":"Engineering"}', '{"id":2,"slug":"pay","name":"Payments"}'
    github.answer(f"{ORG}/teams", f"""[{top[:-1]},"parent":null}},{middle[:-1]},"parent":{top}}},
        {{"id":3,"slug":"ledger","name":"Ledger","parent":{middle}}}]""")
    github.answer(f"{ORG}/teams/eng/members", '[{"id":7,"login":"a"}]')
    github.answer(f"{ORG}/teams/pay/members", '[{"id":7,"login":"a"}]')
    github.answer(f"{ORG}/teams/ledger/members", '[{"id":7,"login":"a"}]')
    found = sorted((row["team_name"], row["team_path"], row["user_id"]) for row in rows(TEAMS))
    assert found == [("Engineering", "1", None), ("Ledger", "1/2/3", 7), ("Payments", "1/2", None)]


def test_a_kind_of_team_that_is_new_and_a_slug_of_other_letters_are_read(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(f"{ORG}/teams", '[{"id":98765432109876543,"slug":"größe","name":null,"type":"brand_new","colour":1}]')
    github.answer(f"{ORG}/teams/gr%C3%B6%C3%9Fe/members", '[{"id":7,"login":"a"}]')
    (row,) = rows(TEAMS)
    assert (row["team_id"], row["team_type"], row["team_name"], row["user_id"]) == (
        98_765_432_109_876_543, "organization", "größe", 7)


def test_a_parent_that_the_token_does_not_see_keeps_its_place(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(f"{ORG}/teams", '[{"id":3,"slug":"ledger","name":"Ledger","parent":{"id":2,"slug":"pay","name":"Payments"}}]')
    github.answer(f"{ORG}/teams/ledger/members", '[{"id":7,"login":"a"}]')
    found = sorted((row["team_name"], row["team_path"], row["user_id"]) for row in rows(TEAMS))
    assert found == [("Ledger", "2/3", 7), ("Payments", "2", None)]
    assert github.asked(f"{ORG}/teams/pay/members") == 0


def test_teams_that_name_each_other_as_parent_are_refused(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    a, b = '{"id":1,"slug":"a","parent":{"id":2,"slug":"b"}}', '{"id":2,"slug":"b","parent":{"id":1,"slug":"a"}}'
    github.answer(f"{ORG}/teams", f"[{a},{b}]")
    github.answer(f"{ORG}/teams/a/members", "[]")
    github.answer(f"{ORG}/teams/b/members", "[]")
    answer = ask(TEAMS)[0]
    assert (answer.state, answer.reason) == (State.MISSING, "malformed") and "teams 1 and 2" in answer.message


def test_a_member_of_a_team_and_its_child_is_kept_twice_when_github_says_so(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    teams = '[{"id":1,"slug":"all","parent":null},{"id":2,"slug":"part","parent":{"id":1,"slug":"all"}}]'
    github.answer(f"{ORG}/teams", teams)
    github.answer(f"{ORG}/teams/all/members", '[{"id":7,"login":"a","inherited":false}]')
    github.answer(f"{ORG}/teams/part/members", '[{"id":7,"login":"a","inherited":false}]')
    assert members(rows(TEAMS)) == {"one": {"all": [7], "part": [7]}}


def test_a_team_that_cannot_be_read_leaves_no_data(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(f"{ORG}/teams", '[{"id":1,"slug":"all","parent":null},{"id":2,"slug":"secret","parent":null}]')
    github.answer(f"{ORG}/teams/all/members", '[{"id":7,"login":"a"}]')
    github.answer(f"{ORG}/teams/secret/members", '{"message":"Must have admin rights"}', 403)
    answer = ask(TEAMS)[0]
    assert (answer.state, answer.reason, list(answer.rows)) == (State.FORBIDDEN, "forbidden", [])
    assert "Members: read" in answer.message


def test_an_organization_without_a_visible_team_says_so(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(f"{ORG}/teams", "[]")
    answer = ask(TEAMS)[0]
    assert answer.state is State.ZERO and "no team is visible" in answer.message


ENTERPRISE = "/enterprises/acme"
#: The sample of "List enterprise teams" and of "List members in an enterprise team" in GitHub's REST reference.
JUSTICE = """[{"id": 1, "name": "Justice League", "description": "A great team.", "slug": "justice-league",
  "url": "https://api.github.com/enterprises/dc/teams/justice-league", "group_id": "62ab9291-fae2-468e-974b-7e45096d5021",
  "html_url": "https://github.com/enterprises/dc/teams/justice-league",
  "members_url": "https://api.github.com/enterprises/dc/teams/justice-league/members{/member}",
  "created_at": "2019-01-26T19:01:12Z", "updated_at": "2019-01-26T19:14:43Z"}]"""
OCTOCAT = '[{"login": "octocat", "id": 1, "node_id": "MDQ6VXNlcjE=", "type": "User", "site_admin": false}]'


def test_teams_of_the_enterprise_are_read_without_any_organization(github):
    github.answer(f"{ENTERPRISE}/teams", JUSTICE)
    github.answer(f"{ENTERPRISE}/teams/justice-league/memberships", OCTOCAT)
    assert rows(TEAMS) == [{
        "usage_day": NOW, "scope_kind": "enterprise", "org": "acme", "team_type": "enterprise", "team_id": 1,
        "team_slug": "justice-league", "team_name": "Justice League", "team_path": "1", "parent_team_id": None,
        "user_id": 1, "user_login": "octocat",
    }]  # fmt: skip


def test_a_slug_with_githubs_prefix_is_asked_for_as_it_is(github):
    github.answer(f"{ENTERPRISE}/teams", '[{"id":1,"slug":"ent:all staff","name":"All staff"}]')
    github.answer(f"{ENTERPRISE}/teams/ent:all%20staff/memberships", OCTOCAT)
    assert [row["user_id"] for row in rows(TEAMS)] == [1]


def test_a_team_of_the_enterprise_that_an_organization_lists_too_counts_once(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(f"{ENTERPRISE}/teams", '[{"id":1,"slug":"ent:all","name":"All"}]')
    github.answer(f"{ENTERPRISE}/teams/ent:all/memberships", OCTOCAT)
    github.answer(f"{ORG}/teams", '[{"id":1,"slug":"ent:all","type":"enterprise"},{"id":2,"slug":"pay","type":"organization"}]')
    github.answer(f"{ORG}/teams/pay/members", OCTOCAT)
    assert members(rows(TEAMS)) == {"acme": {"ent:all": [1]}, "one": {"pay": [1]}}


@pytest.mark.parametrize("status", [403, 404])
def test_an_enterprise_that_shows_no_teams_is_named_and_its_organizations_still_count(github, monkeypatch, status):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(f"{ENTERPRISE}/teams", '{"message":"no"}', status)
    github.answer(f"{ORG}/teams", '[{"id":2,"slug":"pay"}]')
    github.answer(f"{ORG}/teams/pay/members", OCTOCAT)
    answer = ask(TEAMS)[0]
    assert answer.state is State.AVAILABLE and "enterprise acme shows no teams of its own" in answer.message


@pytest.mark.parametrize(("status", "state"), [(403, State.FORBIDDEN), (404, State.NOT_CONNECTED)])
def test_an_enterprise_alone_that_shows_no_teams_says_what_else_can_be_set(github, status, state):
    github.answer(f"{ENTERPRISE}/teams", '{"message":"no"}', status)
    answer = ask(TEAMS)[0]
    assert answer.state is state and "GITHUB_ORGS" in answer.message


def test_teams_read_earlier_the_same_day_stay_when_the_enterprise_refuses_later(github, monkeypatch):
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer(f"{ENTERPRISE}/teams", JUSTICE)
    github.answer(f"{ENTERPRISE}/teams", '{"message":"no"}', 403)
    github.answer(f"{ENTERPRISE}/teams/justice-league/memberships", OCTOCAT)
    github.answer(f"{ORG}/teams", '[{"id":2,"slug":"pay"}]')
    github.answer(f"{ORG}/teams/pay/members", OCTOCAT)
    settings = Settings.from_environment()
    land(TEAMS, [NOW], settings)
    second = land(TEAMS, [NOW], settings)
    stored = Lake(settings.lake_uri).read("github_teams", "usage_day").to_pylist()
    assert members(stored) == {"acme": {"justice-league": [1]}, "one": {"pay": [1]}}
    assert (second.changed, "1 rows stored before were kept for enterprise acme" in second.coverage[NOW].message) == ([], True)


def test_rosters_have_no_past(sandbox_server):
    sandbox_server(SMALL)
    assert [a.reason for a in ask(TEAMS, date(2026, 11, 20), NOW)] == ["live_list_only", ""]
