"""Facts that hold from one day to another: which version of each is valid on a given UTC day."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.sources.answers import Received
from agent_spend.sources.feed import DayAnswer, Listed
from agent_spend.sources.lines import Line


@dataclass(frozen=True)
class Dated:
    """A row that is valid from ``valid_from`` to ``valid_to``, both days included; ``None`` leaves that end open.

    ``where`` names the file and line it came from, for messages.
    """

    row: dict
    valid_from: date | None
    valid_to: date | None
    where: str

    def holds_on(self, day: date) -> bool:
        """Whether the row is valid on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def starts(self) -> date:
        """The first valid day; an open start comes before every dated one."""
        return self.valid_from or date.min


@dataclass(frozen=True)
class Versions:
    """Every dated row that a source gave, what it was read from, a note for people, and whom it knows where that matters."""

    rows: Sequence[Dated]
    raw: Sequence[Received]
    note: str = ""
    listed: Listed | None = None


def daily_answers(
    days: Sequence[date], read: Callable[[], Versions], held: Callable[[date, Sequence[Dated]], Iterable[Dated]]
) -> Iterator[DayAnswer]:
    """One answer a day with the rows that hold on it, of a source that is read once.

    What it was read from rides as raw evidence on the latest day asked for, not on every day of a backfill.

    Args:
        held: the versions that hold on a day; may raise ``FeedError``, which is then the answer of that day.
    """
    try:
        versions = read()
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)
        return
    for day in days:
        raw = versions.raw if day == max(days) else ()
        try:
            rows = [{"usage_day": day, **version.row} for version in held(day, versions.rows)]
        except FeedError as error:
            yield DayAnswer.from_error(day, error, raw)
        else:
            state = State.AVAILABLE if rows else State.ZERO
            yield DayAnswer(day, state, rows, message=versions.note, raw=raw, listed=versions.listed)


def dates_of(line: Line) -> tuple[date | None, date | None]:
    """``valid_from`` and ``valid_to`` of a CSV line.

    Raises:
        FeedError: ``bad_value`` where a date is not one or the range ends before it starts.
    """
    valid_from, valid_to = line.day("valid_from"), line.day("valid_to")
    if valid_from and valid_to and valid_to < valid_from:
        raise line.bad("valid_to", f"must not be before valid_from {valid_from}")
    return valid_from, valid_to


def valid_on(
    day: date, versions: Iterable[Dated], key: Callable[[dict], Hashable], what: str,
    together: Callable[[Sequence[Dated]], Dated | None] = lambda rivals: None,
) -> list[Dated]:
    """The one version of each ``key`` on ``day``: of several, the one with the latest ``valid_from``.

    Args:
        what: the key in words, for messages, e.g. ``"person"``.
        together: what different versions that start on the same day say as one; ``None`` where they contradict each other.

    Raises:
        FeedError: ``duplicate`` when two different versions of a key start on the same day, naming both lines.
    """
    newest: dict[Hashable, list[Dated]] = {}
    for version in versions:
        if not version.holds_on(day):
            continue
        rivals = newest.setdefault(key(version.row), [])
        if not rivals or version.starts > rivals[0].starts:
            rivals[:] = [version]
        elif version.starts == rivals[0].starts and version.row != rivals[0].row:
            rivals.append(version)
    for name, rivals in newest.items():
        if len(rivals) > 1 and (one := together(rivals)):
            rivals[:] = [one]
        elif len(rivals) > 1:
            raise duplicate(rivals[0], rivals[1], f"{what} {name} has two rows for {day}", "close one with valid_to")
    return [rivals[0] for rivals in newest.values()]


def refuse_shared(day: date, versions: Sequence[Dated], column: str, whose: str) -> None:
    """Check that no two rows share a value of ``column``; empty values are not compared.

    Raises:
        FeedError: ``duplicate``, naming both lines.
    """
    seen: dict[object, Dated] = {}
    for version in versions:
        value = version.row[column]
        if value is None:
            continue
        if value in seen:
            remedy = "one of the two is wrong or needs valid_to"
            raise duplicate(seen[value], version, f"two {whose} share {column} {value} on {day}", remedy)
        seen[value] = version


def duplicate(first: Dated, second: Dated, what: str, remedy: str) -> FeedError:
    """The error for two lines that cannot both be true."""
    return FeedError("duplicate", f"{first.where} and {second.where}: {what}; {remedy}")
