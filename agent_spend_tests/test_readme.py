"""The README says what is true: settings, commands, dependencies, and the commands that CI runs."""

import re
import tomllib
from pathlib import Path

import pytest

from agent_spend.cli import main
from agent_spend.project import SOURCES, feeds
from agent_spend.schedules import restatement_windows
from agent_spend.settings import REQUIRED

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


#: What the program reads under a name of its own.
OWN = {name for path in (ROOT / "agent_spend").rglob("*.py") for name in re.findall(r'"(AGENT_SPEND_[A-Z_]+)"', path.read_text())}


@pytest.mark.parametrize(
    "name", sorted(OWN | {name for names in REQUIRED.values() for group in names for name in group.split("|")}))
def test_every_setting_is_in_the_settings_table(name):
    assert f"`{name}`" in README


@pytest.mark.parametrize("requirement", PROJECT["dependencies"])
def test_every_dependency_has_a_reason(requirement):
    name = re.split(r"[<>=\[]", requirement)[0]
    rows = [line.split("|")[1].strip().split(", ") for line in README.splitlines() if line.startswith("| ")]
    assert sum(name in names for names in rows) == 1


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_mentioned(name):
    assert f"agent-spend {name}" in README


def test_ci_runs_the_readmes_own_commands():
    run = (ROOT / ".ci" / "run").read_text()
    assert "pip install -e '.[test]' && pytest" in README
    assert "\npytest\n" in run and "-e '.[test]'" in run
    assert "pip install -e . && agent-spend demo" in README
    assert "agent-spend demo" in run


def test_every_link_to_a_file_leads_somewhere():
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if not target.startswith("http")]
    assert targets and [target for target in targets if not (ROOT / target).exists()] == []


def test_every_source_says_how_its_vendor_behaves():
    folders = [path for path in (ROOT / "agent_spend" / "sources").iterdir() if (path / "assets.py").exists()]
    assert {path.name for path in folders} == set(SOURCES)
    assert [path.name for path in folders if not (path / "README.md").exists()] == []


@pytest.mark.parametrize(
    ("system", "prefixes"), [("claude", "claude"), ("cursor", "cursor"), ("copilot", ("copilot", "github"))]
)
def test_a_sources_readme_tells_each_feeds_permission_latency_window_and_history(system, prefixes):
    text = (ROOT / "agent_spend" / "sources" / system / "README.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
    told = {cells[0].strip("`"): cells[1:] for cells in rows if len(cells) == 5}
    assert set(told) == {name for name in feeds() if name.startswith(prefixes)}
    windows = restatement_windows()
    for name, (permission, latency, window, history) in told.items():
        assert permission and latency and history, name
        assert int(window.split(",")[0]) == windows[name], name


def test_a_source_of_one_feed_tells_its_window():
    folders = {"agent_spans": "agent_traces", "roster_members": "roster", "identity_overrides": "identity_overrides",
               "key_registry": "key_registry", "vendor_invoices": "invoices"}  # fmt: skip
    assert {*folders} == {name for name in feeds() if not name.startswith(("claude", "cursor", "copilot", "github"))}
    for name, folder in folders.items():
        text = (ROOT / "agent_spend" / "sources" / folder / "README.md").read_text()
        told = re.search(r"^\| restatement \|.*last (\d+) days", text, re.MULTILINE)
        assert int(told[1]) == restatement_windows()[name], name
