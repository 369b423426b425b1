"""The roster: one row per person valid on the day."""

from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.roster.assets import FEEDS

[FEED] = FEEDS
HEADER = "person_id,name,email,github_login,github_user_id,org,squad,cost_center,manager_email,valid_from,valid_to\n"
NINTH, TENTH = date(2026, 11, 9), date(2026, 11, 10)


@pytest.fixture
def roster(tmp_path, monkeypatch):
    """Writes the file, asks for days, returns the answers in the order asked."""

    def ask(text: str, *days: date):
        path = tmp_path / "roster.csv"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("ROSTER_URI", str(path))
        answers = {answer.day: answer for answer in FEED.fetch(days, Settings.from_environment())}
        assert set(answers) == set(days)
        return [answers[day] for day in days]

    return ask


def stored(answer):
    assert answer.state is State.AVAILABLE, answer.message
    return FEED.table(answer).to_pylist()


def test_a_full_line_becomes_a_row_with_matching_keys_in_lower_case(roster):
    line = 'E007,"Abe, Ada",Ada@Acme.test,Ada-A_acme,500000,Payments,checkout,CC-410,Lead@Acme.test,2026-01-01,\n'
    [answer] = roster(HEADER + line, TENTH)
    assert stored(answer) == [
        {
            "usage_day": TENTH, "person_id": "E007", "name": "Abe, Ada", "email": "ada@acme.test",
            "github_login": "ada-a_acme", "github_user_id": 500000, "org": "Payments", "squad": "checkout",
            "cost_center": "CC-410", "manager_email": "lead@acme.test", "valid_from": date(2026, 1, 1),
            "valid_to": None, "source": "hr_csv",
        }
    ]  # fmt: skip


def test_person_and_name_are_enough(roster):
    [answer] = roster("name,person_id\nAda,1\n", TENTH)
    [row] = stored(answer)
    assert (row["person_id"], row["email"], row["squad"]) == ("1", None, None)


def test_a_person_who_moved_on_the_tenth_is_in_the_old_squad_until_the_ninth(roster):
    text = "person_id,name,squad,valid_from,valid_to\nE1,Ada,old,,2026-11-09\nE1,Ada,new,2026-11-10,\n"
    assert [[row["squad"] for row in stored(answer)] for answer in roster(text, NINTH, TENTH)] == [["old"], ["new"]]


def test_of_two_rows_that_hold_the_later_start_counts(roster):
    text = "person_id,name,squad,valid_from\nE1,Ada,new,2026-11-10\nE1,Ada,old,2026-01-01\nE1,Ada,first,\n"
    assert [[row["squad"] for row in stored(answer)] for answer in roster(text, NINTH, TENTH)] == [["old"], ["new"]]


def test_a_leaver_is_there_on_the_last_day_and_gone_the_day_after(roster):
    text = "person_id,name,valid_to\nE1,Ada,\nE2,Ben,2026-11-09\n"
    names = [[row["name"] for row in stored(answer)] for answer in roster(text, NINTH, TENTH)]
    assert names == [["Ada", "Ben"], ["Ada"]]


def test_a_day_before_anyone_is_zero(roster):
    [answer] = roster("person_id,name,valid_from\nE1,Ada,2026-11-10\n", NINTH)
    assert (answer.state, list(answer.rows)) == (State.ZERO, [])


@pytest.mark.parametrize("column", ["email", "github_login", "github_user_id"])
def test_two_people_with_one_identity_fail_the_shared_days_only(roster, column):
    value = {"email": "a@x.test", "github_login": "Ada", "github_user_id": "7"}[column]
    other = value.lower()
    text = f"person_id,name,{column},valid_from\nE1,Ada,{value},\nE2,Ben,{other},2026-11-10\n"
    before, shared = roster(text, NINTH, TENTH)
    assert [row["name"] for row in stored(before)] == ["Ada"]
    assert (shared.state, shared.reason) == (State.MISSING, "duplicate")
    assert "roster.csv line 2 and" in shared.message and f"line 3: two persons share {column}" in shared.message


def test_an_identity_may_pass_to_another_person(roster):
    text = "person_id,name,email,valid_from,valid_to\nE1,Ada,dev@x.test,,2026-11-09\nE2,Ben,dev@x.test,2026-11-10,\n"
    assert [stored(answer)[0]["name"] for answer in roster(text, NINTH, TENTH)] == ["Ada", "Ben"]


def test_two_rows_of_a_person_that_start_on_one_day_are_refused(roster):
    [answer] = roster("person_id,name,squad\nE1,Ada,old\nE2,Ben,old\nE1,Ada,new\n", TENTH)
    assert answer.reason == "duplicate"
    assert "line 2 and" in answer.message and "line 4: person E1 has two rows for 2026-11-10" in answer.message


def test_the_same_row_twice_is_one_person(roster):
    [answer] = roster("person_id,name,squad\nE1,Ada,old\nE1,Ada,old\n", TENTH)
    assert len(stored(answer)) == 1


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("E1,Ada,not-an-address,,,", "line 2: email must be an e-mail address or empty, not 'not-an-address'"),
        ("E1,,a@x.test,,,", "line 2: name must not be empty"),
        (",Ada,a@x.test,,,", "line 2: person_id must not be empty"),
        ("E1,Ada,,x7,,", "line 2: github_user_id must be a whole number, not 'x7'"),
        ("E1,Ada,,,2026-13-01,", "line 2: valid_from must be a day written YYYY-MM-DD, not '2026-13-01'"),
        ("E1,Ada,,,2026-11-10,2026-11-09", "line 2: valid_to must not be before valid_from 2026-11-10"),
    ],
)
def test_a_bad_value_fails_every_day_and_is_named(roster, line, complaint):
    answers = roster("person_id,name,email,github_user_id,valid_from,valid_to\n" + line + "\n", NINTH, TENTH)
    for answer in answers:
        assert (answer.is_data, answer.reason) == (False, "bad_value")
        assert complaint in answer.message


