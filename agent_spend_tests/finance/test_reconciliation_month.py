"""Metered, billing API and invoice side by side: every difference has a named cause with its own amount."""

import shutil
from datetime import date
from decimal import Decimal

from finance_books import OCTOBER, causes, copilot_bill, invoice, plain, usage

from agent_spend.catalog import SQL_DIR, Catalog

DAY = date(2026, 10, 14)
API_TO_INVOICE, METERED_TO_API = "billing_api_invoice", "metered_billing_api"


def copilot(books, *bills, metered="60"):
    books.answered_month("github_copilot")
    books.write("fct_usage_day", usage(DAY, "github_copilot", metered))
    books.write("copilot_billing_usage", *(bills or [copilot_bill(DAY, "60", "50", "10")]))


def claude(books, *costs, metered="100", rows=()):
    books.answered_month("anthropic")
    books.write("fct_usage_day", usage(DAY, "anthropic", metered), *rows)
    books.write("claude_api_cost", *(
        {"usage_day": DAY, "currency": "USD", "cost_type": "tokens", "amount_usd": "100"} | cost for cost in costs or [{}]
    ))


def test_copilot_credits_are_three_figures_and_the_pool_is_the_cause(books):
    copilot(books)
    books.write("vendor_invoices", invoice("github_copilot", "usage", "10.00"))
    rows = books.reconcile()
    metered, invoiced = rows["github_copilot", "usage", METERED_TO_API], rows["github_copilot", "usage", API_TO_INVOICE]
    figures = [plain(metered[0][name]) for name in ("metered_usd", "billing_api_usd", "invoiced_usd")]
    assert figures == ["60", "10", "10"]
    assert causes(metered) == {"included_pool": "-50"}
    assert causes(invoiced) == {"none": "0"}
    assert {row["state"] for row in metered + invoiced} == {"reconciled"}


def test_a_month_without_an_invoice_is_not_reconciled(books):
    copilot(books)
    rows = books.reconcile()["github_copilot", "usage", API_TO_INVOICE]
    assert [(row["state"], row["cause"], row["difference_usd"], row["within_tolerance"]) for row in rows] == [
        ("not reconciled", "no_invoice", None, None)
    ]
    assert books.check("invoice_differs") == []


def test_a_discount_that_the_vendor_states_needs_no_contract_line(books):
    feeds = ("claude_analytics_usage", "claude_analytics_cost")
    claude(books, {"amount_usd": "999"}, metered="100")
    books.answered("anthropic", OCTOBER, date(2026, 12, 10), feeds=feeds)
    books.write("claude_analytics_cost", {
        "usage_day": DAY, "cost_type": "tokens", "token_type": "output_tokens", "amount_usd": "85", "list_usd": "100"})
    rows = books.reconcile()["anthropic", "usage", METERED_TO_API]
    assert causes(rows) == {"discount": "-15"}
    assert (plain(rows[0]["billing_api_usd"]), rows[0]["days_missing"]) == ("85", 0)


def test_usage_credits_are_charged_beside_the_api_with_their_own_stated_discount(books):
    credits = usage(DAY, "anthropic", "10", series="claude_usage_credits", billed_usd="8.5", covered_usd="0")
    claude(books, {}, rows=[credits])
    rows = books.reconcile()["anthropic", "usage", METERED_TO_API]
    assert [plain(rows[0][name]) for name in ("metered_usd", "billing_api_usd")] == ["110", "108.5"]
    assert causes(rows) == {"discount": "-1.5"}


def test_what_no_cause_explains_fails_the_check_above_the_tolerance(books):
    claude(books)
    books.write("vendor_invoices", invoice("anthropic", "usage", "107.50"))
    (row,) = books.reconcile()["anthropic", "usage", API_TO_INVOICE]
    assert (row["cause"], plain(row["cause_usd"]), row["state"], row["within_tolerance"]) == (
        "unexplained", "7.5", "difference", False)
    (finding,) = books.check("invoice_differs")
    assert finding["amount_usd"] == Decimal("7.5")
    assert finding["explanation"] == (
        "anthropic usage of 2026-10: the invoice says 107.50 USD, the billing API 100.00 USD; "
        "7.50 USD have no known cause (tolerance 1.00 USD)"
    )


def test_an_unexplained_dollar_is_within_the_tolerance_and_a_cent_more_is_not(books):
    claude(books)
    books.write("vendor_invoices", invoice("anthropic", "usage", "101.00"))
    assert books.reconcile()["anthropic", "usage", API_TO_INVOICE][0]["state"] == "reconciled"
    books.write("vendor_invoices", invoice("anthropic", "usage", "101.01"))
    assert books.reconcile()["anthropic", "usage", API_TO_INVOICE][0]["state"] == "difference"


