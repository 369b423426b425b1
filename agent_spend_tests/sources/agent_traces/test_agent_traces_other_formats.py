"""Length-prefixed and protobuf files, Copilot CLI's own file, Claude Code's log events."""

import base64
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import zstandard
from agent_traces_otlp import FEED, attributes, line, nano, span

from agent_spend.sources.agent_traces.protobuf import facts

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7, "gen_ai.usage.cost": 0.00945}
#: Copilot CLI's example line of agent-traces.md section 6.
COPILOT = {
    "type": "span",
    "traceId": "3d38e764af7148db9df452343179feb4",
    "spanId": "a131d11ad7970246",
    "parentSpanId": "f3fb54e30755da57",
    "name": "chat claude-haiku-4.5",
    "kind": 2,
    "startTime": [1789068146, 811000000],
    "endTime": [1789068147, 740000000],
    "attributes": {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 900,
        "github.copilot.nano_aiu": 410000000,
        "github.copilot.cost": 0.33,
    },
    "status": {"code": 0},
    "events": [],
    "resource": {"attributes": {"service.name": "github-copilot"}},
}
EVENT = {
    "event.name": "api_request",
    "event.sequence": 12,
    "session.id": "s-1",
    "prompt.id": "p-1",
    "request_id": "req_1",
    "model": "claude-sonnet-5-5",
    "cost_usd": 0.0125,
    "duration_ms": 4000,
    "input_tokens": 12,
    "output_tokens": 400,
    "cache_read_tokens": 9000,
    "cache_creation_tokens": 700,
}


def framed(*messages: bytes) -> bytes:
    return b"".join(len(message).to_bytes(4) + message for message in messages)


def log_line(*records, **more) -> bytes:
    built = [
        {
            "timeUnixNano": nano("2026-11-20T12:00:05"),
            "body": {"stringValue": f"claude_code.{said['event.name']}"},
            "attributes": attributes(said),
            **more,
        }
        for said in records
    ]
    resource = {"attributes": attributes({"service.name": "claude-code"})}
    groups = [{"resource": resource, "scopeLogs": [{"logRecords": built}]}]
    return json.dumps({"resourceLogs": groups}).encode() + b"\n"


def proto_message(trace="a" * 32, id="b" * 16) -> bytes:
    trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    request = trace_service.ExportTraceServiceRequest()
    group = request.resource_spans.add()
    name = group.resource.attributes.add(key="service.name")
    name.value.string_value = "ticket-router"
    one = group.scope_spans.add().spans.add(
        trace_id=bytes.fromhex(trace),
        span_id=bytes.fromhex(id),
        name="chat",
        kind=3,
        start_time_unix_nano=int(nano("2026-11-20T12:00:00")),
        end_time_unix_nano=int(nano("2026-11-20T12:00:05")),
    )
    one.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    one.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = 7
    one.attributes.add(key="gen_ai.usage.cost").value.double_value = 0.00945
    one.attributes.add(key="gen_ai.output.messages").value.string_value = "secret words"
    one.status.code = 1
    return request.SerializeToString()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "zstd"])
def test_json_behind_length_prefixes_is_read(traces, packed):
    messages = [line(span(CHAT, id=f"{n:016x}")) for n in (1, 2, 3)]
    traces.write(framed(*(zstandard.compress(message) if packed else message for message in messages)))

    assert [row["output_tokens"] for row in traces.rows()] == [7, 7, 7]


def test_a_frame_that_is_still_being_written_waits_for_the_next_run(traces):
    whole = framed(line(span(CHAT)), line(span(CHAT, id="c" * 16)))
    answer = traces.write(whole[:-10]).answer()

    assert len(answer.rows) == 1
    assert answer.message == "agents/acme/traces.json: an unfinished last line waits for the next run"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "zstd"])
def test_protobuf_behind_length_prefixes_gives_the_same_row_as_json(traces, packed):
    message = proto_message()
    traces.write(framed(zstandard.compress(message) if packed else message))
    [row] = traces.rows()

    assert (row["trace_id"], row["span_id"], row["parent_span_id"]) == ("a" * 32, "b" * 16, None)
    assert (row["span_class"], row["output_tokens"], row["status_code"]) == ("inference", 7, 1)
    assert row["reported_usd"] == Decimal("0.00945")
    assert row["ended_at"] == datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)
    assert row["service_name"] == "ticket-router"
    assert "secret words" not in str(row)


