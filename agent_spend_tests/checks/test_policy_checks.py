"""The policy checks over a hand-made inventory: one finding a workload or key, and only while it is so."""

from datetime import date
from decimal import Decimal

import pytest

FIRST, LAST = date(2026, 10, 19), date(2026, 11, 22)


def workload(**more):
    return {
        "workload": "release_notes", "workload_kind": "traced workflow", "vendor": "custom_agents", "auth_kind": "seat",
        "environment": "prod", "owner": "Jonas Jung", "person_id": "E1009", "org": "Platform", "first_seen_day": FIRST,
        "last_seen_day": LAST, "list_usd_28d": "5.2018101", "evidence": "spans name the workflow",
        "verdict": "prod_on_seat", "confidence": "high",
    } | more


def key(**more):
    return {
        "vendor": "anthropic", "key_id": "apikey_01A", "workload": "checkout-prod", "key_name": "checkout-prod",
        "environment": "prod", "cost_center": "CC-410", "owner_email": "lead@acme.test", "is_claude_code": False,
        "is_prod": True, "is_prod_workspace": False, "first_used_day": FIRST, "last_used_day": LAST, "list_usd": "48.6",
        "is_current": True,
    } | more


def test_a_production_workload_on_a_seat_is_one_error_with_the_owner_from_its_first_day(company):
    company.write("rpt_auth_audit", workload())
    (row,) = company.rows("prod_workload_on_seat")
    assert (row["severity"], row["subject"], row["person_id"], row["org"], row["usage_day"], row["amount_usd"]) == (
        "ERROR", "release_notes", "E1009", "Platform", FIRST, Decimal("5.2018101"))
    assert row["explanation"] == (
        "Production workload release_notes has run on the seat of Jonas Jung since 2026-10-19, last on 2026-11-22: "
        "5.20 USD (list) in 28 days; give it a machine key (confidence high; evidence: spans name the workflow)"
    )


@pytest.mark.parametrize("verdict", [
    "ok", "automated_on_seat", "suspected_on_seat", "person_background", "moved_to_key", "stopped", "untagged_key",
])
def test_no_other_verdict_is_production_on_a_seat(company, verdict):
    company.write("rpt_auth_audit", workload(verdict=verdict))
    assert company.rows("prod_workload_on_seat") == []


def key_rows(company, check, *keys):
    company.write("rpt_auth_audit", workload())
    company.write("int_workload__key", *keys)
    return company.rows(check)


def test_a_key_without_tags_is_one_finding_from_its_first_day(company):
    untagged = key(workload="apikey_01A", key_name="test key 2", environment=None, cost_center=None)
    (row,) = key_rows(company, "untagged_key", untagged, key(key_id="tagged"))
    assert (row["usage_day"], row["subject"], row["amount_usd"]) == (FIRST, "apikey_01A", Decimal("48.6"))
    assert row["explanation"] == (
        "Key apikey_01A (test key 2 in the console) has no environment and no cost center in the key registry; used "
        "since 2026-10-19, 48.60 USD (list) in 28 days"
    )


def test_a_key_minted_by_claude_code_is_not_untagged_and_needs_no_owner(company):
    minted = key(is_claude_code=True, environment=None, cost_center=None, owner_email=None)
    assert key_rows(company, "untagged_key", minted) == []
    assert key_rows(company, "key_without_owner", minted) == []


def test_a_key_that_stopped_is_no_longer_untagged(company):
    assert key_rows(company, "untagged_key", key(environment=None, is_current=False)) == []


def test_a_rotated_key_is_one_finding(company):
    old, new = key(key_id="old", owner_email=None, list_usd="1"), key(key_id="new", owner_email=None, list_usd="2.5")
    (row,) = key_rows(company, "key_without_owner", old, new)
    assert row["explanation"] == (
        "Key checkout-prod has no owner in the key registry; used since 2026-10-19, 3.50 USD (list) in 28 days")


def test_an_owner_who_left_owns_nothing(company):
    (row,) = key_rows(company, "key_without_owner", key(owner_left_day=date(2026, 11, 1)))
    assert "belongs to lead@acme.test, who left on 2026-11-01" in row["explanation"]


