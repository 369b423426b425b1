"""Seat fees by month: the vendor's own proration to the cent, idle seats, and the pool of included credits."""

from datetime import date
from decimal import Decimal

import pytest

NOVEMBER = date(2026, 11, 1)
UNDATED = {"billing_entity": None, "plan": "standard", "created_day": None}
DAYS = [date(2026, 11, n) for n in range(1, 31)]


def held(first=1, last=30, actor="5501", **more):
    row = {"vendor": "github_copilot", "billing_entity": "acme", "plan": "business", "actor_id": actor, "seats": 1,
           "is_stated": False,
           "created_day": date(2026, 3, 1), "source": "copilot_seats", "rule": "listed that day",
           "attribution_mode": "direct"} | more
    return [row | {"usage_day": day} for day in DAYS[first - 1 : last]]


def claude(first=1, last=30, actor="mira@acme.test", **more):
    return held(first, last, actor, **(UNDATED | {"vendor": "anthropic"} | more))


def cursor(first=1, last=30, actor="mira@acme.test", **more):
    return held(first, last, actor, **(UNDATED | {"vendor": "cursor"} | more))


def credits(day, used="1", user_id=5501):
    return {"usage_day": date(2026, 11, day), "scope_kind": "enterprise", "scope": "acme", "user_id": user_id,
            "user_login": "mira", "ai_credits_used": used, "ai_credits_state": "known"}


def event(day, email="mira@acme.test"):
    return {"usage_day": date(2026, 11, day), "user_email": email, "kind": "x", "kind_class": "included",
            "charged_usd": "0.01"}


def bill(day, gross, discount, net, scope_kind="enterprise", sku_class="credits"):
    amounts = {"gross": gross, "discount": discount, "net": net}
    quantities = {f"{name}_quantity": amount for name, amount in amounts.items()}
    dollars = {f"{name}_usd": str(Decimal(amount) / 100) for name, amount in amounts.items()}
    return {"usage_day": date(2026, 11, day), "scope_kind": scope_kind, "scope": "acme", "product": "Copilot",
            "sku": "s", "sku_class": sku_class, "unit": "ai-credits"} | quantities | dollars


@pytest.fixture
def seats(company):
    return company("fct_seat_fee", "fct_seat_month", "rpt_finance__pool_month")


def money(seats, *lines):
    seats.table("int_seat__day", *(row for line in lines for row in line))
    seats.build("fct_seat_fee", "fct_seat_month", months=[NOVEMBER])
    return seats.rows("fct_seat_month", "vendor, plan, actor_id")


def billed(seats, *lines):
    return [(row["actor_id"], row["days"], row["billed_usd"]) for row in money(seats, *lines)]


def test_a_seat_held_all_month_costs_its_price(seats):
    [row] = money(seats, held(person_id="E1"))
    assert (row["month"], row["person_id"], row["seats"], row["days"]) == (NOVEMBER, "E1", 1, 30)
    assert (row["list_usd"], row["billed_usd"]) == (Decimal(19), Decimal(19))
    assert (row["proration_rule"], row["price_version"]) == (
        "rest_of_month", "seat_prices github_copilot business monthly 2024-01-01")


def test_a_copilot_seat_added_on_the_21st_is_a_third_of_the_month(seats):
    # 19 x 10 / 30 = 6.333...
    assert billed(seats, held(21, created_day=date(2026, 11, 21))) == [("5501", 10, Decimal("6.33"))]


def test_a_removed_copilot_seat_is_billed_to_the_end_of_the_month(seats):
    assert billed(seats, held(), held(1, 10, "5502")) == [
        ("5501", 30, Decimal(19)), ("5502", 30, Decimal(19))]


def test_lists_that_begin_within_the_month_still_bill_seats_given_before_it(seats):
    assert billed(seats, held(19)) == [("5501", 30, Decimal(19))]


def test_without_a_date_of_its_own_a_seat_counts_from_its_first_listed_day(seats):
    assert billed(seats, claude(10), claude(16, actor="zoe@acme.test")) == [
        ("mira@acme.test", 30, Decimal(25)), ("zoe@acme.test", 15, Decimal("12.50"))]


