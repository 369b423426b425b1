"""The three report feeds against the simulated Anthropic: complete, exact, paged to the end."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from agent_spend.errors import State
from agent_spend.sandbox.claude_usage import answer_key, code_records, messages_records
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))


def total(answers, column):
    return sum(row[column] for answer in answers.values() for row in answer.rows)


def test_every_day_of_usage_arrives_with_its_token_classes_apart(sandbox, fetch):
    answers = fetch("claude_api_usage", SMALL.calendar)
    wanted = answer_key(SMALL)["tokens"]["total"]
    assert {answer.state for answer in answers.values()} == {State.AVAILABLE}
    assert total(answers, "uncached_input_tokens") == wanted["uncached_input_tokens"]
    assert total(answers, "cache_write_5m_tokens") == wanted["cache_creation.ephemeral_5m_input_tokens"]
    assert total(answers, "cache_write_1h_tokens") == wanted["cache_creation.ephemeral_1h_input_tokens"]
    assert total(answers, "cache_read_tokens") == wanted["cache_read_input_tokens"]
    assert total(answers, "output_tokens") == wanted["output_tokens"]


def test_short_pages_are_read_to_the_end(sandbox, fetch):
    sandbox.state.options["claude_page_size"] = "4"
    answers = fetch("claude_api_usage", SMALL.calendar)
    assert [len(answers[day].rows) for day in SMALL.calendar] == [
        len(messages_records(SMALL, day)) for day in SMALL.calendar
    ]


def test_a_range_longer_than_a_page_is_asked_in_windows(sandbox, fetch):
    days = [SMALL.end_day - timedelta(days=n) for n in reversed(range(70))]
    answers = fetch("claude_api_cost", days)
    assert [day for day in days if answers[day].state is State.ZERO] == days[:49]
    assert total(answers, "amount_usd") == Decimal(answer_key(SMALL)["billed_usd"]["total"]["usd"])


def test_the_bill_arrives_in_dollars_to_the_last_digit(sandbox, fetch):
    answers = fetch("claude_api_cost", SMALL.calendar)
    by_day = {day.isoformat(): sum(row["amount_usd"] for row in answer.rows) for day, answer in answers.items()}
    wanted = answer_key(SMALL)["billed_usd"]["by_day"]
    assert by_day == {day: Decimal(usd) for day, usd in wanted.items()}


def test_a_day_without_usage_is_zero(sandbox, fetch):
    day = SMALL.first_day - timedelta(days=1)
    assert fetch("claude_api_usage", [day])[day].state is State.ZERO
    assert fetch("claude_api_cost", [day])[day].state is State.ZERO
    assert fetch("claude_code_usage", [day])[day].state is State.ZERO


def test_a_day_the_vendor_has_not_reached_is_missing_and_not_zero(sandbox, fetch):
    tomorrow = SMALL.end_day + timedelta(days=1)
    answers = fetch("claude_api_usage", [SMALL.end_day, tomorrow])
    assert answers[SMALL.end_day].state is State.AVAILABLE
    assert (answers[tomorrow].state, answers[tomorrow].reason) == (State.MISSING, "day_not_closed")
    assert "claude_api_usage" in answers[tomorrow].message


def test_a_closed_day_that_the_vendor_leaves_out_is_an_error(sandbox, fetch, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-12-01")
    day = SMALL.end_day + timedelta(days=1)
    answer = fetch("claude_api_cost", [day])[day]
    assert (answer.state, answer.reason) == (State.MISSING, "day_absent")


def test_the_default_workspace_and_the_workbench_stay_null(sandbox, fetch):
    friday = date(2026, 11, 20)
    rows = fetch("claude_api_usage", [friday])[friday].rows
    assert [row["model"] for row in rows if row["api_key_id"] is None] == ["claude-sonnet-5-5"]
    assert {row["api_key_id"] for row in rows if row["workspace_id"] is None} == {None, "apikey_01SimForgotten"}


def test_claude_code_records_are_paged_and_become_one_row_a_model(sandbox, fetch):
    sandbox.state.options["claude_page_size"] = "3"
    answers = fetch("claude_code_usage", SMALL.calendar)
    for day in SMALL.calendar:
        assert len(answers[day].rows) == sum(len(record.models) for record in code_records(SMALL, day))


def test_claude_code_estimates_become_dollars(sandbox, fetch):
    answers = fetch("claude_code_usage", SMALL.calendar)
    seat = sum(row["estimated_usd"] for answer in answers.values() for row in answer.rows
               if row["customer_type"] == "subscription")
    wanted = answer_key(SMALL)["claude_code"]["subscription_usd_by_month"]
    assert seat == sum(map(Decimal, wanted.values()))


def test_the_production_job_on_a_seat_shows_every_day_weekends_included(sandbox, fetch):
    answers = fetch("claude_code_usage", SMALL.calendar)
    surfaces = {day: {(row["terminal_type"], row["subscription_type"]) for row in answer.rows}
                for day, answer in answers.items()}
    assert [day for day in SMALL.calendar if ("non-interactive", "team") in surfaces[day]] == SMALL.calendar


def test_every_simulated_feed_fits_its_lake_table(sandbox, fetch, monkeypatch):
    for name, value in environment(sandbox.url, sandbox.folder, has_enterprise=True).items():
        monkeypatch.setenv(name, value)
    sandbox.state.options |= {"claude_refreshed_days_ago": "0", "claude_built_days_ago": "1"}
    day = SMALL.end_day
    # Claude Code's metrics are files of the company's own Collector, which the sandbox does not write.
    for name in fetch.feeds.keys() - {"claude_code_metrics"}:
        feed, answer = fetch.feeds[name], fetch(name, [day])[day]
        assert answer.is_data, name
        assert feed.table(answer).num_rows == len(answer.rows)


def test_a_workspace_key_is_forbidden_and_the_message_names_the_key_needed(sandbox, fetch, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-api03-sandbox")
    for name in ("claude_api_usage", "claude_api_cost", "claude_code_usage"):
        answer = fetch(name, [SMALL.end_day])[SMALL.end_day]
        assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
        assert "sk-ant-admin01" in answer.message


def test_a_wrong_key_is_unauthorized(sandbox, fetch, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-revoked")
    answer = fetch("claude_api_usage", [SMALL.end_day])[SMALL.end_day]
    assert (answer.state, answer.reason) == (State.MISSING, "unauthorized")
    assert "ANTHROPIC_ADMIN_KEY" in answer.message
    assert "revoked" not in answer.message.replace("expired or revoked", "")


def test_late_batch_usage_changes_the_last_day_after_the_restatement(sandbox, fetch):
    sandbox.state.options["claude_late"] = "1"
    before = fetch("claude_api_usage", [SMALL.end_day])[SMALL.end_day].rows
    sandbox.state.is_restated = True
    after = fetch("claude_api_usage", [SMALL.end_day])[SMALL.end_day].rows
    assert {row["api_key_id"] for row in after} - {row["api_key_id"] for row in before} == {"apikey_01SimNightlyBatch"}


def test_fetched_tokens_at_the_price_books_rates_are_the_answer_keys_list_value(sandbox, fetch):
    book = Path(__file__).parents[3] / "dbt_like_sql" / "prices" / "claude_prices.csv"
    with book.open() as file:
        prices = [line for line in csv.DictReader(file) if line["band"] == "default"]
    classes = (("uncached_input_tokens", "input"), ("cache_write_5m_tokens", "cache_write_5m"),
               ("cache_write_1h_tokens", "cache_write_1h"), ("cache_read_tokens", "cache_read"),
               ("output_tokens", "output"))
    total_usd, unpriced_tokens = Decimal(0), 0
    for day, answer in fetch("claude_api_usage", SMALL.calendar).items():
        for row in answer.rows:
            rate = [line for line in prices if line["model"] == row["model"]
                    and line["effective_from"] <= day.isoformat() < (line["effective_to"] or "9999")]
            if not rate:
                unpriced_tokens += sum(row[name] for name, _ in classes)
                continue
            factor = (Decimal("0.5") if row["service_tier"] == "batch" else 1) * (
                Decimal("1.1") if row["inference_geo"] == "us" else 1)
            tokens_usd = sum(row[name] * Decimal(rate[0][f"{price}_usd_per_million"]) for name, price in classes)
            total_usd += tokens_usd * factor / 1_000_000 + row["web_search_requests"] * Decimal("0.01")
    key = answer_key(SMALL)
    stated = Decimal(key["list_usd"]["code_execution"]["total"])
    assert total_usd + stated == Decimal(key["list_usd"]["total"]["usd"])
    assert unpriced_tokens == key["unpriced"]["total_tokens"]
