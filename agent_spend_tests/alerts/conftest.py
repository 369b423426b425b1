"""A simulated Slack over real HTTP, and findings to send to it."""

import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import uvicorn
from starlette.applications import Starlette

from agent_spend.alerts import findings
from agent_spend.lake.tables import Lake
from agent_spend.sandbox import slack_api
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.state import SandboxState

NOW = datetime(2026, 11, 13, 6, 0, tzinfo=UTC)
DAY = date(2026, 11, 12)


@dataclass
class Slack:
    """A running simulated Slack; ``options`` are the sandbox's switches, ``messages`` what it accepted."""

    webhook: str
    state: SandboxState
    options: dict = field(init=False)

    def __post_init__(self):
        self.options = self.state.options

    @property
    def messages(self) -> list[dict]:
        return self.state.slack_messages

    @property
    def shown(self) -> list[str]:
        """Everything a reader sees, one text a message."""
        return [
            "\n".join(
                text["text"] for block in message["blocks"] for text in block.get("elements", [block.get("text")])
            )
            for message in self.messages
        ]


@pytest.fixture
def slack():
    servers = []

    def start(rate_scale: str = "100000") -> Slack:
        state = SandboxState(Scenario(), options={"rate_scale": rate_scale})
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=slack_api.routes(state)), log_level="warning", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        servers.append((server, thread, listener))
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        return Slack(f"http://127.0.0.1:{listener.getsockname()[1]}/slack/services/T000/B000/XXXX", state)

    yield start
    for server, thread, listener in servers:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(str(tmp_path / "home" / "lake"))


@pytest.fixture
def found(lake):
    """Puts a finding into the ledger."""

    def put(subject="ben", kind="copilot_credits_tripled", severity="ERROR", day=DAY, **more) -> None:
        row = {
            "kind": kind, "severity": severity, "vendor": "github_copilot", "subject": subject, "person_id": None,
            "org": "Payments", "usage_day": day, "observed": Decimal(300), "baseline": Decimal(100), "ratio": 3.0,
            "amount_usd": Decimal(2), "explanation": f"{subject} used 300 credits, 3.0x the 100 of the day before",
        }
        findings.record(lake, kind, [], [row | more], NOW)

    return put
