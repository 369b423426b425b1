"""Files as they really lie there: repeated, cut off, compressed, corrupt, and full of words nobody may keep."""

import gzip
import json
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
import zstandard
from agent_traces_otlp import FEED, line, nano, request, span

from agent_spend.errors import ConfigurationError, State
from agent_spend.settings import Settings
from agent_spend.sources.agent_traces import client
from agent_spend.sources.agent_traces.files import FileReport, pieces
from agent_spend.sources.agent_traces.store import TraceFile

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 7}


def test_a_span_sent_twice_is_one_row(traces):
    traces.write(line(span(CHAT)) + b"\n" + line(span(CHAT)) + b"\n")

    assert len(traces.rows()) == 1


def test_the_copy_that_ended_later_stays_whatever_came_first(traces):
    early = span({"gen_ai.usage.output_tokens": 3, "a": 1, "b": 2}, end="2026-11-20T12:00:01")
    late = span({"gen_ai.usage.output_tokens": 9}, end="2026-11-20T12:00:09")

    assert [row["output_tokens"] for row in traces.write(line(late) + b"\n" + line(early) + b"\n").rows()] == [9]
    assert [row["output_tokens"] for row in traces.write(line(early) + b"\n" + line(late) + b"\n").rows()] == [9]


def test_of_two_copies_with_one_end_the_one_with_more_attributes_stays(traces):
    poor = span({"gen_ai.usage.output_tokens": 3})
    rich = span({"gen_ai.usage.output_tokens": 4, "gen_ai.request.model": "m"})

    assert [row["output_tokens"] for row in traces.write(line(rich) + b"\n" + line(poor) + b"\n").rows()] == [4]


def test_the_same_span_in_upper_case_is_the_same_span(traces):
    traces.write(line(span(CHAT, trace="AB" * 16, id="CD" * 8), span(CHAT, trace="ab" * 16, id="cd" * 8)) + b"\n")

    assert [(row["trace_id"], row["span_id"]) for row in traces.rows()] == [("ab" * 16, "cd" * 8)]


def test_streaming_snapshots_count_the_finished_response_only(traces):
    """Three snapshots each of 2,000 responses; the finished ones hold 1,981,347 output tokens in all."""
    finished = [990] * 1999 + [1_981_347 - 990 * 1999]
    lines = []
    for snapshot, share in enumerate((0, 0.5, 1)):
        spans = [
            span(
                {**CHAT, "gen_ai.usage.output_tokens": max(int(total * share), 1)},
                trace=f"{number + 1:032x}",
                end=f"2026-11-20T12:00:0{snapshot + 1}",
            )
            for number, total in enumerate(finished)
        ]
        lines.append(line(*spans))
    rows = traces.write(b"\n".join(reversed(lines)) + b"\n").rows()

    assert (len(rows), sum(row["output_tokens"] for row in rows)) == (2000, 1_981_347)


def test_snapshots_with_ids_of_their_own_are_one_call_by_their_response_id(traces):
    said = {"gen_ai.operation.name": "chat", "gen_ai.response.id": "msg_1"}
    traces.write(
        line(
            span({**said, "gen_ai.usage.output_tokens": 4}, id="1" * 16),
            span({**said, "gen_ai.usage.output_tokens": 80}, id="2" * 16),
            span({**said, "gen_ai.usage.output_tokens": 31}, id="3" * 16),
        )
        + b"\n"
    )

    assert [row["output_tokens"] for row in traces.rows() if row["span_class"] == "inference"] == [80]


def test_of_layers_of_one_call_the_one_with_a_cost_stays(traces):
    said = {"gen_ai.operation.name": "chat", "gen_ai.response.id": "msg_1", "gen_ai.usage.output_tokens": 7}
    gateway = span({**said, "litellm.cost.total": 0.5}, id="1" * 16)
    sdk = span(said, id="2" * 16, parent="1" * 16, start="2026-11-20T12:00:01")
    classes = {row["span_id"]: row["span_class"] for row in traces.write(line(gateway, sdk) + b"\n").rows()}

    assert classes == {"1" * 16: "inference", "2" * 16: "other"}


def test_of_layers_without_a_cost_the_innermost_stays(traces):
    said = {"gen_ai.operation.name": "chat", "gen_ai.response.id": "msg_1", "gen_ai.usage.output_tokens": 7}
    framework = span(said, id="1" * 16)
    sdk = span(said, id="2" * 16, parent="1" * 16, start="2026-11-20T12:00:01")
    classes = {row["span_id"]: row["span_class"] for row in traces.write(line(framework, sdk) + b"\n").rows()}

    assert classes == {"1" * 16: "other", "2" * 16: "inference"}


