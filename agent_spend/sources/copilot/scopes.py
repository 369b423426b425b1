"""Which enterprise or organizations are asked: the enterprise first, its organizations where it refuses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.lake.columns import MisfitError
from agent_spend.lake.spool import Spool
from agent_spend.settings import Settings
from agent_spend.sources.answers import Answer, Download
from agent_spend.sources.feed import DayAnswer, Unread
from agent_spend.sources.packing import together

#: Refusals of a scope; after the enterprise's, the organizations are asked instead.
REFUSED = frozenset({"forbidden", "policy_disabled", "not_found"})


@dataclass(frozen=True)
class Scope:
    """One enterprise or organization, by its slug; ``kind`` is ``enterprise`` or ``organization``."""

    kind: str
    slug: str

    @property
    def is_enterprise(self) -> bool:
        return self.kind == "enterprise"

    @property
    def columns(self) -> dict[str, str]:
        """The scope as every row that it answers has it."""
        return {"scope_kind": self.kind, "scope": self.slug}

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

    rows: Sequence[dict] | Spool
    raw: list[Answer | Download] = field(default_factory=list)
    note: str = ""
    #: Why no rows may also be a failure, e.g. ``empty_file``.
    doubt: str = ""
    #: Rows of it that stay where they are stored, in place of those with the same values.
    keep: Unread | None = None


def all_scopes(settings: Settings) -> list[Scope]:
    """The enterprise, where there is one, and every organization: for lists that each of them has of its own."""
    enterprise = [Scope("enterprise", settings.github_enterprise)] if settings.github_enterprise else []
    return [*enterprise, *(Scope("organization", slug) for slug in settings.github_orgs)]


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
        if not orgs or error.reason not in REFUSED:
            raise
        note = f"enterprise {settings.github_enterprise} refused ({error.reason}), organizations used instead"
        # Organizations may hold fewer people than the enterprise did on a day that it gave before.
        stands_in_for = (Unread(("scope_kind",), [("enterprise",)]), error)
        return replace(_ask(orgs, feed, day, ask, note), stands_in_for=stands_in_for)


def _ask(scopes: list[Scope], feed: str, day: date, ask: Callable[[Scope, str], Part], note: str) -> DayAnswer:
    parts = []
    for scope in scopes:
        where = f"{feed} {day}: {scope.kind} {scope.slug}"
        try:
            parts.append(ask(scope, where))
        except FeedError as error:
            message = "; ".join(filter(None, (note, error.message)))
            raise FeedError(error.reason, message, error.state) from None
        except (MisfitError, ArithmeticError) as error:
            message = "; ".join(filter(None, (note, f"{where}: a value that cannot be stored: {error}")))
            raise FeedError("bad_value", message) from None
    rows = together([part.rows for part in parts])
    raw = [answer for part in parts for answer in part.raw]
    message = "; ".join(filter(None, (note, *(part.note for part in parts))))
    if len(rows):
        kept = [part.keep for part in parts if part.keep]
        keep = replace(kept[0], values=[values for one in kept for values in one.values]) if kept else None
        return DayAnswer(
            day, State.AVAILABLE, rows, message=message, raw=raw, keep=keep, keep_by=keep.columns if keep else ()
        )
    doubt = next((part.doubt for part in parts if part.doubt), "")
    return DayAnswer(day, State.ZERO, rows, reason=doubt, message=message, raw=raw)
