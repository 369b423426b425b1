"""Cursor's feeds."""

from agent_spend.sources.cursor import client, schema
from agent_spend.sources.feed import Feed

FEEDS = [
    Feed(
        name="cursor_usage_events",
        system="cursor",
        vendor="cursor",
        description=(
            "One row per usage event of the team, from POST /teams/filtered-usage-events; events have no id. "
            "charged_usd is cash only where kind_class is usage_based; elsewhere it is covered by the plan or notional."
        ),
        schema=schema.CURSOR_USAGE_EVENTS,
        fetch=client.fetch_usage_events,
        total_column="charged_usd",
        kinds=frozenset({"cursor"}),
    ),
]
