from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agent_spend.errors import EXPECTED_GAPS
from agent_spend.lake.ledgers import Coverage

DAY = date(2026, 11, 17)


def usage(**more):
    return {
        "usage_day": DAY, "vendor": "anthropic", "surface": "claude_api", "series": "claude_api_key",
        "auth_kind": "api_key", "actor_kind": "machine", "actor_id": "apikey_01A", "key_id": "apikey_01A",
        "workspace": "wrkspc_01", "model": "claude-opus-5", "environment": "prod", "cost_center": "CC-410",
        "squad": "(not attributable)", "org": "(not attributable)", "quantity": "1000", "unit": "tokens",
        "list_usd": "1.5", "price_state": "priced", "price_version": "claude_prices claude-opus-5 default 2026-05-01",
        "auth_rule": "usage report names an API key", "auth_evidence": "api_key_id apikey_01A",
        "actor_rule": "API key outside the Claude Code workspace", "actor_evidence": "key prod-router in workspace Production",
        "attribution_mode": "derived",
    } | more


def workflow(cost, baseline, **more):
    return {
        "usage_day": DAY, "workflow_id": "invoice_matching", "completed_tasks": 10,
        "cost_per_completed_task_usd": cost, "dominant_model": "claude-opus-5-5",
        "previous_dominant_model": "claude-haiku-4-5", "model_changed": True, "baseline_usd": baseline,
        "baseline_days": 7, "baseline_completions": 70,
    } | more


def coverage(attempt, **more):
    return {
        "feed": "copilot_user_usage", "usage_day": DAY, "state": "missing", "message": "", "last_attempt": attempt,
        "rows": 0, "revision": 0, "is_provisional": False, "fetched_at": datetime(2026, 11, 18, tzinfo=UTC),
    } | more


def split(**more):
    return {
        "usage_day": DAY, "workflow_id": "invoice_matching", "ratio": 4.0, "price_factor": 1.0, "tokens_factor": 1.02,
        "attempts_factor": 0.98, "model_mix_factor": 4.1, "baseline_shape_factor": 1.0,
        "baseline_model": "claude-haiku-4-5", "model": "claude-opus-5-5",
    } | more


def test_a_doubled_cost_per_task_names_the_swap_and_splits_the_change(company):
    company.write("rpt_platform__workflow_day", workflow("0.40", "0.10"))
    company.write("rpt_platform__cost_change_day", split())
    (row,) = company.rows("cost_per_task_doubled", DAY)
    assert (row["observed"], row["baseline"], row["ratio"]) == (Decimal("0.4"), Decimal("0.1"), 4.0)
    assert row["amount_usd"] == Decimal(3)
    assert row["explanation"] == (
        "invoice_matching cost 0.4000 USD (list) per completed task on 2026-11-17, 4.0x the 0.1000 USD median of 7 "
        "days before; the model moved from claude-haiku-4-5 to claude-opus-5-5 on 2026-11-17; change: price x1.00, tokens per "
        "attempt x1.02, attempts per completion x0.98, model mix x4.10"
    )


def test_the_day_after_the_swap_names_the_swap_with_its_day(company):
    company.write("rpt_platform__workflow_day", workflow(
        "0.40", "0.10", model_changed=False, previous_dominant_model="claude-opus-5-5"))
    company.write("rpt_platform__cost_change_day", split(
        baseline_shape_factor=0.9, swap_day=date(2026, 11, 16), swapped_from="claude-haiku-4-5"))
    explanation = company.rows("cost_per_task_doubled", DAY)[0]["explanation"]
    assert "the model moved from claude-haiku-4-5 to claude-opus-5-5 on 2026-11-16; change:" in explanation
    assert explanation.endswith(", baseline average against its median x0.90")


def test_exactly_double_alerts_even_without_a_split(company):
    company.write("rpt_platform__workflow_day", workflow("0.000000000002", "0.000000000001", model_changed=False))
    assert "change:" not in company.rows("cost_per_task_doubled", DAY)[0]["explanation"]


