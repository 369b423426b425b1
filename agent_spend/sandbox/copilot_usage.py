"""Copilot's part of the answer key, computed from the simulated records and from nothing of the product's own code."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from agent_spend.partitions import month_start
from agent_spend.sandbox.copilot_billing import SEAT_USD, credits_on, pool_in, seat_quantity_on, seats_in
from agent_spend.sandbox.copilot_directory import ENTERPRISE_TEAM, champions, team_people
from agent_spend.sandbox.copilot_records import RESTATED_CREDITS, UNMATCHED_USER_ID, user_records
from agent_spend.sandbox.scenario import ENTERPRISE, GITHUB_ORGS, Scenario

LIST_USD_PER_CREDIT = Decimal("0.01")


def answer_key(scenario: Scenario) -> dict:
    """What every correct reader of the simulated reports must find, once the restatement is published.

    Returns:
        Exact decimals as strings without exponent, days as ISO dates, ISO weeks by their Monday, months as
        ``YYYY-MM``. Records whose credits are absent or null are in no sum; they are counted in ``unknown_records``.
    """
    people = {person.github_user_id: person.person_id for person in scenario.people}
    by_user: dict[int, dict[str, Decimal]] = defaultdict(dict)
    unknown: list[dict] = []
    for day in scenario.calendar:
        for record in user_records(scenario, day):
            if record.get("ai_credits_used") is None:
                state = "null" if "ai_credits_used" in record else "absent"
                unknown.append({"user_id": record["user_id"], "usage_day": record["day"], "state": state})
            else:
                by_user[record["user_id"]][record["day"]] = record["ai_credits_used"]
    flat = [(user, day, value) for user, days in by_user.items() for day, value in days.items()]
    total = sum(value for _, _, value in flat)
    return {
        "credits_by_user_id": {str(user): _plain(days) for user, days in sorted(by_user.items())},
        "credits_by_person_id": {people[user]: _plain(days) for user, days in by_user.items() if user in people},
        "credits_by_month": _sums((day[:7], value) for _, day, value in flat),
        "credits_by_week": _sums((_monday(day), value) for _, day, value in flat),
        "credits_by_day": _sums((day, value) for _, day, value in flat),
        "total_credits": _text(total),
        "list_usd": _text(total * LIST_USD_PER_CREDIT),
        "list_usd_by_month": _sums((day[:7], value * LIST_USD_PER_CREDIT) for _, day, value in flat),
        "unmatched_credits": _text(sum(value for user, _, value in flat if user == UNMATCHED_USER_ID)),
        "unmatched_user_id": UNMATCHED_USER_ID,
        "records_by_day": {day.isoformat(): len(user_records(scenario, day)) for day in scenario.calendar},
        "unknown_records": unknown,
        "restatement": _restatement(scenario),
        "billing_by_month": {month: _bill(scenario, month) for month in sorted({day[:7] for _, day, _ in flat})},
        "seats": _seats(scenario),
        "team_members": {
            ENTERPRISE: {ENTERPRISE_TEAM: sorted(person.github_user_id for person in champions(scenario))},
        } | {
            org: {slug: sorted(person.github_user_id for person in people) for slug, people in teams.items()}
            for org, teams in ((org, team_people(scenario, org)) for org in GITHUB_ORGS)
        },
        **_spikes(scenario),
    }


def _spikes(scenario: Scenario) -> dict:
    incidents = scenario.incidents

    def spike(person, before: int, after: int, why: str) -> dict:
        return {
            "person_id": person.person_id, "user_id": person.github_user_id,
            "user_login": scenario.login_of(person, incidents.spike_day),
            "usage_day": incidents.spike_day.isoformat(), "baseline": str(before), "observed": str(after),
            "ratio": _text(Decimal(after) / before), "why": why,
        }

    return {
        "alerts": [spike(incidents.spike_person, 100, 300, "three times the day before and over the floor of 50")],
        "silences": [
            spike(incidents.near_spike_person, 100, 299, "just under three times"),
            spike(incidents.low_spike_person, 1, 4, "four times, but under the floor of 50"),
        ],
    }


def _bill(scenario: Scenario, month: str) -> dict:
    days = [day for day in scenario.calendar if f"{day:%Y-%m}" == month]
    gross = sum(credits_on(scenario, day) for day in days)
    pool = pool_in(scenario, days[0])
    covered = min(gross, pool)
    return {
        "seats": seats_in(scenario, days[0]), "pool_credits": _text(pool), "gross_credits": _text(gross),
        "gross_usd": _text(gross * LIST_USD_PER_CREDIT), "covered_usd": _text(covered * LIST_USD_PER_CREDIT),
        "billed_usd": _text((gross - covered) * LIST_USD_PER_CREDIT),
        "seat_usd_of_loaded_days": _text(sum(seat_quantity_on(scenario, day) for day in days) * SEAT_USD),
        "seat_usd_of_whole_month": _text(seats_in(scenario, days[0]) * SEAT_USD),
    }


def _seats(scenario: Scenario) -> dict:
    leaver = scenario.incidents.leaver
    is_ending = scenario.is_employed(leaver, month_start(scenario.end_day)) and not scenario.is_employed(
        leaver, scenario.end_day
    )
    return {
        "people": seats_in(scenario, scenario.end_day),
        "ending_user_ids": [leaver.github_user_id] if is_ending else [],
    }


def _restatement(scenario: Scenario) -> dict:
    incidents = scenario.incidents
    final = next(
        record["ai_credits_used"]
        for record in user_records(scenario, incidents.restated_day)
        if record["user_id"] == incidents.restated_person.github_user_id
    )
    return {
        "person_id": incidents.restated_person.person_id, "user_id": incidents.restated_person.github_user_id,
        "usage_day": incidents.restated_day.isoformat(),
        "first_credits": _text(final - RESTATED_CREDITS), "final_credits": _text(final),
    }


def _monday(day: str) -> str:
    parsed = date.fromisoformat(day)
    return (parsed - timedelta(days=parsed.weekday())).isoformat()


def _sums(pairs) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for key, value in pairs:
        sums[key] += value
    return {key: _text(value) for key, value in sorted(sums.items())}


def _plain(days: dict[str, Decimal]) -> dict[str, str]:
    return {day: _text(value) for day, value in sorted(days.items())}


def _text(value: Decimal | int) -> str:
    return format(Decimal(value), "f")
