"""Models are read from their files: header, columns, dependencies; mistakes are named."""

import pyarrow as pa
import pytest

from agent_spend.catalog import Catalog, parse
from agent_spend.errors import ConfigurationError
from agent_spend.lake.reading import session
from agent_spend.lineage import lineage_of
from agent_spend.project import catalog

SOURCES = {"feed_rows": pa.schema([("usage_day", pa.date32()), ("who", pa.string()), ("amount", pa.int64())])}
GOOD = """-- grain: one row per day
-- unit: apples
-- partitions: day
-- look: back 7, ahead 2
/*
usage_day: UTC day
apples: apples eaten
*/
WITH daily AS (
  SELECT usage_day, CAST(SUM(amount) AS BIGINT) AS apples FROM feed_rows GROUP BY usage_day
)

SELECT * FROM daily
"""


@pytest.fixture
def sql_dir(tmp_path):
    for folder in ("staging", "intermediate", "marts", "reports", "checks", "prices", "policies"):
        (tmp_path / folder).mkdir()
    return tmp_path


def test_a_model_tells_its_grain_columns_and_inputs(sql_dir):
    path = sql_dir / "marts" / "fct_apples.sql"
    path.write_text(GOOD)
    model = parse(path)
    assert (model.layer, model.grain, model.partitions, model.look_back, model.look_ahead, model.upstream) == (
        "marts", "one row per day", "day", 7, 2, ("feed_rows",)
    )
    assert model.columns == {"usage_day": "UTC day", "apples": "apples eaten"}


@pytest.mark.parametrize(
    ("replaced", "by", "complaint"),
    [
        ("-- grain: one row per day\n", "", "no '-- grain"),
        ("partitions: day", "partitions: hour", "partitions must be day, week, month or none"),
        ("look: back 7, ahead 2", "look: behind 7", "look must be like"),
        ("apples: apples eaten", "pears: pears eaten", "header describes usage_day, pears"),
        ("FROM feed_rows", "FROM nowhere", "reads unknown tables: nowhere"),
        ("SUM(amount)", "SUM(price)", "price"),
    ],
)
def test_a_mistake_in_a_model_names_the_model(sql_dir, replaced, by, complaint):
    (sql_dir / "marts" / "fct_apples.sql").write_text(GOOD.replace(replaced, by))
    with pytest.raises(ConfigurationError, match="fct_apples") as raised:
        _ = Catalog(SOURCES, sql_dir).schemas
    assert complaint in str(raised.value)


def test_price_files_may_lie_in_a_folder_with_an_apostrophe(sql_dir):
    (sql_dir / "prices" / "apple_prices.csv").write_text("kind,usd\nBoskoop,0.40\n")
    folder = sql_dir.rename(sql_dir.with_name("o'brien"))
    with session() as connection:
        assert connection.sql(Catalog(SOURCES, folder).view_sql("apple_prices")).fetchall() == [("Boskoop", "0.40")]


def test_models_come_after_what_they_read():
    order = list(catalog().models)
    for model in catalog().models.values():
        assert all(order.index(name) < order.index(model.name) for name in model.upstream if name in order)


def test_every_published_model_loads_and_describes_every_column():
    for name, model in catalog().models.items():
        assert catalog().schemas[name].names == list(model.columns)


def test_column_lineage_is_read_from_the_sql():
    assert lineage_of(catalog().models["int_usage__copilot"], catalog())["list_usd"] == [
        ["stg_copilot__user_day", "credits"], ["stg_prices__unit", "usd_per_unit"]
    ]


def test_a_model_may_take_its_column_descriptions_from_its_neighbour(sql_dir):
    (sql_dir / "marts" / "fct_apples.sql").write_text(GOOD)
    twin = sql_dir / "marts" / "fct_more_apples.sql"
    twin.write_text(GOOD.replace("usage_day: UTC day\napples: apples eaten", "same as fct_apples"))
    assert parse(twin).columns == {"usage_day": "UTC day", "apples": "apples eaten"}
    twin.write_text(GOOD.replace("usage_day: UTC day\napples: apples eaten", "same as fct_pears"))
    with pytest.raises(ConfigurationError, match="same as fct_pears"):
        parse(twin)


@pytest.fixture
def own_budgets(sql_dir, tmp_path, monkeypatch):
    """A catalog with one policy file, and a home whose ``overrides`` a company may write into."""
    (sql_dir / "policies" / "budgets.csv").write_text("scope,monthly_usd,owner\n")
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))
    found = Catalog(SOURCES, sql_dir)
    (tmp_path / "home" / "overrides").mkdir(parents=True)
    return found, tmp_path / "home" / "overrides"


def test_a_companys_own_policy_file_counts_as_soon_as_it_is_there(own_budgets, sql_dir):
    found, folder = own_budgets
    assert found.seed_file("budgets") == sql_dir / "policies" / "budgets.csv"
    (folder / "budgets.csv").write_text("owner,scope,monthly_usd\nmia,checkout,1500\n")
    assert found.seed_file("budgets") == folder / "budgets.csv"
    with session() as connection:
        read = connection.sql(f"SELECT scope, monthly_usd FROM ({found.view_sql('budgets')})").fetchall()
    assert read == [("checkout", "1500")]


@pytest.mark.parametrize(("name", "text", "complaint"), [
    ("budget.csv", "scope,monthly_usd,owner\n", "budget.csv: there is no price or policy file budget to replace"),
    ("budgets.csv", "scope,usd,owner\n", "budgets.csv: column monthly_usd is missing; the columns are those of"),
])
def test_an_own_policy_file_that_replaces_nothing_or_lacks_a_column_is_an_error(own_budgets, sql_dir, name, text, complaint):
    _, folder = own_budgets
    (folder / name).write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        Catalog(SOURCES, sql_dir).seed_file("budgets")
