"""One way to ask Anthropic's Admin API: credential, pinned version, refusals as errors, pages to the very end."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings, secret
from agent_spend.sources.decoding import decode
from agent_spend.sources.http import Answer, VendorSession, error_text
from agent_spend.sources.listing import Listing

#: Newer versions drop ``workspace_id`` from API keys and are undocumented for the reports read here.
API_VERSION = "2023-06-01"
ORGANIZATION = "/v1/organizations"
#: The two kinds of organisation share neither keys nor data: the name of a session, and the setting with its key.
CONSOLE, ENTERPRISE = "anthropic", "claude_enterprise"
KEY_SETTINGS = {CONSOLE: "ANTHROPIC_ADMIN_KEY", ENTERPRISE: "ANTHROPIC_ANALYTICS_KEY"}

# Anthropic asks for about one report poll a minute and allows bursts while paging; a year is 12 pages a report.
# All analytics endpoints of an organisation share one budget.
_RATES = {
    f"{ORGANIZATION}/usage_report/messages": 20,
    f"{ORGANIZATION}/cost_report": 20,
    f"{ORGANIZATION}/analytics": 60,
    ORGANIZATION: 60,
}
_REFUSALS = {
    400: ("bad_request", State.MISSING, "the request or the kind of organisation does not fit this endpoint"),
    401: ("unauthorized", State.MISSING, "{key} is wrong, expired or revoked; create a new key"),
    402: ("billing", State.MISSING, "settle the payment problem in the Console"),
    403: ("forbidden", State.FORBIDDEN,
          "{key} may not read it; a Console organisation needs an Admin key (sk-ant-admin01-...), an Enterprise one a "
          "key with the scope read:analytics"),
    404: ("not_found", State.MISSING, "check ANTHROPIC_API_URL; some endpoints answer 404 to an expired key"),
    410: ("cursor_expired", State.MISSING, "the report was refreshed while it was read; run again"),
}

#: Stable ``error.details.error_code`` values that mean "not for this organisation".
_WRONG_ORGANIZATION = {"organization_type_not_supported", "parent_organization_required"}

_AGAIN = "has_more is true, but the page before came again"

Params = Sequence[tuple[str, Any]]


def open_session(settings: Settings, organization: str = CONSOLE) -> VendorSession:
    """A session that signs each request with the organisation's key at the moment it is sent."""

    def sign(headers: dict[str, str]) -> None:
        headers["x-api-key"] = secret(KEY_SETTINGS[organization])

    return VendorSession(
        organization, settings.anthropic_api_url, sign, headers={"anthropic-version": API_VERSION},
        rates=_RATES, settings=settings,
    )


def ask(
    session: VendorSession, path: str, params: Params, where: str, headers: Mapping[str, str] | None = None
) -> Answer:
    """GET one JSON answer.

    Args:
        where: feed, day or days and endpoint, for messages.

    Raises:
        FeedError: named after the refusal (``unauthorized``, ``not_enabled``, ...), ``wrong_content_type``, or as
            :meth:`VendorSession.request`.
    """
    try:
        answer = session.get(path, params, headers=headers)
    except FeedError as error:
        raise FeedError(error.reason, f"{where}: {error.message}", error.state) from None
    if answer.status != 200:
        if _error_code(answer) in _WRONG_ORGANIZATION:
            message = f"{where}: {answer.status} {error_text(answer)}; this kind of organisation has no such report"
            raise FeedError("not_enabled", message, State.FORBIDDEN)
        reason, state, remedy = _REFUSALS.get(answer.status, ("unexpected_status", State.MISSING, "check ANTHROPIC_API_URL"))
        remedy = remedy.format(key=KEY_SETTINGS[session.vendor])
        raise FeedError(reason, f"{where}: {answer.status} {error_text(answer)}; {remedy}", state)
    # A proxy may drop the header; what is no JSON is noticed without it too.
    if "json" not in (found := answer.headers.get("Content-Type") or "json"):
        raise FeedError("wrong_content_type", f"{where}: expected JSON, received {found}; check ANTHROPIC_API_URL")
    return answer


def _error_code(answer: Answer) -> str | None:
    try:
        return json.loads(answer.body)["error"]["details"]["error_code"]
    except (ValueError, KeyError, TypeError):
        return None


@dataclass
class Pages:
    """Every page of an answer with ``next_page``, decoded, beside the answer it came from; iterate once.

    Some endpoints say ``has_more``, others end with an empty ``next_page``; the shape's field tells which. An answer that
    gives a page or a cursor again would go on for ever, and one that promises more without a cursor leads nowhere: it ends
    there, and ``problem`` tells that there should be more.

    Args:
        where: feed, day or days and endpoint, for messages.
    """

    session: VendorSession
    path: str
    params: Params
    shape: type
    where: str
    headers: Mapping[str, str] | None = None
    problem: FeedError | None = None

    def __iter__(self) -> Iterator[tuple[Any, Answer]]:
        """Pages in order.

        Raises:
            FeedError: as :func:`ask`, :func:`decode` and ``Listing``.
        """
        cursor, seen, before, listing = None, set(), None, Listing(self.where)
        while True:
            paging = [("page", cursor)] if cursor else []
            answer = ask(self.session, self.path, [*self.params, *paging], self.where, self.headers)
            if answer.body == before:
                self.problem = FeedError("repeated_page", f"{self.where}: {_AGAIN} for next_page {cursor}; run it later")
                return
            page = decode(answer.body, self.shape, self.where)
            listing.add(len(page.data or ()))
            yield page, answer
            has_more = getattr(page, "has_more", None)
            cursor, before = page.next_page, answer.body
            if not (bool(cursor) if has_more is None else has_more):
                return
            if not cursor:
                self.problem = FeedError("missing_field", f"{self.where}: has_more is true but next_page is empty; run it later")
                return
            if cursor in seen:
                self.problem = FeedError("repeated_page", f"{self.where}: next_page {cursor} was given before; run it later")
                return
            seen.add(cursor)