def test_persons_add_up_to_the_rounded_line_of_the_vendor(seats):
    # Three times 6.3333... is a line of 19.00, not of 18.99.
    thirds = [held(21, actor=actor, created_day=date(2026, 11, 21)) for actor in ("5501", "5502", "5503")]
    assert [amount for _, _, amount in billed(seats, *thirds)] == [
        Decimal("6.34"), Decimal("6.33"), Decimal("6.33")]


def test_the_spare_cent_goes_to_the_largest_remainder(seats):
    # 19 x 4/30 = 2.5333..., 19 x 5/30 = 3.1666...: a line of 5.70, and the second is nearer to its next cent.
    assert billed(seats, held(27, created_day=date(2026, 11, 27)),
                  held(26, actor="5502", created_day=date(2026, 11, 26))) == [
        ("5501", 4, Decimal("2.53")), ("5502", 5, Decimal("3.17"))]


def test_a_removed_cursor_member_pays_to_the_end_only_after_using_it(seats):
    seats.feed("cursor_usage_events", event(3))
    assert billed(seats, cursor(1, 30, "owner@acme.test"), cursor(1, 6), cursor(1, 6, "zoe@acme.test")) == [
        ("mira@acme.test", 30, Decimal(40)), ("owner@acme.test", 30, Decimal(40)), ("zoe@acme.test", 6, Decimal(8))]


def test_a_yearly_claude_seat_is_its_days_of_a_year_of_365(seats):
    seats.seed("seat_prices", "vendor,plan,usd_per_month,billing,proration_rule,effective_from,effective_to,source\n"
                              "anthropic,standard,25,monthly,purchased_seats,2026-01-01,,list\n"
                              "anthropic,standard,20,annual,purchased_seats,2026-09-01,,contract\n")
    # 20 x 12 x 30 / 365 = 19.726...; the contract is the later line.
    assert billed(seats, claude()) == [("mira@acme.test", 30, Decimal("19.73"))]


def test_an_upgrade_ends_the_old_plan_the_day_before(seats):
    # 25 x 10 / 30 and 125 x 20 / 30
    rows = money(seats, claude(1, 10), claude(11, plan="premium"), claude(1, actor="zoe@acme.test"))
    assert [(row["plan"], row["actor_id"], row["billed_usd"]) for row in rows] == [
        ("premium", "mira@acme.test", Decimal("83.33")), ("standard", "mira@acme.test", Decimal("8.33")),
        ("standard", "zoe@acme.test", Decimal(25))]


def test_a_copilot_upgrade_bills_each_plan_its_own_days_though_the_seat_is_older(seats):
    # 19 x 10 / 30 and 39 x 20 / 30; the pool gains one allotment, of Enterprise.
    rows = money(seats, held(1, 10), held(11, plan="enterprise"))
    assert [(row["plan"], row["days"], row["billed_usd"]) for row in rows] == [
        ("business", 10, Decimal("6.33")), ("enterprise", 20, Decimal(26))]
    assert pool(seats) == [(3900, None, None, None, None, "seats")]


def stated(seats, *lines):
    header = "vendor,plan,seats,effective_from,effective_to,source"
    seats.seed("seat_counts", "\n".join([header, *(f"{line},order" for line in lines)]))


def test_stated_seats_cost_what_was_purchased_whoever_holds_them(seats):
    stated(seats, "anthropic,standard,10,2026-01-01,")
    rows = money(seats, claude(), claude(1, 15, "zoe@acme.test"))
    # Zoe held hers for 15 days; what nobody holds is 8 seats for 15 days and 9 for the other 15: 255 of 300 seat-days.
    assert [(row["actor_id"], row["seats"], row["days"], row["billed_usd"], row["is_idle"]) for row in rows] == [
        ("mira@acme.test", 1, 30, Decimal(25), None), ("zoe@acme.test", 1, 15, Decimal("12.50"), None),
        (None, 9, 255, Decimal("212.50"), True)]
    assert {row["proration_rule"] for row in rows} == {"purchased_seats"}


@pytest.mark.parametrize("last_known_day", [16, 17, 24, 30])
def test_claude_seats_purchased_in_mid_month_cost_the_same_from_that_day_on(seats, last_known_day):
    stated(seats, "anthropic,standard,10,2026-01-01,2026-11-16", "anthropic,standard,11,2026-11-16,")
    # 10 x 25, and 25 x 15 / 30 for the one added on the 16th.
    assert sum(row["billed_usd"] for row in money(seats, claude(1, last_known_day))) == Decimal("262.50")


