"""Who holds a seat on a day, from the vendors' live lists and the seats that the company states."""

from datetime import UTC, date, datetime

import pytest

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 5)
GIVEN = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


def seat(day, user_id=5501, **more):
    return {"usage_day": day, "scope": "acme", "user_id": user_id, "user_login": f"user-{user_id}",
            "plan_type": "business", "created_at": GIVEN} | more


def member(day, email="mira@acme.test", **more):
    return {"usage_day": day, "user_id": email, "email": email, "role": "member", "is_removed": False} | more


def person(day, person_id="E1", **more):
    return {"usage_day": day, "person_id": person_id, "name": "Mira K", "source": "hr_csv"} | more


@pytest.fixture
def seats(company):
    return company("int_seat__day")


def day(n: int) -> date:
    return date(2026, 10, n)


def found(seats, *days):
    seats.build("int_seat__day", days=list(days))
    return [(row["usage_day"].day, row["actor_id"], row["seats"], row["rule"], row["attribution_mode"])
            for row in seats.rows("int_seat__day")]


def test_a_listed_day_is_direct_and_the_days_after_it_carry_it(seats):
    seats.feed("copilot_seats", seat(day(5)))
    seats.covered("copilot_user_usage", day(5), day(6))
    assert found(seats, day(5), day(6)) == [
        (5, "5501", 1, "listed that day", "direct"), (6, "5501", 1, "listed on 2026-10-05", "derived")]


def test_days_before_the_first_list_take_it_from_the_day_a_seat_was_given(seats):
    seats.feed("copilot_seats", seat(day(20)),
               seat(day(20), 5502, created_at=datetime(2026, 10, 12, tzinfo=UTC)))
    seats.covered("copilot_user_usage", day(11), day(12))
    assert [row[:2] for row in found(seats, day(11), day(12))] == [(11, "5501"), (12, "5501"), (12, "5502")]


def test_an_older_list_wins_over_a_nearer_newer_one(seats):
    seats.feed("copilot_seats", seat(day(1)), seat(day(11), 5502))
    seats.covered("copilot_user_usage", day(10))
    assert found(seats, day(10)) == [(10, "5501", 1, "listed on 2026-10-01", "derived")]


@pytest.mark.parametrize(("snapshot", "is_carried"), [
    (date(2026, 8, 30), True), (date(2026, 8, 29), False), (date(2026, 12, 31), True), (date(2027, 1, 1), False)])
def test_a_list_is_carried_31_days_on_and_92_days_back(seats, snapshot, is_carried):
    seats.feed("copilot_seats", seat(snapshot))
    seats.covered("copilot_user_usage", SEPTEMBER)
    assert bool(found(seats, SEPTEMBER)) is is_carried


def test_a_list_of_nobody_ends_what_was_carried(seats):
    seats.feed("copilot_seats", seat(day(1)), zero_days=(day(3),))
    seats.covered("copilot_user_usage", day(2), day(4))
    assert [row[0] for row in found(seats, day(2), day(3), day(4))] == [2]


def test_a_cancelled_seat_is_not_held_on_the_first_day_of_the_next_cycle_that_github_states(seats):
    seats.feed("copilot_seats", seat(SEPTEMBER, pending_cancellation_day=day(1)))
    seats.covered("copilot_user_usage", SEPTEMBER, day(1))
    assert [row[0] for row in found(seats, SEPTEMBER, day(1))] == [30]


@pytest.mark.parametrize(("first", "second", "plan", "created"), [
    # GitHub bills a user once; Enterprise, from the day it was given, wherever Business is given as well.
    ({"plan_type": "business", "created_at": datetime(2026, 1, 5, tzinfo=UTC)},
     {"plan_type": "enterprise", "created_at": datetime(2026, 10, 2, tzinfo=UTC)}, "enterprise", date(2026, 10, 2)),
    # The seat that stays was given later than the one that ends: the user has paid for the month from its first day.
    ({"created_at": datetime(2026, 1, 5, tzinfo=UTC), "pending_cancellation_day": date(2026, 11, 1)},
     {"created_at": datetime(2026, 10, 4, tzinfo=UTC)}, "business", date(2026, 1, 5))])
def test_two_organizations_seats_are_one_of_the_dearer_plan_since_it_was_first_given(seats, first, second, plan, created):
    seats.feed("copilot_seats", seat(day(5), scope="acme-apps", **first), seat(day(5), scope="acme-core", **second))
    seats.build("int_seat__day", days=[day(5)])
    assert [(row["plan"], row["created_day"]) for row in seats.rows("int_seat__day")] == [(plan, created)]


def test_a_member_of_two_organizations_has_one_seat_and_an_open_invitation_none(seats):
    seats.feed("copilot_seats", seat(day(5), scope="acme-core"), seat(day(5), scope="acme-apps"),
               seat(day(5), None, user_login=None))
    assert found(seats, day(5)) == [(5, "5501", 1, "listed that day", "direct")]


def test_removed_members_and_unpaid_roles_of_cursor_hold_no_seat(seats):
    seats.feed("cursor_members", member(day(5)), member(day(5), "gone@acme.test", is_removed=True),
               member(day(5), "boss@acme.test", role="free-owner"), member(day(5), "it@acme.test", role="TEAM_ROLE_FREE_OWNER"))
    assert found(seats, day(5)) == [(5, "mira@acme.test", 1, "listed that day, plan not listed", "derived")]


