"""The feeds of GitHub Copilot."""

from agent_spend.sources.copilot.client import FEED, fetch_user_usage
from agent_spend.sources.copilot.schema import USER_USAGE
from agent_spend.sources.feed import Feed

FEEDS = [
    Feed(
        name=FEED,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "One row a scope, GitHub user and UTC day: AI credits consumed (gross; 1 credit = 0.01 USD list, not a "
            "billed amount) and activity counters. Source: users-1-day usage metrics report. A day is final three "
            "full days later. Organization files repeat members of several organizations."
        ),
        schema=USER_USAGE,
        fetch=fetch_user_usage,
        total_column="ai_credits_used",
        kinds=frozenset({"github"}),
    ),
]