@pytest.mark.parametrize("less", [
    {"cost_per_completed_task_usd": "0.199999999999"}, {"cost_per_completed_task_usd": None}, {"baseline_usd": None},
    {"baseline_usd": "0"}, {"baseline_days": 2}, {"completed_tasks": 4}, {"baseline_completions": 4},
])
def test_a_workflow_below_any_bar_is_silent(company, less):
    company.write("rpt_platform__workflow_day", workflow("0.40", "0.10") | less)
    assert company.rows("cost_per_task_doubled", DAY) == []


def test_an_unpriced_model_with_tokens_is_an_error(company):
    unpriced = {"model": "claude-preview-x1", "price_state": "unpriced", "list_usd": None}
    company.write("fct_usage_day", usage(), usage(**unpriced, quantity="1200000"), usage(**unpriced, quantity="34"))
    (row,) = company.rows("unpriced_model", DAY)
    assert row["amount_usd"] is None
    assert row["explanation"] == (
        "1,200,034 tokens of claude-preview-x1 (anthropic) on 2026-11-17 have no price and are in no USD total; add "
        "the model to the price book"
    )


def test_an_unpriced_model_without_tokens_is_nothing(company):
    company.write("fct_usage_day", usage(price_state="unpriced", list_usd=None, quantity="0"))
    assert company.rows("unpriced_model", DAY) == []


def test_usage_of_nobody_in_the_roster_is_listed_with_its_money(company):
    seat = {"vendor": "github_copilot", "series": "copilot_credits", "auth_kind": "seat", "key_id": None}
    company.write("copilot_user_usage", {
        "usage_day": DAY, "scope_kind": "enterprise", "user_id": 599009, "user_login": "contractor-9_acme"})
    company.write(
        "fct_usage_day", usage(**seat, actor_id="599009", list_usd="0.75"),
        usage(vendor="cursor", series="cursor_on_demand", auth_kind="service_account", background_kind="automation"),
        usage(**seat, actor_id="known", person_id="E1"), usage(actor_id="machine-key"),
        usage(**seat, actor_id="bot", background_kind="service_account"),
    )
    (row,) = company.rows("unmatched_user", DAY)
    assert row["explanation"] == (
        "contractor-9_acme (github_copilot) is nobody in the roster on 2026-11-17; 0.75 USD (list) belongs to no squad"
    )


def test_a_failed_attempt_is_an_error_even_where_older_data_is_kept(company):
    company.write("rpt_coverage", coverage("server_error", state="available", revision=2, message="GET x answered 503"))
    (row,) = company.rows("feed_failed")
    assert (row["vendor"], row["subject"]) == ("github_copilot", "copilot_user_usage")
    assert row["explanation"] == "copilot_user_usage 2026-11-17 failed (server_error): GET x answered 503"


def test_a_failed_day_says_what_a_usual_day_holds_where_no_other_source_has_it(company):
    lines = {"state": "missing", "reason": "server_error", "message": "GET x answered 503", "last_attempt": "server_error"}
    both = [lines | {"feed": feed, "usage_day": date(2026, 11, 9)} for feed in ("cursor_usage_events", "agent_spans")]
    company.write("rpt_coverage", *both)
    cursor, agents = {"vendor": "cursor", "series": "cursor_on_demand"}, {"vendor": "custom_agents", "series": "custom_agents"}
    company.write(
        "fct_usage_day", usage(**cursor, usage_day=date(2026, 11, 7), list_usd="10"),
        usage(**cursor, usage_day=date(2026, 11, 8), list_usd="12.5"),
        usage(**cursor, usage_day=date(2026, 11, 8), list_usd="2.5"),
        usage(**agents, usage_day=date(2026, 11, 8), list_usd="4"), usage(**agents, usage_day=date(2026, 11, 9), list_usd="4"),
    )
    found = {row["subject"]: row for row in company.rows("feed_failed")}
    # (10 + 12.5 + 2.5) / 2 days.
    assert found["cursor_usage_events"]["amount_usd"] == Decimal("12.50")
    assert found["cursor_usage_events"]["explanation"] == (
        "cursor_usage_events 2026-11-09 failed (server_error): GET x answered 503; a usual day of it holds 12.50 USD (list), "
        "which no total has for this day"
    )
    assert found["agent_spans"]["amount_usd"] is None
    assert found["agent_spans"]["explanation"] == "agent_spans 2026-11-09 failed (server_error): GET x answered 503"


