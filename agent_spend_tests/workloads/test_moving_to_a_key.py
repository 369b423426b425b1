"""From spans to the ledger of findings: a workload on a seat is found, moves to a key, and its history stays."""

from datetime import UTC, datetime, timedelta

import pytest
from workload_company import DAYS, INVENTORY, at

from agent_spend.alerts import findings
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings


@pytest.fixture
def spans(company):
    """Lands one span of the workload a day, builds the models behind the inventory, and runs the check."""
    stored: list[dict] = []
    company.rows.clear()
    company.changed.clear()

    def land(day, auth, now) -> list[dict]:
        identity = {"seat": "jonas@acme.test", "api_key": "litellm_key:9f2c"}[auth]
        stored.append({
            "usage_day": day, "trace_id": f"t{day}", "span_id": "1", "name": "invoke_workflow release_notes", "kind": 1,
            "started_at": at(day, 3), "ended_at": at(day, 3, 4), "status_code": 1, "span_class": "inference",
            "service_name": "release-notes", "environment": "prod", "workflow": "release_notes", "provider": "anthropic",
            "model": "claude-sonnet-5-5", "input_tokens": 1_000_000, "output_tokens": 100_000, "auth_hint": auth,
            "billing_identity": identity, "run_span_id": "1", "run_workflow": "release_notes",
        })
        company.write("agent_spans", *stored)
        company.write("roster_members", *[
            {"usage_day": landed["usage_day"], "person_id": "E1009", "name": "Jonas Jung", "email": "jonas@acme.test",
             "org": "Platform", "squad": "runtime", "source": "hr_csv"} for landed in stored])
        company.build("int_agent__call", "int_agent__run", "dim_person", "fct_usage_day", *INVENTORY[1:], days=[day])
        findings.record(company.lake, "prod_workload_on_seat", None, company.findings("prod_workload_on_seat"), now)
        return findings.read(Lake(Settings.from_environment().lake_uri), "prod_workload_on_seat")

    return land


MORNING = datetime(2026, 11, 20, 6, tzinfo=UTC)


def test_moving_the_workload_to_a_key_clears_the_finding_on_the_next_run_and_keeps_its_history(spans):
    (opened,) = spans(DAYS[24], "seat", MORNING)
    assert (opened["status"], opened["subject"], opened["usage_day"], opened["person_id"]) == (
        "open", "release_notes", DAYS[24], "E1009")
    assert "the seat of Jonas Jung since 2026-11-19, last on 2026-11-19: 3.00 USD (list)" in opened["explanation"]

    (still,) = spans(DAYS[25], "seat", MORNING + timedelta(days=1))
    assert (still["finding_id"], still["status"], still["first_seen_at"]) == (opened["finding_id"], "open", MORNING)

    (gone,) = spans(DAYS[26], "api_key", MORNING + timedelta(days=2))
    assert (gone["finding_id"], gone["status"], gone["first_seen_at"], gone["resolved_at"]) == (
        opened["finding_id"], "resolved", MORNING, MORNING + timedelta(days=2))

    (back,) = spans(DAYS[27], "seat", MORNING + timedelta(days=3))
    assert (back["finding_id"], back["status"]) == (opened["finding_id"], "open")


def test_a_seat_that_machines_share_is_found_and_a_person_on_many_machines_is_not(company):
    export = {"usage_day": DAYS[-1], "user_email": "Jonas@acme.test", "organization_id": "org-1"}
    company.write("claude_seats", {"usage_day": DAYS[-1], "person_email": "jonas@acme.test", "plan": "premium"})
    company.write(
        "claude_code_metrics",
        *[export | {"install_id": f"ci-{n}", "client": "github-actions"} for n in range(3)],
        *[export | {"install_id": f"laptop-{n}", "client": "vscode"} for n in range(5)])
    company.audit()
    (row,) = company.findings("seat_shared_by_machines")
    assert (row["subject"], row["observed"]) == ("E1009", 3)
    company.write("claude_code_metrics", *[export | {"install_id": f"ci-{n}", "client": "github-actions"} for n in range(2)])
    company.audit()
    assert company.findings("seat_shared_by_machines") == []


def test_a_key_in_staging_does_not_clear_production_on_a_seat(company):
    company.traced_runs([at(day, 3) for day in DAYS[::7]])
    company.traced_runs([at(day, 4) for day in DAYS], auth_kind="api_key", environment="staging", owner_email=None)
    verdicts = {(row["auth_kind"], row["environment"]): row["verdict"] for row in company.audit()}
    assert verdicts == {("seat", "prod"): "prod_on_seat", ("api_key", "staging"): "ok"}


def test_the_inventory_keeps_both_lines_of_a_workload_that_moved(spans, company):
    spans(DAYS[24], "seat", MORNING)
    spans(DAYS[25], "api_key", MORNING)
    assert [(row["auth_kind"], row["verdict"], row["last_seen_day"]) for row in sorted(
        company.read("rpt_auth_audit"), key=lambda row: row["auth_kind"])] == [
        ("api_key", "ok", DAYS[25]), ("seat", "moved_to_key", DAYS[24])]
