"""A feed's contract: the columns of its lake table and what must hold for their values, checked on Arrow batches.

pandera is asked once something fails: it finds the column, the rule and the value that the message names. It and pandas
take 80 MB, so they are loaded then and not before.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arro3.core import Array, DataType, RecordBatch, Schema

from agent_spend.errors import FeedError
from agent_spend.lake.columns import DAY as DAY
from agent_spend.lake.columns import FLAG as FLAG
from agent_spend.lake.columns import INSTANT as INSTANT
from agent_spend.lake.columns import MONEY as MONEY
from agent_spend.lake.columns import TEXT as TEXT
from agent_spend.lake.columns import WHOLE as WHOLE
from agent_spend.lake.columns import distinct, schema_of

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """One column of a contract; see :func:`column`."""

    dtype: DataType
    description: str
    nullable: bool = False
    one_of: Sequence[object] | None = None
    at_least: int | None = None

    def holds(self, values: Array) -> bool:
        """Whether every value is allowed."""
        if values.null_count and not self.nullable:
            return False
        if self.one_of is None and self.at_least is None:
            return True
        found = set(values.to_pylist()) - {None}
        if self.one_of is not None and not found <= {*self.one_of}:
            return False
        return self.at_least is None or min(found, default=self.at_least) >= self.at_least


@dataclass(frozen=True)
class Contract:
    """What a feed's table holds, exactly these columns in this order. No two rows share the columns of ``unique``."""

    columns: Mapping[str, Column]
    unique: Sequence[str] = ()

    @property
    def schema(self) -> Schema:
        """Columns and types of the lake table."""
        return schema_of({name: column.dtype for name, column in self.columns.items()})

    @property
    def arrow_schema(self) -> "pa.Schema":
        """The same, of pyarrow."""
        import pyarrow as pa

        return pa.schema(self.schema)

    def checked(self, batches: Iterable[RecordBatch], where: str) -> Iterator[RecordBatch]:
        """The batches of one partition, each once it is known to hold; rows that repeat are noticed at the end.

        Raises:
            FeedError: ``schema`` with ``where``, the column and the first offending value.
        """
        # Eight bytes a row are enough to notice a repeated one after it was written out.
        seen = array("q")
        for batch in batches:
            if not all(column.holds(batch.column(name)) for name, column in self.columns.items()):
                raise FeedError("schema", f"{where}: {self._first_failure(batch)}")
            if self.unique:
                seen.extend(map(hash, zip(*(batch.column(name).to_pylist() for name in self.unique), strict=True)))
            yield batch
        if repeated := len(seen) - distinct(seen):
            columns = ", ".join(self.unique)
            raise FeedError("schema", f"{where}: {repeated} of {len(seen)} rows repeat the {columns} of another row")

    def to_pandera(self):
        """The same rules as a ``pandera.pandas.DataFrameSchema`` over pyarrow dtypes."""
        import pandas as pd
        import pandera.pandas as pandera

        types = self.arrow_schema
        def checks(column: Column) -> list:
            wanted = ((pandera.Check.isin, column.one_of), (pandera.Check.ge, column.at_least))
            return [check(value) for check, value in wanted if value is not None]

        return pandera.DataFrameSchema(
            {
                name: pandera.Column(
                    pd.ArrowDtype(types.field(name).type), checks(column), nullable=column.nullable,
                    description=column.description,
                )
                for name, column in self.columns.items()
            },
            strict=True,
        )

    def _first_failure(self, batch: RecordBatch) -> str:
        import pandas as pd
        import pyarrow as pa
        from pandera.errors import SchemaErrors

        try:
            self.to_pandera().validate(pa.record_batch(batch).to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
        except SchemaErrors as errors:
            first, count = errors.failure_cases.iloc[0], len(errors.failure_cases)
            return f"column {first['column']} fails {first['check']} (value {first['failure_case']!r}); {count} failures in all"
        raise AssertionError("pandera accepts what Arrow refused")


def column(
    dtype: DataType, description: str, *, nullable: bool = False, one_of: Iterable[object] | None = None,
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
