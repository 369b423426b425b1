"""Builders of OTLP/JSON by hand, for tests only: what a Collector would have written."""

import base64
import json
from datetime import UTC, date, datetime
from functools import lru_cache

import pytest

from agent_spend.settings import Settings
from agent_spend.sources.agent_traces import fast, resolve
from agent_spend.sources.agent_traces.assets import FEEDS
from agent_spend.sources.agent_traces.files import FileReport, Piece
from agent_spend.sources.agent_traces.store import TraceFile
from agent_spend.sources.agent_traces.strict import StrictReader

FEED = FEEDS[0]
NOON = "2026-11-20T12:00:00"
DAY = date(2026, 11, 20)


def nano(moment: str) -> str:
    """An ISO time without zone, as UTC nanoseconds in text."""
    return str(int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 1_000_000_000)


def any_value(value):
    """An ``AnyValue``; a dict is taken as it is."""
    if isinstance(value, dict):
        return value
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def attributes(said: dict) -> list:
    return [{"key": key, "value": any_value(value)} for key, value in said.items()]


def span(said=None, *, trace="a" * 32, id="b" * 16, parent=None, name="work", start=NOON, end="2026-11-20T12:00:05"):
    built = {
        "traceId": trace,
        "spanId": id,
        "name": name,
        "kind": 3,
        "startTimeUnixNano": nano(start),
        "endTimeUnixNano": nano(end),
        "attributes": attributes(said or {}),
        "status": {},
    }
    return built | ({"parentSpanId": parent} if parent is not None else {})


def request(*spans, resource=None) -> dict:
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes(resource or {})},
                "scopeSpans": [{"scope": {"name": "acme"}, "spans": list(spans)}],
            }
        ]
    }


def line(*spans, resource=None) -> bytes:
    return json.dumps(request(*spans, resource=resource)).encode()


def proto_request(*spans, resource=None) -> bytes:
    """The same request as a protobuf message: the JSON encoding differs from protobuf's own in the ids."""
    trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    json_format = pytest.importorskip("google.protobuf.json_format")
    built = request(*(dict(one) for one in spans), resource=resource)
    for one in built["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for field in ("traceId", "spanId", "parentSpanId"):
            if field in one:
                one[field] = base64.b64encode(bytes.fromhex(one[field])).decode()
    return json_format.ParseDict(built, trace_service.ExportTraceServiceRequest()).SerializeToString()


@lru_cache
def fast_reader(task_keys: tuple[str, ...]) -> fast.FastReader:
    """One reader for many tests: starting its engine takes longer than reading a span."""
    lookups = resolve.lookups()
    return fast.FastReader(lookups, StrictReader(lookups))


class TraceFolder:
    """A folder that the settings point at."""

    def __init__(self, path):
        self.path = path

    def write(self, body: bytes, name="agents/acme/traces.json"):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return self

    def answers(self, *days: date):
        found = list(FEED.fetch(days or (DAY,), Settings.from_environment()))
        for answer in found:
            FEED.table(answer)
        return found

    def answer(self, day: date = DAY):
        return self.answers(day)[0]

    def rows(self, day: date = DAY) -> list[dict]:
        return FEED.table(self.answer(day)).to_pylist()

    def row_of(self, said: dict, *, name="work", resource=None) -> dict:
        """The row that the reader under test makes of one span."""
        reader = fast_reader(resolve.lookups()["task_id"].keys)
        body = line(span(said, name=name), resource=resource) + b"\n"
        report = FileReport(TraceFile(self.path, "traces.json", 0))
        batches = reader.read([(Piece(body, 1), report)])
        [row] = [row for batch in batches for row in batch.to_pylist()]
        return row
