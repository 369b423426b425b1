"""The Messages usage report, the cost report and the Claude Code report of the simulated Anthropic."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from starlette.requests import Request

from agent_spend.sandbox.claude_code import CodeRecord, ModelUse, code_records
from agent_spend.sandbox.claude_company import ORGANIZATION_ID
from agent_spend.sandbox.claude_http import (
    Refusal,
    betas,
    check_names,
    cursor,
    cursor_text,
    group_by,
    instant,
    midnight,
    now,
    page_size,
    rfc3339,
    rows_page,
    whole,
)
from agent_spend.sandbox.claude_messages import CostLine, MessagesRecord, bill, messages_records
from agent_spend.sandbox.state import SandboxState

USAGE_DIMENSIONS = ("account_id", "api_key_id", "context_window", "inference_geo", "model", "service_account_id",
                    "service_tier", "speed", "workspace_id")
_USAGE_FILTERS = {
    "api_key_ids[]": "api_key_id", "context_window[]": "context_window", "inference_geos[]": "inference_geo",
    "models[]": "model", "service_tiers[]": "service_tier", "workspace_ids[]": "workspace_id",
}
_OTHER_FILTERS = {"account_ids[]", "service_account_ids[]", "speeds[]"}
_COST_FIELDS = ("description", "cost_type", "model", "service_tier", "context_window", "inference_geo", "token_type")
_PAGING = {"starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]"}
#: bucket width -> (length, buckets a day, default and largest number of buckets a page)
_WIDTHS = {
    "1d": (timedelta(days=1), 1, 7, 31),
    "1h": (timedelta(hours=1), 24, 24, 168),
    "1m": (timedelta(minutes=1), 1440, 60, 1440),
}


def visible_records(sandbox: SandboxState, day: date) -> Sequence[MessagesRecord]:
    """The day's records as published by now: with the switch ``claude_late`` batch usage of the last day comes late."""
    records = messages_records(sandbox.scenario, day)
    if sandbox.options.get("claude_late") and not sandbox.is_restated and day == sandbox.scenario.end_day:
        return [record for record in records if record.service_tier != "batch"]
    return records