def test_the_day_before_the_purchase_knows_nothing_of_it_but_its_date(seats):
    stated(seats, "anthropic,standard,10,2026-01-01,")
    assert sum(row["billed_usd"] for row in money(seats, claude(1, 15))) == Decimal(250)


def test_claude_seats_given_up_in_mid_month_are_paid_to_its_end(seats):
    stated(seats, "anthropic,standard,10,2026-01-01,2026-11-16", "anthropic,standard,7,2026-11-16,")
    assert sum(row["billed_usd"] for row in money(seats, claude())) == Decimal(250)


def test_a_purchase_before_the_first_known_day_counts_from_its_own_day(seats):
    stated(seats, "anthropic,standard,4,2026-01-01,2026-11-06", "anthropic,standard,5,2026-11-06,")
    # 4 x 25, and 25 x 25 / 30 from the 6th, though the lists begin on the 10th.
    assert sum(row["billed_usd"] for row in money(seats, claude(10))) == Decimal("120.83")


def test_a_claude_seat_that_is_free_again_goes_to_the_next_who_joins(seats):
    rows = money(seats, claude(1, 9), claude(15, actor="zoe@acme.test"), claude(actor="kim@acme.test"))
    # One seat: 25 x 9/30, 5 days of nobody, 25 x 16/30. The second seat is Kim's.
    assert [(row["actor_id"], row["days"], row["billed_usd"]) for row in rows] == [
        ("kim@acme.test", 30, Decimal(25)), ("mira@acme.test", 9, Decimal("7.50")),
        ("zoe@acme.test", 16, Decimal("13.33")), (None, 5, Decimal("4.17"))]


def test_a_claude_member_who_leaves_gets_no_refund(seats):
    rows = money(seats, claude(1, 9), claude(actor="kim@acme.test"))
    assert [(row["actor_id"], row["billed_usd"], row["use_state"]) for row in rows][1:] == [
        ("mira@acme.test", Decimal("7.50"), "usage not loaded"), (None, Decimal("17.50"), "held by nobody")]


def test_seats_moved_to_premium_leave_no_standard_seat_behind(seats):
    stated(seats, "anthropic,standard,10,2026-01-01,2026-11-16", "anthropic,standard,9,2026-11-16,",
           "anthropic,premium,1,2026-11-16,")
    rows = money(seats, claude())
    assert {plan: sum(row["billed_usd"] for row in rows if row["plan"] == plan) for plan in ("standard", "premium")} == {
        # 9 x 25 and 25 x 15/30; 125 x 15/30.
        "standard": Decimal("237.50"), "premium": Decimal("62.50")}


def test_a_claude_downgrade_takes_effect_at_renewal(seats):
    [row] = money(seats, claude(1, 10, plan="premium"), claude(11))
    assert (row["plan"], row["days"], row["billed_usd"]) == ("premium", 30, Decimal(125))


def test_a_copilot_plan_that_goes_up_and_down_again_bills_each_day_once(seats):
    # 19 x 20 / 30 and 39 x 10 / 30: GitHub prorates every change of plans at once.
    rows = money(seats, held(1, 10), held(11, 20, plan="enterprise"), held(21))
    assert [(row["plan"], row["days"], row["billed_usd"]) for row in rows] == [
        ("business", 20, Decimal("12.67")), ("enterprise", 10, Decimal(13))]


def test_the_price_in_force_when_the_seat_begins_counts(seats):
    seats.seed("seat_prices", "vendor,plan,usd_per_month,billing,proration_rule,effective_from,effective_to,source\n"
                              "github_copilot,business,19,monthly,rest_of_month,2024-01-01,2026-11-15,old\n"
                              "github_copilot,business,21,monthly,rest_of_month,2026-11-15,,new\n")
    assert billed(seats, held(), held(16, actor="5502", created_day=date(2026, 11, 16))) == [
        ("5501", 30, Decimal(19)), ("5502", 15, Decimal("10.50"))]


