"""GitHub's billing usage export and the vendors' own invoice lines, as their files look."""

from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.invoices.assets import FEEDS

[FEED] = FEEDS
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
BOM = "\ufeff"
SEVENTEEN = (
    "date,username,product,sku,model,quantity,unit_type,applied_cost_per_quantity,gross_amount,discount_amount,"
    "net_amount,total_monthly_quota,organization,repository,cost_center_name,aic_quantity,aic_gross_amount"
)
TWENTY_ONE = SEVENTEEN + ",input,output,cache_read,cache_write"
PORTAL = "Invoice number,Date of issue,Period start,Period end,Description,Qty,Unit price,Tax,Amount,Currency"


def quoted(line: str) -> str:
    return ",".join(f'"{cell}"' for cell in line.split(","))


def export(header: str, *lines: str) -> str:
    return BOM + "".join(quoted(line) + "\r\n" for line in (header, *lines))


def credit(day="2026-10-14", user="mira-k_acme", net="0.0162", quantity="120.77", tail=""):
    return (
        f"{day},{user},copilot,copilot_ai_credit,Claude Haiku 4.5,{quantity},ai-credits,0.01,1.2077,1.1915,{net},"
        f"1900,acme-eng,,,0,0{tail}"
    )


@pytest.fixture
def invoices(tmp_path, monkeypatch):
    folder = tmp_path / "invoices"
    folder.mkdir()
    monkeypatch.setenv("INVOICES_URI", str(folder))

    def ask(files: dict[str, str], *months: date):
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(text.encode())
        answers = {answer.day: answer for answer in FEED.fetch(months, Settings.from_environment())}
        return [answers[month] for month in months]

    return ask


def stored(answer):
    assert answer.state is State.AVAILABLE, answer.message
    return FEED.table(answer).to_pylist()


@pytest.mark.parametrize(("header", "tail"), [(SEVENTEEN, ""), (TWENTY_ONE, ",812,20,0,0")])
def test_both_vintages_of_githubs_export_give_one_line_a_sku(invoices, header, tail):
    text = export(header, credit(net="1.5600000000000005", tail=tail), credit("2026-10-15", net="1e-07", quantity="1", tail=tail))
    [row] = stored(*invoices({"usage.csv": text}, OCTOBER))
    assert (row["vendor"], row["charge_kind"], row["description"]) == (
        "github_copilot", "usage", "copilot_ai_credit, ai-credits")
    assert (row["quantity"], row["amount_usd"]) == (Decimal("121.77"), Decimal("1.56"))
    assert (row["period_start_day"], row["period_end_day"]) == (date(2026, 10, 14), date(2026, 10, 15))


def test_use_without_a_user_is_a_line_of_its_own(invoices):
    rows = stored(*invoices({"usage.csv": export(SEVENTEEN, credit(net="2"), credit(user="", net="5"))}, OCTOBER))
    assert [(row["description"], row["amount_usd"]) for row in rows] == [
        ("copilot_ai_credit, ai-credits", Decimal(2)), ("copilot_ai_credit, ai-credits, without a user", Decimal(5))]


def test_seats_and_products_other_than_copilot_in_a_detailed_report(invoices):
    text = export(
        "date,product,sku,quantity,unit_type,applied_cost_per_quantity,gross_amount,discount_amount,net_amount,username,organization,repository,workflow_path",
        "2026-10-14T00:00:00Z,copilot,copilot_for_business,0.6129032258,user-months,19,11.64516129,0,11.64516129,,acme-eng,,",
        "2026-10-14T00:00:00Z,actions,Actions Linux,40,minutes,0.006,0.24,0,0.24,mira,acme-eng,web,ci.yml",
    )
    [row] = stored(*invoices({"usage.csv": text}, OCTOBER))
    assert (row["charge_kind"], row["quantity"], row["amount_usd"]) == (
        "seat", Decimal("0.612903"), Decimal("11.645161"))


def test_the_older_usage_report_gives_price_and_multiplier(invoices):
    text = (
        "Date,Product,SKU,Quantity,Unit Type,Price Per Unit ($),Multiplier,Owner,Repository Slug,Username,Notes\n"
        "2026-10-01,Copilot,Copilot for Business,4.5,User-months,19.0,1.0,acme,,mira,\n"
    )
    [row] = stored(*invoices({"usage.csv": text}, OCTOBER))
    assert (row["charge_kind"], row["amount_usd"]) == ("seat", Decimal("85.5"))