@pytest.mark.parametrize("attempt", sorted({"available", "zero", "not_connected", *EXPECTED_GAPS}))
def test_data_and_the_vendors_normal_gaps_are_not_failures(company, attempt):
    company.write("rpt_coverage", coverage(attempt))
    assert company.rows("feed_failed") == []


def test_a_day_whose_report_has_no_line_failed_only_where_rows_are_stored(company):
    empty = {"feed": "copilot_user_usage", "message": "the report has no line", "last_attempt": "empty_file"}
    company.write(
        "rpt_coverage",
        empty | {"usage_day": date(2026, 11, 7), "state": "zero", "reason": "empty_file", "rows": 0},
        empty | {"usage_day": date(2026, 11, 9), "state": "available", "reason": None, "rows": 14},
    )
    assert [row["usage_day"] for row in company.rows("feed_failed")] == [date(2026, 11, 9)]


@pytest.mark.parametrize(("state", "reason", "last_attempt", "is_wanting"), [
    ("available", None, "available", False),
    ("zero", None, "zero", False),
    ("zero", "no_lines", "no_lines", False),
    ("zero", None, "no_lines", True),
    ("missing", "no_report", "no_report", False),
    ("available", None, "policy_disabled", True),
    ("forbidden", "policy_disabled", "policy_disabled", True),
    ("partial", "page_missing", "page_missing", True),
    ("missing", "unauthorized", "unauthorized", True),
    ("not_connected", "not_connected", "not_connected", False),
])
def test_the_finding_and_the_feeds_own_check_agree_which_days_are_wanting(company, state, reason, last_attempt, is_wanting):
    line = Coverage("cursor_spend", DAY, state, reason, None, 0, None, None, 0, None, last_attempt)
    assert line.is_wanting is is_wanting
    company.write("rpt_coverage", {"feed": line.feed, "usage_day": DAY, "state": state, "reason": reason,
                                   "message": None, "last_attempt": last_attempt})
    assert bool(company.rows("feed_failed")) is is_wanting


def test_a_fresh_install_has_every_threshold(company):
    assert company.rows("thresholds_missing") == []


def test_deleted_and_unreadable_thresholds_are_named(company):
    seed = company.sql_dir / "policies" / "alert_thresholds.csv"
    lines = [line for line in seed.read_text().splitlines() if not line.startswith("credits_floor")]
    seed.write_text("\n".join(lines).replace("min_completions,5", "min_completions,five") + "\n")
    assert sorted(row["explanation"].split(" in policies")[0] for row in company.rows("thresholds_missing")) == [
        "Threshold credits_floor is missing", "Threshold min_completions is not a number (five)",
    ]


def test_an_emptied_threshold_file_reports_all_seven(company):
    (company.sql_dir / "policies" / "alert_thresholds.csv").write_text("name,value,unit,note\n")
    assert len(company.rows("thresholds_missing")) == 7


def test_a_row_that_says_everything_is_explained(company):
    company.write("fct_usage_day", usage(), usage(price_state="reported", price_version=None))
    assert company.rows("ledger_row_unexplained", DAY) == []


@pytest.mark.parametrize("column", [
    "surface", "auth_kind", "auth_rule", "auth_evidence", "actor_kind", "actor_rule", "actor_evidence", "squad", "org",
    "attribution_mode", "price_version",
])
def test_a_row_without_its_rule_evidence_squad_or_price_is_named(company, column):
    company.write("fct_usage_day", usage(), usage(**{column: None}), usage(**{column: None}))
    assert [row["explanation"] for row in company.rows("ledger_row_unexplained", DAY)] == [
        f"2 rows of claude_api_key (anthropic) on 2026-11-17 do not say their {column}"
    ]


