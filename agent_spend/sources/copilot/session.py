"""How GitHub is asked: one signed session, what its refusals mean, and days fetched side by side."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings, env, secret
from agent_spend.sources.answers import Answer, Download, error_text
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import VendorSession
from agent_spend.sources.workers import side_by_side

API_VERSION = "2026-03-10"
#: GitHub's secondary limit is 900 points a minute and a GET costs one; the rest is left to the company's other tools.
REQUESTS_A_MINUTE = 600
#: What GitHub asks of a client that meets a secondary limit without a hint; it also asks to double it each time.
SECONDARY_LIMIT_WAIT_SECONDS = 60
WORKERS = 8
#: GraphQL's refusal, by its type or (secondary limit) by its words; no list of people holds either.
_GRAPHQL_LIMIT = re.compile(rb'"type":\s*"RATE_LIMIT|"message":\s*"[^"]*rate limit', re.IGNORECASE)


def github_session(settings: Settings, *, own_token: str = "") -> VendorSession:
    """A session below ``GITHUB_API_URL``; the token is read from ``GITHUB_TOKEN`` for each request.

    Args:
        own_token: setting with a token for this purpose alone, used when it is set: billing and SCIM need classic
            tokens with more rights than the rest.
    """
    token = own_token if own_token and env(own_token) else "GITHUB_TOKEN"

    def authorize(headers: dict[str, str]) -> None:
        headers["Authorization"] = f"Bearer {secret(token)}"

    return VendorSession(
        "github_copilot",
        settings.github_api_url,
        authorize,
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION},
        rates={"/": REQUESTS_A_MINUTE},
        settings=settings,
        is_rate_limited=is_rate_limited,
        unhinted_wait_seconds=SECONDARY_LIMIT_WAIT_SECONDS,
    )


def is_rate_limited(answer: Answer | Download) -> bool:
    """Whether GitHub refuses for asking too often: with 403, as for a missing permission, or with 200 from GraphQL.

    A 403 then carries one of these hints; a GraphQL answer has an error of type ``RATE_LIMITED`` (or ``RATE_LIMIT``).
    """
    if answer.status == 403:
        return (
            answer.headers.get("x-ratelimit-remaining") == "0"
            or "retry-after" in answer.headers
            or "rate limit" in error_text(answer).lower()
        )
    return answer.status == 200 and answer.url.endswith("/graphql") and bool(_GRAPHQL_LIMIT.search(answer.body))


def get(session: VendorSession, path: str, params: dict | None, where: str) -> Answer:
    """GET; an answer that could not be had says which feed and day it was for.

    Raises:
        FeedError: as ``VendorSession.request``, with ``where`` before its message.
    """
    try:
        return session.get(path, params)
    except FeedError as error:
        raise FeedError(error.reason, f"{where}: {error.message}", error.state) from None


def refusal(answer: Answer, where: str, permission: str) -> FeedError:
    """What a status other than 200 and 204 means.

    Args:
        where: feed, day and endpoint.
        permission: what the token must be allowed, in GitHub's words; part of the remedy.
    """
    text = error_text(answer)
    if answer.status == 401:
        return FeedError("unauthorized", f"{where}: 401 {text}; GITHUB_TOKEN is missing, wrong or expired")
    if answer.status == 403 and "policy" in text.lower():
        return FeedError(
            "policy_disabled",
            f"{where}: 403 {text}; an enterprise owner enables it under AI controls > Copilot > Metrics",
            State.FORBIDDEN,
        )
    if answer.status == 403:
        return FeedError("forbidden", f"{where}: 403 {text}; the token needs {permission}", State.FORBIDDEN)
    if answer.status == 404:
        return FeedError(
            "not_found", f"{where}: 404 {text}; check GITHUB_ENTERPRISE and GITHUB_ORGS, and that the token sees them"
        )
    if answer.status in (301, 302, 307, 308):
        remedy = "it was renamed: set its slug of today in GITHUB_ENTERPRISE or GITHUB_ORGS, and check GITHUB_API_URL"
        return FeedError("redirected", f"{where}: {answer.status}, not followed; {remedy}")
    remedy = "check GITHUB_API_URL, and at GitHub whether the plan is paid"
    return FeedError("unexpected_status", f"{where}: {answer.status} {text}; {remedy}")


def each_day(days: Iterable[date], ask: Callable[[date], DayAnswer]) -> Iterator[DayAnswer]:
    """``ask`` for every day, a few at a time, in order; a raised :class:`FeedError` becomes that day's answer."""

    def answer(day: date) -> DayAnswer:
        try:
            return ask(day)
        except FeedError as error:
            return DayAnswer.from_error(day, error)

    for _, found in side_by_side(days, answer, WORKERS):
        yield found
