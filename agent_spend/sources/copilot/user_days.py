"""From the records of a report to rows by day, in bounded memory."""

from array import array
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from agent_spend.lake.spool import BATCH_ROWS, Spool
from agent_spend.sources.copilot.schema import USER_USAGE, UserDay, user_usage_row
from agent_spend.sources.copilot.scopes import Scope
from agent_spend.sources.feed import batch_of

_SCHEMA = USER_USAGE.arrow_schema


def user_days(records: Iterable[UserDay], scope: Scope, folder: Path) -> dict[date, Spool]:
    """Rows of :data:`USER_USAGE` by day, one a user; of a user repeated across shards the last record counts."""
    days: dict[date, _Day] = {}
    records = iter(records)
    while some := list(islice(records, BATCH_ROWS)):
        by_day: dict[date, list[dict]] = defaultdict(list)
        for record in some:
            by_day[record.day].append(user_usage_row(record, scope.kind, scope.slug))
        for day, rows in by_day.items():
            days.setdefault(day, _Day(folder)).append(rows)
    return {day: found.without_repeats() for day, found in days.items()}


class _Day:
    def __init__(self, folder: Path):
        self._rows = Spool(_SCHEMA, folder)
        # Eight bytes a row: all that is kept of a row that has been written out.
        self._users = array("q")

    def append(self, rows: list[dict]) -> None:
        self._rows.append(batch_of(rows, _SCHEMA))
        self._users.extend(row["user_id"] for row in rows)

    def without_repeats(self) -> Spool:
        users = np.frombuffer(self._users, np.int64)
        _, last = np.unique(users[::-1], return_index=True)
        if len(last) == len(users):
            return self._rows
        is_last = np.zeros(len(users), bool)
        is_last[len(users) - 1 - last] = True
        kept, start = self._rows.empty(), 0
        for batch in self._rows.to_reader():
            kept.append(batch.filter(pa.array(is_last[start : start + batch.num_rows])))
            start += batch.num_rows
        return kept
