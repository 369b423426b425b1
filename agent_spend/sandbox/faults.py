"""Faults on demand: makes any simulated endpoint fail the way real ones do.

``options["fault"]`` is a comma list of ``<path fragment>:<kind>[:<times>]``. Kinds: an HTTP status (``503``),
``429-retry-after``, ``slow``, ``truncated-json``, ``truncated-gzip``, ``wrong-content-type``, ``empty``, ``drop``.
Without ``times`` the fault stays.
"""

import gzip
import time
from collections import Counter

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agent_spend.sandbox.state import SandboxState


class Faults(BaseHTTPMiddleware):
    """Applies the first fault whose path fragment occurs in the request's path and query."""

    def __init__(self, app, sandbox: SandboxState):
        super().__init__(app)
        self._sandbox = sandbox
        self._used: Counter[str] = Counter()

    async def dispatch(self, request: Request, call_next) -> Response:
        kind = self._next_fault(f"{request.url.path}?{request.url.query}")
        if kind is None:
            return await call_next(request)
        if kind.isdigit():
            return JSONResponse({"message": f"seeded fault {kind}"}, status_code=int(kind))
        if kind == "429-retry-after":
            return JSONResponse({"message": "seeded rate limit"}, status_code=429, headers={"Retry-After": "1"})
        if kind == "empty":
            return Response(b"", media_type="application/json")
        if kind == "drop":
            return Response(b"{", headers={"Content-Length": "1000"}, media_type="application/json")
        if kind == "slow":
            time.sleep(1)
        return await _damaged(await call_next(request), kind)

    def _next_fault(self, target: str) -> str | None:
        for fault in filter(None, self._sandbox.options.get("fault", "").split(",")):
            fragment, kind, *times = fault.split(":")
            if fragment in target and (not times or self._used[fault] < int(times[0])):
                self._used[fault] += 1
                return kind
        return None


async def _damaged(response, kind: str) -> Response:
    body = b"".join([chunk async for chunk in response.body_iterator])
    if kind == "truncated-json":
        body = body[: len(body) // 2]
    if kind == "truncated-gzip":
        packed = gzip.compress(body)
        return Response(packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"}, media_type="application/json")
    if kind == "wrong-content-type":
        return Response(b"<html>gateway</html>", status_code=200, media_type="text/html")
    return Response(body, status_code=response.status_code, media_type=response.headers.get("content-type"))
