"""One HTTP server for all simulated vendors, and the files a company would drop beside them."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agent_spend.sandbox.faults import Faults
from agent_spend.sandbox.scenario import ENTERPRISE, GITHUB_ORGS, Scenario
from agent_spend.sandbox.state import SandboxState

VENDOR_MODULES = ("copilot_api", "claude_api", "cursor_api", "slack_api")
ANSWER_KEY_MODULES = ("copilot_usage", "claude_usage", "cursor_usage", "agent_traces", "company_files")


def application(sandbox: SandboxState) -> Starlette:
    """The ASGI application with every vendor's routes and the sandbox's own control routes."""
    routes = [route for name in VENDOR_MODULES for route in _module(name).routes(sandbox)]
    return Starlette(routes=[*routes, *_control_routes(sandbox)], middleware=[Middleware(Faults, sandbox=sandbox)])


def answer_key(scenario: Scenario) -> dict:
    """Every figure the published tables must show, from the scenario alone; money as exact decimal strings."""
    head = {"developers": scenario.developers, "days": scenario.days, "seed": scenario.seed,
            "first_day": scenario.first_day.isoformat(), "end_day": scenario.end_day.isoformat()}
    return {"scenario": head} | {name: _module(name).answer_key(scenario) for name in ANSWER_KEY_MODULES}


def environment(base_url: str, folder: Path, has_enterprise: bool = False) -> dict[str, str]:
    """The settings that point agent_spend at this sandbox, its calendar included.

    Args:
        has_enterprise: whether the company has a Claude Enterprise organisation beside the Console's and its Team plan.
    """
    scenario = stored_scenario(folder)
    return {
        **({"AGENT_SPEND_TODAY": (scenario.end_day + timedelta(days=1)).isoformat()} if scenario else {}),
        "GITHUB_API_URL": f"{base_url}/github",
        "GITHUB_TOKEN": "ghp_sandbox",
        "GITHUB_ENTERPRISE": ENTERPRISE,
        "GITHUB_ORGS": ",".join(GITHUB_ORGS),
        "ANTHROPIC_API_URL": f"{base_url}/anthropic",
        "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-sandbox",
        **({"ANTHROPIC_ANALYTICS_KEY": "sk-ant-api01-sandbox"} if has_enterprise else {}),
        "CLAUDE_TEAM_CSV_URI": str(folder / "claude_team"),
        "CURSOR_API_URL": f"{base_url}/cursor",
        "CURSOR_API_KEY": "crsr_sandbox",
        "AGENT_TRACES_URI": str(folder / "traces"),
        "ROSTER_URI": str(folder / "roster.csv"),
        "KEY_REGISTRY_URI": str(folder / "key_registry.csv"),
        "INVOICES_URI": str(folder / "invoices"),
        "SLACK_WEBHOOK_URL": f"{base_url}/slack/services/T000/B000/XXXX",
        "AGENT_SPEND_HTTP_RATE_SCALE": "60",
    }


def write_files(scenario: Scenario, folder: Path) -> None:
    """Write the roster, key registry, invoices, trace files and answer key; files of the same scenario are kept."""
    marker = folder / "scenario.json"
    wanted = {"developers": scenario.developers, "days": scenario.days, "seed": scenario.seed,
              "end_day": scenario.end_day.isoformat()}
    if marker.exists() and json.loads(marker.read_text()) == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    _module("company_files").write_files(scenario, folder)
    _module("claude_team").write_files(scenario, folder / "claude_team")
    _module("agent_traces").write_files(scenario, folder / "traces")
    (folder / "answer_key.json").write_text(json.dumps(answer_key(scenario), indent=1, sort_keys=True))
    marker.write_text(json.dumps(wanted))


def stored_scenario(folder: Path) -> Scenario | None:
    """The scenario whose files ``folder`` holds, if any."""
    marker = folder / "scenario.json"
    if not marker.exists():
        return None
    known = json.loads(marker.read_text())
    return Scenario(known["developers"], known["days"], known["seed"], date.fromisoformat(known["end_day"]))


@dataclass
class RunningSandbox:
    """A sandbox that is answering. ``state.is_restated`` survives restarts in ``folder``."""

    url: str
    state: SandboxState
    folder: Path

    def restate(self) -> None:
        """Publish the seeded restatement; vendors answer the final figures from now on, restarts included."""
        self.state.is_restated = True
        (self.folder / "restated").touch()


@contextmanager
def running(scenario: Scenario, folder: Path, *, port: int = 0, **options: str) -> Iterator[RunningSandbox]:
    """Serve the sandbox on loopback from a thread until the block ends.

    Args:
        port: 0 picks a free one.
        options: switches of :class:`SandboxState`; ``rate_scale`` defaults to the scale that :func:`environment` sets.
    """
    write_files(scenario, folder)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        state = SandboxState(scenario, url, (folder / "restated").exists(), {"rate_scale": "60", **options})
        server = uvicorn.Server(uvicorn.Config(
            application(state), log_level="warning", timeout_graceful_shutdown=1, date_header=False
        ))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError(f"the sandbox could not start on {url}")
            time.sleep(0.01)
        try:
            yield RunningSandbox(url, state, folder)
        finally:
            server.should_exit = True
            thread.join(timeout=5)


@contextmanager
def connected(scenario: Scenario, folder: Path, has_enterprise: bool = False) -> Iterator[RunningSandbox]:
    """Serve the sandbox with this process's settings pointing at it, until the block ends; then they are as before."""
    with running(scenario, folder) as server:
        settings = environment(server.url, server.folder, has_enterprise)
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            yield server
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _control_routes(sandbox: SandboxState) -> list[Route]:
    def key(request: Request) -> Response:
        return JSONResponse(answer_key(sandbox.scenario))

    def slack(request: Request) -> Response:
        return JSONResponse(sandbox.slack_messages)

    return [Route("/_sandbox/answer_key", key), Route("/_sandbox/slack", slack)]


def _module(name: str):
    return import_module(f"agent_spend.sandbox.{name}")
