"""The simulated Cursor Admin API answers as the vendor's documentation and live traffic say."""

from contextlib import ExitStack
from datetime import date
from decimal import Decimal

import pytest
import requests

from agent_spend.sandbox.cursor_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import running

#: Monday 2026-11-16 00:00:00.000 UTC.
MONDAY_MS = 1794787200000
DAY_MS = 86_400_000
EVENTS = "/teams/filtered-usage-events"


@pytest.fixture(scope="module")
def cursor(tmp_path_factory):
    """Gives a running sandbox with these switches and ``ask(method, path, body)`` signed as the team.

    The API is read-only, so tests with equal switches share one server.
    """
    folder, servers = tmp_path_factory.mktemp("cursor"), {}
    scenario = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
    with ExitStack() as stack:

        def start(**options):
            switches = tuple(sorted(options.items()))
            if switches not in servers:
                server = servers[switches] = stack.enter_context(running(scenario, folder, **options))
                server.ask = lambda method, path, body=None, key="crsr_sandbox": requests.request(
                    method, f"{server.url}/cursor{path}", json=body, auth=(key, ""), timeout=10
                )
            return servers[switches]

        yield start


def test_a_wrong_key_is_told_so_in_the_vendors_words(cursor):
    answer = cursor().ask("POST", EVENTS, {}, key="crsr_wrong")
    assert (answer.status_code, answer.json()) == (401, {"code": "error", "message": "Invalid Team API Key"})


def test_the_key_as_bearer_or_with_a_password_is_refused(cursor):
    server = cursor()
    url = f"{server.url}/cursor/teams/members"
    assert requests.get(url, headers={"Authorization": "Bearer crsr_sandbox"}, timeout=10).status_code == 401
    assert requests.get(url, auth=("crsr_sandbox", "secret"), timeout=10).status_code == 401


def test_a_plan_without_the_api_is_forbidden(cursor):
    answer = cursor().ask("GET", "/teams/members", key="crsr_plan")
    assert (answer.status_code, answer.json()["message"]) == (403, "Enterprise access required")


def test_pages_are_newest_first_and_default_to_a_hundred_rows(cursor):
    answer = cursor().ask("POST", EVENTS, {}).json()
    moments = [int(event["timestamp"]) for event in answer["usageEvents"]]
    assert len(moments) == 100
    assert moments == sorted(moments, reverse=True)
    assert answer["pagination"]["hasNextPage"] is True


def test_both_bounds_are_inclusive(cursor):
    server = cursor()
    edge = server.ask("POST", EVENTS, {"startDate": MONDAY_MS - 1, "endDate": MONDAY_MS}).json()
    assert [event["timestamp"] for event in edge["usageEvents"]] == [str(MONDAY_MS), str(MONDAY_MS - 1)]
    assert edge["totalUsageEventsCount"] == 2


def test_a_too_large_page_is_answered_without_rows_and_without_a_count(cursor):
    answer = cursor().ask("POST", EVENTS, {"pageSize": 1001})
    assert answer.status_code == 200
    assert set(answer.json()) == {"period"}


def test_a_too_large_page_can_be_cut_to_a_thousand_instead(cursor):
    answer = cursor(cursor_oversize="clamp").ask("POST", EVENTS, {"pageSize": 5000}).json()
    assert answer["pagination"]["pageSize"] == 1000
    assert answer["usageEvents"]


def test_text_instead_of_a_number_is_a_bad_request(cursor):
    assert cursor().ask("POST", EVENTS, {"startDate": "2026-11-01"}).status_code == 400


def test_an_unknown_hosting_type_is_a_bad_request(cursor):
    assert cursor().ask("POST", EVENTS, {"hostingType": "MOON"}).status_code == 400


def test_the_star_finds_every_automation(cursor):
    found = cursor().ask("POST", EVENTS, {"automationId": "*", "pageSize": 1000}).json()["usageEvents"]
    assert found
    assert all(event["automationId"] for event in found)
    assert {event.get("serviceAccountId", "null") == "null" for event in found} == {True, False}


def test_filters_are_joined_by_and(cursor):
    server = cursor()
    body = {"automationId": "*", "serviceAccountId": "sa_sim_ci"}
    assert server.ask("POST", EVENTS, body).json()["totalUsageEventsCount"] == 0


@pytest.mark.parametrize(
    ("vocabulary", "expected"), [("label", {False}), ("enum", {True}), ("mixed", {True, False})]
)
def test_kinds_are_written_in_the_chosen_vocabulary(cursor, vocabulary, expected):
    body = {"startDate": MONDAY_MS, "endDate": MONDAY_MS + 2 * DAY_MS - 1, "pageSize": 1000}
    events = cursor(cursor_kinds=vocabulary).ask("POST", EVENTS, body).json()["usageEvents"]
    assert {event["kind"].startswith("USAGE_EVENT_KIND_") for event in events} == expected