@pytest.mark.parametrize("plan", ["(not stated)", "gold"])
def test_a_plan_without_a_price_has_no_money_instead_of_zero(seats, plan):
    [row] = money(seats, held(plan=plan))
    assert (row["list_usd"], row["billed_usd"], row["idle_usd"], row["price_version"]) == (None, None, None, None)


def test_a_rule_nobody_knows_bills_nothing_instead_of_guessing(seats):
    seats.seed("seat_prices", "vendor,plan,usd_per_month,billing,proration_rule,effective_from,effective_to,source\n"
                              "github_copilot,business,19,monthly,by_moon,2024-01-01,,x\n")
    [row] = money(seats, held())
    assert (row["list_usd"], row["billed_usd"], row["proration_rule"]) == (Decimal(19), None, "by_moon")


def test_a_seat_that_is_never_used_is_idle_at_its_billed_price(seats):
    seats.feed("copilot_user_usage", *(credits(n) for n in range(1, 16)))
    used, idle = money(seats, held(), held(21, actor="5502", created_day=date(2026, 11, 21)))
    assert (used["used_days"], used["is_idle"], used["idle_usd"], used["is_under_used"]) == (15, False, 0, False)
    assert (idle["used_days"], idle["is_idle"], idle["idle_usd"]) == (0, True, Decimal("6.33"))


def test_a_day_with_zero_credits_is_a_used_day(seats):
    seats.feed("copilot_user_usage", credits(2, "0"))
    assert money(seats, held())[0]["used_days"] == 1


def test_a_seat_used_below_the_bar_is_under_used(seats):
    seats.feed("copilot_user_usage", credits(2), credits(3), *(credits(n, user_id=1) for n in range(1, 31)))
    [row] = money(seats, held())
    assert (row["used_days"], row["is_idle"], row["is_under_used"], row["under_used_usd"]) == (2, False, True, 19)


def test_exactly_at_the_bar_is_not_under_used(seats):
    seats.feed("copilot_user_usage", credits(2), credits(3), credits(4), *(credits(n, user_id=1) for n in range(1, 31)))
    assert money(seats, held())[0]["under_used_usd"] == 0


def test_without_the_usage_feed_nobody_is_called_idle(seats):
    [row] = money(seats, held())
    assert (row["used_days"], row["is_idle"], row["idle_usd"], row["is_under_used"]) == (None, None, None, None)


def test_activity_that_the_seat_list_shows_keeps_a_seat_from_being_idle(seats):
    seats.feed("copilot_user_usage", credits(2, user_id=1))
    assert money(seats, held(last_activity_day=date(2026, 11, 20)))[0]["is_idle"] is False
    assert money(seats, held(last_activity_day=date(2026, 10, 20)))[0]["is_idle"] is True


def test_one_carried_day_makes_the_month_derived(seats):
    rows = held()
    rows[3] = rows[3] | {"attribution_mode": "derived"}
    assert money(seats, rows)[0]["attribution_mode"] == "derived"


def pool(seats, month=NOVEMBER):
    seats.build("rpt_finance__pool_month", months=[month])
    return [(row["included_credits"], row["used_credits"], row["left_credits"], row["overage_credits"],
             row["overage_usd"], row["source"]) for row in seats.rows("rpt_finance__pool_month")]


def test_the_pool_is_what_billing_says_is_used_and_left(seats):
    seats.feed("copilot_billing_usage", bill(1, "1000", "1000", "0"), bill(2, "500.5", "500.5", "0"),
               bill(2, "3", "0", "3", sku_class="seat"), bill(2, "700", "700", "0", scope_kind="organization"))
    money(seats, held())
    assert pool(seats) == [(1900, Decimal("1500.5"), Decimal("399.5"), 0, 0, "billing API")]


def test_beyond_the_pool_the_net_amount_is_the_overage(seats):
    seats.feed("copilot_billing_usage", bill(1, "2000", "1900", "100"))
    money(seats, held())
    assert pool(seats) == [(1900, 2000, 0, 100, Decimal(1), "billing API")]


def test_without_billing_the_overage_comes_from_seats_and_metrics(seats):
    seats.feed("copilot_user_usage", credits(1, "3000"), credits(2, "900.25"))
    money(seats, held(), held(actor="5502"))
    assert pool(seats) == [(3800, Decimal("3900.25"), 0, Decimal("100.25"), Decimal("1.0025"), "usage metrics and seats")]


