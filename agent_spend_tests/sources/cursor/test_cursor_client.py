"""Usage events over real HTTP: windows, pages, counts, refusals and the answer key."""

import threading
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from cursor_fakes import EXAMPLE_EVENTS, event, page_text

from agent_spend.errors import State
from agent_spend.lake.spool import Spool
from agent_spend.sandbox.cursor_usage import answer_key
from agent_spend.settings import Settings
from agent_spend.sources.cursor.assets import FEEDS

EVENTS_FEED = FEEDS[0]
NINTH, TENTH, ELEVENTH = date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 11)
#: 2026-11-10T00:00:00.000Z, from the vendor's documentation.
TENTH_MS = 1794268800000
DAY_MS = 86_400_000


def fetch(*days: date) -> dict:
    return {answer.day: answer for answer in EVENTS_FEED.fetch(days, Settings.from_environment())}


def charges(answer) -> list[Decimal]:
    return sorted(row["charged_usd"] for row in answer.rows)


def test_events_are_split_by_utc_day_and_a_day_without_events_is_zero(vendor):
    vendor.answer = lambda path, body: page_text(EXAMPLE_EVENTS, 4)
    answers = fetch(NINTH, TENTH, ELEVENTH)
    assert charges(answers[NINTH]) == [Decimal("0.04")]
    assert charges(answers[TENTH]) == [Decimal("0.06"), Decimal("0.070275"), Decimal("0.19575")]
    assert answers[ELEVENTH].state is State.ZERO
    assert EVENTS_FEED.table(answers[ELEVENTH]).num_rows == 0


def test_a_window_ends_one_millisecond_before_midnight(vendor):
    vendor.answer = lambda path, body: page_text([], 0)
    fetch(NINTH, TENTH)
    assert vendor.requests == [
        ("/teams/filtered-usage-events",
         {"startDate": TENTH_MS - DAY_MS, "endDate": TENTH_MS + DAY_MS - 1, "page": 1, "pageSize": 1000})
    ]


def test_an_event_in_the_last_and_one_in_the_first_millisecond_fall_on_different_days(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS), event(TENTH_MS - 1)], 2)
    answers = fetch(NINTH, TENTH)
    assert [row["event_at"] for row in answers[NINTH].rows] == [datetime(2026, 11, 9, 23, 59, 59, 999_000, tzinfo=UTC)]
    assert [row["event_at"] for row in answers[TENTH].rows] == [datetime(2026, 11, 10, tzinfo=UTC)]


def test_forty_days_are_asked_for_in_two_windows(vendor):
    vendor.answer = lambda path, body: page_text([], 0)
    answers = fetch(*[date(2026, 10, 1) + timedelta(days=n) for n in range(40)])
    assert len(answers) == 40
    asked = [(body["startDate"], body["endDate"]) for _, body in vendor.requests]
    first = TENTH_MS - 40 * DAY_MS
    assert asked == [(first, first + 30 * DAY_MS - 1), (first + 30 * DAY_MS, first + 40 * DAY_MS - 1)]


def test_every_page_is_read(vendor):
    pages = {1: [event(TENTH_MS + 3), event(TENTH_MS + 2)], 2: [event(TENTH_MS + 1)]}
    vendor.answer = lambda path, body: page_text(pages[body["page"]], 3, has_next=body["page"] == 1)
    assert len(fetch(TENTH)[TENTH].rows) == 3
    assert len(fetch(TENTH)[TENTH].raw) == 2


def test_a_row_repeated_at_a_page_seam_is_counted_once(vendor):
    pages = {1: [event(TENTH_MS + 3), event(TENTH_MS + 2)], 2: [event(TENTH_MS + 2), event(TENTH_MS + 1)]}
    vendor.answer = lambda path, body: page_text(pages[body["page"]], 3, has_next=body["page"] == 1)
    instants = [row["event_at"].microsecond for row in fetch(TENTH)[TENTH].rows]
    assert instants == [3000, 2000, 1000]


