"""The books of one test."""

import pytest
from finance_books import Books

from agent_spend.project import catalog
from agent_spend.settings import Settings


@pytest.fixture
def books(clean_environment) -> Books:
    return Books(Settings.from_environment(), catalog())
