"""Cursor's feeds in the lake: landed twice nothing changes, and a failed answer leaves what is stored."""

from datetime import date
from decimal import Decimal

import pytest
from cursor_fakes import event, page_text

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.sandbox.cursor_usage import answer_key
from agent_spend.settings import Settings
from agent_spend.sources.cursor.assets import FEEDS
from agent_spend.sources.land import land

FEED = {feed.name: feed for feed in FEEDS}
EVENTS = FEED["cursor_usage_events"]


def stored(name: str):
    return Lake(Settings.from_environment().lake_uri).read(name)


@pytest.mark.parametrize("name", [name for name in FEED if name != "cursor_csv_events"])
def test_a_second_run_changes_nothing(cursor_sandbox, name):
    days = cursor_sandbox().scenario.calendar[-3:]
    settings = Settings.from_environment()
    first = land(FEED[name], days, settings)
    before = stored(name).to_pylist()
    assert first.changed
    assert before
    assert land(FEED[name], days, settings).changed == []
    assert stored(name).to_pylist() == before


def test_the_lake_holds_the_on_demand_money_of_the_answer_key(cursor_sandbox):
    scenario = cursor_sandbox().scenario
    key = answer_key(scenario)["on_demand_usd"]
    land(EVENTS, scenario.calendar, Settings.from_environment())
    cash = [row for row in stored("cursor_usage_events").to_pylist() if row["kind_class"] == "usage_based"]
    assert sum(row["charged_usd"] for row in cash) == Decimal(key["total"])
    november = [row["charged_usd"] for row in cash if row["usage_day"] >= date(2026, 11, 2)]
    assert sum(november) == Decimal(key["by_month"]["2026-11"])


@pytest.mark.parametrize("fault", ["503", "401", "empty", "truncated-json", "wrong-content-type"])
def test_a_failed_answer_leaves_what_is_stored(cursor_sandbox, monkeypatch, fault):
    monkeypatch.setattr("agent_spend.sources.http.MAX_ATTEMPTS", 1)
    sandbox = cursor_sandbox()
    days, settings = sandbox.scenario.calendar[-2:], Settings.from_environment()
    land(EVENTS, days, settings)
    before = stored("cursor_usage_events").to_pylist()
    sandbox.options["fault"] = f"filtered-usage-events:{fault}"
    landing = land(EVENTS, days, settings)
    assert set(landing.failures) == set(days)
    assert {entry.state for entry in landing.coverage.values()} == {State.AVAILABLE}
    assert stored("cursor_usage_events").to_pylist() == before


@pytest.mark.parametrize(
    ("name", "empty"),
    [("cursor_usage_events", page_text([], 0)),
     ("cursor_daily_usage", {"data": [], "pagination": {"hasNextPage": False, "totalUsers": 0}})],
)
def test_an_empty_later_answer_never_takes_landed_rows_away(cursor_sandbox, vendor, monkeypatch, name, empty):
    vendor_url = vendor.url
    days = cursor_sandbox().scenario.calendar[-3:]
    land(FEED[name], days, Settings.from_environment())
    before = stored(name).to_pylist()
    monkeypatch.setenv("CURSOR_API_URL", vendor_url)
    vendor.answer = lambda path, body: empty
    landing = land(FEED[name], days, Settings.from_environment())
    assert (stored(name).to_pylist(), landing.failures, landing.changed) == (before, {}, [])
    assert {(line.state, line.last_attempt) for line in landing.coverage.values()} == {("available", "no_longer_served")}
    assert "lists nothing any more" in landing.coverage[days[0]].message


#: 2026-11-22T00:00:00.000Z.
AT_MS = 1795305600000
GROUPS = ('{"groups":[{"id":"g","name":"G","spendCents":%s}],'
          '"billingCycle":{"cycleStart":"2026-10-27T12:08:04.000Z","cycleEnd":"2026-11-27T12:08:04.000Z"}}')
SPEND = '{"teamMemberSpend":[{"email":"a@acme.test","spendCents":%s}],"subscriptionCycleStart":1793102884000,"totalMembers":1}'
#: Each feed's answer of that day around a figure, and the feed's totals of two figures, if it has a total.
CHANGES = {
    "cursor_usage_events": (lambda figure: page_text([event(AT_MS, chargedCents=figure)], 1), "0.041", "0.035"),
    "cursor_spend": (lambda figure: SPEND % figure, "0.041", "0.035"),
    "cursor_billing_cycles": (lambda figure: GROUPS % figure, "0.041", "0.035"),
    "cursor_daily_usage": (
        lambda figure: {"data": [{"day": "2026-11-22", "email": "a@acme.test", "agentRequests": int(10 * figure)}]}, None, None),
    "cursor_members": (lambda figure: {"teamMembers": [{"email": "a@acme.test", "name": f"A {figure}"}]}, None, None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_answer_replaces_the_day_and_logs_what_was_believed_before(vendor, name):
    answer_of, before, after = CHANGES[name]
    day, settings = date(2026, 11, 22), Settings.from_environment()
    for figure in (Decimal("4.1"), Decimal("3.5")):
        vendor.answer = lambda path, body, figure=float(figure): answer_of(figure)
        landing = land(FEED[name], [day], settings)
    assert (landing.coverage[day].revision, landing.changed, len(stored(name))) == (2, [day], 1)
    totals = tuple(total and Decimal(total) for total in (before, after))
    [row] = stored("feed_revisions").to_pylist()
    assert (row["feed"], row["usage_day"], row["total_before"], row["total_after"]) == (name, day, *totals)


def test_a_day_without_events_is_stored_as_zero(cursor_sandbox):
    cursor_sandbox()
    before_the_team = date(2026, 10, 1)
    landing = land(EVENTS, [before_the_team], Settings.from_environment())
    assert landing.coverage[before_the_team].state == State.ZERO
    assert landing.failures == {}


def test_without_a_key_every_day_is_not_connected(monkeypatch):
    monkeypatch.delenv("CURSOR_API_KEY", raising=False)
    day = date(2026, 11, 10)
    assert land(EVENTS, [day], Settings.from_environment()).coverage[day].state == State.NOT_CONNECTED