def test_two_equal_events_across_a_page_seam_stay_two_when_the_count_says_so(vendor):
    pages = {1: [event(TENTH_MS + 3), event(TENTH_MS + 2)], 2: [event(TENTH_MS + 2), event(TENTH_MS + 1)]}
    vendor.answer = lambda path, body: page_text(pages[body["page"]], 4, has_next=body["page"] == 1)
    assert len(fetch(TENTH)[TENTH].rows) == 4


def test_a_surplus_that_could_be_at_either_of_two_seams_is_refused(vendor):
    first, second, third = (event(TENTH_MS + moment) for moment in (3, 2, 1))
    pages = {1: [first, second], 2: [second, third], 3: [third]}
    vendor.answer = lambda path, body: page_text(pages[body["page"]], 4, has_next=body["page"] < 3)
    answer = fetch(TENTH)[TENTH]
    assert answer.reason == "count_mismatch"
    assert "5 events on 3 pages, but totalUsageEventsCount says 4" in answer.message


def test_too_few_rows_are_read_once_more_and_then_kept_as_a_part(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS)], 2)
    answer = fetch(TENTH)[TENTH]
    assert (answer.state, answer.reason, len(answer.rows)) == (State.PARTIAL, "count_mismatch", 1)
    assert "1 events on 1 pages, but totalUsageEventsCount says 2" in answer.message
    assert len(vendor.requests) == 2


def test_more_rows_than_counted_of_which_no_two_are_alike_are_read_once_more_and_then_kept_as_a_part(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS + 1), event(TENTH_MS)], 1)
    answer = fetch(TENTH)[TENTH]
    assert (answer.state, answer.reason, len(answer.rows)) == (State.PARTIAL, "count_mismatch", 2)
    assert "2 events on 1 pages, but totalUsageEventsCount says 1" in answer.message
    assert len(vendor.requests) == 2


def test_a_count_that_is_wrong_for_one_day_leaves_the_other_days_of_its_window_whole(vendor):
    events = [event(TENTH_MS + DAY_MS), event(TENTH_MS), event(TENTH_MS - 1)]

    def answer(path, body):
        asked = [one for one in events if body["startDate"] <= int(one["timestamp"]) <= body["endDate"]]
        hidden = body["startDate"] <= TENTH_MS <= body["endDate"]
        return page_text(asked, len(asked) + hidden)

    vendor.answer = answer
    answers = fetch(NINTH, TENTH, ELEVENTH)
    assert [(answers[day].state, len(answers[day].rows)) for day in (NINTH, TENTH, ELEVENTH)] == [
        (State.AVAILABLE, 1), (State.PARTIAL, 1), (State.AVAILABLE, 1)]
    assert answers[TENTH].message.startswith("cursor_usage_events 2026-11-10: POST")


def test_more_rows_than_counted_of_which_two_are_alike_are_refused(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS), event(TENTH_MS)], 1)
    assert (fetch(TENTH)[TENTH].state, fetch(TENTH)[TENTH].reason) == (State.MISSING, "count_mismatch")


def test_an_event_that_arrives_between_two_pages_is_read_on_the_second_try(vendor):
    """Newest first, so that it moves the last row of page one to page two."""
    early = {1: [event(TENTH_MS + 3), event(TENTH_MS + 2)], 2: [event(TENTH_MS + 2), event(TENTH_MS + 1)]}
    settled = {1: [event(TENTH_MS + 4), event(TENTH_MS + 3)], 2: [event(TENTH_MS + 2), event(TENTH_MS + 1)]}

    def answer(path, body):
        asked = len(vendor.requests)
        return page_text((early if asked <= 2 else settled)[body["page"]], 3 if asked == 1 else 4, has_next=body["page"] == 1)

    vendor.answer = answer
    answer = fetch(TENTH)[TENTH]
    assert (answer.state, answer.reason, len(answer.rows), len(vendor.requests)) == (State.AVAILABLE, "", 4, 4)


def test_a_count_that_holds_the_second_time_is_accepted(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS)], 2 if len(vendor.requests) == 1 else 1)
    assert fetch(TENTH)[TENTH].state is State.AVAILABLE