def test_tolerances_hold_from_their_own_day(books, tmp_path):
    folder = tmp_path / "dbt_like_sql"
    shutil.copytree(SQL_DIR, folder)
    (folder / "policies" / "reconciliation_tolerances.csv").write_text(
        "vendor,tolerance_usd,tolerance_share,effective_from,effective_to,source\n"
        "anthropic,10,0,2026-01-01,2026-11-01,old\nanthropic,1,0,2026-11-01,,new\n"
    )
    books.catalog = Catalog(books.catalog.sources, folder)
    claude(books)
    books.write("vendor_invoices", invoice("anthropic", "usage", "107.50"))
    (row,) = books.reconcile()["anthropic", "usage", API_TO_INVOICE]
    assert (plain(row["tolerance_usd"]), row["within_tolerance"]) == ("10", True)


def test_whole_cents_on_the_invoice_are_rounding(books):
    claude(books, {"amount_usd": "99.9967"}, metered="99.9967")
    books.write("vendor_invoices", invoice("anthropic", "usage", "100.00"))
    assert causes(books.reconcile()["anthropic", "usage", API_TO_INVOICE]) == {"rounding": "0.0033"}


def test_a_report_of_whole_cents_is_rounded_row_by_row(books):
    # 300 printed rows may be 1.50 off in all; 1.51 is more than their rounding.
    for charged, expected in (("101.5", {"rounding": "1.5"}), ("101.51", {"unexplained": "1.51"})):
        claude(books)
        books.write("vendor_invoices", invoice("anthropic", "usage", charged, rounded_rows=300, layout="claude_cost"))
        assert causes(books.reconcile()["anthropic", "usage", API_TO_INVOICE]) == expected


def test_a_model_without_a_price_is_named_with_what_the_vendor_charged_for_it(books):
    unpriced = usage(DAY, "anthropic", None, model="claude-new-1", price_state="unpriced")
    claude(books, {}, {"model": "claude-new-1", "amount_usd": "7.25"}, rows=[unpriced])
    assert causes(books.reconcile()["anthropic", "usage", METERED_TO_API]) == {"unpriced": "7.25"}


def test_charges_outside_the_usage_report_and_seat_covered_use_are_named(books):
    seat = usage(DAY, "anthropic", "40", covered_usd="40", series="claude_seat")
    claude(books, {}, {"cost_type": "code_execution", "amount_usd": "0.5"}, rows=[seat])
    assert causes(books.reconcile()["anthropic", "usage", METERED_TO_API]) == {
        "other_charge": "0.5", "included_pool": "-40"}


def test_priority_tier_is_metered_and_never_in_the_cost_report(books):
    claude(books, metered="108")
    books.write("claude_api_usage", {
        "usage_day": DAY, "model": "claude-opus-5-5", "service_tier": "priority", "uncached_input_tokens": 2_000_000,
        "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "cache_read_tokens": 0, "output_tokens": 0,
        "web_search_requests": 0})
    assert causes(books.reconcile()["anthropic", "usage", METERED_TO_API]) == {"unbilled_tier": "-8"}


def test_a_day_that_only_one_side_has_is_named_days_not_loaded(books):
    claude(books)
    books.answered("anthropic", OCTOBER, date(2026, 11, 10), feeds=("claude_api_cost",))
    books.answered("anthropic", date(2026, 10, 15), date(2026, 11, 10), feeds=("claude_api_usage",))
    books.write("fct_usage_day", usage(DAY, "cursor", "0"))
    rows = books.reconcile()["anthropic", "usage", METERED_TO_API]
    assert causes(rows) == {"days_not_loaded": "100"}
    assert (rows[0]["days_missing"], rows[0]["within_tolerance"], rows[0]["state"]) == (14, None, "not reconciled")


def test_an_invoice_for_days_that_were_never_loaded_is_not_reconciled_and_no_finding(books):
    claude(books)
    books.answered("anthropic", DAY, date(2026, 11, 10))
    books.write("vendor_invoices", invoice("anthropic", "usage", "230"))
    (row,) = books.reconcile()["anthropic", "usage", API_TO_INVOICE]
    assert (row["cause"], plain(row["cause_usd"]), row["state"]) == ("days_not_loaded", "130", "not reconciled")
    assert books.check("invoice_differs") == []


