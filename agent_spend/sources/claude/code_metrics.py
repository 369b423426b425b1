"""Reads Claude Code's OpenTelemetry metrics from the files that the Collector's exporters write.

Only the two that carry money or tokens: ``claude_code.cost.usage`` (USD) and ``claude_code.token.usage``, sums of either
temporality, as OTLP/JSON or protobuf.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import msgspec

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings, env
from agent_spend.sources.agent_traces import protobuf
from agent_spend.sources.agent_traces.files import FileReport, Piece, pieces
from agent_spend.sources.agent_traces.store import LOOK_BACK_DAYS, TraceStore
from agent_spend.sources.agent_traces.values import Value
from agent_spend.sources.claude.code_points import Increments, MetricsRequest, ResourceMetrics, Sum, said
from agent_spend.sources.claude.schema import LARGEST_COUNT
from agent_spend.sources.contract import DAY, MONEY, TEXT, WHOLE, Contract, column
from agent_spend.sources.feed import DayAnswer

FEED, SETTING = "claude_code_metrics", "CLAUDE_CODE_METRICS_URI"
COST, TOKENS = "claude_code.cost.usage", "claude_code.token.usage"
TOKEN_COLUMNS = {"input": "input_tokens", "output": "output_tokens", "cacheRead": "cache_read_tokens",
                 "cacheCreation": "cache_creation_tokens"}
#: Column -> attributes that may hold it, first hit wins.
DIMENSIONS = {
    "user_email": ("user.email",),
    "account_id": ("user.account_uuid", "user.account_id"),
    "install_id": ("user.id",),
    "organization_id": ("organization.id",),
    "client": ("app.entrypoint", "terminal.type"),
    "environment": ("deployment.environment.name", "deployment.environment"),
    "query_source": ("query_source",),
    "speed": ("speed",),
    "model": ("model",),
}
_FIRST = date(1970, 1, 1)


@dataclass
class _Totals:
    """What the points add up to, and what was wrong with a day or a file."""

    increments: Increments = field(default_factory=Increments)
    errors: dict[date, FeedError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def days(self, first: date | None) -> dict[date, dict[tuple, dict[str, Decimal]]]:
        """Sums by measure of each day and its dimensions; points before ``first`` were not read."""
        unread = datetime.combine(first or _FIRST, time(), UTC).timestamp()
        days: dict[date, dict[tuple, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
        differences = ((day, key, value) for (day, key), value in self.increments.differences.items())
        for number, (measure, *dimensions), value in (*differences, *self.increments.of_totals(int(unread) * 10**9)):
            sums = days[_FIRST + timedelta(days=number)][tuple(dimensions)]
            sums[measure] = sums.get(measure, 0) + value
        return days


def fetch_code_metrics(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_code_metrics``: sums of the day's data points, by user, model, client and query source.

    A point delivered twice counts once, and a cumulative one what it adds to the point before. A day between the first and the
    last one with points is zero without any; outside it is missing.
    """
    totals = _Totals()
    try:
        store = TraceStore(env(SETTING))
        for file, raw in store.opened(store.files(days)):
            _read(totals, FileReport(file), raw)
    except FeedError as error:
        message = error.message.replace("agent_spans", FEED).replace("AGENT_TRACES_URI", SETTING)
        yield from (DayAnswer.from_error(day, FeedError(error.reason, message, error.state)) for day in days)
        return
    found = totals.days(min(days) - timedelta(days=LOOK_BACK_DAYS) if store.passed_over_day else None)
    known = sorted({*found, *totals.errors})
    message = "; ".join(totals.notes[:3])
    for day in days:
        if day in totals.errors:
            yield DayAnswer.from_error(day, totals.errors[day])
        elif day in found:
            rows = [_row(day, key, sums) for key, sums in found[day].items()]
            yield DayAnswer(day, State.AVAILABLE, rows, "quarantined" if message else "", message)
        elif known and known[0] < day < known[-1]:
            yield DayAnswer(day, State.ZERO, message=message)
        else:
            covered = f"metrics cover {known[0]} to {known[-1]}" if known else f"{SETTING} holds no point of {COST} or {TOKENS}"
            explanation = "; ".join(filter(None, [f"{FEED} {day}: {covered}", message]))
            yield DayAnswer(day, State.MISSING, reason="no_report", message=explanation)