def test_a_count_that_changes_between_pages_is_not_trusted(vendor):
    pages = {1: [event(TENTH_MS + 2)], 2: [event(TENTH_MS + 1)]}
    vendor.answer = lambda path, body: page_text(pages[body["page"]], body["page"], has_next=body["page"] == 1)
    answer = fetch(TENTH)[TENTH]
    assert answer.reason == "count_mismatch"
    assert "says 1 then 2" in answer.message


def test_a_listing_that_never_ends_is_refused(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS)] * 600, 1, has_next=True)
    assert fetch(TENTH)[TENTH].reason == "count_mismatch"
    assert len(vendor.requests) == 4


def test_a_body_without_rows_is_a_failure_and_never_an_empty_day(vendor):
    vendor.answer = lambda path, body: {"period": {"startDate": 0, "endDate": 1}}
    answer = fetch(TENTH)[TENTH]
    assert (answer.state, answer.reason) == (State.MISSING, "missing_field")
    assert "cursor_usage_events 2026-11-10 page 1: POST /teams/filtered-usage-events" in answer.message


def test_an_event_that_cannot_be_read_fails_its_own_day_and_names_its_place_and_field(vendor):
    events = [event(TENTH_MS + 2), event(TENTH_MS + 1, chargedCents="$0.04"), event(TENTH_MS - 1), event(TENTH_MS - DAY_MS)]
    vendor.answer = lambda path, body: page_text(events, 4)
    answers = fetch(NINTH, TENTH, ELEVENTH)
    assert [row["event_at"].day for row in answers[NINTH].rows] == [9, 9]
    assert (answers[NINTH].state, answers[ELEVENTH].state) == (State.AVAILABLE, State.ZERO)
    assert (answers[TENTH].state, answers[TENTH].reason, answers[TENTH].rows) == (State.MISSING, "missing_field", ())
    assert answers[TENTH].message.startswith(
        "cursor_usage_events 2026-11-09 to 2026-11-11 page 1: POST /teams/filtered-usage-events: usageEvents[1]: Invalid decimal")
    assert "$.chargedCents" in answers[TENTH].message
    assert len(answers[TENTH].raw) == 1


@pytest.mark.parametrize("timestamp", ["yesterday", None, {}])
def test_an_event_whose_time_cannot_be_read_leaves_the_day_that_it_is_asked_for_with_a_part(vendor, timestamp):
    events = {TENTH_MS + 1: event(TENTH_MS + 1), TENTH_MS: event(0, timestamp=timestamp), TENTH_MS - 1: event(TENTH_MS - 1)}

    def answer(path, body):
        asked = [one for at, one in events.items() if body["startDate"] <= at <= body["endDate"]]
        return page_text(asked, len(asked))

    vendor.answer = answer
    answers = fetch(NINTH, TENTH, ELEVENTH)
    assert [(answers[day].state, len(answers[day].rows)) for day in (NINTH, TENTH, ELEVENTH)] == [
        (State.AVAILABLE, 1), (State.PARTIAL, 1), (State.ZERO, 0)]
    assert answers[TENTH].message.startswith(
        "cursor_usage_events 2026-11-10 page 1: POST /teams/filtered-usage-events: usageEvents[1]: ")
    assert "timestamp" in answers[TENTH].message


def test_a_row_repeated_at_a_seam_is_left_out_of_a_page_with_an_unreadable_event_too(vendor):
    unreadable = event(TENTH_MS - 2 * DAY_MS, model=[])
    pages = {1: [event(TENTH_MS + 3), event(TENTH_MS)], 2: [event(TENTH_MS), event(TENTH_MS - 1), unreadable]}
    vendor.answer = lambda path, body: page_text(pages[body["page"]], 4, has_next=body["page"] == 1)
    answers = fetch(date(2026, 11, 8), NINTH, TENTH)
    assert [len(answers[day].rows) for day in (NINTH, TENTH)] == [1, 2]
    assert "page 2: POST /teams/filtered-usage-events: usageEvents[2]: " in answers[date(2026, 11, 8)].message


@pytest.mark.parametrize("timestamp", [
    "2026-11-10T00:00:00.001Z", "2026-11-10T01:00:00.001+01:00", TENTH_MS + 1, float(TENTH_MS + 1)])
