"""The simulated Slack: an incoming webhook, ``chat.postMessage`` and ``chat.update``, with Slack's own limits.

Every accepted payload is kept in ``sandbox.slack_messages``, those of the Web API with their ``method``. Switches in
``sandbox.options``: ``slack_mode`` (``accept_then_drop``: the message is kept but the answer breaks off; ``500``:
nothing is kept) and ``rate_scale``.
"""

import json
import threading
import time
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from agent_spend.sandbox.slack_blocks import invalid_blocks
from agent_spend.sandbox.state import SandboxState

BOT_TOKEN = "xoxb-sandbox"
WEBHOOK_CHANNEL = "C000WEBHOOK"
CHANNELS = (WEBHOOK_CHANNEL, "C000ALERTS")
MAX_TEXT = 40_000


def routes(sandbox: SandboxState) -> list[Route]:
    """Webhook and Web API paths below ``/slack``."""
    pace = _Pace(float(sandbox.options.get("rate_scale", "1")))

    async def webhook(request: Request) -> Response:
        if sandbox.options.get("slack_mode") == "500":
            return PlainTextResponse("server_error", 500)
        try:
            payload = msgspec.json.decode(await request.body(), type=dict)
        except msgspec.MsgspecError:
            return PlainTextResponse("invalid_payload", 400)
        if not payload.get("text") and not payload.get("blocks"):
            return PlainTextResponse("no_text", 400)
        if problem := invalid_blocks(payload.get("blocks") or []):
            return PlainTextResponse(problem, 400)
        if len(payload.get("text") or "") > MAX_TEXT:
            return PlainTextResponse("msg_too_long", 400)
        if pace.is_too_fast(WEBHOOK_CHANNEL):
            return PlainTextResponse("rate_limited", 429, {"Retry-After": "1"})
        sandbox.slack_messages.append(payload)
        return _accepted(sandbox, PlainTextResponse("ok"))

    async def call(request: Request) -> Response:
        if sandbox.options.get("slack_mode") == "500":
            return Response(b"", 500)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token != BOT_TOKEN:
            return _answer({"ok": False, "error": "invalid_auth" if token else "not_authed"})
        payload = _arguments(request, await request.body())
        if payload is None:
            return _answer({"ok": False, "error": "invalid_json"})
        method = request.path_params["method"]
        if problem := _refusal(sandbox, method, payload):
            return _answer({"ok": False, "error": problem})
        if pace.is_too_fast(payload["channel"]):
            return _answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})
        if method == "chat.postMessage":
            payload["ts"] = f"1794300000.{len(sandbox.slack_messages) + 1:06d}"
        sandbox.slack_messages.append(payload | {"method": method})
        shown = {"text": payload["text"]}
        accepted = {"ok": True, "channel": payload["channel"], "ts": payload["ts"], "message": shown}
        return _accepted(sandbox, _answer(accepted))

    return [
        Route("/slack/services/T000/B000/XXXX", webhook, methods=["POST"]),
        Route("/slack/api/{method:str}", call, methods=["POST"]),
    ]


class _Pace:
    """One message a second and channel."""

    def __init__(self, scale: float):
        self._seconds = 1 / scale
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    def is_too_fast(self, channel: str) -> bool:
        now = time.monotonic()
        with self._lock:
            if now - self._last.get(channel, float("-inf")) < self._seconds:
                return True
            self._last[channel] = now
            return False


def _arguments(request: Request, body: bytes) -> dict | None:
    """A Web API call's arguments from JSON or from a form, whose ``blocks`` are JSON text."""
    try:
        if request.headers.get("Content-Type", "").startswith("application/json"):
            return msgspec.json.decode(body, type=dict)
        form: dict = dict(parse_qsl(body.decode()))
        return form | {name: json.loads(form[name]) for name in ("blocks", "metadata") if name in form}
    except (msgspec.MsgspecError, ValueError):
        return None


def _refusal(sandbox: SandboxState, method: str, payload: dict) -> str | None:
    if method not in ("chat.postMessage", "chat.update"):
        return "unknown_method"
    if payload.get("channel") not in CHANNELS:
        return "channel_not_found"
    if not payload.get("text") and not payload.get("blocks"):
        return "no_text"
    if invalid_blocks(payload.get("blocks") or []):
        return "invalid_blocks"
    if len(payload.setdefault("text", "")) > MAX_TEXT:
        return "msg_too_long"
    if method == "chat.update" and not _was_sent(sandbox, payload):
        return "message_not_found"
    return None


def _was_sent(sandbox: SandboxState, payload: dict) -> bool:
    wanted = (payload["channel"], payload.get("ts"))
    return any((sent.get("channel"), sent.get("ts")) == wanted for sent in sandbox.slack_messages)


def _accepted(sandbox: SandboxState, response: Response) -> Response:
    if sandbox.options.get("slack_mode") == "accept_then_drop":
        # A longer Content-Length than the body makes the server close the connection in mid-answer.
        return Response(b"", headers={"Content-Length": "1000"})
    return response


def _answer(body: dict, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
