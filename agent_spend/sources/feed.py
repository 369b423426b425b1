"""What a feed is, what it answers for a day, and how its rows are checked."""

import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from arro3.core import RecordBatch

from agent_spend.errors import ConfigurationError, FeedError, State
from agent_spend.lake.columns import MisfitError
from agent_spend.lake.spool import Spool, spool_of
from agent_spend.settings import Settings, is_connected, missing_settings
from agent_spend.sources.answers import Received
from agent_spend.sources.contract import Contract
from agent_spend.sources.pace import Stopped
from agent_spend.sources.packing import Rows

if TYPE_CHECKING:
    import pyarrow as pa

@dataclass(frozen=True)
class Unread:
    """Rows of a day that an answer could not read anew: those that hold one of ``values`` in ``columns``."""

    columns: Sequence[str]
    values: Collection[tuple[str, ...]]

    def __str__(self) -> str:
        return ", ".join(" ".join(value) for value in self.values)


@dataclass(frozen=True)
class Listed:
    """Whom a list knows on any day at all, by ``column``, and when it looks cut off.

    ``identities`` are columns whose value is one's own; ``max_missing_share`` of those of the day before may be unknown to it.
    ``where``, ``ends`` and ``rule`` name the list, the column that ends a line, and the rule, for messages.
    """

    column: str
    values: Collection[str]
    identities: Sequence[str]
    max_missing_share: Decimal
    where: str
    ends: str
    rule: str


@dataclass(frozen=True)
class DayAnswer:
    """What a source says about one partition (a UTC day, or a month given by its first day).

    ``raw`` holds the HTTP answers or file contents this came from, kept as received. ``keep`` names rows that stay where they
    are stored for the day, and in place of the answer's rows with the same values in ``keep_by`` (else in the columns that
    no two rows share). ``stands_in_for`` names rows that were refused with this error: where some are stored, all of the
    day stays. ``listed`` tells who vanished from a list, for whom :mod:`agent_spend.sources.standing` has rules.
    """

    day: date
    state: State
    rows: Rows = ()
    reason: str = ""
    message: str = ""
    raw: Sequence[Received] = ()
    keep: Unread | None = None
    keep_by: Sequence[str] = ()
    stands_in_for: tuple[Unread, FeedError] | None = None
    listed: Listed | None = None

    @classmethod
    def from_error(cls, day: date, error: FeedError, raw: Sequence[Received] = ()) -> "DayAnswer":
        """A day the vendor did not give us, with the error's reason and message."""
        return cls(day, error.state, reason=error.reason, message=error.message, raw=raw)

    @classmethod
    def incomplete(
        cls, day: date, rows: Rows, error: FeedError, raw: Sequence[Received] = ()
    ) -> "DayAnswer":
        """The rows that came before ``error`` told that there are more; without any, as :meth:`from_error`."""
        if not len(rows):
            return cls.from_error(day, error, raw)
        return cls(day, State.PARTIAL, rows, error.reason, error.message, raw)

    @property
    def is_data(self) -> bool:
        """Whether the answer holds data; one that is partial gives way to anything fuller that is stored."""
        return self.state in (State.AVAILABLE, State.ZERO, State.PARTIAL)

    @property
    def is_doubtful(self) -> bool:
        """Whether it is a zero with a reason: one that looks like a failure, and so replaces no stored rows."""
        return self.state is State.ZERO and bool(self.reason)


