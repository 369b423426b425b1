"""Whatever feeds and invoices say: metered, plus every cause, plus what is unexplained, is invoiced to the last digit."""

from copy import copy
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from finance_books import RECONCILE, copilot_bill, invoice, usage

from agent_spend.models import build
from agent_spend.partitions import month_end, month_start
from agent_spend.sources.invoices.months import pieces

MONTHS = [date(2024 + n // 12, n % 12 + 1, 1) for n in range(12, 34)]
VENDORS = ("github_copilot", "anthropic", "cursor")
DISCOUNTS = """vendor,line,shown_by,discount_share,effective_from,effective_to,source
anthropic,usage,billing_api,0.075,2025-03-01,2025-09-01,order form
cursor,usage,invoice,0.1,2025-06-01,,order form
github_copilot,seat,invoice,0.333333,2026-01-01,,order form
"""


def money(chance: Random, most: int) -> str:
    """An amount with up to 12 decimals, as vendors print float noise."""
    return f"{Decimal(chance.randrange(most * 10**6)).scaleb(-6) + Decimal(chance.choice((0, 3, 700_001))).scaleb(-12):f}"


def whole(period_from: date, period_to: date, vendor: str, kind: str, amount: str, number: int, **more) -> list[dict]:
    row = invoice(vendor, kind, Decimal(amount), invoice_id=f"I-{number}", line_number=number, **more)
    return pieces({"quantity": None} | row, period_from, period_to)


def a_month(chance: Random, month: date) -> dict[str, list[dict]]:
    """What one month's feeds and invoices say, at random: gaps, late days, unknown models, cycles, credits, euros."""
    found: dict[str, list[dict]] = {name: [] for name in (
        "fct_usage_day", "copilot_billing_usage", "claude_api_cost", "claude_api_usage", "fct_seat_month", "vendor_invoices")}
    days = [month + timedelta(days=n) for n in range((month_end(month) - month).days + 1)]
    for day in chance.sample(days, 12):
        vendor = chance.choice(VENDORS)
        state = chance.choice(("priced", "priced", "unpriced", "not_priced"))
        listed = None if state != "priced" else money(chance, 90)
        on_seat = chance.random() < 0.3
        found["fct_usage_day"].append(usage(
            day, vendor, listed, price_state=state, model=chance.choice(("m-1", "m-2")),
            series="claude_seat" if on_seat and vendor == "anthropic" else "cursor_included" if on_seat else "cursor_on_demand",
            covered_usd=listed if on_seat else None, billed_usd=None if on_seat or vendor != "cursor" else listed))
        gross, off = money(chance, 60), chance.choice(("0", "0.5", "1"))
        found["copilot_billing_usage"].append(copilot_bill(
            day, gross, f"{Decimal(gross) * Decimal(off):f}", f"{Decimal(gross) * (1 - Decimal(off)):f}",
            chance.choice(("credits", "seat", "other")), model=chance.choice((None, "Code Review model")),
            gross_quantity=f"{chance.randrange(1, 4)}"))
        found["claude_api_cost"].append({
            "usage_day": day, "currency": "USD", "cost_type": chance.choice(("tokens", "code_execution")),
            "model": chance.choice((None, "m-1", "claude-opus-5-5")), "token_type": chance.choice((None, "output_tokens")),
            "service_tier": "standard", "amount_usd": money(chance, 90)})
        found["claude_api_usage"].append({
            "usage_day": day, "model": "claude-opus-5-5", "service_tier": chance.choice(("standard", "priority")),
            "uncached_input_tokens": chance.randrange(10**6), "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0,
            "cache_read_tokens": 0, "output_tokens": chance.randrange(10**6), "web_search_requests": chance.randrange(3)})
    for number, vendor in enumerate(VENDORS):
        found["fct_seat_month"].append({
            "month": month, "vendor": vendor, "plan": "p", "actor_id": f"{number}", "seats": chance.randrange(1, 5),
            "list_usd": money(chance, 200), "billed_usd": money(chance, 200)})
    return found


def invoices(chance: Random) -> list[dict]:
    found: list[dict] = []
    for number in range(110):
        month, vendor = chance.choice(MONTHS), chance.choice(VENDORS)
        first = month + timedelta(days=chance.randrange(28))
        last = first + timedelta(days=chance.choice((0, 9, 30, 45)))
        more = {"currency": "EUR", "amount_usd": None} if chance.random() < 0.05 else {}
        kind = chance.choice(("usage", "usage", "usage", "seat", "seat", "tax", "credit", "adjustment"))
        amount = f"{Decimal(chance.randrange(-5000, 60000)).scaleb(-2)}"
        rows = whole(first, last, vendor, kind, amount, number, quantity=Decimal(chance.randrange(1, 5)), **more)
        found += [row for row in rows if row["month"] in MONTHS]
    return found


@pytest.fixture
def random_books(books, tmp_path):
    chance = Random(20261014)
    (tmp_path / "discounts.csv").write_text(DISCOUNTS)
    books.catalog = copy(books.catalog)
    books.catalog.seeds = books.catalog.seeds | {"contract_discounts": tmp_path / "discounts.csv"}
    tables: dict[str, list[dict]] = {"vendor_invoices": invoices(chance)}
    for month in MONTHS:
        for name, rows in a_month(chance, month).items():
            tables.setdefault(name, []).extend(rows)
    for name, rows in tables.items():
        books.write(name, *rows)
    for vendor in VENDORS:
        # Unequal ends leave days that one side lacks, and days that may still be restated.
        books.answered(vendor, MONTHS[0] + timedelta(days=chance.randrange(40)), month_end(MONTHS[-1]))
    books.answered("anthropic", MONTHS[0], month_end(MONTHS[-3]), feeds=("claude_api_cost",))
    days = [f"{MONTHS[0] + timedelta(days=n)}" for n in range((month_end(MONTHS[-1]) - MONTHS[0]).days + 1)]
    for name in RECONCILE:
        model = books.catalog.models[name]
        build(model, books.catalog, books.settings, days if model.partitions == "day" else [f"{month}" for month in MONTHS])
    return books


def test_metered_and_all_causes_are_what_is_invoiced_in_every_month(random_books):
    rows = random_books.lake.read("rpt_reconciliation_month", "month").to_pylist()
    steps: dict[tuple, dict] = {}
    for row in rows:
        step = steps.setdefault((row["month"], row["vendor"], row["line"], row["comparison"]), {**row, "causes": []})
        step["causes"].append(row["cause_usd"])
    known = {key: step for key, step in steps.items() if step["difference_usd"] is not None}
    for step in known.values():
        start = {"metered_billing_api": step["metered_usd"], "metered_invoice": step["metered_usd"],
                 "billing_api_invoice": step["billing_api_usd"]}[step["comparison"]]
        end = step["billing_api_usd"] if step["comparison"] == "metered_billing_api" else step["invoiced_usd"]
        assert (start or Decimal(0)) + sum(step["causes"]) == end, step
    whole_way = [
        (known[*key[:3], "metered_billing_api"], step) for key, step in known.items()
        if step["comparison"] == "billing_api_invoice" and (*key[:3], "metered_billing_api") in known
    ]
    for first, second in whole_way:
        assert (first["metered_usd"] or Decimal(0)) + sum(first["causes"]) + sum(second["causes"]) == second["invoiced_usd"]
    # The history is rich enough to mean something.
    assert len(known) > 150 and len(whole_way) > 40
    assert {month_start(key[0]) for key in known} == set(MONTHS)
    assert {row["cause"] for row in rows} >= {
        "included_pool", "unpriced", "other_charge", "not_metered", "unbilled_tier", "discount", "unlicensed_user",
        "departed_user", "seat_proration", "days_not_loaded", "late_or_provisional_days", "billing_cycle_vs_calendar_month",
        "days_not_invoiced", "tax", "credit_note", "adjustment", "unmatched", "unexplained", "no_invoice", "currency"}
