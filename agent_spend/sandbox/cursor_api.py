"""The simulated Cursor Admin API: documented paths below ``/cursor``, over the scenario's events.

Switches in ``sandbox.options``: ``cursor_kinds`` (``mixed``, ``label``, ``enum``), ``cursor_seams`` (how many rows each
page repeats from the end of the page before), ``cursor_oversize`` (``empty_body``, ``clamp``) and ``rate_scale``.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent_spend.sandbox import cursor_reports
from agent_spend.sandbox.cursor_events import Event, events_on
from agent_spend.sandbox.cursor_team import end_of_scenario, epoch_ms, from_epoch_ms, instant_ms, members
from agent_spend.sandbox.cursor_wire import MinuteBudget, denied, event_json, refusal, reply
from agent_spend.sandbox.state import SandboxState

MAX_PAGE_SIZE = 1000
HOSTING_TYPES = ("CLOUD", "SELF_HOSTED", "SELF_HOSTED_POOL", "SELF_HOSTED_MACHINE")


def routes(sandbox: SandboxState) -> list[Route]:
    """Routes of the Team Admin API, each behind Basic authentication and its own budget a minute."""
    budget = MinuteBudget(float(sandbox.options.get("rate_scale", "1")))

    def guarded(endpoint: str, per_minute: int, handler: Callable[[SandboxState, dict], Response]):
        async def handle(request: Request) -> Response:
            if (refused := denied(request)) is not None:
                return refused
            if budget.is_spent(endpoint, per_minute):
                return refusal(429, "Rate limit exceeded", **{"Retry-After": "60"})
            parameters = {**request.query_params, **request.path_params}
            if request.method == "POST":
                try:
                    parameters |= json.loads(await request.body() or b"{}")
                except (ValueError, TypeError):
                    return refusal(400, "Body must be a JSON object")
            return handler(sandbox, parameters)

        return handle

    documented = (
        ("POST", "/teams/filtered-usage-events", 60, usage_events),
        ("GET", "/teams/members", 20, cursor_reports.members),
        ("POST", "/teams/daily-usage-data", 20, cursor_reports.daily_usage),
        ("POST", "/teams/spend", 20, cursor_reports.spend),
        ("GET", "/teams/groups", 20, cursor_reports.groups),
        ("GET", "/teams/audit-logs", 20, cursor_reports.audit_logs),
    )
    return [
        Route(f"/cursor{path}", guarded(path, per_minute, handler), methods=[method])
        for method, path, per_minute, handler in documented
    ]


def usage_events(sandbox: SandboxState, body: dict) -> Response:
    """``POST /teams/filtered-usage-events``: both bounds inclusive in ms, newest first, pages from 1."""
    now_ms = epoch_ms(end_of_scenario(sandbox.scenario))
    start_ms = body.get("startDate", now_ms - 30 * 86_400_000)
    end_ms = body.get("endDate", now_ms)
    page, page_size = body.get("page", 1), body.get("pageSize", 100)
    numbers = (start_ms, end_ms, page, page_size)
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
        return refusal(400, "startDate, endDate, page and pageSize must be numbers")
    if page < 1 or page_size < 1 or start_ms > end_ms:
        return refusal(400, "Invalid date range or page")
    if body.get("hostingType") not in (None, *HOSTING_TYPES):
        return refusal(400, "Invalid hostingType")
    if page_size > MAX_PAGE_SIZE:
        if sandbox.options.get("cursor_oversize", "empty_body") == "empty_body":
            return reply({"period": {"startDate": start_ms, "endDate": end_ms}})
        page_size = MAX_PAGE_SIZE
    is_wanted = _filters(sandbox, body)
    first = (page - 1) * page_size
    repeated = min(first, int(sandbox.options.get("cursor_seams", "0")))
    total, rows = _slice(sandbox, start_ms, end_ms, is_wanted, first - repeated, first + page_size)
    pages = -(-total // page_size)
    vocabulary = sandbox.options.get("cursor_kinds", "mixed")
    return reply(
        {
            "totalUsageEventsCount": total,
            "pagination": {
                "numPages": pages, "currentPage": page, "pageSize": page_size,
                "hasNextPage": page < pages, "hasPreviousPage": page > 1,
            },
            "usageEvents": [event_json(event, vocabulary) for event in rows] if page <= pages else [],
            "period": {"startDate": start_ms, "endDate": end_ms},
        }
    )


def _slice(sandbox, start_ms: int, end_ms: int, is_wanted, first: int, last: int) -> tuple[int, list[Event]]:
    """Number of matching events, and those from position ``first`` to before ``last``; day by day, newest first."""
    total, rows = 0, []
    for matching in _matching_days(sandbox, start_ms, end_ms, is_wanted):
        rows += matching[max(0, first - total) : max(0, last - total)]
        total += len(matching)
    return total, rows


def _matching_days(sandbox: SandboxState, start_ms: int, end_ms: int, is_wanted) -> Iterator[tuple[Event, ...]]:
    scenario = sandbox.scenario
    day = min(scenario.end_day, from_epoch_ms(end_ms).date())
    while day >= scenario.first_day and instant_ms(day + timedelta(days=1)) > start_ms:
        events = events_on(scenario, day)
        is_whole = start_ms <= instant_ms(day) and end_ms >= instant_ms(day + timedelta(days=1)) - 1
        if not is_whole or is_wanted is not None:
            events = tuple(
                event for event in events
                if start_ms <= event.at_ms <= end_ms and (is_wanted is None or is_wanted(event))
            )
        yield events
        day -= timedelta(days=1)


def _filters(sandbox: SandboxState, body: dict) -> Callable[[Event], bool] | None:
    """The filters of a request, joined by AND; None when there are none."""
    tests: list[Callable[[Event], bool]] = []
    emails = {person.cursor_numeric_id: person.email for person in members(sandbox.scenario)}
    if "email" in body:
        tests.append(lambda event: event.email == str(body["email"]).lower())
    if "userId" in body:
        tests.append(lambda event: event.email == emails.get(body["userId"]))
    if "serviceAccountId" in body:
        wanted = body["serviceAccountId"]
        tests.append(lambda event: bool(event.service_account) and event.service_account.service_account_id == wanted)
    for name, attribute in (("cloudAgentId", "cloud_agent_id"), ("automationId", "automation_id")):
        if name in body:
            tests.append(
                lambda event, wanted=body[name], attribute=attribute:
                    getattr(event, attribute) == wanted
                    or (wanted == "*" and getattr(event, attribute) is not None)
            )
    if "hostingType" in body:
        is_cloud = body["hostingType"] == "CLOUD"
        tests.append(lambda event: is_cloud and event.cloud_agent_id is not None)
    return (lambda event: all(test(event) for test in tests)) if tests else None