def test_an_export_of_a_spreadsheet_is_read_as_it_comes(roster):
    text = (
        "\ufeffPerson ID;Name;E-Mail;GitHub login;GitHub user id;Valid from\r\n"
        "007;Abe, Ada;Ada Abe <Ada@Acme.test>;@Ada-A_acme;98765432109876543.0;2026-01-05 00:00:00\r\n"
    )
    [answer] = roster(text, TENTH)
    [row] = stored(answer)
    assert (row["person_id"], row["name"], row["email"], row["github_login"], row["github_user_id"], row["valid_from"]) == (
        "007", "Abe, Ada", "ada@acme.test", "ada-a_acme", 98_765_432_109_876_543, date(2026, 1, 5))


@pytest.mark.parametrize("text", [
    # Workday, BambooHR, Personio: their own headers, beside columns that mean nothing here.
    "Employee ID,Legal First Name,Legal Last Name,Email - Work,Department,Team,Cost Center,Hire Date,Termination Date,Manager\n"
    "007,Zoë,Abe,zoe.abe@ACME.test,Payments,checkout,CC-410,2026-01-05,2026-11-10,Lee\n",
    "Employee #,First Name,Last Name,Work Email,Department,Team,Cost Centre,Hire Date,Termination Date,Status\n"
    "007,Zoë,Abe,zoe.abe@acme.test,Payments,checkout,CC-410,05 Jan 2026,10 Nov 2026,Active\n",
    "\ufeffPersonalnummer;Vorname;Nachname;E-Mail;Abteilung;Team;Kostenstelle;Eintrittsdatum;Austrittsdatum\r\n"
    "007;Zoe\u0308;Abe;zoe.abe@acme.test;Payments;checkout;CC-410;05.01.2026;10.11.2026\r\n",
], ids=["workday", "bamboohr", "personio"])
def test_the_headers_of_hr_systems_are_read_as_they_are_exported(roster, text):
    [answer, after] = roster(text + text.splitlines()[1].replace("007", "008").replace("oe.abe", "oe.b").replace(
        "2026-11-10", "").replace("10 Nov 2026", "").replace("10.11.2026", "") + "\n", TENTH, date(2026, 11, 11))
    row, _ = stored(answer)
    assert row | {"github_login": None, "source": None} == {
        "usage_day": TENTH, "person_id": "007", "name": "Zoë Abe", "email": "zoe.abe@acme.test", "github_login": None,
        "github_user_id": None, "org": "Payments", "squad": "checkout", "cost_center": "CC-410", "manager_email": None,
        "valid_from": date(2026, 1, 5), "valid_to": TENTH, "source": None,
    }  # fmt: skip
    assert [row["person_id"] for row in stored(after)] == ["008"]


def test_who_comes_back_is_there_before_and_after_and_not_between(roster):
    text = "person_id,name,squad,valid_from,valid_to\nE1,Ada,old,,2026-11-08\nE1,Ada,new,2026-11-10,\nE2,Ben,old,,\n"
    days = [date(2026, 11, number) for number in (8, 9, 10)]
    assert [[(row["name"], row["squad"]) for row in stored(answer)] for answer in roster(text, *days)] == [
        [("Ada", "old"), ("Ben", "old")], [("Ben", "old")], [("Ada", "new"), ("Ben", "old")]]


def test_a_manager_may_have_left_or_lead_in_a_circle(roster):
    text = "person_id,name,email,manager_email\nE1,Ada,a@x.test,B@x.test\nE2,Ben,b@x.test,a@x.test\nE3,Cem,c@x.test,gone@x.test\n"
    [answer] = roster(text, TENTH)
    assert [row["manager_email"] for row in stored(answer)] == ["b@x.test", "a@x.test", "gone@x.test"]


def test_a_day_with_slashes_is_refused_for_it_may_be_two(roster):
    [answer] = roster("Employee ID,Name,Hire Date\n1,Ada,01/02/2026\n", TENTH)
    assert "line 2: valid_from must be a day written YYYY-MM-DD, not '01/02/2026'" in answer.message


def test_an_empty_roster_is_an_error_not_an_empty_company(roster):
    [answer] = roster(HEADER, TENTH)
    assert (answer.state, answer.reason, answer.is_data) == (State.MISSING, "empty_file", False)


def test_a_missing_file_is_an_answer_for_every_day(tmp_path, monkeypatch):
    monkeypatch.setenv("ROSTER_URI", str(tmp_path / "none.csv"))
    answers = list(FEED.fetch([NINTH, TENTH], Settings.from_environment()))
    assert [(answer.day, answer.reason) for answer in answers] == [(NINTH, "file_not_found"), (TENTH, "file_not_found")]
    assert "ROSTER_URI" in answers[0].message


def test_the_file_is_kept_once_under_the_newest_day(roster):
    text = "person_id,name\nE1,Ada\n"
    newest, older = roster(text, TENTH, NINTH)
    assert ([answer.body for answer in newest.raw], list(older.raw)) == ([text.encode()], [])
