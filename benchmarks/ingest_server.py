"""The sandbox as the benchmark asks it: every answer is made once and then served from memory, and one report is large.

So the time of the simulated vendors is the same, and small, for whoever asks. ``python benchmarks/ingest_server.py PORT
FOLDER DEVELOPERS DAYS MEGABYTES`` serves until it is ended.
"""

import sys
from datetime import date
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from agent_spend.sandbox.copilot_records import user_records
from agent_spend.sandbox.scenario import ENTERPRISE, Scenario
from agent_spend.sandbox.server import application
from agent_spend.sandbox.state import SandboxState

END = date(2026, 11, 22)
LARGE_DAY = date(2026, 11, 19)


class Remembered(BaseHTTPMiddleware):
    """Answers by method, address, key and body. The bodies are those the sandbox gave the first time."""

    def __init__(self, app):
        super().__init__(app)
        self._answers: dict[tuple, tuple] = {}

    async def dispatch(self, request: Request, call_next) -> Response:
        key = (request.method, str(request.url), request.headers.get("x-api-key"), await request.body())
        if key not in self._answers:
            answer = await call_next(request)
            body = b"".join([chunk async for chunk in answer.body_iterator])
            self._answers[key] = body, answer.status_code, dict(answer.headers)
        body, status, headers = self._answers[key]
        return Response(body, status, headers)


def write_large_report(path: Path, scenario: Scenario, megabytes: int) -> int:
    """A users-1-day file of at least ``megabytes``: the scenario's records again and again, each of another user."""
    records = [msgspec.json.encode(record) for record in user_records(scenario, LARGE_DAY)]
    written = users = 0
    with path.open("wb") as file:
        while written < megabytes * 1_000_000:
            before, _, after = records[users % len(records)].partition(b'"user_id":')
            written += file.write(b'%s"user_id":%d,%s\n' % (before, 1_000_000 + users, after.split(b",", 1)[1]))
            users += 1
    return users


def main() -> None:
    """Serve until ended; the number of users of the large report is printed first."""
    port, folder, developers, days, megabytes = sys.argv[1:]
    scenario = Scenario(int(developers), int(days), 7, END)
    url, large = f"http://127.0.0.1:{port}", Path(folder) / "large.ndjson"
    users = write_large_report(large, scenario, int(megabytes))
    # Unlimited, and every vendor has completed the newest day.
    options = {"rate_scale": "100000", "github_rate_limit": "100000000"}
    options |= {"claude_refreshed_days_ago": "0", "claude_built_days_ago": "0"}
    sandbox = application(SandboxState(scenario, url, True, options))

    def envelope(request: Request) -> Response:
        return JSONResponse({"download_links": [f"{url}/large/file.json?sig=x"], "report_day": request.query_params["day"]})

    app = Starlette(
        routes=[
            Route(f"/large/enterprises/{ENTERPRISE}/copilot/metrics/reports/users-1-day", envelope),
            Route("/large/file.json", lambda request: FileResponse(large, media_type="application/octet-stream")),
            Mount("/", Starlette(routes=[Mount("/", sandbox)], middleware=[Middleware(Remembered)])),
        ]
    )
    print(users, flush=True)
    uvicorn.run(app, port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
