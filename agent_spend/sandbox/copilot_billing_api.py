"""Simulated GitHub billing usage reports: ``usage``, ``usage/summary`` and ``ai_credit/usage``, and cost centers.

The company is billed at its enterprise, so its organizations have no bill of their own: 404, as such tenants see.
"""

from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response

from agent_spend.partitions import month_end
from agent_spend.sandbox.copilot_billing import credit_lines, merged, summary_lines
from agent_spend.sandbox.copilot_records import UNMATCHED_ORG
from agent_spend.sandbox.copilot_replies import Refusal, json_reply
from agent_spend.sandbox.scenario import ENTERPRISE
from agent_spend.sandbox.state import SandboxState


def ai_credit_usage(sandbox: SandboxState, request: Request) -> Response:
    """Credits by SKU and model for a month or a day."""
    if request.query_params.get("user"):
        # The sandbox keeps no bill by person: it knows who exists, and refuses the rest as GitHub does.
        raise Refusal(404, "Not Found")
    period, days = _period(sandbox, request)
    lines = merged([credit_lines(sandbox.scenario, day, sandbox.is_restated) for day in days])
    return json_reply({"timePeriod": period, "enterprise": ENTERPRISE, "usageItems": _filtered(request, lines)})


def usage_summary(sandbox: SandboxState, request: Request) -> Response:
    """Every product by SKU for a month or a day."""
    period, days = _period(sandbox, request)
    lines = merged([summary_lines(sandbox.scenario, day, sandbox.is_restated) for day in days])
    return json_reply({"timePeriod": period, "enterprise": ENTERPRISE, "usageItems": _filtered(request, lines)})


def usage(sandbox: SandboxState, request: Request) -> Response:
    """Every product by day and SKU, without a model and without the split of the quantity."""
    _, days = _period(sandbox, request)
    items = [
        {
            "date": day.isoformat(), "product": line["product"], "sku": line["sku"], "quantity": line["grossQuantity"],
            "unitType": line["unitType"], "pricePerUnit": line["pricePerUnit"], "grossAmount": line["grossAmount"],
            "discountAmount": line["discountAmount"], "netAmount": line["netAmount"],
            "organizationName": UNMATCHED_ORG, "repositoryName": "",
        }
        for day in days
        for line in summary_lines(sandbox.scenario, day, sandbox.is_restated)
    ]  # fmt: skip
    return json_reply({"usageItems": _filtered(request, items)})


def cost_centers(sandbox: SandboxState, request: Request) -> Response:
    """The company keeps no cost centers at GitHub."""
    return json_reply({"costCenters": []})


def no_bill(sandbox: SandboxState, request: Request) -> Response:
    """Any billing report of an organization that its enterprise pays for."""
    if request.query_params.get("user"):
        raise Refusal(403, "Organization admins for enterprise owned organizations cannot filter usage by user")
    raise Refusal(404, "Not Found")


def _period(sandbox: SandboxState, request: Request) -> tuple[dict, list[date]]:
    newest = sandbox.scenario.end_day
    try:
        year = int(request.query_params.get("year", newest.year))
        month = int(request.query_params.get("month", newest.month))
        day = int(request.query_params["day"]) if "day" in request.query_params else None
        first = date(year, month, day or 1)
    except ValueError:
        raise Refusal(400, "Invalid year, month or day") from None
    if day:
        return {"year": year, "month": month, "day": day}, [first]
    days = [first + timedelta(days=n) for n in range(month_end(first).day)]
    return {"year": year, "month": month}, days


def _filtered(request: Request, lines: list[dict]) -> list[dict]:
    for name in ("product", "sku", "model"):
        if wanted := request.query_params.get(name):
            lines = [line for line in lines if str(line.get(name, "")).lower() == wanted.lower()]
    return lines
