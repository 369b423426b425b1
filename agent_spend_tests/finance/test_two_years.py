"""Two years in which prices, seats and people all changed: every month's figures and causes, worked out by hand."""

import dataclasses
import shutil
from datetime import date
from decimal import Decimal

import pytest
from finance_books import Books, plain
from two_years import MONTHS, PRICES, two_years

from agent_spend.catalog import Catalog
from agent_spend.models import build
from agent_spend.month_end.close import close_month
from agent_spend.project import catalog
from agent_spend.publish.chargeback import chargeback_lines
from agent_spend.publish.focus import focus_table
from agent_spend.publish.warehouse import publish_warehouse, query
from agent_spend.settings import Settings

pytestmark = pytest.mark.xdist_group("two_years")


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two_years")
    return two_years(dataclasses.replace(Settings.from_environment(), home=folder / "home"), catalog().sources, folder)


@pytest.fixture
def dated_book(history, monkeypatch):
    """The exports read the history's own price files, not those of the package."""
    for module in ("month_end.close", "month_end.ledger", "month_end.ledger_sql"):
        monkeypatch.setattr(f"agent_spend.{module}.catalog", lambda: history.catalog, raising=False)


def over(*changes):
    """A value for each of the 25 months; each pair gives a value and the last month that has it (none for the end)."""
    values, left = [], list(MONTHS)
    for value, through in changes:
        while left and (through is None or f"{left[0]:%Y-%m}" <= through):
            values.append(value)
            left.pop(0)
    assert not left
    return values


def column(history, name, vendor, kind):
    rows = history.lake.read("rpt_finance__vendor_month", "month").to_pylist()
    found = {row["month"]: plain(row[name]) for row in rows if (row["vendor"], row["charge_kind"]) == (vendor, kind)}
    return [found.get(month) for month in MONTHS]


def differences(history, vendor, line, comparison):
    """``YYYY-MM`` -> cause -> amount, for the months with a difference; checks that causes add up to it exactly."""
    found = {}
    for row in history.lake.read("rpt_reconciliation_month", "month").to_pylist():
        if (row["vendor"], row["line"], row["comparison"]) == (vendor, line, comparison) and row["cause"] != "none":
            found.setdefault(f"{row['month']:%Y-%m}", {})[row["cause"]] = row
    for causes in found.values():
        total = next(iter(causes.values()))["difference_usd"]
        assert total is None or sum(row["cause_usd"] for row in causes.values()) == total
    return {month: {cause: plain(row["cause_usd"]) for cause, row in causes.items()} for month, causes in found.items()}


def states(history):
    """Lines that are not reconciled."""
    rows = history.lake.read("rpt_reconciliation_month", "month").to_pylist()
    return sorted({(f"{row['month']:%Y-%m}", row["vendor"], row["line"], row["state"]) for row in rows
                   if row["state"] != "reconciled"})


def test_a_price_change_on_the_15th_alters_days_from_the_15th_only(history):
    rows = history.lake.read("fct_usage_day", "usage_day").to_pylist()
    prices = {row["usage_day"]: plain(row["list_usd"]) for row in rows if row["series"] == "claude_api_key"}
    days = [date(2025, 6, 15), date(2025, 7, 14), date(2025, 7, 15), date(2026, 3, 14), date(2026, 3, 15)]
    assert [prices[day] for day in days] == ["4", "4", "3", "3", "5"]


@pytest.mark.parametrize("figure", ["list_usd", "billed_usd"])
def test_claude_usage_follows_its_two_price_changes(history, figure):
    assert column(history, figure, "anthropic", "usage") == over(
        ("8", "2025-06"), ("7", "2025-07"), ("6", "2026-02"), ("8", "2026-03"), ("10", None))


def test_claude_seats_follow_the_price_and_the_upgrade_of_one_seat(history):
    # May 2026: 25 + 25 x 15/31 + 125 x 16/31 = 25 + 12.10 + 64.52
    assert column(history, "billed_usd", "anthropic", "seat") == over(
        ("60", "2025-12"), ("50", "2026-04"), ("101.62", "2026-05"), ("150", None))


def test_copilot_seats_follow_a_joiner_a_leaver_a_price_and_a_plan(history):
    # March 2025: 4 x 19 + 19 x 22/31. The leaver of 16 September is billed to the end of that month. August 2026: 3 x 21 + 39.
    assert column(history, "billed_usd", "github_copilot", "seat") == over(
        ("76", "2025-02"), ("89.48", "2025-03"), ("105", "2025-09"), ("84", "2026-07"), ("102", None))


