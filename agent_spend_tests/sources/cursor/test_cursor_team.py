"""Members, spend, cycles and activity over real HTTP."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.sandbox.cursor_usage import answer_key
from agent_spend.settings import Settings
from agent_spend.sources.cursor.assets import FEEDS

FEED = {feed.name: feed for feed in FEEDS}
#: The newest closed day: these tests run on 2026-11-23.
YESTERDAY, DAY_BEFORE = date(2026, 11, 22), date(2026, 11, 21)

MEMBERS = {"teamMembers": [
    {"id": "user_Zk31exampleA", "name": "Dana", "email": "dana@acme.test", "role": "owner", "isRemoved": False},
    {"id": "user_Zk31exampleB", "name": "Ivo", "email": "Ivo@acme.test", "role": "member", "isRemoved": True},
]}  # fmt: skip
SPEND = """{"teamMemberSpend":[{"userId":"user_Zk31exampleA","name":"Dana","email":"dana@acme.test","role":"owner",
  "spendCents":19.575,"overallSpendCents":25.575,"fastPremiumRequests":0,
  "hardLimitOverrideDollars":0,"monthlyLimitDollars":null,"effectivePerUserLimitDollars":50}],
 "subscriptionCycleStart":1793102884000,"totalMembers":1,"totalPages":1}"""
GROUPS = """{"groups":[{"id":"group_demo1","name":"Platform","type":"BILLING","spendCents":1957}],
 "unassignedGroup":{"id":"group_unassigned","name":"Unassigned","type":"BILLING","spendCents":0},
 "billingCycle":{"cycleStart":"2026-10-27T12:08:04.000Z","cycleEnd":"2026-11-27T12:08:04.000Z"}}"""


def fetch(name: str, *days: date) -> dict:
    return {answer.day: answer for answer in FEED[name].fetch(days, Settings.from_environment())}


def rows(name: str, day: date) -> list[dict]:
    answer = fetch(name, day)[day]
    assert answer.is_data, answer.message
    return FEED[name].table(answer).to_pylist()


def activity(user: object, day: str, **fields) -> dict:
    return {"userId": user, "day": day, "email": "dana@acme.test"} | fields


def activity_page(data: list[dict], *, has_next: bool = False, total: int = 2) -> dict:
    return {"data": data, "pagination": {"hasNextPage": has_next, "totalUsers": total}}


def test_members_as_documented(vendor):
    vendor.answer = lambda path, body: MEMBERS
    assert rows("cursor_members", YESTERDAY) == [
        {"usage_day": YESTERDAY, "user_id": "user_Zk31exampleA", "email": "dana@acme.test", "name": "Dana",
         "role": "owner", "is_removed": False},
        {"usage_day": YESTERDAY, "user_id": "user_Zk31exampleB", "email": "ivo@acme.test", "name": "Ivo",
         "role": "member", "is_removed": True},
    ]  # fmt: skip


@pytest.mark.parametrize(("ids", "expected"), [("text", "user_00000Sim"), ("numeric", "90000")])
def test_member_ids_of_either_kind_become_text(cursor_sandbox, ids, expected):
    cursor_sandbox(cursor_member_ids=ids)
    assert rows("cursor_members", YESTERDAY)[0]["user_id"] == expected


def test_a_member_list_of_nobody_is_a_failure(vendor):
    vendor.answer = lambda path, body: {"teamMembers": []}
    answer = fetch("cursor_members", YESTERDAY)[YESTERDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "empty_list")


@pytest.mark.parametrize("name", ["cursor_members", "cursor_spend"])
def test_a_live_list_answers_for_the_newest_day_only(cursor_sandbox, name):
    cursor_sandbox()
    answers = fetch(name, DAY_BEFORE, YESTERDAY)
    assert (answers[DAY_BEFORE].state, answers[DAY_BEFORE].reason) == (State.MISSING, "live_list_only")
    assert answers[YESTERDAY].state is State.AVAILABLE


@pytest.mark.parametrize("name", ["cursor_members", "cursor_spend"])
def test_a_live_list_is_never_stored_under_an_old_day(vendor, name):
    assert fetch(name, date(2026, 11, 3))[date(2026, 11, 3)].reason == "live_list_only"
    assert vendor.requests == []


def test_spend_as_documented(vendor):
    vendor.answer = lambda path, body: SPEND
    assert rows("cursor_spend", YESTERDAY) == [
        {"usage_day": YESTERDAY, "cycle_started_at": datetime(2026, 10, 27, 12, 8, 4, tzinfo=UTC),
         "user_id": "user_Zk31exampleA", "email": "dana@acme.test", "on_demand_usd": Decimal("0.19575"),
         "overall_usd": Decimal("0.25575"), "limit_usd": Decimal(50)},
    ]  # fmt: skip


def test_spend_cents_of_the_older_shape_are_the_total(vendor):
    old = '{"userId":"user_1","email":"dana@acme.test","spendCents":200,"includedSpendCents":150}'
    vendor.answer = lambda path, body: (
        f'{{"teamMemberSpend":[{old}],"subscriptionCycleStart":1793102884000,"totalMembers":1,"totalPages":1}}'
    )
    [row] = rows("cursor_spend", YESTERDAY)
    assert (row["on_demand_usd"], row["overall_usd"], row["limit_usd"]) == (Decimal("0.5"), Decimal(2), None)


@pytest.mark.parametrize("shape", ["new", "old"])
def test_every_members_cycle_matches_the_answer_key_over_all_pages(cursor_sandbox, monkeypatch, shape):
    monkeypatch.setattr("agent_spend.sources.cursor.team.SPEND_PAGE_SIZE", 2)
    key = answer_key(cursor_sandbox(cursor_spend_shape=shape).scenario)["spend_current_cycle"]
    found = rows("cursor_spend", YESTERDAY)
    assert len(found) == 6
    for column, part in (("on_demand_usd", "on_demand_usd"), ("overall_usd", "overall_usd")):
        expected = {email: Decimal(usd) for email, usd in key[part].items() if email != "service_accounts"}
        assert {row["email"]: row[column] for row in found if row[column]} == expected


def test_a_member_missing_from_the_spend_pages_is_noticed(vendor):
    vendor.answer = lambda path, body: SPEND.replace('"totalMembers":1', '"totalMembers":2')
    answer = fetch("cursor_spend", YESTERDAY)[YESTERDAY]
    assert answer.reason == "count_mismatch"
    assert "1 rows of 1 members, but totalMembers says 2" in answer.message
    assert len(vendor.requests) == 2


def test_cycles_as_documented(vendor):
    vendor.answer = lambda path, body: GROUPS
    [platform, unassigned] = rows("cursor_billing_cycles", date(2026, 11, 10))
    assert platform == {
        "usage_day": date(2026, 11, 10), "cycle_started_at": datetime(2026, 10, 27, 12, 8, 4, tzinfo=UTC),
        "cycle_ended_at": datetime(2026, 11, 27, 12, 8, 4, tzinfo=UTC), "group_id": "group_demo1",
        "group_name": "Platform", "spend_usd": Decimal("19.57"),
    }  # fmt: skip
    assert (unassigned["group_id"], unassigned["spend_usd"]) == ("group_unassigned", Decimal(0))


def test_days_inside_one_cycle_share_one_request(vendor):
    vendor.answer = lambda path, body: GROUPS
    answers = fetch("cursor_billing_cycles", date(2026, 10, 27), date(2026, 10, 28), date(2026, 11, 20))
    assert all(answer.state is State.AVAILABLE for answer in answers.values())
    assert [path for path, _ in vendor.requests] == ["/teams/groups?billingCycle=2026-10-27"]


def test_the_day_between_two_cycles_is_asked_for_even_when_both_are_known(vendor):
    before = GROUPS.replace("2026-11-27", "2026-10-27").replace('t":"2026-10-27', 't":"2026-09-27')
    vendor.answer = lambda path, body: before if path.endswith("2026-10-20") else GROUPS
    fetch("cursor_billing_cycles", date(2026, 10, 20), date(2026, 10, 21), date(2026, 10, 27), date(2026, 10, 28))
    assert [path[-10:] for path, _ in vendor.requests] == ["2026-10-20", "2026-10-27"]


def test_groups_and_unassigned_add_up_to_the_teams_on_demand_of_each_cycle(cursor_sandbox):
    key = answer_key(cursor_sandbox().scenario)["on_demand_usd"]["by_billing_cycle"]
    found = rows("cursor_billing_cycles", YESTERDAY)
    assert sum(row["spend_usd"] for row in found) == Decimal(key["2026-10-27T12:08:04Z"])


def test_a_group_of_an_unknown_type_is_not_counted_silently(vendor):
    vendor.answer = lambda path, body: GROUPS.replace('"BILLING"', '"DIRECTORY"', 1)
    answer = fetch("cursor_billing_cycles", YESTERDAY)[YESTERDAY]
    assert answer.reason == "unknown_group_type"
    assert "'DIRECTORY'" in answer.message


def test_a_plan_without_groups_is_forbidden_and_asked_for_once(vendor):
    vendor.answer = lambda path, body: (403, {"code": "error", "message": "Enterprise access required"})
    answers = fetch("cursor_billing_cycles", DAY_BEFORE, YESTERDAY)
    assert {answer.state for answer in answers.values()} == {State.FORBIDDEN}
    assert len(vendor.requests) == 1


def test_activity_as_documented(vendor):
    documented = """{"data":[{"userId":90211,"day":"2026-11-10","date":1794268800000,"email":"dana@acme.test",
      "isActive":true,"totalLinesAdded":410,"composerRequests":0,"chatRequests":3,"agentRequests":27,
      "subscriptionIncludedReqs":25,"apiKeyReqs":0,"usageBasedReqs":6,
      "mostUsedModel":"claude-opus-5-thinking-high"}],
     "period":{"startDate":1794268800000,"endDate":1794355199999},
     "pagination":{"page":1,"pageSize":1000,"totalUsers":2,"totalPages":1,"hasNextPage":false,
     "hasPreviousPage":false}}"""
    vendor.answer = lambda path, body: documented
    assert rows("cursor_daily_usage", date(2026, 11, 10)) == [
        {"usage_day": date(2026, 11, 10), "user_id": "90211", "email": "dana@acme.test", "is_active": True,
         "agent_requests": 27, "chat_requests": 3, "composer_requests": 0, "included_requests": 25,
         "usage_based_requests": 6, "lines_added": 410, "most_used_model": "claude-opus-5-thinking-high"},
    ]  # fmt: skip
    assert vendor.requests[0][1] == {"startDate": 1794268800000, "endDate": 1794355199999, "page": 1, "pageSize": 100}


def test_activity_pages_are_followed_by_their_own_flag_and_not_by_their_number_of_rows(vendor):
    pages = {1: [activity(1, "2026-11-21"), activity(1, "2026-11-22")], 2: [activity(2, "2026-11-22")]}
    vendor.answer = lambda path, body: activity_page(pages[body["page"]], has_next=body["page"] == 1)
    answers = fetch("cursor_daily_usage", DAY_BEFORE, YESTERDAY)
    assert [row["user_id"] for row in answers[DAY_BEFORE].rows] == ["1"]
    assert [row["user_id"] for row in answers[YESTERDAY].rows] == ["1", "2"]


def test_a_person_listed_twice_for_a_day_is_refused_after_a_second_reading(vendor):
    vendor.answer = lambda path, body: activity_page([activity(1, "2026-11-22")], has_next=body["page"] == 1)
    answer = fetch("cursor_daily_usage", YESTERDAY)[YESTERDAY]
    assert answer.reason == "count_mismatch"
    assert "user 1 was listed before for 2026-11-22" in answer.message
    assert len(vendor.requests) == 4


def test_an_activity_listing_that_never_ends_is_refused(vendor):
    vendor.answer = lambda path, body: activity_page([], has_next=True)
    assert fetch("cursor_daily_usage", YESTERDAY)[YESTERDAY].reason == "count_mismatch"


def test_a_row_of_another_day_is_refused(vendor):
    vendor.answer = lambda path, body: activity_page([activity(1, "2026-11-19")])
    assert "a row of 2026-11-19 lies outside" in fetch("cursor_daily_usage", YESTERDAY)[YESTERDAY].message


def test_every_member_of_the_simulated_team_has_a_row_each_day_until_leaving(cursor_sandbox, monkeypatch):
    monkeypatch.setattr("agent_spend.sources.cursor.activity.PEOPLE_A_PAGE", 4)
    scenario = cursor_sandbox().scenario
    counts = {day: len(answer.rows) for day, answer in fetch("cursor_daily_usage", *scenario.calendar).items()}
    left = scenario.incidents.leave_day
    assert counts == {day: 6 if day <= left else 5 for day in scenario.calendar}


def test_activity_of_today_is_not_asked_for(vendor):
    today = date(2026, 11, 23)
    assert fetch("cursor_daily_usage", today)[today].reason == "day_not_closed"
    assert vendor.requests == []


def test_a_changed_shape_names_feed_day_and_field(vendor):
    broken = json.loads(SPEND)
    del broken["teamMemberSpend"][0]["spendCents"]
    vendor.answer = lambda path, body: broken
    answer = fetch("cursor_spend", YESTERDAY)[YESTERDAY]
    assert answer.reason == "missing_field"
    assert "cursor_spend 2026-11-22" in answer.message
    assert "spendCents" in answer.message


def test_a_member_without_a_charge_may_have_no_spend_cents_while_another_has(vendor):
    """The dashboard's own answer of 2026, as a tool on GitHub documents it: members without spend have no such key."""
    vendor.answer = lambda path, body: """{"teamMemberSpend":[
      {"userId":313946729,"email":"a@acme.test","role":"TEAM_ROLE_MEMBER","spendCents":7529,"includedSpendCents":8034},
      {"userId":313946730,"email":"b@acme.test","role":"TEAM_ROLE_MEMBER"}],
      "totalMembers":2,"subscriptionCycleStart":"1772287928000","nextCycleStart":"1774707128000"}"""
    assert [(row["user_id"], row["on_demand_usd"], row["overall_usd"]) for row in rows("cursor_spend", YESTERDAY)] == [
        ("313946729", Decimal("75.29"), Decimal("155.63")), ("313946730", None, None)]


