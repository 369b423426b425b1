"""What all simulated Anthropic endpoints share: credentials, versions, the error envelope and opaque page cursors."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from agent_spend.sandbox.claude_company import ORGANIZATION_ID
from agent_spend.sandbox.state import SandboxState

_ENCODER = msgspec.json.Encoder(decimal_format="number")
ADMIN_KEY, WORKSPACE_KEY, ENTERPRISE_KEY = "sk-ant-admin01-sandbox", "sk-ant-api03-sandbox", "sk-ant-api01-sandbox"
VERSIONS = ("2023-06-01", "2026-10-21")
_ERROR_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    410: "gone_error",
}


class Refusal(Exception):
    """An answer other than 200, in the vendor's envelope."""

    def __init__(self, status: int, message: str, code: str | None = None):
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = {"details": {"error_code": code}} if code else {}


Handler = Callable[[SandboxState, Request], Any]


def endpoint(
    sandbox: SandboxState, console: Handler | None, enterprise: Handler | None = None
) -> Callable[[Request], Response]:
    """Wrap handlers that return the JSON body: checks credential and version, renders refusals.

    Args:
        console: answers an Admin key, ``None`` where a Console organisation has no such endpoint.
        enterprise: answers an Enterprise key, ``None`` where such a key may not read it.
    """

    def answer(request: Request) -> Response:
        request_id = "req_011Sim" + hashlib.sha256(str(request.url).encode()).hexdigest()[:10]
        headers = {"request-id": request_id, "anthropic-organization-id": ORGANIZATION_ID}
        try:
            handler = _handler(request, console, enterprise)
            _check_version(request)
            return _json(200, handler(sandbox, request), headers)
        except Refusal as refusal:
            error = {"type": _ERROR_TYPES[refusal.status], "message": refusal.message} | refusal.details
            if refusal.status == 401:
                del headers["anthropic-organization-id"]
            return _json(refusal.status, {"type": "error", "error": error, "request_id": request_id}, headers)

    return answer


def _json(status: int, body: Any, headers: dict[str, str]) -> Response:
    content = _ENCODER.encode(body)
    return Response(content, status, headers, media_type="application/json")


def _handler(request: Request, console: Handler | None, enterprise: Handler | None) -> Handler:
    bearer = request.headers.get("authorization", "")
    key = request.headers.get("x-api-key") or bearer.removeprefix("Bearer ").strip()
    if not key:
        raise Refusal(401, "x-api-key header is required")
    if key == WORKSPACE_KEY:
        raise Refusal(403, "This endpoint requires an Admin API key.")
    if key not in (ADMIN_KEY, ENTERPRISE_KEY):
        raise Refusal(401, "invalid x-api-key")
    if key == ENTERPRISE_KEY and enterprise is None:
        raise Refusal(403, "This endpoint needs an organization admin; this key holds read:analytics.")
    if key == ADMIN_KEY and console is None:
        raise Refusal(400, "This kind of organization has no such report.", "organization_type_not_supported")
    return enterprise if key == ENTERPRISE_KEY else console


def _check_version(request: Request) -> None:
    version = request.headers.get("anthropic-version")
    if version is None:
        raise Refusal(400, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise Refusal(400, f'anthropic-version: "{version}" is not a valid version')


def betas(request: Request) -> set[str]:
    """Names in the ``anthropic-beta`` header, repeated or comma-separated."""
    return {name.strip() for value in request.headers.getlist("anthropic-beta") for name in value.split(",")}


def check_names(request: Request, allowed: set[str]) -> None:
    """Refuse parameters the endpoint does not document; arrays carry their brackets in the name."""
    for name in request.query_params:
        if name not in allowed:
            raise Refusal(400, f"{name}: Extra inputs are not permitted")


def group_by(request: Request, allowed: Sequence[str]) -> list[str]:
    """Values of ``group_by[]``, each of them allowed."""
    values = request.query_params.getlist("group_by[]")
    for value in values:
        if value not in allowed:
            raise Refusal(400, f"group_by: Input should be one of {', '.join(allowed)} (got {value!r})")
    return values


def instant(request: Request, name: str) -> datetime | None:
    """An RFC 3339 parameter in UTC, ``None`` when absent."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, f"{name}: Input should be a valid datetime") from None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def whole(request: Request, name: str, default: int, largest: int) -> int:
    """An integer parameter between 1 and ``largest``."""
    text = request.query_params.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= largest:
        raise Refusal(400, f"{name}: Input should be between 1 and {largest}")
    return int(text)


def page_size(sandbox: SandboxState, limit: int) -> int:
    """``limit``, or fewer when the switch ``claude_page_size`` says that pages are short."""
    return min(limit, int(sandbox.options.get("claude_page_size", limit)))


def now(sandbox: SandboxState) -> datetime:
    """The simulated present: the midnight that ends the scenario's last day."""
    return midnight(sandbox.scenario.end_day + timedelta(days=1))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def cursor(text: str) -> str:
    """An opaque page token."""
    return "page_" + base64.urlsafe_b64encode(text.encode()).decode()


def cursor_text(request: Request) -> str | None:
    """What :func:`cursor` packed into the ``page`` parameter, ``None`` when absent."""
    token = request.query_params.get("page")
    if token is None:
        return None
    try:
        return base64.urlsafe_b64decode(token.removeprefix("page_").encode()).decode()
    except ValueError:
        raise Refusal(400, "page: Invalid page token") from None


def rows_page(sandbox: SandboxState, request: Request, rows: Sequence[Any], limit: int) -> dict:
    """One page of ``rows`` with a cursor that only this query accepts and that lapses when the data is restated."""
    query = "&".join(sorted(f"{name}={value}" for name, value in request.query_params.multi_items() if name != "page"))
    digest = hashlib.sha256(query.encode()).hexdigest()[:12]
    start, generation = 0, "restated" if sandbox.is_restated else "first"
    if (text := cursor_text(request)) is not None:
        offset, _, rest = text.partition("|")
        known_digest, _, known_generation = rest.partition("|")
        if not offset.isdigit() or known_digest != digest:
            raise Refusal(400, "page: The cursor belongs to another query")
        if known_generation != generation:
            raise Refusal(410, "page: The data was refreshed; restart from the first page")
        start = int(offset)
    end = start + page_size(sandbox, limit)
    has_more = end < len(rows)
    return {
        "data": list(rows[start:end]),
        "has_more": has_more,
        "next_page": cursor(f"{end}|{digest}|{generation}") if has_more else None,
    }
