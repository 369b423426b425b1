"""A day of Claude API money comes from one source, whole: the analytics API where it is complete, else the reports."""

from datetime import date
from decimal import Decimal

import pytest

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
TOKENS = ("uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens")
ADA = {"actor_type": "user_actor", "actor_id": "user_01Ada", "actor_email": "Ada@acme.test"}
KEY = {"actor_type": "api_actor", "actor_id": "apikey_01A"}


def report(day, key="apikey_01A", uncached=1_000_000, **more):
    """A row of the usage report: a million uncached tokens of Opus 5.5 are 4 USD."""
    return {"usage_day": day, "api_key_id": key, "workspace_id": None, "model": "claude-opus-5-5",
            "service_tier": "standard", "inference_geo": "global", "web_search_requests": 0, **dict.fromkeys(TOKENS, 0),
            "uncached_input_tokens": uncached} | more


def charge(day, amount, **more):
    """A line of the cost report."""
    return {"usage_day": day, "workspace_id": None, "cost_type": "tokens", "token_type": "uncached_input_tokens",
            "model": "claude-opus-5-5", "service_tier": "standard", "inference_geo": "global", "currency": "USD",
            "amount_usd": amount} | more


def used(day, key="apikey_01A", uncached=1_000_000, **more):
    """A usage row of the analytics API, in the default workspace by its real id."""
    return {"usage_day": day, "api_key_id": key, "workspace_id": "wrkspc_01Default", "model": "claude-opus-5-5",
            "product": "messages_api", "requests": 3, "web_search_requests": 0, **dict.fromkeys(TOKENS, 0),
            "uncached_input_tokens": uncached} | KEY | more


def cost(day, amount, listed, key="apikey_01A", **more):
    """A cost row of the analytics API."""
    return {"usage_day": day, "api_key_id": key, "workspace_id": "wrkspc_01Default", "model": "claude-opus-5-5",
            "product": "messages_api", "cost_type": "tokens", "token_type": "uncached_input_tokens",
            "amount_usd": amount, "list_usd": listed} | KEY | more


@pytest.fixture
def claude(company):
    """Monday is in both sources, Tuesday in the reports only; the bill of both is 4 USD a day."""
    claude = company("int_usage", "rpt_finance__claude_true_up", "int_reconcile__claude_charge_day")
    claude.feed("claude_api_usage", report(MONDAY), report(TUESDAY))
    claude.feed("claude_api_cost", charge(MONDAY, "4"), charge(TUESDAY, "4"))
    claude.feed("claude_analytics_usage", used(MONDAY))
    claude.feed("claude_analytics_cost", cost(MONDAY, "3.4", "4"))
    claude.feed("claude_workspaces", {"usage_day": TUESDAY, "workspace_id": "wrkspc_01Default", "name": "Default",
                                      "is_default": True, "tags_json": "{}", "archived": False})
    claude.build("int_claude__workspace", "int_claude__key")
    return claude


def ledger(claude, *names):
    return [tuple(row[name] for name in names) for row in claude.rows("int_usage", "usage_day, series, actor_id")]


def test_a_complete_day_of_the_analytics_api_replaces_both_reports(claude):
    assert ledger(claude, "usage_day", "series", "key_id", "quantity", "list_usd", "billed_usd") == [
        (MONDAY, "claude_api_key", "apikey_01A", 1_000_000, 4, Decimal("3.4")),
        (TUESDAY, "claude_api_billing", None, None, None, 4),
        (TUESDAY, "claude_api_key", "apikey_01A", 1_000_000, 4, None),
    ]


def test_both_sources_call_the_default_workspace_the_same(claude):
    assert {row[0] for row in ledger(claude, "workspace")} == {"(default workspace)"}


@pytest.mark.parametrize("state", ["zero", "missing", "forbidden"])
@pytest.mark.parametrize("feed", ["claude_analytics_usage", "claude_analytics_cost"])
def test_without_rows_in_both_analytics_feeds_the_reports_keep_the_day(claude, feed, state):
    claude.covered(feed, MONDAY, state=state)
    assert [row[:2] for row in ledger(claude, "series", "billed_usd")] == [
        ("claude_api_billing", 4), ("claude_api_key", None)] * 2


