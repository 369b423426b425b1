"""Fixtures of the Cursor tests: a scripted vendor, and the sandbox's Cursor paths alone."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import date

import pytest
import uvicorn
from cursor_fakes import FakeVendor
from starlette.applications import Starlette
from starlette.middleware import Middleware

from agent_spend.sandbox import cursor_api
from agent_spend.sandbox.faults import Faults
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.state import SandboxState

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))


@pytest.fixture
def vendor(monkeypatch):
    """A :class:`FakeVendor` that the settings point at."""
    fake = FakeVendor()
    server = fake.start()
    monkeypatch.setenv("CURSOR_API_URL", fake.url)
    monkeypatch.setenv("CURSOR_API_KEY", "crsr_test")
    monkeypatch.setenv("AGENT_SPEND_HTTP_RATE_SCALE", "1000")
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def cursor_sandbox(monkeypatch):
    """Starts the simulated Cursor API alone, with switches, and points the settings at it."""
    with ExitStack() as stack:

        def start(scenario: Scenario = SMALL, **options: str) -> SandboxState:
            state = stack.enter_context(_serving(scenario, options))
            monkeypatch.setenv("CURSOR_API_URL", f"{state.base_url}/cursor")
            monkeypatch.setenv("CURSOR_API_KEY", "crsr_sandbox")
            monkeypatch.setenv("AGENT_SPEND_HTTP_RATE_SCALE", "1000")
            monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
            return state

        yield start


@contextmanager
def _serving(scenario: Scenario, options: dict[str, str]):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        state = SandboxState(scenario, f"http://127.0.0.1:{listener.getsockname()[1]}")
        state.options = {"rate_scale": "1000", **options}
        app = Starlette(routes=cursor_api.routes(state), middleware=[Middleware(Faults, sandbox=state)])
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield state
        server.should_exit = True
        thread.join(timeout=5)
