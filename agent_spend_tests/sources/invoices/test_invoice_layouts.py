"""GitHub's billing usage export and the vendors' own invoice lines, as their files look."""

import json
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


def test_an_export_whose_records_are_quoted_once_more_is_read(invoices):
    wrapped = "\n".join('"{}"'.format(line.replace('"', '""')) for line in (
        quoted(SEVENTEEN), quoted(credit(net="0.09109908")), ""))
    [row] = stored(*invoices({"usage.csv": wrapped.removesuffix('\n""') + "\n"}, OCTOBER))
    assert row["amount_usd"] == Decimal("0.091099")


def test_a_row_without_its_net_amount_is_refused_by_that_name(invoices):
    [answer] = invoices({"usage.csv": export(SEVENTEEN, credit(net=""))}, OCTOBER)
    assert "usage.csv line 2: net_amount must not be empty" in answer.message


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


@pytest.mark.parametrize("day", ["2026-10-14", "2026-10-14 00:00:00 UTC", "2026-10-14T00:00:00Z"])
def test_a_report_of_2025_whose_day_is_usage_at_is_read(invoices, day):
    text = export(
        "usage_at,product,sku,quantity,unit_type,applied_cost_per_quantity,gross_amount,discount_amount,net_amount,username,"
        "organization,repository_name,workflow_name,workflow_path,cost_center_name",
        f"{day},copilot,copilot_premium_request,300,requests,0.04,12,4,8,mira,acme-eng,,,,",
    )
    [row] = stored(*invoices({"usage.csv": text}, OCTOBER))
    assert (row["charge_kind"], row["quantity"], row["amount_usd"], row["period_start_day"]) == (
        "usage", Decimal(300), Decimal(8), date(2026, 10, 14))


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
    ("112 discounted claude-4-sonnet-thinking requests", "usage"),
    ("97 extra fast premium requests beyond 500/month * 4 cents per such request", "usage"),
    ("31 tool calls", "usage"),
    ("Claude Sonnet 4.5 - Input (excl. VAT)", "usage"),
    ("Claude Team plan usage credits", "usage"),
    ("Extra usage for Claude Team", "usage"),
    ("Remaining time on 6 × Claude Team (Standard) after Oct 12, 2026", "seat"),
    ("Claude Team", "seat"),
    ("Cursor Business", "seat"),
    ("Usage credits auto-reload", "adjustment"),
    ("Cursor Enterprise annual commitment, instalment 2 of 4", "adjustment"),
    ("Discount (20% off yearly billing)", "credit"),
    ("Prepaid commit drawdown, October 2026", "adjustment"),
    ("Credit grants applied", "credit"),
    ("578 token-based usage calls to non-max-gpt-5-high, totaling: $26.94. Cache read tokens: 6557373", "usage"),
])
def test_the_words_of_a_line_say_its_kind(invoices, words, kind):
    text = f'{PORTAL}\nA-1,2026-11-01,2026-10-01,2026-10-31,"{words}",1,,,12.00,usd\n'
    [row] = stored(*invoices({"anthropic-2026-10.csv": text}, OCTOBER))
    assert (row["vendor"], row["charge_kind"], row["layout"]) == ("anthropic", kind, "vendor_lines")


def test_a_line_that_does_not_say_what_it_charges_is_refused_with_the_remedy(invoices):
    [answer] = invoices({"cursor.csv": f"{PORTAL}\nA-1,2026-11-01,2026-10-01,2026-10-31,Miscellaneous,1,,,12,USD\n"}, OCTOBER)
    assert answer.reason == "bad_value"
    words = "cursor.csv line 2: description does not say what is charged; give the line as CSV with a column 'Charge kind'"
    assert words in answer.message


def test_a_file_that_does_not_say_whose_invoice_it_is_is_refused(invoices):
    [answer] = invoices({"october.csv": f"{PORTAL}\nA-1,2026-11-01,2026-10-01,2026-10-31,API usage,1,,,12,USD\n"}, OCTOBER)
    assert "vendor is not clear: name one of github_copilot, anthropic, cursor" in answer.message


def test_a_file_of_no_known_layout_is_refused_with_the_columns_found_and_the_layouts_known(invoices):
    [answer] = invoices({"notes.csv": "name,phone\nA,1\n"}, OCTOBER)
    assert answer.reason == "missing_field"
    assert answer.message.startswith("notes.csv: no known invoice layout; found the columns name, phone. Known layouts: ")
    for words in ("vendor, invoice_id", "Invoice number, Date of issue", "date, product, sku", "usage_date_utc, cost_usd"):
        assert words in answer.message