def test_a_day_that_may_still_be_restated_is_named_late(books):
    claude(books, metered="99.40")
    books.answered("anthropic", OCTOBER, date(2026, 10, 16))
    assert causes(books.reconcile()["anthropic", "usage", METERED_TO_API]) == {"late_or_provisional_days": "0.6"}


def test_code_review_billed_beyond_the_metered_users_is_unlicensed(books):
    copilot(books, copilot_bill(DAY, "60", "50", "10"),
            copilot_bill(DAY, "5", "0", "5", model="Code Review model"))
    assert causes(books.reconcile()["github_copilot", "usage", METERED_TO_API]) == {
        "included_pool": "-50", "unlicensed_user": "5"}


def test_an_enterprise_bill_is_not_added_to_its_organizations(books):
    copilot(books, copilot_bill(DAY, "60", "50", "10"),
            copilot_bill(DAY, "60", "50", "10", scope_kind="organization", scope="acme-eng"))
    rows = books.reconcile()["github_copilot", "usage", METERED_TO_API]
    assert plain(rows[0]["billing_api_usd"]) == "10"


def test_tax_and_credit_notes_are_lines_and_causes_of_their_own(books):
    books.write("vendor_invoices", invoice("cursor", "tax", "14.20"), invoice("cursor", "credit", "-30", line_number=2))
    rows = books.reconcile()
    assert causes(rows["cursor", "tax", API_TO_INVOICE]) == {"tax": "14.2"}
    assert causes(rows["cursor", "credit", API_TO_INVOICE]) == {"credit_note": "-30"}


def test_two_invoices_of_one_month_add_up(books):
    claude(books)
    first = invoice("anthropic", "usage", "60.00")
    books.write("vendor_invoices", first, first | {"invoice_id": "I-2", "amount_usd": "40.00"})
    rows = books.reconcile()["anthropic", "usage", API_TO_INVOICE]
    assert (plain(rows[0]["invoiced_usd"]), causes(rows)) == ("100", {"none": "0"})


def test_an_invoice_over_two_months_explains_its_share_by_days(books):
    # 310.00 from 27 October to 26 November: 5 of 31 days are October's, 50.00; charged in those days: 110.00.
    books.answered("cursor", OCTOBER, date(2026, 12, 10))
    books.write("fct_usage_day",
        usage(date(2026, 10, 28), "cursor", "110", billed_usd="110", covered_usd="0"),
        usage(date(2026, 11, 5), "cursor", "200", billed_usd="200", covered_usd="0"))
    books.write("vendor_invoices", invoice(
        "cursor", "usage", "50.00", period_start_day=date(2026, 10, 27), period_end_day=date(2026, 10, 31),
        billed_from_day=date(2026, 10, 27), billed_to_day=date(2026, 11, 26)))
    rows = books.reconcile(around=31)["cursor", "usage", API_TO_INVOICE]
    assert causes(rows) == {"billing_cycle_vs_calendar_month": "-60"}
    assert rows[0]["state"] == "reconciled"


def test_days_that_no_invoice_covers_yet_are_named(books):
    books.answered_month("cursor")
    books.write("fct_usage_day", usage(date(2026, 10, 3), "cursor", "12", billed_usd="12", covered_usd="0"),
                usage(date(2026, 10, 20), "cursor", "30", billed_usd="30", covered_usd="0"))
    books.write("vendor_invoices", invoice("cursor", "usage", "30.00", period_start_day=date(2026, 10, 15)))
    assert causes(books.reconcile()["cursor", "usage", API_TO_INVOICE]) == {"days_not_invoiced": "-12"}


def test_seats_are_prorated_and_a_seat_nobody_holds_is_a_departed_user(books):
    books.answered_month("cursor")
    held = {"month": OCTOBER, "vendor": "cursor", "plan": "standard", "seats": 1, "list_usd": "40", "billed_usd": "40"}
    books.write("fct_seat_month", held, held | {"actor_id": "b", "billed_usd": "20"})
    books.write("vendor_invoices", invoice("cursor", "seat", "100.00", quantity="3"))
    rows = books.reconcile()["cursor", "seat", "metered_invoice"]
    assert causes(rows) == {"seat_proration": "-20", "departed_user": "40"}


def test_an_invoice_in_another_currency_is_never_read_as_dollars(books):
    claude(books)
    books.write("vendor_invoices", invoice("anthropic", "usage", None) | {"currency": "EUR", "amount": "92.00"})
    (row,) = books.reconcile()["anthropic", "usage", API_TO_INVOICE]
    assert (row["cause"], row["difference_usd"], row["invoiced_usd"], row["invoiced_foreign"], row["state"]) == (
        "currency", None, None, "92.00 EUR", "not reconciled")


