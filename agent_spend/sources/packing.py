"""Rows of a feed's days on their way: dicts while they are few, Arrow batches on disk once they are many."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Union

from arro3.core import Schema

from agent_spend.errors import FeedError
from agent_spend.lake.columns import MisfitError, batch_of, batch_of_columns
from agent_spend.lake.spool import Spool

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of a day that stay dicts; of a day with more all of them become Arrow batches of so many.
_DICT_ROWS = 128

#: One dict a row with the columns of the feed's schema; a table; or a spool where an answer may be large.
Rows = Union[Sequence[dict], "pa.Table", Spool]


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
