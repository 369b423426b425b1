"""Cursor's seat fees by its own billing cycle: calendar months and cycles add up to the same cents, cut by days."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

OCTOBER, NOVEMBER, DECEMBER = (date(2026, month, 1) for month in (10, 11, 12))
#: A sign-up on a 27th: the cycle has 31 days, 5 of them in October and 26 in November.
CYCLE, NEXT = date(2026, 10, 27), date(2026, 11, 27)


def held(first: date, last: date, actor="mira@acme.test", **more):
    row = {"vendor": "cursor", "plan": "standard", "actor_id": actor, "seats": 1, "is_stated": False, "source": "cursor_members",
           "rule": "listed that day", "attribution_mode": "direct"} | more
    return [row | {"usage_day": date.fromordinal(day)} for day in range(first.toordinal(), last.toordinal() + 1)]


def event(day: date, email="mira@acme.test"):
    return {"usage_day": day, "user_email": email, "kind": "x", "kind_class": "included", "charged_usd": "0.01"}


def named(*starts: date):
    return [{"cycle_started_at": datetime(day.year, day.month, day.day, 12, 8, 4, tzinfo=UTC)} for day in starts]


@pytest.fixture
def team(company):
    return company("fct_seat_fee", "fct_seat_month")


def built(team, *lines, months=(OCTOBER, NOVEMBER)):
    team.table("int_seat__day", *(row for line in lines for row in line))
    team.build("fct_seat_fee", "fct_seat_month", months=list(months))


def fees(team):
    return {(row["month"].month, row["period_start_day"].isoformat()): row["billed_usd"] for row in team.rows("fct_seat_fee")}


def fees_of(team, actor):
    return {(row["month"].month, row["period_start_day"].isoformat()): row["billed_usd"]
            for row in team.rows("fct_seat_fee") if row["actor_id"] == actor}


def by_actor(team, month: date):
    return {row["actor_id"]: row["billed_usd"] for row in team.rows("fct_seat_month") if row["month"] == month}


def test_a_whole_cycle_costs_its_price_however_months_cut_it(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    built(team, held(date(2026, 10, 27), date(2026, 11, 30)))
    # 40 x 5/31 = 6.451..., the rest of 40, and 40 x 4/30 of the next cycle.
    assert fees(team) == {(10, "2026-09-27"): Decimal("34.67"), (10, "2026-10-27"): Decimal("6.45"),
                          (11, "2026-10-27"): Decimal("33.55"), (11, "2026-11-27"): Decimal("5.33")}
    assert by_actor(team, NOVEMBER) == {"mira@acme.test": Decimal("38.88")}


def test_a_month_of_many_seats_is_the_rounded_line_and_each_cycle_still_its_price(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    built(team, *(held(date(2026, 10, 27), date(2026, 11, 26), f"p{n}@acme.test") for n in range(10)))
    rows = [row for row in team.rows("fct_seat_fee") if row["period_start_day"] == CYCLE]
    months = {month: sum(row["billed_usd"] for row in rows if row["month"] == month) for month in (OCTOBER, NOVEMBER)}
    # 400 x 5/31 = 64.516...
    assert months == {OCTOBER: Decimal("64.52"), NOVEMBER: Decimal("335.48")}
    seats = {actor: sum(row["billed_usd"] for row in rows if row["actor_id"] == actor) for actor in {r["actor_id"] for r in rows}}
    assert set(seats.values()) == {Decimal(40)} and len(seats) == 10


def test_a_seat_added_in_mid_cycle_pays_for_the_rest_of_it(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    built(team, held(date(2026, 10, 27), date(2026, 11, 26), "owner@acme.test"), held(date(2026, 11, 10), date(2026, 11, 26)))
    # 17 of 31 days: 40 x 17/31 = 21.935...
    assert fees_of(team, "mira@acme.test")[11, "2026-10-27"] == Decimal("21.94")


def test_a_member_removed_after_using_it_keeps_the_seat_to_the_end_of_the_cycle_and_no_longer(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    team.feed("cursor_usage_events", event(date(2026, 10, 29)))
    built(team, held(date(2026, 10, 27), date(2026, 11, 30), "owner@acme.test"), held(date(2026, 10, 27), date(2026, 11, 9)))
    assert {key: usd for key, usd in fees_of(team, "mira@acme.test").items() if key[1] >= "2026-10-27"} == {
        (10, "2026-10-27"): Decimal("6.45"), (11, "2026-10-27"): Decimal("33.55")}


def test_a_member_removed_without_use_pays_for_the_days_of_membership(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    built(team, held(date(2026, 10, 27), date(2026, 11, 30), "owner@acme.test"), held(date(2026, 10, 27), date(2026, 11, 9)))
    # 14 of 31 days: 40 x 14/31 = 18.064..., 6.45 of it in October.
    assert fees_of(team, "mira@acme.test")[11, "2026-10-27"] == Decimal("11.61")


def test_use_in_the_cycle_before_does_not_keep_the_seat(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    team.feed("cursor_usage_events", event(date(2026, 10, 20)))
    built(team, held(date(2026, 10, 20), date(2026, 11, 26), "owner@acme.test"), held(date(2026, 10, 20), date(2026, 10, 28)))
    # 2 of 31 days: 2.58.
    assert fees_of(team, "mira@acme.test")[10, "2026-10-27"] == Decimal("2.58")
    assert (11, "2026-10-27") not in fees_of(team, "mira@acme.test")


def test_a_month_is_the_same_whether_built_alone_or_with_the_one_before(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    lines = [held(date(2026, 10, 27), date(2026, 11, 30), f"p{n}@acme.test") for n in range(3)]
    built(team, *lines)
    whole = team.rows("fct_seat_fee")
    for month in (NOVEMBER, OCTOBER):
        team.build("fct_seat_fee", months=[month])
    assert team.rows("fct_seat_fee") == whole


def test_a_cycle_that_nobody_named_is_counted_from_the_one_that_was_and_says_so(team):
    team.table("int_cursor__cycle", *named(NEXT))
    built(team, held(date(2026, 11, 1), date(2026, 11, 30)), months=[NOVEMBER])
    rows = {row["period_start_day"]: row for row in team.rows("fct_seat_fee")}
    assert rows[CYCLE]["period_rule"] == "cycle counted from the one of 2026-11-27"
    assert (rows[CYCLE]["billed_usd"], rows[CYCLE]["attribution_mode"]) == (Decimal("33.55"), "derived")
    assert (rows[NEXT]["period_rule"], rows[NEXT]["attribution_mode"]) == ("cycle named by the vendor", "direct")


def test_without_any_cycle_the_calendar_month_stands_in_provisionally_and_by_name(team):
    built(team, held(date(2026, 11, 1), date(2026, 11, 30)), months=[NOVEMBER])
    [row] = team.rows("fct_seat_month")
    assert (row["billed_usd"], row["is_provisional"], row["billing_periods"], row["attribution_mode"]) == (
        Decimal(40), True, "calendar month, billing cycle not known", "derived")


def test_a_cycle_start_that_the_company_states_is_the_cycle(team):
    team.seed("billing_cycles", "vendor,cycle_start_day,source\ncursor,2026-10-27,invoice\n")
    built(team, held(date(2026, 11, 1), date(2026, 11, 30)), months=[NOVEMBER])
    [row] = team.rows("fct_seat_month")
    assert (row["billed_usd"], row["is_provisional"]) == (Decimal("38.88"), False)
    assert row["billing_periods"] == "cycle counted from the one of 2026-10-27, cycle stated"


def test_a_sign_up_on_the_31st_renews_on_the_last_day_of_a_shorter_month(team):
    team.table("int_cursor__cycle", *named(date(2026, 10, 31)))
    built(team, held(date(2026, 10, 31), date(2026, 12, 31)), months=[OCTOBER, NOVEMBER, DECEMBER])
    assert {row["period_start_day"]: (row["period_end_day"], row["billed_usd"]) for row in team.rows("fct_seat_fee")
            if row["month"] == DECEMBER} == {
        # 30 of 31 days in December: 40 less 40 x 1/31 of November; then 40 x 1/31.
        date(2026, 11, 30): (date(2026, 12, 30), Decimal("38.71")), date(2026, 12, 31): (date(2027, 1, 30), Decimal("1.29"))}


@pytest.mark.parametrize("states_ends", [True, False])
def test_a_cycle_that_a_new_one_cuts_short_is_paid_by_its_days_and_the_new_one_whole(team, states_ends):
    moved, after = date(2026, 11, 10), date(2026, 12, 10)
    old, new, _ = named(CYCLE, moved, after)
    ends = {"cycle_ended_at": new["cycle_started_at"]} if states_ends else {}
    team.table("int_cursor__cycle", old | ends, new)
    built(team, held(CYCLE, date(2026, 12, 31)), months=[OCTOBER, NOVEMBER, DECEMBER])
    # 14 of 31 days: 40 x 14/31 = 18.064..., 6.45 of it in October; then 30 days from the 10th, 21 of them in November.
    assert {key: usd for key, usd in fees(team).items() if key[1] >= "2026-10-27"} == {
        (10, "2026-10-27"): Decimal("6.45"), (11, "2026-10-27"): Decimal("11.61"),
        (11, "2026-11-10"): Decimal("28.00"), (12, "2026-11-10"): Decimal("12.00"),
        # 22 of the 31 days from December 10: 40 x 22/31 = 28.387...
        (12, "2026-12-10"): Decimal("28.39")}


def test_a_cycle_of_28_days_that_the_vendor_names_is_a_whole_one(team):
    """A sign-up on the 30th, after whose February the vendor stays with the 28th."""
    team.table("int_cursor__cycle", *named(date(2026, 1, 30), date(2026, 2, 28), date(2026, 3, 28)))
    built(team, held(date(2026, 2, 28), date(2026, 3, 27)), months=[date(2026, 2, 1), date(2026, 3, 1)])
    assert sum(usd for (_, start), usd in fees(team).items() if start == "2026-02-28") == 40


def test_a_yearly_seat_is_its_days_of_a_year(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    team.seed("seat_prices", "vendor,plan,usd_per_month,billing,proration_rule,effective_from,effective_to,source\n"
                             "cursor,standard,32,annual,rest_of_cycle_if_used,2026-01-01,,contract\n")
    built(team, held(date(2026, 11, 1), date(2026, 11, 30)), months=[NOVEMBER])
    # 32 x 12 x 30 / 365 = 31.561...: 26 days are 27.353..., 4 days 4.208...
    assert by_actor(team, NOVEMBER) == {"mira@acme.test": Decimal("31.56")}


def test_a_yearly_seat_of_a_member_who_left_stays_paid_to_the_end_that_the_company_states(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    team.seed("seat_prices", "vendor,plan,usd_per_month,billing,proration_rule,effective_from,effective_to,source\n"
                             "cursor,standard,32,annual,rest_of_cycle_if_used,2026-01-01,,contract\n")
    team.seed("seat_counts", "vendor,plan,seats,effective_from,effective_to,source\n"
                             "cursor,standard,2,2025-12-12,2026-12-12,order form\n")
    team.build("int_seat__stated")
    seats = [*held(date(2026, 12, 1), date(2026, 12, 31), "owner@acme.test", is_stated=True)]
    built(team, seats, months=[DECEMBER])
    # The seat that nobody holds any more: 32 x 12 x 11 days / 365 = 11.572...; from the 12th on it is gone.
    assert fees_of(team, None) == {(12, "2026-11-27"): Decimal("11.57")}
    assert by_actor(team, DECEMBER)["owner@acme.test"] == Decimal("32.61")


def test_an_upgrade_counts_at_once_and_a_downgrade_at_the_next_renewal(team):
    team.table("int_cursor__cycle", *named(CYCLE, NEXT))
    built(team, held(date(2026, 10, 27), date(2026, 10, 31)), held(date(2026, 11, 1), date(2026, 11, 9), plan="premium"),
          held(date(2026, 11, 10), date(2026, 11, 30)))
    rows = {(row["plan"], row["period_start_day"], row["month"].month): row["billed_usd"] for row in team.rows("fct_seat_fee")}
    # 40 x 5/31; 120 x 26/31 = 100.645...; from the 27th standard again.
    assert rows["standard", CYCLE, 10] == Decimal("6.45") and rows["premium", CYCLE, 11] == Decimal("100.65")
    assert ("standard", CYCLE, 11) not in rows and rows["standard", NEXT, 11] == Decimal("5.33")


def test_the_cycle_report_holds_the_seat_fees_of_its_cycle(company):
    team = company("fct_seat_fee", "rpt_finance__cursor_cycle")
    team.feed("cursor_spend", *(
        {"usage_day": day, "user_id": "u1", "on_demand_usd": "0"} | named(CYCLE)[0]
        for day in (date(2026, 10, 28), date(2026, 11, 24))))
    team.feed("cursor_usage_events", event(date(2026, 10, 28)) | {"event_at": datetime(2026, 10, 28, 9, tzinfo=UTC)})
    team.table("int_seat__day", *held(date(2026, 10, 27), date(2026, 11, 24)))
    team.build("int_cursor__cycle")
    team.build("fct_seat_fee", months=[OCTOBER, NOVEMBER])
    team.build("rpt_finance__cursor_cycle_day", days=[date(2026, 10, 28)])
    team.build("rpt_finance__cursor_cycle")
    [row] = team.rows("rpt_finance__cursor_cycle")
    assert row["seat_usd"] == Decimal(40)