def test_a_bare_protobuf_object_of_the_s3_exporter_is_read(traces):
    traces.write(proto_message(), "traces/year=2026/month=11/day=20/hour=12/minute=00/traces_aB3dE5fG7.binpb")

    assert len(traces.rows()) == 1


def proto_logs(text: bytes) -> bytes:
    """The same log records as a protobuf message."""
    service = pytest.importorskip("opentelemetry.proto.collector.logs.v1.logs_service_pb2")
    json_format = pytest.importorskip("google.protobuf.json_format")
    built = json.loads(text)
    for record in built["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
        for field in {"traceId", "spanId"} & record.keys():
            record[field] = base64.b64encode(bytes.fromhex(record[field])).decode()
    return json_format.ParseDict(built, service.ExportLogsServiceRequest()).SerializeToString()


@pytest.mark.parametrize("context", [{}, {"traceId": "a" * 32, "spanId": "b" * 16}], ids=["bare", "in a trace"])
def test_log_events_as_protobuf_give_the_rows_of_the_same_events_as_json(traces, context):
    judged = {"event.name": "gen_ai.evaluation.result", "gen_ai.evaluation.name": "task_success",
              "gen_ai.evaluation.score.label": "pass"}  # fmt: skip
    text = log_line(EVENT, {"event.name": "user_prompt", "prompt": "secret words"}, judged, **context)
    spans = line(span(CHAT)) + b"\n" if context else b""
    of_json = traces.write(spans).write(text, "logs/logs.json").rows()
    (traces.path / "logs/logs.json").unlink()
    answer = traces.write(framed(proto_logs(text)), "logs/logs.bin").answer()

    assert answer.message == ""
    assert FEED.table(answer).to_pylist() == of_json
    assert [row["reported_usd"] for row in of_json if row["reported_usd_source"] == "cost_usd"] == [Decimal("0.0125")]
    assert [row["task_success"] for row in of_json if row["span_id"] == row["run_span_id"]] == ([True] if context else [None])


def test_protobuf_of_metrics_and_of_other_logs_is_passed_over(traces):
    service = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")
    request = service.ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="claude_code.cost.usage", unit="USD")
    metric.sum.data_points.add(as_double=0.5, time_unix_nano=int(nano("2026-11-20T12:00:00")))
    others = proto_logs(log_line({"event.name": "user_prompt", "prompt": "secret words"}))
    traces.write(framed(request.SerializeToString(), others), "metrics.bin")
    answer = traces.write(line(span(CHAT)) + b"\n").answer()

    assert (len(answer.rows), answer.message) == (1, "")


def test_verdicts_and_links_of_protobuf_spans_are_read(traces):
    trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    request = trace_service.ExportTraceServiceRequest.FromString(proto_message(trace="c" * 32))
    one = request.resource_spans[0].scope_spans[0].spans[0]
    one.links.add(trace_id=bytes.fromhex("a" * 32), span_id=bytes.fromhex("b" * 16))
    one.span_id = bytes.fromhex("d" * 16)
    event = one.events.add(name="gen_ai.evaluation.result", time_unix_nano=one.end_time_unix_nano)
    event.attributes.add(key="gen_ai.evaluation.name").value.string_value = "task_success"
    event.attributes.add(key="gen_ai.evaluation.score.label").value.string_value = "fail"
    workflow = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "triage"}
    traces.write(framed(request.SerializeToString()), "spans.bin").write(line(span(workflow)) + b"\n")
    rows = {row["span_id"][0]: row for row in traces.rows()}

    assert (rows["d"]["trace_id"], rows["d"]["run_span_id"]) == ("a" * 32, "b" * 16)
    assert rows["b"]["task_success"] is False


def test_a_message_that_is_not_protobuf_is_named(traces):
    pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    answer = traces.write(framed(proto_message(), b"\xff\xff\xff nonsense")).answer()

    assert len(answer.rows) == 1
    assert "message 2: not an ExportTraceServiceRequest" in answer.message


