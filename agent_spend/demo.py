"""The whole product on simulated vendors: no credentials, no network, the same code paths as with real ones."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from agent_spend.alerts.slack import deliver, page_url, webhook_url
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.partitions import Window
from agent_spend.project import feeds
from agent_spend.runs import PUBLISHED, Outcome, Stage, feed_stages, instance, materialize, model_stages
from agent_spend.sandbox.company_budgets import write_budgets
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import connected, stored_scenario
from agent_spend.schedules import restatement_windows
from agent_spend.settings import Settings

#: The feed whose seeded restatement the demo shows; feeds with the same window are read again with it.
RESTATED_FEED = "copilot_user_usage"
REFRESH_FINDINGS = Stage("Publishing findings", "none", ("rpt_findings",))
PUBLISH = Stage("Publishing the warehouse and the page", "none", PUBLISHED)


@dataclass(frozen=True)
class DemoResult:
    """What a demo run did."""

    scenario: Scenario
    outcomes: list[Outcome]
    slack_sent: int
    slack_received: int


def demo_scenario(home: Path, developers: int | None, days: int | None, seed: int | None, reset: bool) -> Scenario:
    """The scenario stored in ``home``, or a new one that ends yesterday.

    A home keeps its scenario, so that running the demo again changes nothing.

    Raises:
        ConfigurationError: the home holds another scenario, or the numbers are too small.
    """
    stored = stored_scenario(home / "sandbox")
    asked = {name: value for name, value in (("developers", developers), ("days", days), ("seed", seed)) if value is not None}
    if stored is not None and not reset:
        differing = [f"--{name} {getattr(stored, name)}" for name, value in asked.items() if getattr(stored, name) != value]
        if differing:
            raise ConfigurationError(
                f"{home} already holds a demo with {', '.join(differing)}; add --reset to start over, or choose another "
                "home with AGENT_SPEND_HOME"
            )
        return stored
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    try:
        scenario = Scenario(**asked, end_day=yesterday)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return scenario


def run_demo(scenario: Scenario, home: Path, on_stage, has_enterprise: bool = False) -> DemoResult:
    """Serve the sandbox, backfill every feed through Dagster, build, check, alert and publish."""
    with connected(scenario, home / "sandbox", has_enterprise) as server:
        from agent_spend.definitions import defs

        settings = Settings.from_environment()
        window = Window(scenario.first_day, scenario.end_day)
        key = json.loads((home / "sandbox" / "answer_key.json").read_text())
        write_budgets(key["company_files"]["budgets"], home / "overrides" / "budgets.csv")
        with instance(home) as dagster:
            outcomes = materialize(defs, dagster, feed_stages(), window, on_stage)
            if not server.state.is_restated:
                server.restate()
                outcomes += materialize(defs, dagster, _reread_stages(), _reread_window(scenario.end_day), on_stage)
            outcomes += materialize(defs, dagster, model_stages(), window, on_stage)
            on_stage(Stage("Sending alerts to Slack", "none", ()))
            report = deliver(Lake(settings.lake_uri), webhook_url(), page_url())
            outcomes += materialize(defs, dagster, [REFRESH_FINDINGS, PUBLISH], window, on_stage)
        return DemoResult(scenario, outcomes, report.messages, len(server.state.slack_messages))


def _reread_window(yesterday: date) -> Window:
    return Window(yesterday - timedelta(days=restatement_windows()[RESTATED_FEED]), yesterday)


def _reread_stages() -> list[Stage]:
    windows = restatement_windows()
    restated = [name for name in feeds() if windows.get(name) == windows[RESTATED_FEED]]
    return [
        Stage("Reading the restatement window again", stage.partitions, stage.assets) for stage in feed_stages(restated)
    ]
