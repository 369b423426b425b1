"""The simulated Cursor team's reports besides events: members, daily activity, cycle spend, groups and audit log.

Switches in ``sandbox.options``: ``cursor_member_ids`` (``text``, ``numeric``: members' ids as they were before
mid-2026), ``cursor_spend_shape`` (``new``, ``old``: before 2026 ``spendCents`` was the total and
``includedSpendCents`` the covered part), ``cursor_deleted_group`` (a group's name: its history moves to Unassigned).
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

from starlette.responses import Response

from agent_spend.sandbox import cursor_team
from agent_spend.sandbox.cursor_events import Event, events_on
from agent_spend.sandbox.cursor_team import billing_cycle, billing_cycle_of_day, end_of_scenario, epoch_ms
from agent_spend.sandbox.cursor_usage import member_spend_cents
from agent_spend.sandbox.cursor_wire import refusal, reply
from agent_spend.sandbox.scenario import Person, Scenario
from agent_spend.sandbox.state import SandboxState

DAY_MS = 86_400_000
_ACTIVITY_COUNTS = (
    "totalLinesAdded", "totalLinesDeleted", "acceptedLinesAdded", "acceptedLinesDeleted", "totalApplies",
    "totalAccepts", "totalRejects", "totalTabsShown", "totalTabsAccepted", "cmdkUsages", "bugbotUsages",
)


def members(sandbox: SandboxState, parameters: dict) -> Response:
    """``GET /teams/members``: everyone who ever held a seat, removed people included, in one answer."""
    is_numeric = sandbox.options.get("cursor_member_ids") == "numeric"
    return reply(
        {
            "teamMembers": [
                {
                    "id": person.cursor_numeric_id if is_numeric else person.cursor_user_id,
                    "name": person.name,
                    "email": person.email,
                    "role": _role(sandbox.scenario, person),
                    "isRemoved": cursor_team.is_removed(sandbox.scenario, person),
                }
                for person in cursor_team.members(sandbox.scenario)
            ]
        }
    )


def daily_usage(sandbox: SandboxState, body: dict) -> Response:
    """``POST /teams/daily-usage-data``: at most 30 days; pages count users, so a page holds users x days rows."""
    start_ms, end_ms = body.get("startDate"), body.get("endDate")
    if not isinstance(start_ms, int) or not isinstance(end_ms, int):
        return refusal(400, "startDate and endDate are required")
    if end_ms < start_ms or end_ms - start_ms > 30 * DAY_MS:
        return refusal(400, "Date range must be at most 30 days")
    if ("page" in body) != ("pageSize" in body):
        return refusal(400, "page and pageSize must be given together")
    scenario = sandbox.scenario
    first, last = cursor_team.from_epoch_ms(start_ms).date(), cursor_team.from_epoch_ms(end_ms).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    people = cursor_team.members(scenario)
    answer: dict = {"period": {"startDate": start_ms, "endDate": end_ms}}
    if "page" in body:
        page, size = body["page"], body["pageSize"]
        if not all(isinstance(number, int) and number >= 1 for number in (page, size)):
            return refusal(400, "Invalid page or pageSize")
        pages = -(-len(people) // size)
        answer["pagination"] = {
            "page": page, "pageSize": size, "totalUsers": len(people), "totalPages": pages,
            "hasNextPage": page < pages, "hasPreviousPage": page > 1,
        }
        people = people[(page - 1) * size : page * size]
    rows = [_activity(scenario, person, day) for person in people for day in days if scenario.is_employed(person, day)]
    answer["data"] = rows if "page" in body else [row for row in rows if row["isActive"]]
    return reply(answer)


def spend(sandbox: SandboxState, body: dict) -> Response:
    """``POST /teams/spend``: the current cycle of each member; service accounts have no row."""
    scenario = sandbox.scenario
    start, end = billing_cycle(end_of_scenario(scenario))
    spent = member_spend_cents(scenario, epoch_ms(start), epoch_ms(end))
    is_old = sandbox.options.get("cursor_spend_shape") == "old"
    rows = []
    for person in cursor_team.members(scenario):
        on_demand, overall = spent.get(person.email, (Decimal(0), Decimal(0)))
        money = {"spendCents": overall, "includedSpendCents": overall - on_demand} if is_old else {
            "spendCents": on_demand, "overallSpendCents": overall,
        }
        rows.append(
            {
                "userId": person.cursor_user_id, "name": person.name, "email": person.email,
                "role": _role(scenario, person), **money, "fastPremiumRequests": 0, "hardLimitOverrideDollars": 0,
                "monthlyLimitDollars": None, "effectivePerUserLimitDollars": cursor_team.TEAM_SPEND_LIMIT_DOLLARS,
            }
        )
    wanted = str(body.get("searchTerm", "")).lower()
    rows = [row for row in rows if wanted in row["name"].lower() or wanted in row["email"]]
    order = {"amount": "spendCents", "user": "name"}.get(body.get("sortBy", "date"), "userId")
    rows.sort(key=lambda row: row[order], reverse=body.get("sortDirection", "desc") == "desc")
    page, size = body.get("page", 1), body.get("pageSize", 100)
    return reply(
        {
            "teamMemberSpend": rows[(page - 1) * size : page * size],
            "subscriptionCycleStart": epoch_ms(start),
            "totalMembers": len(rows),
            "totalPages": -(-len(rows) // size),
        }
    )


def groups(sandbox: SandboxState, parameters: dict) -> Response:
    """``GET /teams/groups?billingCycle=YYYY-MM-DD``: on-demand by billing group, machines under Unassigned."""
    try:
        day = date.fromisoformat(parameters.get("billingCycle", sandbox.scenario.end_day.isoformat()))
    except ValueError:
        return refusal(400, "billingCycle must be YYYY-MM-DD")
    scenario = sandbox.scenario
    start, end = billing_cycle_of_day(day)
    spent = {
        email: on_demand
        for email, (on_demand, _) in member_spend_cents(scenario, epoch_ms(start), epoch_ms(end)).items()
    }
    people = {person.email: person for person in cursor_team.members(scenario)}
    deleted = sandbox.options.get("cursor_deleted_group")
    grouped = {name: team for name, team in cursor_team.groups(scenario).items() if name != deleted}
    unassigned = {account.email for account in cursor_team.SERVICE_ACCOUNTS}
    unassigned |= set(people) - {person.email for team in grouped.values() for person in team}
    return reply(
        {
            "groups": [
                _group(scenario, f"group_sim_{name.lower()}", name, {person.email for person in team}, spent)
                for name, team in grouped.items()
            ],
            "unassignedGroup": _group(scenario, "group_unassigned", "Unassigned", unassigned, spent),
            "billingCycle": {"cycleStart": _iso(start), "cycleEnd": _iso(end)},
        }
    )


def audit_logs(sandbox: SandboxState, parameters: dict) -> Response:
    """``GET /teams/audit-logs``: the leaver's removal, on the day after the last day of work."""
    leaver, day = sandbox.scenario.incidents.leaver, sandbox.scenario.incidents.leave_day
    event = {
        "event_id": "audit_sim_1", "timestamp": f"{day.isoformat()}T18:00:00.000Z", "ip_address": "192.0.2.10",
        "user_email": cursor_team.members(sandbox.scenario)[0].email, "event_type": "remove_user",
        "event_data": {"email": leaver.email},
    }
    pagination = {"page": 1, "pageSize": 100, "totalCount": 1, "totalPages": 1, "hasNextPage": False,
                  "hasPreviousPage": False}
    return reply({"events": [event], "pagination": pagination, "params": dict(parameters)})


