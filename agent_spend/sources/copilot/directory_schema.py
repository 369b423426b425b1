"""Shapes of GitHub's teams, their members and identities, and the lake tables of their daily snapshots.

Source: GitHub REST reference, "Teams", "Enterprise teams", "Enterprise licensing" and "SCIM" (API version 2026-03-10);
GraphQL reference, ``ExternalIdentity``.
"""

from collections.abc import Sequence

import msgspec

from agent_spend.sources.contract import DAY, FLAG, TEXT, WHOLE, Contract, column
from agent_spend.sources.copilot.schema import SCOPE


class Team(msgspec.Struct):
    """One team. Its slug and name change when it is renamed, its id does not; a team of the enterprise has no parent.

    ``type`` is ``enterprise`` for a team of the enterprise that an organization lists among its own.
    """

    id: int
    slug: str
    name: str | None = None
    parent: "Team | None" = None
    type: str | None = None


class Member(msgspec.Struct):
    """One member. ``inherited`` means only through a child team; GitHub sends it where the feature is enabled."""

    id: int
    login: str
    inherited: bool | None = None


class LicensedUser(msgspec.Struct):
    """One person of the enterprise's licence list; without a GitHub.com login for people of other deployments."""

    github_com_login: str | None = None
    github_com_name: str | None = None
    github_com_saml_name_id: str | None = None
    github_com_verified_domain_emails: list[str] | None = None


class LicencePage(msgspec.Struct):
    """One page of consumed licences."""

    users: list[LicensedUser]


class Email(msgspec.Struct):
    """One e-mail of a SCIM or SAML identity."""

    value: str | None = None
    primary: bool | str | None = None


class ScimUser(msgspec.Struct):
    """One provisioned identity. It never names the GitHub login; ``userName`` equals the SAML name id."""

    userName: str | None = None
    displayName: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None


class ScimPage(msgspec.Struct):
    """One page of SCIM users; ``startIndex`` counts from 1. SCIM lets a server leave an empty list out."""

    totalResults: int
    Resources: list[ScimUser] = []


class SamlIdentity(msgspec.Struct):
    nameId: str | None = None
    emails: list[Email] | None = None


class ScimIdentity(msgspec.Struct):
    username: str | None = None
    emails: list[Email] | None = None


class GitHubUser(msgspec.Struct):
    login: str
    databaseId: int | None = None
    name: str | None = None


class ExternalIdentity(msgspec.Struct):
    """One node of ``externalIdentities``; ``user`` is null until somebody has claimed it."""

    samlIdentity: SamlIdentity | None = None
    scimIdentity: ScimIdentity | None = None
    user: GitHubUser | None = None


class Edge(msgspec.Struct):
    node: ExternalIdentity | None


class PageInfo(msgspec.Struct, frozen=True):
    hasNextPage: bool = False
    endCursor: str | None = None


class ExternalIdentities(msgspec.Struct):
    edges: list[Edge | None]
    pageInfo: PageInfo = PageInfo()


class IdentityProvider(msgspec.Struct):
    externalIdentities: ExternalIdentities


class ProviderOwner(msgspec.Struct):
    """An organization, or what an enterprise shows to its owners."""

    samlIdentityProvider: IdentityProvider | None = None


class Enterprise(msgspec.Struct):
    ownerInfo: ProviderOwner | None = None


class IdentityData(msgspec.Struct):
    organization: ProviderOwner | None = None
    enterprise: Enterprise | None = None


class GraphQLError(msgspec.Struct):
    message: str = ""
    type: str | None = None


class IdentityAnswer(msgspec.Struct):
    """A GraphQL answer: refusals come with status 200."""

    data: IdentityData | None = None
    errors: list[GraphQLError] | None = None


TEAM_TYPES = ("organization", "enterprise")

#: One row a team and direct member; a team without any has one row without a member, since others may lie below it.
TEAMS = Contract(
    {
        "usage_day": column(DAY, "UTC day the list was read for."),
        "scope_kind": SCOPE["scope_kind"],
        "org": column(TEXT, "Slug of the GitHub organization, or of the enterprise for a team of the enterprise."),
        "team_type": column(TEXT, "organization or enterprise: whose team it is.",
                            one_of=TEAM_TYPES),
        "team_id": column(WHOLE, "GitHub's team id; survives renames."),
        "team_slug": column(TEXT, "Team slug when the list was read."),
        "team_name": column(TEXT, "Team name when the list was read."),
        "team_path": column(TEXT, "Ids of the teams above it and its own, from the top, joined by '/'."),
        "parent_team_id": column(WHOLE, "Id of the team above; null for a team at the top.", nullable=True),
        "user_id": column(WHOLE, "GitHub's account id of a direct member; null for none.", nullable=True),
        "user_login": column(TEXT, "Login when the list was read.", nullable=True),
    },
    unique=["org", "team_id", "user_id"],
)

#: One row a source and person as that source knows them.
IDENTITIES = Contract(
    {
        "usage_day": column(DAY, "UTC day the list was read for."),
        "source": column(TEXT, "Where the row comes from.", one_of=("scim", "saml", "licences")),
        **SCOPE,
        "user_login": column(TEXT, "GitHub login when the list was read; null where the source has none.", nullable=True),
        "user_id": column(WHOLE, "GitHub's account id; null where the source has none.", nullable=True),
        "idp_user_name": column(
            TEXT, "The identity provider's name of the person (SCIM userName, SAML name id); often an e-mail.", nullable=True
        ),
        "email": column(TEXT, "E-mail the source states, lower case; null when there is none.", nullable=True),
        "name": column(TEXT, "Name for display.", nullable=True),
        "is_active": column(FLAG, "False for who was deprovisioned; null where the source does not say.", nullable=True),
    },
    unique=["source", "user_login", "idp_user_name"],
)


def identity_row(
    source: str, *, login: str | None = None, user_id: int | None = None, idp_user_name: str | None = None,
    emails: Sequence[Email] = (), name: str | None = None, is_active: bool | None = None,
) -> dict:
    """A person as a row of ``github_identities``, without the day; the primary e-mail counts, else the first."""
    ordered = sorted(emails, key=lambda email: str(email.primary).lower() != "true")
    known = [email.value.strip().lower() for email in ordered if email.value and "@" in email.value]
    return {
        "source": source, "user_login": login or None, "user_id": user_id, "idp_user_name": idp_user_name or None,
        "email": known[0] if known else None, "name": name or None, "is_active": is_active,
    }
