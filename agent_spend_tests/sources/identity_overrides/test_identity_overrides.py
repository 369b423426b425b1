"""Overrides by hand: one row for each identifier and day on which they hold."""

from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.feed import answers
from agent_spend.sources.identity_overrides.assets import FEEDS

[FEED] = FEEDS
HEADER = "vendor,identifier,person_id,valid_from,valid_to,note\n"
NINTH, TENTH = date(2026, 11, 9), date(2026, 11, 10)


@pytest.fixture
def overrides(tmp_path, monkeypatch):
    """Writes the file, asks for days, returns the answers in the order asked."""

    def ask(text: str, *days: date):
        path = tmp_path / "overrides.csv"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("IDENTITY_OVERRIDES_URI", str(path))
        answers = {answer.day: answer for answer in FEED.fetch(days, Settings.from_environment())}
        return [answers[day] for day in days]

    return ask


def stored(answer):
    assert answer.state is State.AVAILABLE, answer.message
    return FEED.table(answer).to_pylist()


def test_one_line_gives_a_login_to_a_person(overrides):
    [answer] = overrides(HEADER + 'GitHub Copilot,@Contractor-9_Acme,E1004,,,"agency, until spring"\n', TENTH)
    assert stored(answer) == [
        {
            "usage_day": TENTH, "vendor": "github_copilot", "identifier": "contractor-9_acme", "person_id": "E1004",
            "note": "agency, until spring",
        }
    ]  # fmt: skip


def test_a_key_id_keeps_its_case_and_an_e_mail_does_not(overrides):
    [answer] = overrides(HEADER + "anthropic,apikey_01SimX,E1,,,\ncursor,Ada@Home.test,E1,,,\n", TENTH)
    assert [row["identifier"] for row in stored(answer)] == ["apikey_01SimX", "ada@home.test"]


def test_an_override_passes_to_another_person_on_its_day(overrides):
    text = HEADER + "cursor,shared@x.test,E1,,2026-11-09,\ncursor,shared@x.test,E2,2026-11-10,,\n"
    assert [stored(answer)[0]["person_id"] for answer in overrides(text, NINTH, TENTH)] == ["E1", "E2"]


def test_a_day_after_the_last_override_is_zero(overrides):
    [answer] = overrides(HEADER + "cursor,a@x.test,E1,,2026-11-09,\n", TENTH)
    assert (answer.state, list(answer.rows)) == (State.ZERO, [])


def test_one_identifier_for_two_people_is_refused_on_the_shared_days_only(overrides):
    lines = ["cursor,a@x.test,E1,2026-11-10,,", "cursor,A@x.test,E2,2026-11-10,,", "cursor,a@x.test,E3,,2026-11-09,"]
    before, shared = overrides(HEADER + "\n".join(lines), NINTH, TENTH)
    assert [row["person_id"] for row in stored(before)] == ["E3"]
    assert shared.reason == "duplicate"
    assert "overrides.csv line 2 and" in shared.message and "overrides.csv line 3" in shared.message


def test_one_identifier_of_two_vendors_may_be_two_people(overrides):
    [answer] = overrides(HEADER + "cursor,a@x.test,E1,,,\nClaude,a@x.test,E2,,,\n", TENTH)
    assert [row["person_id"] for row in stored(answer)] == ["E1", "E2"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("openai,a@x.test,E1,,,", "line 2: vendor must be one of github_copilot, anthropic, cursor, custom_agents"),
        ("cursor,,E1,,,", "line 2: identifier must not be empty"),
        ("cursor,a@x.test,,,,", "line 2: person_id must not be empty"),
    ],
)
def test_a_bad_line_is_named(overrides, line, complaint):
    [answer] = overrides(HEADER + line + "\n", TENTH)
    assert answer.reason == "bad_value" and complaint in answer.message


def test_an_emptied_file_takes_nothing_back(overrides):
    [answer] = overrides(HEADER, TENTH)
    assert (answer.reason, answer.is_data) == ("empty_file", False)


def test_without_the_setting_the_feed_is_not_connected():
    [answer] = answers(FEED, [TENTH], Settings.from_environment())
    assert (answer.state, answer.message) == (State.NOT_CONNECTED, "not connected: set IDENTITY_OVERRIDES_URI")
