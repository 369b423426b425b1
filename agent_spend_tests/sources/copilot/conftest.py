"""A GitHub that answers as told, the settings that point at it, and sandboxes without the company's own files."""

import pytest
from copilot_fake_github import fake_github

from agent_spend.sandbox import server


@pytest.fixture(autouse=True)
def nothing_waits(waits):
    """In no test of this folder."""


@pytest.fixture(autouse=True)
def without_company_files(monkeypatch):
    """Sandboxes start at once: the roster, invoices and traces are not written."""
    monkeypatch.setattr(server, "write_files", lambda scenario, folder: folder.mkdir(parents=True, exist_ok=True))


@pytest.fixture
def github(monkeypatch):
    """A server that answers as told, with the enterprise ``acme`` configured and no organizations."""
    with fake_github() as fake:
        monkeypatch.setenv("GITHUB_API_URL", fake.url)
        monkeypatch.setenv("GITHUB_TOKEN", "ghp_test")
        monkeypatch.setenv("GITHUB_ENTERPRISE", "acme")
        yield fake
