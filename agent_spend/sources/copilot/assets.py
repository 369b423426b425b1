"""The feeds of GitHub Copilot."""

from agent_spend.sources.copilot.billing_client import BILLING_FEED, fetch_billing_usage
from agent_spend.sources.copilot.billing_schema import BILLING_USAGE
from agent_spend.sources.copilot.client import (
    DAILY,
    LAST_28_DAYS,
    USER_TEAMS_FEED,
    fetch_user_teams,
    fetch_user_usage,
    fetch_user_usage_28_day,
)
from agent_spend.sources.copilot.directory_schema import IDENTITIES, TEAMS
from agent_spend.sources.copilot.identities_client import IDENTITIES_FEED, fetch_identities
from agent_spend.sources.copilot.schema import USER_TEAMS, USER_USAGE
from agent_spend.sources.copilot.seats_client import SEATS_FEED, fetch_seats
from agent_spend.sources.copilot.seats_schema import SEATS
from agent_spend.sources.copilot.teams_client import TEAMS_FEED, fetch_teams
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
    ),
    Feed(
        name=LAST_28_DAYS,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "The same rows as copilot_user_usage, read from the latest 28-day report: a cross-check, and what the ledger "
            "takes on days without a row of the daily feed. Never add the two. Source: users-28-day usage metrics report."
        ),
        schema=USER_USAGE,
        fetch=fetch_user_usage_28_day,
        total_column="ai_credits_used",
    ),
    Feed(
        name=SEATS_FEED,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "One row a person with a Copilot seat, and one an open invitation, as GitHub listed them that day. The "
            "list is live and has no history, so only the newest day can be read. Source: Copilot billing seats."
        ),
        schema=SEATS,
        fetch=fetch_seats,
    ),
    Feed(
        name=BILLING_FEED,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "What GitHub bills for Copilot on that UTC day: credits by SKU and model, seats and the rest by SKU; "
            "each as gross (list), discount (covered by the pool) and net (billed) quantities and USD. No person. "
            "Source: billing ai_credit/usage and usage/summary."
        ),
        schema=BILLING_USAGE,
        fetch=fetch_billing_usage,
        total_column="gross_usd",
    ),
    Feed(
        name=TEAMS_FEED,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "One row a GitHub team and direct member, as listed that day; nested teams name their parent. The list is "
            "live and has no history. Source: teams and members of the enterprise and of its organizations."
        ),
        schema=TEAMS,
        fetch=fetch_teams,
    ),
    Feed(
        name=USER_TEAMS_FEED,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "One row a GitHub team and person with a seat on that UTC day: who was where before the first snapshot of "
            "github_teams, and a cross-check after it. Teams of fewer than five are left out by GitHub. Source: "
            "user-teams-1-day usage metrics report."
        ),
        schema=USER_TEAMS,
        fetch=fetch_user_teams,
    ),
    Feed(
        name=IDENTITIES_FEED,
        system="github_copilot",
        vendor="github_copilot",
        description=(
            "One row a list and person with e-mail and identity provider's name, as listed that day. The lists are "
            "live and have no history. Source: SCIM, SAML single sign-on and consumed licences."
        ),
        schema=IDENTITIES,
        fetch=fetch_identities,
    ),
]
