"""Who is in which GitHub team now: one snapshot a day of direct members, so that nobody counts twice in a tree."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from urllib.parse import quote

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.copilot.directory_schema import TEAM_TYPES, Member, Team
from agent_spend.sources.copilot.listing import live_list, read_pages
from agent_spend.sources.copilot.scopes import Scope, all_scopes
from agent_spend.sources.copilot.session import WORKERS, github_session
from agent_spend.sources.feed import DayAnswer, Unread
from agent_spend.sources.http import Answer, VendorSession

TEAMS_FEED = "github_teams"
#: What an enterprise without teams of its own answers, or one that does not open them to this token.
_NOT_OPEN = ("forbidden", "not_found")


def fetch_teams(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """The teams of ``GITHUB_ENTERPRISE`` and of ``GITHUB_ORGS`` for the newest requested day while that is now.

    An enterprise that shows no teams of its own is named in the day's message; rows it gave earlier that day stay.
    """
    session = github_session(settings)
    return live_list(days, settings, TEAMS_FEED, lambda day: _ask(session, settings, day))


def direct_members(teams: Sequence[Team], members: dict[int, list[Member]]) -> dict[int, list[Member]]:
    """Each team's own members. GitHub lists a child's members with the parent as well.

    Where ``inherited`` is not sent, a member of both a team and its child counts for the child only.
    """
    children = defaultdict(list)
    for team in teams:
        if team.parent:
            children[team.parent.id].append(team.id)
    direct = {}
    for team in teams:
        through_children = {member.id for child in children[team.id] for member in members.get(child, [])}
        direct[team.id] = [
            member
            for member in members.get(team.id, [])
            if (member.id not in through_children if member.inherited is None else not member.inherited)
        ]
    return direct


def with_parents(listed: Sequence[Team]) -> list[Team]:
    """The teams, each once, and before them the parents that children name and the list does not hold.

    A secret parent is such a team: its members are unknown, its place in the tree is not.
    """
    teams = {team.id: team for team in listed}
    for team in listed:
        if team.parent:
            teams.setdefault(team.parent.id, team.parent)
    return list(teams.values())


def team_paths(teams: Sequence[Team]) -> dict[int, list[int]]:
    """For each team the ids from the top of its tree down to itself.

    Raises:
        FeedError: ``malformed`` when teams lie below each other in a circle.
    """
    parents = {team.id: team.parent.id if team.parent else None for team in teams}
    paths = {}
    for team in parents:
        path = [team]
        while (above := parents.get(path[0])) is not None:
            if above in path:
                raise FeedError("malformed", f"{TEAMS_FEED}: teams {above} and {path[0]} name each other as parent")
            path.insert(0, above)
        paths[team] = path
    return paths


def _ask(session: VendorSession, settings: Settings, day: date) -> DayAnswer:
    rows: list[dict] = []
    raw: list[Answer] = []
    notes: list[str] = []
    refused: list[tuple[str, str]] = []
    is_enterprise_read = False
    for scope in all_scopes(settings):
        where = f"{TEAMS_FEED} {day}: {scope.kind} {scope.slug}"
        try:
            teams, members, answers = _teams(session, scope, where, is_enterprise_read)
        except FeedError as error:
            if not scope.is_enterprise or error.reason not in _NOT_OPEN:
                raise
            if not settings.github_orgs:
                raise _set_organizations(error) from None
            notes.append(f"enterprise {scope.slug} shows no teams of its own ({error.reason})")
            refused.append((scope.kind, scope.slug))
            continue
        is_enterprise_read = is_enterprise_read or scope.is_enterprise
        raw += answers
        if not teams and not scope.is_enterprise:
            notes.append(f"{scope.slug}: no team is visible to this token (secret teams need an owner's)")
        direct = direct_members(teams, members)
        paths = team_paths(teams)
        rows += [
            {
                "usage_day": day, "scope_kind": scope.kind, "org": scope.slug,
                "team_type": team.type if team.type in TEAM_TYPES else scope.kind, "team_id": team.id,
                "team_slug": team.slug, "team_name": team.name or team.slug, "team_path": "/".join(map(str, paths[team.id])),
                "parent_team_id": team.parent.id if team.parent else None,
                "user_id": member.id if member else None, "user_login": member.login if member else None,
            }
            for team in teams
            for member in direct[team.id] or [None]
        ]  # fmt: skip
    state = State.AVAILABLE if rows else State.ZERO
    # Organizations list the enterprise's teams as well, with no more than their own members.
    return DayAnswer(
        day, state, rows, message="; ".join(notes), raw=raw, keep=Unread(("scope_kind", "org"), refused), keep_by=("team_id",)
    )


def _teams(
    session: VendorSession, scope: Scope, where: str, is_enterprise_read: bool
) -> tuple[list[Team], dict[int, list[Member]], list[Answer]]:
    permission = _permission(scope)
    pages, raw = read_pages(session, f"{scope.path}/teams", list[Team], where, permission)
    # An organization lists the enterprise's teams that were given to it among its own.
    listed = [team for page in pages for team in page if team.type != "enterprise" or not is_enterprise_read]
    teams = list({team.id: team for team in listed}.values())
    # A slug holds a colon where the team is the enterprise's: "ent:platform".
    below, query = ("memberships", None) if scope.is_enterprise else ("members", {"role": "all"})

    def members_of(team: Team):
        path = f"{scope.path}/teams/{quote(team.slug, safe=':')}/{below}"
        return read_pages(session, path, list[Member], where, permission, query)

    members = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="github") as pool:
        for team, (pages, answers) in zip(teams, pool.map(members_of, teams), strict=True):
            members[team.id] = list({member.id: member for page in pages for member in page}.values())
            raw += answers
    return with_parents(teams), members, raw


def _set_organizations(error: FeedError) -> FeedError:
    message = f"{error.message}; or set GITHUB_ORGS, whose own teams are read as well"
    if error.state is State.FORBIDDEN:
        return FeedError(error.reason, message, error.state)
    return FeedError("not_connected", message, State.NOT_CONNECTED)


def _permission(scope: Scope) -> str:
    if scope.is_enterprise:
        return f"read:enterprise of an owner, or an app with 'Enterprise teams: read', on enterprise {scope.slug}"
    return f"read:org, or an app with 'Members: read', on organization {scope.slug}"
