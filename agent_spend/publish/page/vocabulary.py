"""The words and colours of the page: one accent a vendor, one name a series, one tag an amount."""

from dataclasses import dataclass

from agent_spend.words import CHARGE_NAMES, FEED_NAMES, VENDOR_NAMES, VENDOR_SHORT, words

__all__ = ["CHARGE_NAMES", "FEED_NAMES", "VENDOR_NAMES", "VENDOR_SHORT", "words"]

VENDORS = ("github_copilot", "anthropic", "cursor", "custom_agents")

#: Accent, middle and pale tone of each vendor: distinguishable with any common colour blindness, and never the only cue.
TONES = {
    "github_copilot": ("#0b5cad", "#5e97cf", "#a9c8e6"),
    "anthropic": ("#7b2d5b", "#ab6f92", "#d3b0c6"),
    "cursor": ("#b85c00", "#dd9a55", "#e8bf93"),
    "custom_agents": ("#1a7f5a", "#63b093", "#a5d3c1"),
}
INK, MUTED, RULE, PALE, WARNING = "#1d2329", "#667080", "#dfe3e8", "#e3e7ec", "#9a5b00"

#: The feeds whose newest day says how far a vendor's usage is known; those in one bracket stand in for each other.
USAGE_FEEDS = {
    "github_copilot": (("copilot_user_usage",),),
    "anthropic": (
        ("claude_api_usage", "claude_analytics_usage"), ("claude_api_cost", "claude_analytics_cost"), ("claude_code_usage",),
    ),
    "cursor": (("cursor_usage_events",),),
    "custom_agents": (("agent_spans",),),
}
#: What stands in for a vendor whose usage feeds have no data at all: another report, what people imported by hand.
STAND_IN_FEEDS = {
    "github_copilot": (("copilot_user_usage_28_day",),),
    "anthropic": (("claude_enterprise_cost",), ("claude_team_usage",)),
    "cursor": (("cursor_csv_events",),),
}
#: Full UTC days until a day is normally there: GitHub says two after the day closes, the others serve the day after.
LATENCY_DAYS = {"github_copilot": 3, "anthropic": 1, "cursor": 1, "custom_agents": 1}


@dataclass(frozen=True)
class Series:
    """A line on the charts. ``is_machine`` series are drawn dashed, ``is_charged_extra`` ones in the middle tone."""

    name: str
    vendor: str
    is_machine: bool = False
    is_charged_extra: bool = False


SERIES = {
    "copilot_credits": Series("Copilot credits", "github_copilot"),
    "copilot_billing": Series("Copilot billing", "github_copilot"),
    "claude_seat": Series("Claude seats", "anthropic"),
    "claude_usage_credits": Series("Claude usage credits", "anthropic", is_charged_extra=True),
    "claude_api_key": Series("Claude API keys", "anthropic", is_machine=True),
    "claude_api_billing": Series("Claude API, cost report", "anthropic", is_machine=True),
    "cursor_included": Series("Cursor included", "cursor"),
    "cursor_on_demand": Series("Cursor on-demand", "cursor", is_charged_extra=True),
    "cursor_not_charged": Series("Cursor, not charged", "cursor"),
    "cursor_unknown_kind": Series("Cursor, kind not known", "cursor"),
    "custom_agents": Series("Custom agents", "custom_agents", is_machine=True),
}
AUTH_NAMES = {"seat": "seat", "api_key": "key", "service_account": "service account", "unknown": "unknown"}
BACKGROUND_NAMES = {
    "cloud_agent": "cloud agents", "automation": "automations", "service_account": "service accounts",
    "headless": "headless", "api_key": "API keys", "not_split": "agents",
}
#: What ran, in a list where the series stands beside it.
DRIVER_NAMES = BACKGROUND_NAMES | {
    "cloud_agent": "cloud agents, in the background", "automation": "cloud automations, nobody at the keyboard",
    "not_split": "not split by the vendor", "interactive": "people at work", "machine": "machines",
}
ACTOR_NAMES = {
    "interactive": "A person", "headless": "Headless", "machine": "Machine", "not_split": "Not split by the vendor",
}
CYCLE_STATES = {
    "agrees": "agrees", "running": "running, not comparable yet", "differs": "differs", "days_missing": "days are missing",
    "snapshot_before_end": "Cursor's figure is from before the end", "no_snapshot": "Cursor gave no figure",
    "cycle_not_known": "Cursor has not named this cycle",
}  # fmt: skip
#: What "covered" is at each vendor, in the vendor's own terms.
COVERED_NAMES = {
    "github_copilot": "included pool used", "anthropic": "used within seats", "cursor": "included use", "custom_agents": "",
}
VERDICT_NAMES = {
    "ok": "ok", "prod_on_seat": "prod on a seat", "automated_on_seat": "automated on a seat", "untagged_key": "untagged key",
    "auth_unknown": "unknown sign-in", "suspected_on_seat": "suspected on a seat", "person_background": "a person's agents",
    "moved_to_key": "moved to a key", "stopped": "stopped",
}


def series_name(series: str) -> str:
    """Name of a series on the page."""
    return SERIES[series].name if series in SERIES else series.replace("_", " ")
