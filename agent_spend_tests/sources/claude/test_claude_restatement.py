"""A day that the vendor restates replaces its partition and leaves both totals in the revision log, whichever the feed."""

import json
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.lake.ledgers import REVISIONS
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.claude.assets import FEEDS
from agent_spend.sources.land import land

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
SPANS = [{"starting_at": f"2026-11-0{day}T00:00:00Z", "ending_at": f"2026-11-0{day + 1}T00:00:00Z"} for day in (2, 3)]
ENVELOPE = {"has_more": False, "next_page": None, "data_refreshed_at": "2026-11-22T04:00:00Z"}


def used(tokens):
    return {"uncached_input_tokens": tokens, "cache_read_input_tokens": 20, "output_tokens": 3,
            "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}}


def buckets(result):
    """Monday holds the result, Tuesday the same one of the first reading."""
    return rows(lambda number: {"results": [result(number)]})


def rows(result):
    return lambda changed: {"data": [span | result(number) for span, number in zip(SPANS, (changed, 1000), strict=True)]}


def code(changed):
    return lambda day: {"data": [{
        "actor": {"type": "user_actor", "email_address": "ada@acme.test"}, "customer_type": "api", "date": f"{day}T00:00:00Z",
        "model_breakdown": [{"model": "m", "tokens": {"input": 1, "output": 1, "cache_read": 0, "cache_creation": 0},
                             "estimated_cost": {"amount": changed if day == "2026-11-02" else 1000, "currency": "USD"}}]}]}


def metrics(changed):
    points = [{"timeUnixNano": moment, "asDouble": value, "attributes": []}
              for moment, value in ((1793610000 * 10**9, changed), (1793696400 * 10**9, 1000))]
    cost = {"name": "claude_code.cost.usage", "sum": {"aggregationTemporality": 1, "dataPoints": points}}
    return {"a.json": json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [cost]}]}]}) + "\n"}


def seats(changed):
    members = ["ada@acme.test,Standard", *(["ben@acme.test,Premium"] if changed == 2500 else [])]
    return {"seats-2026-11-02.csv": "\n".join(["Email,Seat Tier", *members]),
            "seats-2026-11-03.csv": "Email,Seat Tier\nada@acme.test,Standard\n"}


def spent(changed):
    return {f"usage-{day}.csv": f"user_email,model,total_net_spend_usd\nada@acme.test,m,{usd}\n"
            for day, usd in ((MONDAY, changed), (TUESDAY, 1000))}


#: Feed: what it is answered with, by the number that changes, and Monday's total before and after.
REPORTS = {
    "claude_api_usage": (buckets(used), 1026, 2526),
    "claude_api_cost": (buckets(lambda cents: {"amount": str(cents), "currency": "USD"}), 10, 25),
    "claude_code_usage": (code, 10, 25),
    "claude_analytics_cost": (rows(lambda cents: {"group": {}, "cost": {
        "amount": str(cents), "list_amount": "9", "currency": "USD"}}), 10, 25),
    "claude_analytics_usage": (rows(lambda tokens: {"group": {}, "usage": used(tokens)}), 1026, 2526),
    "claude_enterprise_cost": (rows(lambda cents: {"group": {}, "cost": {
        "amount": str(cents), "list_amount": "9", "currency": "USD"}}), 10, 25),
    "claude_enterprise_usage": (rows(lambda tokens: {"group": {}, "usage": used(tokens)}), 1026, 2526),
    "claude_enterprise_seats": (rows(lambda count: {"assigned_seat_count": count}), 1000, 2500),
    "claude_enterprise_users": (lambda changed: lambda day: {"data": [{"chat_metrics": {
        "message_count": changed if day == "2026-11-02" else 1000}}]}, 1000, 2500),
}
FILES = {
    "claude_code_metrics": ("CLAUDE_CODE_METRICS_URI", metrics, 1000, 2500),
    "claude_seats": ("CLAUDE_TEAM_CSV_URI", seats, None, None),
    "claude_team_usage": ("CLAUDE_TEAM_CSV_URI", spent, 1000, 2500),
}
LISTS = {"claude_api_keys", "claude_workspaces", "claude_users"}


def revisions(feed, answer_with):
    """The revision log after a first reading, the same again, and one that says another number for Monday."""
    landings = []
    for number in (1000, 1000, 2500):
        answer_with(number)
        settings = Settings.from_environment()
        landings.append(land({feed.name: feed for feed in FEEDS}[feed], [MONDAY, TUESDAY], settings))
    assert [landing.changed for landing in landings] == [[MONDAY, TUESDAY], [], [MONDAY]]
    assert [landing.coverage[TUESDAY].revision for landing in landings] == [1, 1, 1]
    lines = Lake(settings.lake_uri).read(REVISIONS).to_pylist()
    return [(line["usage_day"], line["revision"], line["total_before"], line["total_after"]) for line in lines]


def test_every_feed_but_the_live_lists_is_tried_here():
    assert {feed.name for feed in FEEDS} == {*REPORTS, *FILES, *LISTS}


@pytest.mark.parametrize("feed", REPORTS)
def test_a_restated_day_of_a_report_leaves_both_totals(vendor, monkeypatch, feed):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    monkeypatch.setenv("ANTHROPIC_ANALYTICS_KEY", "sk-ant-api01-sandbox")
    told, before, after = REPORTS[feed]

    def answer_with(number):
        answer = told(number)
        of_day = answer if callable(answer) else lambda day: answer
        vendor(lambda path, params: ENVELOPE | of_day(dict(params).get("starting_at") or dict(params).get("date")))

    assert revisions(feed, answer_with) == [(MONDAY, 2, Decimal(before), Decimal(after))]


@pytest.mark.parametrize("feed", FILES)
def test_a_restated_day_of_files_leaves_both_totals(tmp_path, monkeypatch, feed):
    setting, written, before, after = FILES[feed]
    folder = tmp_path / "export"
    folder.mkdir()
    monkeypatch.setenv(setting, str(folder))

    def answer_with(number):
        for name, text in written(number).items():
            (folder / name).write_text(text)

    assert revisions(feed, answer_with) == [(MONDAY, 2, before and Decimal(before), after and Decimal(after))]
