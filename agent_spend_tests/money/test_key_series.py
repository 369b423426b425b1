"""Keys in the ledger by the registry of the day: a rotated key is one series, an untagged one says so."""

import json
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.project import feeds
from agent_spend.settings import Settings
from agent_spend.sources.land import land

OLD, NEW = "apikey_old", "apikey_new"


def day(number: int) -> date:
    return date(2026, 11, number)


def use(on: date, key_id: str) -> dict:
    return {"usage_day": on, "api_key_id": key_id, "workspace_id": "w", "model": "claude-opus-5-5", "uncached_input_tokens": 0,
            "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "cache_read_tokens": 0, "output_tokens": 1_000_000,
            "web_search_requests": 0}


def key(on: date, key_id: str, name: str, source: str = "csv", **more) -> dict:
    tags = {"environment": "prod", "cost_center": "cc-410"}
    return {"usage_day": on, "vendor": "anthropic", "key_id": key_id, "key_name": name, "source": source} | tags | more


@pytest.fixture
def firm(company):
    return company("fct_usage_day")


def ledger(firm, *days: date) -> list[tuple]:
    firm.build("int_keys__last_known")
    firm.build("fct_usage_day", days=list(days))
    return [(row["usage_day"].day, row["key_id"], row["key_name"], row["environment"], row["cost_center"])
            for row in firm.rows("fct_usage_day", "usage_day, key_id") if row["key_id"]]


def test_a_rotated_key_of_a_file_is_one_series_of_money(firm):
    firm.feed("claude_api_usage", use(day(1), OLD), use(day(2), OLD), use(day(2), NEW), use(day(3), NEW))
    firm.feed("key_registry", *(key(day(n), key_id, "checkout") for n in (1, 2, 3) for key_id in (OLD, NEW)))
    assert {row[2:] for row in ledger(firm, day(1), day(2), day(3))} == {("checkout", "prod", "CC-410")}
    series: dict[str, Decimal] = {}
    for row in firm.rows("fct_usage_day"):
        series[row["key_name"]] = series.get(row["key_name"], 0) + row["quantity"]
    assert series == {"checkout": 4_000_000}


def test_a_secret_whose_tag_moved_to_the_new_key_still_explains_the_old_one(firm):
    """The days that are read again after the rotation hold the new id only: a secret manager has no past."""
    vault = {"source": "vault"}
    firm.feed("claude_api_usage", use(day(1), OLD), use(day(9), OLD), use(day(10), NEW))
    firm.feed("key_registry", key(day(1), OLD, "checkout", **vault), key(day(9), NEW, "checkout", **vault),
              key(day(10), NEW, "checkout", **vault))
    assert ledger(firm, day(1), day(9), day(10)) == [
        (1, OLD, "checkout", "prod", "CC-410"), (9, OLD, "checkout", "prod", "CC-410"), (10, NEW, "checkout", "prod", "CC-410")]


def test_a_rotation_in_place_is_one_series_of_dollars_from_the_listing_to_the_ledger(firm, monkeypatch, tmp_path):
    """The tag moves to the new id on the 10th; the days before are read again with the new listing."""
    listing = tmp_path / "secrets.json"
    monkeypatch.setenv("KEY_REGISTRY_URI", str(listing))

    def land_listing(key_id: str, *days: date) -> None:
        tags = {"AnthropicApiKeyId": key_id, "Environment": "Production", "acme:CostCenter": "cc-410"}
        secret = {"Name": "checkout", "ARN": "arn:1", "Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}
        listing.write_text(json.dumps({"SecretList": [secret]}))
        assert not land(feeds()["key_registry"], days, Settings.from_environment()).failures

    land_listing(OLD, day(8), day(9))
    land_listing(NEW, day(9), day(10))
    firm.feed("claude_api_usage", use(day(8), OLD), use(day(9), OLD), use(day(10), OLD), use(day(10), NEW))
    assert {row[2:] for row in ledger(firm, day(8), day(9), day(10))} == {("checkout", "prod", "CC-410")}
    rows = firm.rows("fct_usage_day")
    # Four times a million output tokens at 20 USD a million.
    assert (sum(row["list_usd"] for row in rows), len({row["key_id"] for row in rows})) == (Decimal(80), 2)


def test_a_key_that_no_registry_names_has_the_tags_of_its_workspace(firm):
    firm.feed("claude_api_usage", use(day(1), OLD), use(day(1), NEW))
    firm.feed("key_registry", key(day(1), NEW, "checkout", environment=None, cost_center="CC-999"))
    firm.feed("claude_workspaces", {"usage_day": day(1), "workspace_id": "w", "name": "Search", "archived": False,
                                    "tags_json": '{"CostCenter":"cc-430","Env":"Production"}'})
    firm.build("int_claude__workspace")
    assert ledger(firm, day(1)) == [(1, NEW, "checkout", "prod", "CC-999"), (1, OLD, None, "prod", "CC-430")]


def test_an_environment_is_one_series_however_it_is_spelled(firm):
    firm.feed("claude_api_usage", use(day(1), OLD), use(day(1), NEW))
    firm.feed("key_registry", key(day(1), OLD, "checkout", environment="production", other_environment="prod"),
              key(day(1), NEW, "checkout", environment="prod"))
    assert {row[2:4] for row in ledger(firm, day(1))} == {("checkout", "prod")}
    assert {row["other_environment"] for row in firm.rows("stg_keys__key_day")} == {None}


def test_a_line_of_a_file_that_has_ended_explains_nothing_after_its_end(firm):
    firm.feed("claude_api_usage", use(day(1), OLD), use(day(2), OLD))
    firm.feed("key_registry", key(day(1), OLD, "checkout"), key(day(2), NEW, "checkout"))
    assert ledger(firm, day(1), day(2)) == [(1, OLD, "checkout", "prod", "CC-410"), (2, OLD, None, None, None)]