def test_a_timestamp_may_be_a_number_or_an_iso_instant(vendor, timestamp):
    vendor.answer = lambda path, body: page_text([event(0, timestamp=timestamp)], 1)
    assert [row["event_at"] for row in fetch(TENTH)[TENTH].rows] == [datetime(2026, 11, 10, 0, 0, 0, 1000, tzinfo=UTC)]


def test_a_further_page_that_only_the_number_of_pages_promises_is_read(vendor):
    def answer(path, body):
        pagination = {"numPages": 2, "currentPage": body["page"], "hasNextPage": False}
        return {"totalUsageEventsCount": "2", "pagination": pagination, "usageEvents": [event(TENTH_MS + body["page"])]}

    vendor.answer = answer
    assert (fetch(TENTH)[TENTH].state, len(fetch(TENTH)[TENTH].rows)) == (State.AVAILABLE, 2)


def test_a_stated_count_of_zero_needs_no_list_and_any_other_does(vendor):
    vendor.answer = lambda path, body: {"totalUsageEventsCount": 0}
    assert fetch(TENTH)[TENTH].state is State.ZERO
    vendor.answer = lambda path, body: {"totalUsageEventsCount": 3}
    assert (fetch(TENTH)[TENTH].state, fetch(TENTH)[TENTH].reason) == (State.MISSING, "missing_field")


def test_an_event_outside_the_window_is_refused(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS - 1)], 1)
    answer = fetch(TENTH)[TENTH]
    assert answer.reason == "malformed"
    assert "an event of 2026-11-09 lies outside the window" in answer.message


def test_an_unknown_kind_is_kept_with_its_amount_and_its_day_says_so(vendor):
    events = [event(TENTH_MS + 1, kind="Refunded", chargedCents=250), event(TENTH_MS), event(TENTH_MS - 1)]
    vendor.answer = lambda path, body: page_text(events, 3)
    answers = fetch(NINTH, TENTH)
    assert (answers[NINTH].state, answers[NINTH].reason) == (State.AVAILABLE, "")
    assert (answers[TENTH].state, answers[TENTH].reason) == (State.AVAILABLE, "unknown_kind")
    assert "cursor_usage_events 2026-11-10: usageEvents.kind is 'Refunded' on 1 events" in answers[TENTH].message
    assert [(row["kind"], row["kind_class"], row["charged_usd"]) for row in answers[TENTH].rows] == [
        ("Refunded", "unknown", Decimal("2.5")), ("Usage-based", "usage_based", Decimal("0.04"))]


def test_a_failed_window_fails_each_of_its_days_and_the_others_go_on(vendor):
    november = TENTH_MS - 9 * DAY_MS

    def answer(path, body):
        return (400, {"error": "Bad Request", "message": "no"}) if body["startDate"] < november else page_text([], 0)

    vendor.answer = answer
    answers = fetch(date(2026, 10, 1), date(2026, 10, 2), TENTH)
    assert [answers[day].reason for day in sorted(answers)] == ["bad_request", "bad_request", ""]
    assert answers[TENTH].state is State.ZERO


def test_page_two_failing_gives_no_part_of_the_day(vendor):
    def answer(path, body):
        return page_text([event(TENTH_MS)], 2, has_next=True) if body["page"] == 1 else (404, {"error": "gone"})

    vendor.answer = answer
    assert (fetch(TENTH)[TENTH].reason, fetch(TENTH)[TENTH].rows) == ("not_found", ())


