"""`copilot_seats`: a snapshot of now, complete over all pages, each person once."""

from datetime import UTC, date, datetime

import pytest

from agent_spend.errors import State
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS

FEED = next(feed for feed in FEEDS if feed.name == "copilot_seats")
SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
NOW = date(2026, 11, 22)
PATH = "/enterprises/acme/copilot/billing/seats"
# The example seat of the user management reference.
MIRA = (
    '{"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z","pending_cancellation_date":null,'
    '"last_activity_at":"2026-11-20T07:12:44Z","last_activity_editor":"vscode/1.121.0/copilot-chat/0.60.1",'
    '"last_authenticated_at":"2026-11-20T07:00:00Z","plan_type":"business",'
    '"assignee":{"login":"mira-k_acme","id":5501,"type":"User","site_admin":false},"assigning_team":null}'
)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")


def ask(*days: date) -> list:
    return list(FEED.fetch(days or [NOW], Settings.from_environment()))


def rows() -> list[dict]:
    return FEED.table(ask()[0]).to_pylist()


def seats(*seats: str, total: int) -> str:
    return f'{{"total_seats":{total},"seats":[{",".join(seats)}]}}'


def test_the_reference_seat_is_read(github):
    github.answer(PATH, seats(MIRA, total=1))
    assert rows() == [
        {
            "usage_day": NOW, "scope_kind": "enterprise", "scope": "acme", "user_id": 5501, "user_login": "mira-k_acme",
                "plan_type": "business",
            "created_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
            "last_activity_at": datetime(2026, 11, 20, 7, 12, 44, tzinfo=UTC),
            "last_activity_editor": "vscode/1.121.0/copilot-chat/0.60.1", "pending_cancellation_day": None,
            "assigning_team": None,
        }
    ]  # fmt: skip


def test_githubs_own_sample_whose_two_people_share_an_account_id_is_two_seats(github):
    # GitHub REST reference, "List all Copilot seat assignments": octocat and octokitten both have the id 1.
    seat = (
        '{{"created_at":"{created}","updated_at":"2021-09-23T15:00:00-06:00","pending_cancellation_date":{ending},'
        '"last_activity_at":"2021-10-1{day}T00:53:32-06:00","last_activity_editor":"vscode/1.77.3/copilot/1.86.82",'
        '"last_authenticated_at":"2021-10-14T00:53:32-06:00","plan_type":"business","assignee":{{"login":"{login}","id":1}},'
        '"assigning_team":{{"id":1,"name":"Justice League","slug":"justice-league","parent":null}}}}'
    )
    github.answer(PATH, seats(
        seat.format(created="2021-08-03T18:00:00-06:00", ending="null", day=4, login="octocat"),
        seat.format(created="2021-09-23T18:00:00-06:00", ending='"2021-11-01"', day=3, login="octokitten"), total=2,
    ))  # fmt: skip
    found = [(row["user_login"], row["pending_cancellation_day"], row["assigning_team"], row["created_at"]) for row in rows()]
    assert found == [
        ("octocat", None, "justice-league", datetime(2021, 8, 4, 0, tzinfo=UTC)),
        ("octokitten", date(2021, 11, 1), "justice-league", datetime(2021, 9, 24, 0, tzinfo=UTC)),
    ]


def test_every_page_is_read(sandbox_server):
    sandbox_server(Scenario(developers=250, days=21, seed=7, end_day=NOW))
    answer = ask()[0]
    assert len(answer.raw) == 3
    assert FEED.table(answer).num_rows == 251


def test_a_person_with_two_seats_counts_once(sandbox_server):
    sandbox_server(SMALL)
    assert [row["user_id"] for row in rows()].count(500_005) == 1


def test_of_two_seats_the_one_that_lasts_is_kept(github):
    ending = MIRA.replace('"pending_cancellation_date":null', '"pending_cancellation_date":"2026-12-01"')
    github.answer(PATH, seats(MIRA.replace("vscode/1.121.0", "lasting"), ending, total=1))
    (row,) = rows()
    assert row["last_activity_editor"].startswith("lasting") and row["pending_cancellation_day"] is None


def test_of_two_seats_enterprise_is_billed_and_the_seat_is_as_old_as_the_first_of_its_plan(github):
    business = MIRA.replace('"created_at":"2026-03-01', '"created_at":"2025-01-01')
    enterprise = MIRA.replace('"plan_type":"business"', '"plan_type":"enterprise"')
    later = enterprise.replace('"created_at":"2026-03-01', '"created_at":"2026-05-01')
    later = later.replace("2026-11-20T07:12", "2026-11-21T07:12")
    github.answer(PATH, seats(enterprise, later, business, total=1))
    (row,) = rows()
    assert (row["plan_type"], row["created_at"].date()) == ("enterprise", date(2026, 3, 1))


