"""Team-plan exports: dated files, dollars as they are, ranges refused."""

from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.sandbox.claude_company import subscribers
from agent_spend.sandbox.claude_team import spend_rows, write_files
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.claude.assets import FEEDS

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)
SPEND = "User Email,Account UUID,Product,Model,Model Family,Total Requests,Total Prompt Tokens,Total Completion Tokens," \
        "Total Net Spend USD,Total Gross Spend USD\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CLAUDE_TEAM_CSV_URI", str(tmp_path))
    return tmp_path


def read(name, *days):
    feed = {feed.name: feed for feed in FEEDS}[name]
    answers = {answer.day: answer for answer in feed.fetch(days, Settings.from_environment())}
    assert len(answers) == len(days)
    for answer in answers.values():
        feed.table(answer)
    return answers


def test_the_newest_seat_export_holds_until_the_next_one(folder):
    (folder / "seats-2026-11-20.csv").write_text("Email,Seat Tier\nAda@acme.test,Standard\n")
    (folder / "seats-2026-11-22.csv").write_text("Email,Seat Tier\nada@acme.test,Premium\nben@acme.test,Standard\n")
    answers = read("claude_seats", date(2026, 11, 19), FRIDAY, SATURDAY, SUNDAY)
    assert answers[date(2026, 11, 19)].state is State.MISSING
    assert answers[SATURDAY].rows == [
        {"usage_day": SATURDAY, "person_email": "ada@acme.test", "plan": "standard", "source": "team_csv"}]
    assert [(row["person_email"], row["plan"]) for row in answers[SUNDAY].rows] == [
        ("ada@acme.test", "premium"), ("ben@acme.test", "standard")]


def test_a_member_listed_twice_is_refused(folder):
    (folder / "seats-2026-11-22.csv").write_text("email,plan\nada@acme.test,standard\nADA@acme.test,premium\n")
    answer = read("claude_seats", SUNDAY)[SUNDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "duplicate")
    assert "line 3" in answer.message


def test_the_spend_export_is_in_dollars_already(folder):
    (folder / "usage-2026-11-22.csv").write_text(
        SPEND + "ada@acme.test,0b1c,Claude Code,claude-sonnet-5-5,Sonnet,12,34000,560,4.105,4.83\n")
    assert read("claude_team_usage", SUNDAY)[SUNDAY].rows == [{
        "usage_day": SUNDAY, "person_email": "ada@acme.test", "account_id": "0b1c", "product": "Claude Code",
        "model": "claude-sonnet-5-5", "requests": 12, "prompt_tokens": 34000, "completion_tokens": 560,
        "gross_usd": Decimal("4.83"), "net_usd": Decimal("4.105")}]


def test_an_export_without_the_gross_column_or_a_member_keeps_its_money(folder):
    """The header as other tools read the vendor's export."""
    (folder / "usage-2026-11-22.csv").write_text(
        "user_email,model,product,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd\n"
        "ada@acme.test,claude-opus-5-5,Chat,3,900,100,1.25\n,claude-opus-5-5,Chat,1,10,5,0.75\n")
    rows = read("claude_team_usage", SUNDAY)[SUNDAY].rows
    assert [(row["person_email"], row["net_usd"], row["gross_usd"]) for row in rows] == [
        ("ada@acme.test", Decimal("1.25"), None), (None, Decimal("0.75"), None)]


def test_an_empty_amount_is_an_error_and_not_zero(folder):
    (folder / "usage-2026-11-22.csv").write_text(SPEND + "ada@acme.test,0b1c,Claude Code,claude-sonnet-5-5,Sonnet,1,1,1,4.1,\n")
    answer = read("claude_team_usage", SUNDAY)[SUNDAY]
    assert (answer.reason, "total_gross_spend_usd must be an amount" in answer.message) == ("bad_value", True)


def test_a_day_without_an_export_is_missing_and_named(folder):
    answer = read("claude_team_usage", SUNDAY)[SUNDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "no_report")
    assert "usage-2026-11-22.csv" in answer.message


def test_an_export_of_a_whole_month_is_refused(folder):
    (folder / "usage-2026-11.csv").write_text(SPEND + "ada@acme.test,,,m,,,,,1,1\n")
    answer = read("claude_team_usage", SUNDAY)[SUNDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "file_name")
    assert "export each day alone" in answer.message


@pytest.mark.parametrize("amount", ["", "-1", "1,5"])
def test_an_amount_that_is_no_charge_is_refused_with_its_line(folder, amount):
    (folder / "usage-2026-11-22.csv").write_text(SPEND + f'ada@acme.test,,,m,,,,,"{amount}",1\n')
    answer = read("claude_team_usage", SUNDAY)[SUNDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "bad_value")
    assert "line 2" in answer.message


def test_the_simulated_admins_exports_are_read_back(folder):
    write_files(SMALL, folder)
    seats = read("claude_seats", SUNDAY)[SUNDAY].rows
    assert {row["person_email"] for row in seats} == {person.email for person in subscribers(SMALL)}
    usage = read("claude_team_usage", FRIDAY, SATURDAY, SUNDAY)
    wanted = {day: rows[0]["total_gross_spend_usd"] for day, rows in spend_rows(SMALL).items()}
    assert {day.isoformat(): answer.rows[0]["gross_usd"] for day, answer in usage.items()} == wanted