def test_cursor_seats_follow_the_price_and_a_joiner(history):
    assert column(history, "billed_usd", "cursor", "seat") == over(
        ("64", "2025-09"), ("80", "2026-05"), ("100", "2026-06"), ("120", None))


def test_copilot_use_is_premium_requests_and_then_credits(history):
    assert column(history, "billed_usd", "github_copilot", "usage") == over(("4", "2026-05"), ("0", "2026-08"), ("4", None))
    assert column(history, "covered_usd", "github_copilot", "usage") == over(("6", "2026-05"), ("35", "2026-08"), ("96", None))
    assert column(history, "list_usd", "github_copilot", "usage") == over((None, "2026-06"), ("35", "2026-08"), ("100", None))


def test_the_promotional_pool_ends_with_august_2026(history):
    rows = history.lake.read("rpt_finance__pool_month", "month").to_pylist()
    pools = {f"{row['month']:%Y-%m}": (plain(row["included_credits"]), plain(row["overage_credits"])) for row in rows}
    assert pools == {
        "2026-06": ("12000", "0"), "2026-07": ("12000", "0"), "2026-08": ("16000", "0"),
        "2026-09": ("9600", "400"), "2026-10": ("9600", "400"), "2026-11": ("9600", "400")}


def test_premium_requests_are_charges_of_four_cents(history):
    rows = history.lake.read("fct_charge_month", "month").to_pylist()
    found = [[plain(row[name]) for name in ("quantity", "unit_list_usd", "list_usd", "billed_usd")]
             for row in rows if row["unit"] == "Requests"]
    assert found == [["250", "0.04", "10", "4"]] * 19


def test_every_charge_of_every_month_is_the_ledgers_cash(history, dated_book):
    # Usage and seats of the four bills, month by month.
    expected = [sum(map(Decimal, column)) for column in zip(
        over(("8", "2025-06"), ("7", "2025-07"), ("6", "2026-02"), ("8", "2026-03"), ("10", None)),
        over(("60", "2025-12"), ("50", "2026-04"), ("101.62", "2026-05"), ("150", None)),
        over(("76", "2025-02"), ("89.48", "2025-03"), ("105", "2025-09"), ("84", "2026-07"), ("102", None)),
        over(("64", "2025-09"), ("80", "2026-05"), ("100", "2026-06"), ("120", None)),
        over(("4", "2026-05"), ("0", "2026-08"), ("4", None)), ["40"] * 25, strict=True)]
    found = {month: Decimal(0) for month in MONTHS}
    for row in history.lake.read("fct_charge_month", "month").to_pylist():
        found[row["month"]] += row["billed_usd"]
    assert list(found.values()) == expected
    assert sum(line["amount_usd"] for line in chargeback_lines(history.settings, date(2026, 5, 1))) == Decimal("319.62")


def test_a_person_who_changes_squad_on_the_10th_is_charged_to_each_for_its_days(history, dated_book):
    lines = chargeback_lines(history.settings, date(2025, 6, 1))
    cursor = {line["cost_center"]: line["amount_usd"] for line in lines
              if (line["vendor"], line["charge_kind"], line["charge"]) == ("cursor", "usage", "charged")}
    # 12 on the 9th for alpha, 18 on the 10th for beta, and P5's 10 on the 28th for alpha.
    assert cursor == {"CC-ALPHA": Decimal(22), "CC-BETA": Decimal(18)}


def test_a_renamed_login_is_one_person_before_and_after(history):
    rows = history.lake.read("fct_seat_month", "month").to_pylist()
    renamed = [row for row in rows if row["vendor"] == "github_copilot" and row["actor_id"] == "5"]
    assert {(row["month"], row["person_id"]) for row in renamed} == {(month, "P5") for month in MONTHS}


def test_metered_and_billed_copilot_differ_by_what_nobody_meters_and_by_the_pool(history):
    found = differences(history, "github_copilot", "usage", "metered_billing_api")
    months = dict(zip([f"{month:%Y-%m}" for month in MONTHS], over(
        ({"not_metered": "10", "included_pool": "-6"}, "2026-05"), ({"not_metered": "35", "included_pool": "-35"}, "2026-06"),
        ({"included_pool": "-35"}, "2026-08"), ({"included_pool": "-96"}, None)), strict=True))
    assert found == months


