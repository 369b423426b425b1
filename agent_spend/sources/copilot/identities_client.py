"""Which e-mail belongs to a GitHub login: one snapshot a day of every list of people that the company's GitHub has."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings, env
from agent_spend.sources.copilot.directory_schema import Email, LicencePage, ScimPage, identity_row
from agent_spend.sources.copilot.listing import PAGE_SIZE, live_list, read_pages
from agent_spend.sources.copilot.saml_client import read_saml
from agent_spend.sources.copilot.scopes import Part, Scope, all_scopes
from agent_spend.sources.copilot.session import get, github_session, refusal
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer, Unread
from agent_spend.sources.http import Answer, VendorSession

IDENTITIES_FEED = "github_identities"
SETTING = "GITHUB_IDENTITY_SOURCES"
#: What a company may well not have, or not open to this token; the other lists still count.
_NOT_THERE = ("forbidden", "not_found", "no_scim", "no_saml")


def fetch_identities(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """Every list of people for the newest requested day while that is now.

    A list that the company does not have, or that the token may not read, is named in the day's message, and rows that
    it gave earlier the same day stay. A list that breaks off, and a day on which every list is refused, leave what is
    stored.
    """
    return live_list(days, settings, IDENTITIES_FEED, lambda day: _ask(settings, day))


def _ask(settings: Settings, day: date) -> DayAnswer:
    sessions = {"scim": github_session(settings, own_token="GITHUB_SCIM_TOKEN")}
    plain = github_session(settings)
    parts: list[tuple[Scope, Part]] = []
    refused: dict[tuple[str, str, str], FeedError] = {}
    for source in _sources():
        for scope in _scopes(settings, source):
            where = f"{IDENTITIES_FEED} {day}: {source} of {scope.kind} {scope.slug}"
            try:
                parts.append((scope, READERS[source](sessions.get(source, plain), scope, where)))
            except FeedError as error:
                if error.reason not in _NOT_THERE:
                    raise
                refused[source, scope.kind, scope.slug] = error
                parts.append((scope, Part([], note=f"{source} of {scope.kind} {scope.slug}: {error.reason}")))
    if len(refused) == len(parts):
        if refused:
            raise next(iter(refused.values()))
        message = f"{SETTING} asks for licences alone, which belong to an enterprise: set GITHUB_ENTERPRISE"
        raise FeedError("not_connected", message, State.NOT_CONNECTED)
    # A person in two organizations is in the lists of both; the first one named is kept.
    rows = {
        (row["source"], str(row["user_login"]).lower(), str(row["idp_user_name"]).lower()): {
            "usage_day": day, **scope.columns, **row
        }
        for scope, part in reversed(parts)
        for row in part.rows
    }
    return DayAnswer(
        day, State.AVAILABLE if rows else State.ZERO, list(rows.values()),
        message="; ".join(filter(None, (part.note for _, part in parts))),
        raw=[answer for _, part in parts for answer in part.raw],
        keep=Unread(("source", "scope_kind", "scope"), [*refused]),
    )  # fmt: skip


def _sources() -> list[str]:
    names = [name.strip() for name in env(SETTING, "scim,saml,licences").split(",") if name.strip()]
    unknown = [name for name in names if name not in READERS]
    if unknown or not names:
        raise FeedError("bad_value", f"{SETTING}: {', '.join(unknown) or 'nothing'} is not among {', '.join(READERS)}")
    return names


def _scopes(settings: Settings, source: str) -> list[Scope]:
    """The enterprise, and the organizations where they have such a list of their own."""
    return [scope for scope in all_scopes(settings) if scope.is_enterprise or source != "licences"]


def _licences(session: VendorSession, scope: Scope, where: str) -> Part:
    permission = f"read:enterprise of an admin of enterprise {scope.slug}"
    pages, raw = read_pages(session, f"{scope.path}/consumed-licenses", LicencePage, where, permission)
    rows = []
    for user in (user for page in pages for user in page.users if user.github_com_login):
        emails = [Email(value=value) for value in user.github_com_verified_domain_emails or []]
        rows.append(
            identity_row(
                "licences", login=user.github_com_login, idp_user_name=user.github_com_saml_name_id, emails=emails,
                name=user.github_com_name,
            )
        )  # fmt: skip
    return Part(rows, raw)


def _scim(session: VendorSession, scope: Scope, where: str) -> Part:
    """Every page of SCIM users. ``startIndex`` counts people from 1, and the server may answer fewer than asked for."""
    path = f"/scim/v2{scope.billing_path}/Users"
    scopes = "scim:enterprise of the enterprise's setup user" if scope.is_enterprise else "admin:org of an owner"
    permission = f"{scopes} (GITHUB_SCIM_TOKEN may hold a token of its own)"
    rows: list[dict] = []
    raw: list[Answer] = []
    seen: set[str] = set()
    listed = 0
    while True:
        at = f"{where}: GET {path} startIndex {listed + 1}"
        answer = get(session, path, {"startIndex": str(listed + 1), "count": str(PAGE_SIZE)}, at)
        if answer.status == 404:
            raise FeedError("no_scim", f"{at}: 404; people are not provisioned by SCIM here, or the token does not see it")
        if answer.status != 200:
            raise refusal(answer, at, permission)
        raw.append(answer)
        page = decode(answer.body, ScimPage, at)
        listed += len(page.Resources)
        # Without the provider's name an entry cannot be tied to any login.
        named = [user for user in page.Resources if user.userName]
        names = {user.userName for user in named}
        if len(names) < len(named) or not seen.isdisjoint(names):
            raise FeedError("repeated_page", f"{at}: somebody is listed twice, so that somebody else is missing; run it again")
        seen |= names
        for user in named:
            emails = [*(user.emails or ()), Email(value=user.userName)]
            rows.append(
                identity_row(
                    "scim", idp_user_name=user.userName, emails=emails, name=user.displayName, is_active=user.active
                )
            )  # fmt: skip
        if listed >= page.totalResults:
            return Part(rows, raw)
        if not page.Resources:
            raise FeedError("count_mismatch", f"{at}: {listed} people listed, but totalResults says {page.totalResults}")


#: How each kind of list is read; ``GITHUB_IDENTITY_SOURCES`` chooses among them.
READERS: dict[str, Callable[[VendorSession, Scope, str], Part]] = {"scim": _scim, "saml": read_saml, "licences": _licences}
