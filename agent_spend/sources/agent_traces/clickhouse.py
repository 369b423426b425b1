"""The Collector's ClickHouse table ``otel_traces`` as if it were trace files: the database itself writes OTLP/JSON lines.

Only wanted attributes are asked for, so words of prompts and answers never leave the database; events and links are not
selected. Attribute values are text there, enums are words, and a span's end is its start plus its duration
(``agent-traces.md`` section 2.3).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from agent_spend.errors import ConfigurationError, FeedError, State
from agent_spend.settings import env, secret
from agent_spend.sources.agent_traces.store import LOOK_BACK_DAYS, TraceFile, read_ahead
from agent_spend.sources.http import Answer, VendorSession, error_text

#: Spans asked for at once, give or take those of one step; an answer is held in memory whole.
SPANS_A_REQUEST, STEP_SECONDS = 20_000, 10
REQUESTS_AHEAD = 4
_NAME = re.compile(r"\w+")
#: ClickHouse's error codes: reason, state and remedy.
_ERRORS = {
    "60": ("not_found", State.MISSING, "fix table= in AGENT_TRACES_URI"),
    "81": ("not_found", State.MISSING, "fix the database in AGENT_TRACES_URI"),
    "47": ("missing_field", State.MISSING, "name a table as the Collector's ClickHouse exporter creates it"),
    "43": ("missing_field", State.MISSING, "attributes must be maps of text; the exporter's JSON columns are not read"),
    "497": ("forbidden", State.FORBIDDEN, "GRANT SELECT on the table"),
    "192": ("unauthorized", State.MISSING, "fix the user in AGENT_TRACES_URI"),
    "193": ("unauthorized", State.MISSING, "fix CLICKHOUSE_PASSWORD"),
    "194": ("unauthorized", State.MISSING, "set CLICKHOUSE_PASSWORD"),
    "516": ("unauthorized", State.MISSING, "fix the user in AGENT_TRACES_URI or CLICKHOUSE_PASSWORD"),
}
_KINDS = "['internal', 'server', 'client', 'producer', 'consumer'], [1, 2, 3, 4, 5], 0"
_PAIR = "Tuple(key String, value Tuple(stringValue String))"
_SPAN = (
    "Tuple(traceId String, spanId String, parentSpanId String, name String, kind UInt8, startTimeUnixNano Int64, "
    f"endTimeUnixNano Int64, status Tuple(code UInt8), attributes Array({_PAIR}))"
)
_GROUP = f"Tuple(resource Tuple(attributes Array({_PAIR})), scopeSpans Array(Tuple(spans Array({_SPAN}))))"


class TraceTable:
    """The spans behind ``clickhouse://user@host:8123/database?table=otel_traces`` (``&secure=true`` for HTTPS).

    The password is the secret setting ``CLICKHOUSE_PASSWORD``.

    Args:
        wanted: attributes that some rule reads.

    Raises:
        ConfigurationError: the URI holds a password, or names that are no identifiers.
    """

    def __init__(self, uri: str, wanted: Iterable[str]):
        parts, options = urlsplit(uri), parse_qs(urlsplit(uri).query)
        if parts.password:
            raise ConfigurationError("AGENT_TRACES_URI holds a password; set CLICKHOUSE_PASSWORD instead.")
        database, table = parts.path.strip("/") or "default", options.get("table", ["otel_traces"])[0]
        if not parts.hostname or not _NAME.fullmatch(database) or not _NAME.fullmatch(table):
            raise ConfigurationError("AGENT_TRACES_URI: write clickhouse://user@host:8123/database?table=otel_traces")
        is_secure = options.get("secure", [""])[0].lower() in ("1", "true")
        self._user = unquote(parts.username or "default")
        self._name, self._table = table, f"`{database}`.`{table}`"
        self._wanted = ", ".join(map(_quoted, sorted(wanted)))
        scheme, port = ("https", parts.port or 8443) if is_secure else ("http", parts.port or 8123)
        self._session = VendorSession("agent_spans", f"{scheme}://{parts.hostname}:{port}", self._sign)
        self.passed_over_day: date | None = None

    def _sign(self, headers: dict[str, str]) -> None:
        headers["X-ClickHouse-User"] = self._user
        if env("CLICKHOUSE_PASSWORD"):
            headers["X-ClickHouse-Key"] = secret("CLICKHOUSE_PASSWORD")

    def files(self, days: Sequence[date]) -> list[TraceFile]:
        """Slices of the table around the days asked.

        A trace is put together from spans that started up to ``LOOK_BACK_DAYS`` before the first day or after the last.

        Raises:
            FeedError: ``no_files`` without any span, or what ClickHouse's own error means.
        """
        first = _midnight(min(days) - timedelta(days=LOOK_BACK_DAYS))
        last = _midnight(max(days) + timedelta(days=LOOK_BACK_DAYS + 1))
        [earliest] = self._rows(f"SELECT toUnixTimestamp(min(Timestamp)), count() FROM {self._table}")
        if earliest[1] == 0:
            raise FeedError("no_files", f"agent_spans: ClickHouse table {self._table} holds no span")
        if earliest[0] < first:
            self.passed_over_day = datetime.fromtimestamp(earliest[0], UTC).date()
        steps = self._rows(
            f"SELECT intDiv(toUnixTimestamp(Timestamp), {STEP_SECONDS}) * {STEP_SECONDS} AS step, count() "
            f"FROM {self._table} WHERE {_between(first, last)} GROUP BY step ORDER BY step"
        )
        slices = list(_slices(steps))
        return [
            TraceFile(f"{begin} {end}", f"{self._name} from {datetime.fromtimestamp(begin, UTC):%Y-%m-%dT%H:%M:%S}", number)
            for number, (begin, end) in enumerate(slices)
        ]

    def opened(self, files: Iterable[TraceFile]) -> Iterator[tuple[TraceFile, BinaryIO]]:
        """Each slice with its spans as OTLP/JSON lines, in order, some fetched ahead.

        Raises:
            FeedError: what ClickHouse's own error means, or as ``VendorSession.request``.
        """
        for file, body in read_ahead(files, self._spans, REQUESTS_AHEAD):
            yield file, BytesIO(body.result())

    def _spans(self, file: TraceFile) -> bytes:
        begin, end = map(int, file.path.split())
        return self._ask(
            f"""
