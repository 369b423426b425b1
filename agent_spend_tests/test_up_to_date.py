"""A partition is computed exactly when something that it is computed from has changed, or what is stored is not its result."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_spend import up_to_date
from agent_spend.catalog import Catalog
from agent_spend.lake.tables import Lake
from agent_spend.models import Built, build, model_asset
from agent_spend.partitions import Window
from agent_spend.project import catalog as real_catalog
from agent_spend.runs import Stage, instance, materialize
from agent_spend.settings import Settings

DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(6)]
KEYS = [day.isoformat() for day in DAYS]
EATEN = pa.schema([("usage_day", pa.date32()), ("amount", pa.int64())])
HEADER = "-- grain: one row per day\n-- partitions: {}\n{}/*\nusage_day: UTC day\ncents: what was eaten, in cents\n*/\n"
PRICED = """SELECT e.usage_day, CAST(SUM(e.amount * CAST(p.cents AS BIGINT)) AS BIGINT) AS cents
FROM eaten AS e CROSS JOIN apple_prices AS p GROUP BY e.usage_day"""
#: The day before counts too.
TWO_DAYS = """SELECT a.usage_day, CAST(SUM(b.cents) AS BIGINT) AS cents
FROM stg_priced AS a INNER JOIN stg_priced AS b ON b.usage_day BETWEEN a.usage_day - 1 AND a.usage_day GROUP BY a.usage_day"""
NEWEST = "SELECT usage_day, cents FROM fct_two_days WHERE cents = (SELECT MAX(cents) FROM fct_two_days)"


class Orchard:
    """A view with a price, a daily model that looks back one day over it, and a model of one partition over that."""

    def __init__(self, folder: Path):
        self.sql, self.home = folder / "sql", Settings.from_environment().home
        for place in ("staging", "intermediate", "marts", "reports", "prices"):
            (self.sql / place).mkdir(parents=True)
        self.write("prices/apple_prices.csv", "cents\n5\n")
        self.write("staging/stg_priced.sql", HEADER.format("view day", "") + PRICED)
        self.write("marts/fct_two_days.sql", HEADER.format("day", "-- look: back 1\n") + TWO_DAYS)
        self.write("reports/rpt_newest.sql", HEADER.format("none", "") + NEWEST)
        self.lake = Lake(Settings.from_environment().lake_uri)
        self.eat(*range(1, 7))

    def write(self, name: str, text: str) -> None:
        (self.sql / name).write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.sql / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    @property
    def catalog(self) -> Catalog:
        return Catalog({"eaten": EATEN}, self.sql)

    def eat(self, *amounts: int, days=DAYS) -> None:
        rows = [{"usage_day": day, "amount": amount} for day, amount in zip(days, amounts, strict=True)]
        self.lake.replace("eaten", pa.Table.from_pylist(rows, schema=EATEN), "usage_day", days)

    def build(self, *keys: str, **options) -> list[int]:
        """Partitions computed, of the view, the daily model and the whole one."""
        models = self.catalog
        return [build(models.models[name], models, Settings.from_environment(), chosen, **options).computed
                for name, chosen in (("stg_priced", [*keys]), ("fct_two_days", [*keys]), ("rpt_newest", []))]

    def cents(self) -> list[int]:
        return [row["cents"] for row in sorted(self.lake.read("fct_two_days").to_pylist(), key=lambda row: row["usage_day"])]


@pytest.fixture
def orchard(tmp_path) -> Orchard:
    return Orchard(tmp_path)


@pytest.fixture
def built(orchard) -> Orchard:
    assert orchard.build(*KEYS) == [6, 6, 1]
    assert orchard.cents() == [5, 15, 25, 35, 45, 55]
    return orchard


def test_nothing_changed_computes_nothing(built):
    assert built.build(*KEYS) == [0, 0, 0]
    assert built.build(KEYS[2]) == [0, 0, 0]


def test_what_is_left_alone_is_counted_with_the_rows_it_has(built):
    models = built.catalog
    found = [build(models.models[name], models, Settings.from_environment(), keys)
             for name, keys in (("stg_priced", KEYS), ("fct_two_days", KEYS), ("rpt_newest", []))]
    assert found == [Built(6, 0, 6, 0), Built(6, 0, 6, 0), Built(1, 0, 1, 0)]


def test_a_changed_day_computes_that_day_and_those_that_look_back_on_it(built):
    built.eat(103, days=[DAYS[2]])
    assert built.build(*KEYS) == [1, 2, 1]
    assert built.cents() == [5, 15, 525, 535, 45, 55]


def test_a_late_day_is_computed_and_one_that_has_gone_too(built):
    built.eat(7, days=[DAYS[-1] + timedelta(days=1)])
    assert built.build(*KEYS, "2026-11-07") == [1, 1, 1]
    built.lake.replace("eaten", EATEN.empty_table(), "usage_day", [DAYS[0]])
    assert built.build(*KEYS) == [1, 2, 1]
    assert built.cents() == [10, 25, 35, 45, 55, 65]


def test_rows_that_come_again_the_same_compute_nothing(built):
    built.eat(*range(1, 7))
    assert built.build(*KEYS) == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "old", "new", "computed", "cents"),
    [
        pytest.param("prices/apple_prices.csv", "5", "6", [6, 6, 1], [6, 18, 30, 42, 54, 66], id="a price"),
        pytest.param("staging/stg_priced.sql", "e.amount *", "2 * e.amount *", [6, 6, 1], [10, 30, 50, 70, 90, 110], id="a view"),
        pytest.param("marts/fct_two_days.sql", "day - 1 AND", "day AND", [0, 6, 1], [5, 10, 15, 20, 25, 30], id="the SQL"),
        pytest.param("marts/fct_two_days.sql", "back 1", "back 0", [0, 6, 0], [5, 15, 25, 35, 45, 55], id="the days it reads"),
        pytest.param("reports/rpt_newest.sql", "MAX", "MIN", [0, 0, 1], [5, 15, 25, 35, 45, 55], id="a report"),
    ],
)
def test_a_changed_file_computes_what_reads_it(built, name, old, new, computed, cents):
    built.edit(name, old, new)
    assert built.build(*KEYS) == computed
    assert built.cents() == cents


def test_another_release_of_the_program_or_its_engine_computes_everything(built, monkeypatch):
    monkeypatch.setattr(up_to_date, "_program", lambda: ("another",))
    assert built.build(*KEYS) == [6, 6, 1]


def test_every_file_of_the_program_is_part_of_its_release(monkeypatch, tmp_path):
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "duckdb.py").write_text("one")
    monkeypatch.setattr(up_to_date, "__file__", str(tmp_path / "up_to_date.py"))
    first = up_to_date._program.__wrapped__()
    (tmp_path / "engines" / "duckdb.py").write_text("two")
    assert up_to_date._program.__wrapped__() != first


def test_what_somebody_else_stored_or_deleted_is_computed_again(built):
    built.lake.replace("fct_two_days", built.lake.schema("fct_two_days").empty_table(), "usage_day", [DAYS[1]])
    assert built.build(*KEYS) == [0, 1, 1]
    assert built.cents() == [5, 15, 25, 35, 45, 55]
    shutil.rmtree(built.home / "lake" / "fct_two_days")
    assert built.build(*KEYS) == [0, 6, 1]
    assert built.cents() == [5, 15, 25, 35, 45, 55]


def test_a_failed_computation_never_counts_even_when_what_it_read_comes_back(built, monkeypatch):
    built.eat(103, days=[DAYS[2]])
    with monkeypatch.context() as broken:
        broken.setattr(Lake, "replace", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
        with pytest.raises(OSError, match="the disk is full"):
            built.build(*KEYS)
    assert built.build(*KEYS)[1] == 2
    assert built.cents() == [5, 15, 525, 535, 45, 55]


def test_a_result_that_another_process_may_have_replaced_is_not_remembered(built, monkeypatch):
    """Between the computation and its record somebody commits other rows of the same day."""
    built.eat(103, days=[DAYS[2]])
    real = Lake.replace

    def disturbed(lake, name, table, *arguments):
        changes = real(lake, name, table, *arguments)
        real(lake, name, table.slice(0, 1), *arguments)
        return changes

    with monkeypatch.context() as busy:
        busy.setattr(Lake, "replace", disturbed)
        built.build(*KEYS)
    assert built.build(*KEYS)[1] == 2
    assert built.cents() == [5, 15, 525, 535, 45, 55]


def test_a_damaged_or_missing_record_computes_everything(built):
    (built.home / "built" / "fct_two_days.json").write_text("{")
    assert built.build(*KEYS) == [0, 6, 0]
    for path in (built.home / "built").iterdir():
        path.unlink()
    assert built.build(*KEYS) == [6, 6, 1]


def test_a_full_refresh_computes_everything(built):
    assert built.build(*KEYS, full_refresh=True) == [6, 6, 1]


@pytest.mark.parametrize("call", ["CURRENT_DATE", "today()", "random()", "(SELECT 1 FROM read_text('/etc/hosts'))"])
def test_sql_that_reads_a_clock_chance_or_a_file_is_computed_each_time(built, call):
    built.edit("reports/rpt_newest.sql", "SELECT usage_day, cents FROM", f"SELECT usage_day, cents, {call} IS NULL AS odd FROM")
    built.edit("reports/rpt_newest.sql", "in cents\n", "in cents\nodd: never\n")
    assert [built.build(*KEYS)[2], built.build(*KEYS)[2]] == [1, 1]


def test_no_model_of_ours_reads_a_clock_chance_or_a_file():
    assert [name for name, model in real_catalog().models.items() if up_to_date._is_unrepeatable(model.sql)] == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=4))
def test_after_any_changes_and_runs_the_tables_hold_what_a_full_refresh_gives(tmp_path_factory, changes):
    orchard = Orchard(tmp_path_factory.mktemp("orchard"))
    orchard.lake = Lake(str(orchard.sql.parent / "lake"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENT_SPEND_HOME", str(orchard.sql.parent))
        orchard.eat(*range(1, 7))
        for day, amount, first, last in changes:
            orchard.eat(amount, days=[DAYS[day]])
            orchard.build(*KEYS[min(first, last) : max(first, last) + 1])
        orchard.build(*KEYS)
        found = orchard.cents(), orchard.lake.read("rpt_newest").to_pylist()
        orchard.build(*KEYS, full_refresh=True)
        assert (orchard.cents(), orchard.lake.read("rpt_newest").to_pylist()) == found


def test_dagster_says_what_was_computed_and_a_tag_of_the_run_asks_for_everything(orchard):
    models = orchard.catalog
    defs = dg.Definitions(assets=[model_asset(models.models["fct_two_days"], models)])
    stage = Stage("apples", "day", ("fct_two_days",))
    with instance(orchard.home) as dagster:
        for wanted in ((), (), (up_to_date.FULL_REFRESH,)):
            materialize(defs, dagster, [stage], Window(DAYS[0], DAYS[-1]), wanted=wanted)
        events = dagster.fetch_materializations(dg.AssetKey("fct_two_days"), limit=18).records
    said = [{name: event.asset_materialization.metadata[name].value for name in ("computed_partitions", "up_to_date_partitions")}
            for event in events[::6]]
    assert said == [
        {"computed_partitions": 6, "up_to_date_partitions": 0}, {"computed_partitions": 0, "up_to_date_partitions": 6},
        {"computed_partitions": 6, "up_to_date_partitions": 0},
    ]
