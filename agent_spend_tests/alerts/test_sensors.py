from datetime import UTC, datetime

import dagster as dg
import pytest

from agent_spend.alerts import findings
from agent_spend.alerts.sensors import failed_runs_to_findings, findings_to_slack
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings

NOW = datetime(2026, 11, 13, 6, 0, tzinfo=UTC)
RUN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def lake(monkeypatch, tmp_path) -> Lake:
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))
    return Lake(Settings.from_environment().lake_uri)


@dg.asset
def claude_api_usage() -> None:
    raise dg.Failure("anthropic: GET /v1/organizations/usage_report/messages answered 401: invalid x-api-key")


def test_the_sensor_sends_and_reports_that_the_ledger_changed(lake, slack, found, monkeypatch):
    server = slack()
    monkeypatch.setenv("SLACK_WEBHOOK_URL", server.webhook)
    monkeypatch.setenv("AGENT_SPEND_PAGE_URL", "https://spend.acme.test")
    found()
    result = findings_to_slack()(dg.build_sensor_context())
    assert result.skip_reason.skip_message == "1 finding sent in 1 message, 0 findings wait"
    assert [event.asset_key.to_user_string() for event in result.asset_events] == ["findings"]
    assert "<https://spend.acme.test|Open the page>" in server.shown[0]


def test_the_sensor_is_quiet_without_slack(lake, found):
    found()
    result = findings_to_slack()(dg.build_sensor_context())
    assert "Slack is not connected" in result.skip_reason.skip_message
    assert result.asset_events == []


def test_the_sensor_survives_a_broken_slack(lake, slack, found, monkeypatch):
    server = slack()
    server.options["slack_mode"] = "500"
    monkeypatch.setenv("SLACK_WEBHOOK_URL", server.webhook)
    found()
    result = findings_to_slack()(dg.build_sensor_context())
    assert result.skip_reason.skip_message == "nothing sent; 1 finding waits: Slack answered 500 server_error"


def test_the_sensor_asks_for_the_refresh_job_after_a_delivery(lake, slack, found, monkeypatch):
    server = slack()
    monkeypatch.setenv("SLACK_WEBHOOK_URL", server.webhook)
    found()
    job = dg.define_asset_job("refresh", "*")
    definitions = dg.Definitions(assets=[claude_api_usage], jobs=[job], sensors=[findings_to_slack(job)])
    repository = definitions.get_repository_def()
    sensor = repository.get_sensor_def("findings_to_slack")
    with dg.build_sensor_context(repository_def=repository) as context:
        (request,) = sensor.evaluate_tick(context).run_requests
    assert request.run_key == findings.read(lake)[0]["finding_id"]


def test_a_failed_run_becomes_one_finding_that_slack_hears_of_once(lake, slack, monkeypatch):
    server = slack()
    monkeypatch.setenv("SLACK_WEBHOOK_URL", server.webhook)
    job = dg.Definitions(assets=[claude_api_usage], jobs=[dg.define_asset_job("feeds", "*")]).resolve_job_def("feeds")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_id=RUN_ID)
        context = dg.build_run_status_sensor_context(
            "failed_runs_to_findings", result.get_run_failure_event(), instance, result.dagster_run
        ).for_run_failure()
        for _ in range(2):
            failed_runs_to_findings(context)
    (finding,) = findings.read(lake)
    assert (finding["kind"], finding["subject"]) == ("run_failed", f"run {RUN_ID}")
    assert finding["explanation"] == (
        "Run 00000000 of feeds failed: claude_api_usage: anthropic: GET /v1/"
        "organizations/usage_report/messages answered 401: invalid x-api-key"
    )
    for _ in range(2):
        findings_to_slack()(dg.build_sensor_context())
    assert len(server.messages) == 1
