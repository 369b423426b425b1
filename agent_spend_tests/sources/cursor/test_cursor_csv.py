"""Every vintage of the dashboard's CSV export gives the same rows."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agent_spend.errors import FeedError
from agent_spend.partitions import Window
from agent_spend.settings import Settings
from agent_spend.sources.cursor.assets import FEEDS
from agent_spend.sources.feed import DayAnswer, State

CSV = next(feed for feed in FEEDS if feed.name == "cursor_csv_events")
TENTH = date(2026, 11, 10)

TOKENS = "Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens"
PERSONAL_2025 = f"Date,Kind,Model,Max Mode,{TOKENS},Cost"
PERSONAL_2026 = f"Date,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,{TOKENS},Cost"
TEAM_2026 = f"Date,User,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,{TOKENS},Cost"
BY_REQUEST = f"Date,Kind,Model,Max Mode,{TOKENS},Requests"
COUNTS = '"10000","1000","100000","2000","113000"'


@pytest.fixture
def export(tmp_path, monkeypatch):
    """Writes an export and gives the rows of its days, or the error of the first one."""
    path = tmp_path / "usage-events-2026-11-11.csv"
    monkeypatch.setenv("CURSOR_CSV_URI", str(path))

    def write(header: str, *lines: str, start: str = "") -> list[dict]:
        path.write_text(start + "\n".join([header, *lines]) + "\n", encoding="utf-8")
        answers = fetched(*Window(date(2025, 8, 1), date(2026, 12, 31)).days()).values()
        for answer in answers:
            if not answer.is_data and answer.reason != "no_report":
                raise FeedError(answer.reason, answer.message)
        return [row for answer in answers for row in answer.rows]

    return write


def test_a_personal_export_of_2025(export):
    [row] = export(PERSONAL_2025, f'"2026-11-10T14:05:33.120Z","On-Demand","claude-opus-5","No",{COUNTS},"0.20"')
    assert row["usage_day"] == date(2026, 11, 10)
    assert row["event_at"] == datetime(2026, 11, 10, 14, 5, 33, 120_000, tzinfo=UTC)
    assert (row["kind"], row["kind_class"]) == ("On-Demand", "usage_based")
    assert row["charged_usd"] == Decimal("0.20")
    assert (row["user_email"], row["cloud_agent_id"], row["max_mode"]) == (None, None, False)


def test_with_cache_write_means_the_cache_write_tokens_themselves(export):
    [row] = export(PERSONAL_2025, f'"2026-11-10T14:05:33.120Z","On-Demand","claude-opus-5","No",{COUNTS},"0.20"')
    assert (row["cache_write_tokens"], row["input_tokens"]) == (10_000, 1000)
    assert (row["cache_read_tokens"], row["output_tokens"]) == (100_000, 2000)


def test_a_personal_export_of_2026_names_cloud_agents_and_automations(export):
    [row] = export(
        PERSONAL_2026, f'"2026-11-10T14:05:33.120Z","bc-1","5b0c","Included","auto","Yes",{COUNTS},"0.06"'
    )
    assert (row["cloud_agent_id"], row["automation_id"], row["max_mode"]) == ("bc-1", "5b0c", True)
    assert row["kind_class"] == "included"


def test_a_team_export_names_the_user_and_passes_the_feeds_schema(export):
    rows = export(
        TEAM_2026,
        f'"2026-11-10T14:05:33.120Z","Dana@acme.test","","","On-Demand","gpt-5.4","No",{COUNTS},"1,234.50"',
        f'"2026-11-10T13:05:33.120Z","ivo@acme.test","","","Errored, No Charge","gpt-5.4","No",{COUNTS},"4.11"',
    )
    assert [row["user_email"] for row in rows] == ["dana@acme.test", "ivo@acme.test"]
    assert [row["kind_class"] for row in rows] == ["usage_based", "errored"]
    table = FEEDS[0].table(DayAnswer(date(2026, 11, 10), State.AVAILABLE, rows))
    assert table["charged_usd"].to_pylist() == [Decimal("1234.5"), Decimal("4.11")]


def test_an_export_in_request_units_has_no_dollars(export):
    [row] = export(BY_REQUEST, f'"2026-11-10T14:05:33.120Z","Included","gpt-5.4","No",{COUNTS},"1.5"')
    assert (row["requests_costs"], row["charged_usd"]) == (Decimal("1.5"), None)


@pytest.mark.parametrize("word", ["Included", "Free", "-", "$", ""])
def test_a_word_in_place_of_an_amount_is_unknown_and_not_zero(export, word):
    [row] = export(PERSONAL_2025, f'"2026-11-10T14:05:33.120Z","Included","gpt-5.4","No",{COUNTS},"{word}"')
    assert row["charged_usd"] is None


def test_the_order_of_columns_and_a_byte_order_mark_do_not_matter(export):
    header = f"Cost,{TOKENS},Max Mode,Model,Kind,Date"
    [row] = export(header, f'"0.20",{COUNTS},"No","gpt-5.4","On-Demand","2026-11-10T14:05:33.120Z"', start="\ufeff")
    assert (row["charged_usd"], row["model"]) == (Decimal("0.20"), "gpt-5.4")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f'"yesterday","On-Demand","m","No",{COUNTS},"0.20"', "is not an ISO instant"),
        (f'"2026-11-10T14:05:33.120Z","On-Demand","m","No",{COUNTS},"cheap"', "cost must be an amount such.*not 'cheap'"),
        (f'"2026-11-10T14:05:33.120Z","On-Demand","m","No",{COUNTS},"3,50"', "cost must be an amount such as 1234.50"),
        (f'"2026-11-10T14:05:33.120Z","On-Demand","m","No",{COUNTS},"EUR 3.50"', "cost must be an amount such as 1234.50"),
        ('"2026-11-10T14:05:33.120Z","On-Demand","m","No","1","x","1","1","4","0.20"', r"Input \(w/o Cache Write\) 'x'"),
        ('"2026-11-10T14:05:33.120Z","On-Demand","m"', "does not have as many values"),
    ],
)
def test_a_line_that_cannot_be_read_names_file_line_and_column(export, line, said):
    with pytest.raises(FeedError, match=rf"usage-events-2026-11-11.csv line 2.*{said}"):
        export(PERSONAL_2025, line)


def test_a_file_of_something_else_is_refused(export):
    with pytest.raises(FeedError, match=r"no column Date; this is not a Cursor usage-events export"):
        export(f"Model,Request Count,{TOKENS},Cost ($)")


def test_a_vintage_without_kinds_keeps_its_money_under_a_kind_that_is_not_stated(export):
    """Headers and values as exporters on GitHub test them, with a total in dollars and dates of a spreadsheet."""
    rows = export(
        f"Date,Model,{TOKENS},Cost ($)", "2026-06-17T12:00:00.000Z,claude-4-sonnet,100,50,200,30,380,$0.10",
        "2026-06-17 13:00:00,composer-2,0,10,0,5,15,", "2026-06-18,gpt-4o,0,10,0,5,15,$0.10")
    assert [(row["event_at"].isoformat(), row["kind"], row["kind_class"], row["charged_usd"]) for row in rows] == [
        ("2026-06-17T12:00:00+00:00", "(not stated)", "unknown", Decimal("0.10")),
        ("2026-06-17T13:00:00+00:00", "(not stated)", "unknown", None),
        ("2026-06-18T00:00:00+00:00", "(not stated)", "unknown", Decimal("0.10"))]


def test_an_export_without_totals_and_amounts_keeps_its_tokens(export):
    [row] = export("Date,Model,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens",
                   '2026-11-10T14:05:33.120Z,"a,""b""",0,100,10,5')
    assert (row["model"], row["input_tokens"], row["cache_read_tokens"], row["charged_usd"]) == ('a,"b"', 100, 10, None)