def test_a_leaver_keeps_the_seat_until_the_end_of_the_cycle(sandbox_server):
    sandbox_server(SMALL)
    ends = {row["user_id"]: row["pending_cancellation_day"] for row in rows() if row["pending_cancellation_day"]}
    assert ends == {500_008: date(2026, 12, 1)}


def test_an_open_invitation_is_kept_without_a_person(sandbox_server):
    sandbox_server(SMALL, copilot_null_assignee="on")
    assert [row["user_id"] for row in rows()].count(None) == 1


def test_offsets_become_utc(github):
    github.answer(PATH, seats(MIRA.replace("2026-03-01T09:00:00Z", "2026-03-01T01:00:00+03:00"), total=1))
    assert rows()[0]["created_at"] == datetime(2026, 2, 28, 22, tzinfo=UTC)


def test_fewer_seats_than_the_total_is_an_error(github):
    github.answer(PATH, seats(MIRA, total=2))
    answer = ask()[0]
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "count_mismatch", [])


def test_a_failing_second_page_leaves_no_data(github):
    github.answer(PATH, seats(MIRA, total=1), headers={"Link": f'<{github.url}{PATH}?page=2>; rel="next"'})
    github.answer(PATH, '{"message":"Bad credentials"}', 401)
    assert (ask()[0].reason, list(ask()[0].rows)) == ("unauthorized", [])


def test_a_link_back_to_a_page_already_read_is_an_error(github):
    github.answer(PATH, seats(MIRA, total=1), headers={"Link": f'<{github.url}{PATH}?page=1>; rel="next"'})
    assert ask()[0].reason == "endless_pages"


@pytest.mark.parametrize("link", [
    f'<{PATH}?page=2>; rel="next"', f'<https://api.github.com{PATH}?page=2>; rel="last next"', f'<{PATH}?page=2>;rel=NEXT',
    f'<{PATH}?page=1>; rel="first", <{PATH}?after=Y3Vyc29yOjI%3D&per_page=100>; rel="next", <{PATH}?page=9>; rel="last"'])
def test_the_next_page_is_found_however_its_link_is_written(github, link):
    github.answer(PATH, seats(MIRA, total=2), headers={"Link": link})
    github.answer(PATH, seats(MIRA.replace("5501", "5502").replace("mira", "ivo"), total=2))
    assert sorted(row["user_id"] for row in rows()) == [5501, 5502]


@pytest.mark.parametrize(("ending", "day"), [
    ('"2026-12-01"', date(2026, 12, 1)), ('"2026-12-01T00:00:00Z"', date(2026, 12, 1)), ('""', None)])
def test_the_end_of_a_seat_is_a_date_or_the_midnight_that_starts_it(github, ending, day):
    github.answer(PATH, seats(MIRA.replace('"pending_cancellation_date":null', f'"pending_cancellation_date":{ending}'), total=1))
    assert rows()[0]["pending_cancellation_day"] == day


def test_an_end_of_a_seat_that_is_no_day_is_named(github):
    soon = MIRA.replace('"pending_cancellation_date":null', '"pending_cancellation_date":"soon"')
    github.answer(PATH, seats(soon, total=1))
    assert (ask()[0].reason, "pending_cancellation_date 'soon' is no day" in ask()[0].message) == ("bad_value", True)


def test_a_link_to_another_host_never_gets_the_token(github):
    link = {"Link": '<http://elsewhere.test/steal?page=2>; rel="next"'}
    github.answer(PATH, seats(MIRA, total=1), headers=link)
    github.answer(PATH, seats(MIRA, total=1))
    assert ask()[0].state is State.AVAILABLE
    assert github.asked(PATH) == 2


def test_only_the_newest_day_can_be_answered(sandbox_server):
    sandbox_server(SMALL)
    older, newest = ask(date(2026, 11, 21), NOW)
    assert (older.state, older.reason) == (State.MISSING, "live_list_only")
    assert newest.state is State.AVAILABLE


def test_todays_list_is_never_stored_under_a_past_day(sandbox_server):
    sandbox_server(SMALL)
    assert [answer.reason for answer in ask(date(2026, 10, 31), date(2026, 11, 20))] == ["live_list_only"] * 2


def test_organizations_are_asked_without_an_enterprise(sandbox_server, monkeypatch):
    sandbox_server(SMALL)
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    assert [row["scope"] for row in rows() if row["user_id"] == 500_005] == ["acme-core", "acme-apps"]
