"""A closed month stays as it was in the warehouse and its files; later changes are rows of the open month."""

import csv
import shutil
from datetime import date
from decimal import Decimal

import pyarrow.compute as pc
import pytest
from finance_books import OCTOBER, Books, plain, usage

from agent_spend.errors import ConfigurationError
from agent_spend.month_end.close import close_month, reopen_month
from agent_spend.project import catalog
from agent_spend.publish.chargeback import export_chargeback
from agent_spend.publish.focus import export_focus
from agent_spend.publish.warehouse import publish_warehouse, query
from agent_spend.settings import Settings

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
MONTHLY = (
    "fct_charge_month", "rpt_finance__vendor_month", "rpt_finance__series_month", "rpt_finance__line_month",
    "rpt_manager__person_month",
)


def use(day, amount, center="CC-1", **more):
    return usage(day, "cursor", amount, billed_usd=amount, actor_id="7", cost_center=center, model="m-1") | more


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Home with October (10.00 on CC-1, 20.00 on CC-2) and November (5.00), built once."""
    home = tmp_path_factory.mktemp("ledger") / "home"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AGENT_SPEND_HOME", str(home))
        books = Books(Settings.from_environment(), catalog())
    books.answered("cursor", OCTOBER, date(2026, 12, 31))
    books.write("fct_usage_day", use(date(2026, 10, 14), "10"), use(date(2026, 10, 15), "20", "CC-2"),
                use(date(2026, 11, 3), "5"))
    for month in (OCTOBER, NOVEMBER):
        books.build(*MONTHLY, month=month)
    return home


@pytest.fixture
def ledger(books, written, monkeypatch):
    """A copy of those books of one's own; today is 5 January 2027."""
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2027-01-05")
    shutil.copytree(written, books.settings.home)
    return books


def restate(books, *rows, month=OCTOBER, models=("fct_charge_month", "rpt_finance__vendor_month")):
    books.write("fct_usage_day", *rows)
    books.build(*models, month=month)


def focus(books, month):
    with export_focus(books.settings, month)[0].open(newline="") as file:
        return [
            (row["ChargeClass"], row["ChargePeriodStart"][:10], row["BilledCost"], row["ListUnitPrice"], row["PricingQuantity"])
            for row in csv.DictReader(file)
        ]


def chargeback(books, month):
    with export_chargeback(books.settings, month).open(newline="", encoding="utf-8-sig") as file:
        return [(row["cost_center"], row["charge"], row["amount_usd"]) for row in csv.DictReader(file)]


def files(books, month):
    return [path.read_bytes() for path in (*export_focus(books.settings, month), export_chargeback(books.settings, month))]


def test_the_files_of_a_closed_month_are_the_same_to_the_byte_after_a_restatement(ledger):
    before = files(ledger, OCTOBER)
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 10, 14), "12.50"))
    assert files(ledger, OCTOBER) == before
    assert len(before[0]) > 1000


def test_the_files_of_a_closed_month_do_not_follow_a_later_setting(ledger, monkeypatch):
    ledger.write("fct_seat_month", {"month": OCTOBER, "vendor": "github_copilot", "plan": "business", "actor_id": "7", "seats": 1,
                                    "list_usd": "19", "billed_usd": "19", "proration_rule": "rest_of_month"})
    monkeypatch.setenv("GITHUB_ENTERPRISE", "acme")
    ledger.build("fct_charge_month")
    settings = type(ledger.settings).from_environment()
    before = export_focus(settings, OCTOBER)[0].read_bytes()
    close_month(settings, OCTOBER)
    monkeypatch.setenv("GITHUB_ENTERPRISE", "acme-two")
    assert export_focus(type(settings).from_environment(), OCTOBER)[0].read_bytes() == before
    assert b"acme-two" not in before


def test_a_restated_closed_month_is_a_correction_in_the_open_months_focus_file(ledger):
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 10, 14), "12.50"))
    assert focus(ledger, NOVEMBER) == [
        ("", "2026-11-03", "5.0", "1.0", "5.0"), ("Correction", "2026-10-14", "2.5", "1.0", "2.5")]


def test_a_lowered_seat_fee_and_a_lost_seat_are_corrections_with_their_own_arithmetic(ledger):
    seat = {"month": OCTOBER, "vendor": "github_copilot", "plan": "business", "seats": 1, "list_usd": "19", "billed_usd": "19",
            "proration_rule": "rest_of_month"}
    ledger.write("fct_seat_month", seat | {"actor_id": "7"}, seat | {"actor_id": "8"})
    ledger.build("fct_charge_month")
    close_month(ledger.settings, OCTOBER)
    ledger.write("fct_seat_month", seat | {"actor_id": "7", "billed_usd": "9.50"})
    ledger.build("fct_charge_month")
    with export_focus(ledger.settings, NOVEMBER)[0].open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["ChargeClass"] == "Correction"]
    columns = ("ResourceId", "BilledCost", "PricingQuantity", "ListUnitPrice", "ListCost", "ContractedUnitPrice",
               "ContractedCost")
    assert sorted([row[name] for name in columns] for row in rows) == [
        ["7", "-9.5", "-1.0", "0.0", "0.0", "9.5", "-9.5"], ["8", "-19.0", "-1.0", "19.0", "-19.0", "19.0", "-19.0"]]


def test_a_person_who_moves_to_another_cost_center_later_moves_money_in_the_open_month_only(ledger):
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 10, 14), "10", "CC-2"))
    assert chargeback(ledger, OCTOBER) == [("CC-1", "charged", "10.00"), ("CC-2", "charged", "20.00")]
    assert chargeback(ledger, NOVEMBER) == [
        ("CC-1", "charged", "5.00"), ("CC-1", "correction of 2026-10, charged", "-10.00"),
        ("CC-2", "correction of 2026-10, charged", "10.00")]