def _role(scenario: Scenario, person: Person) -> str:
    return "owner" if person == cursor_team.members(scenario)[0] else "member"


def _activity(scenario: Scenario, person: Person, day: date) -> dict:
    own: list[Event] = [
        event for event in events_on(scenario, day) if event.email == person.email and event.service_account is None
    ]
    kinds = Counter(event.kind_class for event in own)
    rng = scenario.rng("cursor", "activity", person.number, day)
    composer = sum(event.model == "composer-2.5" for event in own)
    favourite = Counter(event.model for event in own).most_common(1)
    return {
        "userId": person.cursor_numeric_id, "day": day.isoformat(), "date": cursor_team.instant_ms(day),
        "email": person.email, "isActive": bool(own),
        **{name: rng.randrange(200) if own else 0 for name in _ACTIVITY_COUNTS},
        "composerRequests": composer, "chatRequests": 0, "agentRequests": len(own) - composer,
        "subscriptionIncludedReqs": kinds["included"], "usageBasedReqs": kinds["usage_based"],
        "apiKeyReqs": kinds["user_api_key"],
        "mostUsedModel": favourite[0][0] if own else None,
        "applyMostUsedExtension": ".py" if own else None,
        "tabMostUsedExtension": ".py" if own else None,
        "clientVersion": "2.9.1" if own else None,
    }


def _group(scenario: Scenario, group_id: str, name: str, emails: set[str], spent: dict[str, Decimal]) -> dict:
    current, former = [], []
    for person in cursor_team.members(scenario):
        if person.email not in emails:
            continue
        left_at = f"{scenario.incidents.leave_day}T18:00:00.000Z" if cursor_team.is_removed(scenario, person) else None
        (former if left_at else current).append(
            {
                "userId": person.cursor_user_id, "name": person.name, "email": person.email,
                "joinedAt": "2026-01-05T09:00:00.000Z", "leftAt": left_at,
                "spendCents": spent.get(person.email, Decimal(0)),
            }
        )
    return {
        "id": group_id, "name": name, "type": "BILLING", "directoryGroupId": None, "memberCount": len(current),
        "createdAt": "2026-01-05T09:00:00.000Z", "updatedAt": "2026-01-05T09:00:00.000Z",
        "spendCents": sum((spent.get(email, Decimal(0)) for email in sorted(emails)), Decimal(0)),
        "currentMembers": current, "formerMembers": former, "dailySpend": [],
    }


def _iso(moment) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
