"""The pages of the hand-written company, as readers see them."""

import pytest
from page_reader import read
from page_rows import company


@pytest.fixture(scope="session")
def company_pages(tmp_path_factory):
    """The company's pages, made once."""
    return read(tmp_path_factory.mktemp("company"), company())


@pytest.fixture
def publish(tmp_path, company_pages):
    """Publishes the pages of some tables, the company's where none are given; answers file name -> page."""
    return lambda tables=None: company_pages if tables is None else read(tmp_path, tables)
