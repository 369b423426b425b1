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


def test_the_newest_export_under_the_vendors_own_name_is_read_and_what_nobody_used_is_nobodys(folder):
    """Columns, channel columns and the line in brackets as other tools' tests show the export of autumn 2026."""
    (folder / "spend-report-fb01cd94-335a-4e06-80cd-af774ef7f65e-2026-11-22-to-2026-11-22.csv").write_text(
        "user_email,account_uuid,product,model,total_requests,total_prompt_tokens,total_completion_tokens,"
        "total_net_spend_usd,total_gross_spend_usd,user_id,total_uncached_input_tokens,total_cache_read_tokens,"
        "total_cache_write_5m_tokens,total_cache_write_1h_tokens,total_web_search_count,slack_channel_id,teams_channel_id\r\n"
        'Ada@acme.test,a1,Chat,claude-fable-5-1,2,20000,1000,0,"1,000.50",u1,20000,0,0,0,0,,\r\n'
        "(org service usage),(org service),Code Review,,,,,12.5,12.5,,,,,,,,\r\n")
    rows = read("claude_team_usage", SUNDAY)[SUNDAY].rows
    assert [(row["person_email"], row["account_id"], row["product"], row["model"], row["gross_usd"]) for row in rows] == [
        ("ada@acme.test", "a1", "Chat", "claude-fable-5-1", Decimal("1000.50")),
        (None, "(org service)", "Code Review", None, Decimal("12.5"))]


def test_a_spend_report_of_several_days_is_refused_under_its_own_name_too(folder):
    (folder / "spend-report-fb01-2026-11-01-to-2026-11-22.csv").write_text(SPEND + "ada@acme.test,,,m,,,,,1,1\n")
    assert read("claude_team_usage", SUNDAY)[SUNDAY].reason == "file_name"


def test_members_without_a_seat_and_open_invitations_hold_none(folder):
    """Header and the word Unassigned as the vendor's list of members has them, under the vendor's own file name."""
    (folder / "members-fb01cd94-335a-4e06-80cd-af774ef7f65e-2026-11-22.csv").write_text(
        "Name,Email,Role,Status,Seat Tier\nOwner,owner@acme.test,Primary Owner,Active,Unassigned\n"
        "Ada,Ada@acme.test,User,Active,Premium\nBen,ben@acme.test,User,Active,\nPending,,User,Pending,Standard\n")
    assert [(row["person_email"], row["plan"]) for row in read("claude_seats", SUNDAY)[SUNDAY].rows] == [
        ("ada@acme.test", "premium")]


def test_an_export_in_which_nobody_has_a_seat_is_an_error_and_not_a_team_without_seats(folder):
    (folder / "seats-2026-11-22.csv").write_text("Email,Seat Tier\nada@acme.test,Unassigned\n")
    answer = read("claude_seats", SUNDAY)[SUNDAY]
    assert (answer.state, answer.reason) == (State.MISSING, "empty_file")


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