def fill_conserved(company, **ledger):
    fed = {"credits": "150.5", "tokens": "111", "billed": "0.3", "on_demand": "0.07", "included": "2", "bill": "1.25",
           "seat": "0.75", "traced": "34", "list": "0.6"}
    amounts = fed | ledger
    copilot = {"usage_day": DAY, "ai_credits_state": "known"}
    company.write(
        "copilot_user_usage",
        copilot | {"scope_kind": "organization", "scope": "acme-core", "user_id": 1, "ai_credits_used": "100.5"},
        copilot | {"scope_kind": "organization", "scope": "acme-apps", "user_id": 1, "ai_credits_used": "100.5"},
        copilot | {"scope_kind": "enterprise", "scope": "acme", "user_id": 2, "ai_credits_used": "50"},
        copilot | {"scope_kind": "enterprise", "scope": "acme", "user_id": 3, "ai_credits_state": "absent"},
    )
    bill = {"usage_day": DAY, "sku_class": "credits"}
    company.write(
        "copilot_billing_usage", bill | {"scope_kind": "enterprise", "scope": "acme", "net_usd": "1.25"},
        bill | {"scope_kind": "enterprise", "scope": "acme", "net_usd": "19", "sku_class": "seat"},
        bill | {"scope_kind": "organization", "scope": "acme-core", "net_usd": "0.75"},
    )
    company.write("claude_api_usage", {
        "usage_day": DAY, "uncached_input_tokens": 1, "cache_write_5m_tokens": 10, "cache_write_1h_tokens": 0,
        "cache_read_tokens": 0, "output_tokens": 100})
    company.write("claude_api_cost", {"usage_day": DAY, "amount_usd": "0.1"}, {"usage_day": DAY, "amount_usd": "0.2"})
    company.write(
        "cursor_usage_events", {"usage_day": DAY, "kind_class": "usage_based", "charged_usd": "0.07"},
        {"usage_day": DAY, "kind_class": "included", "charged_usd": "2"},
        {"usage_day": DAY, "kind_class": "errored", "charged_usd": "9"},
    )
    company.write(
        "claude_code_usage", {"usage_day": DAY, "customer_type": "subscription", "estimated_usd": "0.75"},
        {"usage_day": DAY, "customer_type": "api", "estimated_usd": "9"})
    company.write(
        "agent_spans", {"usage_day": DAY, "span_class": "inference", "input_tokens": 10},
        {"usage_day": DAY, "span_class": "inference", "output_tokens": 20},
        {"usage_day": DAY, "span_class": "workflow", "input_tokens": 10, "output_tokens": 20})
    company.write("int_agent__call", {"usage_day": DAY, "list_usd": "0.5"})
    company.write("int_usage__claude_metrics", {"usage_day": DAY, "quantity": "4", "list_usd": "0.1"})
    company.write(
        "fct_usage_day",
        usage(series="claude_seat", auth_kind="seat", list_usd=amounts["seat"]),
        usage(vendor="custom_agents", series="custom_agents", quantity=amounts["traced"], list_usd=amounts["list"]),
        usage(vendor="github_copilot", series="copilot_credits", unit="ai_credits", quantity=amounts["credits"]),
        usage(vendor="github_copilot", series="copilot_billing", unit="charge", billed_usd=amounts["bill"]),
        usage(quantity=amounts["tokens"]),
        usage(series="claude_api_billing", unit="charge", quantity=None, billed_usd=amounts["billed"]),
        usage(vendor="cursor", series="cursor_on_demand", billed_usd=amounts["on_demand"], covered_usd="0"),
        usage(vendor="cursor", series="cursor_included", price_state="reported", covered_usd=amounts["included"], billed_usd="0"),
    )


def test_a_ledger_that_equals_the_feeds_conserves_the_totals(company):
    fill_conserved(company)
    assert company.rows("vendor_totals_conserved", DAY) == []


@pytest.mark.parametrize(("part", "amount", "explanation"), [
    ("credits", "251", "github_copilot credits of 2026-11-17: the ledger holds 251, the feed 150.5"),
    ("bill", "2", "github_copilot bill USD of 2026-11-17: the ledger holds 2, the feed 1.25"),
    ("tokens", "110", "anthropic tokens of 2026-11-17: the ledger holds 110, the feed 111"),
    ("billed", "0.300000000000000001",
     "anthropic billed USD of 2026-11-17: the ledger holds 0.300000000000000001, the feed 0.3"),
    ("on_demand", "2.07", "cursor on-demand USD of 2026-11-17: the ledger holds 2.07, the feed 0.07"),
    ("seat", "1.5", "anthropic list value on seats USD of 2026-11-17: the ledger holds 1.5, the feed 0.75"),
    ("traced", "64", "custom_agents tokens of 2026-11-17: the ledger holds 64, the feed 34"),
    ("list", "1.1", "custom_agents list USD of 2026-11-17: the ledger holds 1.1, the feed 0.6"),
    ("included", None, "cursor included USD of 2026-11-17: the ledger holds 0, the feed 2"),
])
def test_any_difference_to_a_feed_is_named(company, part, amount, explanation):
    fill_conserved(company, **{part: amount})
    assert [row["explanation"] for row in company.rows("vendor_totals_conserved", DAY)] == [explanation]


