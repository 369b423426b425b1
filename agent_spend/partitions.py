"""The one calendar: UTC days, ISO weeks that start on Monday 00:00 UTC, calendar months."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agent_spend.errors import ConfigurationError
from agent_spend.settings import env


def first_day() -> date:
    """``AGENT_SPEND_FIRST_DAY``, or the beginning of 2025."""
    text = env("AGENT_SPEND_FIRST_DAY", "2025-01-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"AGENT_SPEND_FIRST_DAY must be YYYY-MM-DD, not {text!r}.") from None


#: First day that can be loaded. Vendors keep at most about a year; two years leave room for imported history.
FIRST_DAY = first_day()


@dataclass(frozen=True)
class Window:
    """Inclusive range of UTC days."""

    first: date
    last: date

    def days(self) -> list[date]:
        """Every day of the window, oldest first."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def widened(self, before: int, after: int) -> "Window":
        """The window with ``before`` and ``after`` more days at its ends."""
        return Window(self.first - timedelta(days=before), self.last + timedelta(days=after))


def week_start(day: date) -> date:
    """Monday of the ISO week that holds ``day``."""
    return day - timedelta(days=day.weekday())


def month_start(day: date) -> date:
    """First day of the calendar month that holds ``day``."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of the calendar month that holds ``day``."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def partition_days(keys: Iterable[str]) -> list[date]:
    """Partition keys (``YYYY-MM-DD`` of a day, a Monday or a first of month) as sorted dates."""
    return sorted(date.fromisoformat(key) for key in keys)


def contiguous(days: Sequence[date], step_days: int | None = None) -> list[Window]:
    """Group sorted ``days`` into runs without a gap, at most ``step_days`` long where given."""
    windows: list[Window] = []
    for day in days:
        last = windows[-1] if windows else None
        if last and day - last.last == timedelta(days=1) and not (step_days and (day - last.first).days >= step_days):
            windows[-1] = Window(last.first, day)
        else:
            windows.append(Window(day, day))
    return windows


def range_tags(first: date, last: date) -> dict[str, str]:
    """Run tags that make Dagster materialise a whole range of partitions in one run."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