def test_a_key_with_a_second_environment_names_both_and_what_says_so(company):
    shared = key(other_environment="staging", other_environment_rule="tag of its workspace")
    (row,) = key_rows(company, "key_in_two_environments", shared, key(key_id="b", workload="other"))
    assert row["explanation"] == (
        "Key checkout-prod stands in prod and in staging (tag of its workspace); give each environment a key of its "
        "own; 48.60 USD (list) in 28 days"
    )


def test_a_production_key_at_a_terminal_is_an_error_with_dates_and_sessions(company):
    used = key(interactive_sessions=7, interactive_first_day=date(2026, 11, 2), interactive_last_day=date(2026, 11, 5),
               interactive_terminals="vscode")
    (row,) = key_rows(company, "prod_key_used_interactively", used, key(key_id="b", workload="other"))
    assert (row["severity"], row["usage_day"]) == ("ERROR", date(2026, 11, 2))
    assert row["explanation"] == (
        "Production key checkout-prod was used by Claude Code at a terminal (vscode) from 2026-11-02 to 2026-11-05, 7 "
        "sessions; give the person a key or seat of their own"
    )


@pytest.mark.parametrize("less", [{"is_prod": False}, {"interactive_sessions": None}])
def test_interactive_use_of_other_keys_is_nobodys_business(company, less):
    assert key_rows(company, "prod_key_used_interactively", key(interactive_sessions=7) | less) == []


def test_a_minted_key_tagged_as_production_is_used_interactively_and_personal(company):
    minted = key(is_claude_code=True, principal_email="ben@acme.test")
    assert len(key_rows(company, "prod_key_used_interactively", minted)) == 1
    assert len(key_rows(company, "personal_key_in_prod", minted)) == 1


def test_a_personal_key_in_a_production_workspace_names_the_person(company):
    personal = key(environment=None, is_prod=False, is_prod_workspace=True, principal_email="ada@acme.test")
    (row,) = key_rows(company, "personal_key_in_prod", personal, key(key_id="b", workload="other"))
    assert "Personal key checkout-prod of ada@acme.test is used in production since 2026-10-19 (tag of its workspace)" in (
        row["explanation"])


def test_three_workloads_on_one_seat_are_shared_and_two_are_not(company):
    two = [workload(workload=name) for name in ("a", "b")]
    company.write("rpt_auth_audit", *two, workload(workload="c", verdict="person_background"))
    assert company.rows("seat_shared_by_machines") == []
    company.write("rpt_auth_audit", *two, workload(workload="c", verdict="automated_on_seat"))
    (row,) = company.rows("seat_shared_by_machines")
    assert row["explanation"] == (
        "3 automated workloads (custom_agents) sign in with the seat of Jonas Jung: a, b, c; give each of them a key of "
        "its own"
    )


def test_three_machines_without_a_person_on_one_seat_and_day_are_shared_and_two_on_each_of_two_days_are_not(company):
    on = {"seat": "E1009", "person_id": "E1009", "name": "Jonas Jung", "org": "Platform"}
    company.write("int_workload__seat_machine", on | {"usage_day": FIRST, "machines": 2}, on | {"usage_day": LAST, "machines": 2})
    assert company.rows("seat_shared_by_machines") == []
    company.write("int_workload__seat_machine", on | {"usage_day": FIRST, "machines": 4}, on | {"usage_day": LAST, "machines": 3})
    (row,) = company.rows("seat_shared_by_machines")
    assert (row["vendor"], row["subject"], row["usage_day"], row["observed"], row["baseline"]) == (
        "anthropic", "E1009", FIRST, Decimal(4), Decimal(3))
    assert row["explanation"] == (
        "Claude Code without a person at it signed in with the seat of Jonas Jung on 4 machines in one day, last on "
        "2026-11-22; give each of them a key of its own")


def test_deleted_workload_rules_are_named(company):
    seed = company.sql_dir / "policies" / "workload_rules.csv"
    lines = [line for line in seed.read_text().splitlines() if not line.startswith(("quiet_days", "prod_environment"))]
    seed.write_text("\n".join(lines).replace("window_days,28", "window_days,four weeks") + "\n")
    assert sorted(row["subject"] for row in company.rows("workload_rules_missing")) == [
        "prod_environment", "quiet_days", "window_days"]


def test_a_fresh_install_has_every_workload_rule(company):
    assert company.rows("workload_rules_missing") == []
