"""The Agent SDK split: not in force, without effect on the ledger, and exact when somebody asks what if."""

import shutil
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from workload_company import DAYS, INVENTORY, Company, at, employing_jonas

from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.project import catalog, feeds
from agent_spend.sandbox.claude_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.what_if.agent_sdk_split import split_what_if

SPLIT = ("rpt_platform__agent_sdk_split", "rpt_platform__agent_sdk_split_workload")


@pytest.fixture(scope="module")
def built_home(tmp_path_factory):
    """A home made once: a seat with 2.50 USD of headless use on each of 28 days, of it 0.10 USD a day traced."""
    home = tmp_path_factory.mktemp("split") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AGENT_SPEND_HOME", str(home))
        company = employing_jonas()
        company.claude_code(DAYS, "non-interactive")
        company.traced_runs([at(day, 3) for day in DAYS])
        company.build(*INVENTORY, *SPLIT)
        return home, company.rows


@pytest.fixture
def headless(built_home, tmp_path):
    """A copy of that home."""
    home, rows = built_home
    shutil.copytree(home, tmp_path / "home")
    return Company(Lake(Settings.from_environment().lake_uri), dict(rows))


def ask(day, overflow=None):
    split = split_what_if(Settings.from_environment(), day, overflow)
    return split.seats.to_pylist(), split.workloads.to_pylist()


def test_by_default_nothing_is_in_force_and_no_credit_is_computed(headless):
    rows = headless.read("rpt_platform__agent_sdk_split")
    assert {(row["state"], row["credit_usd"], row["credit_used_usd"], row["overflow_usd"], row["stops"]) for row in rows} == {
        ("not in force", None, None, None, None)}
    assert {row["month"]: row["headless_list_usd"] for row in rows} == {
        date(2026, 10, 1): Decimal(15), date(2026, 11, 1): Decimal(55)}


def test_a_date_ahead_is_judged_by_the_last_28_days(headless):
    ((row,), workloads) = ask(date(2026, 12, 1))
    assert (row["month"], row["seat"], row["name"], row["plan"], row["plan_rule"]) == (
        date(2026, 12, 1), "jonas@acme.test", "Jonas Jung", "team_standard", "default plan of the policy")
    assert (row["headless_list_usd"], row["credit_usd"], row["credit_used_usd"], row["overflow_usd"]) == (
        Decimal(70), Decimal(20), Decimal(20), Decimal(50))
    assert (row["use_days"], row["covered_days"], row["stops"], row["stops_day"]) == (28, 8, True, None)
    assert (row["basis"], row["state"]) == ("use of the 28 days to 2026-11-22", "what if from 2026-12-01")
    assert [(line["workload"], line["headless_list_usd"], line["stops"]) for line in workloads] == [
        ("(not traced)", Decimal("67.2"), True), ("release_notes", Decimal("2.8"), True)]


def test_a_date_in_the_past_takes_the_days_from_it_and_names_the_day_that_stops(headless):
    ((row,), _) = ask(date(2026, 11, 3))
    assert (row["month"], row["headless_list_usd"], row["overflow_usd"], row["covered_days"], row["stops_day"]) == (
        date(2026, 11, 1), Decimal(50), Decimal(30), 8, date(2026, 11, 11))


def test_each_month_has_a_credit_of_its_own_and_nothing_is_carried_over(headless):
    rows, _ = ask(date(2026, 10, 26))
    assert [(row["month"].month, row["credit_used_usd"], row["overflow_usd"], row["stops"]) for row in rows] == [
        (10, Decimal(15), Decimal(0), False), (11, Decimal(20), Decimal(35), True)]


def test_with_overflow_on_nothing_stops_and_the_overflow_is_the_same(headless):
    ((row,), _) = ask(date(2026, 12, 1), "on")
    assert (row["overflow_usd"], row["stops"]) == (Decimal(50), False)


def test_the_seat_list_decides_the_plan(headless):
    headless.write("claude_seats", *[{"usage_day": day, "person_email": "jonas@acme.test", "plan": "premium",
                                      "source": "team_csv"} for day in DAYS])
    headless.build()
    ((row,), _) = ask(date(2026, 12, 1))
    assert (row["plan"], row["plan_rule"], row["credit_usd"], row["overflow_usd"], row["stops"]) == (
        "team_premium", "seat list", Decimal(100), Decimal(0), False)


