"""Reads Claude Code's OpenTelemetry metrics from the files that the Collector's file exporter writes.

Only the two that carry money or tokens: ``claude_code.cost.usage`` (USD) and ``claude_code.token.usage``, both delta sums.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings, env
from agent_spend.sources.agent_traces.files import FileReport, pieces
from agent_spend.sources.agent_traces.store import TraceStore
from agent_spend.sources.agent_traces.values import Value
from agent_spend.sources.agent_traces.wire import KeyValue, Resource, attributes, nanoseconds
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
_WANTED = frozenset(key for keys in DIMENSIONS.values() for key in keys) | {"session.id", "type"}
_DELTA = (1, "AGGREGATION_TEMPORALITY_DELTA")


class Point(msgspec.Struct, rename="camel"):
    time_unix_nano: int | str
    start_time_unix_nano: int | str = 0
    attributes: list[KeyValue] | None = None
    as_int: int | str | None = None
    as_double: Decimal | None = None


class Sum(msgspec.Struct, rename="camel"):
    data_points: list[Point] | None = None
    aggregation_temporality: int | str = 0


class Metric(msgspec.Struct):
    name: str = ""
    sum: msgspec.Raw = msgspec.Raw(b"")


class ScopeMetrics(msgspec.Struct):
    metrics: list[Metric] | None = None


class ResourceMetrics(msgspec.Struct, rename="camel"):
    resource: Resource | None = None
    scope_metrics: list[ScopeMetrics] | None = None


class MetricsRequest(msgspec.Struct, rename="camel"):
    resource_metrics: list[ResourceMetrics] | None = None


@dataclass
class _Totals:
    """Sums by day and dimensions, and what was wrong with a day or a file."""

    days: dict[date, dict[tuple, dict]] = field(default_factory=lambda: defaultdict(dict))
    errors: dict[date, FeedError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)


def fetch_code_metrics(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_code_metrics``: sums of the day's data points, by user, model, client and query source.

    A point delivered twice counts once. A day between the first and the last one with points is zero without any; outside
    it is missing.
    """
    totals = _Totals()
    try:
        store = TraceStore(env(SETTING))
        for file, raw in store.opened(store.files(days)):
            _read(totals, FileReport(file), raw)
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)
        return
    known = sorted({*totals.days, *totals.errors})
    message = "; ".join(totals.notes[:3])
    for day in days:
        if day in totals.errors:
            yield DayAnswer.from_error(day, totals.errors[day])
        elif day in totals.days:
            rows = [_row(day, key, sums) for key, sums in totals.days[day].items()]
            yield DayAnswer(day, State.AVAILABLE, rows, message=message)
        elif known and known[0] < day < known[-1]:
            yield DayAnswer(day, State.ZERO, message=message)
        else:
            covered = f"metrics cover {known[0]} to {known[-1]}" if known else f"{SETTING} holds no point of {COST} or {TOKENS}"
            explanation = "; ".join(filter(None, [f"{FEED} {day}: {covered}", message]))
            yield DayAnswer(day, State.MISSING, reason="no_report", message=explanation)


def _read(totals: _Totals, report: FileReport, raw) -> None:
    unreadable = 0
    for piece in pieces(report, raw):
        unreadable += len(piece.messages)
        for number, line in enumerate(piece.body.splitlines(), piece.first_line):
            if not line.strip():
                continue
            try:
                request = msgspec.json.decode(line, type=MetricsRequest)
            except msgspec.DecodeError:
                # The last line may still be being written.
                unreadable += not piece.is_tail
                continue
            for group in request.resource_metrics or ():
                _add(totals, group, f"{report.file.name} line {number}")
    if unreadable:
        totals.notes.append(f"{report.file.name}: {unreadable} lines are not OTLP/JSON; use the Collector's format: json")


def _add(totals: _Totals, group: ResourceMetrics, where: str) -> None:
    resource = attributes(group.resource.attributes if group.resource else None, _WANTED)
    for scope in group.scope_metrics or ():
        for metric in scope.metrics or ():
            if metric.name in (COST, TOKENS):
                try:
                    total = msgspec.json.decode(metric.sum, type=Sum)
                except msgspec.DecodeError as error:
                    totals.notes.append(f"{where}: {metric.name} is no sum ({error})")
                    continue
                for point in total.data_points or ():
                    _add_point(totals, metric.name, total, point, resource, where)


def _add_point(totals: _Totals, name: str, total: Sum, point: Point, resource: dict[str, Value | None], where: str) -> None:
    try:
        ended = nanoseconds(point.time_unix_nano, "timeUnixNano")
        said = {**resource, **attributes(point.attributes, _WANTED)}
        value = Decimal(point.as_int) if point.as_int is not None else point.as_double
    except (ValueError, ArithmeticError) as error:
        totals.notes.append(f"{where}: {error}")
        return
    day = datetime.fromtimestamp(ended // 1_000_000_000, UTC).date()
    identity = hash((name, str(point.start_time_unix_nano), ended, tuple(sorted((key, str(v)) for key, v in said.items()))))
    if identity in totals.seen:
        return
    totals.seen.add(identity)
    token_column = TOKEN_COLUMNS.get(str(said.get("type")))
    if total.aggregation_temporality not in _DELTA:
        remedy = "set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta"
        totals.errors[day] = FeedError("not_delta", f"{FEED} {day}: {where}: {name} is not a delta sum; {remedy}")
    elif value is None or not value.is_finite() or value < 0:
        totals.errors[day] = FeedError("bad_value", f"{FEED} {day}: {where}: {name} is {value}, expected zero or more")
    elif name == TOKENS and token_column is None:
        totals.notes.append(f"{where}: {name} of the unknown type {said.get('type')!r} was left out")
    else:
        key = tuple(_first(said, keys) for keys in DIMENSIONS.values())
        sums = totals.days[day].setdefault(key, {})
        measure = "cost_usd" if name == COST else token_column
        sums[measure] = sums.get(measure, 0) + value


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
