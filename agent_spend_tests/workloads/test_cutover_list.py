"""The list a person works off to move workloads from seats to keys, as a table and as a file."""

import csv
from decimal import Decimal

import pytest
from workload_company import DAYS, INVENTORY, at, human_hours, workdays

from agent_spend.publish.cutover import export_cutover
from agent_spend.settings import Settings


def export(company) -> list[dict]:
    company.build(*INVENTORY, "rpt_platform__cutover_list")
    with export_cutover(Settings.from_environment()).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_workloads_on_seats_are_listed_dearest_first_with_their_cost_at_key_prices_and_a_target(company):
    company.traced_runs([at(day, 3) for day in DAYS])
    company.claude_code(DAYS, "non-interactive")
    company.events([at(day, 6) for day in DAYS], automation_id="a1", cloud_agent_id="bc-1")
    columns = ("workload", "key_usd_28d", "target_key", "target_exists", "owner")
    assert [tuple(row[name] for name in columns) for row in export(company)] == [
        ("jonas@acme.test", "70", "API key headless-jonas", "no", "Jonas Jung"),
        ("automation-a1", "5.6", "service account automation-a1", "no", "Jonas Jung"),
        ("release_notes", "3.36", "API key release-notes-prod", "no", "Jonas Jung"),
    ]


def test_a_key_that_the_registry_has_already_is_named_as_existing(company):
    company.traced_runs([at(day, 3) for day in DAYS])
    company.write("key_registry", {"usage_day": DAYS[-1], "vendor": "anthropic", "key_id": "apikey_1",
                                   "key_name": "Release-Notes-Prod", "environment": "prod"})
    assert [row["target_exists"] for row in export(company)] == ["yes"]


def test_a_workload_on_a_key_and_a_person_at_work_are_not_listed(company):
    company.traced_runs([at(day, 3) for day in DAYS], auth_kind="api_key", owner_email=None)
    company.events(human_hours(1, workdays(), 9, 17))
    company.events([at(DAYS[-3], 11)], cloud_agent_id="bc-1")
    assert export(company) == []


def test_exporting_the_same_list_again_leaves_the_file_alone(company):
    company.traced_runs([at(day, 3) for day in DAYS])
    export(company)
    path = Settings.from_environment().home / "exports" / "cutover.csv"
    written = path.stat().st_mtime_ns
    assert export_cutover(Settings.from_environment()) == path
    assert path.stat().st_mtime_ns == written


@pytest.mark.parametrize("name", ["=cmd", "\uff1dcmd"])
def test_a_workflow_name_that_looks_like_a_formula_is_not_one_in_the_file(company, name):
    company.traced_runs([at(day, 3) for day in DAYS], workflow=name, environment=None)
    assert [row["workload"] for row in export(company)] == [f"'{name}"]


def test_the_value_at_key_prices_is_the_price_books_where_the_agent_reported_less(company):
    company.traced_runs([at(DAYS[-1], 3)])
    company.build(*INVENTORY)
    (row,) = company.read("rpt_auth_audit")
    assert (row["list_usd_28d"], row["key_usd_28d"]) == (Decimal("0.1"), Decimal("0.12"))
