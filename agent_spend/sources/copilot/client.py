"""Per-user Copilot consumption from the users-1-day reports: enterprise scope first, organizations otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.copilot.reports import read_report
from agent_spend.sources.copilot.schema import user_usage_rows
from agent_spend.sources.copilot.session import each_day, github_session
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer, VendorSession

FEED = "copilot_user_usage"
#: Refusals of the enterprise scope after which the organizations are asked instead.
_ENTERPRISE_REFUSED = ("forbidden", "policy_disabled", "not_found")


@dataclass(frozen=True)
class Scope:
    """One enterprise or organization whose report can be asked for."""

    kind: str
    slug: str

    @property
    def path(self) -> str:
        return f"/enterprises/{self.slug}" if self.kind == "enterprise" else f"/orgs/{self.slug}"

    @property
    def permission(self) -> str:
        """The smallest permission that reads this scope's metrics reports."""
        if self.kind == "enterprise":
            return (
                "read:enterprise or manage_billing:copilot (classic token), an app with 'Enterprise Copilot metrics: "
                f"read', on enterprise {self.slug}; fine-grained tokens cannot read enterprises"
            )
        return (
            "read:org of an organization owner or of a role with 'View Organization Copilot Metrics', "
            f"or 'Organization Copilot metrics: read', on organization {self.slug}"
        )


def fetch_user_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. The enterprise file holds each user once; organization files repeat members of several.

    Organization rows are all kept, with their scope; deduplicate on ``(user_id, usage_day)``.
    """
    session = github_session(settings)
    return each_day(days, lambda day: _ask_day(session, settings, day))


def _ask_day(session: VendorSession, settings: Settings, day: date) -> DayAnswer:
    orgs = [Scope("organization", slug) for slug in settings.github_orgs]
    if not settings.github_enterprise:
        return _ask_scopes(session, orgs, day)
    try:
        return _ask_scopes(session, [Scope("enterprise", settings.github_enterprise)], day)
    except FeedError as error:
        if not orgs or error.reason not in _ENTERPRISE_REFUSED:
            raise
        note = f"enterprise {settings.github_enterprise} refused ({error.reason}), organizations used instead"
        return _ask_scopes(session, orgs, day, note)


def _ask_scopes(session: VendorSession, scopes: Sequence[Scope], day: date, note: str = "") -> DayAnswer:
    rows: list[dict] = []
    raw: list[Answer] = []
    for scope in scopes:
        where = f"{FEED} {day}: {scope.kind} {scope.slug}"
        path = f"{scope.path}/copilot/metrics/reports/users-1-day"
        try:
            report = read_report(session, path, {"day": day.isoformat()}, where, scope.permission, day)
        except FeedError as error:
            # One organization without its report would make the company's day too small, so the day waits for it.
            message = "; ".join(filter(None, (note, error.message)))
            raise FeedError(error.reason, message, error.state) from None
        rows += user_usage_rows(report.records, scope.kind, scope.slug)
        raw += report.raw
    return DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, message=note, raw=raw)