def test_code_execution_is_a_row_without_key_or_model_at_the_vendors_list_price(claude):
    execution = {"model": None, "product": None, "cost_type": "code_execution", "token_type": None, "actor_type": None,
                 "actor_id": None}
    claude.feed("claude_analytics_cost", cost(MONDAY, "3.4", "4"), cost(MONDAY, "0.5", "0.6", key=None, **execution))
    row = next(row for row in claude.rows("int_usage") if row["actor_id"] == "(no key)")
    assert (row["list_usd"], row["billed_usd"], row["quantity"], row["actor_kind"], row["auth_kind"]) == (
        Decimal("0.6"), Decimal("0.5"), None, "not_split", "unknown")


@pytest.mark.parametrize(("actor", "product", "key", "wanted"), [
    (ADA, "claude_code", "apikey_01Ada", ("claude_code", "api_key", "interactive", "ada@acme.test", "apikey_01Ada")),
    (KEY, "claude_code", "apikey_01A", ("claude_api", "api_key", "machine", None, "apikey_01A")),
    (ADA, "claude_console", None, ("claude_console", "unknown", "interactive", "ada@acme.test", "ada@acme.test")),
    ({"actor_type": "service_account_actor", "actor_id": "svac_01"}, "messages_api", None,
     ("claude_api", "service_account", "machine", None, "svac_01")),
    ({"actor_type": "federated_actor", "actor_id": "repo:x"}, "managed_agents_api", None,
     ("managed_agents_api", "service_account", "machine", None, "repo:x")),
    ({"actor_type": "actor_of_next_year", "actor_id": None}, "product_of_next_year", "apikey_01A",
     ("product_of_next_year", "api_key", "machine", None, "apikey_01A")),
])
def test_who_acted_and_with_what_is_read_from_product_key_and_actor(claude, actor, product, key, wanted):
    nobody = {"actor_type": None, "actor_id": None, "actor_email": None}
    claude.feed("claude_analytics_usage", used(MONDAY, key, product=product, **(nobody | actor)))
    claude.feed("claude_analytics_cost", cost(MONDAY, "1", "1", key, product=product, **(nobody | actor)))
    row = next(row for row in claude.rows("int_usage") if row["usage_day"] == MONDAY)
    names = ("surface", "auth_kind", "actor_kind", "person_hint", "actor_id")
    assert tuple(row[name] for name in names) == wanted


def test_tokens_that_the_vendor_states_no_cost_for_are_priced_from_the_book(claude):
    claude.feed("claude_analytics_usage", used(MONDAY), used(MONDAY, "apikey_01B", product="message_batches_api"),
                used(MONDAY, "apikey_01C", model="claude-of-next-year"))
    rows = {row["key_id"]: row for row in claude.rows("int_usage") if row["usage_day"] == MONDAY}
    assert {key: (row["price_state"], row["list_usd"], row["billed_usd"]) for key, row in rows.items()} == {
        "apikey_01A": ("reported", 4, Decimal("3.4")), "apikey_01B": ("priced", 2, None),
        "apikey_01C": ("unpriced", None, None)}


def true_up(claude):
    claude.build("int_reconcile__claude_class_day", "rpt_finance__claude_true_up", days=[MONDAY, TUESDAY])
    return {
        (row["usage_day"], row["api_key_id"], row["model"], row["token_class"]): (
            row["list_usd"], row["vendor_list_usd"], row["billed_usd"], row["difference_usd"], row["cause"])
        for row in claude.rows("rpt_finance__claude_true_up")
    }


def test_the_true_up_shows_the_difference_of_each_key_where_the_vendor_names_keys(claude):
    assert true_up(claude) == {
        (MONDAY, "apikey_01A", "claude-opus-5-5", "uncached_input"): (4, 4, Decimal("3.4"), Decimal("-0.6"), "discount"),
        (TUESDAY, "(all keys)", "claude-opus-5-5", "uncached_input"): (4, None, 4, 0, "equal"),
    }


