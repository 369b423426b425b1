"""Documents that are no JSON lines, and files that change while they are read."""

import json
from datetime import UTC, date, datetime

import pytest
from agent_traces_otlp import FEED, attributes, line, nano, request, span

from agent_spend.errors import FeedError, State
from agent_spend.sources.agent_traces.store import TraceStore, translated

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7}

#: The shape of OpenTelemetry's own example of a trace: indented, upper-case ids, times as numbers, no status.
INDENTED = """{
  "resourceSpans": [
    {
      "resource": {"attributes": [
          {
            "key": "service.name",
            "value": {
              "stringValue": "acme.shop"
            }
          }
      ]},
      "scopeSpans": [
        {
          "scope": {"name": "acme.library", "attributes": [{"key": "a", "value": {"stringValue": "b"}}]},
          "spans": [
            {
              "traceId": "5B8EFFF798038103D269B633813FC60C",
              "spanId": "EEE19B7EC3C1B174",
              "parentSpanId": "EEE19B7EC3C1B173",
              "name": "A server's span",
              "startTimeUnixNano": 1544712660000000000,
              "endTimeUnixNano": 1544712661000000000,
              "kind": 2,
              "attributes": []
            }
          ]
        }
      ]
    }
  ]
}"""


@pytest.mark.parametrize("ending", ["", "\n", "\r\n\r\n"])
def test_an_indented_document_is_read_whole(traces, ending):
    answer = traces.write((INDENTED + ending).encode(), "trace.json").answer(date(2018, 12, 13))
    [row] = FEED.table(answer).to_pylist()

    assert (row["trace_id"], row["span_id"]) == ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174")
    assert (row["parent_span_id"], row["kind"], row["status_code"]) == ("eee19b7ec3c1b173", 2, 0)
    assert (row["service_name"], row["span_class"], row["name"]) == ("acme.shop", "other", "A server's span")
    assert row["ended_at"] == datetime(2018, 12, 13, 14, 51, 1, tzinfo=UTC)
    assert answer.message == ""


def test_indented_documents_one_after_the_other_are_all_read(traces):
    documents = [json.dumps(request(span(CHAT, id=f"{n:016x}")), indent=n) for n in (1, 2, 4)]

    assert len(traces.write("\n".join(documents).encode(), "trace.json").rows()) == 3


def test_an_indented_document_that_is_still_being_written_waits(traces):
    whole = json.dumps(request(span(CHAT)), indent=2)
    answer = traces.write(f"{whole}\n{whole[:-40]}".encode(), "trace.json").answer()

    assert (len(answer.rows), answer.message) == (1, "trace.json: an unfinished last line waits for the next run")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_requests_is_read(traces, indent):
    requests = [request(span(CHAT, id=f"{n:016x}")) for n in (1, 2, 3)]

    assert len(traces.write(json.dumps(requests, indent=indent).encode(), "trace.json").rows()) == 3


def test_a_list_with_one_request_a_line_is_read(traces):
    body = b"[\n" + b",\n".join(line(span(CHAT, id=f"{n:016x}")) for n in (1, 2, 3)) + b"\n]\n"

    assert len(traces.write(body, "trace.json").rows()) == 3


def test_indented_logs_and_metrics_beside_the_traces_are_passed_over(traces):
    logs = {"resourceLogs": [{"resource": {"attributes": attributes({"service.name": "acme"})}, "scopeLogs": [
        {"scope": {"name": "acme"}, "logRecords": [
            {"timeUnixNano": nano("2026-11-20T12:00:00"), "severityNumber": 10, "body": {"stringValue": "Example"},
             "attributes": [{"key": "m", "value": {"kvlistValue": {"values": attributes({"x": "y"})}}}]}]}]}]}
    traces.write(json.dumps(logs, indent=2).encode(), "logs.json")
    traces.write(b'{\n  "resourceMetrics": [\n    {}\n  ]\n}', "metrics.json")
    answer = traces.write(line(span(CHAT)) + b"\n").answer()

    assert (len(answer.rows), answer.message) == (1, "")


def test_a_first_line_that_was_cut_off_costs_that_line_not_the_file(traces):
    """A Collector was killed while it wrote, and appended whole lines after its restart."""
    cut = line(span(CHAT))[: line(span(CHAT)).index(b"spanId") - 1]
    answer = traces.write(cut + b"\n" + line(span(CHAT)) + b"\n").answer()

    assert len(answer.rows) == 1
    assert answer.message.startswith("agents/acme/traces.json: 1 quarantined (line 1: not JSON")


def test_a_file_that_grows_while_it_is_read_is_read_as_far_as_it_goes(traces, monkeypatch):
    traces.write(line(span(CHAT)) + b"\n")
    changed_while(monkeypatch, lambda: traces.write(line(span(CHAT)) + b"\n" + line(span(CHAT, id="c" * 16))))

    assert len(traces.rows()) == 2


def test_a_file_that_is_rotated_while_it_is_read_replaces_nothing(traces, monkeypatch):
    """The live name holds a fresh, shorter file; the spans are under a name that was not listed."""
    body = line(span(CHAT)) + b"\n" + line(span(CHAT, id="c" * 16)) + b"\n"
    traces.write(body)

    def rotate():
        live = traces.path / "agents/acme/traces.json"
        live.rename(live.with_name("traces-2026-11-20T12-00-06.000.json"))
        live.write_bytes(line(span(CHAT, id="d" * 16)) + b"\n")

    changed_while(monkeypatch, rotate)
    answer = traces.answer()

    assert (answer.state, answer.reason) == (State.MISSING, "changed")
    assert "agents/acme/traces.json became shorter while it was read (rotated or truncated); run again" in answer.message
    monkeypatch.undo()
    monkeypatch.setenv("AGENT_TRACES_URI", str(traces.path))
    assert len(traces.rows()) == 3


def test_a_file_that_vanishes_after_it_was_listed_replaces_nothing(traces, monkeypatch):
    traces.write(line(span(CHAT)) + b"\n").write(line(span(CHAT, id="c" * 16)) + b"\n", "old.json")
    changed_while(monkeypatch, (traces.path / "old.json").unlink)
    answer = traces.answer()

    assert (answer.state, answer.reason) == (State.MISSING, "vanished")
    assert answer.message == "agent_spans: old.json is gone since it was listed (rotated or expired); run again"


def test_a_file_nobody_may_read_is_named():
    with pytest.raises(FeedError, match=r"agent_spans: traces.json: .*Permission denied; check its permissions"), translated(
        "traces.json"
    ):
        raise PermissionError(13, "Permission denied")


def changed_while(monkeypatch, change):
    """Lets ``change`` happen once, right after the files have been listed."""
    real, changes = TraceStore.files, [change]

    def listed(self, days):
        found = real(self, days)
        if changes:
            changes.pop()()
        return found

    monkeypatch.setattr(TraceStore, "files", listed)
