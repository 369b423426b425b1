"""`github_identities`: who is who, from SCIM, SAML and the licence list, each of which a company may lack."""

import json
from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

IDENTITIES = next(feed for feed in FEEDS if feed.name == "github_identities")
SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
NOW = date(2026, 11, 22)
LICENCES, SCIM = "/enterprises/acme/consumed-licenses", "/scim/v2/enterprises/acme/Users"


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-22")


@pytest.fixture
def from_source(monkeypatch):
    """Asks for these kinds of lists only."""
    return lambda *names: monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", ",".join(names))


def ask():
    return next(iter(IDENTITIES.fetch([NOW], Settings.from_environment())))


def rows() -> list[dict]:
    return IDENTITIES.table(ask()).to_pylist()


def scim_page(total: int, start: int, *users: dict) -> str:
    return json.dumps({"totalResults": total, "itemsPerPage": len(users), "startIndex": start, "Resources": users})


def saml_page(*nodes: dict, after: str | None = None, scope: str = "enterprise") -> str:
    identities = {"pageInfo": {"hasNextPage": after is not None, "endCursor": after}, "edges": [{"node": n} for n in nodes]}
    provider = {"samlIdentityProvider": {"externalIdentities": identities}}
    return json.dumps({"data": {scope: {"ownerInfo": provider} if scope == "enterprise" else provider}})


def test_every_list_of_an_enterprise_of_managed_users_is_read(sandbox_server):
    sandbox_server(SMALL)
    answer = ask()
    found = {(row["source"], row["user_login"], row["user_id"], row["email"]) for row in IDENTITIES.table(answer).to_pylist()}
    assert ("scim", None, None, "ada.abe0@acme.test") in found
    assert ("saml", "ada-abe0_acme", 500_000, "ada.abe0@acme.test") in found
    assert ("licences", "ada-abe0_acme", None, "ada.abe0@acme.test") in found
    assert ("licences", "contractor-9_acme", None, None) in found
    assert {source for source, *_ in found} == {"scim", "saml", "licences"}
    assert answer.message == (
        "scim of organization acme-core: no_scim; scim of organization acme-apps: no_scim; "
        "saml of organization acme-core: no_saml; saml of organization acme-apps: no_saml"
    )


def test_who_has_left_stays_listed_as_inactive(sandbox_server, from_source):
    sandbox_server(SMALL)
    from_source("scim")
    assert [row["name"] for row in rows() if row["is_active"] is False] == [SMALL.incidents.leaver.name]


def test_an_enterprise_without_scim_still_has_its_other_lists(sandbox_server, monkeypatch):
    sandbox_server(SMALL, github_scim="missing")
    monkeypatch.setenv("GITHUB_ORGS", "")
    answer = ask()
    assert (answer.state, answer.message) == (State.AVAILABLE, "scim of enterprise acme: no_scim")
    assert {row["source"] for row in answer.rows} == {"saml", "licences"}


def test_a_day_on_which_every_list_is_refused_is_that_refusal(sandbox_server, monkeypatch, from_source):
    sandbox_server(SMALL, github_saml="forbidden")
    from_source("saml")
    answer = ask()
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "read:enterprise of an owner of the enterprise" in answer.message


def test_a_list_that_breaks_off_leaves_what_is_stored(github, monkeypatch):
    monkeypatch.setattr("agent_spend.sources.http.MAX_ATTEMPTS", 1)
    github.answer(LICENCES, '{"users":[{"github_com_login":"mira"}]}')
    github.answer(SCIM, "busy", 503)
    answer = ask()
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "server_error", [])


def test_a_list_refused_on_a_second_run_of_the_day_keeps_the_rows_of_the_first(github, from_source):
    from_source("scim", "licences")
    github.answer(LICENCES, '{"users":[{"github_com_login":"mira"},{"github_com_login":"ivo"}]}')
    github.answer(LICENCES, '{"users":[{"github_com_login":"mira"}]}')
    github.answer(SCIM, scim_page(1, 1, {"userName": "mira@a.test"}))
    github.answer(SCIM, '{"message":"token revoked"}', 403)
    settings = Settings.from_environment()
    land(IDENTITIES, [NOW], settings)
    line = land(IDENTITIES, [NOW], settings).coverage[NOW]
    stored = Lake(settings.lake_uri).read("github_identities", "usage_day").to_pylist()
    found = sorted((row["source"], row["user_login"] or row["idp_user_name"]) for row in stored)
    assert found == [("licences", "mira"), ("scim", "mira@a.test")]
    assert line.message == "scim of enterprise acme: forbidden; 1 rows stored before were kept for scim enterprise acme"


