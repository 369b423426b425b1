"""Rows of Python values as Arrow columns, and a checksum of them, by the arro3 that delta-rs comes with.

pyarrow and numpy do the same and more. They take 60 MB before the first row, which is most of what landing a list takes.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

import msgspec
from arro3.core import Array, DataType, Field, RecordBatch, Schema

#: Money and credits: exact to 18 decimals, so that fractional cents with float noise survive as published.
MONEY = DataType.decimal128(38, 18)
TEXT = DataType.utf8()
WHOLE = DataType.int64()
FLAG = DataType.bool()
DAY = DataType.date32()
INSTANT = DataType.timestamp("us", tz="UTC")
#: More numbers than these are compared by numpy: a set of Python's takes 80 bytes for each.
_FEW = 1 << 14
#: Checksums are counted modulo this: a Delta table stores them as 64 bits with a sign.
MODULUS = 1 << 63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_pack = msgspec.msgpack.Encoder().encode


class MisfitError(ValueError):
    """A value that its column cannot hold, or a row without the column."""


def schema_of(types: Mapping[str, object]) -> Schema:
    """Columns by name and Arrow type, of whatever library."""
    return Schema([Field(name, kind) for name, kind in types.items()])


def batch_of(rows: Sequence[Mapping], schema: Schema) -> tuple[RecordBatch, list[int]]:
    """Rows as an Arrow batch; see :func:`batch_of_columns`."""
    try:
        return batch_of_columns({name: [row[name] for row in rows] for name in schema.names}, schema)
    except KeyError as error:
        raise MisfitError(f"a row has no column {error}") from None


def batch_of_columns(columns: Mapping[str, list], schema: Schema) -> tuple[RecordBatch, list[int]]:
    """Columns of Python values as an Arrow batch, and 63 bits of each row.

    Decimals with more digits than the column, which are float noise, are rounded to it. Equal rows have equal bits in every
    process, however a decimal is written; the order of the columns counts.

    Raises:
        MisfitError: naming the column and the value.
    """
    found = [_column(columns[field.name], field) for field in schema]
    packed = map(_pack, zip(*(plain for _, plain in found), strict=True))
    bits = [int.from_bytes(blake2b(row, digest_size=8).digest()) % MODULUS for row in packed]
    return RecordBatch.from_arrays([array for array, _ in found], schema=schema), bits


def rows_of(batch: RecordBatch) -> list[dict]:
    """The rows of a batch as Python values."""
    columns = [column.to_pylist() for column in batch.columns]
    return [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def distinct(numbers: array) -> int:
    """How many different ones there are among 64-bit numbers."""
    if len(numbers) <= _FEW:
        return len(set(numbers))
    import numpy as np

    return len(np.unique(np.frombuffer(numbers, np.int64)))


def _column(values: list, field: Field) -> tuple[Array, list]:
    """The values as Arrow and as the numbers, texts and flags that it is made of."""
    to_plain, plain_type = _conversion(field.type)
    try:
        plain = to_plain(values)
        array = Array(plain, type=plain_type)
        if plain_type != field.type:
            array = array.cast(field.type)
            # A text that is no such number becomes null.
            if plain_type == TEXT and array.null_count != plain.count(None):
                raise MisfitError
        return array, plain
    except Exception:  # whatever of Python or Rust refused it
        if len(values) > 1:
            for value in values:
                _column([value], field)
        raise MisfitError(f"column {field.name}: {values[0]!r} does not fit {_name(field.type)}") from None


@lru_cache(maxsize=64)
def _conversion(kind: DataType) -> tuple[Callable[[list], list], DataType]:
    """How Python values of a column's type become such that arro3 takes, and as which type it takes them."""
    if DataType.is_decimal(kind):
        places = f".{_name(kind).rpartition(', ')[2].rstrip(')')}f"
        return lambda values: _digits(values, places), TEXT
    if DataType.is_date32(kind):
        return lambda values: [None if value is None else value.toordinal() - _FIRST_DAY for value in values], DataType.int32()
    if DataType.is_timestamp(kind):
        return lambda values: [None if value is None else (value - _EPOCH) // _MICROSECOND for value in values], WHOLE
    return lambda values: values, kind


def _digits(values: list, places: str) -> list[str | None]:
    # Not format(), which takes a float as well.
    written = Decimal.__format__
    try:
        return [None if value is None else written(value, places) for value in values]
    except TypeError:
        return [None if value is None else written(Decimal(value.__index__()), places) for value in values]


def _name(kind: DataType) -> str:
    """E.g. ``decimal128(38, 18)``."""
    return repr(kind).strip().removeprefix("arro3.core.DataType<").removesuffix(">").lower()
