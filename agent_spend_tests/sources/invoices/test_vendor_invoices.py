"""Invoices by month, from a CSV file or a folder of them."""

from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.invoices.assets import FEEDS

[FEED] = FEEDS
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
HEADER = (
    "vendor,invoice_id,line_number,issued_day,period_start_day,period_end_day,"
    "charge_kind,description,quantity,currency,amount\n"
)
SEATS = 'github_copilot,GH-1,1,2026-11-01,2026-10-01,2026-10-31,seat,"Seats, Business",80,USD,"$1,520.00"\n'
SHORT = "vendor,invoice_id,issued_day,period_start_day,period_end_day,charge_kind,currency,amount\n"


def short(
    vendor="anthropic", invoice="A-1", start="2026-10-01", end="2026-10-31", kind="usage", currency="USD", amount="1"
):
    return f"{vendor},{invoice},2026-11-01,{start},{end},{kind},{currency},{amount}\n"


@pytest.fixture
def invoices(tmp_path, monkeypatch):
    """Writes files below a folder, asks for months, returns the answers in the order asked."""
    folder = tmp_path / "invoices"
    folder.mkdir()
    monkeypatch.setenv("INVOICES_URI", str(folder))

    def ask(files: dict[str, str], *months: date):
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        answers = {answer.day: answer for answer in FEED.fetch(months, Settings.from_environment())}
        return [answers[month] for month in months]

    return ask


def stored(answer):
    assert answer.state is State.AVAILABLE, answer.message
    return FEED.table(answer).to_pylist()


def test_an_invoice_line_becomes_a_row_of_its_month(invoices):
    [answer] = invoices({"a.csv": HEADER + SEATS}, OCTOBER)
    assert stored(answer) == [
        {
            "month": OCTOBER, "vendor": "github_copilot", "invoice_id": "GH-1", "line_number": 1,
            "issued_day": date(2026, 11, 1), "period_start_day": OCTOBER, "period_end_day": date(2026, 10, 31),
            "charge_kind": "seat", "description": "Seats, Business", "quantity": Decimal(80), "currency": "USD",
            "amount_usd": Decimal(1520), "amount": Decimal(1520), "billed_from_day": None, "billed_to_day": None,
            "rounded_rows": 1, "layout": "documented",
        }
    ]  # fmt: skip


def test_a_month_without_a_line_is_missing_never_zero(invoices):
    october, november = invoices({"a.csv": HEADER + SEATS}, OCTOBER, NOVEMBER)
    assert october.state is State.AVAILABLE
    assert (november.state, november.reason, november.is_data) == (State.MISSING, "no_invoice", False)


def test_a_folder_without_files_is_a_missing_month(invoices):
    [answer] = invoices({}, OCTOBER)
    assert (answer.state, answer.reason) == (State.MISSING, "no_invoice")


def test_a_line_of_zero_is_data(invoices):
    [answer] = invoices({"a.csv": SHORT + short(amount="0.00")}, OCTOBER)
    assert stored(answer)[0]["amount_usd"] == Decimal(0)


def test_one_file_may_be_named_instead_of_a_folder(tmp_path, monkeypatch):
    path = tmp_path / "october.csv"
    path.write_text(HEADER + SEATS)
    monkeypatch.setenv("INVOICES_URI", path.as_uri())
    [answer] = FEED.fetch([OCTOBER], Settings.from_environment())
    assert stored(answer)[0]["invoice_id"] == "GH-1"


def test_all_files_of_the_folder_add_to_the_month(invoices):
    first, second = short(invoice="A-1", amount="10.01"), short(invoice="A-2", amount="5")
    [answer] = invoices({"a.csv": SHORT + first, "2026/b.csv": SHORT + second}, OCTOBER)
    assert sum(row["amount_usd"] for row in stored(answer)) == Decimal("15.01")
    assert [raw.url.rsplit("/", 1)[1] for raw in answer.raw] == ["b.csv", "a.csv"]


def test_an_invoice_over_two_months_is_shared_out_by_days_to_the_cent(invoices):
    text = SHORT + short(start="2026-10-27", end="2026-11-26", amount="100")
    october, november = invoices({"a.csv": text}, OCTOBER, NOVEMBER)
    [first], [second] = stored(october), stored(november)
    assert (first["amount_usd"], second["amount_usd"]) == (Decimal("16.13"), Decimal("83.87"))
    assert (first["period_end_day"], second["period_start_day"]) == (date(2026, 10, 31), date(2026, 11, 1))
    assert (second["billed_from_day"], second["billed_to_day"]) == (date(2026, 10, 27), date(2026, 11, 26))


