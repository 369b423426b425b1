"""Shapes of GitHub's teams, their members and licensed people, and the lake tables of their daily snapshots.

Source: GitHub REST reference, "Teams" and "Enterprise licensing" (API version 2026-03-10).
"""

import msgspec
import pandera.pandas as pandera

from agent_spend.sources.feed import DAY, TEXT, WHOLE, column


class ParentTeam(msgspec.Struct):
    """The team above a nested one."""

    id: int


class Team(msgspec.Struct):
    """One team. Its slug changes when it is renamed, its id does not."""

    id: int
    slug: str
    parent: ParentTeam | None = None


class Member(msgspec.Struct):
    """One member. ``inherited`` means only through a child team; GitHub sends it where the feature is enabled."""

    id: int
    login: str
    inherited: bool | None = None


class LicensedUser(msgspec.Struct):
    """One person of the enterprise's licence list; without a GitHub.com login for people of other deployments."""

    github_com_login: str | None = None
    github_com_saml_name_id: str | None = None
    github_com_verified_domain_emails: list[str] | None = None


class LicencePage(msgspec.Struct):
    """One page of consumed licences."""

    users: list[LicensedUser]


#: One row a team and direct member.
TEAMS = pandera.DataFrameSchema(
    {
        "usage_day": column(DAY, "UTC day the list was read for."),
        "org": column(TEXT, "GitHub organization."),
        "team_id": column(WHOLE, "GitHub's team id; survives renames."),
        "team_slug": column(TEXT, "Team slug when the list was read."),
        "parent_team_id": column(WHOLE, "Id of the team above; null for a team at the top.", nullable=True),
        "user_id": column(WHOLE, "GitHub's account id of a direct member."),
        "user_login": column(TEXT, "Login when the list was read.", nullable=True),
    },
    strict=True,
    unique=["org", "team_id", "user_id"],
)

#: One row a GitHub login with a licence.
IDENTITIES = pandera.DataFrameSchema(
    {
        "usage_day": column(DAY, "UTC day the list was read for."),
        "user_login": column(TEXT, "GitHub login when the list was read."),
        "email": column(TEXT, "First e-mail in a verified domain, lower case; null when there is none.", nullable=True),
        "saml_name_id": column(TEXT, "SAML name id, often but not always an e-mail.", nullable=True),
    },
    strict=True,
)
