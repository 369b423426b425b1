"""The simulated Claude Enterprise organisation: members with usage credits, seats, engagement, the older cost reports."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from starlette.requests import Request

from agent_spend.sandbox import claude_analytics, prices
from agent_spend.sandbox.claude_code import OPUS
from agent_spend.sandbox.claude_company import ORGANIZATION_ID, user_id
from agent_spend.sandbox.claude_http import Refusal, check_names, group_by, midnight, now, rfc3339, rows_page, whole
from agent_spend.sandbox.claude_reports import cents_text
from agent_spend.sandbox.scenario import Person, Scenario
from agent_spend.sandbox.state import SandboxState

#: What the organisation negotiated on usage credits.
DISCOUNT = Decimal("0.1")
_PRODUCTS = ("claude_code", "chat")


def members(scenario: Scenario, day: date) -> list[Person]:
    """Who holds an Enterprise seat on ``day``: every third person, from the third on."""
    return [person for person in scenario.people if person.number % 3 == 2 and scenario.is_employed(person, day)]


def pieces(sandbox: SandboxState, day: date) -> Iterator[dict]:
    """The finest rows of a day, as :func:`agent_spend.sandbox.claude_analytics.cost` adds them up."""
    scenario = sandbox.scenario
    if not scenario.first_day <= day <= scenario.end_day:
        return
    for person in members(scenario, day):
        for product in _PRODUCTS:
            rng = scenario.rng("claude_enterprise", person.person_id, product, day)
            if rng.random() < (0.6 if scenario.is_working_day(day) else 0.05):
                actor = {"type": "user_actor", "user_id": user_id(person), "name": person.name,
                         "email_address": person.email, "deleted": False}
                yield _piece(rng, day, product, actor)
    # Claude answering in chat rooms of its own accord: nobody's cost.
    yield _piece(scenario.rng("claude_enterprise", "tag", day), day, "claude_tag", None)


def _piece(rng, day: date, product: str, actor: dict | None) -> dict:
    model = prices.served_model(OPUS, day)
    tokens = [rng.randint(low, low * 9) for low in (20_000, 5_000, 0, 90_000, 4_000)]
    rates = prices.billed_rate(model, day).by_token_type.values()
    cents = sum((count * rate for count, rate in zip(tokens, rates, strict=True)), Decimal(0)) / prices.MILLION * 100
    sums = dict(zip(prices.TOKEN_TYPES, map(Decimal, tokens), strict=True))
    return dict.fromkeys((*claude_analytics.DIMENSIONS, "cost_type", "token_type")) | {
        "actor": actor, "actor_type": actor["type"] if actor else None, "product": product, "model": model,
        "amounts": sums | {"cents": cents * (1 - DISCOUNT), "list_cents": cents, "total_tokens": Decimal(sum(tokens)),
                           "requests": Decimal(rng.randint(1, 40))},
    }


def cost(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/cost`` with an Enterprise key."""
    _require_analytics(sandbox)
    return claude_analytics.cost(sandbox, request, pieces)


