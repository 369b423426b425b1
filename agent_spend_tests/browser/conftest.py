"""The hand-written company's pages, in a real browser."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "publish"))


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> Path:
    """Folder with the pages."""
    from page_rows import company, write

    from agent_spend.publish.page import publish_page

    folder = tmp_path_factory.mktemp("pages")
    return publish_page(write(folder / "warehouse.duckdb", company()), folder)[0].parent


@pytest.fixture(scope="session")
def browser():
    """One tab for all tests."""
    from browser import find, tab

    executable = find()
    if executable is None:
        pytest.skip("no Chromium on this machine: install the package 'chromium' to run the browser tests")
    with tab(executable) as opened:
        yield opened
