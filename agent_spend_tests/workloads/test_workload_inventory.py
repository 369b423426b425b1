"""Automated workloads are found with their evidence; people at work are not, whatever their hours."""

from datetime import date, datetime, timedelta
from decimal import Decimal

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
        "28 days have a start between 03:00 and 04:00 UTC (night), 28 of them about 03:02: the rhythm of a clock; the person "
        "used nothing else on 8 of these days"
    )


#: Starts of a job that a clock starts, and how its evidence tells them.
CLOCKS = {
    "every twenty minutes": ([at(day, 0) + timedelta(minutes=20 * n) for day in DAYS for n in range(72)],
                           "2016 starts; by day and by night without a rest: the rhythm of a clock"),
    "every hour": ([at(day, hour) for day in DAYS for hour in range(24)],
                   "672 starts; by day and by night without a rest: the rhythm of a clock"),
    "every two hours": ([at(day, hour, 7) for day in DAYS for hour in range(0, 24, 2)],
                        "336 starts; by day and by night without a rest: the rhythm of a clock"),
    "every six hours": ([at(day, hour, 7) for day in DAYS for hour in range(0, 24, 6)],
                        "28 days have a start between 00:00 and 01:00 UTC (night), 28 of them about 00:07"),
    "with jitter": ([at(day, 3, 30 + (7 * n) % 9) for n, day in enumerate(DAYS)],
                    "28 of them about 03:34: the rhythm of a clock"),
    "with jitter about the full hour": (
        [at(day, 2) + timedelta(minutes=(7 * n) % 9 - 4) for n, day in enumerate(DAYS)],
        "28 days have a start between 01:30 and 02:30 UTC (night), 28 of them about 02:00: the rhythm of a clock"),
    "with jitter about midnight": (
        [at(day, 0) + timedelta(minutes=(7 * n) % 9 - 4) for n, day in enumerate(DAYS[1:])],
        "27 days have a start between 23:30 and 00:30 UTC (night), 27 of them about 00:00: the rhythm of a clock"),
    "with two days missing": ([at(day, 3) for day in DAYS if day.day not in (7, 8)],
                              "26 of them about 03:00: the rhythm of a clock"),
    "moved by the end of summer time": (
        [at(day, 7 if day < date(2026, 11, 1) else 8) for day in DAYS],
        "28 days have a start between 03:00 and 04:00 America/New_York, 28 of them about 03:00: the rhythm of a clock"),
}


def test_a_production_job_on_a_seat_is_found_however_its_clock_runs(company):
    company.ledger(workdays())
    for clock, (starts, _) in CLOCKS.items():
        company.traced_runs(starts, workflow=clock)
    rows = {row["workload"]: row for row in company.audit()}
    assert {clock: row["verdict"] for clock, row in rows.items()} == dict.fromkeys(CLOCKS, "prod_on_seat")
    assert {clock: expected in rows[clock]["evidence"] for clock, (_, expected) in CLOCKS.items()} == dict.fromkeys(CLOCKS, True)


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


def every_minutes(days: list[date], first: int, last: int, minutes: int) -> list[datetime]:
    return [at(day, 0) + timedelta(minutes=n) for day in days for n in range(first * 60, last * 60, minutes)]


#: Starts of an unmarked job on a person's Cursor seat, besides the person's own on working days.
HIDDEN = {
    "every five minutes": every_minutes(DAYS, 0, 24, 5),
    "every hour": [at(day, hour, 2) for day in DAYS for hour in range(24)],
    "every two hours": [at(day, hour, 2) for day in DAYS for hour in range(0, 24, 2)],
    "with jitter about the full hour": [at(day, 2) + timedelta(minutes=(7 * n) % 9 - 4) for n, day in enumerate(DAYS)],
    "at eleven in New York, over the end of summer time": [at(day, 3 if day < date(2026, 11, 2) else 4) for day in DAYS],
}