def test_today_is_not_asked_for(vendor, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-10")
    vendor.answer = lambda path, body: page_text([], 0)
    answers = fetch(NINTH, TENTH, ELEVENTH)
    assert [answers[day].reason for day in (NINTH, TENTH, ELEVENTH)] == ["", "day_not_closed", "day_not_closed"]
    assert vendor.requests[0][1]["endDate"] == TENTH_MS - 1


@pytest.mark.parametrize(
    ("key", "state", "reason", "said"),
    [
        ("crsr_wrong", State.MISSING, "unauthorized", "Invalid Team API Key"),
        ("crsr_plan", State.FORBIDDEN, "forbidden", "Enterprise access required"),
    ],
)
def test_a_refused_key_is_asked_for_once_and_reported_on_every_day(
    cursor_sandbox, monkeypatch, key, state, reason, said
):
    cursor_sandbox()
    monkeypatch.setenv("CURSOR_API_KEY", key)
    answers = fetch(date(2026, 11, 3), TENTH)
    assert {(answer.state, answer.reason) for answer in answers.values()} == {(state, reason)}
    assert all(said in answer.message and key not in answer.message for answer in answers.values())


def test_after_a_refused_key_no_further_window_is_asked_for(vendor):
    vendor.answer = lambda path, body: (401, {"code": "error", "message": "Invalid Team API Key"})
    assert len(fetch(date(2026, 11, 3), TENTH)) == 2
    assert len(vendor.requests) == 1


def test_a_passing_server_error_is_asked_again(cursor_sandbox):
    cursor_sandbox(fault="filtered-usage-events:503:1")
    assert fetch(TENTH)[TENTH].state is State.AVAILABLE


def test_a_truncated_body_is_no_data(cursor_sandbox):
    cursor_sandbox(fault="filtered-usage-events:truncated-json")
    assert (fetch(TENTH)[TENTH].state, fetch(TENTH)[TENTH].reason) == (State.MISSING, "malformed")


@pytest.mark.parametrize(
    "switches",
    [{}, {"cursor_kinds": "label"}, {"cursor_kinds": "enum"}, {"cursor_seams": "3"}],
    ids=["as-is", "labels", "enums", "seams"],
)
def test_every_event_and_cent_of_the_simulated_team_arrives(cursor_sandbox, monkeypatch, switches):
    monkeypatch.setattr("agent_spend.sources.cursor.windows.PAGE_SIZE", 100)
    scenario = cursor_sandbox(**switches).scenario
    key = answer_key(scenario)
    sums, person_days, counts = defaultdict(Decimal), defaultdict(Decimal), {}
    for answer in fetch(*scenario.calendar).values():
        rows = EVENTS_FEED.table(answer).to_pylist()
        counts[answer.day.isoformat()] = len(rows)
        for row in rows:
            sums[row["kind_class"]] += row["charged_usd"]
            if row["kind_class"] == "usage_based" and row["service_account_id"] is None:
                person_days[row["user_email"], row["usage_day"].isoformat()] += row["charged_usd"]
    assert counts == key["events_by_day"]
    assert sums["usage_based"] == Decimal(key["on_demand_usd"]["total"])
    assert sums["included"] == Decimal(key["included_usd"]["total"])
    assert person_days == {
        (email, day): Decimal(usd) for email, days in key["on_demand_usd"]["by_person_day"].items()
        for day, usd in days.items()
    }


def test_single_days_add_up_to_the_range(cursor_sandbox):
    scenario = cursor_sandbox().scenario
    whole = fetch(*scenario.calendar)
    for day in scenario.calendar[5:12]:
        assert [*fetch(day)[day].rows] == [*whole[day].rows]


def test_the_key_never_shows_in_what_is_kept(cursor_sandbox):
    cursor_sandbox()
    [page] = fetch(TENTH)[TENTH].raw
    assert "crsr_sandbox" not in f"{page.url} {page.headers} {page.body}"


def test_later_windows_are_read_side_by_side(vendor):
    first, both_are_asked = TENTH_MS - 89 * DAY_MS, threading.Barrier(2, timeout=10)

    def answer(path, body):
        if body["startDate"] != first:
            both_are_asked.wait()
        return page_text([event(body["startDate"])], 1)

    vendor.answer = answer
    days = [TENTH - timedelta(days=n) for n in reversed(range(90))]
    assert sum(len(found.rows) for found in fetch(*days).values()) == 3


def test_the_events_of_a_day_come_as_batches_to_the_last_one(vendor):
    vendor.answer = lambda path, body: page_text([event(TENTH_MS + n) for n in range(30)], 30)
    found = fetch(TENTH)[TENTH]
    assert isinstance(found.rows, Spool)
    first = datetime(2026, 11, 10, tzinfo=UTC)
    assert EVENTS_FEED.table(found)["event_at"].to_pylist() == [first + timedelta(milliseconds=n) for n in range(30)]