def test_seats_of_a_cycle_that_is_not_invoiced_yet_are_named_by_their_fee(books):
    # A seat of 40: 34.67 for 26 of 30 days of the cycle from 27 September, 6.45 for 5 of 31 of the next one.
    books.answered_month("cursor")
    fee = {"month": OCTOBER, "vendor": "cursor", "plan": "standard", "actor_id": "a", "seats": 1, "period_rule": "r"}
    books.write(
        "fct_seat_fee",
        fee | {"period_start_day": date(2026, 9, 27), "period_end_day": date(2026, 10, 26), "billed_usd": "34.67"},
        fee | {"period_start_day": date(2026, 10, 27), "period_end_day": date(2026, 11, 26), "billed_usd": "6.45"})
    books.write("fct_seat_month", {"month": OCTOBER, "vendor": "cursor", "plan": "standard", "actor_id": "a", "seats": 1,
                                   "list_usd": "40", "billed_usd": "41.12"})
    line = {"period_end_day": date(2026, 10, 26), "billed_from_day": date(2026, 9, 27), "billed_to_day": date(2026, 10, 26)}
    books.write("vendor_invoices", invoice("cursor", "seat", "34.67", **line))
    rows = books.reconcile()["cursor", "seat", "metered_invoice"]
    assert causes(rows) == {"seat_proration": "1.12", "days_not_invoiced": "-6.45"}
    assert {row["state"] for row in rows} == {"reconciled"}
    both = {"invoice_id": "I-2", "period_start_day": date(2026, 10, 27), "billed_from_day": date(2026, 10, 27),
            "billed_to_day": date(2026, 11, 26)}
    books.write("vendor_invoices", invoice("cursor", "seat", "34.67", **line), invoice("cursor", "seat", "6.45", **both))
    assert causes(books.reconcile()["cursor", "seat", "metered_invoice"]) == {"seat_proration": "1.12"}


def test_seats_are_compared_with_the_invoice_while_days_of_the_bill_are_missing(books):
    books.answered("github_copilot", date(2026, 10, 19), date(2026, 11, 10))
    books.write("copilot_billing_usage", copilot_bill(date(2026, 10, 20), "8", "0", "8", sku_class="seat"))
    books.write("fct_seat_month", {
        "month": OCTOBER, "vendor": "github_copilot", "plan": "business", "seats": 1, "list_usd": "19", "billed_usd": "19"})
    books.write("vendor_invoices", invoice("github_copilot", "seat", "19.00", quantity="1"))
    rows = books.reconcile()["github_copilot", "seat", "metered_invoice"]
    assert (causes(rows), rows[0]["state"], plain(rows[0]["billing_api_usd"])) == ({"none": "0"}, "reconciled", "8")


def test_a_full_bill_of_more_seats_than_the_list_shows_names_departed_users(books):
    books.answered_month("github_copilot")
    books.write("copilot_billing_usage", copilot_bill(date(2026, 10, 20), "38", "0", "38", sku_class="seat", gross_quantity="2"))
    books.write("fct_seat_month", {
        "month": OCTOBER, "vendor": "github_copilot", "plan": "business", "seats": 1, "list_usd": "19", "billed_usd": "19"})
    assert causes(books.reconcile()["github_copilot", "seat", METERED_TO_API]) == {"departed_user": "19"}


def test_a_charge_that_no_usage_matches_is_named_and_still_a_difference(books):
    claude(books, {}, {"model": "claude-opus-5-5", "token_type": "output_tokens", "workspace_id": "w9", "amount_usd": "3.50"})
    (row,) = books.reconcile()["anthropic", "usage", METERED_TO_API]
    assert (row["cause"], plain(row["cause_usd"]), row["within_tolerance"]) == ("unmatched", "3.5", False)
    assert [plain(finding["amount_usd"]) for finding in books.check("invoice_differs")] == ["3.5"]


def test_usage_that_no_charge_matches_is_named_with_its_list_value(books):
    claude(books, metered="104")
    books.write("claude_api_usage", {
        "usage_day": DAY, "model": "claude-opus-5-5", "service_tier": "standard", "uncached_input_tokens": 1_000_000,
        "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "cache_read_tokens": 0, "output_tokens": 0,
        "web_search_requests": 0})
    assert causes(books.reconcile()["anthropic", "usage", METERED_TO_API]) == {"unmatched": "-4"}


