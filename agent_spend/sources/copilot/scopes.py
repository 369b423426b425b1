"""Which enterprise or organizations are asked: the enterprise first, its organizations where it refuses."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer

#: Refusals of the enterprise scope after which the organizations are asked instead.
_ENTERPRISE_REFUSED = ("forbidden", "policy_disabled", "not_found")


@dataclass(frozen=True)
class Scope:
    """One enterprise or organization, by its slug; ``kind`` is ``enterprise`` or ``organization``."""

    kind: str
    slug: str

    @property
    def is_enterprise(self) -> bool:
        return self.kind == "enterprise"

    @property
    def path(self) -> str:
        """Where most of GitHub's API keeps this scope."""
        return f"/enterprises/{self.slug}" if self.is_enterprise else f"/orgs/{self.slug}"

    @property
    def billing_path(self) -> str:
        """Where the billing platform keeps this scope: spelled differently for organizations."""
        return f"/enterprises/{self.slug}" if self.is_enterprise else f"/organizations/{self.slug}"


@dataclass
class Part:
    """What one scope answered for one day."""

    rows: list[dict]
    raw: list[Answer] = field(default_factory=list)
    note: str = ""


def ask_scopes(settings: Settings, feed: str, day: date, ask: Callable[[Scope, str], Part]) -> DayAnswer:
    """One day from the configured scopes.

    Args:
        ask: called with a scope and with the words ``<feed> <day>: <scope>`` that begin its messages.

    Raises:
        FeedError: of the first scope that fails. One organization without its answer would make the company's day too
            small, so nothing of the day is kept.
    """
    orgs = [Scope("organization", slug) for slug in settings.github_orgs]
    if not settings.github_enterprise:
        return _ask(orgs, feed, day, ask, "")
    try:
        return _ask([Scope("enterprise", settings.github_enterprise)], feed, day, ask, "")
    except FeedError as error:
        if not orgs or error.reason not in _ENTERPRISE_REFUSED:
            raise
        note = f"enterprise {settings.github_enterprise} refused ({error.reason}), organizations used instead"
        return _ask(orgs, feed, day, ask, note)


def _ask(scopes: list[Scope], feed: str, day: date, ask: Callable[[Scope, str], Part], note: str) -> DayAnswer:
    rows: list[dict] = []
    raw: list[Answer] = []
    notes = [note]
    for scope in scopes:
        try:
            part = ask(scope, f"{feed} {day}: {scope.kind} {scope.slug}")
        except FeedError as error:
            message = "; ".join(filter(None, (note, error.message)))
            raise FeedError(error.reason, message, error.state) from None
        rows += part.rows
        raw += part.raw
        notes.append(part.note)
    state = State.AVAILABLE if rows else State.ZERO
    return DayAnswer(day, state, rows, message="; ".join(filter(None, notes)), raw=raw)
