"""Memory of the engine: a limit that is really set, a place to spill, and ranges computed piece by piece."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from agent_spend.catalog import Catalog
from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.models import Built, build
from agent_spend.partitions import Window
from agent_spend.settings import Settings

DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(6)]
EATEN = pa.schema([("usage_day", pa.date32()), ("amount", pa.int64())])
APPLES = """-- grain: one row per day
-- partitions: day
-- look: back 1
/*
usage_day: UTC day
apples: apples eaten on the day and the day before
*/
SELECT
  a.usage_day,
  CAST(SUM(b.amount) AS BIGINT) AS apples
FROM eaten AS a
INNER JOIN eaten AS b ON b.usage_day <= a.usage_day AND b.usage_day >= CAST(a.usage_day - 1 AS DATE)
GROUP BY a.usage_day
"""


@pytest.fixture
def engine(tmp_path) -> DuckDBEngine:
    for folder in ("staging", "intermediate", "marts", "reports"):
        (tmp_path / "sql" / folder).mkdir(parents=True)
    (tmp_path / "sql" / "marts" / "fct_apples.sql").write_text(APPLES)
    lake = Lake(Settings.from_environment().lake_uri)
    rows = [{"usage_day": day, "amount": 10**n} for n, day in enumerate(DAYS)]
    lake.replace("eaten", pa.Table.from_pylist(rows, schema=EATEN), "usage_day", DAYS)
    return DuckDBEngine(Catalog({"eaten": EATEN}, tmp_path / "sql"), lake)


def setting(engine, name) -> str:
    return engine.query(f"SELECT current_setting('{name}') AS value", [])["value"][0].as_py()


def test_a_session_is_limited_to_four_gigabytes_unless_told_otherwise(engine, monkeypatch):
    assert setting(engine, "memory_limit") == "3.7 GiB"
    monkeypatch.setenv("AGENT_SPEND_DUCKDB_MEMORY_LIMIT", "512MB")
    assert setting(engine, "memory_limit") == "488.2 MiB"


def test_what_does_not_fit_is_spilled_below_the_chosen_folder_and_removed(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("AGENT_SPEND_DUCKDB_MEMORY_LIMIT", "40MB")
    monkeypatch.setenv("AGENT_SPEND_DUCKDB_TEMP_DIR", str(tmp_path / "spill"))
    (tmp_path / "spill").mkdir()
    with engine.session([]) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT i, hash(i) AS mixed FROM range(6000000) AS r(i)")
        [mine] = (tmp_path / "spill").iterdir()
        assert mine.name.startswith("agent_spend-duckdb-") and any(mine.iterdir())
    assert list((tmp_path / "spill").iterdir()) == []


def test_a_range_that_reads_much_is_cut_into_pieces_of_days(engine, monkeypatch):
    model = engine._catalog.models["fct_apples"]
    assert engine.pieces(model, DAYS) == [DAYS]
    sizes = engine._lake.bytes("eaten", "usage_day", Window(DAYS[0], DAYS[-1]))
    monkeypatch.setattr("agent_spend.engines.duckdb.MEGABYTE", sizes // 3 + 1)
    monkeypatch.setenv("AGENT_SPEND_PIECE_MB", "1")
    assert engine.pieces(model, DAYS) == [DAYS[:2], DAYS[2:4], DAYS[4:]]


def test_pieces_give_what_the_whole_range_gives(engine, monkeypatch):
    catalog, lake = engine._catalog, engine._lake
    monkeypatch.setattr("agent_spend.engines.duckdb.MEGABYTE", 1)
    monkeypatch.setenv("AGENT_SPEND_PIECE_MB", "1")
    keys = [day.isoformat() for day in DAYS]
    assert build(catalog.models["fct_apples"], catalog, Settings.from_environment(), keys) == Built(6, 6, 0, 6)
    rows = sorted(lake.read("fct_apples", "usage_day").to_pylist(), key=lambda row: row["usage_day"])
    assert [row["apples"] for row in rows] == [1, 11, 110, 1_100, 11_000, 110_000]


def test_a_time_zone_that_is_none_names_file_line_rule_and_remedy(engine, tmp_path):
    rules = tmp_path / "sql" / "policies" / "workload_rules.csv"
    rules.parent.mkdir()
    rules.write_text("name,value,unit,note\n# zones\nclock_zone,UTC,time zone,\nclock_zone,Europe/Berln,time zone,\n")
    catalog = Catalog({"eaten": EATEN}, tmp_path / "sql")
    sql = "SELECT CAST(e.usage_day AS TIMESTAMP) AT TIME ZONE r.value AS moment FROM eaten AS e CROSS JOIN workload_rules AS r"
    with pytest.raises(ConfigurationError) as error:
        DuckDBEngine(catalog, engine._lake).query(sql, ["eaten", "workload_rules"])
    assert str(error.value) == (
        f"{rules} line 4: clock_zone must be a time zone, not 'Europe/Berln'; "
        "write a name of the IANA time zone database, such as Europe/Berlin")


def test_a_column_that_an_older_release_did_not_store_is_null(engine, tmp_path):
    wider = pa.schema([*EATEN, ("colour", pa.string())])
    newer = DuckDBEngine(Catalog({"eaten": wider}, tmp_path / "sql"), engine._lake)
    found = newer.query("SELECT usage_day, colour FROM eaten ORDER BY usage_day LIMIT 1", ["eaten"]).to_pylist()
    assert found == [{"usage_day": DAYS[0], "colour": None}]
