"""The commands as a person types them."""

import csv
import io

import pytest
from click.testing import CliRunner
from workload_company import DAYS, INVENTORY

from agent_spend.cli import main


@pytest.fixture
def run():
    def typed(*arguments: str) -> str:
        result = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return typed


def test_reprice_sums_a_model_and_says_that_it_is_hypothetical(company, run):
    company.write("claude_api_usage", *[
        {"usage_day": day, "api_key_id": "a", "model": "claude-opus-5-5", "output_tokens": 1_000_000} for day in DAYS[-2:]])
    company.store()
    output = run("what-if", "reprice", "--from", "2026-11-21", "--to", "2026-11-22", "--as-model", "claude-sonnet-5-5")
    assert output.splitlines()[1].split() == ["claude-opus-5-5", "claude-sonnet-5-5", "2000000", "40.00", "20.00", "-20.00"]
    assert output.splitlines()[2].startswith("Hypothetical:")


def test_the_split_prints_seats_as_csv_with_every_digit(company, run):
    company.claude_code(DAYS, "non-interactive")
    company.build(*INVENTORY)
    (row,) = csv.DictReader(io.StringIO(run("what-if", "agent-sdk-split", "--from", "2026-12-01", "--format", "csv")))
    assert (row["seat"], row["hypothetical_overflow_usd"], row["hypothetical_stops"], row["state"]) == (
        "jonas@acme.test", "50.000000000000000000", "True", "what if from 2026-12-01")


def test_the_split_says_that_it_is_not_in_force(company, run):
    company.claude_code(DAYS, "non-interactive")
    company.build(*INVENTORY)
    output = run("what-if", "agent-sdk-split", "--from", "2026-12-01", "--workloads")
    assert "(not traced)" in output and "100.0%" in output
    assert output.endswith("paused 2026-06-15, not in force. The ledger holds none of it.\n")


def test_export_cutover_prints_the_path_of_the_file(company, run):
    company.build(*INVENTORY, "rpt_platform__cutover_list")
    path = run("export", "cutover").strip()
    assert path.endswith("/exports/cutover.csv")