def test_layers_without_response_ids_are_found_by_model_and_tokens(traces):
    said = {**CHAT, "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 50}
    traces.write(line(span(said, id="1" * 16), span(said, id="2" * 16, parent="1" * 16)) + b"\n")

    assert [row["span_id"] for row in traces.rows() if row["span_class"] == "inference"] == ["2" * 16]


def test_two_calls_with_equal_tokens_side_by_side_are_two_calls(traces):
    said = {**CHAT, "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 50}
    traces.write(line(span(said, id="1" * 16), span(said, id="2" * 16)) + b"\n")

    assert [row["span_class"] for row in traces.rows()] == ["inference", "inference"]


def test_a_span_of_no_known_class_that_states_tokens_is_a_model_call(traces):
    traces.write(line(span({"gen_ai.usage.input_tokens": 5}, name="handwritten")) + b"\n")

    assert [row["span_class"] for row in traces.rows()] == ["inference"]


def test_a_span_with_tokens_above_a_model_call_is_not_another_call(traces):
    traces.write(
        line(
            span({"gen_ai.usage.output_tokens": 7}, id="1" * 16),
            span({}, id="2" * 16, parent="1" * 16),
            span(CHAT, id="3" * 16, parent="2" * 16),
        )
        + b"\n"
    )

    assert {row["span_id"]: row["span_class"] for row in traces.rows()} == {
        "1" * 16: "other",
        "2" * 16: "other",
        "3" * 16: "inference",
    }


def test_the_day_is_the_one_on_which_the_whole_trace_ended(traces):
    """The model call ended before midnight, its root after it, in another file."""
    traces.write(line(span(CHAT, parent="c" * 16, end="2026-11-20T23:59:59")) + b"\n", "traces-2026-11-20.json")
    traces.write(line(span(id="c" * 16, end="2026-11-21T00:00:00")) + b"\n", "traces-2026-11-21.json")

    assert traces.answer(date(2026, 11, 20)).state is State.MISSING
    assert len(traces.rows(date(2026, 11, 21))) == 2


def test_a_day_between_others_without_spans_is_zero_and_outside_is_missing(traces):
    for day in ("2026-11-18", "2026-11-20"):
        traces.write(line(span(trace=day.replace("-", "") * 4, end=f"{day}T13:00:00")) + b"\n", f"traces-{day}.json")
    states = {answer.day.day: answer.state for answer in traces.answers(*(date(2026, 11, n) for n in range(17, 22)))}

    assert states == {17: "missing", 18: "available", 19: "zero", 20: "available", 21: "missing"}


def test_a_day_outside_says_what_the_folder_covers(traces):
    answer = traces.write(line(span()) + b"\n").answer(date(2026, 11, 25))

    assert answer.message == "agent_spans 2026-11-25: traces cover 2026-11-20 to 2026-11-20"


def test_a_corrupt_line_costs_that_line_and_is_named(traces):
    traces.write(line(span(CHAT)) + b'\n{"resourceSpans": [}\n' + line(span(CHAT, id="c" * 16)) + b"\n")
    answer = traces.answer()

    assert len(answer.rows) == 2
    assert answer.reason == "quarantined"
    assert answer.message.startswith("agents/acme/traces.json: 1 quarantined (line 2: not JSON")


def test_a_line_nested_too_deeply_costs_no_other_line(traces):
    deep = b'{"arrayValue":{"values":[' * 1000 + b'{"stringValue":"x"}' + b"]}}" * 1000
    hostile = line(span({**CHAT, "x": "MARK"}, id="d" * 16)).replace(b'{"stringValue": "MARK"}', deep)
    traces.write(line(span(CHAT)) + b"\n" + hostile + b"\n" + line(span(CHAT, id="c" * 16)) + b"\n")

    assert {row["span_id"] for row in traces.rows()} >= {"b" * 16, "c" * 16}


def test_a_line_of_the_wrong_shape_names_the_field(traces):
    broken = request(span(CHAT))
    del broken["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["endTimeUnixNano"]
    answer = traces.write(line(span(CHAT)) + b"\n" + json.dumps(broken).encode() + b"\n").answer()

    assert len(answer.rows) == 1
    assert "line 2: Object missing required field `endTimeUnixNano`" in answer.message


def test_a_bad_span_costs_that_span_not_its_line(traces):
    # A name can hold words of a prompt.
    odd = span(CHAT, trace="CvdlGRbNQ92ESOshHIAx!A==", name="refactor payroll")
    answer = traces.write(line(span(CHAT), odd) + b"\n").answer()

    assert len(answer.rows) == 1
    assert "line 1: traceId of 24 characters is not 32 hex digits" in answer.message and "payroll" not in answer.message


def test_the_base64_ids_of_plain_protobuf_json_are_the_same_ids(traces):
    """As Tempo's API and Langfuse's documentation write them."""
    parent = span(CHAT, trace="0af7651916cd43dd8448eb211c80319c", id="b9c7c989f97918e1")
    child = span(CHAT, trace="CvdlGRbNQ92ESOshHIAxnA==", id="APBnqgupArc=", parent="ucfJifl5GOE=")
    rows = {row["span_id"]: row for row in traces.write(line(parent, child) + b"\n").rows()}

    assert rows["00f067aa0ba902b7"]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert rows["00f067aa0ba902b7"]["parent_span_id"] == "b9c7c989f97918e1"


def test_a_truncated_last_line_waits_for_the_next_run(traces):
    whole = line(span(CHAT, id="c" * 16))
    traces.write(line(span(CHAT)) + b"\n" + whole[:120])
    first = traces.answer()
    traces.write(line(span(CHAT)) + b"\n" + whole + b"\n")

    assert (len(first.rows), first.message) == (
        1,
        "agents/acme/traces.json: an unfinished last line waits for the next run",
    )
    assert (len(traces.rows()), traces.answer().message) == (2, "")


def test_a_single_document_without_line_end_is_read(traces):
    """The S3 exporter writes one request an object, usually without newline."""
    key = "traces/year=2026/month=11/day=23/hour=05/minute=02/traces_aB3dE5fG7.json.gz"
    traces.write(gzip.compress(line(span(CHAT))), key)

    assert len(traces.rows()) == 1


@pytest.mark.parametrize("ending", ["json", "jsonl", "ndjson", "json.gz", "json.zst"])
def test_every_ending_is_read(traces, ending):
    body = line(span(CHAT)) + b"\n"
    packed = {"json.gz": gzip.compress(body), "json.zst": zstandard.compress(body)}.get(ending, body)

    assert len(traces.write(packed, f"traces.{ending}").rows()) == 1


def test_a_zstd_file_of_many_frames_is_read_to_its_end(traces):
    frames = [zstandard.compress(line(span(CHAT, id=f"{n:016x}")) + b"\n") for n in range(1, 6)]

    assert len(traces.write(b"".join(frames), "traces.json").rows()) == 5


def test_a_gzip_file_that_ends_early_keeps_its_whole_lines(traces):
    lines = b"".join(line(span(CHAT, id=f"{n:016x}")) + b"\n" for n in range(1, 400))
    answer = traces.write(gzip.compress(lines)[:-200], "traces.json.gz").answer()

    assert 0 < len(answer.rows) < 400
    assert "traces.json.gz: the compressed file ends early; what came before was read" in answer.message


def test_numbers_as_numbers_and_empty_values_are_read(traces):
    built = span({"gen_ai.usage.output_tokens": {"intValue": 12}, "gen_ai.request.model": {}, "gen_ai.system": "x"})
    built["startTimeUnixNano"] = int(nano("2026-11-20T12:00:00"))
    built["endTimeUnixNano"] = int(nano("2026-11-20T12:00:05"))
    [row] = traces.write(line(built) + b"\n").rows()

    assert (row["output_tokens"], row["model"]) == (12, None)
    assert row["started_at"] == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_span_without_any_optional_member_is_read(traces):
    built = span()
    for member in ("kind", "attributes", "status", "name"):
        del built[member]
    [row] = traces.write(line(built) + b"\n").rows()

    assert (row["kind"], row["status_code"], row["name"], row["parent_span_id"]) == (0, 0, "", None)


def test_null_attributes_an_empty_parent_and_unknown_members_are_read(traces):
    [row] = traces.write(line(span(parent="") | {"attributes": None, "futureField": {"x": [1]}}) + b"\n").rows()

    assert row["parent_span_id"] is None


def test_enum_names_of_plain_protobuf_json_are_read(traces):
    named = span() | {"kind": "SPAN_KIND_SERVER", "status": {"code": "STATUS_CODE_ERROR"}}
    [row] = traces.write(line(named) + b"\n").rows()

    assert (row["kind"], row["status_code"]) == (2, 2)


def test_the_first_of_two_equal_keys_wins(traces):
    built = span(CHAT)
    built["attributes"].append({"key": "gen_ai.usage.output_tokens", "value": {"intValue": "9999"}})

    assert traces.write(line(built) + b"\n").rows()[0]["output_tokens"] == 7


def test_blank_lines_and_a_byte_order_mark_are_harmless(traces):
    answer = traces.write(b"\xef\xbb\xbf" + line(span(CHAT)) + b"\n\n\r\n").answer()

    assert (len(answer.rows), answer.message) == (1, "")


def test_metrics_and_logs_beside_the_traces_are_passed_over(traces):
    traces.write(b'{"resourceMetrics":[{"scopeMetrics":[]}]}\n', "metrics.json")
    answer = traces.write(line(span(CHAT)) + b"\n").answer()

    assert (len(answer.rows), answer.message) == (1, "")


def test_prompts_and_answers_reach_neither_rows_nor_raw(traces):
    words = "the customer's name is Mallory"
    content = (
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.tool.call.arguments",
        "gen_ai.prompt.0.content",
        "llm.input_messages.0.message.content",
        "input.value",
        "prompt",
        "response",
        "full_command",
    )
    built = span({**CHAT, **dict.fromkeys(content, words)})
    built["events"] = [{"name": "gen_ai.content.prompt", "attributes": [{"key": "x", "value": {"stringValue": words}}]}]
    answer = traces.write(line(built, resource=dict.fromkeys(content, words)) + b"\n").answer()

    assert answer.raw == ()
    assert words not in str(FEED.table(answer).to_pylist())


def test_a_content_attribute_cannot_be_made_a_task_id(traces, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_TASK_ATTRIBUTES", "gen_ai.input.messages")
    traces.write(line(span(CHAT)) + b"\n")

    with pytest.raises(ConfigurationError, match=r"gen_ai\.input\.messages"):
        traces.answer()


def test_files_that_hold_something_else_are_an_error_not_an_empty_day(traces):
    answer = traces.write(b'{"level":"info"}\n{"level":"warn"}\n', "app.json").answer()

    assert (answer.state, answer.reason) == (State.MISSING, "malformed")
    assert "1 files hold lines but not one span; app.json line 1: no resourceSpans" in answer.message


def test_an_empty_folder_says_so(traces):
    assert traces.answer().reason == "no_files"


def test_a_missing_folder_says_so(traces, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_URI", str(traces.path / "nowhere"))
    answer = traces.answer()

    assert (answer.state, answer.reason) == (State.MISSING, "not_found")
    assert "nowhere is not a folder" in answer.message


def test_a_file_uri_is_the_same_as_a_path(traces, monkeypatch):
    traces.write(line(span(CHAT)) + b"\n")
    monkeypatch.setenv("AGENT_TRACES_URI", traces.path.as_uri())

    assert len(traces.rows()) == 1


def test_a_place_of_another_kind_is_refused_with_the_remedy(traces, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_URI", "ftp://host/traces")

    assert traces.answer().message.endswith("give a folder, file://, s3://, gs:// or clickhouse://")


def test_each_file_is_read_once_for_many_days(traces, monkeypatch):
    traces.write(line(span(CHAT)) + b"\n")
    opened = []
    monkeypatch.setattr(client, "pieces", lambda report, raw: opened.append(report.file.name) or pieces(report, raw))
    list(FEED.fetch([date(2026, 11, n) for n in range(1, 21)], Settings.from_environment()))

    assert opened == ["agents/acme/traces.json"]


def test_pieces_of_any_size_hold_the_same_lines():
    body = b"\xef\xbb\xbf" + b"".join(b"line %d\n" % number * (number % 3) for number in range(300)) + b"tail"
    for size in (8, 64, 1_000_000):
        found = list(pieces(FileReport(TraceFile("traces.json", "traces.json", 0)), BytesIO(body), size))
        assert b"".join(piece.body for piece in found) == body[3:]
        assert [piece.first_line for piece in found] == [
            1 + sum(one.body.count(b"\n") for one in found[:n]) for n in range(len(found))
        ]
        assert [piece.is_tail for piece in found] == [False] * (len(found) - 1) + [True]