SELECT [CAST((
    tuple({self._attributes("ResourceAttributes")}),
    [tuple([CAST((
        TraceId, SpanId, ParentSpanId, SpanName,
        transform(lower(replaceOne(SpanKind, 'SPAN_KIND_', '')), {_KINDS}),
        toUnixTimestamp64Nano(Timestamp),
        toUnixTimestamp64Nano(Timestamp) + toInt64(Duration),
        tuple(transform(lower(replaceOne(StatusCode, 'STATUS_CODE_', '')), ['ok', 'error'], [1, 2], 0)),
        {self._attributes("SpanAttributes")}
    ), '{_SPAN}')])]
), '{_GROUP}')] AS resourceSpans
FROM {self._table}
WHERE {_between(begin, end)}
FORMAT JSONEachRow"""
        )

    def _attributes(self, column: str) -> str:
        return (
            f"arrayMap(pair -> CAST((pair.1, tuple(pair.2)), '{_PAIR}'), arrayFilter(pair -> pair.1 IN ({self._wanted}), "
            f"arrayZip(mapKeys({column}), mapValues({column}))))"
        )

    def _rows(self, query: str) -> list[tuple[int, int]]:
        lines = self._ask(f"{query} FORMAT TabSeparated").decode().splitlines()
        return [(int(left), int(right)) for left, right in (line.split("\t") for line in lines)]

    def _ask(self, query: str) -> bytes:
        # A GET is read-only, and waiting for the end means that status 200 stands for a complete answer.
        try:
            answer = self._session.get("/", {"query": query, "wait_end_of_query": "1"})
        except FeedError as error:
            raise self._error(error.message, error) from None
        if answer.status != 200:
            raise self._error(_said(answer), None)
        return answer.body

    def _error(self, said: str, error: FeedError | None) -> FeedError:
        code = re.search(r"Code: (\d+)", said)
        if code and code[1] in _ERRORS:
            reason, state, remedy = _ERRORS[code[1]]
            return FeedError(reason, f"agent_spans: ClickHouse table {self._table}: {said}; {remedy}", state)
        return error or FeedError("server_error", f"agent_spans: ClickHouse table {self._table}: {said}")


def _slices(steps: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """First second and first second after, of steps that hold up to ``SPANS_A_REQUEST`` spans together."""
    begin, spans = None, 0
    for step, count in steps:
        if begin is not None and spans + count > SPANS_A_REQUEST:
            yield begin, step
            begin, spans = None, 0
        begin, spans, end = step if begin is None else begin, spans + count, step + STEP_SECONDS
    if begin is not None:
        yield begin, end


def _between(begin: int, end: int) -> str:
    return f"Timestamp >= toDateTime64({begin}, 9, 'UTC') AND Timestamp < toDateTime64({end}, 9, 'UTC')"


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _said(answer: Answer) -> str:
    return " ".join(error_text(answer, 300).split())


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
