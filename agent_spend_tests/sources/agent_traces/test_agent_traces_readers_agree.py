"""The fast reader and the strict one give the same rows, on the simulated files and on anything else."""

import json
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from agent_traces_otlp import line, nano, span
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from agent_spend.sandbox.agent_traces import write_files
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sources.agent_traces import fast, resolve, semantics
from agent_spend.sources.agent_traces.files import FileReport, Piece, pieces
from agent_spend.sources.agent_traces.store import TraceFile, TraceStore
from agent_spend.sources.agent_traces.strict import StrictReader

SCENARIO = Scenario(developers=12, days=21, seed=11, end_day=date(2026, 11, 22))
KEYS = [*sorted(semantics.wanted_keys()), "gen_ai.input.messages", "unheard.of"]
TEXT = some.sampled_from(
    ["", "chat", "LLM", "seat", "custom", "USD", "EUR", "0.25", "-3", "7", "1e-5", "NaN", "Completed", "github", "x",
     "0x1F", "1_000", " 5 ", "+4", "5.", "1e400", '{"total":1e400}',
     "fetch_response", "claude-code", '{"total":0.5}', '{"a":0.1,"b":0.2}', '{"total_cost":1e-7}', "\u00fc\u4e2d", "'quoted'",
     '"LLM"', '{"input":3,"output":2,"output_reasoning":1,"input_cached_tokens":5}',
     '{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4}}',
     '{"input_tokens":-1,"output_tokens":1.5,"cache_creation_input_tokens":2}']
)  # fmt: skip
VALUES = some.one_of(
    TEXT.map(lambda text: {"stringValue": text}),
    some.booleans().map(lambda flag: {"boolValue": flag}),
    some.integers(-5, 10**13).map(lambda number: {"intValue": str(number)}),
    some.integers(0, 9000).map(lambda number: {"intValue": number}),
    some.decimals(-2, 20_000, places=9).map(lambda number: {"doubleValue": float(number)}),
    some.sampled_from([{}, {"arrayValue": {"values": []}}, {"doubleValue": 1.5e-11}, {"doubleValue": 12.7}, None,
                       {"intValue": str(2**63 - 1)}, {"stringValue": "3", "intValue": "4"}]),
)
LINK = {"traceId": "E" * 32, "spanId": "f" * 16, "attributes": [{"key": "why", "value": {"stringValue": "x"}}]}
LINKS = some.sampled_from([{}, {"links": []}, {"links": None}, {"links": [LINK]}, {"links": [LINK, LINK]}, {"links": [{}]}])
ATTRIBUTES = some.lists(some.tuples(some.sampled_from(KEYS), VALUES), max_size=14)


@pytest.fixture(autouse=True)
def _everything_is_big_enough(monkeypatch):
    monkeypatch.setattr(fast, "SMALL_BYTES", 0)


def built(pairs):
    return [{"key": key, "value": value} for key, value in pairs]


def read(reader, body):
    report = FileReport(TraceFile("traces.json", "traces.json", 3))
    piece = Piece(body, 1)
    batches = list(reader.read([(piece, report)]) if isinstance(reader, fast.FastReader) else reader.read(piece, report))
    rows = pa.Table.from_batches(batches).to_pylist() if batches else []
    return sorted(rows, key=lambda row: (row["trace_id"], row["span_id"], row["ended_ns"], row["attribute_count"])), report


def both(body):
    lookups = resolve.lookups()
    strict = StrictReader(lookups)
    return read(strict, body), read(fast.FastReader(lookups, strict), body)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(some.tuples(ATTRIBUTES, ATTRIBUTES, LINKS), min_size=1, max_size=8))
def test_any_attributes_give_the_same_rows(groups):
    body = b""
    for number, (of_resource, of_span, links) in enumerate(groups, start=1):
        one = span(id=f"{number:016x}") | {"attributes": built(of_span)} | links
        wrapped = {"resource": {"attributes": built(of_resource)}, "scopeSpans": [{"spans": [one]}]}
        body += json.dumps({"resourceSpans": [wrapped]}).encode() + b"\n"
    (strict, _), (quick, report) = both(body)

    assert quick == strict
    assert report.spans == len(groups)


def test_a_count_that_no_sum_in_64_bits_holds_is_no_count():
    said = {"gen_ai.usage.input_tokens": 2**62, "anthropic.usage.compaction.input_tokens": 5, "output_tokens": "9"}
    (strict, _), (quick, _) = both(line(span(said)) + b"\n")

    assert (strict[0]["input_tokens"], strict[0]["output_tokens"]) == (5, 9)
    assert quick == strict


