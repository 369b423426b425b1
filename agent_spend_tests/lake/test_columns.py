"""Rows become Arrow columns without pyarrow, and equal rows have equal bits."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from agent_spend.lake.columns import DAY, FLAG, INSTANT, MONEY, TEXT, WHOLE, MisfitError, batch_of, rows_of, schema_of
from agent_spend.lake.spool import Spool

SCHEMA = schema_of({"day": DAY, "at": INSTANT, "who": TEXT, "count": WHOLE, "is_on": FLAG, "usd": MONEY})
AT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
ROW = {"day": date(2026, 11, 20), "at": AT, "who": "ada", "count": 3, "is_on": True, "usd": Decimal("0.10")}


def bits(**changed) -> int:
    return batch_of([ROW | changed], SCHEMA)[1][0]


def test_every_kind_of_value_comes_back():
    empty = dict.fromkeys(ROW)
    batch, _ = batch_of([ROW, empty], SCHEMA)
    assert rows_of(batch) == [ROW, empty]
    assert pa.schema(SCHEMA).field("usd").type == pa.decimal128(38, 18)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1E+3", "1000"), ("1E-18", "0.000000000000000001"), ("-0.5", "-0.5"), ("12345678901234567890", "12345678901234567890"),
        ("0.1234567890123456785", "0.123456789012345678"), ("0.1234567890123456795", "0.123456789012345680"),
    ],
)
def test_a_decimal_is_exact_and_noise_beyond_its_places_is_rounded_half_to_even(written, stored):
    batch, _ = batch_of([ROW | {"usd": Decimal(written)}], SCHEMA)
    assert batch.column("usd").to_pylist() == [Decimal(stored)]


def test_a_whole_number_of_dollars_is_money():
    assert batch_of([ROW | {"usd": 2**60 + 1}], SCHEMA)[0].column("usd").to_pylist() == [Decimal(2**60 + 1)]


def test_the_same_value_written_differently_has_the_same_bits():
    assert bits(usd=Decimal("1E-1")) == bits(usd=Decimal("0.100")) == bits()
    assert bits(at=AT.astimezone(timezone(timedelta(hours=9)))) == bits()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("day", date(2026, 11, 21)), ("at", AT + timedelta(microseconds=1)), ("who", "adb"), ("who", ""), ("who", None),
        ("count", 0), ("is_on", False), ("is_on", None), ("usd", Decimal("0.100000000000000001")), ("usd", None),
    ],
)
def test_any_other_value_has_other_bits(column, value):
    assert bits(**{column: value}) != bits()


def test_bits_are_the_same_in_every_process():
    # Noted in the Delta log, so they must not follow the seed of Python's own hashes: BLAKE2b of MessagePack's 92 01 a3 "ada".
    assert batch_of([{"n": 1, "who": "ada"}], schema_of({"n": WHOLE, "who": TEXT}))[1] == [6487225313950982592]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("usd", 0.1, "column usd: 0.1 does not fit decimal128(38, 18)"),
        ("usd", Decimal("NaN"), "column usd: Decimal('NaN') does not fit"),
        ("usd", Decimal(10) ** 20, "column usd: Decimal('100000000000000000000') does not fit"),
        ("count", 2**63, "column count: 9223372036854775808 does not fit int64"),
        ("count", "3", "column count: '3' does not fit int64"),
        ("who", 7, "column who: 7 does not fit utf8"),
        ("day", "2026-11-20", "column day: '2026-11-20' does not fit date32"),
        ("at", datetime(2026, 11, 20), "does not fit timestamp"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_column(column, value, said):
    with pytest.raises(MisfitError) as refused:
        batch_of([ROW, ROW | {column: value}], SCHEMA)
    assert said in str(refused.value)


def test_a_row_without_a_column_is_refused():
    with pytest.raises(MisfitError, match="no column 'usd'"):
        batch_of([{name: value for name, value in ROW.items() if name != "usd"}], SCHEMA)


def test_a_spool_in_a_file_gives_back_all_rows_and_those_of_some_days(tmp_path):
    spool = Spool(SCHEMA, tmp_path, memory_bytes=1)
    days = [date(2026, 11, day) for day in (1, 2, 3, 2)]
    for number, day in enumerate(days):
        batch, found = batch_of([ROW | {"day": day, "count": number}], SCHEMA)
        spool.append(batch, sum(found))
        assert [row["count"] for row in spool] == list(range(number + 1))
    assert [row["count"] for row in spool.only("day", {"2026-11-02"})] == [1, 3]
    assert list(tmp_path.iterdir()) == []


def test_a_feed_lands_without_the_large_libraries():
    code = (
        "import sys; from agent_spend.project import feeds; import agent_spend.sources.land; feeds();"
        "print([name for name in ('pyarrow', 'numpy', 'pandas', 'duckdb', 'dagster') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "[]"