@pytest.mark.parametrize("total", ["740262", "740252"])
def test_where_the_total_shows_that_cache_writes_hold_the_plain_input_too_their_difference_counts(export, total):
    counts = f'"160000","159990","578207","2055","{total}"'
    [row] = export(PERSONAL_2025, f'"2026-03-20T06:56:12.521Z","Included","composer-2-fast","No",{counts},"0.49"')
    assert (row["cache_write_tokens"], row["input_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (
        10, 159_990, 578_207, 2055)


def test_a_personal_export_of_august_2025_has_one_count_of_tokens_and_calls_its_owner_you(folder):
    """Lines as a weblog of 2025 prints them from its author's dashboard."""
    header = "Date,User,Kind,Max Mode,Model,Tokens,Cost ($)"
    folder("ada@acme.test/usage-events.csv", header, '"2025-08-20T03:58:45.884Z","You","free","No","auto",1501891,"Included"',
           '"2025-08-20T03:41:41.558Z","You","Errored, Not Charged","No","auto",131507,"Included"')
    folder("ivo@acme.test/usage-events.csv", header, '"2025-08-20T03:44:39.709Z","You","Included in Pro","No","auto",0,"$0.04"')
    [answer] = fetched(date(2025, 8, 20)).values()
    assert (answer.state, answer.reason) == (State.AVAILABLE, "")
    assert [(row["user_email"], row["kind_class"], row["charged_usd"], row["input_tokens"]) for row in answer.rows] == [
        ("ada@acme.test", "free", None, None), ("ada@acme.test", "errored", None, None),
        ("ivo@acme.test", "included", Decimal("0.04"), None)]


def test_a_column_of_output_and_both_dollars_and_requests_are_read(export):
    """Headers as two importers on GitHub describe or test them."""
    [row] = export("Date,User,Kind,Model,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output,Total Tokens,Cost ($),"
                   "Request Type,Requests",
                   '"2026-05-09T10:00:00.000Z","me@example.com","Included","gpt-5-thinking","800","400","100","600","1900","0.04",'
                   '"Usage","0.4"')
    assert (row["output_tokens"], row["cache_write_tokens"], row["charged_usd"], row["requests_costs"]) == (
        600, 800, Decimal("0.04"), Decimal("0.4"))


@pytest.mark.parametrize("counts", ['"0","0","0","0","1000000"', '"0","1000000","250000","500000","0"', '"1","1","1","1","5"'])
def test_a_total_that_contradicts_its_columns_loses_no_money_and_the_day_says_so(folder, counts):
    folder("usage-events-2026-06-01.csv", TEAM_2026,
           f'"2026-06-01T10:00:00.000Z","volume@example.com","","","On-Demand","voluminous","No",{counts},"0.10"')
    [answer] = fetched(date(2026, 6, 1)).values()
    assert (answer.state, answer.reason, answer.rows[0]["charged_usd"]) == (State.AVAILABLE, "tokens_differ", Decimal("0.10"))
    assert "usage-events-2026-06-01.csv line 2: Total Tokens is" in answer.message


def test_an_export_with_some_of_its_token_columns_or_with_no_measure_at_all_is_refused(export):
    with pytest.raises(FeedError, match=r"no column Cache Read, Output Tokens; this is not"):
        export("Date,Model,Input (w/ Cache Write),Input (w/o Cache Write),Cost")
    with pytest.raises(FeedError, match=r"no column Cost or Requests or Tokens or Input"):
        export("Date,Model,Kind")


@pytest.mark.parametrize(("line", "said"), [
    ('"11/10/2026 2:05 PM","mira@acme.test","","","On-Demand","m","No","1","1","1","1","4","0.20"', "is not an ISO instant"),
    ('"2026-11-10T14:05:33.120Z","mira@acme.test","","","On-D', "does not have as many values"),
])
def test_a_line_whose_day_nobody_can_tell_leaves_every_day_a_part_and_none_a_day_without_a_report(folder, line, said):
    folder("usage-events-2026-11-11.csv", TEAM_2026, team_line("2026-11-10T12:00:00.000Z"), line)
    answers = fetched(date(2026, 11, 9), TENTH)
    assert [(answer.state, answer.reason, len(answer.rows)) for answer in answers.values()] == [
        (State.MISSING, "malformed", 0), (State.PARTIAL, "malformed", 1)]
    assert all("usage-events-2026-11-11.csv line 3: " in answer.message for answer in answers.values())
    assert all(said in answer.message for answer in answers.values())


def test_a_teams_event_that_names_no_user_stays_the_teams(folder):
    at = "2026-11-10T12:00:00.000Z"
    folder("usage-events-2026-11-11.csv", TEAM_2026, team_line(at, ""), team_line(at))
    assert [row["user_email"] for row in fetched(TENTH)[TENTH].rows] == [None, "dana@acme.test"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of exports that the settings name; ``write(name, header, *lines)`` puts one into it."""
    monkeypatch.setenv("CURSOR_CSV_URI", str(tmp_path / "exports"))

    def write(name: str, header: str, *lines: str) -> None:
        path = tmp_path / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")

    return write


def team_line(at: str, user: str = "dana@acme.test", cost: str = "1.00", kind: str = "On-Demand") -> str:
    return f'"{at}","{user}","","","{kind}","gpt-5.4","No",{COUNTS},"{cost}"'


def person_line(at: str, cost: str = "1.00") -> str:
    return f'"{at}","On-Demand","gpt-5.4","No",{COUNTS},"{cost}"'


def fetched(*days: date) -> dict[date, DayAnswer]:
    return {answer.day: answer for answer in CSV.fetch(list(days), Settings.from_environment())}


def test_days_of_an_export_are_landed_and_a_day_in_none_is_missing_and_not_zero(folder):
    folder("usage-events-2026-11-11.csv", TEAM_2026, team_line("2026-11-10T23:59:59.999Z"), team_line("2026-11-09T00:00:00.000Z"))
    answers = fetched(date(2026, 11, 8), date(2026, 11, 9), date(2026, 11, 10))
    assert [(answer.state, answer.reason, len(answer.rows)) for _, answer in sorted(answers.items())] == [
        (State.MISSING, "no_report", 0), (State.AVAILABLE, "", 1), (State.AVAILABLE, "", 1)]
    assert CSV.table(answers[date(2026, 11, 9)]).num_rows == 1


def test_exports_that_overlap_count_each_event_once(folder):
    noon, evening = team_line("2026-11-10T12:00:00.000Z"), team_line("2026-11-10T20:00:00.000Z")
    folder("usage-events-2026-11-10.csv", TEAM_2026, noon)
    folder("usage-events-2026-11-11.csv", TEAM_2026, evening, noon)
    assert len(fetched(TENTH)[TENTH].rows) == 2


def test_equal_events_of_one_export_stay_two(folder):
    folder("usage-events-2026-11-11.csv", TEAM_2026, *[team_line("2026-11-10T12:00:00.000Z")] * 2)
    assert len(fetched(TENTH)[TENTH].rows) == 2


def test_peoples_own_exports_lie_in_folders_named_by_email_and_a_teams_goes_before_them(folder):
    folder("Ivo@acme.test/usage-events-2026-11-11.csv", PERSONAL_2025, person_line("2026-11-10T12:00:00.000Z"),
           person_line("2026-11-09T12:00:00.000Z"))
    folder("mira@acme.test/usage-events-2026-11-11.csv", PERSONAL_2025, person_line("2026-11-09T12:00:00.000Z"))
    folder("usage-events-2026-11-11.csv", TEAM_2026, team_line("2026-11-10T12:00:00.000Z", "ivo@acme.test"))
    answers = fetched(date(2026, 11, 9), TENTH)
    assert sorted(row["user_email"] for row in answers[date(2026, 11, 9)].rows) == ["ivo@acme.test", "mira@acme.test"]
    assert [row["user_email"] for row in answers[TENTH].rows] == ["ivo@acme.test"]


def test_two_exports_that_name_nobody_and_differ_are_an_error_that_says_where_to_put_them(folder):
    noon, evening = person_line("2026-11-10T12:00:00.000Z"), person_line("2026-11-10T20:00:00.000Z")
    folder("a.csv", PERSONAL_2025, noon, person_line("2026-11-09T12:00:00.000Z"))
    folder("b.csv", PERSONAL_2025, evening, person_line("2026-11-09T12:00:00.000Z"))
    answers = fetched(date(2026, 11, 9), TENTH)
    assert (answers[TENTH].state, answers[TENTH].reason) == (State.MISSING, "ambiguous")
    assert "b.csv and an export before it name no user" in answers[TENTH].message
    assert len(answers[date(2026, 11, 9)].rows) == 1
    folder("team.csv", TEAM_2026, team_line("2026-11-10T12:00:00.000Z"))
    assert fetched(TENTH)[TENTH].state is State.AVAILABLE


def test_a_later_export_of_the_same_person_may_hold_more_of_a_day(folder):
    noon, evening = person_line("2026-11-10T12:00:00.000Z"), person_line("2026-11-10T20:00:00.000Z")
    folder("a.csv", PERSONAL_2025, noon)
    folder("b.csv", PERSONAL_2025, evening, noon)
    assert len(fetched(TENTH)[TENTH].rows) == 2


def test_an_unknown_kind_of_an_export_is_kept_and_named(folder):
    folder("usage-events-2026-11-11.csv", TEAM_2026, team_line("2026-11-10T12:00:00.000Z", kind="Refunded"))
    answer = fetched(TENTH)[TENTH]
    assert (answer.state, answer.reason, answer.rows[0]["kind_class"]) == (State.AVAILABLE, "unknown_kind", "unknown")


def test_a_line_that_cannot_be_read_fails_its_own_day_and_names_file_and_line(folder):
    folder("usage-events-2026-11-11.csv", TEAM_2026, team_line("2026-11-10T12:00:00.000Z", cost="cheap"),
           team_line("2026-11-09T12:00:00.000Z"))
    answers = fetched(date(2026, 11, 9), TENTH)
    assert answers[date(2026, 11, 9)].state is State.AVAILABLE
    answer = answers[TENTH]
    assert (answer.state, answer.reason) == (State.MISSING, "bad_value")
    assert "usage-events-2026-11-11.csv line 2: cost must be an amount" in answer.message


def test_a_file_in_another_encoding_is_named(folder, tmp_path):
    folder("usage-events-2026-11-11.csv", TEAM_2026)
    (tmp_path / "exports" / "usage-events-2026-11-11.csv").write_bytes(f"{TEAM_2026}\n\xff".encode("latin-1"))
    answer = fetched(TENTH)[TENTH]
    assert (answer.reason, "not a CSV file in UTF-8" in answer.message) == ("malformed", True)


def test_a_folder_that_is_not_there_is_named(folder):
    assert (fetched(TENTH)[TENTH].reason, "CURSOR_CSV_URI" in fetched(TENTH)[TENTH].message) == ("file_not_found", True)
