"""The Collector's ClickHouse table gives the rows of the same spans in files; the real engine executes the queries."""

import importlib.util
import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests
from agent_traces_otlp import DAY, FEED, line, nano, span

from agent_spend.errors import ConfigurationError, State
from agent_spend.sandbox.agent_traces import write_files
from agent_spend.sandbox.agent_traces_spans import SECRET_WORDS
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
    run(server, "TRUNCATE TABLE otel.otel_traces")
    return server


def run(server, query):
    answer = requests.post(f"http://{server}/", data=query.encode(), headers=SIGNED_IN, timeout=60)
    assert answer.status_code == 200, answer.text


def insert(server, *lines, kinds=KINDS, statuses=STATUSES):
    """What the exporter writes of an export request: text values, enum words, a duration."""
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
                            "Events.Timestamp": [0 for _ in one_span.get("events", ())],
                        }
                    )
    run(server, "INSERT INTO otel.otel_traces FORMAT JSONEachRow " + "\n".join(map(json.dumps, rows)))


def texts(pairs):
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
    answer.status_code, answer._content, answer.url = status, said.encode(), "http://127.0.0.1/"
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
