"""GitHub logins and the identities they signed in with, from GraphQL: the one list that has both beside the account id."""

from agent_spend.errors import FeedError, State
from agent_spend.sources.copilot.directory_schema import (
    Email,
    ExternalIdentities,
    ExternalIdentity,
    IdentityAnswer,
    SamlIdentity,
    ScimIdentity,
    identity_row,
)  # fmt: skip
from agent_spend.sources.copilot.listing import PAGE_SIZE
from agent_spend.sources.copilot.scopes import Part, Scope
from agent_spend.sources.copilot.session import refusal
from agent_spend.sources.decoding import decode
from agent_spend.sources.http import Answer, VendorSession
from agent_spend.sources.listing import Listing

_PROVIDER = (
    " { externalIdentities(first: " + str(PAGE_SIZE) + ", after: $after) {"
    " pageInfo { hasNextPage endCursor }"
    " edges { node { samlIdentity { nameId emails { value primary } } scimIdentity { username emails { value primary } }"
    " user { login databaseId name } } } } }"
)
_VARIABLES = "query($slug: String!, $after: String)"
_OF_ORGANIZATION = _VARIABLES + " { organization(login: $slug) { samlIdentityProvider" + _PROVIDER + " } }"
_OF_ENTERPRISE = _VARIABLES + " { enterprise(slug: $slug) { ownerInfo { samlIdentityProvider" + _PROVIDER + " } } }"
# An enterprise of managed users signs in by SAML or by OpenID Connect, and has the same list of either.
_BY_OIDC = _OF_ENTERPRISE.replace("samlIdentityProvider", "samlIdentityProvider: oidcProvider")


def read_saml(session: VendorSession, scope: Scope, where: str) -> Part:
    """Every external identity that an account has claimed; of an enterprise without SAML those of its OpenID Connect.

    Raises:
        FeedError: ``no_saml`` where single sign-on is not set up at this scope; ``forbidden``, ``not_found`` or
            ``graphql`` for what GraphQL refuses with status 200; ``endless_pages``.
    """
    try:
        return _read(session, scope, _OF_ENTERPRISE if scope.is_enterprise else _OF_ORGANIZATION, where)
    except FeedError as error:
        if error.reason != "no_saml" or not scope.is_enterprise:
            raise
        no_saml = error
    try:
        return _read(session, scope, _BY_OIDC, where)
    except FeedError as error:
        # An own server of an older release does not know the field.
        raise (no_saml if error.reason in ("no_saml", "graphql") else error) from None


def _read(session: VendorSession, scope: Scope, query: str, where: str) -> Part:
    rows: list[dict] = []
    raw: list[Answer] = []
    cursors: list[str | None] = [None]
    listing = Listing(where)
    while True:
        at = f"{where}: POST /graphql page {len(cursors)}"
        answer = _post(session, scope, query, cursors[-1], at)
        raw.append(answer)
        identities = _identities(decode(answer.body, IdentityAnswer, at), scope, at)
        rows += [row for edge in identities.edges if edge and edge.node and (row := _row(edge.node))]
        listing.add(len(identities.edges))
        if not identities.pageInfo.hasNextPage:
            return Part(rows, raw)
        if identities.pageInfo.endCursor in cursors:
            raise FeedError("endless_pages", f"{at}: endCursor leads back to a page that was read before")
        cursors.append(identities.pageInfo.endCursor)


def _post(session: VendorSession, scope: Scope, query: str, after: str | None, at: str) -> Answer:
    body = {"query": query, "variables": {"slug": scope.slug, "after": after}}
    try:
        answer = session.post("/graphql", body)
    except FeedError as error:
        raise FeedError(error.reason, f"{at}: {error.message}", error.state) from None
    if answer.status != 200:
        raise refusal(answer, at, _permission(scope))
    return answer


def _identities(answer: IdentityAnswer, scope: Scope, at: str) -> ExternalIdentities:
    for error in answer.errors or ():
        said = f"{at}: {error.type} {error.message}"
        if error.type in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
            raise FeedError("forbidden", f"{said}; the token needs {_permission(scope)}", State.FORBIDDEN)
        if error.type == "NOT_FOUND":
            raise FeedError("not_found", f"{said}; check the name, and that the token sees it")
        raise FeedError("graphql", said)
    data = answer.data
    owner = data and (data.organization if scope.kind == "organization" else data.enterprise and data.enterprise.ownerInfo)
    if not owner:
        raise FeedError("forbidden", f"{at}: nothing is shown; the token needs {_permission(scope)}", State.FORBIDDEN)
    if owner.samlIdentityProvider is None:
        raise FeedError("no_saml", f"{at}: no SAML single sign-on is set up for this {scope.kind}")
    return owner.samlIdentityProvider.externalIdentities


def _row(identity: ExternalIdentity) -> dict | None:
    """One claimed identity; SCIM's e-mails go before SAML's, and a name id counts where it is an e-mail."""
    if identity.user is None:
        return None
    saml, scim = identity.samlIdentity or SamlIdentity(), identity.scimIdentity or ScimIdentity()
    names = [name for name in (saml.nameId, scim.username) if name]
    emails = [*(scim.emails or ()), *(saml.emails or ()), *(Email(value=name) for name in names)]
    return identity_row(
        "saml", login=identity.user.login, user_id=identity.user.databaseId, idp_user_name=next(iter(names), None),
        emails=emails, name=identity.user.name,
    )  # fmt: skip


def _permission(scope: Scope) -> str:
    return "read:enterprise of an owner of the enterprise" if scope.is_enterprise else "read:org of an owner of the organization"
