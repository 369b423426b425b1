"""The simulated company's GitHub lists as they are now: seats, teams and their members, licences.

"Now" is the scenario's last day. Switches: ``copilot_null_assignee`` adds an open invitation to the seats,
``github_inherited`` sends ``role`` and ``inherited`` with team members.
"""

from datetime import date, timedelta
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from agent_spend.partitions import month_end, month_start
from agent_spend.sandbox.copilot_records import ENTERPRISE_ID, ORGANIZATION_IDS, UNMATCHED_ORG, UNMATCHED_USER_ID, user_records
from agent_spend.sandbox.copilot_replies import Refusal, json_reply, paged
from agent_spend.sandbox.scenario import ENTERPRISE, ORGANISATION, Person, Scenario
from agent_spend.sandbox.state import SandboxState

_FIRST_TEAM_ID = 440
ENTERPRISE_TEAM = "ent:champions"
#: Seats below which GitHub leaves a team out of its daily report.
FEWEST_SEATS = 5


def seats(sandbox: SandboxState, request: Request) -> Response:
    """The live seat list; the enterprise lists a member of two organizations twice and counts them once."""
    scenario, org = sandbox.scenario, request.path_params.get("org")
    listed = [
        _seat(scenario, person.github_user_id, scenario.login_of(person, scenario.end_day), seat_org, person)
        for person in scenario.people
        if scenario.is_employed(person, month_start(scenario.end_day))
        for seat_org in person.github_orgs
        if org in (None, seat_org)
    ]
    if org in (None, UNMATCHED_ORG):
        listed.append(_seat(scenario, UNMATCHED_USER_ID, scenario.incidents.unmatched_login, UNMATCHED_ORG, None))
    total = len({seat["assignee"]["id"] for seat in listed})
    if sandbox.options.get("copilot_null_assignee"):
        listed.append(listed[0] | {"assignee": None, "last_activity_at": None, "last_activity_editor": None})
    page, links = paged(sandbox, request, listed, default_size=50)
    return json_reply({"total_seats": total, "seats": page}, headers=links)


def enterprise_teams(sandbox: SandboxState, request: Request) -> Response:
    """The one team of the enterprise itself; its slug has GitHub's prefix."""
    base = f"{sandbox.base_url}/github/enterprises/{ENTERPRISE}/teams/{ENTERPRISE_TEAM}"
    team = {
        "id": _FIRST_TEAM_ID - 1, "name": "Champions", "slug": ENTERPRISE_TEAM, "description": "Early adopters", "url": base,
        "group_id": None, "html_url": base, "members_url": base + "/members{/member}", "organization_selection_type": "disabled",
        "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
    }  # fmt: skip
    page, links = paged(sandbox, request, [team])
    return json_reply(page, headers=links)


def enterprise_team_members(sandbox: SandboxState, request: Request) -> Response:
    """Members of the enterprise's team."""
    if request.path_params["slug"] != ENTERPRISE_TEAM:
        raise Refusal(404, "Not Found")
    scenario = sandbox.scenario
    listed = [
        {"login": scenario.login_of(person, scenario.end_day), "id": person.github_user_id, "type": "User", "site_admin": False}
        for person in champions(scenario)
    ]
    page, links = paged(sandbox, request, listed)
    return json_reply(page, headers=links)


def champions(scenario: Scenario) -> list[Person]:
    """Members of the enterprise's own team: the first five people."""
    return [person for person in scenario.people[:5] if scenario.is_employed(person, scenario.end_day)]


def teams(sandbox: SandboxState, request: Request) -> Response:
    """A team for each of the company's organisations, with a team for each squad below it."""
    org = request.path_params["org"]
    page, links = paged(sandbox, request, [_team(sandbox, org, slug) for slug in _team_ids(org)])
    return json_reply(page, headers=links)


def team_members(sandbox: SandboxState, request: Request) -> Response:
    """Members of a team and, as GitHub does, of the teams below it."""
    org, slug = request.path_params["org"], request.path_params["slug"]
    if slug not in _team_ids(org):
        raise Refusal(404, "Not Found")
    own, everyone = team_people(sandbox.scenario, org)[slug], _people_below(sandbox.scenario, org, slug)
    listed = []
    for person in sorted(everyone, key=lambda person: person.number):
        member = {"login": sandbox.scenario.login_of(person, sandbox.scenario.end_day), "id": person.github_user_id}
        member |= {"type": "User", "site_admin": False}
        if sandbox.options.get("github_inherited"):
            member |= {"role": "member", "inherited": person not in own}
        listed.append(member)
    page, links = paged(sandbox, request, listed)
    return json_reply(page, headers=links)


