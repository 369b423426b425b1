"""The Collector's ClickHouse table gives the rows of the same spans in files; the real engine executes the queries."""

import importlib.util
import io
import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import requests
import urllib3
from agent_traces_otlp import DAY, FEED, attributes, line, nano, span

from agent_spend.errors import ConfigurationError, State
from agent_spend.sandbox.agent_traces import write_files
from agent_spend.sandbox.agent_traces_dialects import SECRET_WORDS
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources import http
from agent_spend.sources.agent_traces import clickhouse

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("chdb") is None, reason="chdb is not installed"),
    pytest.mark.xdist_group("clickhouse"),
]

KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
STATUSES = ("Unset", "Ok", "Error")
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7}
SIGNED_IN = {"X-ClickHouse-User": "otel", "X-ClickHouse-Key": "geheim"}


@pytest.fixture(scope="module")
def server():
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("clickhouse_server.py")], stdout=subprocess.PIPE, text=True
    )
    yield f"127.0.0.1:{int(process.stdout.readline())}"
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def table(server, monkeypatch):
    """The empty table; the settings point at it."""
    monkeypatch.setenv("AGENT_TRACES_URI", f"clickhouse://otel@{server}/otel?table=otel_traces")
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "geheim")
    for name in ("otel_traces", "json_traces", "otel_logs", "json_logs"):
        run(server, f"TRUNCATE TABLE otel.{name}")
    return server


def run(server, query):
    answer = requests.post(f"http://{server}/", data=query.encode(), headers=SIGNED_IN, timeout=60)
    assert answer.status_code == 200, answer.text


@pytest.fixture(params=["maps", "JSON"])
def either(request, table, monkeypatch):
    """The tables with attributes as maps, or as JSON: their names."""
    names = ("otel_traces", "otel_logs") if request.param == "maps" else ("json_traces", "json_logs")
    monkeypatch.setenv("AGENT_TRACES_URI", f"clickhouse://otel@{table}/otel?table={names[0]}&logs={names[1]}")
    return names


def insert(server, *lines, kinds=KINDS, statuses=STATUSES, into="otel_traces"):
    """What the exporter writes of an export request: text values (of their own kinds in JSON), enum words, a duration."""
    texts = values if into.startswith("json") else as_texts
    rows = []
    for one in lines:
        for group in json.loads(one)["resourceSpans"]:
            resource = texts(group["resource"]["attributes"])
            for scope in group["scopeSpans"]:
                for one_span in scope["spans"]:
                    began, ended = int(one_span["startTimeUnixNano"]), int(one_span["endTimeUnixNano"])
                    rows.append(
                        {
                            "Timestamp": f"{began // 10**9}.{began % 10**9:09d}",
                            "TraceId": one_span["traceId"].lower(),
                            "SpanId": one_span["spanId"].lower(),
                            "ParentSpanId": (one_span.get("parentSpanId") or "").lower(),
                            "SpanName": one_span["name"],
                            "SpanKind": kinds[one_span.get("kind", 0)],
                            "ServiceName": resource.get("service.name", ""),
                            "ResourceAttributes": resource,
                            "SpanAttributes": texts(one_span.get("attributes") or ()),
                            "Duration": ended - began,
                            "StatusCode": statuses[(one_span.get("status") or {}).get("code", 0)],
                            "Events.Attributes": [texts(event["attributes"]) for event in one_span.get("events", ())],
                            "Events.Name": [event["name"] for event in one_span.get("events", ())],
                            "Events.Timestamp": [int(event.get("timeUnixNano", 0)) / 1e9 for event in one_span.get("events", ())],
                            "Links.TraceId": [link["traceId"] for link in one_span.get("links", ())],
                            "Links.SpanId": [link["spanId"] for link in one_span.get("links", ())],
                            "Links.TraceState": ["" for _ in one_span.get("links", ())],
                            "Links.Attributes": [{} for _ in one_span.get("links", ())],
                        }
                    )
    run(server, f"INSERT INTO otel.{into} FORMAT JSONEachRow " + "\n".join(map(json.dumps, rows)))


