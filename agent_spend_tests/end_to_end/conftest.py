"""One demo run shared by the end-to-end tests: the whole product, through Dagster, on the simulated vendors."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from agent_spend.demo import run_demo
from agent_spend.publish.warehouse import query
from agent_spend.sandbox.scenario import Scenario

COMPANY = Scenario(developers=24, days=28, seed=7, end_day=date(2026, 11, 22))


class DemoHome:
    """A home after a demo run: its warehouse, its answer key and what the run said."""

    def __init__(self, home: Path, result):
        self.home = home
        self.result = result
        self.key = json.loads((home / "sandbox" / "answer_key.json").read_text())

    def rows(self, sql: str) -> list[tuple]:
        return query(self.home, sql)[1]

    def value(self, sql: str):
        return self.rows(sql)[0][0]


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory):
    """Runs the demo once; the environment it sets is put back afterwards."""
    home = tmp_path_factory.mktemp("demo") / "home"
    before = dict(os.environ)
    os.environ["AGENT_SPEND_HOME"] = str(home)
    try:
        yield DemoHome(home, run_demo(COMPANY, home, lambda stage: None))
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def demo(finished_demo, monkeypatch):
    """The finished demo, with the settings pointing at its home."""
    monkeypatch.setenv("AGENT_SPEND_HOME", str(finished_demo.home))
    return finished_demo
