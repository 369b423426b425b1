"""Pages as files: which there are, when they are written, and that they need nothing else."""

import re

import pytest
from page_rows import TABLES, company, write

from agent_spend.errors import ConfigurationError
from agent_spend.publish.page import publish_page


def test_there_is_one_page_for_the_company_and_one_for_each_organisation_and_squad(tmp_path):
    paths = publish_page(write(tmp_path / "warehouse.duckdb", company()), tmp_path)
    assert [path.name for path in paths] == [
        "index.html", "org-payments.html", "org-search.html", "squad-payments--checkout.html", "squad-payments--ledger.html",
        "squad-search--ranking.html",
    ]
    assert all(path.parent == tmp_path / "page" for path in paths)


def test_the_same_data_gives_the_same_bytes_and_leaves_the_files_alone(tmp_path):
    warehouse = write(tmp_path / "warehouse.duckdb", company())
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in publish_page(warehouse, tmp_path)]
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in publish_page(warehouse, tmp_path)] == before
    elsewhere = publish_page(warehouse, tmp_path / "elsewhere")
    assert [path.read_bytes() for path in elsewhere] == [(tmp_path / "page" / path.name).read_bytes() for path in elsewhere]


def test_the_pages_of_an_organisation_that_is_gone_are_removed(tmp_path):
    publish_page(write(tmp_path / "warehouse.duckdb", company()), tmp_path)
    tables = company()
    for name in ("dim_person", "rpt_manager__person_week", "rpt_manager__person_month"):
        tables[name] = [row for row in tables[name] if row["org"] != "Search"]
    publish_page(write(tmp_path / "warehouse.duckdb", tables), tmp_path)
    assert sorted(path.name for path in (tmp_path / "page").iterdir()) == [
        "index.html", "org-payments.html", "squad-payments--checkout.html", "squad-payments--ledger.html",
    ]


def test_a_page_asks_for_nothing_over_the_network(publish):
    for page in publish().values():
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page.html)
        assert "@import" not in page.html
        assert "default-src 'none'" in page.html


def test_text_from_vendors_is_shown_as_text(publish):
    tables = company()
    tables["rpt_unmatched"][0]["identifier"] = "<script>alert(1)</script>"
    tables["rpt_platform__workflow_day"][0]["workflow_id"] = '"><img src=x onerror=alert(1)>'
    html = publish(tables)["index.html"].html
    assert "<script>alert(1)" not in html
    assert "<img" not in html


def test_each_layer_has_its_place_on_the_company_page(publish):
    assert {"finance", "managers", "platform", "data"} <= publish()["index.html"].ids


def test_an_empty_warehouse_gives_a_page_that_says_what_is_missing(publish):
    pages = publish({})
    assert list(pages) == ["index.html"]
    text = pages["index.html"].text
    assert text.count("not connected") >= 4
    assert "connect AGENT_TRACES_URI" in text
    assert "no month is reconciled" in text


def test_without_a_coverage_report_the_figures_are_shown_and_how_far_they_reach_is_not_known(publish):
    tables = company()
    tables["rpt_coverage"] = []
    page = publish(tables)["index.html"]
    assert page.row("reconciliation", "Oct 2026 Cursor")[3] == "$20.00"
    assert "GitHub Copilot not known how far" in page.text


def test_asking_for_a_page_before_the_warehouse_names_the_remedy(tmp_path):
    with pytest.raises(ConfigurationError, match="materialise the asset 'warehouse'"):
        publish_page(tmp_path / "warehouse.duckdb", tmp_path)


def test_two_organisations_that_would_share_a_file_are_refused(publish):
    tables = company()
    tables["dim_person"][0]["org"] = "SEARCH"
    with pytest.raises(ConfigurationError, match=r"would share the file org-search\.html"):
        publish(tables)


def test_two_squads_whose_names_run_together_have_a_file_each(publish):
    tables = company()
    tables["dim_person"][0] |= {"org": "a b", "squad": "c"}
    tables["dim_person"][1] |= {"org": "a", "squad": "b c"}
    assert {"squad-a-b--c.html", "squad-a--b-c.html"} <= set(publish(tables))


def test_the_hand_written_tables_have_columns_that_the_models_publish():
    from agent_spend.project import catalog

    models = catalog().models
    for table, columns in TABLES.items():
        assert {column.split()[0] for column in columns.split(",")} <= set(models[table].columns), table