def insert_logs(server, *records, into="otel_logs"):
    """What the exporter writes of log records."""
    said = values if into.startswith("json") else as_texts
    rows = [
        {
            "Timestamp": f"{int(record['timeUnixNano']) // 10**9}.0",
            "TraceId": record.get("traceId", ""),
            "SpanId": record.get("spanId", ""),
            "Body": record.get("body", {}).get("stringValue", ""),
            "ResourceAttributes": {"service.name": "claude-code"},
            "LogAttributes": said(record["attributes"]),
        }
        | ({"EventName": record.get("eventName", "")} if into.startswith("json") else {})
        for record in records
    ]
    run(server, f"INSERT INTO otel.{into} FORMAT JSONEachRow " + "\n".join(map(json.dumps, rows)))


def values(pairs):
    """As a JSON column gets them; of equal keys the first."""
    found = {}
    for pair in pairs:
        for kind, value in (pair.get("value") or {"stringValue": ""}).items():
            found.setdefault(pair["key"], int(value) if kind == "intValue" else value)
    return found


def as_texts(pairs):
    found = {}
    for pair in pairs:
        for kind, value in (pair.get("value") or {"stringValue": ""}).items():
            found.setdefault(pair["key"], str(value).lower() if kind == "boolValue" else str(value))
    return found


def answers(*days):
    found = list(FEED.fetch(days or (DAY,), Settings.from_environment()))
    for answer in found:
        FEED.table(answer)
    return found


def test_the_simulated_agents_give_the_rows_of_their_files(table, tmp_path, monkeypatch):
    scenario = Scenario(developers=12, days=21, seed=5, end_day=date(2026, 11, 22))
    days = scenario.calendar[-3:]
    write_files(scenario, tmp_path / "all")
    lines = [
        one
        for file in sorted((tmp_path / "all").rglob("traces-*.json"))
        for one in file.read_bytes().splitlines()
        if one.strip() and nano(f"{days[0]}T00:00:00") < re.search(r'"endTimeUnixNano": ?"?(\d+)', one.decode())[1]
    ]
    insert(table, *lines)
    monkeypatch.setattr(clickhouse, "SPANS_A_REQUEST", 500)
    from_table = answers(*days)
    (tmp_path / "same").mkdir()
    (tmp_path / "same/traces.json").write_bytes(b"\n".join(lines) + b"\n")
    monkeypatch.setenv("AGENT_TRACES_URI", str(tmp_path / "same"))
    from_files = answers(*days)

    for of_table, of_files in zip(from_table, from_files, strict=True):
        assert FEED.table(of_table).to_pylist() == FEED.table(of_files).to_pylist()
    assert sum(len(answer.rows) for answer in from_table) > 1000
    assert SECRET_WORDS not in str([answer.rows for answer in from_table])


def test_attributes_of_every_kind_events_and_links_are_read_from_maps_and_from_json(table, either):
    said = {**CHAT, "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cost": 0.00945, "gen_ai.request.model": "m-1.5",
            "task.success": False, "gen_ai.usage.cost_details": 1, "mlflow.spanType": '"LLM"'}  # fmt: skip
    workflow = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "triage"}
    resumed = span(said, trace="c" * 32, id="2" * 16) | {"links": [{"traceId": "a" * 32, "spanId": "1" * 16}]}
    verdict = {"gen_ai.evaluation.name": "task_success", "gen_ai.evaluation.score.label": "fail"}
    event = {"name": "gen_ai.evaluation.result", "timeUnixNano": nano("2026-11-20T12:00:04"), "attributes": attributes(verdict)}
    judged = span(workflow, id="3" * 16, trace="d" * 32) | {"events": [event]}
    insert(table, line(span(workflow, id="1" * 16), resumed, judged, resource={"deployment.environment": "prod"}), into=either[0])
    rows = {row["span_id"][0]: row for row in answers()[0].rows.to_pylist()}

    assert (rows["2"]["trace_id"], rows["2"]["run_span_id"], rows["2"]["environment"]) == ("a" * 32, "1" * 16, "prod")
    assert (rows["2"]["input_tokens"], rows["2"]["output_tokens"], rows["2"]["model"]) == (1000, 7, "m-1.5")
    assert (rows["2"]["reported_usd"], rows["2"]["task_success"]) == (Decimal("0.00945"), False)
    assert rows["3"]["task_success"] is False


