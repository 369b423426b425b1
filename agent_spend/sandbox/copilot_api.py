"""The simulated GitHub API for Copilot, below ``/github``: authentication, refusals, rate-limit headers, routes.

Switches in ``sandbox.options`` (all text): ``copilot_policy=off`` refuses reports as an enterprise without the metrics
policy does; ``copilot_enterprise=forbidden|missing`` refuses the enterprise scope; ``copilot_not_ready`` lists days
without a report yet; ``copilot_shards``, ``copilot_duplicate_row`` and ``copilot_link_ttl_seconds`` shape the files;
``github_rate_limit`` is the number of requests answered before the primary limit refuses (default 15000);
``github_organizations=standalone`` gives an organization the bill, SCIM and single sign-on that are the enterprise's.
"""

import threading
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent_spend.sandbox import copilot_billing_api, copilot_directory, copilot_identities, copilot_reports
from agent_spend.sandbox.copilot_replies import Refusal
from agent_spend.sandbox.scenario import ENTERPRISE, GITHUB_ORGS
from agent_spend.sandbox.state import SandboxState

TOKEN = "ghp_sandbox"
MEMBER_TOKEN = "ghp_member"
_METRICS_DOCS = "https://docs.github.com/rest/copilot/copilot-usage-metrics"


def routes(sandbox: SandboxState) -> list[Route]:
    """Every simulated GitHub path; see the module's text for the switches."""
    budget = _Budget(sandbox)

    def answered(request: Request, handler: Callable[[], Response]) -> Response:
        limits, is_over = budget.spend()
        try:
            if is_over:
                raise Refusal(403, "API rate limit exceeded for user ID 1.")
            _authenticate(request)
            _check_scope(sandbox, request)
            response = handler()
        except Refusal as refusal:
            response = refusal.response()
        response.headers.update(limits)
        return response

    def api(path: str, handler: Callable[[SandboxState, Request], Response]) -> Route:
        def answer(request: Request) -> Response:
            return answered(request, lambda: handler(sandbox, request))

        return Route("/github" + path, answer, methods=["GET"])

    async def graphql(request: Request) -> Response:
        body = await request.body()
        return answered(request, lambda: copilot_identities.graphql(sandbox, body))

    def open_file(request: Request) -> Response:
        return copilot_reports.file(sandbox, request)

    both = ("/enterprises/{enterprise}", "/orgs/{org}")
    # The billing platform and SCIM spell organizations out.
    owners = ("/enterprises/{enterprise}", "/organizations/{org}")
    bills = [f"{owner}/settings/billing" for owner in owners]
    return [
        *(api(f"{scope}/copilot/metrics/reports/users-1-day", copilot_reports.users_1_day) for scope in both),
        *(api(f"{scope}/copilot/metrics/reports/users-28-day/latest", copilot_reports.users_28_day) for scope in both),
        *(api(f"{scope}/copilot/metrics/reports/user-teams-1-day", copilot_reports.user_teams_1_day) for scope in both),
        *(api(f"{scope}/copilot/billing/seats", copilot_directory.seats) for scope in both),
        *(api(f"{bill}/usage", copilot_billing_api.usage) for bill in bills),
        *(api(f"{bill}/usage/summary", copilot_billing_api.usage_summary) for bill in bills),
        *(api(f"{bill}/ai_credit/usage", copilot_billing_api.ai_credit_usage) for bill in bills),
        *(api(f"{bill}/premium_request/usage", copilot_billing_api.premium_request_usage) for bill in bills),
        api(f"{bills[0]}/cost-centers", copilot_billing_api.cost_centers),
        api("/enterprises/{enterprise}/teams", copilot_directory.enterprise_teams),
        api("/enterprises/{enterprise}/teams/{slug}/memberships", copilot_directory.enterprise_team_members),
        api("/orgs/{org}/teams", copilot_directory.teams),
        api("/orgs/{org}/teams/{slug}/members", copilot_directory.team_members),
        api("/enterprises/{enterprise}/consumed-licenses", copilot_directory.consumed_licenses),
        *(api(f"/scim/v2{owner}/Users", copilot_identities.scim_users) for owner in owners),
        Route("/github/graphql", graphql, methods=["POST"]),
        Route("/github/_report_files/{path:path}", open_file, methods=["GET"]),
    ]


def _authenticate(request: Request) -> None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if not token:
        raise Refusal(401, "Requires authentication")
    if kind.lower() not in ("bearer", "token") or token not in (TOKEN, MEMBER_TOKEN):
        raise Refusal(401, "Bad credentials")
    if token == MEMBER_TOKEN:
        raise Refusal(403, "Resource not accessible: requires admin, or relevant organization role access")


def _check_scope(sandbox: SandboxState, request: Request) -> None:
    enterprise, org = request.path_params.get("enterprise"), request.path_params.get("org")
    switch = sandbox.options.get("copilot_enterprise")
    if enterprise is not None and switch == "forbidden":
        raise Refusal(403, "Must have enterprise owner or billing manager access")
    if enterprise is not None and (enterprise != ENTERPRISE or switch == "missing"):
        raise Refusal(404, "Not Found")
    if org is not None and org not in GITHUB_ORGS:
        raise Refusal(404, "Not Found")
    if "/copilot/metrics/" in request.url.path and sandbox.options.get("copilot_policy") == "off":
        raise Refusal(403, "The 'Copilot usage metrics' policy must be enabled to use this API", _METRICS_DOCS)


class _Budget:
    """The primary rate limit of one token, with the headers GitHub puts on every answer."""

    def __init__(self, sandbox: SandboxState):
        self._sandbox = sandbox
        self._lock = threading.Lock()
        self._used = 0
        self._reset = int(time.time()) + 3600

    def spend(self) -> tuple[dict[str, str], bool]:
        """Count one request; gives the headers and whether the limit refuses it."""
        limit = int(self._sandbox.options.get("github_rate_limit", "15000"))
        with self._lock:
            if time.time() >= self._reset:
                self._used, self._reset = 0, int(time.time()) + 3600
            self._used += 1
            used = min(self._used, limit)
            headers = {
                "x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(limit - used),
                "x-ratelimit-used": str(used), "x-ratelimit-reset": str(self._reset), "x-ratelimit-resource": "core",
            }
            return headers, self._used > limit
