"""What the enterprise gave for a day is never replaced by the lesser answer of its organizations, in any feed."""

import json
from datetime import date

import pytest

from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

FEED = {feed.name: feed for feed in FEEDS}
NOW = date(2026, 11, 22)
REPORTS = {"copilot_user_usage": "users-1-day", "copilot_user_usage_28_day": "users-28-day/latest",
           "copilot_user_teams": "user-teams-1-day"}  # fmt: skip
CREDITS = {"product": "Copilot", "sku": "AI Credits", "unitType": "ai-credits", "discountQuantity": 0, "discountAmount": 0}
REFUSED = '{"message":"Resource not accessible by personal access token"}'


@pytest.fixture(autouse=True)
def settings(github, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", NOW.isoformat())
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "scim")


def answers(name: str, scope: str, *people: int, url: str) -> dict[str, object]:
    """Path -> what ``scope``, a path as most of GitHub's API has it, answers of these people."""
    if name in REPORTS:
        file = f"/files/{name}-{scope.replace('/', '-')}-{len(people)}.json"
        line = {"day": NOW.isoformat(), "user_login": "x", "team_id": 40, "slug": "pay", "ai_credits_used": 10}
        window = dict.fromkeys(("report_day", "report_start_day", "report_end_day"), NOW.isoformat())
        return {
            f"{scope}/copilot/metrics/reports/{REPORTS[name]}": {"download_links": [url + file], **window},
            file: [line | {"user_id": person} for person in people],
        }
    if name == "copilot_seats":
        seats = [{"created_at": "2026-03-01T09:00:00Z", "assignee": {"id": n, "login": f"u{n}"}} for n in people]
        return {f"{scope}/copilot/billing/seats": {"total_seats": len(seats), "seats": seats}}
    if name == "github_identities":
        users = [{"userName": f"u{n}@acme.test"} for n in people]
        return {f"/scim/v2{scope.replace('orgs', 'organizations')}/Users": {"totalResults": len(users), "Resources": users}}
    if name == "github_teams":
        below = "members" if scope.startswith("/orgs") else "memberships"
        return {
            f"{scope}/teams": [{"id": 40, "slug": "ent:pay", "name": "Pay", "type": "enterprise"}],
            f"{scope}/teams/ent:pay/{below}": [{"id": n, "login": f"u{n}"} for n in people],
        }
    items = [
        {**CREDITS, "model": f"model {n}", "grossQuantity": 5, "grossAmount": 0.05, "netQuantity": 5, "netAmount": 0.05}
        for n in people
    ]
    bill = f"{scope.replace('orgs', 'organizations')}/settings/billing"
    return {f"{bill}/{report}": {"usageItems": items} for report in ("ai_credit/usage", "usage/summary")}


def people_stored(name: str) -> list:
    rows = Lake(Settings.from_environment().lake_uri).read(name, "usage_day").to_pylist()
    key = {"github_identities": "idp_user_name", "copilot_billing_usage": "model"}.get(name, "user_id")
    return sorted(str(row[key]) for row in rows)


def landed(name: str):
    return land(FEED[name], [NOW], Settings.from_environment()).coverage[NOW]


@pytest.mark.parametrize("org", ["one", "acme"])
@pytest.mark.parametrize("name", FEED)
def test_organizations_do_not_replace_what_the_enterprise_gave_earlier(github, monkeypatch, name, org):
    # An organization may be called as its enterprise is.
    monkeypatch.setenv("GITHUB_ORGS", org)
    enterprise = answers(name, "/enterprises/acme", 1, 2, 3, url=github.url)
    for path, body in {**enterprise, **answers(name, f"/orgs/{org}", 1, url=github.url)}.items():
        github.answer(path, json.dumps(body))
    before, people = landed(name), people_stored(name)
    github.answers.update({path: [(403, {}, REFUSED.encode())] for path in enterprise if "/enterprises/" in path})
    after = landed(name)
    assert (len(set(people)), people_stored(name)) == (3, people)
    assert (after.state, after.row_count, after.revision) == ("available", before.row_count, 1)
    assert "forbidden" in (after.last_attempt + after.message) and "stored" in after.message, after


@pytest.mark.parametrize("name", FEED)
def test_where_the_enterprise_never_answered_its_organizations_list_of_the_day_is_read_anew(github, monkeypatch, name):
    monkeypatch.setenv("GITHUB_ORGS", "acme")
    for people in ((1, 2), (2,)):
        github.answers.clear()
        for path, body in answers(name, "/orgs/acme", *people, url=github.url).items():
            github.answer(path, json.dumps(body))
        line = landed(name)
    assert (len(people_stored(name)), line.row_count, line.last_attempt) == (1, 1, "available")


def test_a_person_of_a_refused_list_is_not_taken_for_one_of_another_scopes_list(github, monkeypatch):
    name = "github_identities"
    monkeypatch.setenv("GITHUB_ORGS", "one")
    first = {**answers(name, "/enterprises/acme", 1, url=github.url), **answers(name, "/orgs/one", 1, 2, 3, url=github.url)}
    for path, body in first.items():
        github.answer(path, json.dumps(body))
    landed(name)
    # The enterprise refuses and keeps its one person; two have left the organization's list, which is read.
    github.answers.clear()
    for path, body in answers(name, "/orgs/one", 2, url=github.url).items():
        github.answer(path, json.dumps(body))
    line = landed(name)
    assert people_stored(name) == ["u1@acme.test", "u2@acme.test"]
    assert line.message == "scim of enterprise acme: no_scim; 1 rows stored before were kept for scim enterprise acme"
