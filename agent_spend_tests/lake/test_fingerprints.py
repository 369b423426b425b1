"""Rows have the same number wherever they stand, and another one as soon as a value differs."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from agent_spend.lake.fingerprints import partition_fingerprints, row_hashes

DAY = date(2026, 11, 20)
ROW = {
    "day": (DAY, pa.date32()), "name": ("ada", pa.string()), "count": (3, pa.int64()), "is_on": (True, pa.bool_()),
    "usd": (Decimal("0.10"), pa.decimal128(38, 18)), "at": (datetime(2026, 11, 20, tzinfo=UTC), pa.timestamp("us", "UTC")),
    "share": (0.5, pa.float64()),
}


def number_of(**changed) -> int:
    columns = {name: pa.array([changed.get(name, value)], kind) for name, (value, kind) in ROW.items()}
    return int(row_hashes(pa.RecordBatch.from_pydict(columns))[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("day", date(2026, 11, 21)), ("name", "dda"), ("name", "adb"), ("name", "aad"), ("name", ""), ("name", None),
        ("count", -3), ("count", 0), ("count", None), ("is_on", False), ("is_on", None), ("usd", Decimal("-0.10")),
        ("usd", Decimal("0.100000000000000001")), ("usd", Decimal(10) ** 19), ("usd", None),
        ("at", datetime(2026, 11, 20, 0, 0, 0, 1, tzinfo=UTC)), ("share", 0.25),
    ],
)
def test_any_other_value_gives_another_number(name, value):
    assert number_of(**{name: value}) != number_of()


def test_values_that_swap_their_columns_give_another_number():
    table = pa.RecordBatch.from_pydict({"a": ["x", "y"], "b": ["y", "x"]})
    first, second = row_hashes(table)
    assert first != second


def test_order_of_rows_and_columns_and_size_of_batches_do_not_matter():
    lines = [{"day": DAY, "text": "ü" * (n % 50), "n": n if n % 3 else None} for n in range(5000)]
    table = pa.Table.from_pylist(lines)
    turned = pa.Table.from_pylist([{"n": line["n"], "text": line["text"], "day": DAY} for line in reversed(lines)])
    expected = partition_fingerprints(table.to_batches(), "day")
    assert expected["2026-11-20"][0] == 5000
    assert partition_fingerprints(turned.to_batches(max_chunksize=7), "day") == expected


def test_text_longer_than_what_is_worked_on_at_once_is_told_apart():
    texts = ["a" * 200_000 + end for end in ("b", "c")]
    assert len(set(row_hashes(pa.RecordBatch.from_pydict({"text": texts})).tolist())) == 2


def test_numbers_are_the_same_in_every_process():
    # Stored beside each revision of a day, so they must not follow the seed of Python's own hashes.
    table = pa.RecordBatch.from_pydict({"name": ["ada"], "n": [1]})
    assert row_hashes(table).tolist() == [5122747314494936880]
