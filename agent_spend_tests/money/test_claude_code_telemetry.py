"""Claude Code's own OpenTelemetry, from files to the ledger: human or headless, seat or key, and never counted twice."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.project import feeds
from agent_spend.settings import Settings
from agent_spend.sources.land import land

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
CONSOLE_ORG, TEAM_ORG = "7c0f6e2a", "11112222"
ADA = {"user.email": "Ada@acme.test", "organization.id": TEAM_ORG, "user.account_uuid": "a-1", "user.id": "i-1"}
BEN = {"user.email": "ben@acme.test", "organization.id": CONSOLE_ORG, "user.account_uuid": "b-1", "user.id": "i-2"}
KEY = {"user.id": "i-3"}


def pairs(values):
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: str(value) if isinstance(value, int) else value}}
            for key, value in values.items()]


def nanos(day, hour=9, minute=0):
    return str(int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000_000)


def point(day, value, minute=0, **said):
    number = {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}
    said = {key.replace("__", "."): text for key, text in said.items()}
    return {"startTimeUnixNano": nanos(day, 8), "timeUnixNano": nanos(day, 9, minute), "attributes": pairs(said)} | number


def metric(name, *points, temporality=1):
    return {"name": name, "sum": {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": list(points)}}


def export(*metrics, **resource):
    resource = {"service.name": "claude-code", **resource}
    return json.dumps({"resourceMetrics": [
        {"resource": {"attributes": pairs(resource)}, "scopeMetrics": [{"metrics": list(metrics)}]}]})


def call(session, who, client, usd, day=MONDAY, **said):
    """A log event ``claude_code.api_request``."""
    said = {"event.name": "api_request", "session.id": session, "request_id": f"req_{session}", "model": "claude-opus-5-5",
            "cost_usd": usd, "duration_ms": 1000, "input_tokens": 100, "output_tokens": 10, "cache_read_tokens": 0,
            "cache_creation_tokens": 0, "prompt.id": "p", "terminal.type": client, **who, **said}
    record = {"timeUnixNano": nanos(day), "body": {"stringValue": "claude_code.api_request"}, "attributes": pairs(said)}
    return json.dumps({"resourceLogs": [{"resource": {"attributes": pairs({"service.name": "claude-code"})},
                                         "scopeLogs": [{"logRecords": [record]}]}]})


@pytest.fixture
def telemetry(company, tmp_path, monkeypatch):
    """``telemetry(logs, metrics)`` lands the lines and gives a company whose Console organisation and seats are known."""

    def start(logs=(), metrics=()):
        for setting, name, lines in (("AGENT_TRACES_URI", "logs", logs), ("CLAUDE_CODE_METRICS_URI", "metrics", metrics)):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "a.json").write_text("".join(line + "\n" for line in lines))
            monkeypatch.setenv(setting, str(folder))
        found = company("int_usage")
        days = [MONDAY, TUESDAY, WEDNESDAY]
        for feed in ("agent_spans", "claude_code_metrics"):
            land(feeds()[feed], days, Settings.from_environment())
        found.feed("claude_code_usage", *(
            {"usage_day": day, "actor_type": "api_actor", "customer_type": "api", "organization_id": CONSOLE_ORG,
             "is_remote": False, "input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0,
             "cache_creation_tokens": 0, "estimated_usd": "0"} for day in days))
        found.feed("claude_seats", *(
            {"usage_day": day, "person_email": "ada@acme.test", "plan": "standard", "source": "team_csv"} for day in days))
        found.build("int_agent__outcome", "int_agent__run", "int_agent__call", days=days)
        return found

    return start


def ledger(company, *names):
    rows = company.rows("int_usage", "usage_day, actor_kind, auth_kind, actor_id")
    return [tuple(row[name] for name in names) for row in rows if row["vendor"] == "custom_agents"]


def test_log_events_tell_human_from_headless_and_seat_from_key(telemetry):
    company = telemetry(logs=[
        call("s1", ADA, "vscode", 0.5), call("s2", ADA, "non-interactive", 0.25),
        call("s3", BEN, "iTerm.app", 0.125), call("s4", KEY, "github-actions", 1.5)])
    assert ledger(company, "actor_kind", "auth_kind", "person_hint", "list_usd") == [
        ("interactive", "api_key", "ben@acme.test", Decimal("0.125")),
        ("interactive", "seat", "ada@acme.test", Decimal("0.5")),
        ("machine", "api_key", None, Decimal("1.5")),
        ("machine", "seat", "ada@acme.test", Decimal("0.25")),
    ]


def metrics_of(who, client, usd, day=MONDAY, minute=0, **more):
    said = {key.replace(".", "__"): value for key, value in who.items()} | {
        "model": "claude-opus-5-5", "query_source": "main", "terminal__type": client, "session__id": f"{client}-{minute}"}
    return export(
        metric("claude_code.cost.usage", point(day, usd, minute, **said)),
        metric("claude_code.token.usage", point(day, 100, minute, type="input", **said),
               point(day, 20, minute, type="cacheRead", **said)), **more)


def test_metrics_give_the_same_decision_for_whoever_sends_no_log_events(telemetry):
    company = telemetry(metrics=[
        metrics_of(ADA, "vscode", 0.5), metrics_of(ADA, "vscode", 0.25, minute=1), metrics_of(ADA, "sdk-py", 0.75),
        metrics_of(BEN, "cli", 0.125), metrics_of(KEY, "github-actions", 1.5), metrics_of(KEY, "teletype", 2.0)])
    assert ledger(company, "actor_kind", "auth_kind", "actor_id", "quantity", "list_usd", "price_state") == [
        ("headless", "api_key", "claude_install:i-3", 120, Decimal("1.5"), "reported"),
        ("headless", "seat", "ada@acme.test", 120, Decimal("0.75"), "reported"),
        ("interactive", "api_key", "ben@acme.test", 120, Decimal("0.125"), "reported"),
        ("interactive", "seat", "ada@acme.test", 240, Decimal("0.75"), "reported"),
        ("not_split", "api_key", "claude_install:i-3", 120, Decimal(2), "reported"),
    ]


def test_a_user_who_sends_both_is_counted_from_the_log_events_only(telemetry):
    company = telemetry(logs=[call("s1", ADA, "vscode", 0.5)], metrics=[
        metrics_of(ADA, "vscode", 0.5), metrics_of(BEN, "cli", 0.125), metrics_of(ADA, "vscode", 3.0, day=TUESDAY)])
    assert ledger(company, "usage_day", "actor_id", "list_usd") == [
        (MONDAY, "ben@acme.test", Decimal("0.125")), (MONDAY, "ada@acme.test", Decimal("0.5")),
        (TUESDAY, "ada@acme.test", Decimal(3))]


def test_tokens_without_a_stated_cost_are_priced_from_the_book(telemetry):
    said = {"model": "claude-opus-5-5", "user__id": "i-3", "terminal__type": "cli"}
    company = telemetry(metrics=[export(metric("claude_code.token.usage", point(MONDAY, 1_000_000, type="output", **said)))])
    assert ledger(company, "list_usd", "price_state", "attribution_mode") == [(Decimal(20), "priced", "derived")]


def test_fast_tokens_are_priced_as_fast_ones_beside_the_others_of_the_same_user(telemetry):
    said = {"type": "output", "model": "claude-opus-5-5", "user__id": "i-3", "terminal__type": "cli"}
    points = [point(MONDAY, 1_000_000, speed="fast", **said), point(MONDAY, 1_000_000, minute=1, speed="normal", **said)]
    company = telemetry(metrics=[export(metric("claude_code.token.usage", *points))])
    assert sorted(row[0] for row in ledger(company, "list_usd")) == [20, 40]


def fetched(*days):
    return {answer.day: answer for answer in feeds()["claude_code_metrics"].fetch(days, Settings.from_environment())}


def test_a_point_delivered_twice_counts_once_and_other_signals_are_passed_over(telemetry):
    line = metrics_of(ADA, "vscode", 0.5)
    company = telemetry(metrics=[line, line, call("s1", ADA, "vscode", 9.0), metrics_of(ADA, "vscode", 1.0, WEDNESDAY)])
    assert ledger(company, "usage_day", "list_usd") == [(MONDAY, Decimal("0.5")), (WEDNESDAY, Decimal(1))]
    answers = fetched(MONDAY, TUESDAY, WEDNESDAY, WEDNESDAY + timedelta(days=1))
    assert [answer.state for answer in answers.values()] == [
        State.AVAILABLE, State.ZERO, State.AVAILABLE, State.MISSING]


@pytest.mark.parametrize(("value", "temporality", "reason", "words"), [
    (1.0, 2, "not_delta", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta"),
    (-1.0, 1, "bad_value", "claude_code.cost.usage is -1"),
])
def test_a_day_that_cannot_be_summed_is_an_error_that_names_file_line_and_remedy(telemetry, value, temporality, reason, words):
    good = metrics_of(ADA, "vscode", 1.0, day=TUESDAY)
    bad = export(metric("claude_code.cost.usage", point(MONDAY, value, model="claude-opus-5-5"), temporality=temporality))
    telemetry(metrics=[good, bad])
    answers = fetched(MONDAY, TUESDAY)
    assert (answers[MONDAY].reason, answers[TUESDAY].state) == (reason, State.AVAILABLE)
    assert "a.json line 2" in answers[MONDAY].message and words in answers[MONDAY].message


def test_unreadable_lines_are_said_and_lose_nothing_else(telemetry):
    telemetry(metrics=["{broken", metrics_of(ADA, "vscode", 1.0)])
    answer = fetched(MONDAY)[MONDAY]
    assert answer.state is State.AVAILABLE
    assert answer.message == "a.json: 1 lines are not OTLP/JSON; use the Collector's format: json"