def consumed_licenses(sandbox: SandboxState, request: Request) -> Response:
    """The licence list; the contractor has neither a verified e-mail nor a SAML identity."""
    scenario = sandbox.scenario
    users = [
        {
            "github_com_login": scenario.login_of(person, scenario.end_day), "github_com_name": person.name,
            "github_com_saml_name_id": person.email, "github_com_verified_domain_emails": [person.email],
            "license_type": "enterprise", "github_com_user": True,
        }
        for person in scenario.people
        if scenario.is_employed(person, scenario.end_day)
    ]  # fmt: skip
    users.append({
        "github_com_login": scenario.incidents.unmatched_login, "github_com_name": None, "github_com_user": True,
        "github_com_saml_name_id": None, "github_com_verified_domain_emails": [], "license_type": "enterprise",
    })  # fmt: skip
    page, links = paged(sandbox, request, users)
    counts = {"total_seats_consumed": len(users), "total_seats_purchased": len(users) + 5}
    return json_reply(counts | {"users": page}, headers=links)


def team_records(scenario: Scenario, kind: str, slug: str, day: date) -> list[dict]:
    """user-teams-1-day of an enterprise or organization; teams of fewer than five people with a seat are left out."""
    if kind == "enterprise":
        teams = {(_FIRST_TEAM_ID - 1, ENTERPRISE_TEAM): champions(scenario)}
        entity = {"enterprise_id": ENTERPRISE_ID}
    else:
        teams = {(number, name): _people_below(scenario, slug, name, day) for name, number in _team_ids(slug).items()}
        entity = {"organization_id": ORGANIZATION_IDS[slug]}
    return [
        {"user_id": person.github_user_id, "user_login": scenario.login_of(person, day), "day": day.isoformat(), **entity,
         "team_id": number, "slug": name}
        for (number, name), people in teams.items()
        if len(people) >= FEWEST_SEATS
        for person in people
    ]  # fmt: skip


def team_people(scenario: Scenario, org: str, day: date | None = None) -> dict[str, list[Person]]:
    """Direct members of every team of a GitHub organization, by slug, on a day, else as they are now.

    A member of two GitHub organizations stands in the squad's team of the second and above it in the first.
    """
    day = day or scenario.end_day
    people: dict[str, list[Person]] = {slug: [] for slug in _team_ids(org)}
    for person in scenario.people:
        if org in person.github_orgs and scenario.is_employed(person, day):
            is_guest = org != person.github_orgs[-1]
            slug = person.org.lower() if is_guest else scenario.squad_of(person, day)
            people[slug].append(person)
    return people


def _people_below(scenario: Scenario, org: str, slug: str, day: date | None = None) -> list[Person]:
    people = team_people(scenario, org, day)
    below = next((squads for name, squads in ORGANISATION.items() if name.lower() == slug), ())
    return [person for team in (slug, *below) for person in people[team]]


def _team_ids(org: str) -> dict[str, int]:
    slugs = [slug for name, squads in ORGANISATION.items() for slug in (name.lower(), *squads)]
    offset = _FIRST_TEAM_ID + 100 * list(ORGANIZATION_IDS).index(org)
    return {slug: offset + number for number, slug in enumerate(slugs)}


def _team(sandbox: SandboxState, org: str, slug: str) -> dict:
    ids = _team_ids(org)
    names = {name.lower(): name for name in ORGANISATION}
    parent = next((name.lower() for name, squads in ORGANISATION.items() if slug in squads), None)
    url = f"{sandbox.base_url}/github/orgs/{org}/teams/{slug}"
    return {
        "id": ids[slug], "name": names.get(slug, slug), "slug": slug, "description": None, "privacy": "closed",
        "permission": "pull", "url": url, "members_url": url + "/members{/member}", "type": "organization",
        "organization_id": int(ORGANIZATION_IDS[org]),
        "parent": {"id": ids[parent], "name": names[parent], "slug": parent} if parent else None,
    }  # fmt: skip


def _seat(scenario: Scenario, user_id: int, login: str, org: str, person: Person | None) -> dict:
    last_day = _last_active_days(scenario).get(user_id)
    is_leaving = person is not None and not scenario.is_employed(person, scenario.end_day)
    # GitHub writes offsets other than Z as well.
    offset = ("Z", "+03:00", "-06:00")[user_id % 3]
    return {
        "created_at": "2026-03-01T09:00:00" + offset, "updated_at": "2026-03-01T09:00:00Z",
        "pending_cancellation_date": (month_end(scenario.end_day) + timedelta(days=1)).isoformat() if is_leaving else None,
        "last_activity_at": f"{last_day}T12:30:00{offset}" if last_day else None,
        "last_activity_editor": "vscode/1.121.0/copilot-chat/0.60.1" if last_day else None,
        "last_authenticated_at": None, "plan_type": "business",
        "assignee": {"login": login, "id": user_id, "type": "User", "site_admin": False},
        "organization": {"login": org, "id": int(ORGANIZATION_IDS[org])},
        "assigning_team": {"slug": person.squad, "name": person.squad.title()} if person else None,
    }  # fmt: skip


@lru_cache(maxsize=8)
def _last_active_days(scenario: Scenario) -> dict[int, date]:
    return {record["user_id"]: day for day in scenario.calendar for record in user_records(scenario, day)}
