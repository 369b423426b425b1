"""The simulated Cursor API's manners: authentication, refusals, budgets, and how an event is written as JSON."""

import base64
import binascii
import threading
import time
from datetime import date

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from agent_spend.sandbox.cursor_events import CUSTOM_SUBSCRIPTION, Event
from agent_spend.sandbox.cursor_team import from_epoch_ms

TEAM_KEY = "crsr_sandbox"
KEY_WITHOUT_PLAN = "crsr_plan"
_ENCODER = msgspec.json.Encoder(decimal_format="number")

#: kind class -> the label of the documentation, the name of the live enum.
KINDS = {
    "usage_based": ("Usage-based", "USAGE_EVENT_KIND_USAGE_BASED"),
    "included": ("Included in Business", "USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS"),
    "errored": ("Errored, Not Charged", "USAGE_EVENT_KIND_ERRORED_NOT_CHARGED"),
    "aborted": ("Aborted, Not Charged", "USAGE_EVENT_KIND_ABORTED_NOT_CHARGED"),
    "free": ("Free", "USAGE_EVENT_KIND_FREE_CREDIT"),
    "user_api_key": ("User API Key", "USAGE_EVENT_KIND_USER_API_KEY"),
    "custom_subscription": (CUSTOM_SUBSCRIPTION, "USAGE_EVENT_KIND_CUSTOM_SUBSCRIPTION"),
}


class MinuteBudget:
    """A token bucket for each endpoint, refilled over a minute.

    Args:
        scale: multiplies every limit; the sandbox's clock runs faster than the vendor's.
    """

    def __init__(self, scale: float):
        self._scale = scale
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def is_spent(self, endpoint: str, per_minute: int) -> bool:
        """Take one request from the endpoint's bucket; True when there is none left."""
        capacity = max(1.0, per_minute * self._scale)
        now = time.monotonic()
        with self._lock:
            left, then = self._buckets.get(endpoint, (capacity, now))
            left = min(capacity, left + (now - then) * capacity / 60)
            self._buckets[endpoint] = (left if left < 1 else left - 1, now)
            return left < 1


def reply(body: object, status: int = 200, **headers: str) -> Response:
    """A JSON answer with decimals written as the numbers they are."""
    return Response(_ENCODER.encode(body), status, headers, media_type="application/json")


def refusal(status: int, message: str, **headers: str) -> Response:
    """The error body of the Admin API."""
    return reply({"code": "error", "message": message}, status, **headers)


def denied(request: Request) -> Response | None:
    """The refusal of a request without the team's key: Basic authentication, key as user name, empty password."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        key, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        key, password = "", ""
    if scheme.lower() == "basic" and key == KEY_WITHOUT_PLAN and not password:
        return refusal(403, "Enterprise access required")
    if scheme.lower() != "basic" or key != TEAM_KEY or password:
        return refusal(401, "Invalid Team API Key")
    return None


def kind_index(day: date, vocabulary: str) -> int:
    """Which vocabulary a day's events use: 0 labels, 1 enums; ``mixed`` alternates by day."""
    return {"label": 0, "enum": 1}.get(vocabulary, day.toordinal() % 2)


def event_json(event: Event, vocabulary: str) -> dict:
    """An event in the vendor's shape: zero token buckets and inapplicable fields are left out."""
    body = {
        "timestamp": str(event.at_ms),
        "userEmail": event.email,
        "model": event.model,
        "kind": KINDS[event.kind_class][kind_index(from_epoch_ms(event.at_ms).date(), vocabulary)],
        "maxMode": event.is_max_mode,
        "requestsCosts": event.requests_costs,
        "isTokenBasedCall": event.tokens is not None,
        # Live answers show true on included and free rows too, so it is no filter for cash.
        "isChargeable": event.kind_class not in ("errored", "aborted"),
        "isHeadless": event.is_headless,
        "chargedCents": event.charged_cents,
    }
    if event.kind_class == "custom_subscription":
        body["customSubscriptionName"] = CUSTOM_SUBSCRIPTION
    if event.service_account is not None:
        body["serviceAccountId"] = event.service_account.service_account_id
        body["serviceAccountName"] = event.service_account.name
    elif event.at_ms % 2:
        body["serviceAccountId"] = body["serviceAccountName"] = "null"
    for name, value in (
        ("cloudAgentId", event.cloud_agent_id),
        ("automationId", event.automation_id),
        ("conversationId", event.conversation_id),
        ("cursorTokenFee", event.fee_cents),
    ):
        if value is not None:
            body[name] = value
    if event.tokens is not None:
        buckets = {
            "inputTokens": event.tokens.input,
            "outputTokens": event.tokens.output,
            "cacheWriteTokens": event.tokens.cache_write,
            "cacheReadTokens": event.tokens.cache_read,
        }
        body["tokenUsage"] = {name: count for name, count in buckets.items() if count}
        if event.total_cents is not None:
            body["tokenUsage"]["totalCents"] = event.total_cents
        if event.discount_percent is not None:
            body["tokenUsage"]["discountPercentOff"] = event.discount_percent
    return body