def test_without_the_optional_package_the_message_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.trace.v1.trace_service_pb2", None)
    [refused] = facts(b"", frozenset())

    assert refused.reason == "a protobuf message needs the optional reader: pip install 'agent-spend[traces]'"


def test_the_copilot_clis_own_file_is_read(traces):
    other_signals = [{"type": "metric", "name": "gen_ai.client.token.usage"}, {"type": "log", "body": "x"}]
    body = b"".join(json.dumps(one).encode() + b"\n" for one in (COPILOT, *other_signals))
    answer = traces.write(body, "copilot.jsonl").answer(date(2026, 9, 10))
    [row] = traces.rows(date(2026, 9, 10))

    assert answer.message == ""
    assert (row["span_class"], row["kind"], row["input_tokens"]) == ("inference", 3, 900)
    assert (row["reported_usd"], row["reported_usd_source"]) == (Decimal("0.0041"), "github.copilot.nano_aiu")
    assert (row["auth_hint"], row["billing_identity"]) == ("seat", "copilot:github-copilot")
    assert row["started_at"] == datetime(2026, 9, 10, 19, 22, 26, 811000, tzinfo=UTC)
    assert row["parent_span_id"] == "f3fb54e30755da57"


def test_a_claude_code_event_is_a_model_call_with_its_cost(traces):
    [row] = traces.write(log_line(EVENT), "logs.json").rows()

    assert (row["span_class"], row["name"]) == ("inference", "claude_code.api_request")
    assert (row["reported_usd"], row["reported_usd_source"]) == (Decimal("0.0125"), "cost_usd")
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_5m_tokens"]) == (12, 9000, 700)
    assert (row["model"], row["conversation_id"], row["response_id"]) == ("claude-sonnet-5-5", "s-1", "req_1")
    assert row["ended_at"] == datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)
    assert row["started_at"] == datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)


def test_a_claude_code_event_delivered_twice_is_one_call(traces):
    assert len(traces.write(log_line(EVENT) + log_line(EVENT), "logs.json").rows()) == 1


def test_events_without_a_request_id_are_told_apart_by_their_sequence(traces):
    first, second = ({**EVENT, "request_id": "", "event.sequence": number} for number in (1, 2))

    assert len(traces.write(log_line(first, second, first), "logs.json").rows()) == 2


def test_calls_of_one_prompt_without_trace_context_are_one_trace(traces):
    rows = traces.write(log_line(EVENT, {**EVENT, "request_id": "req_2"}), "logs.json").rows()

    assert len({row["trace_id"] for row in rows}) == 1
    assert {row["parent_span_id"] for row in rows} == {None}


def test_an_event_with_trace_context_joins_its_trace(traces):
    [row] = traces.write(log_line(EVENT, traceId="a" * 32, spanId="b" * 16), "logs.json").rows()

    assert (row["trace_id"], row["parent_span_id"]) == ("a" * 32, "b" * 16)


def test_other_events_and_other_logs_are_passed_over(traces):
    traces.write(log_line({"event.name": "user_prompt", "prompt": "secret words"}), "logs.json")
    answer = traces.write(line(span(CHAT)) + b"\n").answer()

    assert (len(answer.rows), answer.message) == (1, "")


def test_a_claude_code_span_takes_the_cost_of_its_event_and_the_call_counts_once(traces):
    said = {"request_id": "req_1", "model": "claude-sonnet-5-5", "input_tokens": 12, "output_tokens": 400}
    traces.write(log_line(EVENT), "logs.json")
    traces.write(line(span(said, name="claude_code.llm_request")) + b"\n")
    [row] = traces.rows()

    assert row["name"] == "claude_code.llm_request"
    assert (row["trace_id"], row["reported_usd"], row["reported_usd_source"]) == (
        "a" * 32,
        Decimal("0.0125"),
        "cost_usd",
    )


def test_a_broken_event_costs_that_event(traces):
    broken = {**EVENT, "request_id": "req_2", "output_tokens": {"intValue": "many"}}
    answer = traces.write(log_line(EVENT, broken), "logs.json").answer()

    assert len(answer.rows) == 1
    assert "line 1: log record: attribute output_tokens: intValue is not a whole number" in answer.message