def test_a_day_that_github_gave_in_its_28_day_report_alone_is_held_against_that_report(company):
    fill_conserved(company, credits="7.5")
    company.write("copilot_user_usage_28_day", {
        "usage_day": DAY, "user_id": 1, "scope_kind": "enterprise", "ai_credits_used": "7.5"})
    company.write("stg_copilot__day_source", {"usage_day": DAY, "feed": "copilot_user_usage_28_day"})
    assert company.rows("vendor_totals_conserved", DAY) == []


def test_a_feed_day_that_never_reached_the_ledger_is_named(company):
    company.write("claude_api_cost", {"usage_day": DAY, "amount_usd": "10"})
    assert [row["explanation"] for row in company.rows("vendor_totals_conserved", DAY)] == [
        "anthropic billed USD of 2026-11-17: the ledger holds 0, the feed 10"
    ]


@pytest.mark.parametrize(("source", "found"), [
    ("analytics", []),
    ("reports", ["anthropic billed USD of 2026-11-17: the ledger holds 4, the feed 0.3",
                 "anthropic tokens of 2026-11-17: the ledger holds 500, the feed 111"]),
])
def test_a_claude_day_is_held_against_the_source_it_comes_from(company, source, found):
    fill_conserved(company)
    company.write("stg_claude__day_source", {"usage_day": DAY, "source": source})
    company.write("claude_analytics_usage", {
        "usage_day": DAY, "uncached_input_tokens": 400, "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0,
        "cache_read_tokens": 0, "output_tokens": 100})
    company.write("claude_analytics_cost", {"usage_day": DAY, "amount_usd": "4"})
    company.write(
        "fct_usage_day",
        usage(vendor="github_copilot", series="copilot_credits", unit="ai_credits", quantity="150.5"),
        usage(vendor="github_copilot", series="copilot_billing", unit="charge", billed_usd="1.25"),
        usage(quantity="500", billed_usd="4"),
        usage(series="claude_seat", auth_kind="seat", list_usd="0.75"),
        usage(vendor="custom_agents", series="custom_agents", quantity="34", list_usd="0.6"),
        usage(vendor="cursor", series="cursor_on_demand", billed_usd="0.07", covered_usd="0"),
        usage(vendor="cursor", series="cursor_included", price_state="reported", covered_usd="2", billed_usd="0"),
    )
    assert sorted(row["explanation"] for row in company.rows("vendor_totals_conserved", DAY)) == found


def fill_seats(company, *months):
    """A seat of 40.00 whose November is cut by two billing periods."""
    november = {"month": date(2026, 11, 1), "vendor": "cursor"}
    company.write("fct_seat_fee", november | {"period_start_day": date(2026, 10, 27), "billed_usd": "33.55"},
                  november | {"period_start_day": date(2026, 11, 27), "billed_usd": "5.33"})
    seat = november | {"plan": "standard", "actor_id": "mira@acme.test", "days": 30, "billed_usd": "38.88"}
    company.write("fct_seat_month", *(seat | more for more in months))


def test_seat_fees_of_a_month_are_those_of_its_billing_periods(company):
    fill_seats(company, {})
    assert company.rows("seat_fees_conserved") == []


def test_a_cent_that_the_month_lost_is_named(company):
    fill_seats(company, {"billed_usd": "38.87"})
    [row] = company.rows("seat_fees_conserved")
    assert (row["amount_usd"], row["explanation"]) == (
        Decimal("-0.01"), "cursor seats of 2026-11: the month holds 38.87 USD, its billing periods 38.88 USD")


def test_a_holder_who_is_billed_for_a_day_twice_is_named(company):
    fill_seats(company, {"days": 30}, {"plan": "premium", "days": 10, "billed_usd": "0"})
    assert [row["explanation"] for row in company.rows("seat_fees_conserved")] == [
        "cursor seat of mira@acme.test in 2026-11: 40 days are billed, the month has 30"]
