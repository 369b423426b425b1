"""Whatever stands in the place of a value, an answer is rows that can be stored or an error that names the feed."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from copilot_fake_github import fake_github
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_spend.errors import FeedError
from agent_spend.settings import Settings
from agent_spend.sources import http
from agent_spend.sources.copilot.assets import FEEDS

FEED = {feed.name: feed for feed in FEEDS}
DAY = date(2026, 11, 18)
REPORTS, BILL = "/enterprises/acme/copilot/metrics/reports", "/enterprises/acme/settings/billing"
FILE, PERIOD = "/files/part-0.json", {"year": 2026, "month": 11, "day": 18}
USER_DAY = {
    "day": "2026-11-18", "enterprise_id": "7001", "user_id": 5501, "user_login": "mira", "ai_credits_used": 183.274,
    "user_initiated_interaction_count": 21, "used_agent": True,
    "totals_by_cli": {"session_count": 2, "token_usage": {"prompt_tokens_sum": 1, "output_tokens_sum": 3}},
}  # fmt: skip
ITEM = {
    "product": "Copilot", "sku": "Copilot AI Credits", "model": "GPT-5", "unitType": "ai-credits", "grossQuantity": 100.5,
    "grossAmount": 1.005, "discountQuantity": 0, "discountAmount": 0, "netQuantity": 100.5, "netAmount": 1.005,
}  # fmt: skip
SEAT = {
    "created_at": "2026-03-01T09:00:00Z", "last_activity_at": "2026-11-20T07:12:44Z", "plan_type": "business",
    "pending_cancellation_date": None, "assignee": {"login": "mira", "id": 1}, "assigning_team": {"slug": "a"},
}  # fmt: skip
IDENTITY = {
    "samlIdentity": {"nameId": "a@b.c", "emails": [{"value": "a@b.c"}]}, "scimIdentity": None,
    "user": {"login": "a", "databaseId": 1, "name": "A"},
}  # fmt: skip
LICENCE = {
    "github_com_login": "a", "github_com_name": "A", "github_com_saml_name_id": "a",
    "github_com_verified_domain_emails": ["a@b.c"],
}  # fmt: skip
SCIM = {
    "totalResults": 1, "Resources": [{"userName": "a", "active": True, "emails": [{"value": "a@b.c", "primary": True}]}]
}
ENVELOPE = {"download_links": ["{url}/files/part-0.json"], "report_day": "2026-11-18"}
WINDOW = {"download_links": ["{url}/files/part-0.json"], "report_start_day": "2026-10-22", "report_end_day": "2026-11-18"}
#: Feed -> a good answer of each of its endpoints.
ANSWERS = {
    "copilot_user_usage": {f"{REPORTS}/users-1-day": ENVELOPE, FILE: USER_DAY},
    "copilot_user_usage_28_day": {f"{REPORTS}/users-28-day/latest": WINDOW, FILE: USER_DAY},
    "copilot_user_teams": {f"{REPORTS}/user-teams-1-day": ENVELOPE, FILE: {
        "day": "2026-11-18", "user_id": 5501, "user_login": "mira", "team_id": 440, "slug": "a", "organization_id": "8101"}},
    "copilot_billing_usage": {
        f"{BILL}/{name}": {"timePeriod": PERIOD, "usageItems": [ITEM]} for name in ("ai_credit/usage", "usage/summary")},
    "copilot_seats": {"/enterprises/acme/copilot/billing/seats": {"total_seats": 1, "seats": [SEAT]}},
    "github_teams": {
        "/enterprises/acme/teams": [{"id": 1, "slug": "a", "name": "A", "parent": {"id": 2, "slug": "b", "name": "B"}}],
        "/enterprises/acme/teams/a/memberships": [{"id": 7, "login": "mira", "inherited": False}]},
    "github_identities": {
        "/enterprises/acme/consumed-licenses": {"users": [LICENCE]}, "/scim/v2/enterprises/acme/Users": SCIM,
        "/graphql": {"data": {"enterprise": {"ownerInfo": {"samlIdentityProvider": {"externalIdentities": {
            "pageInfo": {"hasNextPage": False}, "edges": [{"node": IDENTITY}]}}}}}}},
}  # fmt: skip
ODD = [
    None, "", 0, -1, True, [], {}, [None], "x", "2026-99-99", "NaN", "-1e999", 1e308, 1e-30, 10**30, 2**63, -(10**20), "\0",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-17",
]  # fmt: skip
JUNK = st.one_of(st.sampled_from(ODD), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2), max_leaves=4,
))  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with fake_github() as fake:
        yield fake


def places(document: object, above: tuple = ()) -> Iterator[tuple]:
    yield above
    inner = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in inner:
        yield from places(value, (*above, key))


def with_junk(document: object, place: tuple, junk: object) -> object:
    if not place:
        return junk
    copied = json.loads(json.dumps(document))
    inner = copied
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return copied


@pytest.mark.parametrize("name", ANSWERS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_junk_is_stored_as_rows_or_named(server, monkeypatch, name, data):
    for setting, value in {
        "GITHUB_API_URL": server.url, "GITHUB_TOKEN": "ghp_test", "GITHUB_ENTERPRISE": "acme",
        "AGENT_SPEND_TODAY": "2026-11-19", "AGENT_SPEND_HTTP_RATE_SCALE": "100000",
    }.items():  # fmt: skip
        monkeypatch.setenv(setting, value)
    monkeypatch.setattr(http, "MAX_ATTEMPTS", 1)
    answers = {path: json.loads(json.dumps(body).replace("{url}", server.url)) for path, body in ANSWERS[name].items()}
    path = data.draw(st.sampled_from(sorted(answers)))
    place = data.draw(st.sampled_from(list(places(answers[path]))))
    answers[path] = with_junk(answers[path], place, data.draw(JUNK))
    server.answers.clear()
    for each, body in answers.items():
        server.answer(each, json.dumps(body))
    (answer,) = FEED[name].fetch([DAY], Settings.from_environment())
    if not answer.is_data:
        assert answer.reason and name in answer.message
        return
    try:
        FEED[name].table(answer)
    except FeedError as error:
        assert name in error.message
