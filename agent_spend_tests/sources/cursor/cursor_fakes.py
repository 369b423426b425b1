"""A real local server whose answers a test scripts, and the documented example payload."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: The documented example of POST /teams/filtered-usage-events: four events of two UTC days.
EXAMPLE_EVENTS = """[
 {"timestamp":"1794319533120","userEmail":"dana@acme.test","conversationId":"0f1e2d3c-0000-4000-8000-000000000001",
  "model":"claude-opus-5-thinking-high","kind":"Usage-based","maxMode":false,"requestsCosts":4.9,
  "isTokenBasedCall":true,"isChargeable":true,"isHeadless":false,
  "tokenUsage":{"inputTokens":1000,"outputTokens":2000,"cacheWriteTokens":10000,"cacheReadTokens":100000,
                "totalCents":16.75},
  "chargedCents":19.575,"cursorTokenFee":2.825},
 {"timestamp":"1794319081007","userEmail":"dana@acme.test","model":"composer-2.5","kind":"Included in Business",
  "maxMode":false,"requestsCosts":1.5,"isTokenBasedCall":true,"isChargeable":true,"isHeadless":false,
  "tokenUsage":{"inputTokens":20000,"outputTokens":4000,"cacheReadTokens":200000,"totalCents":6.0},"chargedCents":6.0},
 {"timestamp":"1794276012900","userEmail":"nightly@acme.test","serviceAccountId":"sa_demo01",
  "serviceAccountName":"Nightly triage","cloudAgentId":"bc-00000000-0000-4000-8000-00000000000a",
  "automationId":"5b0c0c3e-0000-4000-8000-00000000000b","conversationId":"0f1e2d3c-0000-4000-8000-000000000002",
  "model":"claude-sonnet-5","kind":"Usage-based","maxMode":true,"requestsCosts":2,"isTokenBasedCall":true,
  "isChargeable":true,"isHeadless":true,
  "tokenUsage":{"inputTokens":500,"outputTokens":3000,"cacheWriteTokens":8000,"cacheReadTokens":50000,
                "totalCents":6.1,"discountPercentOff":10},
  "chargedCents":7.0275,"cursorTokenFee":1.5375},
 {"timestamp":"1794268799999","userEmail":"ivo@acme.test","model":"default","kind":"Errored, Not Charged",
  "maxMode":false,"requestsCosts":1,"isTokenBasedCall":false,"isChargeable":false,"isHeadless":false,"chargedCents":4}]"""


@dataclass
class FakeVendor:
    """A server that answers with what ``answer(path, body)`` gives and keeps every request.

    ``answer`` returns a body (text, or an object to write as JSON), or a pair of status and body.
    """

    answer: Callable[[str, dict], object] = lambda path, body: {}
    requests: list[tuple[str, dict]] = field(default_factory=list)
    url: str = ""

    def start(self) -> ThreadingHTTPServer:
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet: in two they would wait for the client's delayed acknowledgement.
            wbufsize = -1

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                self._reply(json.loads(self.rfile.read(length) or b"{}"))

            def do_GET(self):
                self._reply({})

            def _reply(self, body: dict):
                vendor.requests.append((self.path, body))
                said = vendor.answer(self.path, body)
                status, content = said if isinstance(said, tuple) else (200, said)
                text = content if isinstance(content, str) else json.dumps(content)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *arguments):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return server


def page_text(events: str | list, total: int, *, has_next: bool = False) -> str:
    """A page in the documented shape; ``events`` as JSON text keeps the digits as written."""
    rows = events if isinstance(events, str) else json.dumps(events)
    pagination = json.dumps({"numPages": 1, "currentPage": 1, "pageSize": 1000, "hasNextPage": has_next,
                             "hasPreviousPage": False})
    return f'{{"totalUsageEventsCount":{total},"pagination":{pagination},"usageEvents":{rows}}}'


def event(at_ms: int, **fields) -> dict:
    """The smallest legal event, with more fields as given."""
    return {"timestamp": str(at_ms), "kind": "Usage-based", "chargedCents": 4, "userEmail": "dana@acme.test"} | fields