def usage_report(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/usage_report/messages``."""
    check_names(request, _PAGING | set(_USAGE_FILTERS) | _OTHER_FILTERS)
    grouped = group_by(request, USAGE_DIMENSIONS)
    speed_asked = "speed" in grouped or "speeds[]" in request.query_params
    if speed_asked and "fast-mode-2026-02-01" not in betas(request):
        raise Refusal(400, "speed: requires the fast-mode-2026-02-01 beta header")
    filters = {
        dimension: request.query_params.getlist(name)
        for name, dimension in _USAGE_FILTERS.items() if name in request.query_params
    }

    def results(day: date, part: int, parts: int) -> list[dict]:
        totals: dict[tuple, list[int]] = defaultdict(lambda: [0] * 6)
        for record in visible_records(sandbox, day):
            if any(getattr(record, dimension) not in values for dimension, values in filters.items()):
                continue
            key = tuple(getattr(record, name, None) if name in grouped else None for name in USAGE_DIMENSIONS)
            for n, count in enumerate((*record.tokens, record.web_searches)):
                totals[key][n] += count // parts + (part < count % parts)
        return [_usage_result(key, counts) for key, counts in totals.items() if any(counts)]

    return _buckets(sandbox, request, results, _WIDTHS)


def _usage_result(key: tuple, counts: list[int]) -> dict:
    uncached, write_5m, write_1h, read, output, searches = counts
    dimensions = {name: value for name, value in zip(USAGE_DIMENSIONS, key, strict=True) if name != "speed"}
    return dimensions | {
        "uncached_input_tokens": uncached,
        "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
        "cache_read_input_tokens": read,
        "output_tokens": output,
        "server_tool_use": {"web_search_requests": searches},
    }


def cost_report(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/cost_report``; amounts are decimal strings in cents."""
    check_names(request, _PAGING)
    grouped = group_by(request, ("workspace_id", "description"))

    def results(day: date, part: int, parts: int) -> list[dict]:
        totals: dict[tuple, Decimal] = defaultdict(Decimal)
        for line in bill_of(sandbox, day):
            workspace_id = line.workspace_id if "workspace_id" in grouped else None
            fields = [getattr(line, name) if "description" in grouped else None for name in _COST_FIELDS]
            totals[(workspace_id, *fields)] += line.cents
        return [
            {"amount": cents_text(cents), "currency": "USD", "workspace_id": key[0]}
            | dict(zip(_COST_FIELDS, key[1:], strict=True))
            for key, cents in totals.items()
        ]

    return _buckets(sandbox, request, results, {"1d": _WIDTHS["1d"]})


def bill_of(sandbox: SandboxState, day: date) -> tuple[CostLine, ...]:
    """The day's bill for what has been published; nothing outside the scenario."""
    return bill(sandbox.scenario, day, visible_records(sandbox, day))


def cents_text(cents: Decimal) -> str:
    """A decimal string without padding: ``4``, ``24.5``."""
    text = f"{cents:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _buckets(sandbox: SandboxState, request: Request, results, widths: dict) -> dict:
    """Buckets from the floored start, oldest first, empty ones included; ``limit`` counts buckets."""
    width = request.query_params.get("bucket_width", "1d")
    if width not in widths:
        raise Refusal(400, f"bucket_width: Input should be one of {', '.join(widths)}")
    length, parts, default_limit, largest_limit = widths[width]
    limit = whole(request, "limit", default_limit, largest_limit)
    start = instant(request, "starting_at")
    if start is None:
        raise Refusal(400, "starting_at: Field required")
    start = midnight(start.date()) + (start - midnight(start.date())) // length * length
    end = min(instant(request, "ending_at") or now(sandbox), now(sandbox))
    if (text := cursor_text(request)) is not None:
        start = datetime.fromisoformat(text)
    data, last_page = [], start + page_size(sandbox, limit) * length
    while start + length <= min(end, last_page):
        part = int((start - midnight(start.date())) / length)
        data.append({
            "starting_at": rfc3339(start),
            "ending_at": rfc3339(start + length),
            "results": results(start.date(), part, parts),
        })
        start += length
    has_more = start + length <= end
    return {"data": data, "has_more": has_more, "next_page": cursor(rfc3339(start)) if has_more else None}


def claude_code_report(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/usage_report/claude_code``: one UTC day a call, ``limit`` counts records."""
    check_names(request, {"starting_at", "limit", "page"})
    text = request.query_params.get("starting_at")
    if text is None:
        raise Refusal(400, "starting_at: Field required")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise Refusal(400, "starting_at: String should match pattern '^\\d{4}-\\d{2}-\\d{2}$'")
    limit = whole(request, "limit", 20, 1000)
    day = date.fromisoformat(text)
    records = [_code_record(sandbox, day, n, record) for n, record in enumerate(code_records(sandbox.scenario, day))]
    return rows_page(sandbox, request, records, limit)


def _code_record(sandbox: SandboxState, day: date, number: int, record: CodeRecord) -> dict:
    rng = sandbox.scenario.rng("claude_code_metrics", day, number)
    actor = (
        {"type": "user_actor", "email_address": record.email}
        if record.email else {"type": "api_actor", "api_key_name": record.api_key_name}
    )
    answer = {
        "actor": actor,
        "customer_type": record.customer_type,
        "date": rfc3339(midnight(day)),
        "is_remote": record.is_remote,
        "organization_id": ORGANIZATION_ID,
        "terminal_type": record.terminal_type,
        "core_metrics": {
            "num_sessions": record.sessions,
            "lines_of_code": {"added": rng.randint(0, 900), "removed": rng.randint(0, 300)},
            "commits_by_claude_code": rng.randint(0, 6),
            "pull_requests_by_claude_code": rng.randint(0, 2),
        },
        "tool_actions": {
            name: {"accepted": rng.randint(0, 40), "rejected": rng.randint(0, 5)}
            for name in ("edit_tool", "multi_edit_tool", "notebook_edit_tool", "write_tool")
        },
        "model_breakdown": [_model_use(use) for use in record.models],
    }
    if record.customer_type == "subscription":
        answer["subscription_type"] = "team"
    elif number % 2:
        answer["subscription_type"] = None
    return answer


def _model_use(use: ModelUse) -> dict:
    tokens = {"input": use.uncached, "output": use.output, "cache_read": use.read,
              "cache_creation": use.write_5m + use.write_1h}
    return {"model": use.model, "tokens": tokens, "estimated_cost": {"amount": use.estimated_cents, "currency": "USD"}}
