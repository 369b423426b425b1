"""A running simulated Anthropic, and a scripted vendor for answers that a simulator would never give."""

import json
import threading
from collections.abc import Callable
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment, running
from agent_spend.settings import Settings

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))


class ScriptedVendor:
    """Answers each request with what ``script(path, params)`` returns and remembers what was asked.

    A script returns a JSON-able body, or ``(status, headers, bytes)``.
    """

    def __init__(self, script: Callable[[str, list[tuple[str, str]]], object]):
        self.script = script
        self.requests: list[tuple[str, list[tuple[str, str]], dict[str, str]]] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                url = urlsplit(self.path)
                params = parse_qsl(url.query)
                headers = {name.lower(): value for name, value in self.headers.items()}
                vendor.requests.append((url.path, params, headers))
                answer = vendor.script(url.path, params)
                if not isinstance(answer, tuple):
                    answer = (200, {"Content-Type": "application/json"}, json.dumps(answer).encode())
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def vendor(monkeypatch):
    """Starts a scripted vendor and points the settings at it: ``vendor(script) -> ScriptedVendor``."""
    started = []

    def start(script) -> ScriptedVendor:
        started.append(ScriptedVendor(script))
        monkeypatch.setenv("ANTHROPIC_API_URL", started[-1].url)
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-sandbox")
        monkeypatch.setenv("AGENT_SPEND_HTTP_RATE_SCALE", "600")
        return started[-1]

    yield start
    for scripted in started:
        scripted.server.shutdown()
        scripted.server.server_close()


@pytest.fixture(scope="session")
def _small_server(tmp_path_factory):
    with running(SMALL, tmp_path_factory.mktemp("claude_sandbox")) as server:
        yield server


@pytest.fixture
def sandbox(_small_server, monkeypatch):
    """The running sandbox of ``SMALL``, one for all tests; its switches are put back after each."""
    for name, value in environment(_small_server.url, _small_server.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    options = dict(_small_server.state.options)
    yield _small_server
    _small_server.state.options = options
    _small_server.state.is_restated = False


@pytest.fixture
def fetch():
    """Asks a feed for days and returns its answers by day: ``fetch("claude_api_usage", days)``."""
    from agent_spend.sources.claude.assets import FEEDS

    feeds = {feed.name: feed for feed in FEEDS}

    def ask(name: str, days):
        answers = list(feeds[name].fetch(days, Settings.from_environment()))
        assert len(answers) == len(days)
        return {answer.day: answer for answer in answers}

    ask.feeds = feeds
    return ask
