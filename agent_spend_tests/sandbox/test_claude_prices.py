"""The price book against the vendor's published table, and against the sandbox's own copy of it."""

import csv
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from agent_spend.sandbox import prices

BOOK = Path(__file__).parents[2] / "dbt_like_sql" / "prices"


def lines(name):
    with (BOOK / name).open() as file:
        return list(csv.DictReader(file))


def in_force(model, day, band="default"):
    found = [
        line for line in lines("claude_prices.csv")
        if (line["model"], line["band"]) == (model, band) and line["effective_from"] <= day
        and (not line["effective_to"] or day < line["effective_to"])
    ]
    assert len(found) == 1, (model, day, band)
    return tuple(Decimal(found[0][f"{name}_usd_per_million"]) for name in
                 ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output"))


def usd(*amounts):
    return tuple(map(Decimal, amounts))


@pytest.mark.parametrize(("model", "day", "wanted"), [
    ("claude-opus-5-5", "2026-11-22", usd("4", "5", "8", "0.20", "20")),
    ("claude-opus-5", "2026-11-22", usd("5", "6.25", "10", "0.50", "25")),
    ("claude-fable-5-2", "2026-11-09", usd("8", "10", "16", "0.20", "40")),
    ("claude-fable-5-1", "2026-11-09", usd("10", "12.50", "20", "0.25", "50")),
    ("claude-sonnet-5-5", "2026-10-06", usd("2", "2.50", "4", "0.20", "10")),
    ("claude-sonnet-5-5", "2026-10-07", usd("2", "2.50", "4", "0.10", "10")),
    ("claude-haiku-4-5-20251001", "2026-11-22", usd("1", "1.25", "2", "0.10", "5")),
    ("claude-sonnet-4-5-20250929", "2026-11-22", usd("3", "3.75", "6", "0.30", "15")),
    ("claude-opus-4-1-20250805", "2026-01-01", usd("15", "18.75", "30", "1.50", "75")),
])
def test_the_price_book_holds_the_published_rates(model, day, wanted):
    assert in_force(model, day) == wanted


def test_haiku_5_5_has_a_band_on_each_side_of_100k_and_no_flat_rate():
    assert in_force("claude-haiku-5-5", "2026-11-22", "up_to_100k") == usd("0.10", "0.125", "0.20", "0.01", "0.50")
    assert in_force("claude-haiku-5-5", "2026-11-22", "over_100k") == usd("0.50", "0.625", "1.00", "0.05", "2.50")
    assert not [line for line in lines("claude_prices.csv")
                if line["model"] == "claude-haiku-5-5" and line["band"] == "default"]


def test_fast_mode_applies_the_models_cache_multipliers_to_the_fast_input_price():
    assert in_force("claude-opus-5-5", "2026-11-22", "fast") == usd("8", "10", "16", "0.40", "40")
    assert in_force("claude-opus-5", "2026-11-22", "fast") == usd("10", "12.50", "20", "1.00", "50")


def test_no_two_rates_of_a_model_and_band_hold_on_the_same_day():
    spans = {}
    for line in lines("claude_prices.csv"):
        spans.setdefault((line["model"], line["band"]), []).append((line["effective_from"], line["effective_to"]))
    for key, held in spans.items():
        held.sort()
        for (_, end), (start, _) in pairwise(held):
            assert end and end <= start, key


def test_the_worked_example_of_a_real_month_prices_to_the_published_total():
    input_, _, write_1h, read, output = in_force("claude-sonnet-4-5-20250929", "2026-06-01")
    cost = (5_895_537 * input_ + 13_216 * write_1h + 1_361_248 * read + 145_402 * output) / 1_000_000
    assert cost == Decimal("20.3553114")


def test_the_sandbox_and_the_price_book_agree_line_by_line():
    for model, rates in prices.RATES.items():
        for rate in rates:
            wanted = (rate.input, rate.write_5m, rate.write_1h, rate.read, rate.output)
            assert in_force(model, rate.first_day.isoformat()) == wanted, model


def test_the_preview_model_has_a_bill_but_no_published_price():
    assert prices.list_rate("claude-preview-x1", date(2026, 11, 19)) is None
    assert prices.billed_rate("claude-preview-x1", date(2026, 11, 19)).output == Decimal("60")
    assert "claude-preview-x1" not in {line["model"] for line in lines("claude_prices.csv")}


def test_modifiers_and_unit_prices_are_the_published_ones():
    assert {(line["modifier"], line["value"], line["factor"]) for line in lines("claude_modifiers.csv")} == {
        ("service_tier", "batch", "0.5"), ("inference_geo", "us", "1.1")}
    units = {(line["vendor"], line["item"]): line for line in lines("unit_prices.csv")}
    assert units["anthropic", "web_search"]["usd_per_unit"] == "0.01"
    assert units["anthropic", "code_execution"]["usd_per_unit"] == "0.05"
    assert units["anthropic", "session_usage"]["usd_per_unit"] == "0.08"
    assert Decimal(units["cursor", "token_rate"]["usd_per_unit"]) == Decimal("0.25") / 1_000_000
    assert units["github_copilot", "ai_credit"]["effective_from"] == "2026-06-01"
    assert prices.factor("batch", "us") == Decimal("0.55")
