"""The published warehouse, from a real lake and small models."""

import threading
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from agent_spend.catalog import Catalog
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.publish.warehouse import publish_warehouse, query

MONEY = pa.decimal128(38, 18)
BILLS = pa.schema([("usage_day", pa.date32()), ("vendor", pa.string()), ("billed_usd", MONEY)])
FACT = """-- grain: one row per day x vendor
-- unit: USD
-- partitions: day
/*
usage_day: UTC day
vendor: who charges
billed_usd: what the vendor's billing API says
*/
SELECT usage_day, vendor, billed_usd FROM bills
"""
REPORT = """-- grain: one row per vendor
-- partitions: view none
/*
vendor: who charges
billed_usd: sum of the days
*/
SELECT vendor, CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd FROM fct_bill_day GROUP BY vendor
"""

COMMENTS = "SELECT comment FROM duckdb_columns() WHERE table_name = 'fct_bill_day' ORDER BY column_index"
BOTH_TOTALS = """SELECT (SELECT SUM(billed_usd) FROM fct_bill_day), (SELECT SUM(billed_usd) FROM rpt_finance__vendor)"""


def bills(*amounts: str) -> pa.Table:
    days = [date(2026, 11, 1 + n) for n in range(len(amounts))]
    vendors = ["cursor"] * len(amounts)
    return pa.table([days, vendors, [Decimal(amount) for amount in amounts]], schema=BILLS)


def store(lake: Lake, table: pa.Table) -> None:
    lake.replace("fct_bill_day", table, "usage_day", [str(day) for day in table["usage_day"].to_pylist()])


@pytest.fixture
def catalog(tmp_path):
    folder = tmp_path / "sql"
    for layer, name, sql in (("marts", "fct_bill_day", FACT), ("reports", "rpt_finance__vendor", REPORT)):
        (folder / layer).mkdir(parents=True)
        (folder / layer / f"{name}.sql").write_text(sql)
    return Catalog({"bills": BILLS}, folder)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    store(lake, bills("1.000000000000000001", "2"))
    return lake


def test_money_arrives_in_the_warehouse_to_the_last_digit(lake, catalog, tmp_path):
    publish_warehouse(lake, catalog, tmp_path)
    columns, rows = query(tmp_path, "SELECT vendor, billed_usd FROM rpt_finance__vendor")
    assert columns == ["vendor", "billed_usd"]
    assert rows == [("cursor", Decimal("3.000000000000000001"))]


def test_columns_and_tables_carry_the_models_descriptions(lake, catalog, tmp_path):
    publish_warehouse(lake, catalog, tmp_path)
    _, rows = query(tmp_path, COMMENTS)
    assert [row[0] for row in rows] == ["UTC day", "who charges", "what the vendor's billing API says"]
    _, rows = query(tmp_path, "SELECT comment FROM duckdb_tables() WHERE table_name = 'fct_bill_day'")
    assert rows == [("Grain: one row per day x vendor. Unit: USD.",)]


def test_the_file_can_be_read_by_duckdb_1_4(lake, catalog, tmp_path):
    path = publish_warehouse(lake, catalog, tmp_path)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS warehouse (READ_ONLY)")
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'warehouse'").fetchone()[0]
    assert tags["storage_version"].startswith("v1.4.0")


def test_publishing_the_same_lake_twice_leaves_the_file_alone(lake, catalog, tmp_path):
    first = publish_warehouse(lake, catalog, tmp_path).stat()
    second = publish_warehouse(lake, catalog, tmp_path).stat()
    assert (first.st_ino, first.st_mtime_ns) == (second.st_ino, second.st_mtime_ns)


def test_a_new_lake_version_is_published_and_named(lake, catalog, tmp_path):
    publish_warehouse(lake, catalog, tmp_path)
    store(lake, bills("5"))
    publish_warehouse(lake, catalog, tmp_path)
    assert query(tmp_path, "SELECT billed_usd FROM rpt_finance__vendor")[1] == [(Decimal(7),)]
    assert query(tmp_path, "SELECT lake_version FROM _published_from WHERE table_name = 'fct_bill_day'")[1] == [(1,)]


def test_a_table_that_was_never_written_is_empty_not_missing(catalog, tmp_path):
    publish_warehouse(Lake(str(tmp_path / "nothing")), catalog, tmp_path)
    assert query(tmp_path, "SELECT COUNT(*) FROM fct_bill_day")[1] == [(0,)]


def test_a_changed_description_is_published(lake, catalog, tmp_path):
    publish_warehouse(lake, catalog, tmp_path)
    file = tmp_path / "sql" / "marts" / "fct_bill_day.sql"
    file.write_text(file.read_text().replace("who charges", "who sends the bill"))
    publish_warehouse(lake, Catalog({"bills": BILLS}, tmp_path / "sql"), tmp_path)
    assert query(tmp_path, COMMENTS)[1][1] == ("who sends the bill",)


def test_a_reader_of_the_old_file_is_not_disturbed(lake, catalog, tmp_path):
    path = publish_warehouse(lake, catalog, tmp_path)
    with duckdb.connect(str(path), read_only=True) as reader:
        store(lake, bills("5"))
        publish_warehouse(lake, catalog, tmp_path)
        old = reader.execute("SELECT billed_usd FROM fct_bill_day ORDER BY ALL").fetchall()
        assert old == [(Decimal("1.000000000000000001"),), (Decimal(2),)]
        assert query(tmp_path, "SELECT SUM(billed_usd) FROM fct_bill_day")[1] == [(Decimal(7),)]


def test_readers_see_a_whole_copy_while_new_ones_are_published(lake, catalog, tmp_path):
    publish_warehouse(lake, catalog, tmp_path)
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add(query(tmp_path, BOTH_TOTALS)[1][0])

    reader = threading.Thread(target=read)
    reader.start()
    for amount in ("10", "20", "30"):
        store(lake, bills(amount))
        publish_warehouse(lake, catalog, tmp_path)
    stop.set()
    reader.join()
    assert seen and all(fact == report for fact, report in seen)


def test_a_query_cannot_write(lake, catalog, tmp_path):
    publish_warehouse(lake, catalog, tmp_path)
    with pytest.raises(duckdb.Error, match="read-only"):
        query(tmp_path, "DELETE FROM fct_bill_day")


def test_asking_before_anything_is_published_names_the_remedy(tmp_path):
    with pytest.raises(ConfigurationError, match="materialise the asset 'warehouse'"):
        query(tmp_path, "SELECT 1")
