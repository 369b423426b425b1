"""The documented example payload, field by field, and the two vocabularies of kinds."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cursor_fakes import EXAMPLE_EVENTS, event, page_text

from agent_spend.errors import FeedError
from agent_spend.lake.columns import batch_of_columns, schema_of
from agent_spend.sources.cursor.assets import FEEDS
from agent_spend.sources.cursor.kinds import doubts, kind_class
from agent_spend.sources.cursor.pages import event_days, usage_page
from agent_spend.sources.cursor.schema import CURSOR_USAGE_EVENTS, dollars, usage_columns
from agent_spend.sources.feed import DayAnswer, State

TENTH = date(2026, 11, 10)
EVENTS_FEED = FEEDS[0]


def rows_of(events: list, day: date = TENTH) -> list[dict]:
    columns = usage_columns(events, day, "test", is_of_2025=all(one.chargedCents is None for one in events))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def example_rows() -> list[dict]:
    events = usage_page(page_text(EXAMPLE_EVENTS, 4).encode(), "test").events
    return [row for one in events for row in rows_of([one], *event_days([one], "test"))]


def test_the_documented_usage_based_event_becomes_dollars_once():
    row = example_rows()[0]
    assert row["usage_day"] == TENTH
    assert row["event_at"] == datetime(2026, 11, 10, 14, 5, 33, 120_000, tzinfo=UTC)
    assert row["charged_usd"] == Decimal("0.19575")
    assert row["model_usd"] == Decimal("0.1675")
    assert row["token_fee_usd"] == Decimal("0.02825")
    assert row["requests_costs"] == Decimal("4.9")
    assert (row["input_tokens"], row["output_tokens"]) == (1000, 2000)
    assert (row["cache_write_tokens"], row["cache_read_tokens"]) == (10_000, 100_000)
    assert row["kind_class"] == "usage_based"


def test_a_missing_token_bucket_is_null_and_not_zero():
    row = example_rows()[1]
    assert row["cache_write_tokens"] is None
    assert row["cache_read_tokens"] == 200_000
    assert row["token_fee_usd"] is None


@pytest.mark.parametrize("count", [-1, 2**62, str(2**62), "many"])
def test_tokens_that_no_event_can_have_used_are_refused_by_name(count):
    [one] = usage_page(page_text([event(1794319533120, tokenUsage={"outputTokens": count})], 1).encode(), "test").events
    with pytest.raises(FeedError, match=f"tokenUsage.outputTokens of the event at 1794319533120 is {count!r}, expected a whole"):
        rows_of([one])


def test_ids_are_text_whether_they_come_as_text_or_as_numbers():
    ids = {"serviceAccountId": 77, "cloudAgentId": "bc-1", "automationId": 5, "conversationId": 12}
    [one] = usage_page(page_text([event(1794319533120, **ids)], 1).encode(), "test").events
    [row] = rows_of([one])
    assert [row[name] for name in ("service_account_id", "cloud_agent_id", "automation_id", "conversation_id")] == [
        "77", "bc-1", "5", "12"]


def test_an_automation_of_a_service_account_keeps_all_its_markers():
    row = example_rows()[2]
    assert row["service_account_id"] == "sa_demo01"
    assert row["service_account_name"] == "Nightly triage"
    assert row["cloud_agent_id"] == "bc-00000000-0000-4000-8000-00000000000a"
    assert row["automation_id"] == "5b0c0c3e-0000-4000-8000-00000000000b"
    assert row["is_headless"] is True
    assert row["discount_percent"] == Decimal(10)


def test_an_event_without_token_usage_has_null_tokens_and_keeps_its_notional_charge():
    row = example_rows()[3]
    assert row["usage_day"] == date(2026, 11, 9)
    assert row["kind_class"] == "errored"
    assert row["charged_usd"] == Decimal("0.04")
    assert [row[name] for name in ("input_tokens", "output_tokens", "cache_read_tokens", "model_usd")] == [None] * 4


def test_the_example_passes_the_lake_schema():
    rows = [row for row in example_rows() if row["usage_day"] == TENTH]
    table = EVENTS_FEED.table(DayAnswer(TENTH, State.AVAILABLE, rows))
    assert table.num_rows == 3
    assert sum(table["charged_usd"].to_pylist()) == Decimal("0.326025")


def test_float_noise_survives_as_published():
    page = usage_page(page_text('[{"timestamp":"1794319533120","kind":"Included","chargedCents":2.1532750129699707}]',
                                1).encode(), "test")
    assert rows_of(page.events)[0]["charged_usd"] == Decimal("0.021532750129699707")


def test_digits_beyond_eighteen_decimals_are_rounded_and_do_not_break_the_day():
    amounts = [dollars(Decimal("0.0024999999441206455"))]
    schema = schema_of({"usd": CURSOR_USAGE_EVENTS.columns["charged_usd"].dtype})
    batch, _ = batch_of_columns({"usd": amounts}, schema)
    assert batch.column("usd").to_pylist() == [Decimal("0.000024999999441206")]


def test_a_service_account_called_null_is_a_person():
    page = usage_page(page_text([event(1794319533120, serviceAccountId="null", serviceAccountName="null")], 1).encode(),
                      "test")
    row = rows_of(page.events)[0]
    assert row["service_account_id"] is None
    assert row["service_account_name"] is None


def test_e_mails_are_stored_in_lower_case():
    page = usage_page(page_text([event(1794319533120, userEmail="Dana@Acme.test")], 1).encode(), "test")
    assert rows_of(page.events)[0]["user_email"] == "dana@acme.test"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Usage-based", "usage_based"),
        ("On-Demand", "usage_based"),
        ("USAGE_EVENT_KIND_USAGE_BASED", "usage_based"),
        ("Included in Business", "included"),
        ("Included", "included"),
        ("USAGE_EVENT_KIND_INCLUDED_IN_PRO_PLUS", "included"),
        ("Errored, Not Charged", "errored"),
        ("Errored, No Charge", "errored"),
        ("USAGE_EVENT_KIND_ERRORED_NOT_CHARGED", "errored"),
        ("USAGE_EVENT_KIND_ABORTED_NOT_CHARGED", "aborted"),
        ("USAGE_EVENT_KIND_USER_API_KEY", "user_api_key"),
        ("USAGE_EVENT_KIND_CUSTOM_SUBSCRIPTION", "custom_subscription"),
        ("USAGE_EVENT_KIND_FREE_CREDIT", "free"),
        ("Usage Based", "usage_based"),
        ("on_demand", "usage_based"),
        ("Included in Pro+", "included"),
        ("Errored", "errored"),
        ("Aborted, Not Charged", "aborted"),
        ("User API Key", "user_api_key"),
        ("No charge", "free"),
        ("Errored, Charged", "unknown"),
        ("free", "free"),
        ("express", "unknown"),
        ("Grok Bot", "unknown"),
        ("USAGE_EVENT_KIND_USAGE_BASED_UNKNOWN", "unknown"),
        ("USAGE_EVENT_KIND_UNSPECIFIED", "unknown"),
        ("Refunded", "unknown"),
    ],
)
def test_both_vocabularies_of_kinds_mean_the_same_classes(kind, expected):
    assert kind_class(kind) == expected


def test_a_kind_that_is_the_name_of_the_subscription_is_a_custom_subscription():
    assert kind_class("Acme Flex", "Acme Flex") == "custom_subscription"
    assert kind_class("Acme Flex") == "unknown"


def test_an_event_without_an_amount_among_others_with_one_is_kept_and_its_day_says_so():
    events = [event(1794319533120), event(1794319533121) | {"tokenUsage": {"totalCents": 3}}]
    del events[1]["chargedCents"]
    rows = rows_of(usage_page(page_text(events, 2).encode(), "events").events)
    assert [row["charged_usd"] for row in rows] == [Decimal("0.04"), None]
    assert doubts(rows, "events 2026-11-10") == (
        "no_amount", "events 2026-11-10: 1 usage-based events state no amount; they are kept and in no USD total")
