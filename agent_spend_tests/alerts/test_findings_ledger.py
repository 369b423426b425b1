from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from agent_spend.alerts import findings
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake

DAY = date(2026, 11, 12)
MONDAY = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
KIND = "copilot_credits_tripled"


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def row(day=DAY, subject="ben", observed="300", **more):
    return {"kind": KIND, "severity": "ERROR", "vendor": "github_copilot", "subject": subject, "person_id": "E1",
            "org": "Payments", "usage_day": day, "observed": Decimal(observed), "baseline": Decimal(100),
            "ratio": float(observed) / 100, "amount_usd": Decimal(2), "explanation": f"{subject} {observed}"} | more


def days_later(n: int) -> date:
    return DAY + timedelta(days=n)


def only(lake) -> dict:
    (found,) = findings.read(lake)
    return found


def test_a_new_row_is_an_open_finding_with_a_stable_id(lake):
    assert findings.record(lake, KIND, [DAY], [row()], MONDAY) == 1
    found = only(lake)
    # sha256 of kind, vendor, subject and day, separated by the unit separator; first 16 hex digits.
    assert found["finding_id"] == "317d8f761ed83865"
    assert (found["status"], found["first_seen_at"], found["notified_at"]) == ("open", MONDAY, None)
    assert (found["observed"], found["episode_start_day"]) == (Decimal(300), DAY)