def _read(totals: _Totals, report: FileReport, raw) -> None:
    unreadable, example = 0, ""
    for piece in pieces(report, raw):
        for number, line in enumerate(_lines(piece), piece.first_line):
            where = f"{report.file.name} {'message' if piece.messages else 'line'} {number}"
            try:
                request = msgspec.json.decode(line if isinstance(line, bytes) else protobuf.metrics(line), type=MetricsRequest)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                # The last line may still be being written.
                unreadable += not piece.is_tail
                example = example or f"{where}: {error}"
                continue
            for group in request.resource_metrics or ():
                _add(totals, group, where)
    if unreadable:
        totals.notes.append(f"{report.file.name}: {unreadable} of its lines or messages are no OTLP ({example})")


def _lines(piece: Piece) -> Iterator[bytes | memoryview]:
    """Lines of JSON as bytes, protobuf messages as views, blank lines as an empty document."""
    yield from (line if line.strip() else b"{}" for line in piece.body.splitlines())
    yield from map(memoryview, piece.messages)


def _add(totals: _Totals, group: ResourceMetrics, where: str) -> None:
    try:
        resource = said(group.resource.attributes if group.resource else None)
    except ValueError as error:
        totals.notes.append(f"{where}: resource: {error}")
        return
    for scope in group.scope_metrics or ():
        for metric in scope.metrics or ():
            if metric.name in (COST, TOKENS):
                try:
                    total = msgspec.json.decode(metric.sum, type=Sum)
                except msgspec.DecodeError as error:
                    totals.notes.append(f"{where}: {metric.name} is no sum ({error})")
                    continue
                _add_points(totals, metric.name, total, resource, where)


def _add_points(totals: _Totals, name: str, total: Sum, resource: dict[str, Value | None], where: str) -> None:
    for point in total.data_points or ():
        try:
            reading = point.read(resource)
        except (ValueError, ArithmeticError) as error:
            totals.notes.append(f"{where}: {name}: {error}")
            continue
        day, value = datetime.fromtimestamp(reading.ended // 10**9, UTC).date(), reading.value
        measure = "cost_usd" if name == COST else TOKEN_COLUMNS.get(str(reading.said.get("type")))
        if value is None or not value.is_finite() or not 0 <= value <= LARGEST_COUNT:
            totals.errors[day] = FeedError("bad_value", f"{FEED} {day}: {where}: {name} is {value}, expected zero to 10^15")
        elif measure is None:
            totals.notes.append(f"{where}: {name} of the unknown type {reading.said.get('type')!r} was left out")
        else:
            key = (measure, *(_first(reading.said, keys) for keys in DIMENSIONS.values()))
            totals.increments.add(name, reading, key, is_cumulative=total.is_cumulative)


def _first(said: dict[str, Value | None], keys: Sequence[str]) -> str | None:
    return next((str(said[key]) for key in keys if said.get(key) not in (None, "")), None)


def _row(day: date, key: tuple, sums: dict[str, Decimal]) -> dict:
    counts = {name: int(sums[name]) if name in sums else None for name in TOKEN_COLUMNS.values()}
    return {"usage_day": day, **dict(zip(DIMENSIONS, key, strict=True)), **counts, "cost_usd": sums.get("cost_usd")}


CODE_METRICS = Contract({
    "usage_day": column(DAY, "UTC day on which the data point ends"),
    "user_email": column(TEXT, "E-mail of a sign-in; null with an API key or a cloud provider", nullable=True),
    "account_id": column(TEXT, "Account of a sign-in", nullable=True),
    "install_id": column(TEXT, "Installation", nullable=True),
    "organization_id": column(TEXT, "Organisation of a sign-in", nullable=True),
    "client": column(TEXT, "Entrypoint, else terminal: cli, sdk-py, vscode", nullable=True),
    "environment": column(TEXT, "Deployment environment, where stated", nullable=True),
    "query_source": column(TEXT, "main, subagent or auxiliary", nullable=True),
    "speed": column(TEXT, "fast, or another word or none for standard", nullable=True),
    "model": column(TEXT, "Model", nullable=True),
    "input_tokens": column(WHOLE, "Uncached input tokens", nullable=True),
    "output_tokens": column(WHOLE, "Output tokens", nullable=True),
    "cache_read_tokens": column(WHOLE, "Input tokens read from the cache", nullable=True),
    "cache_creation_tokens": column(WHOLE, "Input tokens written to a cache of either lifetime", nullable=True),
    "cost_usd": column(MONEY, "Claude Code's own estimate at list price in USD", nullable=True),
})
