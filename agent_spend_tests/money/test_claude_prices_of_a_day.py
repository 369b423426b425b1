"""The list value of the usage report: the dated price book, its bands and modifiers, to the last decimal."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

TOKENS = ("uncached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens")
MILLION = 1_000_000


@pytest.fixture
def list_usd(company):
    """``list_usd(day, model, tokens)`` is the list value of one usage row; ``None`` when unpriced."""
    claude = company("int_usage")

    def value(day, model, tokens, **more):
        row = {"usage_day": day, "api_key_id": "apikey_01A", "model": model, "service_tier": "standard",
               "context_window": "0-200k", "inference_geo": "global", "web_search_requests": 0}
        claude.feed("claude_api_usage", row | dict(zip(TOKENS, tokens, strict=True)) | more)
        (found,) = (line for line in claude.rows("int_usage__claude_api") if line["usage_day"] == day)
        assert found["price_state"] == ("unpriced" if found["list_usd"] is None else "priced")
        return found["list_usd"]

    return value


def test_a_published_invoice_of_one_key_comes_out_to_the_last_digit(list_usd):
    tokens = (5_895_537, 0, 13_216, 1_361_248, 145_402)
    wanted = Decimal("20.3553114")
    assert list_usd(date(2026, 3, 2), "claude-sonnet-4-5", tokens) == wanted
    assert list_usd(date(2026, 3, 2), "claude-sonnet-4-5-20250929", tokens) == wanted


def test_five_minute_and_one_hour_writes_have_prices_of_their_own(list_usd):
    day = date(2026, 11, 10)
    assert list_usd(day, "claude-opus-5-5", (0, MILLION, 0, 0, 0)) == 5
    assert list_usd(day, "claude-opus-5-5", (0, 0, MILLION, 0, 0)) == 8
    assert list_usd(day, "claude-opus-5-5", (MILLION,) * 5) == Decimal("37.20")


def test_one_hour_writes_at_the_price_of_five_minute_ones_would_lose_675_dollars_of_5410(list_usd):
    """Sonnet 4.6: 300 + 750 + 1,800.48 + 1,500 + 1,059.75; with 300.08 million one-hour writes at 3.75 it were 4,735.05."""
    tokens = (100_000_000, 200_000_000, 300_080_000, 5_000_000_000, 70_650_000)
    assert list_usd(date(2026, 11, 10), "claude-sonnet-4-6", tokens) == Decimal("5410.23")


@pytest.mark.parametrize(("model", "last_day", "dearer", "after"), [
    ("claude-opus-4-6", date(2026, 3, 12), "47.50", "30"),
    ("claude-sonnet-4-6", date(2026, 3, 12), "28.50", "18"),
    ("claude-sonnet-4-5-20250929", date(2026, 4, 30), "28.50", "18"),
    ("claude-sonnet-4-20250514", date(2026, 4, 30), "28.50", "18"),
])
def test_prompts_above_200k_cost_more_until_the_surcharge_was_lifted(list_usd, model, last_day, dearer, after):
    tokens, long = (MILLION, 0, 0, 0, MILLION), {"context_window": "200k-1M"}
    assert list_usd(last_day, model, tokens, **long) == Decimal(dearer)
    assert list_usd(last_day + timedelta(days=1), model, tokens, **long) == Decimal(after)
    assert list_usd(last_day, model, tokens) == Decimal(after)


@pytest.mark.parametrize(("model", "day", "wanted"), [
    ("claude-fable-5-2", date(2026, 11, 9), "96.40"),
    ("claude-opus-5-5", date(2026, 11, 1), "48.40"),
    ("claude-opus-5", date(2026, 8, 1), "61"),
    ("claude-opus-4-8", date(2026, 8, 1), "61"),
    ("claude-opus-4-7", date(2026, 7, 24), "183"),
    ("claude-opus-4-7", date(2026, 7, 25), None),
    ("claude-opus-4-6", date(2026, 6, 29), "183"),
    ("claude-opus-4-6", date(2026, 6, 30), None),
    ("claude-sonnet-5-5", date(2026, 11, 1), None),
])
def test_fast_mode_has_its_own_prices_while_it_is_offered(list_usd, model, day, wanted):
    value = list_usd(day, model, (MILLION, 0, 0, MILLION, MILLION), speed="fast")
    assert value == (Decimal(wanted) if wanted else None)


def test_fast_mode_above_200k_was_dearer_still_until_the_surcharge_was_lifted(list_usd):
    long = {"speed": "fast", "context_window": "200k-1M"}
    assert list_usd(date(2026, 3, 12), "claude-opus-4-6", (MILLION, 0, 0, 0, MILLION), **long) == 60 + 225
    assert list_usd(date(2026, 3, 12), "claude-opus-4-6", (0, MILLION, MILLION, MILLION, 0), **long) == 75 + 120 + 6
    assert list_usd(date(2026, 3, 13), "claude-opus-4-6", (MILLION, 0, 0, 0, MILLION), **long) == 30 + 150
    assert list_usd(date(2026, 11, 10), "claude-opus-5-5", (MILLION, 0, 0, 0, MILLION), **long) == 8 + 40


def test_reading_the_cache_of_sonnet_5_5_costs_half_from_7_october_on(list_usd):
    read = (0, 0, 0, MILLION, 0)
    assert list_usd(date(2026, 10, 6), "claude-sonnet-5-5", read) == Decimal("0.20")
    assert list_usd(date(2026, 10, 7), "claude-sonnet-5-5", read) == Decimal("0.10")


def test_models_that_have_retired_keep_their_price_and_an_alias_means_the_newest_snapshot(list_usd):
    tokens = (MILLION, 0, 0, MILLION, MILLION)
    assert list_usd(date(2026, 1, 2), "claude-3-7-sonnet-latest", tokens) == Decimal("18.30")
    assert list_usd(date(2026, 1, 2), "claude-3-5-sonnet-20240620", tokens) == Decimal("18.30")
    assert list_usd(date(2026, 1, 2), "claude-opus-4-0", tokens) == Decimal("91.50")
    assert list_usd(date(2026, 2, 1), "claude-3-haiku-20240307", tokens) == Decimal("1.53")


def test_batch_halves_every_class_us_inference_adds_a_tenth_and_both_multiply(list_usd):
    day, all_classes = date(2026, 11, 10), (MILLION,) * 5
    assert list_usd(day, "claude-opus-5-5", all_classes, service_tier="batch") == Decimal("18.60")
    assert list_usd(day, "claude-opus-5-5", all_classes, inference_geo="us") == Decimal("40.92")
    assert list_usd(day, "claude-opus-5-5", all_classes, service_tier="batch", inference_geo="us") == Decimal("20.46")
    assert list_usd(day, "claude-opus-5-5", all_classes, inference_geo="not_available") == Decimal("37.20")


def test_a_search_costs_a_cent_and_no_modifier_changes_it(list_usd):
    us = {"inference_geo": "us", "web_search_requests": 250}
    assert list_usd(date(2026, 11, 10), "claude-opus-5-5", (0, 0, 0, 0, 0), **us) == Decimal("2.50")


def test_a_model_priced_by_prompt_size_has_a_list_value_only_where_the_report_tells_on_which_side_it_is(list_usd):
    tokens = (MILLION, 0, 0, 0, MILLION)
    assert list_usd(date(2026, 11, 10), "claude-haiku-5-5", tokens) is None
    assert list_usd(date(2026, 11, 10), "claude-haiku-5-5", tokens, context_window="200k-1M") == Decimal("3.00")


def test_a_tier_or_geography_of_next_year_is_priced_as_standard(list_usd):
    more = {"service_tier": "flex_of_next_year", "inference_geo": "eu", "context_window": "1M-2M"}
    assert list_usd(date(2026, 11, 10), "claude-opus-5-5", (MILLION, 0, 0, 0, 0), **more) == 4
