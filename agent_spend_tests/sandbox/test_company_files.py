"""The simulated company's own files, read back by the real sources."""

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.sandbox import company_files
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.invoices.assets import FEEDS as INVOICE_FEEDS
from agent_spend.sources.key_registry.assets import FEEDS as REGISTRY_FEEDS
from agent_spend.sources.roster.assets import FEEDS as ROSTER_FEEDS

#: Ends on 10 December, so November is closed and wholly inside.
CLOSED = Scenario(developers=12, days=45, seed=7, end_day=date(2026, 12, 10))
OPEN = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def company(tmp_path, monkeypatch):
    def write(scenario):
        paths = company_files.write_files(scenario, tmp_path)
        for name in paths:
            monkeypatch.setenv(f"{name.upper()}_URI", str(paths[name]))
        return paths

    return write


def tables(feeds, days):
    [feed] = feeds
    return {answer.day: feed.table(answer).to_pylist() for answer in feed.fetch(days, Settings.from_environment())}


def test_the_roster_of_each_day_is_who_was_employed(company):
    company(OPEN)
    people = {day.isoformat(): len(rows) for day, rows in tables(ROSTER_FEEDS, OPEN.calendar).items()}
    assert people == company_files.answer_key(OPEN)["roster"]["people_by_day"]
    assert (people["2026-11-02"], people["2026-11-22"]) == (12, 11)


def test_the_moved_person_is_in_the_new_squad_from_the_seeded_day(company):
    company(OPEN)
    squads = {
        day.isoformat(): row["squad"]
        for day, rows in tables(ROSTER_FEEDS, OPEN.calendar).items()
        for row in rows
        if row["person_id"] == "E1007"
    }
    # 21 days from 2026-11-02; a third of them before the move.
    assert (squads["2026-11-08"], squads["2026-11-09"]) == ("android", "ios")
    assert len(squads) == 21


def test_the_renamed_person_is_listed_under_the_new_login_and_the_old_id(company):
    company(OPEN)
    [row] = [row for row in tables(ROSTER_FEEDS, [OPEN.first_day])[OPEN.first_day] if row["person_id"] == "E1006"]
    assert row["github_login"].endswith("_acme-hq") and row["github_user_id"] == 500006


def test_the_contractor_and_the_forgotten_key_are_in_no_file(company):
    paths = company(OPEN)
    assert "contractor-9" not in paths["roster"].read_text()
    assert "apikey_01SimForgotten" not in paths["key_registry"].read_text()


def test_every_key_of_the_registry_is_read_with_its_tags(company):
    company(OPEN)
    rows = tables(REGISTRY_FEEDS, [OPEN.end_day])[OPEN.end_day]
    assert len(rows) == company_files.answer_key(OPEN)["key_registry"]["keys"] == 12
    assert {row["vendor"] for row in rows} == {"anthropic", "cursor"}
    assert all(row["environment"] and row["cost_center"] and row["owner_email"] for row in rows)


def test_a_month_that_is_not_closed_has_no_invoice(company):
    paths = company(OPEN)
    assert list(paths["invoices"].iterdir()) == []
    assert company_files.answer_key(OPEN)["invoices"] == {}


def test_invoices_read_back_sum_to_the_answer_key(company):
    company(CLOSED)
    sums = defaultdict(Decimal)
    for row in tables(INVOICE_FEEDS, [OCTOBER, NOVEMBER])[NOVEMBER]:
        sums[row["vendor"], row["charge_kind"]] += row["amount_usd"]
    key = company_files.answer_key(CLOSED)["invoices"]
    expected = {
        (vendor, kind): Decimal(usd)
        for vendor, months in key.items()
        for kind, usd in months["2026-11"].items()
        if kind != "total"
    }
    assert dict(sums) == expected
    assert {kind for vendor, kind in expected if vendor == "cursor"} == {"seat", "usage", "tax"}


def test_seats_cost_what_the_vendors_list(company):
    key = company_files.answer_key(CLOSED)["invoices"]
    # 12 people and the contractor at 19; every third person at 25.
    assert key["github_copilot"]["2026-11"]["seat"] == "247.00"
    assert key["anthropic"]["2026-11"]["seat"] == "100.00"
    # Every second at 40, by cycles from a 27th: 240 x 26/31 = 201.29, and 200 x 4/30 = 26.67 without the leaver.
    assert key["cursor"]["2026-11"]["seat"] == "227.96"


def test_a_cursor_invoice_covers_its_billing_cycle(company):
    paths = company(CLOSED)
    lines = [line for name in ("2026-10-cursor.csv", "2026-11-cursor.csv")
             for line in csv.DictReader((paths["invoices"] / name).open()) if line["charge_kind"] == "seat"]
    columns = ("period_start_day", "period_end_day", "quantity", "amount")
    assert [tuple(line[column] for column in columns) for line in lines] == [
        ("2026-09-27", "2026-10-26", "6", "$240.00"), ("2026-10-27", "2026-11-26", "6", "$240.00"),
        ("2026-11-27", "2026-12-26", "5", "$200.00")]


def test_a_month_that_began_before_the_scenario_is_invoiced_for_its_days_inside(company):
    # 45 days to 10 December begin on 27 October.
    key = company_files.answer_key(CLOSED)["invoices"]
    # Of December there is nothing but the cycle that began on 27 November.
    assert sorted(key["cursor"]) == ["2026-10", "2026-11", "2026-12"] and set(key["cursor"]["2026-12"]) == {"seat", "total"}
    assert Decimal(key["cursor"]["2026-10"]["usage"]) < Decimal(key["cursor"]["2026-11"]["usage"])


def test_the_api_invoice_is_the_billed_total_to_the_cent(company):
    from agent_spend.sandbox.claude_usage import billed_usd_by_month

    billed = billed_usd_by_month(CLOSED)["2026-11"]
    invoiced = Decimal(company_files.answer_key(CLOSED)["invoices"]["anthropic"]["2026-11"]["usage"])
    assert abs(billed - invoiced) <= Decimal("0.005")


def test_the_same_scenario_writes_the_same_files(tmp_path):
    first = company_files.write_files(CLOSED, tmp_path / "a")
    second = company_files.write_files(CLOSED, tmp_path / "b")
    contents = [{p.name: p.read_bytes() for p in paths["invoices"].iterdir()} for paths in (first, second)]
    assert contents[0] == contents[1] and len(contents[0]) == 6
    assert first["roster"].read_bytes() == second["roster"].read_bytes()


def test_the_copilot_invoice_is_what_the_simulated_billing_charges():
    from agent_spend.sandbox import copilot_billing as billing

    # Sixty days of twelve people use more than the pool of October; the invoice then holds the rest.
    scenario = Scenario(developers=12, days=60, seed=7, end_day=date(2026, 11, 22))
    october = [day for day in scenario.calendar if day.month == 10]
    net = sum(billing.credits_on(scenario, day) - billing.covered_on(scenario, day) for day in october) / 100
    lines = company_files.answer_key(scenario)["invoices"]["github_copilot"]["2026-10"]
    assert Decimal(lines["usage"]) == net.quantize(Decimal("0.01")) > 0
    assert Decimal(lines["seat"]) == billing.seats_in(scenario, OCTOBER) * 19
