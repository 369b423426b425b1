"""From the records of a report to rows by day, in bounded memory."""

from array import array
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import islice
from pathlib import Path

from agent_spend.lake.columns import batch_of, distinct
from agent_spend.lake.spool import BATCH_ROWS, Spool, taken
from agent_spend.sources.copilot.schema import USER_USAGE, UserDay, user_usage_row
from agent_spend.sources.copilot.scopes import Scope

_SCHEMA = USER_USAGE.schema


def user_days(records: Iterable[UserDay], scope: Scope, folder: Path) -> dict[date, Spool]:
    """Rows of :data:`USER_USAGE` by day, one a user; of a user repeated across shards the last record counts."""
    days: dict[date, _Day] = {}
    records = iter(records)
    while some := list(islice(records, BATCH_ROWS)):
        by_day: dict[date, list[dict]] = defaultdict(list)
        for record in some:
            by_day[record.day].append(user_usage_row(record, scope.columns))
        for day, rows in by_day.items():
            days.setdefault(day, _Day(folder)).append(rows)
    return {day: found.without_repeats() for day, found in days.items()}


class _Day:
    def __init__(self, folder: Path):
        self._rows = Spool(_SCHEMA, folder)
        # Sixteen bytes a row: all that is kept of a row that has been written out.
        self._users, self._bits = array("q"), array("q")

    def append(self, rows: list[dict]) -> None:
        batch, bits = batch_of(rows, _SCHEMA)
        self._rows.append(batch, sum(bits))
        self._bits.extend(bits)
        self._users.extend(row["user_id"] for row in rows)

    def without_repeats(self) -> Spool:
        if distinct(self._users) == len(self._users):
            return self._rows
        import numpy as np

        _, from_end = np.unique(np.frombuffer(self._users, np.int64)[::-1], return_index=True)
        last = np.sort(len(self._users) - 1 - from_end)
        kept, start = self._rows.empty(), 0
        for batch in self._rows.to_reader():
            stop = start + batch.num_rows
            places = last[np.searchsorted(last, start) : np.searchsorted(last, stop)].tolist()
            kept.append(taken(batch, [place - start for place in places]), sum(self._bits[place] for place in places))
            start = stop
        return kept