@pytest.mark.parametrize(("stated", "expected"), [
    ({"role": "removed"}, ("removed", True)), ({}, ("(not stated)", False)), ({"isRemoved": True}, ("(not stated)", True))])
def test_a_member_may_have_no_role_or_the_role_of_having_left(vendor, stated, expected):
    vendor.answer = lambda path, body: {"teamMembers": [{"name": "Old", "email": "old@x.test"} | stated]}
    assert [(row["role"], row["is_removed"]) for row in rows("cursor_members", YESTERDAY)] == [expected]


@pytest.mark.parametrize("stated", [
    {"date": "2026-11-22"}, {"day": "2026-11-22T00:00:00.000Z"}, {"date": 1795305600000}, {"date": "1795305600000"}])
def test_a_day_of_activity_is_read_however_it_is_written(vendor, stated):
    vendor.answer = lambda path, body: {"data": [{"email": "a@example.com", "agentRequests": 12} | stated]}
    assert [row["usage_day"] for row in rows("cursor_daily_usage", YESTERDAY)] == [YESTERDAY]


def test_a_team_without_an_unassigned_group_is_its_groups_and_one_without_any_is_no_answer(vendor):
    listed = json.loads(GROUPS)
    del listed["unassignedGroup"], listed["groups"][0]["type"]
    vendor.answer = lambda path, body: listed
    assert [row["group_name"] for row in rows("cursor_billing_cycles", YESTERDAY)] == ["Platform"]
    listed["groups"] = []
    assert fetch("cursor_billing_cycles", YESTERDAY)[YESTERDAY].reason == "empty_list"