@pytest.mark.parametrize("amount", ["1e400", "-1e9999999", "1e41"])
def test_an_amount_that_no_arithmetic_holds_is_no_cost(amount):
    said = {"gen_ai.usage.cost": amount, "llm.cost.total": "0.5", "langfuse.observation.cost_details": f'{{"total":{amount}}}'}
    (strict, _), (quick, _) = both(line(span(said)) + b"\n")

    assert (strict[0]["reported_usd"], strict[0]["reported_usd_source"]) == (Decimal("0.5"), "llm.cost.total")
    assert quick == strict


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Whole lines of all simulated files, one after the other."""
    folder = tmp_path_factory.mktemp("traces")
    write_files(SCENARIO, folder)
    store = TraceStore(str(folder))
    opened = store.opened(store.files([SCENARIO.end_day]))
    found = [piece for file, raw in opened for piece in pieces(FileReport(file), raw) if not piece.is_tail]
    return b"".join(piece.body for piece in found)


def test_the_simulated_files_give_the_same_rows(simulated):
    (strict, _), (quick, report) = both(simulated)

    assert len(quick) > 10_000
    assert quick == strict
    assert report.quarantined == []


def test_the_fast_reader_reads_the_simulated_files_itself(simulated):
    """It hands nothing to the strict reader."""
    lookups = resolve.lookups()
    rows, report = read(fast.FastReader(lookups, None), simulated)

    assert report.spans == len(rows) > 10_000


@pytest.mark.parametrize(
    "oddity",
    [
        {"kind": "SPAN_KIND_CLIENT"},
        {"status": {"code": "STATUS_CODE_OK"}},
        {"traceId": "CvdlGRbNQ92ESOshHIAxnA=="},
        {"spanId": "0" * 16},
        {"parentSpanId": "xyz"},
        {"endTimeUnixNano": "0"},
        {"endTimeUnixNano": None},
        {"attributes": [{"key": "gen_ai.usage.cost", "value": {"doubleValue": "Infinity"}}]},
        {"attributes": [{"key": "gen_ai.usage.cost", "value": {"doubleValue": 1e-30}}]},
        {"attributes": [{"key": "gen_ai.usage.output_tokens", "value": {"intValue": "many"}}]},
        {"name": "caf\u00e9"},
        {"name": 'a "quoted" name\n'},
    ],
)
def test_what_arrow_refuses_costs_no_more_than_in_the_strict_reader(oddity):
    body = line(span({"gen_ai.usage.output_tokens": 5})) + b"\n" + line(span(id="c" * 16) | oddity) + b"\n"
    (strict, strict_report), (quick, quick_report) = both(body)

    assert quick == strict
    assert quick_report.quarantined == strict_report.quarantined
    assert len(strict) >= 1


def test_a_corrupt_line_sends_its_neighbourhood_to_the_strict_reader_not_the_piece(monkeypatch):
    monkeypatch.setattr(fast, "SMALL_BYTES", 4000)
    whole = [line(span(id=f"{n:016x}")) + b"\n" for n in range(1, 401)]
    read_strictly = []
    real = StrictReader.read
    monkeypatch.setattr(
        StrictReader, "read", lambda self, piece, report: read_strictly.append(len(piece.body)) or real(self, piece, report)
    )
    body = b"".join([*whole[:150], b'{"resourceSpans": [}\n', *whole[150:]])
    lookups = resolve.lookups()
    rows, report = read(fast.FastReader(lookups, StrictReader(lookups)), body)

    assert len(rows) == 400
    assert [line.partition(":")[0] for line in report.quarantined] == ["line 151"]
    assert sum(read_strictly) < 5000 < len(body) / 10


def test_spans_of_many_files_that_are_read_ahead_keep_their_file_and_order():
    lookups = resolve.lookups()
    reader = fast.FastReader(lookups, StrictReader(lookups))
    reports = [FileReport(TraceFile(f"{n}.json", f"{n}.json", n)) for n in range(9)]
    bodies = [line(span({"gen_ai.system": "x"}, id=f"{n + 1:016x}"), resource={"service.name": str(n)}) for n in range(9)]
    batches = reader.read((Piece(body, 1), report) for report, body in zip(reports, bodies, strict=True))
    rows = [row for batch in batches for row in batch.to_pylist()]

    assert [(row["span_id"][-1], row["file_number"], row["service_name"]) for row in rows] == [
        (str(n + 1), n, str(n)) for n in range(9)
    ]
    assert [report.spans for report in reports] == [1] * 9


def test_a_line_with_words_that_are_not_utf8_costs_that_line():
    body = line(span()) + b"\n" + line(span(id="c" * 16, name="zz")).replace(b"zz", b"\xff\xfe") + b"\n"
    (strict, strict_report), (quick, quick_report) = both(body)

    assert (len(strict), len(quick)) == (1, 1)
    assert len(strict_report.quarantined) == len(quick_report.quarantined) == 1


def test_a_last_line_without_its_newline_is_read():
    body = line(*(span({"unheard.of": "x" * 200}, id=f"{n:016x}") for n in range(1, 100))) + b"\n" + line(span())
    (strict, _), (quick, _) = both(body)

    assert len(quick) == 100
    assert quick == strict
    assert nano("1970-01-02T00:00:00") == "86400000000000"
