"""The simulated company's Copilot consumption: one record a user and UTC day, in the users-1-day wire shape.

Shape and meaning follow GitHub's usage metrics reference: ``ai_credits_used`` is gross consumption in credits
(1 credit = 0.01 USD list), a missing key means "not said", 0 means zero, and idle people have no record at all.
"""

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from agent_spend.sandbox.scenario import GITHUB_ORGS, Person, Scenario

ENTERPRISE_ID = "7001"
ORGANIZATION_IDS = dict(zip(GITHUB_ORGS, ("8101", "8102"), strict=True))
UNMATCHED_USER_ID = 599_009
UNMATCHED_ORG = GITHUB_ORGS[0]
#: What the first publication of ``restated_day`` lacks for ``restated_person``.
RESTATED_CREDITS = Decimal(30)

#: The odd record shapes a real file mixes in, taken in turn by the two people of ``_ODD_PEOPLE``. Those people stay
#: under the alert floor, so that a tiny or unknown value is never followed by an accidental threefold rise.
_ODD_SHAPES = ("plain", "absent_key", "plain", "null", "zero", "reduced", "many_digits", "tiny")
_ODD_PEOPLE = (10, 11)
_ODD_CREDITS = {
    "null": None,
    "zero": Decimal(0),
    "many_digits": Decimal("17.300000000000001"),
    "tiny": Decimal("0.00001"),
}
_COUNTERS = (
    "user_initiated_interaction_count", "code_generation_activity_count", "code_acceptance_activity_count",
    "loc_suggested_to_add_sum", "loc_suggested_to_delete_sum", "loc_added_sum", "loc_deleted_sum",
)


@lru_cache(maxsize=4096)
def user_records(scenario: Scenario, day: date, is_restated: bool = True) -> tuple[dict, ...]:
    """The enterprise's records of ``day``, sorted by user id; empty outside the scenario's days.

    Args:
        is_restated: ``False`` gives the figures first published, which lack :data:`RESTATED_CREDITS` for one person.
    """
    if not scenario.first_day <= day <= scenario.end_day:
        return ()
    records = [_person_record(scenario, person, day, is_restated) for person in scenario.people]
    if scenario.is_working_day(day):
        records.append(_unmatched_record(scenario, day))
    return tuple(record for record in records if record is not None)


def org_records(scenario: Scenario, org: str, day: date, is_restated: bool = True) -> list[dict]:
    """The records of ``org``'s members; a member of two orgs is repeated whole in both, as GitHub does."""
    members = {person.github_user_id for person in scenario.people if org in person.github_orgs}
    if org == UNMATCHED_ORG:
        members.add(UNMATCHED_USER_ID)
    return [
        {"organization_id": ORGANIZATION_IDS[org], **record}
        for record in user_records(scenario, day, is_restated)
        if record["user_id"] in members
    ]


def _person_record(scenario: Scenario, person: Person, day: date, is_restated: bool) -> dict | None:
    fixed = _incident_credits(scenario, person, day, is_restated)
    rng = scenario.rng("copilot", person.number, day)
    # Drawn in a fixed order, before any early return, so that a record never depends on which branch was taken.
    presence, factor, reduced_draw = rng.random(), Decimal(rng.randint(700, 1400)) / 1000, rng.random()
    if not scenario.is_employed(person, day):
        return None
    if fixed is None and presence > (0.93 if scenario.is_working_day(day) else 0.06):
        return None
    shape = "reduced" if reduced_draw < 0.06 else "plain"
    credits = fixed if fixed is not None else round(_level(scenario, person) * factor, 3)
    if person.number in _ODD_PEOPLE and fixed is None:
        shape = _ODD_SHAPES[(day.toordinal() + person.number) % len(_ODD_SHAPES)]
        credits = _ODD_CREDITS.get(shape, credits)
    record = _wire(rng, person.github_user_id, scenario.login_of(person, day), day, credits, shape == "reduced")
    if shape == "absent_key":
        del record["ai_credits_used"]
    return record


def _incident_credits(scenario: Scenario, person: Person, day: date, is_restated: bool) -> Decimal | None:
    """The exact value an incident prescribes for this person and day, if one does."""
    incidents = scenario.incidents
    if person == incidents.restated_person and day == incidents.restated_day:
        return Decimal("120.5") - (0 if is_restated else RESTATED_CREDITS)
    if day not in (incidents.spike_day, incidents.spike_day - timedelta(days=1)):
        return None
    for spiking, before, after in (
        (incidents.spike_person, 100, 300), (incidents.near_spike_person, 100, 299), (incidents.low_spike_person, 1, 4)
    ):
        if person == spiking:
            return Decimal(after if day == incidents.spike_day else before)
    return None


@lru_cache(maxsize=4096)
def _level(scenario: Scenario, person: Person) -> Decimal:
    """A person's usual credits a working day. Days vary by 0.7 to 1.4, so no day is three times the one before."""
    incidents = scenario.incidents
    if person in (incidents.spike_person, incidents.near_spike_person, incidents.restated_person):
        return Decimal(90)
    if person == incidents.low_spike_person:
        return Decimal(2)
    rng = scenario.rng("copilot-level", person.number)
    is_light = person.number in _ODD_PEOPLE or (person.number > max(_ODD_PEOPLE) and person.number % 10 in (0, 1))
    return Decimal(rng.randint(4, 25) if is_light else rng.randint(120, 320))


def _unmatched_record(scenario: Scenario, day: date) -> dict:
    rng = scenario.rng("copilot", "unmatched", day)
    credits = round(Decimal(60) * rng.randint(700, 1400) / 1000, 3)
    return _wire(rng, UNMATCHED_USER_ID, scenario.incidents.unmatched_login, day, credits, False)


def _wire(rng, user_id: int, login: str, day: date, credits: Decimal | None, is_reduced: bool) -> dict:
    record = {
        "day": day.isoformat(), "enterprise_id": ENTERPRISE_ID, "user_id": user_id, "user_login": login,
        "ai_credits_used": credits, **dict.fromkeys(_COUNTERS, 0),
    }
    if is_reduced:
        return record
    record |= {name: rng.randint(0, 60) for name in _COUNTERS}
    used_cli, used_cloud_agent = rng.random() < 0.4, rng.random() < 0.15
    record |= {
        "used_agent": rng.random() < 0.7, "used_chat": rng.random() < 0.9, "used_cli": used_cli,
        "used_copilot_app": False, "used_copilot_cloud_agent": used_cloud_agent,
        "used_copilot_coding_agent": used_cloud_agent, "used_copilot_code_review_active": None,
        "ai_adoption_phase": {"phase": "Phase 2", "phase_number": 2, "version": "v1"},
        "totals_by_ide": [], "totals_by_language_feature": [], "totals_by_language_model": [],
        "totals_by_model_feature": [], "totals_by_feature": [
            {"feature": "agent_edit", **{name: record[name] for name in _COUNTERS}}
        ],
    }
    if used_cli:
        requests, prompt_tokens, output_tokens = rng.randint(4, 40), rng.randint(9_000, 90_000), rng.randint(900, 9_000)
        record["totals_by_cli"] = {
            "session_count": rng.randint(1, 4), "request_count": requests, "prompt_count": rng.randint(1, 9),
            "token_usage": {
                "prompt_tokens_sum": prompt_tokens, "output_tokens_sum": output_tokens,
                "avg_tokens_per_request": round(Decimal(prompt_tokens + output_tokens) / requests, 1),
            },
        }
    return record
