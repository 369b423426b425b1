"""Automated workloads are found with their evidence; people at work are not, whatever their hours."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from workload_company import DAYS, JONAS, at, human_hours, workdays


def only(rows: list[dict], **wanted) -> dict:
    (row,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return row


def test_a_production_cron_on_a_seat_is_found_from_cadence_entrypoint_and_absence_of_the_person(company):
    company.ledger(workdays())
    company.traced_runs([at(day, 3, 2) for day in DAYS])
    row = only(company.audit(), workload="release_notes")
    assert (row["verdict"], row["confidence"], row["auth_kind"], row["environment"]) == (
        "prod_on_seat", "high", "seat", "prod")
    assert (row["owner"], row["person_id"], row["org"]) == ("Jonas Jung", "E1009", "Platform")
    assert (row["first_seen_day"], row["last_seen_day"]) == (DAYS[0], DAYS[-1])
    assert (row["list_usd_28d"], row["key_usd_28d"]) == (Decimal("2.8"), Decimal("3.36"))
    assert row["evidence"] == (
        "spans name the workflow; signs in with a person's seat; used on 28 of 28 days, 8 of 8 weekend days, 28 starts; "
        "28 days have a start in hour 03 UTC (night), 28 of them about 03:02: the rhythm of a clock; the person used "
        "nothing else on 8 of these days"
    )


#: Starts of a job that a clock starts, and how its evidence tells them.
CLOCKS = {
    "every hour": ([at(day, hour) for day in DAYS for hour in range(24)],
                   "672 starts; 28 days have a start in hour 00 UTC (night)"),
    "with jitter": ([at(day, 3, 30 + (7 * n) % 9) for n, day in enumerate(DAYS)],
                    "28 of them about 03:34: the rhythm of a clock"),
    "with two days missing": ([at(day, 3) for day in DAYS if day.day not in (7, 8)],
                              "26 of them about 03:00: the rhythm of a clock"),
    "moved by the end of summer time": ([at(day, 7 if day < date(2026, 11, 1) else 8) for day in DAYS], "no fixed hour"),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_production_job_on_a_seat_is_found_however_its_clock_runs(company, clock):
    starts, evidence = CLOCKS[clock]
    company.ledger(workdays())
    company.traced_runs(starts)
    row = only(company.audit(), workload="release_notes")
    assert row["verdict"] == "prod_on_seat"
    assert evidence in row["evidence"]


def test_a_production_workflow_on_a_seat_without_a_fixed_hour_is_still_on_a_seat(company):
    company.ledger(DAYS)
    company.traced_runs(human_hours(1, DAYS, 0, 24))
    row = only(company.audit(), workload="release_notes")
    assert (row["verdict"], row["confidence"]) == ("prod_on_seat", "medium")
    assert row["evidence"].endswith("; no fixed hour")


def test_the_same_cron_outside_production_is_listed_and_is_no_error(company):
    company.traced_runs([at(day, 3) for day in DAYS], environment="staging")
    assert only(company.audit(), workload="release_notes")["verdict"] == "automated_on_seat"
    assert company.findings("prod_workload_on_seat") == []


#: Starts of a developer's own Claude Code sessions, which their telemetry tags as production.
PEOPLE = {
    "office hours": human_hours(2, workdays(), 8, 17),
    "every day of the week": human_hours(3, DAYS, 8, 20),
    "at night": human_hours(4, [day for day in DAYS if day.weekday() not in (0, 1)], 0, 5),
    "every night of the month": human_hours(5, DAYS, 0, 5),
    "always between two and three": human_hours(6, DAYS, 2, 3),
    "a night shift that starts at two sharp": [at(day, 2) for day in DAYS] + human_hours(11, DAYS, 2, 6),
    "on call in the second week": human_hours(7, workdays(), 9, 18) + human_hours(8, DAYS[7:14], 1, 5, starts=2),
    "nine o'clock sharp on working days, in another time zone": [at(day, 0, 1) for day in workdays()]
    + human_hours(12, workdays(), 0, 8),
    "weekends only": human_hours(13, [day for day in DAYS if day.weekday() >= 5], 10, 22),
    "three days in the month": human_hours(14, [DAYS[2], DAYS[11], DAYS[20]], 9, 18),
    "bursts like a pipeline's": [at(day, 14, minute) for day in workdays() for minute in range(0, 30)],
    "from half past eight sharp": [at(day, 8, 30) for day in DAYS] + human_hours(9, DAYS, 8, 17),
}


def test_an_interactive_developer_on_a_seat_is_never_a_finding(company):
    people = [JONAS | {"person_id": habit, "name": habit, "email": f"{habit.replace(' ', '.')}@acme.test"} for habit in PEOPLE]
    company.write("dim_person", *people)
    for person in people:
        starts, email = PEOPLE[person["name"]], person["email"]
        days = sorted({start.date() for start in starts})
        company.traced_runs(starts, workflow=None, service="claude-code", environment="prod", owner_email=email)
        company.events(starts, user_email=email)
        company.claude_code(days, "tmux", sessions=lambda day: 3, actor_email=email)
        company.ledger(days, vendor="cursor", series="cursor_included", actor_kind="interactive", unit="tokens",
                       person_id=person["person_id"])
    assert company.audit() == []
    assert company.findings("prod_workload_on_seat") == []


def test_a_developer_who_uses_nothing_but_claude_code_every_day_is_not_listed(company):
    company.claude_code(DAYS, "iTerm.app")
    company.claude_code(DAYS, "web", is_remote=True)
    assert company.audit() == []


def test_a_developer_in_an_unlisted_terminal_is_not_listed(company):
    company.claude_code(DAYS, "some-new-terminal", sessions=lambda day: 1 + day.day % 3)
    assert company.audit() == []


def test_an_unlisted_terminal_with_the_same_session_every_day_while_the_person_is_away_is_suspected(company):
    company.ledger(workdays())
    company.claude_code(DAYS, "dumb")
    row = only(company.audit(), workload="jonas@acme.test")
    assert (row["workload_kind"], row["verdict"], row["confidence"]) == ("unlisted terminal", "suspected_on_seat", "low")


def test_a_clock_hidden_in_a_persons_sessions_is_suspected_and_only_its_own_money_is_counted(company):
    company.events(human_hours(10, workdays(), 9, 17) + [at(day, 3, 1) for day in DAYS])
    row = only(company.audit(), vendor="cursor")
    assert (row["workload_kind"], row["verdict"], row["confidence"]) == ("session", "suspected_on_seat", "low")
    assert row["list_usd_28d"] == Decimal("5.6")
    assert row["evidence"].startswith("no marker: only the clock says so; signs in with a person's seat")


def test_headless_claude_code_on_a_seat_is_listed_with_the_person_and_the_days(company):
    company.ledger(workdays())
    company.claude_code(DAYS, "non-interactive")
    company.claude_code(workdays(), "vscode")
    row = only(company.audit(), vendor="anthropic")
    assert (row["workload_kind"], row["verdict"], row["confidence"], row["owner"], row["list_usd_28d"]) == (
        "headless client", "automated_on_seat", "high", "Jonas Jung", Decimal(70))
    assert row["evidence"] == (
        "Claude Code terminal non-interactive has no person at it; signs in with a person's seat; used on 28 of 28 days, "
        "8 of 8 weekend days, 28 starts; the vendor reports days, not hours; the person used nothing else on 8 of these "
        "days"
    )


def test_a_person_who_runs_a_headless_command_now_and_then_is_background_and_no_finding(company):
    company.ledger(DAYS)
    company.claude_code([DAYS[1], DAYS[18], DAYS[19]], "non-interactive")
    row = only(company.audit(), vendor="anthropic")
    assert (row["verdict"], row["confidence"]) == ("person_background", "low")


def test_each_cursor_automation_is_a_workload_of_its_own(company):
    company.write("key_registry", *[
        {"usage_day": day, "vendor": "cursor", "key_id": "sa_1", "key_name": "automation-b", "environment": "prod",
         "cost_center": "CC-1", "owner_email": "lead@acme.test"} for day in DAYS])
    company.events([at(day, 6) for day in DAYS], automation_id="a", cloud_agent_id="bc-1")
    company.events([at(day, 7) for day in DAYS], automation_id="b", cloud_agent_id="bc-2", service_account_id="sa_1",
                   user_email="automation-b@acme.test")
    company.events([at(DAYS[22], 11)], cloud_agent_id="bc-3")
    company.ledger(DAYS, vendor="cursor", series="cursor_on_demand", auth_kind="service_account", actor_kind="machine",
                   actor_id="sa_1", person_id=None)
    found = {(row["workload"], row["auth_kind"], row["verdict"], row["owner"]) for row in company.audit()}
    assert found == {
        ("automation-a", "seat", "automated_on_seat", "Jonas Jung"),
        ("automation-b", "service_account", "ok", "lead@acme.test"),
        ("jonas@acme.test", "seat", "person_background", "Jonas Jung"),
    }


def api_key(key_id, days, **more):
    return {"vendor": "anthropic", "surface": "claude_api", "series": "claude_api_key", "auth_kind": "api_key",
            "actor_kind": "machine", "actor_id": key_id, "key_id": key_id, "person_id": None, "unit": "tokens",
            "list_usd": "1.5"} | more


def register(company, *keys):
    company.write("key_registry", *[
        {"usage_day": day, "vendor": "anthropic", "cost_center": "CC-1", "environment": "prod"} | key
        for day in DAYS for key in keys])


def test_a_rotated_key_is_one_workload(company):
    register(company, {"key_id": "old", "key_name": "ranker"}, {"key_id": "new", "key_name": "ranker"})
    company.ledger(DAYS[:14], **api_key("old", DAYS))
    company.ledger(DAYS[14:], **api_key("new", DAYS))
    row = only(company.audit(), workload_kind="machine key")
    assert (row["workload"], row["key_id"], row["list_usd_28d"], row["verdict"], row["owner"]) == (
        "ranker", "new", Decimal(42), "ok", "CC-1")
    assert "2 keys of one name" in row["evidence"]


def test_a_key_tagged_today_is_tagged_for_all_its_days(company):
    company.ledger(DAYS, **api_key("forgotten", DAYS))
    assert only(company.audit(), workload="forgotten")["verdict"] == "untagged_key"
    company.write("key_registry", {"usage_day": DAYS[-1], "vendor": "anthropic", "key_id": "forgotten",
                                   "environment": "dev", "cost_center": "CC-1", "owner_email": "jonas@acme.test"})
    row = only(company.audit(), workload="forgotten")
    assert (row["verdict"], row["environment"], row["owner"]) == ("ok", "dev", "Jonas Jung")


def test_a_workload_not_seen_for_two_weeks_has_stopped(company):
    company.traced_runs([at(day, 3) for day in DAYS[:14]])
    assert only(company.audit(), workload="release_notes")["verdict"] == "stopped"


def test_a_new_workload_of_a_few_days_has_no_rhythm_yet(company):
    company.traced_runs([at(day, 3) for day in DAYS[-5:]], environment=None)
    row = only(company.audit(), workload="release_notes")
    assert (row["verdict"], row["confidence"], row["first_seen_day"]) == ("automated_on_seat", "medium", date(2026, 11, 18))


def test_a_job_of_working_days_only_has_a_rhythm_too(company):
    company.traced_runs([at(day, 22, 30) + timedelta(minutes=day.day % 4) for day in workdays()])
    row = only(company.audit(), workload="release_notes")
    assert "20 days have a start in hour 22 UTC (night), 20 of them about 22:31: the rhythm of a clock" in row["evidence"]


def test_headless_claude_code_on_a_persons_own_key_is_listed_as_a_key_of_that_person(company):
    company.claude_code(DAYS, "non-interactive", customer_type="api")
    company.claude_code(DAYS, "vscode", customer_type="api")
    row = only(company.audit(), vendor="anthropic")
    assert (row["auth_kind"], row["verdict"], row["owner"], row["list_usd_28d"]) == ("api_key", "ok", "Jonas Jung", Decimal(70))


def test_an_identity_override_names_the_owner_of_a_seat(company):
    company.write("identity_overrides", *[
        {"usage_day": day, "vendor": "anthropic", "identifier": "jj@private.test", "person_id": "E1009"} for day in DAYS])
    company.claude_code(DAYS, "non-interactive", actor_email="jj@private.test")
    row = only(company.audit(), vendor="anthropic")
    assert (row["workload"], row["owner"], row["person_id"]) == ("jj@private.test", "Jonas Jung", "E1009")
