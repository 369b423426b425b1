"""A list that cannot be read, or that looks cut off, never moves people to nobody; who left keeps the days worked."""

from datetime import date, timedelta

import pytest

from agent_spend.lake.tables import Lake
from agent_spend.project import feeds
from agent_spend.settings import Settings
from agent_spend.sources.land import land

NINTH, TENTH = date(2026, 11, 9), date(2026, 11, 10)
EIGHT = [f"E{number}" for number in range(1, 9)]


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """Writes a file for a feed's setting and lands days of it; ``None`` takes the file away."""

    def read(text: str | None, *days: date, feed="roster_members", setting="ROSTER_URI"):
        path = tmp_path / f"{feed}.csv"
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(setting, str(path))
        return land(feeds()[feed], list(days), Settings.from_environment())

    return read


def people(*ids: str, more: str = "") -> str:
    lines = [f"{person},Name,{person.lower()}@acme.test,squad" for person in ids]
    return "\n".join(["person_id,name,email,squad" + (",valid_to" if more else ""), *(line + more for line in lines), ""])


def stored(day: date, feed="roster_members", column="person_id") -> list[str]:
    rows = Lake(Settings.from_environment().lake_uri).rows(feed, usage_day=day)
    return sorted(row[column] for row in rows)


def test_who_is_on_no_line_any_more_keeps_the_days_worked(lists):
    lists(people("E1", "E2"), NINTH)
    line = lists(people("E1"), NINTH, TENTH).coverage[NINTH]
    assert (stored(NINTH), stored(TENTH)) == (["E1", "E2"], ["E1"])
    assert (line.state, line.revision, line.message.endswith("has no line any more: E2")) == ("available", 1, True)


def test_a_line_that_ends_before_the_day_takes_somebody_out_of_it(lists):
    lists(people("E1", "E2"), NINTH)
    lists("person_id,name,valid_to\nE1,Ada,\nE2,Ben,2026-01-01\n", NINTH)
    assert stored(NINTH) == ["E1"]


def test_a_person_with_a_new_id_is_not_there_twice(lists):
    lists(people("E1", "E2"), NINTH)
    lists("person_id,name,email\n0001,Ada,E1@acme.test\nE2,Ben,e2@acme.test\n", NINTH)
    assert stored(NINTH) == ["0001", "E2"]


def test_an_export_that_lacks_half_of_the_people_is_refused_and_the_day_before_stands(lists):
    lists(people(*EIGHT), NINTH)
    landing = lists(people(*EIGHT[:3]), NINTH, TENTH)
    line = landing.coverage[TENTH]
    assert (stored(NINTH), stored(TENTH)) == (EIGHT, EIGHT)
    assert (line.state, line.reason, line.row_count, line.last_attempt) == ("partial", "shrunk", 8, "shrunk")
    assert "has no line any more for 5 of the 8 of 2026-11-09 (E4, E5, E6, E7, E8): it looks cut off" in line.message
    assert "keep their lines with valid_to, or raise max_missing_share in " in line.message
    assert line.message.endswith("the 8 rows of 2026-11-09 stand in for the day") and list(landing.failures) == [TENTH]
    mended = lists(people(*EIGHT), NINTH, TENTH).coverage[TENTH]
    assert (mended.state, mended.last_attempt, stored(TENTH)) == ("available", "available", EIGHT)


def test_people_who_are_known_to_have_left_are_no_cut_off_file(lists):
    lists(people(*EIGHT), NINTH)
    text = people(*EIGHT[:3], more=",") + people(*EIGHT[3:], more=",2026-11-09").partition("\n")[2]
    assert (lists(text, TENTH).coverage[TENTH].state, stored(TENTH)) == ("available", EIGHT[:3])


def test_four_that_vanish_and_a_quarter_of_a_large_company_have_left(lists):
    lists(people(*EIGHT[:6]), NINTH)
    assert (lists(people(*EIGHT[:2]), TENTH).coverage[TENTH].state, stored(TENTH)) == ("available", EIGHT[:2])
    many = [f"P{number:02}" for number in range(20)]
    lists(people(*many), date(2026, 12, 1))
    assert lists(people(*many[:15]), date(2026, 12, 2)).coverage[date(2026, 12, 2)].state == "available"


def test_how_many_may_vanish_is_a_rule_of_the_company(lists, tmp_path):
    rules = tmp_path / "home" / "overrides" / "roster_rules.csv"
    rules.parent.mkdir(parents=True)
    rules.write_text("name,value,note\nmax_missing_share,0.7,\n")
    lists(people(*EIGHT), NINTH)
    assert lists(people(*EIGHT[:3]), TENTH).coverage[TENTH].state == "available"
    rules.write_text("name,value,note\nmax_missing_share,most,\n")
    assert f"{rules}: max_missing_share must be a share from 0 to 1, not 'most'" in lists(people(*EIGHT), TENTH).failures[TENTH]


def test_a_file_that_is_not_there_leaves_the_list_of_the_day_before_for_a_week_without_who_has_left(lists):
    lists("person_id,name,valid_to\nE1,Ada,\nE2,Ben,2026-11-10\n", NINTH)
    days = [NINTH + timedelta(days=number) for number in (1, 2, 7, 8)]
    landing = lists(None, NINTH, *days)
    assert [stored(day) for day in days] == [["E1", "E2"], ["E1"], ["E1"], []]
    assert [landing.coverage[day].state for day in (NINTH, *days)] == ["available", "partial", "partial", "partial", "missing"]
    assert {landing.coverage[day].last_attempt for day in days} == {"file_not_found"} and len(landing.failures) == 5
    lists("person_id,name,valid_to\nE1,Ada,\n", *days)
    assert [stored(day) for day in days] == [["E1"]] * 4


@pytest.mark.parametrize(("feed", "setting", "text", "column", "value"), [
    ("key_registry", "KEY_REGISTRY_URI", "vendor,key_id,environment,cost_center,owner\nclaude,apikey_1,prod,CC-1,a@x.test\n",
     "key_id", "apikey_1"),
    ("identity_overrides", "IDENTITY_OVERRIDES_URI", "vendor,identifier,person_id\ncursor,a@x.test,E1\n", "person_id", "E1"),
])  # fmt: skip
def test_keys_and_overrides_stand_the_same_way(lists, feed, setting, text, column, value):
    lists(text, NINTH, feed=feed, setting=setting)
    line = lists("", TENTH, feed=feed, setting=setting).coverage[TENTH]
    assert (line.state, line.last_attempt, stored(TENTH, feed, column)) == ("partial", "empty_file", [value])


def test_a_setting_that_is_taken_away_carries_nothing(lists, monkeypatch):
    lists(people("E1"), NINTH)
    monkeypatch.delenv("ROSTER_URI")
    landing = land(feeds()["roster_members"], [TENTH], Settings.from_environment())
    assert (landing.coverage[TENTH].state, stored(TENTH)) == ("not_connected", [])
