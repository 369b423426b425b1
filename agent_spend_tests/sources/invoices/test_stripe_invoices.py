"""Invoices in the shapes of Stripe's API and data exports, whose amounts are whole cents.

Shapes: Stripe API reference, "The Invoice object", "The Credit Note object"; its data schema's ``invoice_line_items``.
"""

import json
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.settings import Settings
from agent_spend.sources.invoices.assets import FEEDS

[FEED] = FEEDS
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
#: 2026-10-01, 2026-10-12 and 2026-11-01, midnight UTC; 2026-10-27 and 2026-11-27, 12:08:04 UTC.
FIRST, TWELFTH, NEXT, CYCLE, RENEWAL = 1790812800, 1791763200, 1793491200, 1793102884, 1795781284


def line(amount: int, words: str, start=FIRST, end=NEXT, **more) -> dict:
    return {"id": "il_1", "object": "line_item", "amount": amount, "currency": "usd", "description": words,
            "discount_amounts": [], "period": {"start": start, "end": end}, "quantity": 1} | more


def document(*entries: dict, **more) -> dict:
    return {"id": "in_1", "object": "invoice", "account_name": "Anthropic, PBC", "number": "A1B2-0007", "currency": "usd",
            "created": NEXT, "status": "paid", "lines": {"object": "list", "data": list(entries), "has_more": False}} | more


@pytest.fixture
def read(tmp_path, monkeypatch):
    folder = tmp_path / "invoices"
    folder.mkdir()
    monkeypatch.setenv("INVOICES_URI", str(folder))

    def ask(content, *months: date, name: str = "a.json"):
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return [FEED.table(answer).to_pylist() if answer.rows else answer for answer in
                FEED.fetch(months or (OCTOBER,), Settings.from_environment())]

    return ask


def said(rows):
    return [(row["charge_kind"], row["amount"], row["amount_usd"]) for row in rows]


def test_cents_become_dollars_once_and_a_midnight_end_is_not_included(read):
    october, november = read(document(line(120000, "Claude API usage"), total=120000), OCTOBER, NOVEMBER)
    [row] = october
    assert (row["vendor"], row["invoice_id"], row["charge_kind"], row["amount_usd"]) == (
        "anthropic", "A1B2-0007", "usage", Decimal("1200.00"))
    assert (row["period_start_day"], row["period_end_day"], row["issued_day"]) == (
        OCTOBER, date(2026, 10, 31), date(2026, 11, 1))
    assert november.reason == "no_invoice"


def test_discounts_and_exclusive_tax_are_lines_of_their_own(read):
    entry = line(10000, "Claude Team seat", discount_amounts=[{"amount": 1000, "discount": "di_1"}],
                 tax_amounts=[{"amount": 720, "inclusive": False}])
    assert said(read(document(entry, total=9720))[0]) == [
        ("seat", Decimal("100.00"), Decimal("100.00")), ("credit", Decimal("-10.00"), Decimal("-10.00")),
        ("tax", Decimal("7.20"), Decimal("7.20"))]


def test_inclusive_tax_is_taken_out_of_the_line(read):
    entry = line(11900, "Cursor Teams (per seat)", taxes=[{"amount": 1900, "tax_behavior": "inclusive"}])
    rows = read(document(entry, account_name="Anysphere, Inc.", total=11900))[0]
    assert [(row["vendor"], row["charge_kind"], row["amount_usd"]) for row in rows] == [
        ("cursor", "seat", Decimal("100.00")), ("cursor", "tax", Decimal("19.00"))]


def test_tax_that_an_older_invoice_states_once_is_one_line(read):
    assert said(read(document(line(10000, "API usage"), tax=800, total=10800))[0])[1] == (
        "tax", Decimal("8.00"), Decimal("8.00"))


def test_a_proration_to_the_end_of_the_month_stays_in_the_month(read):
    [row] = read(document(line(2500, "Remaining time on 1 × Claude Team after 12 Oct 2026", TWELFTH, NEXT)))[0]
    assert (row["charge_kind"], row["period_start_day"], row["period_end_day"]) == (
        "seat", date(2026, 10, 12), date(2026, 10, 31))


def test_a_cycle_ends_before_its_renewal_day(read):
    october, november = read(document(line(31000, "On-demand usage", CYCLE, RENEWAL), account_name="Cursor"), OCTOBER, NOVEMBER)
    assert [(row["period_end_day"], row["amount_usd"], row["billed_to_day"]) for row in october + november] == [
        (date(2026, 10, 31), Decimal("50.00"), date(2026, 11, 26)), (date(2026, 11, 26), Decimal("260.00"), date(2026, 11, 26))]