def test_two_exports_that_overlap_are_refused_with_both_places(invoices):
    files = {"a.csv": export(SEVENTEEN, credit()), "b.csv": export(TWENTY_ONE, credit(tail=",1,1,1,1"))}
    [answer] = invoices(files, OCTOBER)
    assert answer.reason == "duplicate"
    assert "a.csv line 2 and b.csv line 2: both exports hold copilot_ai_credit of 2026-10-14" in answer.message


def test_an_invoice_of_githubs_replaces_the_export_of_its_month_and_kind(invoices):
    invoice = (
        "vendor,invoice_id,issued_day,period_start_day,period_end_day,charge_kind,currency,amount\n"
        "github_copilot,GH-1,2026-11-01,2026-10-01,2026-10-31,usage,USD,7.00\n"
    )
    export_text = export(SEVENTEEN, credit(net="7.0001"), credit("2026-11-02", net="3"))
    october, november = invoices({"invoice.csv": invoice, "usage.csv": export_text}, OCTOBER, NOVEMBER)
    assert [(row["invoice_id"], row["amount_usd"]) for row in stored(october)] == [("GH-1", Decimal("7.00"))]
    assert stored(november)[0]["amount_usd"] == Decimal(3)


def test_cursors_cycle_ends_on_the_renewal_day_which_it_does_not_include(invoices):
    text = PORTAL + (
        '\nCUR-7,"October 27, 2026","October 27, 2026","November 27, 2026",40 × Cursor Teams Standard (per seat),40,$40.00,'
        '"$142.00","$1,600.00",USD\n'
    )
    october, november = invoices({"cursor/2026-10.csv": text}, OCTOBER, NOVEMBER)
    first, second = stored(october), stored(november)
    assert [(row["charge_kind"], row["amount_usd"]) for row in first] == [
        ("seat", Decimal("258.06")), ("tax", Decimal("22.90"))]
    assert sum(row["amount_usd"] for row in first + second) == Decimal("1742.00")
    assert second[0]["billed_to_day"] == date(2026, 11, 26)


@pytest.mark.parametrize(("words", "kind"), [
    ("1204 token-based usage calls to claude-opus-5, totalling: $84.20. Input tokens: 91000", "usage"),
    ("Mid-month usage paid for October 2026", "usage"),
    ("Unused time on 3 × Cursor Teams Standard after 12 Oct 2026", "seat"),
    ("Claude Team plan - Premium seat", "seat"),
    ("Claude Opus 5.5 Usage - Output Tokens", "usage"),
    ("Web Search Usage", "usage"),
    ("One-time credit purchase", "adjustment"),
    ("Credit note for INV-3", "credit"),
    ("Sales tax (8.875%)", "tax"),
])
def test_the_words_of_a_line_say_its_kind(invoices, words, kind):
    text = f'{PORTAL}\nA-1,2026-11-01,2026-10-01,2026-10-31,"{words}",1,,,12.00,usd\n'
    [row] = stored(*invoices({"anthropic-2026-10.csv": text}, OCTOBER))
    assert (row["vendor"], row["charge_kind"], row["layout"]) == ("anthropic", kind, "vendor_lines")


def test_a_line_that_does_not_say_what_it_charges_is_refused_with_the_remedy(invoices):
    [answer] = invoices({"cursor.csv": f"{PORTAL}\nA-1,2026-11-01,2026-10-01,2026-10-31,Miscellaneous,1,,,12,USD\n"}, OCTOBER)
    assert answer.reason == "bad_value"
    assert "cursor.csv line 2: description does not say what is charged; add a column 'Charge kind'" in answer.message


def test_a_file_that_does_not_say_whose_invoice_it_is_is_refused(invoices):
    [answer] = invoices({"october.csv": f"{PORTAL}\nA-1,2026-11-01,2026-10-01,2026-10-31,API usage,1,,,12,USD\n"}, OCTOBER)
    assert "vendor is not clear: name one of github_copilot, anthropic, cursor" in answer.message


def test_a_file_of_no_known_layout_is_refused(invoices):
    [answer] = invoices({"notes.csv": "name,phone\nA,1\n"}, OCTOBER)
    assert (answer.reason, "notes.csv: no known invoice layout" in answer.message) == ("missing_field", True)