def test_without_any_usage_the_pool_is_known_and_its_use_is_not(seats):
    money(seats, held(), held(plan="enterprise", actor="5502"))
    assert pool(seats) == [(5800, None, None, None, None, "seats")]


def test_a_plan_without_a_stated_allotment_leaves_the_pool_unknown(seats):
    seats.feed("copilot_user_usage", credits(1, "3000"))
    money(seats, held(plan="(not stated)"))
    assert pool(seats) == [(None, 3000, None, None, None, "usage metrics and seats")]


@pytest.mark.parametrize(("month", "included"), [(8, 3000), (9, 1900), (6, 3000)])
def test_the_summer_allowance_ends_with_august(seats, month, included):
    first = date(2026, month, 1)
    seats.table("int_seat__day", held()[0] | {"usage_day": first})
    seats.build("fct_seat_fee", "fct_seat_month", months=[first])
    assert pool(seats, first)[0][0] == included


def test_before_june_there_is_no_pool(seats):
    seats.table("int_seat__day", held()[0] | {"usage_day": date(2026, 5, 31)})
    seats.build("fct_seat_fee", "fct_seat_month", months=[date(2026, 5, 1)])
    assert pool(seats, date(2026, 5, 1)) == []


def test_two_organizations_of_no_enterprise_have_a_pool_each(seats):
    seats.feed("copilot_billing_usage", bill(1, "1000", "1000", "0", scope_kind="organization"),
               bill(1, "2500", "1900", "600", scope_kind="organization") | {"scope": "apps"})
    money(seats, held(), held(actor="5502", billing_entity="apps"))
    # 900 credits left in the one do not help the other, which goes 600 beyond its own 1,900.
    assert pool(seats) == [(1900, 1000, 900, 0, 0, "billing API"), (1900, 2500, 0, 600, Decimal(6), "billing API")]
    assert [row["billing_entity"] for row in seats.rows("rpt_finance__pool_month")] == ["acme", "apps"]


def test_organizations_of_one_enterprise_share_its_pool(seats):
    report = {"scope_kind": "organization", "enterprise_id": "42"}
    seats.feed("copilot_user_usage", credits(1, "1000") | report, credits(1, "2500", 5502) | report | {"scope": "apps"})
    money(seats, held(billing_entity="enterprise 42"), held(actor="5502", billing_entity="enterprise 42"))
    assert pool(seats) == [(3800, 3500, 300, 0, 0, "usage metrics and seats")]


def claude_code(day, email="mira@acme.test"):
    return {"usage_day": date(2026, 11, day), "actor_type": "user_actor", "actor_email": email, "customer_type": "subscription",
            "terminal_type": "vscode", "model": "m", "sessions": 1, "estimated_usd": "2"}


def test_a_claude_seat_that_may_be_used_for_chat_alone_is_not_called_idle(seats):
    seats.feed("claude_code_usage", *(claude_code(day) for day in (2, 3, 4)), zero_days=DAYS)
    rows = money(seats, claude(), claude(actor="zoe@acme.test"))
    names = ("actor_id", "used_days", "use_state", "is_idle", "idle_usd", "is_under_used")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("mira@acme.test", 3, "used", False, 0, False), ("zoe@acme.test", None, "use not visible", None, None, None)]


def test_with_the_enterprise_feed_a_claude_seat_without_use_is_idle(seats):
    seats.feed("claude_code_usage", claude_code(2), zero_days=DAYS)
    seats.covered("claude_enterprise_users", *DAYS)
    [row] = money(seats, claude(actor="zoe@acme.test"))
    assert (row["used_days"], row["use_state"], row["idle_usd"]) == (0, "idle", Decimal(25))


@pytest.mark.parametrize(("feed", "row"), [
    ("claude_team_usage", {"person_email": "mira@acme.test", "model": "m", "net_usd": "1"}),
    ("claude_code_metrics", {"user_email": "Mira@acme.test"})])
def test_a_claude_seat_is_used_wherever_its_holder_is_seen(seats, feed, row):
    seats.feed(feed, {"usage_day": date(2026, 11, 2)} | row)
    assert [(row["used_days"], row["use_state"]) for row in money(seats, claude())] == [(1, "used")]