def test_a_yearly_invoice_leaves_no_cent_behind(invoices):
    text = SHORT + short(start="2026-01-01", end="2026-12-31", amount="1000.01")
    months = [date(2026, number, 1) for number in range(1, 13)]
    answers = invoices({"a.csv": text}, *months)
    amounts = [stored(answer)[0]["amount_usd"] for answer in answers]
    assert (amounts[0], amounts[1], sum(amounts)) == (Decimal("84.93"), Decimal("76.72"), Decimal("1000.01"))


def test_lines_without_numbers_are_counted_within_their_invoice(invoices):
    lines = [short(invoice="A-1"), short(invoice="A-2"), short(invoice="A-1", kind="tax")]
    [answer] = invoices({"a.csv": SHORT + "".join(lines)}, OCTOBER)
    assert [(row["invoice_id"], row["line_number"]) for row in stored(answer)] == [("A-1", 1), ("A-2", 1), ("A-1", 2)]


def test_a_second_copy_of_an_invoice_is_refused_with_both_places(invoices):
    files = {"a.csv": SHORT + short(invoice="A-0") + short(), "copy of a.csv": SHORT + short()}
    [answer] = invoices(files, OCTOBER)
    assert answer.reason == "duplicate"
    assert "a.csv line 3 and copy of a.csv line 2: line 1 of anthropic invoice A-1 is given twice" in answer.message


def test_one_number_of_two_vendors_is_two_invoices(invoices):
    [answer] = invoices({"a.csv": SHORT + short("anthropic", "1") + short("cursor", "1")}, OCTOBER)
    assert len(stored(answer)) == 2


@pytest.mark.parametrize(
    ("written", "amount"), [('"1,234.50"', "1234.50"), ('"$1,234.50"', "1234.50"), ("(12.00)", "-12.00")]
)
def test_amounts_are_read_as_finance_writes_them(invoices, written, amount):
    [answer] = invoices({"a.csv": SHORT + short(kind="credit", amount=written)}, OCTOBER)
    assert stored(answer)[0]["amount_usd"] == Decimal(amount)


def test_another_currency_is_kept_and_never_read_as_dollars(invoices):
    [answer] = invoices({"a.csv": SHORT + short(currency="eur", amount="92.10")}, OCTOBER)
    [row] = stored(answer)
    assert (row["currency"], row["amount"], row["amount_usd"]) == ("EUR", Decimal("92.10"), None)


def test_the_booked_dollars_of_another_currency_may_be_stated(invoices):
    header, line = SHORT.strip() + ",amount_usd\n", short(currency="EUR", amount="92.10").strip() + ",106.70\n"
    [answer] = invoices({"a.csv": header + line}, OCTOBER)
    assert stored(answer)[0]["amount_usd"] == Decimal("106.70")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (short(vendor="github"), "vendor must be one of github_copilot, anthropic, cursor, custom_agents, not"),
        (short(kind="fee"), "charge_kind must be one of seat, usage, credit, tax, adjustment, not 'fee'"),
        (short(amount=""), "amount must not be empty"),
        (short(amount="ten"), "amount must be an amount such as"),
        (short(end="2026-09-30"), "period_end_day must not be before period_start_day 2026-10-01, not '2026-09-30'"),
        (short(start="10/01/2026"), "period_start_day must be a day written YYYY-MM-DD, not '10/01/2026'"),
        (short(invoice=""), "invoice_id must not be empty"),
    ],
)
def test_a_bad_line_is_named_on_the_months_of_its_file_and_stops_no_other_file(invoices, line, complaint):
    answers = invoices({"a.csv": HEADER + SEATS, "b.csv": SHORT + line}, OCTOBER, NOVEMBER)
    assert [row["invoice_id"] for row in stored(answers[0])] == ["GH-1"]
    assert not answers[1].is_data
    for answer in answers:
        assert answer.reason == "bad_value"
        assert f"b.csv line 2: {complaint}" in answer.message


def test_a_folder_that_does_not_exist_names_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("INVOICES_URI", str(tmp_path / "gone"))
    [answer] = FEED.fetch([OCTOBER], Settings.from_environment())
    assert (answer.reason, "INVOICES_URI" in answer.message) == ("file_not_found", True)
