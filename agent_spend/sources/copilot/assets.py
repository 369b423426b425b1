"""The feeds of GitHub Copilot."""

from agent_spend.sources.copilot.client import DAILY, LAST_28_DAYS, fetch_user_usage, fetch_user_usage_28_day
from agent_spend.sources.copilot.schema import USER_USAGE
from agent_spend.sources.feed import Feed

FEEDS = [
    Feed(
        name=DAILY,
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
    Feed(
        name=LAST_28_DAYS,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "The same rows as copilot_user_usage, read from the latest 28-day report: for a first load and as a "
            "cross-check. Never add the two feeds. Source: users-28-day usage metrics report."
        ),
        schema=USER_USAGE,
        fetch=fetch_user_usage_28_day,
        total_column="ai_credits_used",
        kinds=frozenset({"github"}),
    ),
]