def test_premium_requests_are_billed_and_metered_by_nobody(books):
    books.answered_month("github_copilot")
    premium = copilot_bill(DAY, "10", "6", "4", "other", sku="Copilot Premium Request", unit="requests", gross_quantity="250")
    books.write("copilot_billing_usage", premium)
    rows = books.reconcile()["github_copilot", "usage", METERED_TO_API]
    assert (plain(rows[0]["billing_api_usd"]), causes(rows)) == ("4", {"not_metered": "10", "included_pool": "-6"})


def test_a_contract_discount_is_named_where_it_is_shown(books, tmp_path):
    folder = tmp_path / "dbt_like_sql"
    shutil.copytree(SQL_DIR, folder)
    (folder / "policies" / "contract_discounts.csv").write_text(
        "vendor,line,shown_by,discount_share,effective_from,effective_to,source\n"
        "anthropic,usage,invoice,0.1,2026-01-01,,order form\n"
    )
    books.catalog = Catalog(books.catalog.sources, folder)
    claude(books)
    books.write("vendor_invoices", invoice("anthropic", "usage", "90.00"))
    assert causes(books.reconcile()["anthropic", "usage", API_TO_INVOICE]) == {"discount": "-10"}


def test_finances_month_says_reconciled_where_the_reconciliation_does(books):
    claude(books)
    for invoiced, expected in (("90.00", False), ("100.40", True)):
        books.write("vendor_invoices", invoice("anthropic", "usage", invoiced), invoice("cursor", "tax", "3.00"))
        books.reconcile()
        books.build("rpt_finance__vendor_month")
        rows = books.lake.read("rpt_finance__vendor_month", "month").to_pylist()
        assert {(row["vendor"], row["charge_kind"]): row["is_reconciled"] for row in rows} == {
            ("anthropic", "usage"): expected, ("cursor", "tax"): True}


def test_what_was_paid_at_another_time_is_an_adjustment(books):
    claude(books)
    books.write("vendor_invoices", invoice("anthropic", "usage", "100.00"),
                invoice("anthropic", "adjustment", "-100.00", description="Prepaid commit drawdown", line_number=2))
    rows = books.reconcile()
    assert causes(rows["anthropic", "usage", API_TO_INVOICE]) == {"none": "0"}
    assert causes(rows["anthropic", "adjustment", API_TO_INVOICE]) == {"adjustment": "-100"}


def test_seats_on_an_invoice_that_no_list_shows_are_not_reconciled(books):
    books.answered_month("cursor")
    books.write("vendor_invoices", invoice("cursor", "seat", "80.00", quantity="2"))
    (row,) = books.reconcile()["cursor", "seat", "metered_invoice"]
    assert (row["cause"], row["cause_usd"], row["state"]) == ("seats_not_known", None, "not reconciled")


def test_many_causes_of_one_month_keep_their_own_amounts(books):
    # Metered 120.00: 100 of keys, 12 on a seat, 8 on the priority tier. Charged 111.25, invoiced 113.25.
    claude(
        books, {}, {"model": "claude-new-1", "amount_usd": "7.25"}, {"cost_type": "code_execution", "amount_usd": "0.50"},
        {"model": "claude-opus-5-5", "token_type": "output_tokens", "workspace_id": "w9", "amount_usd": "3.50"}, metered="108",
        rows=[usage(DAY, "anthropic", "12", covered_usd="12", series="claude_seat"),
              usage(DAY, "anthropic", None, model="claude-new-1", price_state="unpriced")])
    books.write("claude_api_usage", {
        "usage_day": DAY, "model": "claude-opus-5-5", "service_tier": "priority", "uncached_input_tokens": 2_000_000,
        "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "cache_read_tokens": 0, "output_tokens": 0,
        "web_search_requests": 0})
    books.write("vendor_invoices", invoice("anthropic", "usage", "113.25"))
    rows = books.reconcile()
    assert causes(rows["anthropic", "usage", METERED_TO_API]) == {
        "included_pool": "-12", "unbilled_tier": "-8", "unpriced": "7.25", "other_charge": "0.5", "unmatched": "3.5"}
    assert causes(rows["anthropic", "usage", API_TO_INVOICE]) == {"unexplained": "2"}
    row = rows["anthropic", "usage", API_TO_INVOICE][0]
    assert [plain(row[name]) for name in ("metered_usd", "billing_api_usd", "invoiced_usd")] == ["120", "111.25", "113.25"]
