"""A dropped invoice file runs its month; an unreadable one is named and runs nothing."""

import dagster as dg
import pytest

from agent_spend.schedules import monthly_feeds
from agent_spend.sources.invoices.sensor import invoice_sensor

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


def test_an_unreadable_file_runs_nothing_and_is_named(folder):
    (folder / "a.csv").write_text(HEADER + line(amount="ten"))
    months, cursor, reason = evaluate()
    assert (months, cursor) == ([], None)
    assert reason.startswith("bad_value: a.csv line 2: amount must be an amount")
    (folder / "a.csv").write_text(HEADER + line(amount="10"))
    assert evaluate(cursor)[0] == ["2026-10-01"]


def test_without_a_setting_the_sensor_says_what_to_set(monkeypatch):
    monkeypatch.delenv("INVOICES_URI", raising=False)
    assert evaluate()[2] == "not connected: set INVOICES_URI"
