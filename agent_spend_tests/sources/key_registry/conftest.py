"""Asks the key registry's feed for one day."""

from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.key_registry.assets import FEEDS

DAY = date(2026, 11, 10)


@pytest.fixture
def answer_of(monkeypatch):
    """Points the setting at a URI and returns the answer of one day."""

    def ask(uri: str):
        monkeypatch.setenv("KEY_REGISTRY_URI", uri)
        [answer] = FEEDS[0].fetch([DAY], Settings.from_environment())
        return answer

    return ask


@pytest.fixture
def rows_of(answer_of):
    """The stored rows of one day, each as the tuple of the columns asked for."""

    def ask(uri: str, *columns: str):
        answer = answer_of(uri)
        assert answer.state is State.AVAILABLE, answer.message
        return [tuple(row[name] for name in columns) for row in FEEDS[0].table(answer).to_pylist()]

    return ask
