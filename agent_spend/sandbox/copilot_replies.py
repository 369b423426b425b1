"""How the simulated GitHub answers: JSON with exact numbers, documented refusals, and lists paged by ``Link``."""

from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from agent_spend.sandbox.state import SandboxState

_JSON = msgspec.json.Encoder(decimal_format="number")


class Refusal(Exception):
    """A documented error answer; ``status`` in the body is text, as GitHub sends it."""

    def __init__(self, status: int, message: str, docs: str = "https://docs.github.com/rest",
                 headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self._status = status
        self._body = {"message": message, "documentation_url": docs, "status": str(status)}
        self._headers = dict(headers or {})

    def response(self) -> Response:
        """The HTTP answer."""
        return json_reply(self._body, self._status, self._headers)


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON; ``Decimal`` values keep their digits."""
    return Response(_JSON.encode(body), status, dict(headers or {}), "application/json; charset=utf-8")


def ndjson(records: Sequence[dict]) -> bytes:
    """One JSON object a line, with a final line feed; empty for no records."""
    return b"".join(_JSON.encode(record) + b"\n" for record in records)


def paged(sandbox: SandboxState, request: Request, items: Sequence, default_size: int = 30) -> tuple[list, dict]:
    """The asked page of ``items`` and the ``Link`` header (``page`` from 1, ``per_page`` at most 100)."""
    size = max(1, min(100, _whole(request, "per_page", default_size)))
    page, last = max(1, _whole(request, "page", 1)), max(1, -(-len(items) // size))
    base = f"{sandbox.base_url}{request.url.path}?per_page={size}&page="
    near = {"prev": page - 1, "next": page + 1, "first": 1, "last": last}
    shown = ("prev", "first") * (page > 1) + ("next", "last") * (page < last)
    links = [f'<{base}{near[name]}>; rel="{name}"' for name in shown]
    return list(items[(page - 1) * size : page * size]), {"Link": ", ".join(links)} if links else {}


def _whole(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, "")
    return int(value) if value.isdigit() else default
