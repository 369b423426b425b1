"""The simulated Copilot records: the seeded incidents, nothing like them by chance, and the oddities of real files."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from agent_spend.sandbox.copilot_records import org_records, user_records
from agent_spend.sandbox.copilot_usage import answer_key
from agent_spend.sandbox.scenario import Scenario

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
USUAL = Scenario(end_day=date(2026, 11, 22))


def known_credits(scenario: Scenario, day: date, is_restated: bool) -> dict[int, Decimal]:
    records = user_records(scenario, day, is_restated)
    return {r["user_id"]: r["ai_credits_used"] for r in records if r.get("ai_credits_used") is not None}


@pytest.mark.parametrize("is_restated", [True, False])
@pytest.mark.parametrize("scenario", [SMALL, USUAL, Scenario(developers=20, days=50, seed=3)])
def test_only_the_seeded_person_triples_over_the_floor(scenario, is_restated):
    rises = []
    for day in scenario.calendar[1:]:
        before = known_credits(scenario, day - timedelta(days=1), is_restated)
        for user, value in known_credits(scenario, day, is_restated).items():
            if before.get(user) and value >= 50 and value >= 3 * before[user]:
                rises.append((user, day))
    assert rises == [(500_001, scenario.incidents.spike_day)]


def test_the_first_publication_lacks_30_credits_of_one_person_and_day():
    first = sum(sum(known_credits(SMALL, day, False).values()) for day in SMALL.calendar)
    final = sum(sum(known_credits(SMALL, day, True).values()) for day in SMALL.calendar)
    assert final - first == Decimal(30)


def test_a_leaver_has_no_record_after_the_last_day():
    days = [day for day in SMALL.calendar for r in user_records(SMALL, day) if r["user_id"] == 500_008]
    assert SMALL.incidents.leave_day == date(2026, 11, 16)
    assert days and max(days) <= date(2026, 11, 16)


def test_the_unmatched_login_has_credits_every_working_day():
    days = [day for day in SMALL.calendar for r in user_records(SMALL, day) if r["user_login"] == "contractor-9_acme"]
    assert days == [day for day in SMALL.calendar if day.weekday() < 5]


def test_organization_files_together_hold_one_more_row_than_the_enterprise_file():
    day = SMALL.incidents.spike_day
    both = org_records(SMALL, "acme-core", day) + org_records(SMALL, "acme-apps", day)
    assert sorted(r["user_id"] for r in both) == sorted([*(r["user_id"] for r in user_records(SMALL, day)), 500_005])


def test_odd_credits_occur_in_the_smallest_company():
    records = [record for day in SMALL.calendar for record in user_records(SMALL, day)]
    values = [record.get("ai_credits_used", "absent") for record in records]
    assert {"absent", None, Decimal(0), Decimal("0.00001"), Decimal("17.300000000000001")} <= set(values)
    assert any("used_agent" not in record and record.get("ai_credits_used") for record in records)


def test_the_answer_key_names_the_alert_and_both_silences():
    key = answer_key(SMALL)
    assert [(a["user_id"], a["usage_day"], a["baseline"], a["observed"], a["ratio"]) for a in key["alerts"]] == [
        (500_001, "2026-11-12", "100", "300", "3")
    ]
    assert [(s["user_id"], s["baseline"], s["observed"]) for s in key["silences"]] == [
        (500_002, "100", "299"), (500_003, "1", "4")
    ]


def test_the_answer_keys_sums_agree_with_each_other():
    key = answer_key(USUAL)
    total = Decimal(key["total_credits"])
    assert sum(map(Decimal, key["credits_by_month"].values())) == total
    assert sum(map(Decimal, key["credits_by_week"].values())) == total
    people = sum(Decimal(value) for days in key["credits_by_person_id"].values() for value in days.values())
    assert people + Decimal(key["unmatched_credits"]) == total
    assert Decimal(key["list_usd"]) == total / 100
