"""What a running sandbox knows besides its scenario: where it listens, what it has published, what it received."""

from dataclasses import dataclass, field

from agent_spend.sandbox.scenario import Scenario


@dataclass
class SandboxState:
    """Shared by all simulated vendors of one server.

    Args:
        scenario: the simulated company.
        base_url: ``http://127.0.0.1:<port>`` without trailing slash; used in absolute links.
        is_restated: whether the seeded restatement has been published; vendors answer the final figures from then on.
        options: switches for tests, e.g. ``{"fault": "users-1-day:503:2"}``.
        slack_messages: payloads received by the Slack endpoint, oldest first.
    """

    scenario: Scenario
    base_url: str = "http://127.0.0.1:8123"
    is_restated: bool = False
    options: dict[str, str] = field(default_factory=dict)
    slack_messages: list[dict] = field(default_factory=list)
