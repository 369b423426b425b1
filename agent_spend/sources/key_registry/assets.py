"""The key registry's feed."""

from agent_spend.sources.feed import Feed
from agent_spend.sources.key_registry import client, schema

FEEDS = [
    Feed(
        name="key_registry",
        system="key_registry",
        vendor="key_registry",
        description=(
            "One row per machine key known on the UTC day: environment, cost centre, owner, workspace. "
            "From the file or the secret manager's tags that KEY_REGISTRY_URI names; never a secret value."
        ),
        schema=schema.KEY_REGISTRY,
        fetch=client.fetch,
        is_list=True,
    )
]
