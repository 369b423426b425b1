"""Fixtures shared by all tests: a clean environment and a running sandbox."""

import os
from contextlib import ExitStack
from datetime import date

import pytest

from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment, running
from agent_spend.settings import REQUIRED

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of the developer's own machine reaches a test."""
    for names in REQUIRED.values():
        for name in "|".join(names).split("|"):
            monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith(("AGENT_SPEND_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AGENT_SPEND_HOME", str(tmp_path / "home"))


@pytest.fixture
def sandbox_server(monkeypatch, tmp_path):
    """Starts sandboxes and points the settings at the last one started."""
    with ExitStack() as stack:

        def start(scenario: Scenario = SMALL, **options: str):
            server = stack.enter_context(running(scenario, tmp_path / "sandbox", **options))
            for name, value in environment(server.url, server.folder).items():
                monkeypatch.setenv(name, value)
            return server

        yield start
