"""Samples that GitHub and its clients publish, as they are, through the client and into the lake.

Sources: docs.github.com "Example schema for Copilot usage metrics"; google/go-github copilot_test.go and
enterprise_licenses_test.go; square/sharkey's and navikt's recorded answers of GraphQL external identities.
"""

import json
from datetime import date

import pytest

from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

FEED = {feed.name: feed for feed in FEEDS}
NOW, REPORT_DAY = date(2026, 11, 22), date(2025, 10, 1)
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
    path = "/enterprises/acme/copilot/metrics/reports/users-1-day"
    github.envelope(path, day="2025-10-01")
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