@dataclass(frozen=True)
class Feed:
    """One vendor feed: where its rows come from, their shape, and how it shows in the Dagster UI.

    Args:
        name: asset name, ``<vendor>_<entity>``.
        system: key of ``settings.REQUIRED`` that says whether it is connected.
        vendor: ledger name of the vendor, or of the kind of file.
        description: what one row is, its units and its source, in plain words.
        schema: what its rows must be; the lake table has exactly these columns.
        fetch: asked for sorted days, yields one :class:`DayAnswer` for each of them, in any order. It never raises
            for a vendor's answer; it yields ``DayAnswer.from_error``.
        total_column: the column whose sum the revision log compares (money or credits), or the columns (tokens), if any.
        partition_column: ``usage_day``, or ``month`` for monthly files.
        is_forgetful: whether the vendor states no depth of its history, so that an empty answer for a day with stored
            rows means that it is no longer served, not that it was empty.
        is_list: whether a day's rows are a list that stands until the next one, so that a day that could not be read has
            the list of the day before.
    """

    name: str
    system: str
    vendor: str
    description: str
    schema: Contract
    fetch: Callable[[Sequence[date], Settings], Iterable[DayAnswer]]
    total_column: str | Sequence[str] | None = None
    partition_column: str = "usage_day"
    is_forgetful: bool = False
    is_list: bool = False

    @property
    def arrow_schema(self) -> "pa.Schema":
        """The lake table's columns and types, of pyarrow."""
        return self.schema.arrow_schema

    @property
    def total_columns(self) -> Sequence[str]:
        """What a day's total adds up."""
        return (self.total_column,) if isinstance(self.total_column, str) else self.total_column or ()

    def spooled(self, answer: DayAnswer) -> Spool:
        """The answer's rows as Arrow, with their checksum.

        Raises:
            FeedError: ``schema`` with the feed, the day, the column and the first value that does not fit it.
        """
        if isinstance(answer.rows, Spool):
            return answer.rows
        if not hasattr(answer.rows, "to_batches"):
            try:
                return spool_of(answer.rows, self.schema.schema)
            except MisfitError as error:
                raise FeedError("schema", f"{self.name} {answer.day}: {error}") from None
        # By columns; only what brings its rows as a table of pyarrow has loaded what that takes.
        from agent_spend.lake.fingerprints import partition_fingerprints

        spool = spool_of((), self.schema.schema)
        for batch in answer.rows.cast(self.arrow_schema).to_batches():
            checksum = partition_fingerprints([batch], None).get("all", (0, 0))[1]
            spool.append(RecordBatch.from_arrow(batch), checksum)
        return spool

    def checked(self, rows: Spool, day: date) -> Iterator[RecordBatch]:
        """The rows of a day, a validated batch at a time; an error may follow batches that were good.

        Raises:
            FeedError: ``schema`` with the feed, the day, the column and the first offending value; ``wrong_day`` for a
                row of another partition.
        """
        where = f"{self.name} {day}"
        for batch in self.schema.checked(rows.to_reader(), where):
            if {*batch.column(self.partition_column).to_pylist()} != {day}:
                raise FeedError("wrong_day", f"{where}: a row's {self.partition_column} is another one")
            yield batch

    def table(self, answer: DayAnswer) -> "pa.Table":
        """The answer's rows as one validated table, for answers that are known to be small.

        Raises:
            FeedError: as :meth:`spooled` and :meth:`checked`.
        """
        import pyarrow as pa

        batches = self.checked(self.spooled(answer), answer.day)
        return pa.Table.from_batches(map(pa.record_batch, batches), self.arrow_schema)


def answers(feed: Feed, days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """What the feed says of each of ``days``, in any order: also that it has no settings, or nothing to say.

    An error that nobody foresaw is the answer of the days that are still to come; those that came before it stay.
    """
    if not is_connected(feed.system):
        message = f"not connected: set {', '.join(missing_settings(feed.system))}"
        yield from (DayAnswer(day, State.NOT_CONNECTED, reason="not_connected", message=message) for day in days)
        return
    waiting = dict.fromkeys(days)
    reason, why = "no_answer", "the source gave no answer for this day"
    try:
        for answer in feed.fetch(days, settings):
            waiting.pop(answer.day, None)
            yield answer
    except (ConfigurationError, Stopped):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason, why = "unexpected", f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
        why += "; this answer was not foreseen: please report it with the answer's text"
    for day in waiting:
        yield DayAnswer.from_error(day, FeedError(reason, f"{feed.name} {day}: {why}"))
