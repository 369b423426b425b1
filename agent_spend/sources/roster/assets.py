"""The roster's feed."""

from agent_spend.sources.feed import Feed
from agent_spend.sources.roster import client, schema

FEEDS = [
    Feed(
        name="roster_members",
        system="roster",
        vendor="roster",
        description=(
            "One row per person valid on the UTC day: e-mail, GitHub login and id, org, squad, cost centre, manager. "
            "From the dated HR export that ROSTER_URI names; a move or a leaver is a date in that file."
        ),
        schema=schema.ROSTER_MEMBERS,
        fetch=client.fetch,
        is_list=True,
    )
]
