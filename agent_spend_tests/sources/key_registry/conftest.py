"""Asks the key registry's feed for one day."""

from dataclasses import replace
from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.key_registry.assets import FEEDS
from agent_spend.sources.land import land

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


@pytest.fixture
def failure_of(monkeypatch):
    """Lands a day's registry, then what a URI gives for the same day; returns the coverage once nothing stored has changed."""
    known = {"usage_day": DAY, "vendor": "anthropic", "key_id": "apikey_01SimA", "cost_center": "CC-410", "source": "vault"}
    key = dict.fromkeys(FEEDS[0].schema.columns) | known

    def ask(uri: str):
        monkeypatch.setenv("KEY_REGISTRY_URI", uri)
        settings = Settings.from_environment()
        lake, good = Lake(settings.lake_uri), DayAnswer(DAY, State.AVAILABLE, [key])
        land(replace(FEEDS[0], fetch=lambda days, settings: [good]), [DAY], settings)
        before = lake.version("key_registry")
        landing = land(FEEDS[0], [DAY], settings)
        assert (lake.version("key_registry"), [row["cost_center"] for row in lake.read("key_registry").to_pylist()]) == (
            before, ["CC-410"])
        coverage = landing.coverage[DAY]
        assert (coverage.state, coverage.revision, coverage.row_count) == ("available", 1, 1)
        return coverage

    return ask
