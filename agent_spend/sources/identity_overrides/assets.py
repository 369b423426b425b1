"""The identity overrides' feed."""

from agent_spend.sources.feed import Feed
from agent_spend.sources.identity_overrides import client, schema

FEEDS = [
    Feed(
        name="identity_overrides",
        system="identity_overrides",
        vendor="roster",
        description=(
            "One row per identifier whose person was decided by hand, on each UTC day on which that holds. It goes "
            "before every automatic match. From the file that IDENTITY_OVERRIDES_URI names."
        ),
        schema=schema.IDENTITY_OVERRIDES,
        fetch=client.fetch,
        is_list=True,
    )
]