def test_a_correction_stays_in_the_month_that_closed_with_it(ledger):
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 10, 14), "12.50"))
    close_month(ledger.settings, NOVEMBER)
    restate(ledger, use(date(2026, 12, 2), "1"), month=DECEMBER)
    assert [row[2] for row in focus(ledger, NOVEMBER)] == ["5.0", "2.5"]
    assert focus(ledger, DECEMBER) == [("", "2026-12-02", "1.0", "1.0", "1.0")]
    restate(ledger, use(date(2026, 10, 14), "12"))
    assert chargeback(ledger, DECEMBER) == [("CC-1", "charged", "1.00"), ("CC-1", "correction of 2026-10, charged", "-0.50")]


def test_a_month_closed_after_a_later_one_takes_no_adjustment_over(ledger):
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 12, 2), "1"), month=DECEMBER)
    close_month(ledger.settings, DECEMBER, force=True)
    restate(ledger, use(date(2026, 10, 14), "12.50"))
    assert close_month(ledger.settings, NOVEMBER).adjustments == 0
    assert chargeback(ledger, NOVEMBER) == [("CC-1", "charged", "5.00")]
    assert chargeback(ledger, date(2027, 1, 1)) == [("CC-1", "correction of 2026-10, charged", "2.50")]


def test_a_reopened_month_is_shown_as_known_now_again(ledger):
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 10, 14), "12.50"))
    reopen_month(ledger.settings, OCTOBER, "restated by the vendor")
    assert [row[2] for row in focus(ledger, OCTOBER)] == ["12.5", "20.0"]
    assert [row[0] for row in focus(ledger, NOVEMBER)] == [""]


def test_the_warehouse_shows_the_closed_month_as_frozen_and_the_lake_what_is_known_now(ledger, monkeypatch):
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 10, 14), "12.50"), models=MONTHLY)
    ledger.build("rpt_month_close_adjustment")
    publish_warehouse(ledger.lake, ledger.catalog, ledger.settings.home)

    def sums(table):
        sql = f"SELECT month, SUM(billed_usd) FROM {table} GROUP BY month ORDER BY month"
        return query(ledger.settings.home, sql)[1]

    frozen = [(OCTOBER, Decimal(30)), (NOVEMBER, Decimal(5))]
    assert {table: sums(table) for table in MONTHLY} == dict.fromkeys(MONTHLY, frozen)
    known = ledger.lake.read("rpt_finance__vendor_month", "month").to_pylist()
    assert {row["month"]: plain(row["billed_usd"]) for row in known}[OCTOBER] == "32.5"
    sql = "SELECT adjustment_month, closed_month, adjustment_usd FROM rpt_month_close_adjustment WHERE amount_kind = 'billed_usd'"
    assert query(ledger.settings.home, sql)[1] == [(NOVEMBER, OCTOBER, Decimal("2.5"))]


def test_a_person_whom_only_a_closed_month_names_is_published_by_pseudonym(ledger, monkeypatch):
    restate(ledger, use(date(2026, 10, 14), "10", actor_id="gone@acme.test", person_id="E9"))
    close_month(ledger.settings, OCTOBER)
    restate(ledger, use(date(2026, 10, 14), "10"))
    monkeypatch.setenv("AGENT_SPEND_PSEUDONYM_SALT", "a-salt-of-more-than-sixteen-letters")
    publish_warehouse(ledger.lake, ledger.catalog, ledger.settings.home)
    sql = "SELECT actor_id, person_id FROM fct_charge_month WHERE month = '2026-10-01' AND list_usd = 10"
    [(actor, person)] = query(ledger.settings.home, sql)[1]
    assert actor == person and actor not in ("gone@acme.test", "E9", None)


def test_charges_deleted_for_their_age_are_no_correction(ledger):
    close_month(ledger.settings, OCTOBER)
    ledger.lake.replace("fct_charge_month", ledger.lake.read("fct_charge_month", "month").slice(0, 0), "month", [OCTOBER])
    assert [row[0] for row in focus(ledger, NOVEMBER)] == [""]


def test_a_month_closed_by_an_older_release_is_named_with_the_remedy_and_not_exported_as_something_else(ledger):
    close_month(ledger.settings, OCTOBER)
    ledger.build("rpt_month_close")
    assert ledger.check("month_close_incomplete") == []
    kept = ledger.lake.read("month_close_rows", "month").filter(pc.field("table_name") == "fct_seat_month")
    ledger.lake.replace("month_close_rows", kept, "month", [OCTOBER])
    (finding,) = ledger.check("month_close_incomplete")
    assert finding["explanation"] == (
        "2026-10 was closed by an older release without fct_charge_month, rpt_finance__line_month, rpt_finance__pool_month, "
        "rpt_finance__series_month, rpt_finance__vendor_month, rpt_manager__person_month, rpt_reconciliation_month, which show "
        'what is known now; to freeze them too: agent-spend reopen --month 2026-10 --reason "older release", and close it again'
    )
    for month in (OCTOBER, NOVEMBER):
        with pytest.raises(ConfigurationError, match='reopen --month 2026-10 --reason "older release" and close it again'):
            export_focus(ledger.settings, month)
    reopen_month(ledger.settings, OCTOBER, "older release")
    close_month(ledger.settings, OCTOBER)
    assert ledger.check("month_close_incomplete") == []
    assert [row[2] for row in focus(ledger, OCTOBER)] == ["10.0", "20.0"]
