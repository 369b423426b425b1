"""The warehouse and the page as Dagster assets, over a lake that was never written."""

import dagster as dg
import pytest
from test_warehouse import BILLS, FACT

from agent_spend.catalog import Catalog
from agent_spend.project import catalog as whole_catalog
from agent_spend.publish.assets import published_assets
from agent_spend.settings import Settings


def test_the_page_of_an_empty_lake_can_be_made(tmp_path):
    result = dg.materialize([*published_assets(whole_catalog())])
    assert result.success
    home = Settings.from_environment().home
    page = result.asset_materializations_for_node("page")[0].metadata
    assert page["path"].value == str(home / "page" / "index.html")
    assert page["pages"].value == 1
    assert (home / "warehouse.duckdb").exists()


@pytest.fixture
def small_catalog(tmp_path):
    (tmp_path / "sql" / "marts").mkdir(parents=True)
    (tmp_path / "sql" / "marts" / "fct_bill_day.sql").write_text(FACT)
    return Catalog({"bills": BILLS}, tmp_path / "sql")


def test_the_warehouse_comes_after_every_published_model_and_the_page_after_it(small_catalog):
    warehouse, page = published_assets(small_catalog)
    assert warehouse.asset_deps[dg.AssetKey("warehouse")] == {dg.AssetKey("fct_bill_day")}
    assert page.asset_deps[dg.AssetKey("page")] == {dg.AssetKey("warehouse")}
