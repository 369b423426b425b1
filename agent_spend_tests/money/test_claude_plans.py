"""Usage credits of a Team or Enterprise plan are cash of their own; the vendor's count of seats stands for stated ones."""

from datetime import date
from decimal import Decimal

import pytest

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
COUNTS = "vendor,plan,seats,effective_from,effective_to,source\n"


def member(email="Ada@acme.test", **more):
    return {"actor_type": "user_actor", "actor_id": "user_01Ada", "actor_email": email, "product": "claude_code",
            "model": "claude-opus-5-5", "usage_day": MONDAY} | more


def ledger(company):
    names = ("actor_id", "person_hint", "surface", "auth_kind", "quantity", "list_usd", "covered_usd", "billed_usd")
    return [tuple(row[name] for name in names) for row in company.rows("int_usage", "actor_id")]


def test_usage_credits_of_a_team_member_are_gross_at_list_and_net_as_billed(company):
    plans = company("int_usage")
    plans.feed("claude_team_usage", {
        "usage_day": MONDAY, "person_email": "ada@acme.test", "product": "Claude Code", "model": "claude-sonnet-5-5",
        "prompt_tokens": 900, "completion_tokens": 100, "gross_usd": "3.50", "net_usd": "3.15"})
    assert ledger(plans) == [
        ("ada@acme.test", "ada@acme.test", "claude_code", "seat", 1000, Decimal("3.5"), 0, Decimal("3.15"))]


def test_enterprise_credits_join_their_tokens_and_keep_what_no_member_accounts_for(company):
    plans = company("int_usage")
    nobody = {"actor_type": None, "actor_id": None, "actor_email": None, "product": "claude-tag"}
    plans.feed("claude_enterprise_cost", member(amount_usd="9", list_usd="10", source="analytics"),
               member(amount_usd="0.9", list_usd="1", source="analytics", **nobody))
    plans.feed("claude_enterprise_usage", member(
        uncached_input_tokens=1, cache_write_5m_tokens=20, cache_write_1h_tokens=300, cache_read_tokens=4000,
        output_tokens=50_000, web_search_requests=0))
    assert ledger(plans) == [
        ("(organization)", None, "claude_tag", "unknown", None, 1, 0, Decimal("0.9")),
        ("ada@acme.test", "ada@acme.test", "claude_code", "seat", 54_321, 10, 0, 9)]


@pytest.mark.parametrize(("counted", "stated", "wanted"), [
    (42, None, (42, "claude_enterprise_seats")),
    (42, 40, (42, "claude_enterprise_seats")),
    (42, 50, (50, "seat_counts")),
    (None, 50, (50, "seat_counts")),
])
def test_seats_are_the_larger_of_what_is_assigned_and_what_was_bought(company, counted, stated, wanted):
    seats = company("int_seat__day")
    seats.seed("seat_counts", COUNTS + (f"anthropic,enterprise,{stated},2026-10-01,,order form\n" if stated else ""))
    seats.covered("claude_code_usage", MONDAY)
    if counted:
        seats.feed("claude_enterprise_seats", {"usage_day": MONDAY, "assigned_seats": counted})
    seats.build("int_seat__day", days=[MONDAY])
    assert [(row["plan"], row["actor_id"], row["seats"], row["source"]) for row in seats.rows("int_seat__day")] == [
        ("enterprise", None, *wanted)]


def test_a_day_the_vendor_has_not_counted_yet_keeps_the_newest_count(company):
    seats = company("int_seat__day")
    seats.seed("seat_counts", COUNTS)
    seats.covered("claude_code_usage", MONDAY, TUESDAY, WEDNESDAY)
    seats.feed("claude_enterprise_seats", {"usage_day": MONDAY, "assigned_seats": 42},
               {"usage_day": TUESDAY, "assigned_seats": 43})
    seats.build("int_seat__day", days=[MONDAY, TUESDAY, WEDNESDAY])
    assert {row["usage_day"]: row["seats"] for row in seats.rows("int_seat__day")} == {
        MONDAY: 42, TUESDAY: 43, WEDNESDAY: 43}
