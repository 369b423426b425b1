"""Samples that GitHub and its clients publish, as they are, through the client and into the lake.

Sources: docs.github.com "Example schema for Copilot usage metrics"; the examples of GitHub's OpenAPI description (ghec);
google/go-github copilot_test.go and enterprise_licenses_test.go; square/sharkey's and navikt's recorded answers of GraphQL
external identities; the sample reports of github-copilot-resources/copilot-metrics-viewer.
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

FEED = {feed.name: feed for feed in FEEDS}
NOW, REPORT_DAY = date(2026, 11, 22), date(2025, 10, 1)
REPORTS = "/enterprises/acme/copilot/metrics/reports"
USER_LEVEL = """[{
  "code_acceptance_activity_count": 1, "code_generation_activity_count": 1, "day": "2025-10-01", "enterprise_id": "1",
  "loc_added_sum": 8, "loc_deleted_sum": 0, "loc_suggested_to_add_sum": 10, "loc_suggested_to_delete_sum": 0,
  "totals_by_cli": {
    "last_known_cli_version": {"cli_version": "1.0.8", "sampled_at": "2025-10-01T00:01:43.000Z"},
    "prompt_count": 2, "request_count": 2, "session_count": 2,
    "token_usage": {"avg_tokens_per_request": 4400.0, "output_tokens_sum": 5000, "prompt_tokens_sum": 3800}
  },
  "totals_by_feature": [{"code_acceptance_activity_count": 1, "feature": "code_completion"}],
  "totals_by_language_model": [], "totals_by_model_feature": [],
  "used_agent": false, "used_chat": false, "used_cli": true, "user_id": 1, "user_login": "login1",
  "user_initiated_interaction_count": 0, "etl_id": "green", "day_partition": "2025-10-01", "entity_id_partition": 1
}]"""


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", NOW.isoformat())


def stored(name: str, day: date = NOW) -> list[dict]:
    settings = Settings.from_environment()
    line = land(FEED[name], [day], settings).coverage[day]
    assert line.state == "available", line.message
    return Lake(settings.lake_uri).read(name, "usage_day").to_pylist()


def test_the_user_level_example_of_the_docs(github):
    github.envelope(f"{REPORTS}/users-1-day", day="2025-10-01")
    github.answer("/files/part-0.json", USER_LEVEL)
    (row,) = stored("copilot_user_usage", REPORT_DAY)
    assert (row["user_login"], row["ai_credits_used"], row["ai_credits_state"]) == ("login1", None, "absent")
    assert (row["used_cli"], row["used_agent"], row["cli_sessions"]) == (True, False, 2)
    assert (row["cli_prompt_tokens"], row["cli_output_tokens"], row["code_acceptances"]) == (3800, 5000, 1)


def test_seats_that_teams_and_organizations_hold(github):
    seat = {"created_at": "2006-01-02T05:00:00Z", "pending_cancellation_date": "2021-11-01"}
    holders = [{"login": "octocat", "id": 1}, {"login": "octokitten", "id": 1},
               {"name": "octokittens", "id": 1, "type": "Team"}, {"name": "octocats", "id": 1, "type": "Organization"}]
    seats = [seat | {"assignee": holder} for holder in holders]
    github.answer("/enterprises/acme/copilot/billing/seats", json.dumps({"total_seats": 4, "seats": seats}))
    found = sorted((row["user_login"], row["user_id"]) for row in stored("copilot_seats"))
    assert found == [("octocat", 1), ("octocats", None), ("octokitten", 1), ("octokittens", None)]


def test_external_identities_without_page_information_names_or_people(github, monkeypatch):
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "saml")
    nodes = [{"guid": "1", "samlIdentity": {"nameId": "alice"}, "user": {"login": "alice_git"}},
             {"samlIdentity": {"emails": [{"value": "Ukjent.Person@nav.no"}]}, "user": {"login": "ukjent"}},
             {"guid": "3", "samlIdentity": {"nameId": "bob"}, "user": None}]
    provider = {"samlIdentityProvider": {"externalIdentities": {"edges": [{"node": node} for node in nodes]}}}
    github.answer("/graphql", json.dumps({"data": {"enterprise": {"ownerInfo": provider}}}))
    found = sorted((row["user_login"], row["idp_user_name"], row["email"]) for row in stored("github_identities"))
    assert found == [("alice_git", "alice", None), ("ukjent", None, "ukjent.person@nav.no")]


def test_licences_of_people_on_github_and_of_those_on_an_own_server(github, monkeypatch):
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "licences")
    mona = {"github_com_login": "monalisa", "github_com_name": "Mona Lisa", "license_type": "enterprise",
            "github_com_verified_domain_emails": ["monalisa@github.com"], "github_com_saml_name_id": "monalisa",
            "github_com_member_roles": ["org1:Owner"], "enterprise_server_emails": ["monalisa@github.com"]}
    server_only = {"github_com_login": "", "github_com_name": "", "github_com_user": False,
                   "github_com_verified_domain_emails": None, "enterprise_server_emails": ["hubot@github.com"]}
    body = {"total_seats_consumed": 5000, "total_seats_purchased": 4500, "users": [mona, server_only]}
    github.answer("/enterprises/acme/consumed-licenses", json.dumps(body))
    (row,) = stored("github_identities")
    assert (row["user_login"], row["email"], row["idp_user_name"]) == ("monalisa", "monalisa@github.com", "monalisa")


def test_the_user_level_example_of_the_docs_since_credits_are_in_it(github):
    example = {
        "ai_adoption_phase": {"phase": "Phase 2", "phase_number": 2, "version": "v1"}, "ai_credits_used": 12.5,
        "code_acceptance_activity_count": 3, "code_generation_activity_count": 3, "day": "2025-10-01", "enterprise_id": "1",
        "distinct_mcp_use_count": 2, "loc_added_sum": 32, "totals_by_mcp": [{"interaction_count": 8, "mcp": "github-mcp-server"}],
        "totals_by_3rd_party_agent": [{"agent_id": "2246796", "agent_name": "Claude (Anthropic)",
                                       "user_initiated_interaction_count": 2}],
        "totals_by_copilot_app": {"prompt_count": 1, "request_count": 3, "session_count": 1, "token_usage": {
            "avg_tokens_per_request": 3200.0, "output_tokens_sum": 4200, "prompt_tokens_sum": 5400}},
        "totals_by_feature": [{"feature": "copilot_app", "user_initiated_interaction_count": 1}],
        "used_agent": False, "used_chat": False, "used_cli": True, "used_copilot_app": True,
        "used_copilot_cloud_agent": False, "used_copilot_code_review_active": None, "used_copilot_coding_agent": False,
        "user_id": 1, "user_login": "login1", "user_initiated_interaction_count": 1, "etl_id": "green",
        "day_partition": "2025-10-01", "entity_id_partition": 1,
    }  # fmt: skip
    github.envelope(f"{REPORTS}/users-1-day", day="2025-10-01")
    github.answer("/files/part-0.json", json.dumps([example], indent=2))
    (row,) = stored("copilot_user_usage", REPORT_DAY)
    assert (row["ai_credits_used"], row["ai_credits_state"], row["interactions"]) == (Decimal("12.5"), "known", 1)
    assert (row["used_cli"], row["used_cloud_agent"], row["cli_sessions"]) == (True, False, None)


#: Two of the records that the viewer keeps in one object with its window, as GitHub's aggregated reports do.
OCTOCAT = {"organization_id": "100000001", "enterprise_id": "200001", "user_id": 338094, "user_login": "octocat",
           "report_start_day": "2026-03-29", "report_end_day": "2026-04-25", "user_initiated_interaction_count": 0}
VIEWER_DAYS = [
    OCTOCAT | {"day": "2026-03-31", "used_agent": False, "used_copilot_coding_agent": True, "used_copilot_cloud_agent": True},
    OCTOCAT | {"day": "2026-04-01", "used_cli": True, "used_copilot_coding_agent": False, "used_copilot_cloud_agent": False,
               "totals_by_cli": {"session_count": 175, "request_count": 4433, "prompt_count": 131, "token_usage": {
                   "output_tokens_sum": 11135411, "prompt_tokens_sum": 303409063, "avg_tokens_per_request": 832625}}},
]  # fmt: skip


@pytest.mark.parametrize("shape", ["lines", "one object", "one object on many lines"])
def test_the_28_day_report_of_the_viewer_in_either_of_its_shapes(github, shape):
    wrapped = {"report_start_day": "2026-03-29", "report_end_day": "2026-04-25", "organization_id": "100000001",
               "created_at": "2026-04-26T03:36:11.710Z", "day_totals": VIEWER_DAYS}
    lines = "\n".join(map(json.dumps, VIEWER_DAYS))
    indent = 2 if shape == "one object on many lines" else None
    github.answer("/files/part-0.json", lines if shape == "lines" else json.dumps(wrapped, indent=indent))
    github.answer(f"{REPORTS}/users-28-day/latest", json.dumps({
        "download_links": [f"{github.url}/files/part-0.json"], "report_start_day": "2026-03-29",
        "report_end_day": "2026-04-25"}))
    (row,) = stored("copilot_user_usage_28_day", date(2026, 4, 1))
    assert (row["user_id"], row["used_cli"], row["used_cloud_agent"], row["ai_credits_state"]) == (338094, True, False, "absent")
    assert (row["cli_sessions"], row["cli_prompt_tokens"], row["cli_output_tokens"]) == (175, 303_409_063, 11_135_411)
    assert [row["used_cloud_agent"] for row in stored("copilot_user_usage_28_day", date(2026, 3, 31))
            if row["usage_day"] == date(2026, 3, 31)] == [True]


def test_the_28_day_envelope_of_the_reference_with_its_two_links(github):
    links = [f"{github.url}/copilot-usage-report-{n}.ndjson" for n in (1, 2)]
    envelope = {"download_links": links, "report_start_day": "2025-07-01", "report_end_day": "2025-07-28"}
    github.answer("/orgs/octo-org/copilot/metrics/reports/users-28-day/latest", json.dumps(envelope))
    github.answer(f"{REPORTS}/users-28-day/latest", json.dumps(envelope))
    for number in (1, 2):
        line = {"day": "2025-07-28", "user_id": number, "user_login": f"login{number}", "ai_credits_used": number + 0.25}
        github.answer(f"/copilot-usage-report-{number}.ndjson", json.dumps(line))
    assert sorted((row["user_login"], row["ai_credits_used"]) for row in stored(
        "copilot_user_usage_28_day", date(2025, 7, 28))) == [("login1", Decimal("1.25")), ("login2", Decimal("2.25"))]


#: Its report of one day for the enterprise (2026-07), which has neither a day in the record nor GitHub's name of the login.
VIEWER_USER = {"login": "octocat", "user_id": 1, "total_active_days": 1, "user_initiated_interaction_count": 18,
               "code_generation_activity_count": 55, "code_acceptance_activity_count": 38, "ai_credits_used": 3.7,
               "ai_adoption_phase": {"phase_number": 2, "phase": "Phase 2", "version": "v1"}}  # fmt: skip


def test_the_viewers_report_of_one_day_whose_records_name_neither_day_nor_user_login(github):
    wrapped = {"report_day": "2026-03-03", "organization_id": "100000001", "enterprise_id": "200001",
               "created_at": "2026-03-04T00:00:00Z", "user_totals": [VIEWER_USER]}
    github.envelope(f"{REPORTS}/users-1-day", day="2026-03-03")
    github.answer("/files/part-0.json", json.dumps(wrapped, indent=2))
    (row,) = stored("copilot_user_usage", date(2026, 3, 3))
    assert (row["user_id"], row["user_login"], row["ai_credits_used"]) == (1, "octocat", Decimal("3.7"))
    assert (row["interactions"], row["code_generations"], row["code_acceptances"]) == (18, 55, 38)


def test_its_totals_of_28_days_say_nothing_about_a_day_and_are_refused(github):
    wrapped = {"report_start_day": "2026-02-04", "report_end_day": "2026-03-03", "enterprise_id": "200001",
               "user_totals": [VIEWER_USER | {"total_active_days": 22, "user_initiated_interaction_count": 410}]}
    github.answer("/files/part-0.json", json.dumps(wrapped, indent=2))
    github.answer(f"{REPORTS}/users-28-day/latest", json.dumps({
        "download_links": [f"{github.url}/files/part-0.json"], "report_start_day": "2026-02-04",
        "report_end_day": "2026-03-03"}))
    line = land(FEED["copilot_user_usage_28_day"], [date(2026, 3, 3)], Settings.from_environment()).coverage[date(2026, 3, 3)]
    assert (line.state, line.reason) == ("missing", "missing_field")
    assert "field day is missing, and totals of 2026-02-04 to 2026-03-03 say nothing about a day" in line.message


def test_the_teams_of_users_of_the_viewer(github):
    members = [(1, "monalisa", 1001), (2, "defunkt", 1001), (2, "defunkt", 1002), (9, "newjoiner", 1002)]
    lines = [{"user_id": user, "user_login": login, "day": "2026-04-25", "organization_id": "100000001", "team_id": team,
              "slug": {1001: "the-a-team", 1002: "dev-team"}[team]} for user, login, team in members]
    github.envelope(f"{REPORTS}/user-teams-1-day", day="2026-04-25")
    github.answer("/files/part-0.json", json.dumps(lines, indent=1))
    found = sorted((row["team_slug"], row["user_id"]) for row in stored("copilot_user_teams", date(2026, 4, 25)))
    assert found == [("dev-team", 2), ("dev-team", 9), ("the-a-team", 1), ("the-a-team", 2)]


def test_the_viewers_enterprise_seats_with_duplicates_are_one_a_person(github):
    def seat(login: str, number: int, day: int, given: int, team: str) -> dict:
        return {"created_at": f"2021-08-0{given}T18:00:00-06:00", "pending_cancellation_date": None,
                "last_activity_at": f"2021-10-{day}T00:53:32-06:00", "last_activity_editor": "vscode/1.77.3/copilot/1.86.82",
                "assignee": {"login": login, "id": number, "type": "User"},
                "assigning_team": {"id": 1, "name": team, "slug": team}}

    seats = [seat("octocat", 1, 14, 3, "team-alpha"), seat("octocat", 1, 16, 3, "team-beta"),
             seat("octokitten", 2, 13, 4, "team-alpha"), seat("octokitten", 2, 15, 4, "team-beta")]
    github.answer("/enterprises/acme/copilot/billing/seats", json.dumps({"total_seats": 2, "seats": seats}))
    found = sorted((row["user_id"], row["assigning_team"], row["last_activity_at"]) for row in stored("copilot_seats"))
    assert found == [(1, "team-beta", datetime(2021, 10, 16, 6, 53, 32, tzinfo=UTC)),
                     (2, "team-beta", datetime(2021, 10, 15, 6, 53, 32, tzinfo=UTC))]


LIST = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
USER = ["urn:ietf:params:scim:schemas:core:2.0:User"]


def test_the_scim_list_of_an_enterprise(github, monkeypatch):
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "scim")
    person = {"schemas": USER, "externalId": "E012345", "id": "7fce0092-d52e-4f76-b727-3955bd72c939", "active": True,
              "userName": "E012345", "name": {"formatted": "Ms. Mona Lisa Octocat", "familyName": "Octocat",
                                              "givenName": "Mona", "middleName": "Lisa"},
              "displayName": "Mona Lisa", "emails": [{"value": "mlisa@example.com", "type": "work", "primary": True}],
              "roles": [{"value": "User", "primary": False}]}
    github.answer("/scim/v2/enterprises/acme/Users", json.dumps(
        {"schemas": LIST, "totalResults": 1, "Resources": [person], "startIndex": 1, "itemsPerPage": 20}))
    (row,) = stored("github_identities")
    assert (row["source"], row["idp_user_name"], row["email"], row["name"], row["is_active"], row["user_login"]) == (
        "scim", "E012345", "mlisa@example.com", "Mona Lisa", True, None)


def test_the_scim_list_of_an_organization(github, monkeypatch):
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "scim")
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    monkeypatch.setenv("GITHUB_ORGS", "octo-org")
    people = [
        {"schemas": USER, "id": "edefdfedf-050c-11e7-8d32", "externalId": "a7d0f98382", "displayName": "Mona Octocat",
         "userName": "mona.octocat@okta.example.com", "active": True,
         "emails": [{"value": "mona.octocat@okta.example.com", "primary": True}]},
        {"schemas": USER, "id": "77563764-eb6-24-0598234-958243", "externalId": "sdfoiausdofiua", "displayName": "hu bot",
         "userName": "hubot@example.com", "active": True, "emails": [{"value": "hubot@example.com", "primary": True}]},
    ]
    github.answer("/scim/v2/organizations/octo-org/Users", json.dumps(
        {"schemas": LIST, "totalResults": 2, "itemsPerPage": 2, "startIndex": 1, "Resources": people}))
    assert sorted((row["email"], row["name"]) for row in stored("github_identities")) == [
        ("hubot@example.com", "hu bot"), ("mona.octocat@okta.example.com", "Mona Octocat")]


def test_a_team_of_the_enterprise_and_its_member(github):
    team = {"id": 1, "name": "Justice League", "description": "A great team.", "slug": "justice-league",
            "group_id": "62ab9291-fae2-468e-974b-7e45096d5021", "created_at": "2019-01-26T19:01:12Z"}
    github.answer("/enterprises/acme/teams", json.dumps([team]))
    github.answer("/enterprises/acme/teams/justice-league/memberships", '[{"login":"octocat","id":1,"type":"User"}]')
    (row,) = stored("github_teams")
    assert (row["team_type"], row["team_path"], row["team_name"], row["user_login"]) == (
        "enterprise", "1", "Justice League", "octocat")


def test_a_nested_team_whose_member_is_its_own(github, monkeypatch):
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    monkeypatch.setenv("GITHUB_ORGS", "octo-org")
    league = {"id": 1, "name": "Justice League", "slug": "justice-league", "privacy": "closed", "permission": "admin"}
    roster = {"id": 2, "name": "Original Roster", "slug": "original-roster", "parent": league}
    github.answer("/orgs/octo-org/teams", json.dumps([league | {"parent": None}, roster]))
    octocat = {"login": "octocat", "id": 1, "type": "User", "role": "member"}
    github.answer("/orgs/octo-org/teams/justice-league/members", json.dumps([octocat | {"inherited": True}]))
    github.answer("/orgs/octo-org/teams/original-roster/members", json.dumps([octocat | {"inherited": False}]))
    found = sorted((row["team_path"], row["user_id"]) for row in stored("github_teams"))
    assert found == [("1", None), ("1/2", 1)]


def test_a_bill_by_model_of_the_viewer(github):
    """Eighteen models that the pool covers whole; figures as printed, and summed by hand."""
    gross = {
        "Auto: Claude Haiku 4.5": "1260.052191", "Auto: Claude Sonnet 4.6": "1269.3210705", "Auto: GPT-5.3-Codex": "5250.9188025",
        "Auto: GPT-5.4": "796.40838", "Auto: GPT-5.4 mini": "318.46662", "Claude Haiku 4.5": "120.085085",
        "Claude Opus 4.5": "2111.612525", "Claude Opus 4.6": "749.989375", "Claude Opus 4.7": "3055.2165",
        "Claude Opus 4.8": "1195.124825", "Claude Sonnet 4.5": "55.789245", "Claude Sonnet 4.6": "248.893605",
        "Code Review model": "193.620575", "GPT-5.3-Codex": "583.11918", "GPT-5.4": "175.2695", "GPT-5.4 mini": "14.272335",
        "GPT-5.5": "45964.4433", "MAI-Code-1-Flash": "1436.98143",
    }  # fmt: skip
    items = ",".join(
        f'{{"product":"Copilot","sku":"Copilot AI Credits","model":"{model}","unitType":"ai-credits","pricePerUnit":0.01,'
        f'"grossQuantity":{n},"grossAmount":{Decimal(n) / 100},"discountQuantity":{n},"discountAmount":{Decimal(n) / 100},'
        f'"netQuantity":0.0,"netAmount":0.0}}'
        for model, n in gross.items()
    )
    body = f'{{"timePeriod":{{"year":2026,"month":6}},"organization":"mocked-org","usageItems":[{items}]}}'
    github.answer("/enterprises/acme/settings/billing/ai_credit/usage", body)
    github.answer("/enterprises/acme/settings/billing/usage/summary", '{"timePeriod":{"year":2026,"month":6},"usageItems":[]}')
    rows = stored("copilot_billing_usage", date(2026, 6, 20))
    assert (len(rows), sum(row["gross_quantity"] for row in rows)) == (18, Decimal("64799.584544"))
    assert (sum(row["discount_usd"] for row in rows), sum(row["net_usd"] for row in rows)) == (Decimal("647.99584544"), 0)
