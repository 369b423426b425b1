"""A feed's contract: the columns of its lake table and what must hold for their values, checked on Arrow batches.

Every value is checked by Arrow's own sums and sets. pandera is asked once something fails: it finds the column, the rule
and the value that the message names. It and pandas take 80 MB, so they are loaded then and not before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent_spend.errors import FeedError
from agent_spend.lake.fingerprints import row_hashes

#: Money and credits: exact to 18 decimals, so that fractional cents with float noise survive as published.
MONEY = pa.decimal128(38, 18)
TEXT = pa.string()
WHOLE = pa.int64()
FLAG = pa.bool_()
DAY = pa.date32()
INSTANT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Column:
    """One column of a contract; see :func:`column`."""

    dtype: pa.DataType
    description: str
    nullable: bool = False
    one_of: Sequence[object] | None = None
    at_least: int | None = None

    def holds(self, values: pa.Array) -> bool:
        """Whether every value is allowed."""
        if values.null_count and not self.nullable:
            return False
        if self.one_of is not None:
            allowed = pa.array([*self.one_of, None], values.type)
            return pc.all(pc.is_in(values, value_set=allowed), min_count=0).as_py()
        return self.at_least is None or not (least := pc.min(values)).is_valid or least.as_py() >= self.at_least


@dataclass(frozen=True)
class Contract:
    """What a feed's table holds, exactly these columns in this order. No two rows share the columns of ``unique``."""

    columns: Mapping[str, Column]
    unique: Sequence[str] = ()

    @property
    def arrow_schema(self) -> pa.Schema:
        """Columns and types of the lake table."""
        return pa.schema([(name, column.dtype) for name, column in self.columns.items()])

    def checked(self, batches: Iterable[pa.RecordBatch], where: str) -> Iterator[pa.RecordBatch]:
        """The batches of one partition, each once it is known to hold; rows that repeat are noticed at the end.

        Raises:
            FeedError: ``schema`` with ``where``, the column and the first offending value.
        """
        # Eight bytes a row are enough to notice a repeated one after it was written out.
        seen: list[np.ndarray] = []
        for batch in batches:
            if not all(column.holds(batch.column(name)) for name, column in self.columns.items()):
                raise FeedError("schema", f"{where}: {self._first_failure(batch)}")
            if self.unique and batch.num_rows:
                seen.append(row_hashes(batch.select(self.unique)))
            yield batch
        rows = sum(map(len, seen))
        if seen and (repeated := rows - len(np.unique(np.concatenate(seen)))):
            columns = ", ".join(self.unique)
            raise FeedError("schema", f"{where}: {repeated} of {rows} rows repeat the {columns} of another row")

    def to_pandera(self):
        """The same rules as a ``pandera.pandas.DataFrameSchema`` over pyarrow dtypes."""
        import pandas as pd
        import pandera.pandas as pandera

        def checks(column: Column) -> list:
            wanted = ((pandera.Check.isin, column.one_of), (pandera.Check.ge, column.at_least))
            return [check(value) for check, value in wanted if value is not None]

        return pandera.DataFrameSchema(
            {
                name: pandera.Column(
                    pd.ArrowDtype(column.dtype), checks(column), nullable=column.nullable, description=column.description
                )
                for name, column in self.columns.items()
            },
            strict=True,
        )

    def _first_failure(self, batch: pa.RecordBatch) -> str:
        import pandas as pd
        from pandera.errors import SchemaErrors

        try:
            self.to_pandera().validate(batch.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
        except SchemaErrors as errors:
            first, count = errors.failure_cases.iloc[0], len(errors.failure_cases)
            return f"column {first['column']} fails {first['check']} (value {first['failure_case']!r}); {count} failures in all"
        raise AssertionError("pandera accepts what Arrow refused")


def column(
    dtype: pa.DataType, description: str, *, nullable: bool = False, one_of: Iterable[object] | None = None,
    at_least: int | None = None,
) -> Column:
    """One column of a feed's table.

    Args:
        dtype: use :data:`MONEY`, :data:`TEXT`, :data:`WHOLE`, :data:`FLAG`, :data:`DAY`, :data:`INSTANT`.
        description: one line with the unit; shown in Dagster's UI and as the warehouse's column comment.
        nullable: null means "the vendor does not say", never zero.
        one_of: the only values allowed.
        at_least: the smallest number allowed.
    """
    return Column(dtype, description, nullable, None if one_of is None else tuple(one_of), at_least)
