"""SELECTs by which ClickHouse writes the rows of the Collector's tables as OTLP/JSON lines, wanted attributes only.

Attribute values are text in a map and of their own type in a JSON column (the exporter's ``json: true``); enums are words;
a span's end is its start plus its duration (``agent-traces.md`` section 2.3).
"""

import re
from collections.abc import Iterable, Mapping

from agent_spend.sources.agent_traces import evaluations
from agent_spend.sources.agent_traces.dialects import CALL_EVENT, EVENT_KEYS
from agent_spend.sources.agent_traces.semantics import CLAUDE_CALL_EVENT, EVALUATION_EVENT

_KINDS = "['internal', 'server', 'client', 'producer', 'consumer'], [1, 2, 3, 4, 5], 0"
_TEXT = "Tuple(stringValue String)"
_PAIRS = f"Array(Tuple(key String, value {_TEXT}))"
_SPAN = (
    "Tuple(traceId String, spanId String, parentSpanId String, name String, kind UInt8, startTimeUnixNano Int64, "
    f"endTimeUnixNano Int64, status Tuple(code UInt8), attributes {_PAIRS}, "
    f"events Array(Tuple(timeUnixNano Int64, name String, attributes {_PAIRS})), "
    "links Array(Tuple(traceId String, spanId String)))"
)
_SPANS = f"Array(Tuple(resource Tuple(attributes {_PAIRS}), scopeSpans Array(Tuple(spans Array({_SPAN})))))"
_RECORD = f"Tuple(timeUnixNano Int64, eventName String, traceId String, spanId String, body {_TEXT}, attributes {_PAIRS})"
_LOGS = f"Array(Tuple(resource Tuple(attributes {_PAIRS}), scopeLogs Array(Tuple(logRecords Array({_RECORD})))))"
_VERDICT_KEYS = sorted({*evaluations.KEYS, "gen_ai.response.id"})
_EVENT_NAMES = (CLAUDE_CALL_EVENT, EVALUATION_EVENT)
_PLAIN = re.compile(r"[A-Za-z_]\w*")


def spans(table: str, types: Mapping[str, str], wanted: Iterable[str], where: str) -> str:
    """Spans of a table whose columns have ``types``: of their events the verdicts, of their links the ids."""
    keys, events, links = sorted(wanted), "[]", "[]"
    if {"Events.Timestamp", "Events.Name", "Events.Attributes"} <= types.keys():
        said = _attributes("event.3", types["Events.Attributes"], _VERDICT_KEYS)
        every = "arrayZip(Events.Timestamp, Events.Name, Events.Attributes)"
        found = f"arrayFilter(event -> event.2 = '{EVALUATION_EVENT}', {every})"
        events = f"arrayMap(event -> (toUnixTimestamp64Nano(event.1), event.2, {said}), {found})"
    if {"Links.TraceId", "Links.SpanId"} <= types.keys():
        links = "arrayZip(Links.TraceId, Links.SpanId)"
    return f"""
SELECT CAST([(
    tuple({_attributes("ResourceAttributes", types.get("ResourceAttributes", ""), keys)}),
    [tuple([(
        TraceId, SpanId, ParentSpanId, SpanName,
        transform(lower(replaceOne(SpanKind, 'SPAN_KIND_', '')), {_KINDS}),
        toUnixTimestamp64Nano(Timestamp),
        toUnixTimestamp64Nano(Timestamp) + toInt64(Duration),
        tuple(transform(lower(replaceOne(StatusCode, 'STATUS_CODE_', '')), ['ok', 'error'], [1, 2], 0)),
        {_attributes("SpanAttributes", types.get("SpanAttributes", ""), keys)},
        {events},
        {links}
    )])]
)], '{_SPANS}') AS resourceSpans
FROM {table}
WHERE {where}
FORMAT JSONEachRow"""


def events(table: str, types: Mapping[str, str], wanted: Iterable[str], where: str) -> str:
    """Log records of a table that say something of a call, as one line each."""
    keys = sorted({*wanted, *EVENT_KEYS})
    name = "EventName" if "EventName" in types else "''"
    return f"""
SELECT CAST([(
    tuple({_attributes("ResourceAttributes", types.get("ResourceAttributes", ""), sorted(wanted))}),
    [tuple([(
        toUnixTimestamp64Nano(Timestamp), {name}, TraceId, SpanId, tuple(if(Body IN ({_listed(_EVENT_NAMES)}), Body, '')),
        {_attributes("LogAttributes", types.get("LogAttributes", ""), keys)}
    )])]
)], '{_LOGS}') AS resourceLogs
FROM {table}
WHERE {where} AND {are_events(types)}
FORMAT JSONEachRow"""


def are_events(types: Mapping[str, str]) -> str:
    """Whether a log record names an event that is read; the body of any other stays in the database."""
    is_json = types.get("LogAttributes", "").startswith("JSON")
    named = "toString(LogAttributes.event.name)" if is_json else "LogAttributes['event.name']"
    own = f" OR EventName IN ({_listed(_EVENT_NAMES)})" if "EventName" in types else ""
    bare = f"({named} IN ({_listed((CALL_EVENT, EVALUATION_EVENT))}) AND Body = '')"
    return f"(Body IN ({_listed(_EVENT_NAMES)}) OR {bare}{own})"


def _attributes(column: str, type: str, keys: list[str]) -> str:
    if "JSON" not in type:
        found = f"arrayFilter(pair -> pair.1 IN ({_listed(keys)}), arrayZip(mapKeys({column}), mapValues({column})))"
        return f"arrayMap(pair -> (pair.1, tuple(pair.2)), {found})"
    values = ", ".join(f"tuple(toString({_member(column, key)}))" for key in keys)
    return f"arrayFilter(pair -> pair.2.1 <> '', arrayZip([{_listed(keys)}], [{values}]))"


def _member(column: str, key: str) -> str:
    """A path of a JSON column, in few characters: all paths asked for go into one address."""
    if column.isidentifier() and all(map(_PLAIN.fullmatch, key.split("."))):
        return f"{column}.{key}"
    return f"getSubcolumn({column}, {_quoted(key)})"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(map(_quoted, texts))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
