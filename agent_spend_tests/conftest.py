"""Fixtures shared by all tests: a clean environment and a running sandbox."""

import os
import shutil
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment, running, write_files
from agent_spend.settings import REQUIRED
from agent_spend.sources import pace

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


@pytest.fixture(scope="session")
def company_folder(tmp_path_factory):
    """Files of a scenario, written once a session."""
    written: dict[Scenario, Path] = {}

    def folder(scenario: Scenario) -> Path:
        if scenario not in written:
            written[scenario] = tmp_path_factory.mktemp("company") / "files"
            write_files(scenario, written[scenario])
        return written[scenario]

    return folder


@pytest.fixture
def sandbox_server(monkeypatch, tmp_path, company_folder):
    """Starts sandboxes and points the settings at the last one started."""
    with ExitStack() as stack:

        def start(scenario: Scenario = SMALL, **options: str):
            folder = tmp_path / f"sandbox-{scenario.developers}-{scenario.days}-{scenario.seed}-{scenario.end_day}"
            if not folder.exists():
                shutil.copytree(company_folder(scenario), folder)
            server = stack.enter_context(running(scenario, folder, **options))
            for name, value in environment(server.url, server.folder).items():
                monkeypatch.setenv(name, value)
            return server

        yield start


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """Seconds that requests would have waited; nothing waits."""
    found: list[float] = []
    monkeypatch.setattr(pace, "sleep", found.append)
    return found
