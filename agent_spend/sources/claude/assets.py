"""The Claude feeds, for the factory that turns feeds into assets."""

from agent_spend.sources.claude.analytics import fetch_analytics_cost, fetch_analytics_usage
from agent_spend.sources.claude.analytics_schema import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    ENTERPRISE_COST,
    ENTERPRISE_USAGE,
)
from agent_spend.sources.claude.code_metrics import CODE_METRICS, fetch_code_metrics
from agent_spend.sources.claude.code_schema import CODE_USAGE
from agent_spend.sources.claude.enterprise import fetch_enterprise_cost, fetch_enterprise_usage
from agent_spend.sources.claude.enterprise_days import fetch_enterprise_seats, fetch_enterprise_users
from agent_spend.sources.claude.enterprise_schema import ENTERPRISE_SEATS, ENTERPRISE_USERS
from agent_spend.sources.claude.lists import fetch_api_keys, fetch_users, fetch_workspaces
from agent_spend.sources.claude.lists_schema import API_KEYS, USERS, WORKSPACES
from agent_spend.sources.claude.reports import fetch_api_cost, fetch_api_usage, fetch_code_usage
from agent_spend.sources.claude.schema import API_COST, API_USAGE, TOKEN_CLASSES
from agent_spend.sources.claude.team import fetch_seats, fetch_team_usage
from agent_spend.sources.claude.team_schema import SEATS, TEAM_USAGE
from agent_spend.sources.feed import Feed