def test_the_report_says_the_plan_where_no_seat_list_does(company):
    company.claude_code(DAYS, "non-interactive", subscription_type="enterprise")
    company.build(*INVENTORY)
    ((row,), _) = ask(date(2026, 12, 1))
    assert (row["plan"], row["plan_rule"]) == ("enterprise_usage", "subscription_type of the Claude Code report")


def test_traces_stand_in_where_the_vendor_reports_no_subscription_use(company):
    company.traced_runs([at(day, 3) for day in DAYS])
    company.build(*INVENTORY)
    ((row,), _) = ask(date(2026, 12, 1))
    assert (row["source_feed"], row["headless_list_usd"]) == ("agent_spans", Decimal("2.8"))


def test_interactive_use_never_draws_on_the_credit(company):
    company.claude_code(DAYS, "vscode")
    company.traced_runs([at(day, 10) for day in DAYS], workflow=None, service="claude-code")
    company.build(*INVENTORY)
    assert ask(date(2026, 11, 1)) == ([], [])


def test_asking_stores_nothing_and_the_ledger_keeps_its_hash(headless):
    headless.build("fct_usage_day")
    before = ledger_hash(headless.lake), headless.lake.version("rpt_platform__agent_sdk_split")
    ask(date(2026, 11, 1), "on")
    headless.build("fct_usage_day", *SPLIT)
    assert (ledger_hash(headless.lake), headless.lake.version("rpt_platform__agent_sdk_split")) == before


def test_switching_it_on_and_off_in_the_policy_file_restores_the_ledger_bit_for_bit(headless, monkeypatch):
    headless.build("fct_usage_day")
    ledger, off = ledger_hash(headless.lake), headless.read("rpt_platform__agent_sdk_split")
    policy = catalog().seeds["agent_sdk_split"]
    switched = headless.lake.root + "-agent_sdk_split.csv"
    with open(switched, "w", encoding="utf-8") as file:
        file.write(policy.read_text().replace("2026-06-15,,", "2026-06-15,2026-11-01,"))
    with monkeypatch.context() as patched:
        patched.setitem(catalog().seeds, "agent_sdk_split", type(policy)(switched))
        headless.build("fct_usage_day", *SPLIT)
        in_force = [row for row in headless.read("rpt_platform__agent_sdk_split") if row["state"] != "not in force"]
        assert [(row["state"], row["overflow_usd"]) for row in in_force] == [("what if from 2026-11-01", Decimal(35))]
        assert ledger_hash(headless.lake) == ledger
    headless.build("fct_usage_day", *SPLIT)
    assert (ledger_hash(headless.lake), headless.read("rpt_platform__agent_sdk_split")) == (ledger, off)


def test_an_overflow_that_is_neither_is_refused(headless):
    with pytest.raises(ConfigurationError, match="overflow must be off or on, not 'maybe'"):
        ask(date(2026, 12, 1), "maybe")


def test_the_sandboxs_headless_seat_use_matches_its_answer_key_to_the_cent(sandbox_server, tmp_path, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))
    scenario = Scenario(developers=12, days=21, seed=7)
    sandbox_server(scenario)
    settings = Settings.from_environment()
    lake, days = Lake(settings.lake_uri), [day.isoformat() for day in scenario.calendar]
    feed = feeds()["claude_code_usage"]
    for answer in feed.fetch(scenario.calendar, settings):
        lake.replace(feed.name, feed.table(answer), "usage_day", [answer.day])
    for name in ("fct_usage_day", "int_workload__start", "int_workload__key"):
        build(catalog().models[name], catalog(), settings, days if name != "int_workload__key" else [])
    cron = answer_key(scenario)["claude_code"]["seat_cron"]
    november = sum(Decimal(usd) for day, usd in cron["usd_by_day"].items() if day >= "2026-11-05")
    ((row,), _) = ask(date(2026, 11, 5))
    assert (row["seat"], row["headless_list_usd"], row["overflow_usd"]) == (cron["email"], november, november - 20)


def ledger_hash(lake: Lake) -> str:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE ledger AS {lake.relation_sql('fct_usage_day', 'usage_day')}")
        rows = "SELECT CAST(ledger AS VARCHAR) AS line FROM ledger"
        return connection.execute(f"SELECT md5(string_agg(line, '' ORDER BY line)) FROM ({rows})").fetchone()[0]