def test_a_day_that_the_vendor_answers_with_another_cycle_has_none(vendor):
    """As a day before the team signed up may be."""
    vendor.answer = lambda path, body: GROUPS
    answers = fetch("cursor_billing_cycles", date(2026, 10, 26), date(2026, 10, 27))
    assert [(answer.state, answer.reason, len(answer.rows)) for answer in answers.values()] == [
        (State.MISSING, "no_report", 0), (State.AVAILABLE, "", 2)]
    assert "answers with the cycle of 2026-10-27 12:08:04+00:00 to 2026-11-27" in answers[date(2026, 10, 26)].message


def test_a_row_of_activity_that_cannot_be_read_leaves_the_days_as_parts_and_is_named(vendor):
    rows_of_days = [activity(1, "2026-11-21"), activity(2, "2026-11-21", agentRequests="many"), activity(1, "2026-11-22")]
    vendor.answer = lambda path, body: activity_page(rows_of_days)
    answers = fetch("cursor_daily_usage", DAY_BEFORE, YESTERDAY)
    assert [(answer.state, len(answer.rows)) for answer in answers.values()] == [(State.PARTIAL, 1), (State.PARTIAL, 1)]
    assert "page 1: POST /teams/daily-usage-data: data[1]: " in answers[YESTERDAY].message
    assert "$.agentRequests" in answers[YESTERDAY].message
