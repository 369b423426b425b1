"""The month's end on the command line, and its files as Dagster assets."""

from datetime import date

import click
import dagster as dg
import pytest
from click.testing import CliRunner
from finance_books import OCTOBER, usage

from agent_spend.cli.finance import commands
from agent_spend.errors import ConfigurationError
from agent_spend.month_end.close import closed_months
from agent_spend.publish.monthly_assets import month_close_asset, monthly_assets, reopen_month_job
from agent_spend.publish.warehouse import publish_warehouse


def run(*arguments):
    group = click.Group(commands={command.name: command for command in commands})
    return CliRunner().invoke(group, arguments)


@pytest.fixture
def month(books, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-12-20")
    books.answered_month("cursor")
    books.write("fct_usage_day", usage(OCTOBER, "cursor", "12.50", billed_usd="12.50", cost_center="CC-1"))
    books.write("rpt_finance__vendor_month", {
        "month": OCTOBER, "vendor": "cursor", "charge_kind": "usage", "billed_usd": "12.50"})
    books.build("fct_charge_month")
    return books


def test_a_month_is_closed_and_reopened_by_name(month):
    assert run("close", "--month", "2026-10").output == (
        "closed 2026-10: 1 lines frozen, 0 adjustments of earlier months taken over\n")
    assert run("reopen", "--month", "2026-10", "--reason", "late invoice").output == "reopened 2026-10\n"


def test_reopening_without_a_reason_is_a_usage_error(month):
    result = run("reopen", "--month", "2026-10")
    assert (result.exit_code, "Missing option '--reason'" in result.output) == (2, True)


def test_a_refusal_names_the_days(month):
    month.answered("cursor", date(2026, 10, 3), date(2026, 11, 10))
    result = run("close", "--month", "2026-10")
    assert isinstance(result.exception, ConfigurationError)
    assert "cursor_usage_events has no data for 2026-10-01 to 2026-10-02" in str(result.exception)
    assert "forced although cursor_usage_events" in run("close", "--month", "2026-10", "--force").output


def test_exports_print_the_files_they_wrote(month):
    exports = month.settings.home / "exports"
    assert run("export", "focus", "--month", "2026-10").output.split() == [
        str(exports / "focus-2026-10.csv"), str(exports / "focus-2026-10.parquet")]
    assert run("export", "chargeback", "--month", "2026-10").output.split() == [str(exports / "chargeback-2026-10.csv")]


def test_the_price_book_is_checked_and_compared(tmp_path):
    assert run("prices", "check").output == "no gap and no overlap\n"
    path = tmp_path / "a.csv"
    path.write_text("vendor,usd_per_unit,effective_from\nv,1,2026-01-01\n")
    assert run("prices", "diff", str(path), str(path)).output == "no difference\n"


def test_both_files_are_assets_of_a_month(month):
    assets = monthly_assets(month.catalog)
    result = dg.materialize([*assets, *(dg.AssetSpec(name, partitions_def=assets[0].partitions_def) for name in (
        "fct_charge_month", "fct_seat_month"))], selection=assets, partition_key="2026-10-01")
    assert result.success
    assert sorted(path.name for path in (month.settings.home / "exports").iterdir()) == [
        "chargeback-2026-10.csv", "focus-2026-10.csv", "focus-2026-10.parquet"]


def close_by_asset(books, force=False):
    asset = month_close_asset(books.catalog)
    return dg.materialize([asset], selection=[asset], partition_key="2026-10-01", raise_on_error=False,
                          run_config={"ops": {"month_closes": {"config": {"force": force}}}})


def test_materialising_a_month_closes_it_once(month):
    for expected in ({"closed": ["2026-10: 1 lines, 0 adjustments taken over"], "closed_before": []},
                     {"closed": [], "closed_before": ["2026-10"]}):
        (event,) = close_by_asset(month).asset_materializations_for_node("month_closes")
        assert {name: value.value for name, value in event.metadata.items()} == expected
    assert closed_months(month.settings) == [OCTOBER]


def test_a_month_with_open_days_fails_the_asset_unless_forced(month):
    month.answered("cursor", date(2026, 10, 3), date(2026, 11, 10))
    assert not close_by_asset(month).success
    assert closed_months(month.settings) == []
    assert close_by_asset(month, force=True).success


def test_the_reopening_job_logs_the_reason_and_says_so_to_what_reads_the_closes(month):
    close_by_asset(month)
    config = {"ops": {"reopen": {"config": {"month": "2026-10", "reason": "late invoice"}}}}
    result = reopen_month_job.execute_in_process(run_config=config)
    (event,) = result.asset_materializations_for_node("reopen")
    assert (event.asset_key.to_user_string(), event.partition) == ("month_closes", "2026-10-01")
    assert closed_months(month.settings) == []
    assert month.lake.read("month_closes", "month")["reason"].to_pylist() == [None, "late invoice"]


def test_a_published_page_says_at_once_that_the_month_is_closed(month):
    publish_warehouse(month.lake, month.catalog, month.settings.home)
    page = month.settings.home / "page" / "index.html"
    run("close", "--month", "2026-10")
    assert "closed " in page.read_text() and 'id="closes"' in page.read_text()
    run("reopen", "--month", "2026-10", "--reason", "late invoice")
    assert 'id="closes"' not in page.read_text()


def test_a_month_without_charges_is_no_failure(books):
    assets = monthly_assets(books.catalog)
    result = dg.materialize([assets[1]], selection=[assets[1]], partition_key="2026-10-01")
    assert result.asset_materializations_for_node("chargeback_export")[0].metadata["months_without_charges"].value == ["2026-10"]