def test_events_of_the_table_of_logs_are_read_and_no_others(table, either, monkeypatch):
    """Claude Code's cost joins its span; a verdict is the outcome; no words are selected."""
    words = "the customer's name is Mallory"
    at = {"timeUnixNano": nano("2026-11-20T12:00:05")}
    call = {"event.name": "api_request", "request_id": "req_1", "cost_usd": 0.0125, "input_tokens": 12, "prompt": words}
    verdict = {"event.name": "gen_ai.evaluation.result", "gen_ai.evaluation.name": "task_success",
               "gen_ai.evaluation.score.label": "pass", "gen_ai.evaluation.explanation": words}  # fmt: skip
    other = {"event.name": "user_prompt", "prompt": words}
    insert(table, line(span({"request_id": "req_1"}, name="claude_code.llm_request")), into=either[0])
    insert_logs(
        table,
        at | {"body": {"stringValue": "claude_code.api_request"}, "attributes": attributes(call)},
        at | {"body": {"stringValue": "claude_code.user_prompt"}, "attributes": attributes(other)},
        at | {"body": {"stringValue": words}, "attributes": attributes({"event.name": "app"})},
        at | {"traceId": "a" * 32, "spanId": "b" * 16, "attributes": attributes(verdict)},
        into=either[1],
    )
    received = []
    real = http.VendorSession.get
    monkeypatch.setattr(
        http.VendorSession, "get", lambda self, *all: received.append(answer := real(self, *all)) or answer
    )
    [row] = answers()[0].rows.to_pylist()

    assert (row["name"], row["reported_usd"], row["task_success"]) == ("claude_code.llm_request", Decimal("0.0125"), True)
    assert b"Mallory" not in b"".join(answer.body for answer in received)


def test_a_table_of_logs_that_is_not_there_is_named(table, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_URI", f"clickhouse://otel@{table}/otel?logs=otel_log")
    [answer] = answers()

    assert (answer.reason, "ClickHouse table `otel`.`otel_log`" in answer.message) == ("not_found", True)


@pytest.mark.parametrize("older", [False, True], ids=["words", "words of older builds"])
def test_kinds_statuses_and_times_are_those_of_otlp(table, older):
    spans = [
        span(id=f"{n + 1:016x}", parent="f" * 16 if n else "") | {"kind": n, "status": {"code": n % 3}} for n in range(6)
    ]
    if older:
        insert(
            table, line(*spans), kinds=[f"SPAN_KIND_{kind.upper()}" for kind in KINDS],
            statuses=[f"STATUS_CODE_{status.upper()}" for status in STATUSES],
        )  # fmt: skip
    else:
        insert(table, line(*spans))
    rows = answers()[0].rows.to_pylist()

    assert [(row["kind"], row["status_code"]) for row in rows] == [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 2)]
    assert {row["ended_at"] for row in rows} == {datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)}
    assert [row["parent_span_id"] for row in rows] == [None] + ["f" * 16] * 5


def test_words_with_quotes_line_ends_and_other_letters_come_through(table):
    odd = "caf\u00e9 \"x\"\n\\ 'y'"
    insert(table, line(span({"gen_ai.workflow.name": odd}, name="a\tb"), resource={"service.name": "\u4e2d"}))
    [row] = answers()[0].rows.to_pylist()

    assert (row["workflow"], row["name"], row["service_name"]) == (odd, "a\tb", "\u4e2d")


def test_a_trace_over_midnight_lies_on_the_day_it_ended(table):
    insert(
        table,
        line(
            span(CHAT, parent="c" * 16, start="2026-11-20T23:59:00", end="2026-11-20T23:59:59"),
            span(id="c" * 16, start="2026-11-20T23:58:00", end="2026-11-21T00:00:01"),
        ),
    )
    before, after = answers(date(2026, 11, 20), date(2026, 11, 21))

    assert (before.state, len(after.rows)) == (State.MISSING, 2)


