"""Cursor's published samples, of 2025 and of 2026, through the client and into the lake.

Source: cursor.com/docs/account/teams/admin-api, and docs.cursor.com/account/teams/admin-api as it stood in 2025. The samples
are pieces of longer answers: they promise more rows than they print, and a server that knows only them gives them for ever.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cursor_fakes import event, page_text

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.cursor.assets import FEEDS
from agent_spend.sources.land import land

FEED = {feed.name: feed for feed in FEEDS}
YESTERDAY = date(2026, 11, 22)
EVENT_DAY = date(2025, 6, 26)

MEMBERS_2026 = """{"teamMembers":[
 {"id":"user_PDSPmvukpYgZEDXsoNirw3CFhy","name":"Alex","email":"developer@company.com","role":"member","isRemoved":false},
 {"id":"user_kljUvI0ASZORvSEXf9hV0ydcso","name":"Sam","email":"admin@company.com","role":"owner","isRemoved":false}]}"""
MEMBERS_2025 = """{"teamMembers":[
 {"name":"Alex","email":"developer@company.com","role":"member"},{"name":"Sam","email":"admin@company.com","role":"owner"}]}"""
SPEND_2026 = """{"teamMemberSpend":[
 {"userId":"user_PDSPmvukpYgZEDXsoNirw3CFhy","spendCents":2450.125487,"overallSpendCents":2450.125487,
  "fastPremiumRequests":1250,"name":"Alex","email":"developer@company.com","role":"member","hardLimitOverrideDollars":100,
  "monthlyLimitDollars":200,"effectivePerUserLimitDollars":100},
 {"userId":"user_kljUvI0ASZORvSEXf9hV0ydcso","spendCents":1875.500123,"overallSpendCents":3200.750456,
  "fastPremiumRequests":980,"name":"Sam","email":"admin@company.com","role":"owner","hardLimitOverrideDollars":0,
  "monthlyLimitDollars":null,"effectivePerUserLimitDollars":50}],
 "subscriptionCycleStart":1708992000000,"totalMembers":15,"totalPages":1}"""
SPEND_2025 = """{"teamMemberSpend":[
 {"spendCents":2450,"fastPremiumRequests":1250,"name":"Alex","email":"developer@company.com","role":"member",
  "hardLimitOverrideDollars":100},
 {"spendCents":1875,"fastPremiumRequests":980,"name":"Sam","email":"admin@company.com","role":"owner",
  "hardLimitOverrideDollars":0}],
 "subscriptionCycleStart":1708992000000,"totalMembers":15,"totalPages":1}"""
EVENTS_2026 = """{"totalUsageEventsCount":113,
 "pagination":{"numPages":5,"currentPage":1,"pageSize":25,"hasNextPage":true,"hasPreviousPage":false},"usageEvents":[
 {"timestamp":"1750979225854","userEmail":"developer@company.com","conversationId":"8f2e4a1b-6c3d-4e5f-9a7b-2d1c8e6f4a3b",
  "model":"claude-4.5-sonnet","kind":"Usage-based","maxMode":true,"requestsCosts":5,"isTokenBasedCall":true,
  "isChargeable":true,"isHeadless":false,"tokenUsage":{"inputTokens":126,"outputTokens":450,"cacheWriteTokens":6112,
  "cacheReadTokens":11964,"totalCents":20.18232},"chargedCents":21.36232,"cursorTokenFee":1.18},
 {"timestamp":"1750979173824","userEmail":"developer@company.com","conversationId":"8f2e4a1b-6c3d-4e5f-9a7b-2d1c8e6f4a3b",
  "model":"claude-4.5-sonnet","kind":"Usage-based","maxMode":true,"requestsCosts":10,"isTokenBasedCall":true,
  "isChargeable":true,"isHeadless":false,"tokenUsage":{"inputTokens":5805,"outputTokens":311,"cacheWriteTokens":11964,
  "cacheReadTokens":0,"totalCents":40.167,"discountPercentOff":10},"chargedCents":37.33,"cursorTokenFee":1.18},
 {"timestamp":"1750978339901","userEmail":"admin@company.com","model":"claude-4-sonnet-thinking",
  "kind":"Included in Business","maxMode":true,"requestsCosts":1.4,"isTokenBasedCall":false,"isChargeable":false,
  "isHeadless":false,"chargedCents":8}],
 "period":{"startDate":1748411762359,"endDate":1751003762359}}"""
EVENTS_2025 = """{"totalUsageEventsCount":113,
 "pagination":{"numPages":12,"currentPage":1,"pageSize":10,"hasNextPage":true,"hasPreviousPage":false},"usageEvents":[
 {"timestamp":"1750979225854","model":"claude-4-opus","kind":"Usage-based","maxMode":true,"requestsCosts":5,
  "isTokenBasedCall":true,"tokenUsage":{"inputTokens":126,"outputTokens":450,"cacheWriteTokens":6112,
  "cacheReadTokens":11964,"totalCents":20.18232},"isFreeBugbot":false,"userEmail":"developer@company.com"},
 {"timestamp":"1750979173824","model":"claude-4-opus","kind":"Usage-based","maxMode":true,"requestsCosts":10,
  "isTokenBasedCall":true,"tokenUsage":{"inputTokens":5805,"outputTokens":311,"cacheWriteTokens":11964,
  "cacheReadTokens":0,"totalCents":40.16699999999999},"isFreeBugbot":false,"userEmail":"developer@company.com"},
 {"timestamp":"1750978339901","model":"claude-4-sonnet-thinking","kind":"Included in Business","maxMode":true,
  "requestsCosts":1.4,"isTokenBasedCall":false,"isFreeBugbot":false,"userEmail":"admin@company.com"}],
 "period":{"startDate":1748411762359,"endDate":1751003762359}}"""
SERVICE_ACCOUNT = """{"totalUsageEventsCount":1,
 "pagination":{"numPages":1,"currentPage":1,"pageSize":10,"hasNextPage":false,"hasPreviousPage":false},"usageEvents":[
 {"timestamp":"1750979225854","userEmail":"agent-runner@company.com","serviceAccountId":"sa_abc123",
  "serviceAccountName":"Nightly CI Agent","conversationId":"3b9d7c2e-1f4a-4b8c-a6d5-e9f0a2b4c6d8",
  "model":"claude-4.5-sonnet","kind":"Usage-based","maxMode":true,"requestsCosts":5,"isTokenBasedCall":true,
  "isChargeable":true,"isHeadless":true,"tokenUsage":{"inputTokens":126,"outputTokens":450,"cacheWriteTokens":6112,
  "cacheReadTokens":11964,"totalCents":20.18232},"chargedCents":21.36232,"cursorTokenFee":1.18}],
 "period":{"startDate":1748411762359,"endDate":1751003762359}}"""
ACTIVITY_2025 = """{"data":[
 {"date":1710720000000,"isActive":true,"totalLinesAdded":1543,"composerRequests":45,"chatRequests":128,"agentRequests":12,
  "subscriptionIncludedReqs":180,"apiKeyReqs":0,"usageBasedReqs":5,"mostUsedModel":"gpt-5","email":"developer@company.com"},
 {"date":1710806400000,"isActive":true,"totalLinesAdded":2104,"composerRequests":67,"chatRequests":156,"agentRequests":23,
  "subscriptionIncludedReqs":320,"apiKeyReqs":15,"usageBasedReqs":0,"mostUsedModel":"claude-3-opus",
  "email":"developer@company.com"}],
 "period":{"startDate":1710720000000,"endDate":1710892800000}}"""
ACTIVITY_2026 = """{"data":[
 {"userId":12345,"day":"2024-03-18","date":1710720000000,"isActive":true,"agentRequests":12,"email":"developer@company.com"},
 {"userId":12346,"day":"2024-03-18","date":1710720000000,"isActive":false,"agentRequests":0,
  "mostUsedModel":null,"email":"inactive-user@company.com"}],
 "period":{"startDate":1710720000000,"endDate":1710892800000},
 "pagination":{"page":1,"pageSize":1000,"totalUsers":150,"totalPages":1,"hasNextPage":false,"hasPreviousPage":false}}"""
GROUPS = """{"groups":[
 {"id":"group_PDSPmvukpYgZEDXsoNirw3CFhy","name":"Engineering","type":"BILLING","directoryGroupId":null,"memberCount":12,
  "spendCents":245000,"currentMembers":[{"userId":"user_abc123","joinedAt":"2024-01-15T10:30:00.000Z","leftAt":null,
  "spendCents":12500}],"formerMembers":[],"dailySpend":[{"date":"2025-01-15","spendCents":8500}]},
 {"id":"group_kljUvI0ASZORvSEXf9hV0ydcso","name":"Design","type":"BILLING","directoryGroupId":"dir_group_abc123xyz",
  "memberCount":5,"spendCents":87500,"currentMembers":[],"formerMembers":[],"dailySpend":[]}],
 "unassignedGroup":{"id":"group_unassigned","name":"Unassigned","type":"BILLING","directoryGroupId":null,"memberCount":3,
  "spendCents":15000,"currentMembers":[],"formerMembers":[],"dailySpend":[]},
 "billingCycle":{"cycleStart":"2025-01-01T00:00:00.000Z","cycleEnd":"2025-02-01T00:00:00.000Z"}}"""


@pytest.fixture
def landed(vendor):
    """``landed(feed, day, sample)`` lands the day from a vendor who knows the sample alone: its coverage line and its rows."""

    def take(name: str, day: date, sample: str):
        vendor.answer = lambda path, body: sample
        line = land(FEED[name], [day], Settings.from_environment()).coverage[day]
        rows = Lake(Settings.from_environment().lake_uri).read(name).to_pylist()
        return line, [row for row in rows if row["usage_day"] == day]

    return take


def test_the_sample_of_spend_keeps_its_two_members_and_says_that_fifteen_were_counted(landed):
    line, rows = landed("cursor_spend", YESTERDAY, SPEND_2026)
    assert (line.state, line.reason, line.last_attempt) == (State.PARTIAL, "count_mismatch", "count_mismatch")
    assert "2 rows of 2 members, but totalMembers says 15" in line.message
    assert [(row["email"], row["on_demand_usd"], row["overall_usd"], row["limit_usd"]) for row in rows] == [
        ("developer@company.com", Decimal("24.50125487"), Decimal("24.50125487"), 100),
        ("admin@company.com", Decimal("18.75500123"), Decimal("32.00750456"), 50)]
    assert rows[0]["cycle_started_at"] == datetime(2024, 2, 27, tzinfo=UTC)


def test_the_spend_of_2025_has_no_ids_and_no_overall_amount(landed):
    line, rows = landed("cursor_spend", YESTERDAY, SPEND_2025)
    assert (line.state, line.row_count) == (State.PARTIAL, 2)
    assert [(row["user_id"], row["on_demand_usd"], row["overall_usd"]) for row in rows] == [
        ("developer@company.com", Decimal("24.5"), None), ("admin@company.com", Decimal("18.75"), None)]


def test_the_sample_of_events_keeps_its_three_events_and_says_that_113_were_counted(landed, vendor):
    line, rows = landed("cursor_usage_events", EVENT_DAY, EVENTS_2026)
    assert (line.state, line.reason) == (State.PARTIAL, "count_mismatch")
    assert "3 events on 1 pages, but totalUsageEventsCount says 113" in line.message
    assert len(vendor.requests) == 4
    assert [(row["kind_class"], row["charged_usd"], row["model_usd"], row["token_fee_usd"], row["discount_percent"])
            for row in rows] == [
        ("usage_based", Decimal("0.2136232"), Decimal("0.2018232"), Decimal("0.0118"), None),
        ("usage_based", Decimal("0.3733"), Decimal("0.40167"), Decimal("0.0118"), 10),
        ("included", Decimal("0.08"), None, None, None)]
    assert [(row["input_tokens"], row["cache_write_tokens"], row["cache_read_tokens"]) for row in rows] == [
        (126, 6112, 11964), (5805, 11964, 0), (None, None, None)]


def test_the_events_of_2025_are_charged_with_their_model_cost_since_there_was_no_fee(landed):
    line, rows = landed("cursor_usage_events", EVENT_DAY, EVENTS_2025)
    assert (line.state, line.row_count, line.total) == (State.PARTIAL, 3, Decimal("0.6034931999999999"))
    assert [(row["kind_class"], row["charged_usd"], row["requests_costs"]) for row in rows] == [
        ("usage_based", Decimal("0.2018232"), 5), ("usage_based", Decimal("0.4016699999999999"), 10),
        ("included", None, Decimal("1.4"))]


def test_the_sample_of_a_service_account_is_complete(landed):
    line, rows = landed("cursor_usage_events", EVENT_DAY, SERVICE_ACCOUNT)
    assert (line.state, line.reason) == (State.AVAILABLE, "")
    [row] = rows
    assert (row["service_account_id"], row["service_account_name"], row["is_headless"], row["charged_usd"]) == (
        "sa_abc123", "Nightly CI Agent", True, Decimal("0.2136232"))


@pytest.mark.parametrize(("sample", "ids"), [
    (MEMBERS_2026, ["user_PDSPmvukpYgZEDXsoNirw3CFhy", "user_kljUvI0ASZORvSEXf9hV0ydcso"]),
    (MEMBERS_2025, ["developer@company.com", "admin@company.com"]),
])
def test_members_are_told_by_their_ids_and_in_2025_by_their_addresses(landed, sample, ids):
    line, rows = landed("cursor_members", YESTERDAY, sample)
    assert line.state == State.AVAILABLE
    assert [(row["user_id"], row["role"], row["is_removed"]) for row in rows] == [
        (ids[0], "member", False), (ids[1], "owner", False)]


def test_activity_of_2025_is_dated_by_its_milliseconds_and_has_no_pages(landed):
    line, rows = landed("cursor_daily_usage", date(2024, 3, 18), ACTIVITY_2025)
    assert (line.state, line.reason) == (State.PARTIAL, "malformed")
    assert "a row of 2024-03-19 lies outside the window" in line.message
    assert [(row["user_id"], row["agent_requests"], row["included_requests"], row["lines_added"]) for row in rows] == [
        ("developer@company.com", 12, 180, 1543)]


def test_activity_of_both_days_that_the_sample_of_2025_holds(vendor):
    vendor.answer = lambda path, body: ACTIVITY_2025
    days = [date(2024, 3, 18), date(2024, 3, 19)]
    answers = list(FEED["cursor_daily_usage"].fetch(days, Settings.from_environment()))
    assert [(answer.state, answer.rows[0]["agent_requests"]) for answer in answers] == [
        (State.AVAILABLE, 12), (State.AVAILABLE, 23)]


def test_activity_with_pages_holds_the_idle_member_too(landed):
    line, rows = landed("cursor_daily_usage", date(2024, 3, 18), ACTIVITY_2026)
    assert line.state == State.AVAILABLE
    assert [(row["user_id"], row["is_active"]) for row in rows] == [("12345", True), ("12346", False)]


def test_billing_groups_of_the_sample_add_up_with_the_unassigned_one(landed):
    line, rows = landed("cursor_billing_cycles", date(2025, 1, 15), GROUPS)
    assert line.state == State.AVAILABLE
    assert [(row["group_name"], row["spend_usd"]) for row in rows] == [
        ("Engineering", 2450), ("Design", 875), ("Unassigned", 150)]
    assert {row["cycle_ended_at"] for row in rows} == {datetime(2025, 2, 1, tzinfo=UTC)}


#: Answers as other tools' tests and the dashboard's own service give them.
ELSEWHERE = [
    ('{"totalUsageEventsCount":1,"usageEventsDisplay":[{"timestamp":"1750979225854","kind":"USAGE_EVENT_KIND_USAGE_BASED",'
     '"chargedCents":28.77,"owningUser":"313946729","tokenUsage":{"inputTokens":111161,"totalCents":22.91}}]}',
     (State.AVAILABLE, "", "usage_based", Decimal("0.2877"))),
    ('{"usageEvents":[{"userEmail":"test@example.com","model":"claude-3-5-sonnet-20241022","timestamp":"1750979225854",'
     '"tokenUsage":{"inputTokens":500,"outputTokens":100,"totalCents":5}}],"totalUsageEventsCount":1,'
     '"pagination":{"numPages":1,"currentPage":1,"pageSize":1000}}',
     (State.AVAILABLE, "unknown_kind", "unknown", Decimal("0.05"))),
    # A connector's record of the Admin API in early 2026: a token fee, no chargedCents yet, and a discount on 20 cents.
    ('{"usageEvents":[{"timestamp":"1750979225854","kindLabel":"Usage-based","maxMode":"false","cursorTokenFee":1.18,'
     '"tokenUsage":{"inputTokens":126,"totalCents":"20","discountPercentOff":10}}],"totalUsageEventsCount":"1"}',
     (State.AVAILABLE, "", "usage_based", Decimal("0.1918"))),
    ('{"usageEvents":[{"timestamp":1750979225854,"kind":"Included in Business","chargedCents":8,"serviceAccountId":"null"}],'
     '"pagination":{"numPages":2,"currentPage":1}}', (State.PARTIAL, "count_missing", "included", Decimal("0.08"))),
]


@pytest.mark.parametrize(("answer", "found"), ELSEWHERE, ids=[
    "dashboard", "without a kind", "a fee and no charge", "without a count"])
def test_answers_that_lack_what_the_documents_promise_keep_their_money_and_say_so(landed, answer, found):
    line, [row] = landed("cursor_usage_events", EVENT_DAY, answer)
    assert (line.state, line.reason, row["kind_class"], row["charged_usd"]) == found
    assert row["service_account_id"] is None


def test_spend_without_a_count_of_members_and_with_its_start_as_text(landed):
    spend = """{"teamMemberSpend":[{"email":"Person@example.com","spendCents":1250,"effectivePerUserLimitDollars":50}],
      "subscriptionCycleStart":"1708992000000","totalPages":2}"""
    line, [row] = landed("cursor_spend", YESTERDAY, spend)
    assert (line.state, row["user_id"], row["on_demand_usd"], row["limit_usd"]) == (
        State.AVAILABLE, "person@example.com", Decimal("12.5"), 50)


def test_a_part_never_replaces_what_is_fuller_and_anything_fuller_replaces_a_part(landed):
    at_ms = 1750979225854
    four = [event(at_ms + n) for n in range(4)]
    assert landed("cursor_usage_events", EVENT_DAY, page_text(four[:2], 4))[0].row_count == 2
    line, rows = landed("cursor_usage_events", EVENT_DAY, page_text(four[:3], 4))
    assert (line.state, line.row_count, len(rows)) == (State.PARTIAL, 3, 3)
    line, rows = landed("cursor_usage_events", EVENT_DAY, page_text(four[:1], 4))
    assert (line.state, line.row_count, len(rows)) == (State.PARTIAL, 3, 3)
    assert "the 3 rows that are stored were kept" in line.message
    line, rows = landed("cursor_usage_events", EVENT_DAY, page_text(four, 4))
    assert (line.state, line.reason, line.row_count, len(rows)) == (State.AVAILABLE, "", 4, 4)
    line, rows = landed("cursor_usage_events", EVENT_DAY, page_text([*four[:3], event(at_ms + 9)], 5))
    assert (line.state, line.last_attempt, line.row_count, len(rows)) == (State.AVAILABLE, "count_mismatch", 4, 4)