def test_the_true_up_names_what_only_one_side_has(claude):
    claude.feed(
        "claude_api_usage", report(MONDAY, uncached=500_000), report(TUESDAY, "apikey_01A"), report(TUESDAY, "apikey_01B"),
        report(TUESDAY, model="claude-preview-x1"), report(TUESDAY, model="claude-opus-5", service_tier="priority"),
        report(TUESDAY, model="claude-sonnet-5-5"), report(TUESDAY, uncached=0, web_search_requests=5))
    search = {"model": None, "token_type": None, "service_tier": None, "inference_geo": None}
    claude.feed(
        "claude_api_cost", charge(MONDAY, "4"), charge(TUESDAY, "7"), charge(TUESDAY, "12", model="claude-preview-x1"),
        charge(TUESDAY, "0.05", cost_type="web_search", **search),
        charge(TUESDAY, "0.7", cost_type="code_execution", **search), charge(TUESDAY, "0.2", cost_type="session_usage", **search))
    found = true_up(claude)
    opus = "claude-opus-5-5"
    assert {key[1:]: line for key, line in found.items() if key[0] == TUESDAY} == {
        ("(all keys)", opus, "uncached_input"): (8, None, 7, -1, "unexplained"),
        ("(all keys)", "claude-preview-x1", "uncached_input"): (None, None, 12, 12, "unpriced_model"),
        ("(all keys)", "claude-opus-5", "uncached_input"): (5, None, None, -5, "priority_tier"),
        ("(all keys)", "claude-sonnet-5-5", "uncached_input"): (2, None, None, -2, "not_billed"),
        ("(all keys)", None, "web_search"): (Decimal("0.05"), None, Decimal("0.05"), 0, "equal"),
        ("(all keys)", None, "code_execution"): (None, None, Decimal("0.7"), Decimal("0.7"), "bill_only"),
        ("(all keys)", None, "session_usage"): (None, None, Decimal("0.2"), Decimal("0.2"), "bill_only"),
    }
    assert found[MONDAY, "apikey_01A", opus, "uncached_input"] == (
        2, 4, Decimal("3.4"), Decimal("1.4"), "vendor_list_differs")


def test_a_charge_that_names_its_key_is_not_shared_out(claude):
    claude.feed("claude_api_usage", report(MONDAY), report(TUESDAY), report(TUESDAY, "apikey_01B", uncached=3_000_000))
    claude.build("int_reconcile__claude_class_day", "int_reconcile__claude_charge_day", days=[MONDAY, TUESDAY])
    assert [
        (row["usage_day"], row["api_key_id"], row["workspace_id"], row["quantity"], row["list_usd"], row["billed_usd"],
         row["allocation_method"])
        for row in claude.rows("int_reconcile__claude_charge_day", "usage_day, api_key_id")
    ] == [
        (MONDAY, "apikey_01A", None, 1_000_000, 4, Decimal("3.4"), "direct"),
        (TUESDAY, "apikey_01A", None, 1_000_000, 4, 1, "by list value of keys"),
        (TUESDAY, "apikey_01B", None, 3_000_000, 12, 3, "by list value of keys"),
    ]


def test_a_charge_that_names_no_geography_is_for_use_of_any_and_searches_of_several_lines_count_once(claude):
    """The vendor's older sample of a cost line has no ``inference_geo``; its usage has one."""
    search = {"token_type": None, "service_tier": None, "inference_geo": None, "cost_type": "web_search"}
    claude.feed("claude_api_usage", report(TUESDAY, inference_geo="not_available", web_search_requests=4),
                report(TUESDAY, "apikey_01B", inference_geo="us"))
    claude.feed("claude_api_cost", charge(TUESDAY, "8.4", inference_geo=None), charge(TUESDAY, "0.03", **search),
                charge(TUESDAY, "0.01", **search | {"model": None}))
    claude.build("int_reconcile__claude_class_day", "int_reconcile__claude_charge_day", days=[TUESDAY])
    # A million tokens of Opus 5.5 are 4 USD, in the US 4.40; four searches are four cents.
    assert [(row["api_key_id"], row["token_class"], row["list_usd"], row["billed_usd"], row["allocation_method"])
            for row in claude.rows("int_reconcile__claude_charge_day", "api_key_id, token_class")] == [
        ("apikey_01A", "uncached_input", 4, 4, "by list value of keys"),
        ("apikey_01A", "web_search", Decimal("0.04"), Decimal("0.04"), "direct"),
        ("apikey_01B", "uncached_input", Decimal("4.4"), Decimal("4.4"), "by list value of keys")]


