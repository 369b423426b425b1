"""Per-user Copilot consumption from the usage metrics reports, one file a day or the last 28 days in one."""

from collections.abc import Iterator, Sequence
from datetime import date

from agent_spend.errors import EXPECTED_GAPS, FeedError, State
from agent_spend.lake.spool import Spool
from agent_spend.settings import Settings
from agent_spend.sources.answers import Answer, Download
from agent_spend.sources.copilot.reports import Report, read_report
from agent_spend.sources.copilot.schema import UserDay, UserTeam, user_team_row
from agent_spend.sources.copilot.scopes import REFUSED, Part, Scope, all_scopes, ask_scopes
from agent_spend.sources.copilot.session import each_day, github_session
from agent_spend.sources.copilot.user_days import user_days
from agent_spend.sources.feed import DayAnswer, Unread
from agent_spend.sources.http import VendorSession

DAILY = "copilot_user_usage"
LAST_28_DAYS = "copilot_user_usage_28_day"
USER_TEAMS_FEED = "copilot_user_teams"


def fetch_user_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. The enterprise file holds each user once; organization files repeat members of several.

    Organization rows are all kept, with their scope; deduplicate on ``(user_id, usage_day)``.
    """
    session = github_session(settings)

    def ask(day: date) -> DayAnswer:
        def part(scope: Scope, where: str) -> Part:
            report = _report(session, scope, "users-1-day", {"day": day.isoformat()}, where, day)
            rows = user_days(report.records(UserDay), scope, settings.spool_dir)
            return _part(rows, day, report.raw, where)

        return ask_scopes(settings, DAILY, day, part)

    return each_day(days, ask)


def fetch_user_usage_28_day(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """The requested days of the latest 28-day report, which is asked for once a scope.

    Days outside the report's window are missing with reason ``no_report``; a day inside it without a row is zero.
    """
    session = github_session(settings)
    reports: dict[Scope, tuple[Report, dict[date, Spool]] | FeedError] = {}

    def part(scope: Scope, where: str, day: date) -> Part:
        if scope not in reports:
            try:
                found = _report(session, scope, "users-28-day/latest", None, where, None)
                reports[scope] = found, user_days(found.records(UserDay), scope, settings.spool_dir)
            except FeedError as error:
                reports[scope] = error
        if isinstance(reports[scope], FeedError):
            raise reports[scope]
        report, rows = reports[scope]
        if not report.first_day <= day <= report.last_day:
            window = f"{report.first_day} to {report.last_day}"
            raise FeedError("no_report", f"{where}: the day is outside the report's window, {window}")
        # The file is kept once, with its newest requested day, and not again with each of the 28.
        raw = report.raw if day == min(newest, report.last_day) else []
        return _part(rows, day, raw, where)

    newest = max(days, default=date.min)
    for day in days:
        try:
            yield ask_scopes(settings, LAST_28_DAYS, day, lambda scope, where, day=day: part(scope, where, day))
        except FeedError as error:
            yield DayAnswer.from_error(day, error)


def fetch_user_teams(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day from the enterprise and every organization, since each report holds its own teams.

    A scope without a report, or that refuses, is named in the day's message and the others still count; its rows stay.
    """
    session = github_session(settings)

    def ask(day: date) -> DayAnswer:
        rows: list[dict] = []
        raw: list[Answer | Download] = []
        gaps: list[tuple[Scope, FeedError]] = []
        for scope in all_scopes(settings):
            where = f"{USER_TEAMS_FEED} {day}: {scope.kind} {scope.slug}"
            try:
                report = _report(session, scope, "user-teams-1-day", {"day": day.isoformat()}, where, day)
                members = {(record.team_id, record.user_id): record for record in report.records(UserTeam)}
            except FeedError as error:
                if error.reason not in REFUSED | EXPECTED_GAPS:
                    raise
                gaps.append((scope, error))
                continue
            rows += [user_team_row(record, scope.columns) for record in members.values()]
            raw += report.raw
            if not members:
                message = f"{where}: the report has no line: no team has five seats, or the file is not complete"
                gaps.append((scope, FeedError("empty_file", message)))
        message = "; ".join(f"{scope.kind} {scope.slug}: {error.reason}" for scope, error in gaps)
        if rows:
            return DayAnswer(
                day, State.AVAILABLE, rows, message=message, raw=raw,
                keep=Unread(("scope_kind", "scope"), [(scope.kind, scope.slug) for scope, _ in gaps]),
            )  # fmt: skip
        if not raw:
            raise gaps[0][1]
        return DayAnswer(day, State.ZERO, reason="empty_file", message="; ".join(e.message for _, e in gaps), raw=raw)

    return each_day(days, ask)


def _part(days: dict[date, Spool], day: date, raw: list, where: str) -> Part:
    if days:
        return Part(days.get(day, ()), raw)
    note = f"{where}: the report has no line: nobody used Copilot, or the file is not complete"
    return Part((), raw, note, doubt="empty_file")


def _report(
    session: VendorSession, scope: Scope, name: str, params: dict | None, where: str, day: date | None
) -> Report:
    path = f"{scope.path}/copilot/metrics/reports/{name}"
    return read_report(session, path, params, where, _permission(scope), day)


def _permission(scope: Scope) -> str:
    """The smallest permission that reads the scope's metrics reports, in GitHub's words."""
    if scope.is_enterprise:
        return (
            "read:enterprise or manage_billing:copilot (classic token), or an app with 'Enterprise Copilot metrics: "
            f"read', on enterprise {scope.slug}; fine-grained tokens cannot read enterprises"
        )
    return (
        "read:org of an organization owner or of a role with 'View Organization Copilot Metrics', "
        f"or 'Organization Copilot metrics: read', on organization {scope.slug}"
    )