def test_the_same_rows_again_commit_nothing(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    version = lake.version("findings")
    assert findings.record(lake, KIND, [DAY], [row()], TUESDAY) == 0
    assert lake.version("findings") == version


def test_a_check_that_never_found_anything_writes_no_table(lake):
    findings.record(lake, KIND, [DAY], [], MONDAY)
    assert not lake.exists("findings")


def test_changed_values_keep_when_it_was_seen_and_told(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.mark_notified(lake, findings.waiting(lake), MONDAY)
    findings.record(lake, KIND, [DAY], [row(observed="330")], TUESDAY)
    found = only(lake)
    assert (found["observed"], found["first_seen_at"], found["notified_at"]) == (Decimal(330), MONDAY, MONDAY)


def test_a_row_that_is_gone_on_an_evaluated_day_is_resolved_and_kept(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.record(lake, KIND, [DAY], [], TUESDAY)
    assert (only(lake)["status"], only(lake)["resolved_at"]) == ("resolved", TUESDAY)
    assert findings.waiting(lake) == []


def test_a_day_that_was_not_evaluated_keeps_its_findings(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    assert findings.record(lake, KIND, [days_later(1)], [], TUESDAY) == 0
    assert only(lake)["status"] == "open"


def test_a_check_without_days_resolves_whatever_is_gone(lake):
    findings.record(lake, KIND, None, [row()], MONDAY)
    findings.record(lake, KIND, None, [], TUESDAY)
    assert only(lake)["status"] == "resolved"


def test_other_kinds_are_left_alone(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.record(lake, "feed_failed", None, [], TUESDAY)
    findings.record(lake, "feed_failed", None, [row(kind="feed_failed")], TUESDAY)
    assert [(f["kind"], f["status"]) for f in findings.read(lake)] == [(KIND, "open"), ("feed_failed", "open")]


@pytest.mark.parametrize(("observed", "waits"), [("300", False), ("450", False), ("450.01", True), ("149", True)])
def test_a_row_that_comes_back_is_news_only_when_it_moved_by_more_than_half(lake, observed, waits):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.mark_notified(lake, findings.waiting(lake), MONDAY)
    findings.record(lake, KIND, [DAY], [], TUESDAY)
    findings.record(lake, KIND, [DAY], [row(observed=observed)], WEDNESDAY)
    assert (only(lake)["status"], only(lake)["first_seen_at"], only(lake)["resolved_at"]) == ("open", MONDAY, None)
    assert bool(findings.waiting(lake)) is waits


def test_only_the_first_day_of_an_episode_waits_for_a_message(lake):
    rows = [row(DAY), row(days_later(1)), row(days_later(2)), row(days_later(4)), row(DAY, subject="eva")]
    findings.record(lake, KIND, [days_later(n) for n in range(5)], rows, MONDAY)
    assert [(f["subject"], f["usage_day"]) for f in findings.waiting(lake)] == [
        ("ben", DAY), ("eva", DAY), ("ben", days_later(4))
    ]


def test_days_further_apart_are_one_episode_where_the_check_says_so(lake):
    findings.record(lake, KIND, [DAY], [row(DAY), row(days_later(3)), row(days_later(7))], MONDAY, episode_days=3)
    assert [f["usage_day"] for f in findings.waiting(lake)] == [DAY, days_later(7)]


def test_the_next_day_of_a_told_episode_is_silent(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.mark_notified(lake, findings.waiting(lake), MONDAY)
    findings.record(lake, KIND, [days_later(1)], [row(days_later(1))], TUESDAY)
    assert findings.waiting(lake) == []


def test_an_earlier_day_found_by_a_backfill_does_not_tell_the_episode_again(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.mark_notified(lake, findings.waiting(lake), MONDAY)
    findings.record(lake, KIND, [days_later(-1)], [row(days_later(-1))], TUESDAY)
    assert [f["episode_start_day"] for f in findings.read(lake)] == [days_later(-1), days_later(-1)]
    assert findings.waiting(lake) == []


def test_a_restated_first_day_does_not_announce_the_second(lake):
    findings.record(lake, KIND, [DAY, days_later(1)], [row(DAY), row(days_later(1))], MONDAY)
    findings.mark_notified(lake, findings.waiting(lake), MONDAY)
    findings.record(lake, KIND, [DAY], [], TUESDAY)
    assert findings.waiting(lake) == []


def test_a_first_day_that_vanished_before_anybody_was_told_hands_over_to_the_second(lake):
    findings.record(lake, KIND, [DAY, days_later(1)], [row(DAY), row(days_later(1))], MONDAY)
    findings.record(lake, KIND, [DAY], [], TUESDAY)
    assert [f["usage_day"] for f in findings.waiting(lake)] == [days_later(1)]


def test_acknowledging_silences_the_episode_but_keeps_it_visible(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    assert findings.acknowledge(lake, only(lake)["finding_id"][:6], TUESDAY)["status"] == "acknowledged"
    findings.record(lake, KIND, [DAY, days_later(1)], [row(), row(days_later(1))], WEDNESDAY)
    assert findings.waiting(lake) == []
    assert [f["status"] for f in findings.read(lake)] == ["acknowledged", "open"]


def test_an_acknowledged_finding_that_comes_back_stays_acknowledged(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.acknowledge(lake, only(lake)["finding_id"], MONDAY)
    findings.record(lake, KIND, [DAY], [], TUESDAY)
    findings.record(lake, KIND, [DAY], [row()], WEDNESDAY)
    assert only(lake)["status"] == "acknowledged"


@pytest.mark.parametrize("finding_id", ["", "nope"])
def test_an_unknown_id_cannot_be_acknowledged(lake, finding_id):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    with pytest.raises(ConfigurationError, match="no finding has the id"):
        findings.acknowledge(lake, finding_id, TUESDAY)


def test_a_resolved_finding_cannot_be_acknowledged(lake):
    findings.record(lake, KIND, [DAY], [row()], MONDAY)
    findings.record(lake, KIND, [DAY], [], TUESDAY)
    with pytest.raises(ConfigurationError, match="nothing to silence"):
        findings.acknowledge(lake, only(lake)["finding_id"], TUESDAY)


def test_a_finding_about_no_day_takes_the_day_it_was_first_seen(lake):
    findings.record(lake, KIND, None, [row(None)], MONDAY)
    findings.record(lake, KIND, None, [row(None)], WEDNESDAY)
    assert only(lake)["usage_day"] == date(2026, 11, 16)


def test_writers_of_one_kind_at_the_same_time_lose_nothing(lake):
    findings.record(lake, KIND, [], [row(subject="first")], MONDAY)
    told = findings.read(lake)

    def write(n: int) -> None:
        if n == 0:
            findings.mark_notified(lake, told, MONDAY)
        else:
            findings.record(lake, KIND, [], [row(subject=f"user-{n}")], MONDAY)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(5)))
    after = {f["subject"]: f["notified_at"] for f in findings.read(lake)}
    assert after == {"first": MONDAY, "user-1": None, "user-2": None, "user-3": None, "user-4": None}
