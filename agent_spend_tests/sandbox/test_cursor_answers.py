"""The simulated Cursor team: its traps are there, and the answer key adds them up."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from agent_spend.sandbox.cursor_events import events_on
from agent_spend.sandbox.cursor_team import billing_cycle, from_epoch_ms, members
from agent_spend.sandbox.cursor_usage import answer_key, dollars
from agent_spend.sandbox.scenario import Scenario

TEAM = Scenario(developers=24, days=35, seed=7, end_day=date(2026, 11, 22))
KEY = answer_key(TEAM)
EVENTS = [event for day in TEAM.calendar for event in events_on(TEAM, day)]


def usd(text: str) -> Decimal:
    return Decimal(text)


def test_half_of_the_developers_hold_a_seat_and_the_leaver_is_a_removed_member():
    assert len(KEY["members"]) == 12
    assert KEY["removed_members"] == [TEAM.incidents.leaver.email]


def test_a_person_has_three_to_five_own_events_a_working_day():
    person, day = members(TEAM)[3], date(2026, 11, 19)
    own = [event for event in events_on(TEAM, day) if event.email == person.email and event.surface != "cloud_agent"]
    assert 3 <= len(own) <= 5


def test_the_same_scenario_gives_the_same_events_in_any_order_of_calls():
    before = events_on(TEAM, date(2026, 11, 19))
    events_on.cache_clear()
    events_on(TEAM, date(2026, 11, 2))
    assert events_on(TEAM, date(2026, 11, 19)) == before


def test_every_kind_of_row_occurs():
    assert set(KEY["events_by_kind_class"]) == {
        "aborted", "custom_subscription", "errored", "free", "included", "usage_based", "user_api_key",
    }
    assert {event.surface for event in EVENTS} == {
        "automation", "cloud_agent", "headless", "interactive", "service_account",
    }


def test_a_week_begins_and_ends_with_an_event_in_its_first_and_last_millisecond():
    moments = {from_epoch_ms(event.at_ms) for event in EVENTS}
    assert datetime(2026, 11, 15, 23, 59, 59, 999_000, tzinfo=UTC) in moments
    assert datetime(2026, 11, 16, tzinfo=UTC) in moments


def test_two_events_of_one_person_share_a_millisecond_and_differ_in_cost():
    shared = Counter((event.email, event.at_ms) for event in EVENTS)
    twins = [event for event in EVENTS if shared[event.email, event.at_ms] == 2]
    assert {event.charged_cents for event in twins} == {Decimal("19.575"), Decimal("39.15")}


def test_an_auto_row_charges_less_than_its_cost_with_float_noise():
    [auto] = [event for event in events_on(TEAM, date(2026, 11, 20)) if event.model == "default"]
    assert (auto.charged_cents, auto.total_cents) == (Decimal("2.1532750129699707"), Decimal("3.5496"))
    assert auto.discount_percent is None


def test_no_amount_needs_more_decimals_of_a_dollar_than_the_lake_stores():
    assert max(-(event.charged_cents / 100).as_tuple().exponent for event in EVENTS) <= 18


def test_on_demand_by_month_by_cycle_by_day_and_by_surface_are_the_same_money():
    on_demand = KEY["on_demand_usd"]
    total = usd(on_demand["total"])
    for name in ("by_month", "by_billing_cycle", "by_day", "by_surface"):
        assert sum(map(usd, on_demand[name].values())) == total
    machines = sum(map(usd, on_demand["by_service_account"].values()))
    assert sum(map(usd, on_demand["by_person"].values())) + machines == total


def test_the_key_holds_the_cash_of_a_quiet_sunday():
    quiet = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
    sunday = quiet.first_day + timedelta(days=6)
    rows = events_on(quiet, sunday)
    assert rows[0].charged_cents == Decimal("19.575")
    cash = sum(event.charged_cents for event in rows if event.kind_class == "usage_based")
    assert answer_key(quiet)["on_demand_usd"]["by_day"][sunday.isoformat()] == dollars(cash)


def test_errored_rows_show_charges_that_are_nobodys_cash():
    assert usd(KEY["not_cash_usd"]["errored"]) >= 5 * usd("4.1139")


def test_billing_cycles_begin_in_the_afternoon_of_a_27th():
    assert billing_cycle(datetime(2026, 10, 27, 12, 8, 3, tzinfo=UTC))[0] == datetime(2026, 9, 27, 12, 8, 4, tzinfo=UTC)
    assert billing_cycle(datetime(2026, 10, 27, 12, 8, 4, tzinfo=UTC)) == (
        datetime(2026, 10, 27, 12, 8, 4, tzinfo=UTC), datetime(2026, 11, 27, 12, 8, 4, tzinfo=UTC),
    )
    assert billing_cycle(datetime(2027, 1, 3, tzinfo=UTC))[0] == datetime(2026, 12, 27, 12, 8, 4, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 7, 11])
def test_all_growth_of_the_last_fortnight_comes_from_automations(seed):
    growth = answer_key(Scenario(24, 35, seed, date(2026, 11, 22)))["growth"]
    changes = {surface: usd(entry["change_usd"]) for surface, entry in growth["by_surface"].items()}
    assert growth["after"] == ["2026-11-09", "2026-11-22"]
    assert changes.pop("automation") > 100
    assert all(change <= 0 for change in changes.values())


def test_a_short_scenario_has_the_growth_too():
    changes = answer_key(Scenario(12, 21, 7, date(2026, 11, 22)))["growth"]["by_surface"]
    assert max(changes, key=lambda surface: usd(changes[surface]["change_usd"])) == "automation"
