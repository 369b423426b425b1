from datetime import UTC, date, datetime

from agent_spend.alerts import findings
from agent_spend.engines.duckdb import DuckDBEngine

NOW = datetime(2026, 11, 13, 6, 0, tzinfo=UTC)
DAY = date(2026, 11, 12)


def report(company) -> list[dict]:
    catalog = company.catalog
    return DuckDBEngine(catalog, company.lake).run(catalog.models["rpt_findings"]).to_pylist()


def test_the_report_is_empty_before_the_first_finding(company):
    assert report(company) == []


def test_the_report_shows_open_and_resolved_findings_with_their_kind(company):
    company.write("rpt_manager__credit_day", {
        "usage_day": DAY, "login": "ben", "org": "Payments", "credits": "300", "previous_credits": "100",
        "previous_state": "known", "is_provisional": False})
    company.write("rpt_coverage", {"feed": "agent_spans", "usage_day": DAY, "last_attempt": "timeout"})
    for name, days in (("copilot_credits_tripled", [DAY]), ("feed_failed", None)):
        findings.record(company.lake, name, days, company.rows(name), NOW)
    findings.record(company.lake, "feed_failed", None, [], NOW)
    rows = sorted(report(company), key=lambda row: row["kind"])
    assert [(row["kind"], row["vendor"], row["status"]) for row in rows] == [
        ("copilot_credits_tripled", "github_copilot", "open"), ("feed_failed", "custom_agents", "resolved"),
    ]
    assert (rows[0]["usage_day"], rows[0]["first_seen_at"], rows[0]["notified_at"]) == (DAY, NOW, None)


def test_the_report_matches_its_header(company):
    assert company.catalog.schemas["rpt_findings"].names == list(company.catalog.models["rpt_findings"].columns)