def test_pages_repeat_rows_at_their_seams_on_demand(cursor):
    server = cursor(cursor_seams="2")
    pages = [server.ask("POST", EVENTS, {"page": page, "pageSize": 50}).json()["usageEvents"] for page in (1, 2)]
    assert len(pages[1]) == 52
    assert pages[1][:2] == pages[0][-2:]


def test_zero_buckets_and_inapplicable_fields_are_left_out(cursor):
    events = cursor().ask("POST", EVENTS, {"pageSize": 1000}).json()["usageEvents"]
    [by_request, *_] = [event for event in events if event["model"] == "agent_review"]
    assert "tokenUsage" not in by_request
    assert "cursorTokenFee" not in by_request
    composer = next(event for event in events if event["model"] == "composer-2.5")
    assert "cacheWriteTokens" not in composer["tokenUsage"]


def test_the_sixty_first_request_of_a_minute_is_refused_and_told_when_to_return(cursor):
    server = cursor(rate_scale="0.05")
    answers = [server.ask("POST", EVENTS, {"pageSize": 1}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "60"
    assert answers[3].json() == {"code": "error", "message": "Rate limit exceeded"}
    assert server.ask("GET", "/teams/members").status_code == 200


def test_the_member_list_includes_the_removed_person(cursor):
    server = cursor()
    people = server.ask("GET", "/teams/members").json()["teamMembers"]
    leaver = server.state.scenario.incidents.leaver
    assert [person["email"] for person in people if person["isRemoved"]] == [leaver.email]
    assert people[0]["id"] == "user_00000Sim"


def test_member_ids_can_be_the_older_numbers(cursor):
    people = cursor(cursor_member_ids="numeric").ask("GET", "/teams/members").json()["teamMembers"]
    assert people[0]["id"] == 90_000


def test_activity_pages_count_users_and_not_rows(cursor):
    body = {"startDate": MONDAY_MS, "endDate": MONDAY_MS + 5 * DAY_MS - 1, "page": 1, "pageSize": 2}
    answer = cursor().ask("POST", "/teams/daily-usage-data", body).json()
    assert len(answer["data"]) == 10
    assert answer["pagination"]["totalUsers"] == 6
    assert answer["pagination"]["totalPages"] == 3


def test_activity_beyond_thirty_days_is_a_bad_request(cursor):
    body = {"startDate": MONDAY_MS - 31 * DAY_MS, "endDate": MONDAY_MS}
    assert cursor().ask("POST", "/teams/daily-usage-data", body).status_code == 400


def test_spend_agrees_with_the_events_of_the_current_cycle(cursor):
    server = cursor()
    key = answer_key(server.state.scenario)["spend_current_cycle"]
    text = server.ask("POST", "/teams/spend", {}).text
    rows = requests.models.complexjson.loads(text, parse_float=Decimal)["teamMemberSpend"]
    assert {row["email"]: row["spendCents"] / 100 for row in rows} == {
        row["email"]: Decimal(key["on_demand_usd"].get(row["email"], "0")) for row in rows
    }
    assert "service_accounts" in key["on_demand_usd"]


def test_groups_hold_the_whole_teams_on_demand_of_a_past_cycle(cursor):
    server = cursor()
    key = answer_key(server.state.scenario)["on_demand_usd"]["by_billing_cycle"]
    text = server.ask("GET", "/teams/groups?billingCycle=2026-11-10").text
    body = requests.models.complexjson.loads(text, parse_float=Decimal, parse_int=Decimal)
    assert body["billingCycle"] == {"cycleStart": "2026-10-27T12:08:04.000Z", "cycleEnd": "2026-11-27T12:08:04.000Z"}
    cents = sum(group["spendCents"] for group in [*body["groups"], body["unassignedGroup"]])
    assert cents / 100 == Decimal(key["2026-10-27T12:08:04Z"])


def test_a_deleted_groups_history_moves_to_unassigned(cursor):
    before, after = (
        cursor(**options).ask("GET", "/teams/groups").json() for options in ({}, {"cursor_deleted_group": "Payments"})
    )
    assert "Payments" in [group["name"] for group in before["groups"]]
    assert "Payments" not in [group["name"] for group in after["groups"]]
    assert after["unassignedGroup"]["spendCents"] > before["unassignedGroup"]["spendCents"]


def test_events_of_a_day_outside_the_scenario_are_none(cursor):
    server = cursor()
    assert date(2026, 10, 1) < server.state.scenario.first_day
    body = {"startDate": 1790812800000, "endDate": 1790899199999}
    assert server.ask("POST", EVENTS, body).json()["totalUsageEventsCount"] == 0
