"""Re-pricing: literal tokens at literal prices of the published price book."""

from datetime import date
from decimal import Decimal

import pytest
from workload_company import Company

from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.what_if.reprice import reprice

FIRST, LAST = date(2026, 10, 6), date(2026, 10, 7)
WINDOW = Window(FIRST, LAST)


@pytest.fixture
def use():
    """Stores use of claude-sonnet-5-5: one million tokens of each class, on each of two days."""
    company = Company(Lake(Settings.from_environment().lake_uri))

    def store(**more) -> Settings:
        row = {"api_key_id": "apikey_1", "model": "claude-sonnet-5-5", "service_tier": "standard", "inference_geo": "global",
               "uncached_input_tokens": 1_000_000, "cache_write_5m_tokens": 1_000_000, "cache_write_1h_tokens": 1_000_000,
               "cache_read_tokens": 1_000_000, "output_tokens": 1_000_000} | more
        company.add("claude_api_usage", *[row | {"usage_day": day} for day in (FIRST, LAST)])
        company.store()
        return Settings.from_environment()

    return store


def amounts(table) -> list[tuple]:
    columns = ("usage_day", "list_usd", "hypothetical_usd", "change_hypothetical_usd")
    return [tuple(row[name] for name in columns) for row in table.to_pylist()]


def test_the_same_tokens_under_a_dearer_model(use):
    table = reprice(use(), WINDOW, "claude-sonnet-5-5", "claude-opus-5-5")
    assert amounts(table) == [
        (FIRST, Decimal("18.7"), Decimal("37.2"), Decimal("18.5")),
        (LAST, Decimal("18.6"), Decimal("37.2"), Decimal("18.6")),
    ]
    assert {(row["hypothetical_model"], row["hypothetical_price_version"], row["tokens"]) for row in table.to_pylist()} == {
        ("claude-opus-5-5", "claude_prices claude-opus-5-5 default 2026-09-22", 5_000_000)}


def test_the_same_tokens_at_another_days_prices(use):
    assert amounts(reprice(use(), WINDOW, price_day=FIRST)) == [
        (FIRST, Decimal("18.7"), Decimal("18.7"), Decimal(0)),
        (LAST, Decimal("18.6"), Decimal("18.7"), Decimal("0.1")),
    ]


def test_batch_and_geography_keep_their_factors_and_searches_their_price(use):
    settings = use(service_tier="batch", inference_geo="us", web_search_requests=100)
    assert amounts(reprice(settings, Window(LAST, LAST), to_model="claude-opus-5-5")) == [
        (LAST, Decimal("11.23"), Decimal("21.46"), Decimal("10.23"))]


def test_batches_of_a_model_without_a_price_cost_half_under_one_that_has_it(use):
    settings = use(model="claude-preview-x1", service_tier="batch", inference_geo="us")
    assert amounts(reprice(settings, Window(LAST, LAST), "claude-preview-x1", "claude-opus-5-5")) == [
        (LAST, None, Decimal("20.46"), None)]


def test_an_unpriced_model_stays_unknown_and_its_hypothetical_price_is_known(use):
    settings = use(model="claude-preview-x1")
    assert amounts(reprice(settings, Window(LAST, LAST), "claude-preview-x1", "claude-opus-5-5")) == [
        (LAST, None, Decimal("37.2"), None)]


def test_every_amount_but_the_ledgers_own_is_called_hypothetical(use):
    names = [name for name in reprice(use(), WINDOW, price_day=FIRST).schema.names if name.endswith("_usd")]
    assert names == ["list_usd", "hypothetical_usd", "change_hypothetical_usd"]


@pytest.mark.parametrize(("asked", "remedy"), [
    ({}, "needs a model to move to, a day whose prices apply, or both"),
    ({"to_model": "claude-opus-9"}, "no price of 'claude-opus-9'; models of the price book: claude-3-5-haiku"),
    ({"to_model": "claude-opus-5-5", "price_day": date(2026, 1, 1)}, "claude-opus-5-5 has no price on 2026-01-01"),
    ({"to_model": "claude-haiku-5-5", "price_day": date(2026, 11, 1)}, "priced by the size of each prompt"),
    ({"from_model": "claude-opus-5", "price_day": FIRST},
     "no Claude API use of claude-opus-5 from .* models used: claude-sonnet-5-5"),
])
def test_a_question_without_an_answer_says_why(use, asked, remedy):
    with pytest.raises(ConfigurationError, match=remedy):
        reprice(use(), WINDOW, **asked)
