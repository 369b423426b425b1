"""What changed: ranked by money, growth first."""

from datetime import date
from decimal import Decimal

from workload_company import DAYS

from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.partitions import week_start
from agent_spend.project import catalog, feeds
from agent_spend.sandbox.cursor_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings

FIRST, SECOND = DAYS[0], DAYS[7]


def drivers(company, *mondays: date) -> list[tuple]:
    company.store()
    build(catalog().models["rpt_finance__drivers_week"], catalog(), Settings.from_environment(),
          [monday.isoformat() for monday in mondays])
    rows = sorted(company.read("rpt_finance__drivers_week"), key=lambda row: (row["week_start"], row["rank"] or 0))
    return [(row["week_start"], row["rank"], row["series"], row["background_kind"], row["change_list_usd"]) for row in rows]


def spent(company, day, usd, series="cursor_on_demand", kind=None, actor="interactive"):
    company.ledger([day], vendor="cursor", series=series, background_kind=kind, actor_kind=actor, list_usd=usd, unit="tokens")


def test_growth_comes_first_and_a_driver_that_ended_counts_as_a_fall(company):
    spent(company, FIRST, "10")
    spent(company, FIRST, "4", kind="headless", actor="headless")
    spent(company, SECOND, "11.5")
    spent(company, SECOND, "90", kind="automation", actor="machine")
    assert drivers(company, SECOND) == [
        (SECOND, 1, "cursor_on_demand", "automation", Decimal(90)),
        (SECOND, 2, "cursor_on_demand", "interactive", Decimal("1.5")),
        (SECOND, 3, "cursor_on_demand", "headless", Decimal(-4)),
    ]


def test_the_first_week_of_a_vendor_has_no_change_and_no_rank(company):
    spent(company, FIRST, "10")
    assert drivers(company, FIRST) == [(FIRST, None, "cursor_on_demand", "interactive", None)]


def test_a_vendor_whose_data_end_did_not_fall_to_zero(company):
    spent(company, FIRST, "10")
    assert drivers(company, SECOND) == []


def test_amounts_without_a_list_value_are_no_driver(company):
    spent(company, FIRST, None)
    spent(company, SECOND, None)
    assert drivers(company, SECOND) == []


def test_a_month_that_grew_through_cloud_automations_names_them_first(sandbox_server):
    scenario = Scenario(developers=12, days=28, seed=7)
    sandbox_server(scenario)
    settings = Settings.from_environment()
    lake, days = Lake(settings.lake_uri), [day.isoformat() for day in scenario.calendar]
    feed = feeds()["cursor_usage_events"]
    for answer in feed.fetch(scenario.calendar, settings):
        lake.replace(feed.name, feed.table(answer), "usage_day", [answer.day])
    weeks = sorted({week_start(day).isoformat() for day in scenario.calendar})
    build(catalog().models["fct_usage_day"], catalog(), settings, days)
    build(catalog().models["rpt_finance__drivers_week"], catalog(), settings, weeks)
    changes: dict[str, list[Decimal]] = {}
    first_of_weeks = {}
    for row in lake.read("rpt_finance__drivers_week", "week_start").to_pylist():
        if row["series"] == "cursor_on_demand":
            changes.setdefault(row["background_kind"], []).append((row["week_start"], row["list_usd"]))
        if row["rank"] == 1:
            first_of_weeks[row["week_start"]] = row["background_kind"]
    # The scenario is four ISO weeks, and the answer key compares its two fortnights.
    after = {surface: growth["change_usd"] for surface, growth in answer_key(scenario)["growth"]["by_surface"].items()}
    later = date(2026, 11, 9)
    published = {
        surface: sum((usd if week >= later else -usd for week, usd in weeks), Decimal(0)) for surface, weeks in changes.items()
    }
    assert published == {surface: Decimal(usd) for surface, usd in after.items()}
    assert max(published, key=published.get) == "automation"
    assert first_of_weeks[date(2026, 11, 16)] == "automation"
