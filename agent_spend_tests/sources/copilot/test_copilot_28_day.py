"""The 28-day report: the same rows as the daily files, asked for once, and nothing outside its window."""

from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS

DAILY, LAST_28_DAYS = (
    next(feed for feed in FEEDS if feed.name == name) for name in ("copilot_user_usage", "copilot_user_usage_28_day")
)
SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
PATH = "/enterprises/acme/copilot/metrics/reports/users-28-day/latest"
ENVELOPE = '{{"download_links":["{url}/files/28.json?sig=x"],"report_start_day":"{first}","report_end_day":"{last}"}}'


def ask(feed, *days: date) -> list:
    return list(feed.fetch(days, Settings.from_environment()))


def rows(feed, answer) -> list[dict]:
    return sorted(feed.table(answer).to_pylist(), key=lambda row: (row["scope"], row["user_id"]))


def line(day: str, user: int, credits: str) -> str:
    return f'{{"day":"{day}","user_id":{user},"user_login":"a","ai_credits_used":{credits}}}'


@pytest.mark.parametrize("scope", ["enterprise", "organizations"])
def test_a_day_loaded_both_ways_agrees(sandbox_server, monkeypatch, scope):
    sandbox_server(SMALL)
    if scope == "organizations":
        monkeypatch.delenv("GITHUB_ENTERPRISE")
    days = SMALL.calendar
    for daily, last_28 in zip(ask(DAILY, *days), ask(LAST_28_DAYS, *days), strict=True):
        assert (last_28.day, last_28.state) == (daily.day, daily.state)
        assert rows(LAST_28_DAYS, last_28) == rows(DAILY, daily)


def test_the_report_is_one_row_a_user_and_day(github):
    github.answer(PATH, ENVELOPE.format(url=github.url, first="2026-10-22", last="2026-11-18"))
    lines = [line("2026-11-17", 1, "1.5"), line("2026-11-18", 1, "2.5"), line("2026-11-18", 2, "4")]
    github.answer("/files/28.json", "\n".join(lines))
    sixteenth, seventeenth, eighteenth = ask(LAST_28_DAYS, *(date(2026, 11, n) for n in (16, 17, 18)))
    assert sixteenth.state is State.ZERO
    assert [row["ai_credits_used"] for row in rows(LAST_28_DAYS, seventeenth)] == [Decimal("1.5")]
    assert [row["ai_credits_used"] for row in rows(LAST_28_DAYS, eighteenth)] == [Decimal("2.5"), Decimal(4)]
    assert github.asked(PATH) == 1


def test_a_day_outside_the_window_is_missing(github):
    github.answer(PATH, ENVELOPE.format(url=github.url, first="2026-10-22", last="2026-11-18"))
    github.answer("/files/28.json", line("2026-11-18", 2, "4"))
    before, after = ask(LAST_28_DAYS, date(2026, 10, 21), date(2026, 11, 19))
    assert (before.state, before.reason, after.state, after.reason) == (
        State.MISSING, "no_report", State.MISSING, "no_report"
    )
    assert "2026-10-22 to 2026-11-18" in after.message


def test_a_report_without_its_window_is_an_error(github):
    github.answer(PATH, f'{{"download_links":["{github.url}/files/28.json"]}}')
    (answer,) = ask(LAST_28_DAYS, date(2026, 11, 18))
    assert answer.reason == "missing_field" and "report_start_day" in answer.message


def test_a_line_outside_the_window_is_an_error_on_every_day(github):
    github.answer(PATH, ENVELOPE.format(url=github.url, first="2026-10-22", last="2026-11-18"))
    github.answer("/files/28.json", line("2026-11-19", 2, "4"))
    assert [a.reason for a in ask(LAST_28_DAYS, date(2026, 11, 17), date(2026, 11, 18))] == ["wrong_day", "wrong_day"]
