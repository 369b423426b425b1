"""A GitHub that answers as told, and the settings that point at it."""

import pytest
from copilot_fake_github import fake_github


@pytest.fixture
def github(monkeypatch):
    """A server that answers as told, with the enterprise ``acme`` configured and no organizations."""
    with fake_github() as fake:
        monkeypatch.setenv("GITHUB_API_URL", fake.url)
        monkeypatch.setenv("GITHUB_TOKEN", "ghp_test")
        monkeypatch.setenv("GITHUB_ENTERPRISE", "acme")
        yield fake


@pytest.fixture
def sandbox_server(monkeypatch, tmp_path):
    import socket, threading, time
    from contextlib import ExitStack
    import uvicorn
    from starlette.applications import Starlette
    from agent_spend.sandbox import copilot_api, server
    from agent_spend.sandbox.state import SandboxState
    started = []

    def start(scenario, **options):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        state = SandboxState(scenario, url, False, options)
        srv = uvicorn.Server(uvicorn.Config(Starlette(routes=copilot_api.routes(state)), log_level="warning"))
        threading.Thread(target=srv.run, kwargs={"sockets": [listener]}, daemon=True).start()
        while not srv.started:
            time.sleep(0.01)
        started.append(srv)
        for name, value in server.environment(url, tmp_path).items():
            monkeypatch.setenv(name, value)
        return server.RunningSandbox(url, state, tmp_path)

    yield start
    for srv in started:
        srv.should_exit = True
