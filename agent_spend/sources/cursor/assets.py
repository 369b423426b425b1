"""Cursor's feeds."""

from agent_spend.sources.cursor import schema, team_schema
from agent_spend.sources.cursor.activity import fetch_daily_usage
from agent_spend.sources.cursor.client import fetch_usage_events
from agent_spend.sources.cursor.csv_import import fetch_csv_events
from agent_spend.sources.cursor.team import fetch_billing_cycles, fetch_members, fetch_spend
from agent_spend.sources.feed import Feed


def _feed(name: str, description: str, table, fetch, total_column: str | None = None, **more) -> Feed:
    return Feed(
        name=name, vendor="cursor", description=description, schema=table, fetch=fetch, total_column=total_column,
        **({"system": "cursor"} | more),
    )


FEEDS = [
    _feed(
        "cursor_usage_events",
        "One row per usage event of the team, from POST /teams/filtered-usage-events; events have no id. "
        "charged_usd is cash only where kind_class is usage_based; elsewhere it is covered by the plan or notional.",
        schema.CURSOR_USAGE_EVENTS,
        fetch_usage_events,
        "charged_usd",
        is_forgetful=True,
    ),
    _feed(
        "cursor_csv_events",
        "One row per usage event of the dashboard's CSV exports that CURSOR_CSV_URI names; used for days of which "
        "cursor_usage_events has none. charged_usd is rounded to cents, and null where the export prints a word.",
        schema.CURSOR_USAGE_EVENTS,
        fetch_csv_events,
        "charged_usd",
        system="cursor_csv",
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
        is_forgetful=True,
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