def body(path: str, **more) -> dict:
    """An answer of GitHub's billing API, as its documentation shows it."""
    amounts = {"grossQuantity": 120.77, "grossAmount": 1.2077, "discountQuantity": 119.15, "discountAmount": 1.1915,
               "netQuantity": 1.62, "netAmount": 0.0162}
    item = {"product": "Copilot", "sku": "Copilot AI Credits", "unitType": "ai-credits", "pricePerUnit": 0.01}
    if path == "usage":
        return {"usageItems": [item | {
            "date": "2026-10-18", "quantity": 412.5, "grossAmount": 4.125, "discountAmount": 3.125, "netAmount": 1.0,
            "organizationName": "acme-eng", "repositoryName": ""}]} | more
    found = {"timePeriod": {"year": 2026, "month": 10}, "enterprise": "acme", "usageItems": [item | amounts]}
    if path == "ai_credit/usage":
        found["usageItems"] = [item | amounts | {"model": name} for name in ("Auto: Claude Haiku 4.5", "Code Review model")]
    return found | more


@pytest.mark.parametrize(("path", "quantity", "net", "first", "last"), [
    ("usage", "412.5", "1", 18, 18), ("usage/summary", "1.62", "0.0162", 1, 31), ("ai_credit/usage", "3.24", "0.0324", 1, 31)])
def test_a_saved_answer_of_githubs_billing_api_is_evidence_of_the_month(invoices, path, quantity, net, first, last):
    [row] = stored(*invoices({"github.json": json.dumps(body(path))}, OCTOBER))
    assert (row["vendor"], row["charge_kind"], row["layout"]) == ("github_copilot", "usage", "github_usage")
    assert (row["quantity"], row["amount_usd"]) == (Decimal(quantity), Decimal(net))
    assert (row["period_start_day"].day, row["period_end_day"].day) == (first, last)


def test_answers_for_one_day_and_seats_in_user_months_are_read(invoices):
    seat = {"product": "Copilot", "sku": "copilot_for_business", "unitType": "user-months", "pricePerUnit": 19,
            "grossQuantity": 2, "grossAmount": 38, "discountQuantity": 0, "discountAmount": 0, "netQuantity": 2, "netAmount": 38}
    answer = body("usage/summary", timePeriod={"year": 2026, "month": 10, "day": 18}, usageItems=[seat])
    [row] = stored(*invoices({"github.json": json.dumps([answer])}, OCTOBER))
    assert (row["charge_kind"], row["amount_usd"], row["period_end_day"]) == ("seat", Decimal(38), date(2026, 10, 18))


def test_an_answer_and_an_export_of_the_same_days_are_not_added(invoices):
    files = {"export.csv": export(SEVENTEEN, credit()), "summary.json": json.dumps(body("usage/summary"))}
    [answer] = invoices(files, OCTOBER)
    assert [row["amount_usd"] for row in stored(answer)] == [Decimal("0.0162")]
    assert (answer.reason, "both exports hold Copilot AI Credits of 2026-10-14" in answer.message) == ("duplicate", True)


def test_answers_for_two_users_are_added(invoices):
    files = {f"{user}.json": json.dumps(body("ai_credit/usage", user=user)) for user in ("mira-k_acme", "ben-b_acme")}
    rows = stored(*invoices(files, OCTOBER))
    assert sum(row["amount_usd"] for row in rows) == Decimal("0.0648")


def test_plain_answers_for_two_cost_centers_are_added_where_their_files_say_so(invoices):
    files = {f"cost_center={name}/usage.json": json.dumps(body("usage")) for name in ("platform", "research")}
    assert sum(row["amount_usd"] for row in stored(*invoices(files, OCTOBER))) == Decimal(2)


def test_answers_that_state_their_cost_center_are_added(invoices):
    bodies = [body("ai_credit/usage", costCenter={"id": f"id-{name}", "name": name}) for name in ("platform", "research")]
    assert sum(row["amount_usd"] for row in stored(*invoices({"all.json": json.dumps(bodies)}, OCTOBER))) == Decimal("0.0648")


def test_plain_answers_of_the_same_days_are_refused_with_the_remedy(invoices):
    for files in ({"a.json": json.dumps(body("usage")), "b.json": json.dumps(body("usage"))},
                  {"c.json": json.dumps([body("usage"), body("usage/summary")])}):
        [answer] = invoices(files, OCTOBER)
        assert (answer.reason, "or say of which cost centre each is" in answer.message) == ("duplicate", True)


