"""Data points of OpenTelemetry sums: the wire shape of OTLP/JSON, and what each point adds, whichever its temporality."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from agent_spend.sources.agent_traces.values import Value
from agent_spend.sources.agent_traces.wire import KeyValue, Resource, nanoseconds, whole

NANOSECONDS_A_DAY = 86_400 * 10**9
_CUMULATIVE = (2, "AGGREGATION_TEMPORALITY_CUMULATIVE")


class Point(msgspec.Struct, rename="camel"):
    """One number of one series; ``start_time_unix_nano`` tells a restarted cumulative series from its predecessor."""

    time_unix_nano: int | str = 0
    start_time_unix_nano: int | str = 0
    attributes: list[KeyValue] | None = None
    as_int: int | str | None = None
    as_double: Decimal | None = None

    def read(self, resource: dict[str, Value | None]) -> "Reading":
        """The point's facts, all of its attributes included.

        Raises:
            ValueError, ArithmeticError: a time, a number or an attribute is not one.
        """
        ended = nanoseconds(self.time_unix_nano, "timeUnixNano")
        value = Decimal(self.as_int) if self.as_int is not None else self.as_double
        return Reading(whole(self.start_time_unix_nano, "startTimeUnixNano"), ended, value, resource | said(self.attributes))


class Sum(msgspec.Struct, rename="camel"):
    data_points: list[Point] | None = None
    aggregation_temporality: int | str = 0

    @property
    def is_cumulative(self) -> bool:
        """Whether points hold totals since their start; without a word they hold differences, Claude Code's default."""
        return self.aggregation_temporality in _CUMULATIVE


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


@dataclass(frozen=True)
class Reading:
    """A point's times in nanoseconds (``started`` is 0 where it is not stated), number and attributes."""

    started: int
    ended: int
    value: Decimal | None
    said: dict[str, Value | None]

    def series(self, name: str) -> int:
        """What makes points of metric ``name`` one series: every attribute, those nobody reads included."""
        return hash((name, self.started, *sorted((key, str(value)) for key, value in self.said.items())))


def said(pairs: Sequence[KeyValue] | None) -> dict[str, Value | None]:
    """Attributes by key; a repeated key keeps its first value.

    Raises:
        ValueError: a malformed number.
    """
    return {pair.key: pair.value.value() if pair.value else None for pair in reversed(pairs or ())}


@dataclass
class Increments:
    """What points add to ``key`` (anything hashable), at which instant.

    Cumulative series are told apart by their start as well, so that several processes with equal attributes are series of
    their own and a restart is a new one. A total that falls although its start is the same has begun again at zero.
    """

    differences: dict[tuple[int, Hashable], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _seen: set[int] = field(default_factory=set)
    _totals: dict[int, tuple[Hashable, int, list[tuple[int, Decimal]]]] = field(default_factory=dict)

    def add(self, name: str, reading: Reading, key: Hashable, *, is_cumulative: bool) -> None:
        """Take in one point; one that is delivered twice counts once."""
        series = reading.series(name)
        if is_cumulative:
            _, _, totals = self._totals.setdefault(series, (key, reading.started, []))
            _append(totals, reading.ended, reading.value)
            return
        identity = hash((series, reading.ended, reading.value))
        if identity not in self._seen:
            self._seen.add(identity)
            self.differences[reading.ended // NANOSECONDS_A_DAY, key] += reading.value

    def of_totals(self, unread_before: int) -> Iterator[tuple[int, Hashable, Decimal]]:
        """Day number, key and increment of the cumulative series; what one adds falls on the day its point ends.

        Args:
            unread_before: nanoseconds; of a series that started earlier, the first total is what is known already.
        """
        for key, started, totals in self._totals.values():
            before = None
            for ended, total in sorted(totals):
                is_new = before is None and started >= unread_before
                if is_new or (before is not None and total != before):
                    yield ended // NANOSECONDS_A_DAY, key, total - before if before is not None and total > before else total
                before = total


def _append(totals: list[tuple[int, Decimal]], ended: int, total: Decimal) -> None:
    """Keep a point. Of a rising run within one day the ends say all: months of idle sessions take no memory."""
    if len(totals) > 1 and totals[-2][0] // NANOSECONDS_A_DAY == ended // NANOSECONDS_A_DAY:
        (first, low), (last, high) = totals[-2:]
        if first <= last <= ended and low <= high <= total:
            totals[-1] = (ended, total)
            return
    totals.append((ended, total))