def test_a_key_without_a_registry_line_takes_the_tags_of_its_workspace(company):
    claude = company("fct_usage_day")
    where = {"usage_day": TUESDAY, "archived": False, "is_default": False}
    claude.feed(
        "claude_workspaces", where | {"workspace_id": "wrkspc_1", "name": "Platform",
                                      "tags_json": '{"cost_center":"cc-410","env":"production","owner":"Kim@acme.test"}'},
        where | {"workspace_id": "wrkspc_2", "name": "Default", "is_default": True, "tags_json": '{"environment":"dev"}'},
        where | {"workspace_id": "wrkspc_3", "name": "Default", "is_default": True, "tags_json": "{}"})
    claude.feed("key_registry", {
        "usage_day": TUESDAY, "vendor": "anthropic", "key_id": "apikey_01B", "key_name": "b", "environment": "staging",
        "cost_center": "CC-999", "owner_email": None, "source": "csv"})
    claude.feed("claude_api_usage", report(TUESDAY, workspace_id="wrkspc_1"),
                report(TUESDAY, "apikey_01B", workspace_id="wrkspc_1"), report(TUESDAY, "apikey_01C"))
    claude.build("int_claude__workspace", "int_claude__key", "fct_usage_day", days=[TUESDAY])
    assert {row["key_id"]: (row["environment"], row["cost_center"]) for row in claude.rows("fct_usage_day")} == {
        "apikey_01A": ("prod", "CC-410"), "apikey_01B": ("staging", "CC-999"), "apikey_01C": ("dev", None)}


def test_a_customer_type_of_next_year_is_neither_a_seat_nor_lost(company):
    claude = company("int_usage")
    record = {"usage_day": MONDAY, "actor_type": "user_actor", "actor_email": "ada@acme.test", "terminal_type": "vscode",
              "is_remote": False, "model": "claude-opus-5-5", "input_tokens": 10, "output_tokens": 0,
              "cache_read_tokens": 0, "cache_creation_tokens": 0, "estimated_usd": "2.50"}
    claude.feed("claude_code_usage", *(record | {"customer_type": kind} for kind in ("api", "subscription", "gateway")))
    assert sorted((row["auth_kind"], row["list_usd"], row["covered_usd"]) for row in claude.rows("int_usage")) == [
        ("seat", Decimal("2.5"), Decimal("2.5")), ("unknown", Decimal("2.5"), None)]


def test_a_cost_type_of_next_year_is_a_charge_of_its_own(claude):
    more = {"model": None, "token_type": None, "service_tier": None, "inference_geo": None}
    claude.feed("claude_api_cost", charge(TUESDAY, "4"), charge(TUESDAY, "1.25", cost_type="video_minutes", **more))
    found = true_up(claude)
    assert found[TUESDAY, "(all keys)", None, "video_minutes"] == (None, None, Decimal("1.25"), Decimal("1.25"), "bill_only")
    assert sum(row["billed_usd"] or 0 for row in claude.rows("int_usage") if row["usage_day"] == TUESDAY) == Decimal("5.25")


def test_a_credit_on_the_bill_is_a_line_of_its_own_and_lowers_the_charge(claude):
    more = {"model": None, "token_type": None, "service_tier": None, "inference_geo": None}
    claude.feed("claude_api_cost", charge(TUESDAY, "4"), charge(TUESDAY, "-1.5", cost_type=None, **more))
    found = true_up(claude)
    assert found[TUESDAY, "(all keys)", None, "unspecified"] == (None, None, Decimal("-1.5"), Decimal("-1.5"), "bill_only")
    assert sum(row["billed_usd"] or 0 for row in claude.rows("int_usage") if row["usage_day"] == TUESDAY) == Decimal("2.5")
    claude.build("int_reconcile__claude_charge_day", days=[TUESDAY])
    assert sum(row["billed_usd"] or 0 for row in claude.rows("int_reconcile__claude_charge_day")) == Decimal("2.5")


def test_use_without_a_key_is_a_workloads_a_persons_or_the_workbenchs(claude):
    claude.feed("claude_users", {"usage_day": TUESDAY, "user_id": "user_1", "email": "Kim@acme.test", "role": "user"})
    claude.feed("claude_api_usage", *(report(TUESDAY, None, **who) for who in (
        {"service_account_id": "svac_1"}, {"account_id": "user_1"}, {"account_id": "user_9"}, {})))
    names = ("actor_id", "auth_kind", "actor_kind", "person_hint", "list_usd")
    rows = [row for row in claude.rows("int_usage__claude_api", "actor_id") if row["usage_day"] == TUESDAY]
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("(no key)", "unknown", "interactive", None, 4), ("kim@acme.test", "unknown", "interactive", "kim@acme.test", 4),
        ("svac_1", "service_account", "machine", None, 4), ("user_9", "unknown", "interactive", "user_9", 4)]
