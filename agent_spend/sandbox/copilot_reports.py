"""Simulated Copilot usage metrics reports: an envelope of signed, expiring links, and the NDJSON files behind them."""

import hashlib
import hmac
import time
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response

from agent_spend.sandbox.copilot_directory import team_records
from agent_spend.sandbox.copilot_records import org_records, user_records
from agent_spend.sandbox.copilot_replies import Refusal, json_reply, ndjson
from agent_spend.sandbox.state import SandboxState


def users_1_day(sandbox: SandboxState, request: Request) -> Response:
    """Step one: links to the day's shards; 204 for a day without a report (yet)."""
    day = _day(request)
    if not _is_ready(sandbox, day):
        return Response(status_code=204)
    return json_reply({"download_links": _links(sandbox, request, "users-1-day", day), "report_day": day.isoformat()})


def user_teams_1_day(sandbox: SandboxState, request: Request) -> Response:
    """Step one of the memberships of a day."""
    day = _day(request)
    if not _is_ready(sandbox, day):
        return Response(status_code=204)
    links = _links(sandbox, request, "user-teams-1-day", day)
    return json_reply({"download_links": links, "report_day": day.isoformat()})


def users_28_day(sandbox: SandboxState, request: Request) -> Response:
    """Step one of the report over the 28 days that end with the newest processed day."""
    last_day = sandbox.scenario.end_day
    return json_reply({
        "download_links": _links(sandbox, request, "users-28-day", last_day),
        "report_start_day": (last_day - timedelta(days=27)).isoformat(),
        "report_end_day": last_day.isoformat(),
    })


def file(sandbox: SandboxState, request: Request) -> Response:
    """Step two: one shard. Any ``Authorization`` is refused, so that a leaked token is noticed."""
    path = request.path_params["path"]
    if "authorization" in request.headers:
        return _xml(400, "InvalidAuthenticationInfo", "A signed link takes no Authorization header.")
    expires = request.query_params.get("se", "")
    if not hmac.compare_digest(request.query_params.get("sig", ""), _signature(sandbox, path, expires)):
        return _xml(403, "AuthenticationFailed", "Signature did not match.")
    if time.time() >= float(expires):
        return _xml(403, "AuthenticationFailed", "Signature not valid in the specified time frame.")
    kind, slug, report, key, part = path.split("/")
    number, shards = int(part[5:10]), int(part[14:19])
    records = report_records(sandbox, kind, slug, report, date.fromisoformat(key))
    shard = records[number::shards]
    if sandbox.options.get("copilot_duplicate_row") and number and records:
        shard = [*shard, records[0]]
    return Response(ndjson(shard), media_type="application/octet-stream")


def report_records(sandbox: SandboxState, kind: str, slug: str, report: str, day: date) -> list[dict]:
    """The records of one report, before they are split into shards."""
    if report == "users-28-day":
        window = {"report_start_day": (day - timedelta(days=27)).isoformat(), "report_end_day": day.isoformat()}
        days = [day - timedelta(days=27 - n) for n in range(28)]
        return [window | record for each in days for record in report_records(sandbox, kind, slug, "users-1-day", each)]
    if report == "user-teams-1-day":
        return team_records(sandbox.scenario, kind, slug, day)
    if kind == "enterprise":
        return list(user_records(sandbox.scenario, day, sandbox.is_restated))
    return org_records(sandbox.scenario, slug, day, sandbox.is_restated)


def scope(request: Request) -> tuple[str, str]:
    """``("enterprise", slug)`` or ``("organization", slug)`` of a request."""
    enterprise = request.path_params.get("enterprise")
    return ("enterprise", enterprise) if enterprise else ("organization", request.path_params["org"])


def _day(request: Request) -> date:
    try:
        return date.fromisoformat(request.query_params.get("day", ""))
    except ValueError:
        # GitHub documents no status for this case; 422 is its usual answer to an invalid parameter.
        raise Refusal(422, "Invalid request: day must be YYYY-MM-DD") from None


def _is_ready(sandbox: SandboxState, day: date) -> bool:
    scenario = sandbox.scenario
    held_back = sandbox.options.get("copilot_not_ready", "").split(",")
    return scenario.first_day <= day <= scenario.end_day and day.isoformat() not in held_back


def _links(sandbox: SandboxState, request: Request, report: str, day: date) -> list[str]:
    kind, slug = scope(request)
    shards = int(sandbox.options.get("copilot_shards", "2"))
    parts = [f"part-{n:05d}-of-{shards:05d}.json" for n in range(shards)]
    return [_signed(sandbox, f"{kind}/{slug}/{report}/{day}/{part}") for part in parts]


def _signed(sandbox: SandboxState, path: str) -> str:
    expires = str(time.time() + float(sandbox.options.get("copilot_link_ttl_seconds", "3600")))
    return f"{sandbox.base_url}/github/_report_files/{path}?se={expires}&sig={_signature(sandbox, path, expires)}"


def _signature(sandbox: SandboxState, path: str, expires: str) -> str:
    key = f"sandbox-{sandbox.scenario.seed}".encode()
    return hmac.new(key, f"{path}|{expires}".encode(), hashlib.sha256).hexdigest()


def _xml(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, media_type="application/xml")
