"""The tables of the Collector's ClickHouse exporter as if they were files: the database itself writes OTLP/JSON lines.

Only wanted attributes are asked for, so words of prompts and answers never leave the database.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from agent_spend.errors import ConfigurationError, FeedError, State
from agent_spend.settings import env, secret
from agent_spend.sources.agent_traces import clickhouse_sql
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
    "43": ("missing_field", State.MISSING, "attributes must be maps of text, or JSON, as the Collector's exporter creates them"),
    "497": ("forbidden", State.FORBIDDEN, "GRANT SELECT on the table"),
    "192": ("unauthorized", State.MISSING, "fix the user in AGENT_TRACES_URI"),
    "193": ("unauthorized", State.MISSING, "fix CLICKHOUSE_PASSWORD"),
    "194": ("unauthorized", State.MISSING, "set CLICKHOUSE_PASSWORD"),
    "516": ("unauthorized", State.MISSING, "fix the user in AGENT_TRACES_URI or CLICKHOUSE_PASSWORD"),
}


class TraceTable:
    """The spans behind ``clickhouse://user@host:8123/database?table=otel_traces`` (``&secure=true`` for HTTPS).

    ``&logs=otel_logs`` adds the events of that table that say something of calls.
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
        logs = options.get("logs", [""])[0]
        if not parts.hostname or not all(map(_NAME.fullmatch, (database, table, logs or table))):
            raise ConfigurationError("AGENT_TRACES_URI: write clickhouse://user@host:8123/database?table=otel_traces")
        is_secure = options.get("secure", [""])[0].lower() in ("1", "true")
        self._user = unquote(parts.username or "default")
        self._table, self._logs = f"`{database}`.`{table}`", f"`{database}`.`{logs}`" if logs else ""
        self._wanted, self._types = sorted(wanted), {}
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
        tables = [table for table in (self._table, self._logs) if table]
        self._types = {table: dict(self._rows(f"DESCRIBE TABLE {table}", table)) for table in tables}
        [(earliest, spans)] = self._rows(f"SELECT toUnixTimestamp(min(Timestamp)), count() FROM {self._table}", self._table)
        if spans == "0":
            raise FeedError("no_files", f"agent_spans: ClickHouse table {self._table} holds no span")
        if int(earliest) < first:
            self.passed_over_day = datetime.fromtimestamp(int(earliest), UTC).date()
        slices = [(table, *one) for table in tables for one in _slices(self._steps(table, first, last))]
        return [
            TraceFile(f"{table} {begin} {end}", f"{table.split('`')[3]} from {datetime.fromtimestamp(begin, UTC):%FT%T}", number)
            for number, (table, begin, end) in enumerate(slices)
        ]

    def _steps(self, table: str, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Rows by step of time, of a table of logs those that are read."""
        read = f" AND {clickhouse_sql.are_events(self._types[table])}" if table == self._logs else ""
        query = (
            f"SELECT intDiv(toUnixTimestamp(Timestamp), {STEP_SECONDS}) * {STEP_SECONDS} AS step, count() "
            f"FROM {table} WHERE {_between(first, last)}{read} GROUP BY step ORDER BY step"
        )
        return ((int(step), int(count)) for step, count in self._rows(query, table))

    def opened(self, files: Iterable[TraceFile]) -> Iterator[tuple[TraceFile, BinaryIO]]:
        """Each slice with its spans as OTLP/JSON lines, in order, some fetched ahead.

        Raises:
            FeedError: what ClickHouse's own error means, or as ``VendorSession.request``.
        """
        for file, body in read_ahead(files, self._lines, REQUESTS_AHEAD):
            yield file, BytesIO(body.result())

    def _lines(self, file: TraceFile) -> bytes:
        table, begin, end = file.path.split(" ")
        select = clickhouse_sql.events if table == self._logs else clickhouse_sql.spans
        return self._ask(select(table, self._types[table], self._wanted, _between(int(begin), int(end))), table)

    def _rows(self, query: str, table: str) -> list[tuple[str, str]]:
        lines = self._ask(f"{query} FORMAT TabSeparated", table).decode().splitlines()
        return [(left, right) for left, right, *_ in (line.split("\t") for line in lines)]

    def _ask(self, query: str, table: str) -> bytes:
        # A GET is read-only, and waiting for the end means that status 200 stands for a complete answer.
        try:
            answer = self._session.get("/", {"query": query, "wait_end_of_query": "1"})
        except FeedError as error:
            raise _error(table, error.message, error) from None
        if answer.status != 200:
            raise _error(table, _said(answer), None)
        return answer.body


def _error(table: str, said: str, error: FeedError | None) -> FeedError:
    code = re.search(r"Code: (\d+)", said)
    if code and code[1] in _ERRORS:
        reason, state, remedy = _ERRORS[code[1]]
        return FeedError(reason, f"agent_spans: ClickHouse table {table}: {said}; {remedy}", state)
    return error or FeedError("server_error", f"agent_spans: ClickHouse table {table}: {said}")


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
