"""The pages of the hand-written company, as readers see them."""

import pytest
from page_reader import Page
from page_rows import company, write

from agent_spend.publish.page import publish_page


def read(folder, tables) -> dict[str, Page]:
    warehouse = write(folder / "warehouse.duckdb", tables)
    return {path.name: Page(path.read_text()) for path in publish_page(warehouse, folder)}


@pytest.fixture(scope="session")
def company_pages(tmp_path_factory):
    """The company's pages, made once."""
    return read(tmp_path_factory.mktemp("company"), company())


@pytest.fixture
def publish(tmp_path, company_pages):
    """Publishes the pages of some tables, the company's where none are given; answers file name -> page."""
    return lambda tables=None: company_pages if tables is None else read(tmp_path, tables)
