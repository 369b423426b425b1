"""Who is in which GitHub team now: one snapshot a day of direct members, so that nobody counts twice in a tree."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.copilot.directory_schema import Member, Team
from agent_spend.sources.copilot.listing import live_list, read_pages
from agent_spend.sources.copilot.session import WORKERS, github_session
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer, VendorSession

TEAMS_FEED = "github_teams"


def fetch_teams(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """The teams of ``GITHUB_ORGS`` for the newest requested day while that is now."""
    if not settings.github_orgs:
        message = "not connected: set GITHUB_ORGS, teams belong to organizations"
        return (DayAnswer(day, State.NOT_CONNECTED, reason="not_connected", message=message) for day in days)
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
    for org in settings.github_orgs:
        teams, members, answers = _org(session, org, f"{TEAMS_FEED} {day}: organization {org}")
        raw += answers
        if not teams:
            notes.append(f"{org}: no team is visible to this token (secret teams need an owner's)")
        direct = direct_members(teams, members)
        paths = team_paths(teams)
        rows += [
            {
                "usage_day": day, "org": org, "team_id": team.id, "team_slug": team.slug,
                "team_name": team.name or team.slug, "team_path": "/".join(map(str, paths[team.id])),
                "parent_team_id": team.parent.id if team.parent else None,
                "user_id": member.id if member else None, "user_login": member.login if member else None,
            }
            for team in teams
            for member in direct[team.id] or [None]
        ]  # fmt: skip
    return DayAnswer(day, State.AVAILABLE if rows else State.ZERO, rows, message="; ".join(notes), raw=raw)


def _org(session: VendorSession, org: str, where: str) -> tuple[list[Team], dict[int, list[Member]], list[Answer]]:
    permission = f"read:org, or an app with 'Members: read', on organization {org}"
    pages, raw = read_pages(session, f"/orgs/{org}/teams", list[Team], where, permission)
    teams = [team for page in pages for team in page]

    def members_of(team: Team):
        path = f"/orgs/{org}/teams/{team.slug}/members"
        return read_pages(session, path, list[Member], where, permission, {"role": "all"})

    members = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="github") as pool:
        for team, (pages, answers) in zip(teams, pool.map(members_of, teams), strict=True):
            members[team.id] = list({member.id: member for page in pages for member in page}.values())
            raw += answers
    return with_parents(teams), members, raw