def test_items_of_other_products_are_left_out_whatever_period_they_name(invoices):
    actions = {"product": "Actions", "sku": "Actions Linux", "unitType": "minutes", "pricePerUnit": 0.008, "netAmount": 0.8}
    yearly = body("usage/summary", timePeriod={"year": 2026}, usageItems=[actions])
    assert invoices({"github.json": json.dumps(yearly)}, OCTOBER)[0].reason == "no_invoice"


@pytest.mark.parametrize(("text", "words"), [
    ("{", "github.json: not JSON"), ('{"message": "Not Found"}', "github.json: no list usageItems; found: message"),
    (json.dumps(body("usage/summary", timePeriod={"year": 2026})), "timePeriod names no month; ask GitHub with year and month"),
    (json.dumps(body("usage/summary", timePeriod="2026-10")), "timePeriod names no month; ask GitHub with year and month")])
def test_another_json_file_is_refused_by_name(invoices, text, words):
    [answer] = invoices({"github.json": text}, OCTOBER)
    assert words in answer.message


def test_the_transition_report_counts_premium_requests_and_not_their_preview_in_credits(invoices):
    text = export(
        "date,username,product,sku,model,quantity,unit_type,applied_cost_per_quantity,gross_amount,discount_amount,net_amount,"
        "exceeds_quota,total_monthly_quota,organization,cost_center_name,aic_quantity,aic_gross_amount",
        "2026-05-04,mira,copilot,copilot_premium_request,GPT-5,25,requests,0.04,1,0.6,0.4,False,Unknown,acme,,93.5,0.935",
    )
    [row] = stored(*invoices({"usage.csv": text}, date(2026, 5, 1)))
    assert (row["quantity"], row["amount_usd"]) == (Decimal(25), Decimal("0.4"))


CONSOLE = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
    "inference_geo,speed"
)


@pytest.mark.parametrize(("header", "lines"), [
    (CONSOLE + ",api_key_id,api_key_status", (
        "2026-10-04,Claude Opus 5.5,Default,prod,message,≤ 200k,input_no_cache,1.50,1.50,token,global,,apikey_1,active",
        "2026-10-05,Claude Opus 5.5,Default,prod,message,≤ 200k,input_no_cache,2.25,2.50,token,global,,apikey_1,active",
        "2026-10-05,,Default,prod,web_search,,,0.10,0.10,web_search,,,apikey_1,active")),
    ("usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd", (
        "2026-10-04,Claude Opus 5.5,,prod,message,input_no_cache,1.50",
        "2026-10-05,Claude Opus 5.5,,prod,message,input_no_cache,2.25",
        "2026-10-05,,,prod,web_search,,0.10"))])
def test_the_claude_consoles_cost_export_is_dollars_by_model_and_token_class(invoices, header, lines):
    rows = stored(*invoices({"costs.csv": "\n".join((header, *lines, ""))}, OCTOBER))
    assert [(row["vendor"], row["charge_kind"], row["description"], row["amount_usd"]) for row in rows] == [
        ("anthropic", "usage", "Claude Opus 5.5, input_no_cache", Decimal("3.75")),
        ("anthropic", "usage", "web_search", Decimal("0.10"))]


def test_the_consoles_mark_for_not_applicable_is_no_name_and_its_rows_are_counted(invoices):
    lines = ("2026-10-04,Claude Opus 5.5,Default,prod,message,≤ 200k,input_no_cache,1.50,1.50,token,--,--",
             "2026-10-05,--,--,prod,--,--,--,0.10,0.10,web_search,--,--",
             "2026-10-06,--,--,prod,--,--,--,0.20,0.20,web_search,--,--")
    rows = stored(*invoices({"costs.csv": "\n".join((CONSOLE, *lines, ""))}, OCTOBER))
    assert [(row["description"], row["amount_usd"], row["rounded_rows"]) for row in rows] == [
        ("Claude Opus 5.5, input_no_cache", Decimal("1.50"), 1), ("web_search", Decimal("0.30"), 2)]


def test_an_invoice_of_anthropics_replaces_the_consoles_export(invoices):
    files = {"costs.csv": f"{CONSOLE}\n2026-10-04,Claude Opus 5.5,Default,prod,message,,output,9.99,9.99,token,,\n",
             "anthropic-2026-10.csv": f"{PORTAL}\nA-1,2026-11-01,2026-10-01,2026-10-31,API usage,1,,,10.00,USD\n"}
    assert [row["amount_usd"] for row in stored(*invoices(files, OCTOBER))] == [Decimal("10.00")]


