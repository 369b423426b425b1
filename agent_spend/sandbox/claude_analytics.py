"""The simulated Usage and Cost Analytics API (beta): flat rows, real workspace ids, cursors tied to the query."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from starlette.requests import Request

from agent_spend.sandbox import prices
from agent_spend.sandbox.claude_company import ANALYTICS_LAG_DAYS, DEFAULT, PROD, personal_keys, user_id
from agent_spend.sandbox.claude_http import (
    Refusal,
    betas,
    check_names,
    group_by,
    instant,
    midnight,
    now,
    rfc3339,
    rows_page,
    whole,
)
from agent_spend.sandbox.claude_messages import MessagesRecord, billed_by_token_type, code_execution_cents
from agent_spend.sandbox.claude_reports import cents_text, visible_records
from agent_spend.sandbox.state import SandboxState

BETA = "analytics-usage-cost-2026-08-24"
DIMENSIONS = (
    "actor", "actor_type", "agent_id", "api_key_id", "claude_tag_category", "claude_tag_user_id", "context_window",
    "deployment_id", "environment_id", "inference_geo", "model", "organization_id", "product", "rbac_group_id",
    "service_tier", "session_id", "slack_channel_id", "speed", "user_profile_id", "workspace_id",
)
_COST_DIMENSIONS = ("cost_type", "token_type")
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_WIDTHS = {"1d": timedelta(days=1), "1h": timedelta(hours=1), "1m": timedelta(minutes=1)}
_PARAMETERS = {"starting_at", "ending_at", "time_bucket_width", "group_by[]", "order_by", "order", "limit", "page",
               "api_key_ids[]", "models[]", "workspace_ids[]", "products[]"}
_FILTERS = {"api_key_ids[]": "api_key_id", "models[]": "model", "workspace_ids[]": "workspace_id",
            "products[]": "product"}


Pieces = Callable[[SandboxState, date], Iterator[dict]]


def cost(sandbox: SandboxState, request: Request, pieces: Pieces | None = None) -> dict:
    """``GET /v1/organizations/analytics/cost``; amounts are decimal strings in cents.

    ``pieces`` gives the finest rows of a day; the Console organisation's own by default.
    """
    orders = {"amount": "amount", "list_amount": "list_amount", "time": None}
    return _answer(sandbox, request, pieces, (*DIMENSIONS, *_COST_DIMENSIONS), "cost", orders, "amount")


def usage(sandbox: SandboxState, request: Request, pieces: Pieces | None = None) -> dict:
    """``GET /v1/organizations/analytics/usage``; ``pieces`` as for :func:`cost`."""
    names = ("total_tokens", "output_tokens", "requests", "uncached_input_tokens")
    orders = {name: name for name in names} | {"time": None}
    return _answer(sandbox, request, pieces, DIMENSIONS, "usage", orders, "total_tokens")


def _answer(sandbox: SandboxState, request: Request, pieces, allowed, kind: str, orders: dict, default_order: str) -> dict:
    if BETA not in betas(request):
        raise Refusal(400, f"anthropic-beta: this endpoint requires {BETA}")
    check_names(request, _PARAMETERS)
    grouped = group_by(request, allowed)
    if len(set(grouped) - set(_COST_DIMENSIONS)) > 5:
        raise Refusal(400, "group_by: at most 5 dimensions")
    start, end, width = _range(sandbox, request)
    order_by = request.query_params.get("order_by", default_order)
    order = request.query_params.get("order", "desc")
    if order_by not in orders or order not in ("asc", "desc"):
        raise Refusal(400, f"order_by: Input should be one of {', '.join(orders)}, order asc or desc")
    limit = whole(request, "limit", 20, 1000)
    filters = tuple((field, tuple(request.query_params.getlist(name))) for name, field in _FILTERS.items()
                    if name in request.query_params)
    published = (sandbox.scenario, sandbox.is_restated, tuple(sorted(sandbox.options.items())))
    query = (tuple(grouped), kind, start, end, width, filters, orders[order_by], order == "desc")
    rows = _sorted_rows(published, pieces or _pieces, *query)
    return rows_page(sandbox, request, rows, limit) | {"data_refreshed_at": rfc3339(refreshed_at(sandbox))}


@lru_cache(maxsize=4)
def _sorted_rows(published, pieces, grouped, kind, start, end, width, filters, metric: str | None, is_descending: bool) -> list:
    """All rows of a query, kept for its next pages. ``metric`` is ``None`` for order by time."""
    scenario, is_restated, options = published
    sandbox = SandboxState(scenario, is_restated=is_restated, options=dict(options))
    rows = _rows(sandbox, pieces, grouped, kind, start, end, width, dict(filters))
    # Ties keep one order on every page: by start and by the group itself.
    rows.sort(key=lambda row: (row["starting_at"], msgspec.json.encode(row["group"], order="sorted")))
    key = (lambda row: row["starting_at"]) if metric is None else (lambda row: Decimal(row[kind][metric] or 0))
    return sorted(rows, key=key, reverse=is_descending)


def _range(sandbox: SandboxState, request: Request) -> tuple[datetime, datetime, timedelta | None]:
    start, end = instant(request, "starting_at"), instant(request, "ending_at")
    width_name = request.query_params.get("time_bucket_width")
    if start is None:
        raise Refusal(400, "starting_at: Field required")
    if width_name is not None and width_name not in _WIDTHS:
        raise Refusal(400, f"time_bucket_width: Input should be one of {', '.join(_WIDTHS)}")
    if width_name is not None and end is None:
        raise Refusal(400, "ending_at: required with time_bucket_width")
    if start < _FIRST_DAY or start < now(sandbox) - timedelta(days=365):
        raise Refusal(400, "starting_at: must not be before 2026-01-01 or older than 365 days")
    end = end or min(now(sandbox), start + timedelta(days=31))
    longest = timedelta(hours=24) if width_name == "1m" else timedelta(days=31)
    if not timedelta(0) < end - start <= longest:
        raise Refusal(400, f"ending_at: the range must be positive and at most {longest}")
    width = _WIDTHS[width_name] if width_name else None
    floor = width or timedelta(hours=1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (start - epoch) // floor * floor, epoch + (end - epoch) // floor * floor, width


def refreshed_at(sandbox: SandboxState) -> datetime:
    """The completeness watermark. It lags, so that a company's newest days come from the reports and older ones from
    here; the switch ``claude_refreshed_days_ago`` says by how many days."""
    return now(sandbox) - timedelta(days=int(sandbox.options.get("claude_refreshed_days_ago", ANALYTICS_LAG_DAYS)))


def _rows(sandbox: SandboxState, pieces, grouped, kind: str, start, end, width, filters) -> list[dict]:
    """Aggregated rows, combinations without use absent. Only whole days are simulated."""
    totals: dict[tuple, dict[str, Any]] = {}
    day = start.date()
    while midnight(day) + timedelta(days=1) <= min(end, refreshed_at(sandbox)):
        first = midnight(day) if width else start
        last = first + timedelta(days=1) if width else end
        for piece in pieces(sandbox, day):
            if any(piece[field] not in values for field, values in filters.items()):
                continue
            group = {name: piece[name] if name in grouped else None for name in (*DIMENSIONS, *_COST_DIMENSIONS)}
            key = (first, msgspec.json.encode(group))
            row = totals.setdefault(key, {"first": first, "last": last, "group": group, "sums": defaultdict(Decimal)})
            for name, amount in piece["amounts"].items():
                row["sums"][name] += amount
        day += timedelta(days=1)
    is_split = bool(set(grouped) & set(_COST_DIMENSIONS))
    return [
        {"starting_at": rfc3339(row["first"]), "ending_at": rfc3339(row["last"]),
         "group": row["group"] if kind == "cost" else {name: row["group"][name] for name in DIMENSIONS},
         kind: _cost(row["sums"], is_split) if kind == "cost" else tokens(row["sums"])}
        for row in totals.values()
        if kind == "cost" or row["sums"]["total_tokens"]
    ]


def _cost(sums: dict[str, Decimal], is_split: bool) -> dict:
    return {"amount": cents_text(sums["cents"]), "list_amount": cents_text(sums.get("list_cents", sums["cents"])),
            "currency": "USD",
            "requests": None if is_split else int(sums["requests"])}


def tokens(sums: dict[str, Decimal]) -> dict:
    """Use as each of the analytics reports writes it."""
    counts = {name: int(sums.get(name, 0)) for name in (*prices.TOKEN_TYPES, "total_tokens", "requests", "searches")}
    return {
        "uncached_input_tokens": counts["uncached_input_tokens"],
        "cache_read_input_tokens": counts["cache_read_input_tokens"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts["cache_creation.ephemeral_5m_input_tokens"],
            "ephemeral_1h_input_tokens": counts["cache_creation.ephemeral_1h_input_tokens"],
        },
        "output_tokens": counts["output_tokens"],
        "total_tokens": counts["total_tokens"],
        "requests": counts["requests"],
        "server_tool_use": {"web_search_requests": counts["searches"]},
    }


def _pieces(sandbox: SandboxState, day: date) -> Iterator[dict]:
    """The finest rows of a day: one a record and bill line, with every dimension by its name."""
    owners = {key.key_id: person for person, key in personal_keys(sandbox.scenario)}
    for record in visible_records(sandbox, day):
        head = _dimensions(record, owners.get(record.api_key_id))
        requests = Decimal(max(1, record.output // 900))
        bill = billed_by_token_type(record, day)
        for n, (token_type, count) in enumerate(zip(prices.TOKEN_TYPES, record.tokens, strict=True)):
            if count or n == 0:
                amounts = {"cents": bill.get(token_type, Decimal(0)) * 100, token_type: Decimal(count),
                           "total_tokens": Decimal(count), "requests": requests if n == 0 else Decimal(0)}
                yield head | {"cost_type": "tokens", "token_type": token_type, "amounts": amounts}
        if record.web_searches:
            amounts = {"cents": record.web_searches * prices.WEB_SEARCH_USD * 100,
                       "searches": Decimal(record.web_searches)}
            yield head | {"cost_type": "web_search", "token_type": None, "amounts": amounts}
    scenario = sandbox.scenario
    if day.weekday() == 1 and scenario.first_day <= day <= scenario.end_day:
        cents = code_execution_cents(scenario, day)
        yield dict.fromkeys((*DIMENSIONS, *_COST_DIMENSIONS)) | {
            "workspace_id": PROD, "product": "messages_api", "cost_type": "code_execution",
            "amounts": {"cents": cents, "requests": Decimal(3)},
        }


def _dimensions(record: MessagesRecord, owner) -> dict:
    product = "message_batches_api" if record.service_tier == "batch" else "messages_api"
    if record.api_key_id is None:
        product = "claude_console"
    actor: dict[str, Any] | None = {"type": "api_actor", "api_key_id": record.api_key_id}
    if owner is not None:
        product = "claude_code"
        actor = {"type": "user_actor", "user_id": user_id(owner), "name": owner.name, "email_address": owner.email,
                 "deleted": False}
    if record.api_key_id is None:
        actor = None
    return dict.fromkeys((*DIMENSIONS, *_COST_DIMENSIONS)) | {
        "actor": actor,
        "actor_type": actor["type"] if actor else None,
        "api_key_id": record.api_key_id,
        "context_window": record.context_window,
        "inference_geo": record.inference_geo,
        "model": record.model,
        "product": product,
        "service_tier": record.service_tier,
        "workspace_id": record.workspace_id or DEFAULT,
    }
