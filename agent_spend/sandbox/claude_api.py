"""The simulated Anthropic Admin API under ``/anthropic``."""

from starlette.routing import Route

from agent_spend.sandbox import claude_analytics, claude_enterprise, claude_entities, claude_reports
from agent_spend.sandbox.claude_http import endpoint
from agent_spend.sandbox.state import SandboxState

_BASE = "/anthropic/v1/organizations"
_HANDLERS = {
    "/me": claude_entities.organization,
    "/api_keys": claude_entities.api_keys,
    "/workspaces": claude_entities.workspaces,
    "/workspaces/{workspace_id}": claude_entities.workspace,
    "/users": claude_entities.users,
    "/usage_report/messages": claude_reports.usage_report,
    "/usage_report/claude_code": claude_reports.claude_code_report,
    "/cost_report": claude_reports.cost_report,
    "/analytics/cost": claude_analytics.cost,
    "/analytics/usage": claude_analytics.usage,
}
#: What an Enterprise key may read; two of the paths are shared by both kinds of organisation.
_ENTERPRISE_HANDLERS = {
    "/analytics/cost": claude_enterprise.cost,
    "/analytics/usage": claude_enterprise.usage,
    "/analytics/cost_report": claude_enterprise.cost_report,
    "/analytics/user_cost_report": claude_enterprise.user_cost_report,
    "/analytics/usage_report": claude_enterprise.usage_report,
    "/analytics/user_usage_report": claude_enterprise.user_usage_report,
    "/analytics/summaries": claude_enterprise.summaries,
    "/analytics/users": claude_enterprise.users,
}


def routes(sandbox: SandboxState) -> list[Route]:
    """Every documented path this sandbox serves."""
    return [
        Route(_BASE + path, endpoint(sandbox, _HANDLERS.get(path), _ENTERPRISE_HANDLERS.get(path)), methods=["GET"])
        for path in {**_HANDLERS, **_ENTERPRISE_HANDLERS}
    ]