def test_euros_stay_euros_and_yen_have_no_cents(read):
    euros = document(line(9200, "API usage"), currency="eur")
    yen = document(line(15000, "API usage"), currency="jpy", number="A1B2-0008")
    rows = read({"object": "list", "data": [euros, yen]})[0]
    assert [(row["currency"], row["amount"], row["amount_usd"]) for row in rows] == [
        ("EUR", Decimal("92.00"), None), ("JPY", Decimal("15000"), None)]


def test_a_credit_note_takes_off_what_it_states(read):
    entry = {"id": "cnli_1", "object": "credit_note_line_item", "amount": 3000, "description": "API usage", "quantity": 1}
    note = document(entry, object="credit_note", id="cn_1", number="A1B2-0007-CN-01", status="issued", total=3000)
    october, november = read([document(line(10000, "API usage")), note], OCTOBER, NOVEMBER)
    assert said(october) == [("usage", Decimal("100.00"), Decimal("100.00"))]
    assert said(november) == [("credit", Decimal("-30.00"), Decimal("-30.00"))]


def test_drafts_and_void_invoices_are_not_owed(read):
    entries = [document(line(10000, "API usage"), status=status, number=status) for status in ("draft", "void", "open")]
    assert [row["invoice_id"] for row in read(entries)[0]] == ["open"]


@pytest.mark.parametrize(("content", "words"), [
    (document(line(10000, "API usage"), total=12000), "its lines add up to 100.00 USD and its total is 120.00"),
    (document(line(10000, "API usage")) | {"lines": {"data": [], "has_more": True}}, "save all pages of the lines of in_1"),
    (document(line(10000, "API usage")) | {"lines": None}, "not a whole Stripe invoice"),
    (document(line("a hundred", "API usage")), "not a whole Stripe invoice"),
    (document(line(10000, "API usage")) | {"created": "yesterday"}, "not a whole Stripe invoice"),
    (document(line(10000, "API usage")) | {"created": 10**20}, "not a whole Stripe invoice")])
def test_a_document_that_is_not_whole_is_refused_by_name(read, content, words):
    [answer] = read(content)
    assert "a.json entry 1: " in answer.message and words in answer.message


ITEMIZED = "id,invoice_id,amount,currency,description,quantity,period_start,period_end\n"


@pytest.mark.parametrize(("amount", "start", "end"), [
    ("120050", "2026-10-01 00:00:00", "2026-11-01 00:00:00"), ("120050", str(FIRST), str(NEXT)),
    ("1200.50", "2026-10-01", "2026-11-01")])
def test_the_itemized_export_is_read_in_its_own_unit(read, amount, start, end):
    [row] = read(f"{ITEMIZED}il_1,in_1,{amount},usd,Claude API usage,1,{start},{end}\n", name="anthropic.csv")[0]
    assert (row["invoice_id"], row["amount_usd"], row["period_end_day"]) == ("in_1", Decimal("1200.50"), date(2026, 10, 31))


def test_whole_dollars_of_a_portals_own_invoice_number_are_dollars(read):
    [row] = read(f"{ITEMIZED}1,A1B2-0007,1200,usd,Claude API usage,1,2026-10-01,2026-10-31\n", name="anthropic.csv")[0]
    assert row["amount_usd"] == Decimal(1200)


def test_the_dashboards_list_of_invoices_gives_subtotal_discount_and_tax(read):
    text = (
        "id,Number,Status,Currency,Description,Subtotal,Total Discount Amount,Tax,Total,Date (UTC),Period Start (UTC),"
        "Period End (UTC),Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC)\n"
        "in_1,A1B2-0007,paid,usd,Claude API usage,1200.00,100.00,88.00,1188.00,2026-11-01 00:10,2026-11-01 00:00,"
        "2026-11-01 00:00,2026-10-01 00:00,2026-11-01 00:00\n"
        "in_2,A1B2-0008,void,usd,Claude API usage,5.00,,,5.00,2026-11-01 00:10,,,2026-10-01 00:00,2026-11-01 00:00\n"
    )
    rows = read(text, name="anthropic.csv")[0]
    assert said(rows) == [("usage", Decimal("1200.00"), Decimal("1200.00")), ("credit", Decimal("-100.00"), Decimal("-100.00")),
                          ("tax", Decimal("88.00"), Decimal("88.00"))]
    assert {row["period_end_day"] for row in rows} == {date(2026, 10, 31)}