def usage(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/usage`` with an Enterprise key."""
    _require_analytics(sandbox)
    return claude_analytics.usage(sandbox, request, pieces)


def _require_analytics(sandbox: SandboxState) -> None:
    if sandbox.options.get("claude_enterprise_api") == "reports":
        raise Refusal(404, "Not found")


def user_cost_report(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/user_cost_report``: a row a member, day, product and model."""
    return _by_user(sandbox, request, _money)


def user_usage_report(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/user_usage_report``: as the cost, in tokens."""
    return _by_user(sandbox, request, claude_analytics.tokens)


def cost_report(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/cost_report``: buckets with at most 100 groups and no remainder."""
    return _by_group(sandbox, request, _money, "cents")


def usage_report(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/usage_report``: as the cost, in tokens."""
    return _by_group(sandbox, request, claude_analytics.tokens, "total_tokens")


def _by_user(sandbox: SandboxState, request: Request, told: Callable[[dict], dict]) -> dict:
    names = {"starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]"}
    rows = []
    for day in _days(request, names):
        for actor, group, sums in _grouped(sandbox, request, day):
            if actor is not None:
                rows.append({"actor": actor, "starting_at": rfc3339(midnight(day)),
                             "ending_at": rfc3339(midnight(day + timedelta(days=1)))} | group | told(sums))
    return rows_page(sandbox, request, rows, whole(request, "limit", 20, 1000)) | _envelope(sandbox)


def _by_group(sandbox: SandboxState, request: Request, told: Callable[[dict], dict], order: str) -> dict:
    names = {"starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]"}
    buckets = []
    for day in _days(request, names):
        totals: dict[tuple, defaultdict] = defaultdict(lambda: defaultdict(Decimal))
        for _, group, sums in _grouped(sandbox, request, day):
            for name, amount in sums.items():
                totals[tuple(group.items())][name] += amount
        largest = sorted(totals.items(), key=lambda item: item[1][order], reverse=True)
        results = [dict(group) | told(sums) for group, sums in largest]
        buckets.append({"starting_at": rfc3339(midnight(day)), "ending_at": rfc3339(midnight(day + timedelta(days=1))),
                        "results": results[:100]})
    return rows_page(sandbox, request, buckets, whole(request, "limit", 7, 31)) | _envelope(sandbox)


def _days(request: Request, names: set[str]) -> list[date]:
    check_names(request, names)
    if request.query_params.get("bucket_width") != "1d":
        raise Refusal(400, "bucket_width: only 1d is simulated")
    first, last = (date.fromisoformat(request.query_params[name][:10]) for name in ("starting_at", "ending_at"))
    if not 0 < (last - first).days <= 31:
        raise Refusal(400, "ending_at: the range must be positive and at most 31 days")
    return [first + timedelta(days=n) for n in range((last - first).days)]


def _grouped(sandbox: SandboxState, request: Request, day: date) -> Iterator[tuple[dict | None, dict, dict]]:
    grouped = group_by(request, ("product", "model"))
    if midnight(day + timedelta(days=1)) > claude_analytics.refreshed_at(sandbox):
        return
    for piece in pieces(sandbox, day):
        group = {name: piece[name] if name in grouped else None for name in ("product", "model")}
        yield piece["actor"], group, piece["amounts"]


def _money(sums: dict) -> dict:
    return {"amount": cents_text(sums["cents"]), "list_amount": cents_text(sums["list_cents"]), "currency": "USD",
            "requests": int(sums["requests"])}


def _envelope(sandbox: SandboxState) -> dict:
    return {"data_refreshed_at": rfc3339(claude_analytics.refreshed_at(sandbox)), "organization_id": ORGANIZATION_ID}


def summaries(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/summaries``; the switch ``claude_summaries`` names the envelope's key."""
    check_names(request, {"starting_date", "ending_date", "limit", "page"})
    first = _date(request, "starting_date")
    last = _date(request, "ending_date") - timedelta(days=1)
    _require_built(sandbox, last)
    rows = [_summary(sandbox.scenario, first + timedelta(days=n)) for n in range((last - first).days + 1)]
    name = sandbox.options.get("claude_summaries", "data")
    return {name: rows} if name == "summaries" else {name: rows, "next_page": None}


def users(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/analytics/users`` for one day; without ``has_more``."""
    check_names(request, {"date", "limit", "page"})
    day = _date(request, "date")
    _require_built(sandbox, day)
    active = sorted({piece["actor"]["email_address"] for piece in pieces(sandbox, day) if piece["actor"]})
    ids = {person.email: user_id(person) for person in members(sandbox.scenario, day)}
    rows = [_activity(sandbox.scenario, day, ids[email], email) for email in active]
    body = rows_page(sandbox, request, rows, whole(request, "limit", 100, 1000))
    return {name: body[name] for name in ("data", "next_page")}


def _summary(scenario: Scenario, day: date) -> dict:
    seats = len(members(scenario, day))
    return {
        "starting_at": rfc3339(midnight(day)), "ending_at": rfc3339(midnight(day + timedelta(days=1))),
        "assigned_seat_count": seats, "pending_invite_count": 1, "daily_active_user_count": seats // 2,
        "weekly_active_user_count": seats, "monthly_active_user_count": seats, "daily_adoption_rate": 50.0,
        "cowork_daily_active_user_count": 0, "cowork_weekly_active_user_count": 0, "cowork_monthly_active_user_count": 0,
    }


def _activity(scenario: Scenario, day: date, member_id: str, email: str) -> dict:
    rng = scenario.rng("claude_enterprise_activity", email, day)
    return {
        "user": {"id": member_id, "type": "user", "email_address": email},
        "chat_metrics": {"message_count": rng.randint(0, 40), "distinct_conversation_count": rng.randint(0, 6)},
        "claude_code_metrics": {
            "core_metrics": {
                "commit_count": rng.randint(0, 5), "pull_request_count": rng.randint(0, 2),
                "distinct_session_count": rng.randint(1, 8),
                "lines_of_code": {"added_count": rng.randint(0, 500), "removed_count": rng.randint(0, 200)},
            },
            "tool_actions": {"edit_tool": {"accepted_count": 3, "rejected_count": 0}},
        },
        "cowork_metrics": {}, "office_metrics": {}, "web_search_count": rng.randint(0, 9),
    }


def _date(request: Request, name: str) -> date:
    text = request.query_params.get(name, "")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise Refusal(400, f"{name}: String should match pattern '^\\d{{4}}-\\d{{2}}-\\d{{2}}$'")
    return date.fromisoformat(text)


def _require_built(sandbox: SandboxState, day: date) -> None:
    """A day is built at 10:00 UTC of the next one, and the sandbox's present is a midnight; ``claude_built_days_ago``."""
    newest = now(sandbox).date() - timedelta(days=int(sandbox.options.get("claude_built_days_ago", 2)))
    if day > newest:
        raise Refusal(400, f"Data for {day} is not available yet; the most recent available date is {newest}")
