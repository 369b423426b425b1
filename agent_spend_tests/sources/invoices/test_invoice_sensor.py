"""A dropped invoice file runs its month; an unreadable one is named and runs nothing."""

from datetime import date

import dagster as dg
import pytest

from agent_spend.lake.ledgers import coverage_of
from agent_spend.lake.tables import Lake
from agent_spend.schedules import monthly_feeds
from agent_spend.settings import Settings
from agent_spend.sources.feed_asset import feed_asset
from agent_spend.sources.invoices.assets import FEEDS
from agent_spend.sources.invoices.sensor import invoice_sensor
from agent_spend.sources.land import land

[FEED] = FEEDS

HEADER = "vendor,invoice_id,issued_day,period_start_day,period_end_day,charge_kind,currency,amount\n"


def line(invoice="A-1", start="2026-10-01", end="2026-10-31", amount="1"):
    return f"anthropic,{invoice},2026-11-01,{start},{end},usage,USD,{amount}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "invoices"
    folder.mkdir()
    monkeypatch.setenv("INVOICES_URI", str(folder))
    return folder


def evaluate(cursor=None):
    """Months asked for, the new cursor, and the reason for asking for none."""
    with dg.build_sensor_context(cursor=cursor) as context:
        result = invoice_sensor(monthly_feeds)(context)
    if isinstance(result, dg.SkipReason):
        return [], cursor, result.skip_message
    return [request.partition_key for request in result.run_requests], result.cursor, None


def test_a_dropped_file_runs_its_month_once(folder):
    (folder / "a.csv").write_text(HEADER + line())
    months, cursor, _ = evaluate()
    assert months == ["2026-10-01"]
    assert evaluate(cursor)[0] == []


def test_an_invoice_over_two_months_runs_both(folder):
    (folder / "a.csv").write_text(HEADER + line(start="2026-10-27", end="2026-11-26"))
    assert evaluate()[0] == ["2026-10-01", "2026-11-01"]


def test_only_the_months_of_a_changed_file_run_again_with_another_key(folder):
    (folder / "a.csv").write_text(HEADER + line())
    (folder / "b.csv").write_text(HEADER + line("A-2", "2026-09-01", "2026-09-30"))
    cursor = evaluate()[1]
    (folder / "a.csv").write_text(HEADER + line(amount="2"))
    assert evaluate(cursor)[0] == ["2026-10-01"]


def test_a_file_that_goes_back_to_an_earlier_content_is_a_new_run(folder):
    keys, cursor = [], None
    for amount in ("1", "2", "1"):
        (folder / "a.csv").write_text(HEADER + line(amount=amount))
        with dg.build_sensor_context(cursor=cursor) as context:
            result = invoice_sensor(monthly_feeds)(context)
        keys.append(result.run_requests[0].run_key)
        cursor = result.cursor
    assert len(set(keys)) == 3


def test_a_file_that_moves_to_another_month_runs_the_old_month_too(folder):
    (folder / "a.csv").write_text(HEADER + line())
    cursor = evaluate()[1]
    (folder / "a.csv").write_text(HEADER + line(start="2026-11-01", end="2026-11-30"))
    assert evaluate(cursor)[0] == ["2026-10-01", "2026-11-01"]


def test_an_unreadable_file_runs_the_months_it_names_and_stops_no_other(folder):
    (folder / "a.csv").write_text(HEADER + line(start="2026-08-01", end="2026-08-31"))
    (folder / "b.csv").write_text(HEADER + line("A-2", amount="ten"))
    months, cursor, _ = evaluate()
    # Its dates are of October (the period) and of November (the day of issue).
    assert months == ["2026-08-01", "2026-10-01", "2026-11-01"]
    assert evaluate(cursor) == ([], cursor, "no invoice file changed")
    (folder / "b.csv").write_text(HEADER + line("A-2", amount="10"))
    assert evaluate(cursor)[0] == ["2026-10-01", "2026-11-01"]


def test_an_unreadable_file_without_any_date_runs_the_current_month(folder, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-20")
    (folder / "notes.csv").write_text("name,phone\nA,1\n")
    assert evaluate()[0] == ["2026-11-01"]


def test_months_that_have_not_begun_are_not_asked_for(folder, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-20")
    (folder / "a.csv").write_text(HEADER + line(start="2026-10-01", end="2027-09-30"))
    assert evaluate()[0] == ["2026-10-01", "2026-11-01"]


def test_a_tick_runs_the_months_of_good_files_and_the_feed_reports_the_bad_one(folder):
    (folder / "good.csv").write_text(HEADER + line())
    (folder / "bad.csv").write_text(HEADER + line("A-2", amount="ten"))
    defs = dg.Definitions(assets=[feed_asset(FEED)], jobs=[monthly_feeds], sensors=[invoice_sensor(monthly_feeds)])
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance, definitions=defs) as context:
        data = defs.resolve_sensor_def("dropped_invoices").evaluate_tick(context)
        months = [request.partition_key for request in data.run_requests]
        results = [
            defs.resolve_job_def("monthly_feeds").execute_in_process(
                instance=instance, partition_key=month, raise_on_error=False) for month in months
        ]
    assert (months, [result.success for result in results]) == (["2026-10-01", "2026-11-01"], [True, False])
    lake = Lake(Settings.from_environment().lake_uri)
    assert [row["invoice_id"] for row in lake.read("vendor_invoices", "month").to_pylist()] == ["A-1"]
    known = {f"{day}": (entry.state, entry.last_attempt) for day, entry in coverage_of(lake, "vendor_invoices").items()}
    assert known == {"2026-10-01": ("available", "bad_value"), "2026-11-01": ("missing", "bad_value")}


def test_a_file_that_becomes_unreadable_loses_no_stored_line(folder):
    settings = Settings.from_environment()
    for name, invoice in (("a.csv", "A-1"), ("b.csv", "A-2")):
        (folder / name).write_text(HEADER + line(invoice))
    land(FEED, [date(2026, 10, 1)], settings)
    (folder / "b.csv").write_text("")
    landing = land(FEED, [date(2026, 10, 1)], settings)
    assert "line 1 of anthropic invoice A-2 of 2026-10 would be lost" in landing.failures[date(2026, 10, 1)]
    assert Lake(settings.lake_uri).read("vendor_invoices", "month").num_rows == 2


def test_without_a_setting_the_sensor_says_what_to_set(monkeypatch):
    monkeypatch.delenv("INVOICES_URI", raising=False)
    assert evaluate()[2] == "not connected: set INVOICES_URI"
