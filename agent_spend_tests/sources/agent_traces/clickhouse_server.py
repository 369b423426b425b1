"""ClickHouse's HTTP interface on loopback, run as a process of its own: the real engine (chdb) executes every query.

    python clickhouse_server.py     prints its port

Signs in the user ``otel`` with the key ``geheim``; a GET may only read. Statuses are those of ClickHouse.
"""

import re
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb.session import Session

STATUS = {"60": 404, "81": 404, "47": 404, "43": 400, "62": 400, "516": 403}
#: As the Collector's exporter creates it, without codecs and indexes.
TABLE = """
CREATE TABLE otel.otel_traces (
    Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, TraceState String,
    SpanName LowCardinality(String), SpanKind LowCardinality(String), ServiceName LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String), ScopeName String, ScopeVersion String,
    SpanAttributes Map(LowCardinality(String), String), Duration UInt64, StatusCode LowCardinality(String),
    StatusMessage String,
    Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes Map(LowCardinality(String), String)),
    Links Nested (TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String))
) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
"""
#: As it creates it with ``json: true``, and its tables of logs, where newer ones have the event's name.
JSON_TABLE = TABLE.replace("otel_traces", "json_traces").replace("Map(LowCardinality(String), String)", "JSON")
LOGS_TABLE = """
CREATE TABLE otel.otel_logs (
    Timestamp DateTime64(9), TimestampTime DateTime DEFAULT toDateTime(Timestamp), TraceId String, SpanId String,
    TraceFlags UInt8, SeverityText LowCardinality(String), SeverityNumber UInt8, ServiceName LowCardinality(String),
    Body String, ResourceAttributes Map(LowCardinality(String), String), ScopeName String,
    LogAttributes Map(LowCardinality(String), String)
) ENGINE = MergeTree PARTITION BY toDate(TimestampTime) ORDER BY (ServiceName, TimestampTime, Timestamp)
"""
JSON_LOGS_TABLE = (
    LOGS_TABLE.replace("otel_logs", "json_logs").replace("Map(LowCardinality(String), String)", "JSON")
    .replace("ScopeName String", "ScopeName String, EventName String")
)  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers one request after the other; the engine is not shared between threads."""

    session: Session

    def do_GET(self):
        options = parse_qs(urlsplit(self.path).query)
        query = options["query"][0]
        if re.match(r"\s*(INSERT|CREATE|DROP|TRUNCATE)", query):
            self._answer(500, "Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)")
        else:
            self._run(query)

    def do_POST(self):
        self._run(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _run(self, query):
        if (self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key")) != ("otel", "geheim"):
            self._answer(403, "Code: 516. DB::Exception: otel: Authentication failed. (AUTHENTICATION_FAILED)")
            return
        try:
            self._answer(200, self.session.query(query, "TabSeparated").bytes() or b"")
        except Exception as error:
            code = re.search(r"Code: (\d+)", str(error))
            self._answer(STATUS.get(code[1] if code else "", 500), str(error))

    def _answer(self, status, body):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Handler.session = Session()
    Handler.session.query("CREATE DATABASE otel")
    for table in (TABLE, JSON_TABLE, LOGS_TABLE, JSON_LOGS_TABLE):
        Handler.session.query(table)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit()