FEEDS = [
    Feed(
        name="claude_api_usage",
        system="anthropic",
        vendor="anthropic",
        description=(
            "Claude API tokens of one UTC day by API key, workspace, model, service tier, context window and inference "
            "geography. Five disjoint token classes and web searches, no money. Source: Messages usage report."
        ),
        schema=API_USAGE,
        fetch=fetch_api_usage,
        total_column=TOKEN_CLASSES,
    ),
    Feed(
        name="claude_api_cost",
        system="anthropic",
        vendor="anthropic",
        description=(
            "What Anthropic bills for one UTC day in USD, by workspace and bill line (model, token class, tier, "
            "geography; web search; code execution). Priority Tier is not in it. Source: cost report."
        ),
        schema=API_COST,
        fetch=fetch_api_cost,
        total_column="amount_usd",
    ),
    Feed(
        name="claude_code_usage",
        system="anthropic",
        vendor="anthropic",
        description=(
            "Claude Code use of one UTC day by person or key, surface and model, with the vendor's estimate in USD. "
            "Rows of customer type api are also in claude_api_usage; never add the two. Source: Claude Code report."
        ),
        schema=CODE_USAGE,
        fetch=fetch_code_usage,
        total_column="estimated_usd",
    ),
    Feed(
        name="claude_code_metrics",
        system="claude_code_metrics",
        vendor="custom_agents",
        description=(
            "Claude Code's own OpenTelemetry metrics of one UTC day by user, client, model and query source: tokens and an "
            "estimate in USD. For whoever exports no log events; the log events tell the same, call by call. "
            "Source: OTLP metrics files of the Collector, of either temporality."
        ),
        schema=CODE_METRICS,
        fetch=fetch_code_metrics,
        total_column="cost_usd",
    ),
    Feed(
        name="claude_analytics_cost",
        system="anthropic",
        vendor="anthropic",
        description=(
            "Cost of one UTC day in USD after discount, and at list price, by API key, workspace, model, product, "
            "actor and token class, as the vendor computes it. The same money as claude_api_cost, cut finer: the "
            "ledger takes a day from one of the two. Source: Usage and Cost Analytics API (beta)."
        ),
        schema=ANALYTICS_COST,
        fetch=fetch_analytics_cost,
        total_column="amount_usd",
    ),
    Feed(
        name="claude_analytics_usage",
        system="anthropic",
        vendor="anthropic",
        description=(
            "Tokens and requests of one UTC day by API key, workspace, model, product and actor. The same use as "
            "claude_api_usage, cut otherwise: the ledger takes a day from one of the two. "
            "Source: Usage and Cost Analytics API (beta)."
        ),
        schema=ANALYTICS_USAGE,
        fetch=fetch_analytics_usage,
        total_column=TOKEN_CLASSES,
    ),
    Feed(
        name="claude_api_keys",
        system="anthropic",
        vendor="anthropic",
        description=(
            "API keys of the Anthropic organisation as listed on the day: name, status, workspace, owner; never a "
            "secret. A live list: past days cannot be loaded. Source: Admin API."
        ),
        schema=API_KEYS,
        fetch=fetch_api_keys,
    ),
    Feed(
        name="claude_workspaces",
        system="anthropic",
        vendor="anthropic",
        description=(
            "Workspaces of the Anthropic organisation with their tags, the default and archived ones included. "
            "A live list: past days cannot be loaded. Source: Admin API."
        ),
        schema=WORKSPACES,
        fetch=fetch_workspaces,
    ),
    Feed(
        name="claude_users",
        system="anthropic",
        vendor="anthropic",
        description=(
            "Members of the Anthropic organisation: id, e-mail address, role. "
            "A live list: past days cannot be loaded. Source: Admin API."
        ),
        schema=USERS,
        fetch=fetch_users,
    ),
    Feed(
        name="claude_enterprise_cost",
        system="claude_enterprise",
        vendor="anthropic",
        description=(
            "Cost of one UTC day in a Claude Enterprise organisation by member, product and model, in USD after discount "
            "and at list price. On a seat-based plan this is usage credits beyond the seats only. "
            "Source: Usage and Cost Analytics API (beta), else the Enterprise cost reports."
        ),
        schema=ENTERPRISE_COST,
        fetch=fetch_enterprise_cost,
        total_column="amount_usd",
    ),
    Feed(
        name="claude_enterprise_usage",
        system="claude_enterprise",
        vendor="anthropic",
        description=(
            "Tokens and requests of one UTC day in a Claude Enterprise organisation by member, product and model; on a "
            "seat-based plan only those beyond the seats. "
            "Source: Usage and Cost Analytics API (beta), else the Enterprise usage reports."
        ),
        schema=ENTERPRISE_USAGE,
        fetch=fetch_enterprise_usage,
        total_column=TOKEN_CLASSES,
    ),
    Feed(
        name="claude_enterprise_seats",
        system="claude_enterprise",
        vendor="anthropic",
        description=(
            "Seats assigned in a Claude Enterprise organisation on a UTC day, and its active users. Built by the vendor "
            "at 10:00 UTC of the next day. Source: Enterprise analytics, summaries."
        ),
        schema=ENTERPRISE_SEATS,
        fetch=fetch_enterprise_seats,
        total_column="assigned_seats",
    ),
    Feed(
        name="claude_enterprise_users",
        system="claude_enterprise",
        vendor="anthropic",
        description=(
            "What each member of a Claude Enterprise organisation did on a UTC day: chat and Claude Code counts, no "
            "money. Built by the vendor at 10:00 UTC of the next day. Source: Enterprise analytics, users."
        ),
        schema=ENTERPRISE_USERS,
        fetch=fetch_enterprise_users,
        total_column="messages",
    ),
    Feed(
        name="claude_seats",
        system="claude_team",
        vendor="anthropic",
        description=(
            "Claude Team seats held on a UTC day: member and seat tier. A member export holds until the next one. "
            "No money: seat prices come from the invoice. Source: CSV export."
        ),
        schema=SEATS,
        fetch=fetch_seats,
    ),
    Feed(
        name="claude_team_usage",
        system="claude_team",
        vendor="anthropic",
        description=(
            "Usage credits a Claude Team member spent beyond the seat on one UTC day, by product and model, in USD "
            "before and after discounts. Use inside the seat is metered nowhere. Source: CSV spend export."
        ),
        schema=TEAM_USAGE,
        fetch=fetch_team_usage,
        total_column="net_usd",
    ),
]