def test_a_removed_member_of_cursor_held_a_seat_through_the_last_day_of_use(seats):
    seats.feed("cursor_usage_events", *(
        {"usage_day": day(n), "user_email": "Gone@acme.test", "kind": "x", "kind_class": "included", "charged_usd": "1"}
        for n in (2, 6)))
    seats.feed("cursor_members", member(day(20), "gone@acme.test", is_removed=True),
               member(day(20), "never@acme.test", is_removed=True))
    seats.covered("claude_code_usage", *(day(n) for n in (1, 5, 6, 7)))
    assert found(seats, day(1), day(5), day(6), day(7), day(20)) == [
        (n, "gone@acme.test", 1, "listed on 2026-10-20 as removed, used until then, plan not listed", "derived")
        for n in (1, 5, 6)]


def test_the_holder_is_matched_to_the_roster_of_the_day(seats):
    seats.feed("copilot_seats", seat(day(5)), seat(day(5), 5502, user_login="Old-Name"))
    seats.feed("cursor_members", member(day(5)))
    seats.feed("roster_members", person(day(5), "E1", github_user_id=5501, email="Mira@acme.test"),
               person(day(5), "E2", github_login="old-name"))
    seats.build("int_seat__day", days=[day(5)])
    assert [(row["actor_id"], row["person_id"]) for row in seats.rows("int_seat__day")] == [
        ("mira@acme.test", "E1"), ("5501", "E1"), ("5502", "E2")]


def test_a_line_of_the_override_file_wins(seats):
    seats.feed("copilot_seats", seat(day(5)))
    seats.feed("roster_members", person(day(5), "E1", github_user_id=5501))
    seats.feed("identity_overrides",
               {"usage_day": day(5), "vendor": "github_copilot", "identifier": "user-5501", "person_id": "E9"})
    seats.build("int_seat__day", days=[day(5)])
    assert seats.rows("int_seat__day")[0]["person_id"] == "E9"


def test_an_empty_seat_count_file_states_nothing(seats):
    seats.covered("claude_code_usage", day(5))
    assert found(seats, day(5)) == []


def test_stated_seats_that_nobody_holds_are_one_row(seats):
    seats.seed("seat_counts", "vendor,plan,seats,effective_from,effective_to,source\n"
                              "anthropic,standard,25,2026-10-01,2026-10-06,order form\n")
    seats.feed("claude_seats", {"usage_day": day(5), "person_email": "mira@acme.test", "plan": "standard",
                                "source": "team_csv"})
    seats.covered("claude_code_usage", day(5), day(6))
    assert found(seats, day(5), day(6)) == [
        (5, "mira@acme.test", 1, "listed that day", "direct"),
        (5, None, 24, "stated, less the holders listed", "direct"),
        (6, "mira@acme.test", 1, "listed on 2026-10-05", "derived"),
    ]


def test_the_one_plan_stated_is_the_plan_of_members_without_one(seats):
    seats.seed("seat_counts", "vendor,plan,seats,effective_from,effective_to,source\ncursor,Premium,1,2026-10-01,,order\n")
    seats.feed("cursor_members", member(day(5)))
    seats.build("int_seat__day", days=[day(5)])
    [row] = seats.rows("int_seat__day")
    assert (row["plan"], row["rule"], row["attribution_mode"]) == ("premium", "listed that day", "direct")


def test_several_stated_plans_stand_for_members_without_one(seats):
    seats.seed("seat_counts", "vendor,plan,seats,effective_from,effective_to,source\n"
                              "cursor,premium,1,2026-10-01,,order\ncursor,standard,4,2026-10-01,,order\n")
    seats.feed("cursor_members", member(day(5)))
    seats.build("int_seat__day", days=[day(5)])
    assert [(row["plan"], row["actor_id"], row["seats"]) for row in seats.rows("int_seat__day")] == [
        ("premium", None, 1), ("standard", None, 4)]


def test_a_day_is_the_same_whether_built_alone_or_in_a_range(seats):
    seats.feed("copilot_seats", seat(day(20)), seat(date(2027, 1, 10), 5502))
    seats.covered("copilot_user_usage", day(9), day(10), day(11))
    days = [day(9), day(10), day(11), day(20)]
    seats.build("int_seat__day", days=days)
    whole = seats.rows("int_seat__day")
    for one in days:
        seats.build("int_seat__day", days=[one])
    assert seats.rows("int_seat__day") == whole
    assert [(row["usage_day"], row["actor_id"]) for row in whole] == [(one, "5501") for one in days]


def usage(scope, **more):
    return {"usage_day": day(5), "scope_kind": "organization", "scope": scope, "user_id": 5501, "user_login": "user-5501",
            "ai_credits_used": "1", "ai_credits_state": "known"} | more


@pytest.mark.parametrize(("enterprise_id", "entities"), [(None, ["acme-apps", "acme-core"]), ("42", ["enterprise 42"])])
def test_a_member_of_two_organizations_is_billed_by_each_that_has_no_enterprise(seats, enterprise_id, entities):
    seats.feed("copilot_user_usage", *(usage(scope, enterprise_id=enterprise_id) for scope in ("acme-core", "acme-apps")))
    seats.feed("copilot_seats", seat(day(5), scope="acme-core"), seat(day(5), scope="acme-apps"))
    seats.build("int_seat__day", days=[day(5)])
    assert [row["billing_entity"] for row in seats.rows("int_seat__day")] == entities
