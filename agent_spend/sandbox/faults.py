"""Faults on demand: makes any simulated endpoint fail the way real ones do.

``options["fault"]`` is a comma list of ``<path fragment>:<kind>[@<first>][:<times>]``. Kinds: an HTTP status (``503``);
``429-retry-after`` and ``429-other-clock`` (a pause given as a moment of a clock two hours ahead); ``403-policy`` and
``403-rate-limit``, as GitHub words them, and ``200-rate-limit``, as its GraphQL does; ``echo`` (a refusal that repeats the
credential); ``slow`` and ``stall`` (nothing, or nothing more, for a second) and ``trickle`` (a byte now and then, for ever);
``truncated-json``, ``truncated-gzip``, ``wrong-content-type``, ``empty``, ``null``, ``drop``; ``repeat`` (the first answer
again and again). ``first`` is the matching request that it starts with, 1 when left out.
Without ``times`` it stays.
"""

import asyncio
import gzip
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from agent_spend.sandbox.state import SandboxState

_FAULT = re.compile(r"(?P<fragment>[^:]+):(?P<kind>[^:@]+)(?:@(?P<first>\d+))?(?::(?P<times>\d+))?")
_SECONDS = 1.0
_POLICY = "The 'Copilot usage metrics' policy must be enabled to use this API"


class Faults(BaseHTTPMiddleware):
    """Applies the first fault whose path fragment occurs in the request's path and query."""

    def __init__(self, app, sandbox: SandboxState):
        super().__init__(app)
        self._sandbox = sandbox
        self._spec = ""
        self._met: Counter[str] = Counter()
        self._first_answer: Response | None = None

    async def dispatch(self, request: Request, call_next) -> Response:
        kind = self._next_fault(f"{request.url.path}?{request.url.query}")
        if kind is None:
            return await call_next(request)
        if kind == "slow":
            await asyncio.sleep(_SECONDS)
            return await call_next(request)
        if kind == "echo":
            sent = request.headers.get("authorization") or request.headers.get("x-api-key")
            return JSONResponse({"message": f"who is {sent}?"}, status_code=400)
        if kind == "repeat":
            self._first_answer = self._first_answer or await _whole(await call_next(request))
            answer = self._first_answer
            return Response(answer.body, answer.status_code, dict(answer.headers))
        return _refusal(kind) or _damaged(await _whole(await call_next(request)), kind)

    def _next_fault(self, target: str) -> str | None:
        spec = self._sandbox.options.get("fault", "")
        if spec != self._spec:
            self._spec, self._met, self._first_answer = spec, Counter(), None
        for fault in filter(None, spec.split(",")):
            parts = _FAULT.fullmatch(fault)
            if parts is None:
                raise ValueError(f"fault {fault!r} is not <path fragment>:<kind>[@<first>][:<times>]")
            if parts["fragment"] in target:
                first = int(parts["first"] or 1)
                last = first + int(parts["times"]) - 1 if parts["times"] else None
                self._met[fault] += 1
                if self._met[fault] >= first and (last is None or self._met[fault] <= last):
                    return parts["kind"]
        return None


def _refusal(kind: str) -> Response | None:
    if kind.isdigit():
        return JSONResponse({"message": f"seeded fault {kind}"}, status_code=int(kind))
    if kind == "403-policy":
        return JSONResponse({"message": _POLICY}, status_code=403)
    if kind == "403-rate-limit":
        return JSONResponse({"message": "You have exceeded a secondary rate limit."}, 403, headers={"Retry-After": "1"})
    if kind == "200-rate-limit":
        return JSONResponse({"data": None, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]})
    if kind == "429-retry-after":
        return JSONResponse({"message": "seeded rate limit"}, status_code=429, headers={"Retry-After": "1"})
    if kind == "429-other-clock":
        its_now = datetime.now(UTC) + timedelta(hours=2)
        headers = {"Date": format_datetime(its_now, usegmt=True)}
        headers["Retry-After"] = format_datetime(its_now + timedelta(seconds=1), usegmt=True)
        return JSONResponse({"message": "seeded rate limit"}, status_code=429, headers=headers)
    if kind in ("empty", "null"):
        return Response(b"" if kind == "empty" else b"null", media_type="application/json")
    if kind == "trickle":
        return StreamingResponse(_trickling(), media_type="application/json")
    if kind == "drop":
        return Response(b"{", headers={"Content-Length": "1000"}, media_type="application/json")
    if kind == "wrong-content-type":
        return Response(b"<html>gateway</html>", status_code=200, media_type="text/html")
    return None


async def _whole(response) -> Response:
    body = b"".join([chunk async for chunk in response.body_iterator])
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(body, response.status_code, headers)


def _damaged(answer: Response, kind: str) -> Response:
    body = answer.body
    if kind == "truncated-json":
        return Response(body[: len(body) // 2], media_type="application/json")
    if kind == "truncated-gzip":
        packed = gzip.compress(body)
        return Response(packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"}, media_type="application/json")
    if kind == "stall":
        return StreamingResponse(_stalling(body), media_type="application/json")
    raise ValueError(f"unknown fault kind {kind!r}")


async def _trickling():
    while True:
        yield b" "
        await asyncio.sleep(_SECONDS / 100)


async def _stalling(body: bytes):
    yield body[: len(body) // 2]
    await asyncio.sleep(_SECONDS)
    yield body[len(body) // 2 :]