def test_scim_counts_from_one_and_pages_by_what_it_was_given(github, from_source):
    from_source("scim")
    github.answer(SCIM, scim_page(3, 1, {"userName": "Mira@A.test"}, {"userName": "E77", "emails": [
        {"value": "private@b.test", "type": "home"}, {"value": "Work@A.test", "type": "work", "primary": True}]}))
    github.answer(SCIM, scim_page(3, 3, {"userName": "svc", "displayName": "Robot", "active": False, "emails": None}))
    found = [(row["idp_user_name"], row["email"], row["name"], row["is_active"]) for row in rows()]
    assert sorted(found) == [
        ("E77", "work@a.test", None, None), ("Mira@A.test", "mira@a.test", None, None), ("svc", None, "Robot", False)]
    assert [target.partition("?")[2] for target, _ in github.requests] == ["startIndex=1&count=100", "startIndex=3&count=100"]


def test_published_shapes_are_taken_as_they_are(github, from_source):
    """GitHub's schema requires schemas, active and emails only, and sends more than anybody needs."""
    from_source("scim")
    full = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "externalId": None, "id": "7f-1", "active": True,
            "userName": "E0123", "name": {"formatted": "Ms. Mira K", "familyName": "K", "givenName": "Mira"},
            "displayName": None, "emails": [{"value": "mira@a.test", "type": "work", "primary": True}],
            "roles": [{"value": "user", "primary": False}],
            "meta": {"resourceType": "User", "created": "2026-01-05T10:00:00.000-05:00", "location": "https://x.test/1"}}
    bare = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "active": False, "emails": []}
    github.answer(SCIM, scim_page(2, 1, full, bare))
    assert [(row["idp_user_name"], row["email"], row["is_active"]) for row in rows()] == [("E0123", "mira@a.test", True)]


def test_an_empty_scim_list_may_leave_its_people_out(github, from_source):
    from_source("scim")
    github.answer(SCIM, '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0}')
    assert ask().state is State.ZERO


def test_a_scim_list_that_stops_early_is_refused(github, from_source):
    from_source("scim")
    github.answer(SCIM, scim_page(3, 1, {"userName": "mira"}))
    github.answer(SCIM, scim_page(3, 2))
    assert ask().reason == "count_mismatch"


def test_scim_may_have_a_token_of_its_own(github, monkeypatch):
    monkeypatch.setenv("GITHUB_SCIM_TOKEN", "ghp_setup_user")
    github.answer(SCIM, scim_page(1, 1, {"userName": "mira"}))
    github.answer(LICENCES, '{"users":[]}')
    github.answer("/graphql", saml_page())
    assert ask().state is State.AVAILABLE
    tokens = {target.split("?")[0]: headers["Authorization"] for target, headers in github.requests}
    assert tokens == {SCIM: "Bearer ghp_setup_user", "/graphql": "Bearer ghp_test", LICENCES: "Bearer ghp_test"}