def test_seats_differ_by_their_proration_only(history):
    assert differences(history, "github_copilot", "seat", "metered_billing_api") == {"2025-03": {"seat_proration": "-5.52"}}
    assert differences(history, "anthropic", "seat", "metered_invoice") == {"2026-05": {"seat_proration": "-73.38"}}
    assert differences(history, "cursor", "seat", "metered_invoice") == {"2026-06": {"seat_proration": "-20"}}


def test_invoices_of_a_billing_cycle_are_explained_by_their_days(history):
    # 40 from 27 September to 26 October is 5.33 for 4 days and 34.67 for 26; 40 to 26 November is 6.45 and 33.55.
    assert differences(history, "cursor", "usage", "billing_api_invoice") == {
        "2026-09": {"billing_cycle_vs_calendar_month": "-4.67"},
        "2026-10": {"billing_cycle_vs_calendar_month": "1.12"},
        "2026-11": {"billing_cycle_vs_calendar_month": "3.55", "days_not_invoiced": "-10"}}


def test_tax_and_a_credit_note_are_lines_of_their_own(history):
    assert differences(history, "anthropic", "credit", "billing_api_invoice") == {"2025-09": {"credit_note": "-2"}}
    assert differences(history, "anthropic", "tax", "billing_api_invoice") == {"2026-01": {"tax": "1.14"}}


def test_only_the_seeded_months_are_not_reconciled(history):
    # An invoice in euros without its USD value, one of 2.50 too much, and none at all.
    assert states(history) == [
        ("2025-11", "anthropic", "usage", "not reconciled"), ("2026-08", "anthropic", "usage", "difference"),
        ("2026-10", "anthropic", "usage", "not reconciled")]
    assert differences(history, "anthropic", "usage", "billing_api_invoice") == {
        "2025-11": {"currency": None}, "2026-08": {"unexplained": "2.5"}, "2026-10": {"no_invoice": None}}
    assert [finding["subject"] for finding in history.check("invoice_differs")] == ["anthropic usage 2026-08"]


def focus_rows(settings, month):
    return focus_table(settings, date(2025, month, 1)).to_pylist()


def test_a_closed_month_keeps_its_figure_after_the_price_book_changes(history, dated_book, tmp_path, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-12-20")
    home = tmp_path / "home"
    shutil.copytree(history.settings.home, home)
    settings = dataclasses.replace(history.settings, home=home)
    close_month(settings, date(2025, 7, 1))
    sql_dir = tmp_path / "dbt_like_sql"
    shutil.copytree(history.catalog.checks_dir.parent, sql_dir)
    (sql_dir / "prices" / "claude_prices.csv").write_text(PRICES["claude_prices"].replace(",3,3.75,", ",2,3.75,"))
    later = Books(settings, Catalog(history.catalog.sources, sql_dir))
    days = ["2025-07-14", "2025-07-15"]
    for name in ("fct_usage_day", "rpt_finance__vendor_month", "rpt_finance__line_month", "rpt_finance__series_month",
                 "int_reconcile__claude_class_day", "int_reconcile__claude_charge_day", "fct_charge_month"):
        model = later.catalog.models[name]
        build(model, later.catalog, settings, days if model.partitions == "day" else ["2025-07-01"])
    build(later.catalog.models["rpt_month_close_adjustment"], later.catalog, settings, [])
    publish_warehouse(later.lake, later.catalog, home)
    where = "month = '2025-07-01' AND vendor = 'anthropic' AND charge_kind = 'usage'"
    assert query(home, f"SELECT list_usd FROM rpt_finance__vendor_month WHERE {where}")[1] == [(Decimal(7),)]
    sql = "SELECT adjustment_month, vendor, charge_kind, amount_kind, adjustment_usd FROM rpt_month_close_adjustment"
    assert query(home, sql)[1] == [(date(2025, 8, 1), "anthropic", "usage", "list_usd", Decimal(-1))]
    # The month's own file keeps 3.00 from the 15th on; the open month's takes it off and puts 2.00 there, and no cash moves.
    july = [row for row in focus_rows(settings, 7) if row["x_ModelId"] == "m-1"]
    assert {(row["ChargePeriodStart"].day, row["ListUnitPrice"]) for row in july} == {(14, Decimal(4)), (15, Decimal(3))}
    corrections = [row for row in focus_rows(settings, 8) if row["ChargeClass"] == "Correction"]
    assert sorted((row["ListUnitPrice"], row["ListCost"]) for row in corrections) == [
        (Decimal(2), Decimal(2)), (Decimal(3), Decimal(-3))]
    assert sum(row["BilledCost"] for row in corrections) == 0
