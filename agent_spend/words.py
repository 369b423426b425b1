"""What people read in place of stored names, on the page, in Slack and in the terminal."""

VENDOR_NAMES = {
    "github_copilot": "GitHub Copilot",
    "anthropic": "Anthropic Claude",
    "cursor": "Cursor",
    "custom_agents": "Custom agents",
    "company": "Own records",
}
#: Short enough for a column head.
VENDOR_SHORT = {"github_copilot": "Copilot", "anthropic": "Claude", "cursor": "Cursor", "custom_agents": "Custom agents"}
CHARGE_NAMES = {"usage": "usage", "seat": "seats", "credit": "credits", "tax": "tax", "adjustment": "adjustments"}
FEED_NAMES = {
    "copilot_user_usage": "Copilot usage", "copilot_user_usage_28_day": "Copilot usage, 28-day report",
    "copilot_seats": "Copilot seats", "copilot_billing_usage": "Copilot billing", "claude_api_usage": "Claude API usage",
    "claude_api_cost": "Claude cost report", "claude_code_usage": "Claude Code usage",
    "claude_code_metrics": "Claude Code metrics",
    "claude_api_keys": "Claude API keys", "claude_team_usage": "Claude Team usage",
    "claude_analytics_cost": "Claude cost by key", "claude_analytics_usage": "Claude usage by key",
    "claude_enterprise_cost": "Claude Enterprise cost", "claude_enterprise_usage": "Claude Enterprise usage",
    "claude_enterprise_seats": "Claude Enterprise seats", "claude_enterprise_users": "Claude Enterprise members",
    "cursor_usage_events": "Cursor events",
    "github_teams": "GitHub teams", "github_identities": "GitHub identities", "copilot_user_teams": "GitHub teams, daily report",
    "agent_spans": "Agent traces", "roster_members": "Roster",
    "cursor_spend": "Cursor charges by member", "cursor_csv_events": "Cursor CSV exports",
    "key_registry": "Key registry", "identity_overrides": "Identity overrides", "vendor_invoices": "Invoices",
}  # fmt: skip


def words(name: str, known: dict[str, str]) -> str:
    """The word people read for a stored name; a name that ``known`` has not is shown as it is, with spaces."""
    if name in known:
        return known[name]
    plain = name.replace("_", " ")
    return plain[:1].upper() + plain[1:] if "_" in name else plain


def counted(number: int, name: str) -> str:
    """``1 message``, ``2 messages``."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"