def test_an_on_demand_invoice_cut_in_mid_cycle_and_its_offset_add_up(invoices):
    # Two invoices of one cycle: 60.00 paid on the 12th, and at its end the whole 84.20 less the 60.00.
    calls = '"{} token-based usage calls to claude-opus-5, totalling: ${}. Input tokens: 91,000, Output tokens: 7"'
    header = "Invoice number,Date of issue,Description,Amount,Currency,Period"
    period = '"Oct 1 – Oct 31, 2026"'
    files = {"cursor/mid.csv": f'{header}\nC-1,"October 12, 2026",{calls.format(800, "60.00")},60.00,USD,{period}\n',
             "cursor/end.csv": f'{header}\nC-2,"October 31, 2026",{calls.format(1204, "84.20")},84.20,USD,{period}\n'
                               f'C-2,"October 31, 2026",Mid-month usage paid for October 2026,-60.00,USD,{period}\n'}
    rows = stored(*invoices(files, OCTOBER))
    assert sum(row["amount_usd"] for row in rows) == Decimal("84.20")
    assert {row["charge_kind"] for row in rows} == {"usage"}


def test_cursors_monthly_invoice_of_the_dashboard_is_read_and_gives_way_to_an_invoice(invoices):
    # The items of a public tool's sample answer, over a cycle from 27 September to 27 October.
    answer = {"items": [
        {"description": "112 discounted claude-4-sonnet-thinking requests", "cents": 336},
        {"description": "97 extra fast premium requests beyond 500/month * 4 cents per such request", "cents": 388},
        {"description": "59 token-based usage calls to claude-4-sonnet-thinking, totalling: $4.65", "cents": 465},
        {"description": "12 token-based usage calls to o3, totalling: $2.10", "cents": 210},
        {"description": "Mid-month usage paid for September 2026", "cents": -500}, {"description": "Usage hard limit reached"},
    ], "periodStartMs": "1790467200000", "periodEndMs": "1793059200000"}
    september, october = invoices({"cursor.json": json.dumps(answer)}, date(2026, 9, 1), OCTOBER)
    rows = stored(september) + stored(october)
    assert sum(row["amount_usd"] for row in rows) == Decimal("8.99")
    assert {(row["vendor"], row["charge_kind"], row["layout"]) for row in rows} == {("cursor", "usage", "cursor_monthly")}
    assert (rows[0]["billed_from_day"], rows[0]["billed_to_day"]) == (date(2026, 9, 27), date(2026, 10, 26))
    text = f'{PORTAL}\nC-1,2026-10-27,2026-10-01,2026-10-31,"On-demand usage",1,,,9.00,USD\n'
    assert [row["amount_usd"] for row in stored(*invoices({"cursor-c1.csv": text}, OCTOBER))] == [Decimal("9.00")]


def test_a_monthly_invoice_without_its_period_is_refused(invoices):
    [answer] = invoices({"cursor.json": json.dumps({"items": [{"description": "31 tool calls", "cents": 100}]})}, OCTOBER)
    assert "cursor.json: periodStartMs is not a time in milliseconds" in answer.message


def test_a_monthly_invoice_of_2025_has_dollars_or_no_period_and_is_named_by_its_month(invoices):
    items = [{"description": "12 token-based usage calls to o3, totalling: $2.10", "totalDollars": "$2.10"},
             {"description": "31 tool calls", "cents": 155},
             {"description": "Mid-month usage paid for July 2025", "totalDollars": "-$1.00"}]
    [answer] = invoices({"cursor-2025-07.json": json.dumps({"items": items})}, date(2025, 7, 1))
    assert [(row["amount_usd"], row["period_end_day"]) for row in stored(answer)] == [
        (Decimal("2.10"), date(2025, 7, 31)), (Decimal("1.55"), date(2025, 7, 31)), (Decimal("-1.00"), date(2025, 7, 31))]


def test_a_period_written_in_the_description_is_read_over_the_turn_of_a_year(invoices):
    text = ("Number,Date (UTC),Description,Quantity,Amount,Currency\n"
            'C-9,2026-12-27 00:00,"Cursor Teams (per seat), Dec 27 – Jan 27, 2027",2,62.00,usd\n')
    december, january = invoices({"cursor.csv": text}, date(2026, 12, 1), date(2027, 1, 1))
    assert [stored(answer)[0]["amount_usd"] for answer in (december, january)] == [Decimal("10.00"), Decimal("52.00")]


def test_a_line_without_any_period_says_how_to_give_one(invoices):
    text = "Invoice number,Date of issue,Description,Amount,Currency\nC-9,2026-10-27,On-demand usage,62.00,USD\n"
    [answer] = invoices({"cursor.csv": text}, OCTOBER)
    assert "start is not given: add the columns 'Period start' and 'Period end'" in answer.message
