"""Cursor's feeds."""

from agent_spend.sources.cursor import schema, team_schema
from agent_spend.sources.cursor.activity import fetch_daily_usage
from agent_spend.sources.cursor.client import fetch_usage_events
from agent_spend.sources.cursor.team import fetch_billing_cycles, fetch_members, fetch_spend
from agent_spend.sources.feed import Feed


def _feed(name: str, description: str, table, fetch, total_column: str | None = None) -> Feed:
    return Feed(
        name=name, system="cursor", vendor="cursor", description=description, schema=table, fetch=fetch,
        total_column=total_column, kinds=frozenset({"cursor"}),
    )


FEEDS = [
    _feed(
        "cursor_usage_events",
        "One row per usage event of the team, from POST /teams/filtered-usage-events; events have no id. "
        "charged_usd is cash only where kind_class is usage_based; elsewhere it is covered by the plan or notional.",
        schema.CURSOR_USAGE_EVENTS,
        fetch_usage_events,
        "charged_usd",
    ),
    _feed(
        "cursor_members",
        "One row per member of the team, removed people included, as listed on the day by GET /teams/members. No "
        "history: only the newest day can be read.",
        team_schema.CURSOR_MEMBERS,
        fetch_members,
    ),
    _feed(
        "cursor_spend",
        "One row per member with the running billing cycle's on-demand and overall USD so far, from POST /teams/spend. "
        "A snapshot: never add days. Service accounts have no row. No history: only the newest day can be read.",
        team_schema.CURSOR_SPEND,
        fetch_spend,
        "on_demand_usd",
    ),
    _feed(
        "cursor_daily_usage",
        "One row per member and UTC day with counts of requests and lines, idle members included, from POST "
        "/teams/daily-usage-data. Counts of events, not billable units, and no money.",
        team_schema.CURSOR_DAILY_USAGE,
        fetch_daily_usage,
    ),
    _feed(
        "cursor_billing_cycles",
        "One row per billing group (and one for everything unassigned) with the USD of the cycle that the day selects, "
        "as known when read, from GET /teams/groups. A snapshot: take a cycle's newest day, never add days.",
        team_schema.CURSOR_BILLING_CYCLES,
        fetch_billing_cycles,
        "spend_usd",
    ),
]