def test_a_day_between_others_without_spans_is_zero_whatever_the_look_back(table):
    insert(table, line(span(start="2026-10-01T12:00:00", end="2026-10-01T12:00:01")))
    insert(table, line(span(trace="c" * 32, start="2026-11-21T12:00:00", end="2026-11-21T12:00:01")))
    [zero] = answers(date(2026, 11, 20))

    assert (zero.state, len(zero.rows)) == (State.ZERO, 0)


def test_words_of_prompts_never_leave_the_database(table, monkeypatch):
    words = "the customer's name is Mallory"
    said = {**CHAT, "gen_ai.input.messages": words, "gen_ai.prompt.0.content": words, "unheard.of": words}
    built = span(said) | {"events": [{"name": "x", "attributes": [{"key": "y", "value": {"stringValue": words}}]}]}
    insert(table, line(built, resource={"prompt": words}))
    received = []
    real = http.VendorSession.get

    def listened(self, *arguments):
        answer = real(self, *arguments)
        received.append(answer.body)
        return answer

    monkeypatch.setattr(http.VendorSession, "get", listened)
    [answer] = answers()

    assert len(answer.rows) == 1
    assert words.encode() not in b"".join(received)


def test_an_empty_table_says_so(table):
    assert (answers()[0].reason, answers()[0].message) == (
        "no_files",
        "agent_spans: ClickHouse table `otel`.`otel_traces` holds no span",
    )


@pytest.mark.parametrize(
    ("uri", "password", "reason", "remedy"),
    [
        ("clickhouse://otel@{}/otel?table=otel_trace", "geheim", "not_found", "fix table= in AGENT_TRACES_URI"),
        ("clickhouse://otel@{}/ote1", "geheim", "not_found", "fix the database in AGENT_TRACES_URI"),
        ("clickhouse://otel@{}/system?table=one", "geheim", "missing_field", "as the Collector's ClickHouse exporter creates it"),
        ("clickhouse://otel@{}/otel", "falsch", "unauthorized", "fix the user in AGENT_TRACES_URI or CLICKHOUSE_PASSWORD"),
        ("clickhouse://otel@{}/otel", "", "unauthorized", "fix the user in AGENT_TRACES_URI or CLICKHOUSE_PASSWORD"),
    ],
)
def test_what_clickhouse_refuses_is_said_with_the_remedy(table, monkeypatch, uri, password, reason, remedy):
    monkeypatch.setenv("AGENT_TRACES_URI", uri.format(table))
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", password)
    [answer] = answers()

    assert (answer.state, answer.reason) == (State.MISSING, reason)
    assert remedy in answer.message
    assert "falsch" not in answer.message


def test_a_user_without_the_grant_is_forbidden(table, monkeypatch):
    """ClickHouse answers 500 for it, which is otherwise worth another try."""
    said = "Code: 497. DB::Exception: otel: Not enough privileges. (ACCESS_DENIED)"
    monkeypatch.setattr(http, "_wait", lambda state: 0)
    monkeypatch.setattr(requests.Session, "request", lambda *_, **__: refused(500, said))
    [answer] = answers()

    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "Not enough privileges" in answer.message


def refused(status, said):
    answer = requests.Response()
    answer.status_code, answer.url = status, "http://127.0.0.1/"
    answer.raw = urllib3.HTTPResponse(io.BytesIO(said.encode()), preload_content=False)
    return answer


def test_a_password_in_the_uri_is_refused(table, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_URI", f"clickhouse://otel:geheim@{table}/otel")

    with pytest.raises(ConfigurationError, match="set CLICKHOUSE_PASSWORD instead") as refusal:
        answers()
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize("uri", ["clickhouse://otel@h:1/otel?table=a;b", "clickhouse:///otel", "clickhouse://h/a-b"])
def test_names_that_are_no_identifiers_are_refused(table, monkeypatch, uri):
    monkeypatch.setenv("AGENT_TRACES_URI", uri)

    with pytest.raises(ConfigurationError, match=r"write clickhouse://user@host:8123/database\?table=otel_traces"):
        answers()