def test_an_unmarked_job_every_six_hours_is_suspected_with_the_money_of_all_its_starts(company):
    company.events([at(day, hour, 5) for day in DAYS for hour in (0, 6, 12, 18)])
    row = only(company.audit(), vendor="cursor")
    assert (row["verdict"], row["list_usd_28d"], row["active_days"]) == ("suspected_on_seat", Decimal("22.4"), 28)


#: Habits of people who use nothing but Cursor, so that no other vendor tells that they are there.
CURSOR_ONLY = PEOPLE | {
    "all night long, every night": every_minutes(DAYS, 0, 6, 3),
    "from ten in the evening to four, every night": every_minutes(DAYS, 0, 4, 3) + every_minutes(DAYS, 22, 24, 3),
    "a loop every five minutes over three days and nights": human_hours(20, workdays(), 9, 17)
    + every_minutes(DAYS[14:17], 0, 24, 5),
    "an editor that indexes every ten minutes while it is open": every_minutes(workdays(), 7, 18, 10),
    "an editor left open for two weeks": human_hours(21, workdays(), 9, 17) + every_minutes(DAYS[14:], 0, 24, 10),
    "a pair in two time zones on one seat": human_hours(22, workdays(), 7, 15, 20) + human_hours(23, workdays(), 16, 24, 20),
    "three nights at two sharp": [at(day, 2) for day in DAYS[:3]],
    "nine nights at two sharp": [at(day, 2) for day in DAYS[-9:]],
}


def cursor_users(company, habits: dict[str, list[datetime]]) -> dict[str, dict]:
    """One person for each habit, who uses nothing but Cursor; the inventory's rows by habit."""
    emails = {f"{habit.replace(' ', '.').replace(',', '').lower()}@acme.test": habit for habit in habits}
    company.write("dim_person", *[JONAS | {"person_id": habit, "name": habit, "email": email} for email, habit in emails.items()])
    company.write("cursor_usage_events", *[
        {"user_email": email, "kind_class": "included", "charged_usd": "0.20", "usage_day": start.date(), "event_at": start}
        for email, habit in emails.items() for start in sorted(habits[habit])])
    rows = company.audit()
    return {emails[row["workload"]]: row for row in rows}


def test_a_person_who_uses_nothing_but_cursor_is_not_suspected(company):
    assert cursor_users(company, CURSOR_ONLY) == {}


def test_an_unmarked_job_beside_a_persons_own_sessions_is_suspected_however_its_clock_runs(company):
    own = human_hours(10, workdays(), 9, 17)
    rows = cursor_users(company, {habit: own + starts for habit, starts in HIDDEN.items()})
    assert {habit: (row["verdict"], row["confidence"], row["last_seen_day"]) for habit, row in rows.items()} == {
        habit: ("suspected_on_seat", "low", DAYS[-1]) for habit in HIDDEN}
    assert company.findings("prod_workload_on_seat") == []


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


def test_a_job_of_every_month_end_has_not_stopped_between_two_of_them(company):
    ends = [date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]
    company.ledger(ends)
    company.traced_runs([at(day, 23, 30) for day in ends])
    company.build("int_agent__run", "int_workload__start", days=ends)
    row = only(company.audit(), workload="release_notes")
    assert (row["verdict"], row["first_seen_day"], row["last_seen_day"]) == ("prod_on_seat", ends[0], ends[-1])
    assert "used on 1 of 23 days, 1 of 8 weekend days, 1 start; about 31 days apart" in row["evidence"]


def test_a_job_that_missed_its_month_end_has_stopped(company):
    ends = [date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30)]
    company.ledger(ends)
    company.traced_runs([at(day, 23, 30) for day in ends])
    company.build("int_agent__run", "int_workload__start", days=ends)
    row = only(company.audit(), workload="release_notes")
    assert (row["verdict"], row["list_usd_28d"]) == ("stopped", None)
    assert "used on 3 days, none of them recent; about 30 days apart" in row["evidence"]


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
    assert "20 days have a start between 22:00 and 23:00 UTC (night), 20 of them about 22:31" in row["evidence"]


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
