"""A feed's contract: its pandera schema, checked on Arrow batches.

The schema says what is right. Arrow's own sums and sets answer the common rules without a copy into pandas; pandera
itself is asked when one of them fails, which gives the message, and for a rule that has no such answer.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from agent_spend.errors import FeedError

#: pandera's name of a check -> whether a column without nulls passes; anything else is left to pandera.
_RULES: dict[str, Callable[[pa.Array, dict], bool]] = {
    "isin": lambda values, said: pc.all(
        pc.is_in(values, value_set=pa.array(said["allowed_values"], values.type)), min_count=0
    ).as_py(),
    "greater_than_or_equal_to": lambda values, said: len(values) == 0 or pc.min(values).as_py() >= said["min_value"],
}


def arrow_schema(schema: pandera.DataFrameSchema) -> pa.Schema:
    """Columns and types of the lake table behind a schema."""
    return pa.schema([(name, column.dtype.type.pyarrow_dtype) for name, column in schema.columns.items()])


def checked(schema: pandera.DataFrameSchema, batches: Iterable[pa.RecordBatch], where: str) -> Iterator[pa.RecordBatch]:
    """The batches of one partition, each once it is known to hold; rows that repeat are noticed at the end.

    Raises:
        FeedError: ``schema`` with ``where``, the column and the first offending value.
    """
    seen: list[np.ndarray] = []
    for batch in batches:
        if not _holds(schema, batch):
            _ask_pandera(schema, batch, where)
        if schema.unique and batch.num_rows:
            keys = batch.select(schema.unique).to_pandas(types_mapper=pd.ArrowDtype)
            # Eight bytes a row are enough to notice a repeated one after it was written out.
            seen.append(pd.util.hash_pandas_object(keys, index=False).to_numpy())
        yield batch
    rows = sum(map(len, seen))
    if seen and (repeated := rows - len(np.unique(np.concatenate(seen)))):
        columns = ", ".join(schema.unique)
        raise FeedError("schema", f"{where}: {repeated} of {rows} rows repeat the {columns} of another row")


def _holds(schema: pandera.DataFrameSchema, batch: pa.RecordBatch) -> bool:
    for name, column in schema.columns.items():
        values = batch.column(name)
        if values.null_count and not column.nullable:
            return False
        for check in column.checks:
            rule = _RULES.get(check.name)
            if rule is None or not rule(values.drop_null(), check.statistics):
                return False
    return not schema.checks


def _ask_pandera(schema: pandera.DataFrameSchema, batch: pa.RecordBatch, where: str) -> None:
    try:
        schema.validate(batch.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        first = errors.failure_cases.iloc[0]
        raise FeedError(
            "schema",
            f"{where}: column {first['column']} fails {first['check']} (value {first['failure_case']!r}); "
            f"{len(errors.failure_cases)} failures in all",
        ) from None