def test_saml_identities_are_paged_by_cursor_and_unclaimed_ones_left_out(github, from_source):
    from_source("saml")
    mira = {"guid": "g1", "samlIdentity": {"nameId": "mira@a.test", "username": None, "emails": []}, "scimIdentity": None,
            "user": {"login": "Mira-9", "databaseId": 77}}
    ivo = {"samlIdentity": {"nameId": "E88"}, "scimIdentity": {"username": "E88", "emails": [{"value": "Ivo@A.test"}]},
           "user": {"login": "ivo", "databaseId": None, "name": "Ivo"}}
    github.answer("/graphql", saml_page(mira, after="c1"))
    github.answer("/graphql", saml_page({"samlIdentity": {"nameId": "open@a.test"}, "user": None}, ivo))
    found = [(row["user_login"], row["user_id"], row["idp_user_name"], row["email"], row["name"]) for row in rows()]
    assert sorted(found) == [("Mira-9", 77, "mira@a.test", "mira@a.test", None), ("ivo", None, "E88", "ivo@a.test", "Ivo")]
    assert github.asked("/graphql") == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"data":{"enterprise":null},"errors":[{"type":"FORBIDDEN","message":"no"}]}', "forbidden"),
        ('{"data":null,"errors":[{"type":"INSUFFICIENT_SCOPES","message":"read:enterprise"}]}', "forbidden"),
        ('{"data":{"enterprise":null},"errors":[{"type":"NOT_FOUND","message":"no such"}]}', "not_found"),
        ('{"data":{"enterprise":{"ownerInfo":null}}}', "forbidden"),
        ('{"data":{"enterprise":{"ownerInfo":{"samlIdentityProvider":null}}}}', "no_saml"),
        ('{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}', "rate_limited"),
        ('{"errors":[{"message":"Something went wrong"}]}', "graphql"),
    ],
)
def test_refusals_of_graphql_come_with_status_200_and_have_names(github, from_source, body, reason):
    from_source("saml")
    github.answer("/graphql", body)
    assert ask().reason == reason


NO_SAML = '{"data":{"enterprise":{"ownerInfo":{"samlIdentityProvider":null}}}}'


def test_an_enterprise_that_signs_in_by_openid_connect_has_the_same_list(github, from_source):
    from_source("saml")
    github.answer("/graphql", NO_SAML)
    github.answer("/graphql", saml_page({"samlIdentity": None, "user": {"login": "mira_acme", "databaseId": 7},
                                         "scimIdentity": {"username": "mira@a.test", "emails": [{"value": "M@A.test"}]}}))
    assert [(row["source"], row["user_login"], row["user_id"], row["email"]) for row in rows()] == [
        ("saml", "mira_acme", 7, "m@a.test")]


@pytest.mark.parametrize("second", [NO_SAML, '{"errors":[{"message":"Field \'oidcProvider\' doesn\'t exist"}]}'])
def test_an_enterprise_with_neither_kind_of_sign_on_says_so(github, from_source, second):
    from_source("saml")
    github.answer("/graphql", NO_SAML)
    github.answer("/graphql", second)
    answer = ask()
    assert (answer.reason, "no SAML single sign-on is set up for this enterprise" in answer.message) == ("no_saml", True)


def test_organizations_have_lists_of_their_own(github, monkeypatch, from_source):
    from_source("saml", "scim")
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer("/scim/v2/organizations/one/Users", scim_page(1, 1, {"userName": "mira@a.test"}))
    node = {"samlIdentity": {"nameId": "mira@a.test"}, "user": {"login": "mira", "databaseId": 7}}
    github.answer("/graphql", saml_page(node, scope="organization"))
    assert sorted((row["source"], row["user_login"]) for row in rows()) == [("saml", "mira"), ("scim", None)]


def test_people_without_a_github_login_are_left_out_of_the_licences(github, from_source):
    from_source("licences")
    mira = '{"github_com_login":"Mira","github_com_verified_domain_emails":["M@A.test"]}'
    github.answer(LICENCES, f'{{"users":[{{"github_com_login":null}},{mira}]}}')
    (row,) = rows()
    assert (row["user_login"], row["email"], row["idp_user_name"]) == ("Mira", "m@a.test", None)


def test_the_licence_list_alone_needs_an_enterprise(github, monkeypatch, from_source):
    from_source("licences")
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    monkeypatch.setenv("GITHUB_ORGS", "one")
    answer = ask()
    assert answer.state is State.NOT_CONNECTED and "GITHUB_ENTERPRISE" in answer.message


def test_an_unknown_kind_of_list_is_refused_by_name(github, from_source):
    from_source("scim", "ldap")
    answer = ask()
    assert answer.reason == "bad_value" and "GITHUB_IDENTITY_SOURCES: ldap is not among scim, saml, licences" in answer.message
