"""What a feed is, and the one way a feed's answers become a partition of the lake."""

import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Union

import msgspec
from arro3.core import RecordBatch, Schema

from agent_spend.errors import ConfigurationError, FeedError, State
from agent_spend.lake.columns import MisfitError, batch_of, batch_of_columns
from agent_spend.lake.spool import Spool, spool_of
from agent_spend.settings import Settings, is_connected, missing_settings
from agent_spend.sources.answers import Received
from agent_spend.sources.contract import Contract
from agent_spend.sources.pace import Stopped

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of a day that stay dicts; of a day with more all of them become Arrow batches of so many.
_DICT_ROWS = 128

_CHANGED = "the vendor's shape has changed (update agent_spend), or the setting names another address"

#: One dict a row with the columns of the feed's schema; a table; or a spool where an answer may be large.
Rows = Union[Sequence[dict], "pa.Table", Spool]


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


class Packing:
    """Rows of a day as they come: dicts while they are few, Arrow batches in ``folder`` once they are many.

    So days can wait for each other. ``where`` names them in errors.
    """

    def __init__(self, schema: Schema, folder: Path, where: str):
        self._dicts: list[dict] = []
        self._spool = Spool(schema, folder, memory_bytes=1 << 18)
        self.where = where

    def add(self, row: dict) -> None:
        """Add a row.

        Raises:
            FeedError: ``schema`` where a value of this row, or of one before it, does not fit its column.
        """
        self._dicts.append(row)
        if len(self._dicts) > _DICT_ROWS:
            self._pack()

    def extend(self, rows: Sequence[dict]) -> None:
        """Add some rows; raises as :meth:`add`."""
        self._dicts.extend(rows)
        if len(self._dicts) > _DICT_ROWS:
            self._pack()

    def add_columns(self, columns: Mapping[str, list]) -> None:
        """Add some rows that come by columns; raises as :meth:`add`."""
        self._append(batch_of_columns, columns)

    def rows(self) -> Rows:
        """All of them; raises as :meth:`add`."""
        if not len(self._spool):
            return self._dicts
        if self._dicts:
            self._pack()
        return self._spool

    def _pack(self) -> None:
        self._append(batch_of, self._dicts)
        self._dicts = []

    def _append(self, to_batch: Callable, rows: Sequence[dict] | Mapping[str, list]) -> None:
        try:
            batch, bits = to_batch(rows, self._spool.schema)
        except MisfitError as error:
            raise FeedError("schema", f"{self.where}: {error}") from None
        self._spool.append(batch, sum(bits))


def packed(rows: Iterable[dict], schema: Schema, folder: Path, where: str) -> Rows:
    """Rows that have come, or that are made one after the other, through a :class:`Packing`."""
    packing = Packing(schema, folder, where)
    rows = iter(rows)
    while some := list(islice(rows, _DICT_ROWS)):
        packing.extend(some)
    return packing.rows()


def together(parts: Sequence[Rows]) -> Rows:
    """The rows of several answers of one kind, one after the other."""
    spools = [part for part in parts if isinstance(part, Spool)]
    if not spools:
        return [row for part in parts for row in part]
    if len(spools) == 1:
        return spools[0]
    joined = spools[0].empty()
    for spool in spools:
        joined.extend(spool)
    return joined


def decode(body: bytes | msgspec.Raw, shape: type, where: str, remedy: str = _CHANGED):
    """Parse JSON into a ``msgspec`` shape; numbers of type ``Decimal`` keep the digits of the text.

    Unknown fields and the order of keys do not matter; ``7.0`` and ``"7"`` are the whole number 7. ``remedy`` ends the message
    about a field.

    Raises:
        FeedError: ``malformed`` or ``missing_field``, naming ``where`` (feed and day, or endpoint) and the field.
    """
    try:
        return _decoder(shape).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error, body, where, remedy) from None


def decoded(entries: Iterable[msgspec.Raw], shape: type, where: str) -> Iterator:
    """Entries of a list one by one, so that a long one never stands in memory as objects; raises as :func:`decode`."""
    decoder = _decoder(shape)
    for number, entry in enumerate(entries):
        try:
            yield decoder.decode(entry)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unreadable(error, entry, f"{where}: entry {number}") from None


@lru_cache
def _decoder(shape: type) -> msgspec.json.Decoder:
    return msgspec.json.Decoder(shape, strict=False)


def _unreadable(error: Exception, body: bytes | msgspec.Raw, where: str, remedy: str = _CHANGED) -> FeedError:
    if isinstance(error, msgspec.ValidationError):
        return FeedError("missing_field", f"{where}: {error}; nothing was stored: {remedy}")
    is_page = bytes(body).lstrip().startswith(b"<")
    todo = "this is a web page: check the URL, and whether a proxy wants a sign-in" if is_page else "run the day again later"
    return FeedError("malformed", f"{where}: not valid JSON ({error}); nothing was stored; {todo}")


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
