"""Simulated GitHub billing usage reports: ``usage``, ``usage/summary``, ``ai_credit/usage``, ``premium_request/usage``.

The company is billed at its enterprise, so its organizations have no bill of their own: 404, as such tenants see. Switches:
``github_organizations=standalone`` gives them one; ``copilot_premium_requests`` is how many of these each day has.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from agent_spend.partitions import month_end
from agent_spend.sandbox.copilot_billing import bill_line, credit_lines, merged, summary_lines
from agent_spend.sandbox.copilot_records import UNMATCHED_ORG
from agent_spend.sandbox.copilot_replies import Refusal, json_reply
from agent_spend.sandbox.scenario import ENTERPRISE
from agent_spend.sandbox.state import SandboxState


def ai_credit_usage(sandbox: SandboxState, request: Request) -> Response:
    """Credits by SKU and model for a month or a day."""
    return _report(sandbox, request, lambda day: credit_lines(sandbox.scenario, day, sandbox.is_restated))


def premium_request_usage(sandbox: SandboxState, request: Request) -> Response:
    """Premium requests by SKU and model for a month or a day; GitHub counts none since June 2026."""
    return _report(sandbox, request, lambda day: [{"model": "GPT-5"} | line for line in _premium_requests(sandbox)])


def usage_summary(sandbox: SandboxState, request: Request) -> Response:
    """Every product by SKU for a month or a day."""
    return _report(
        sandbox, request,
        lambda day: [*summary_lines(sandbox.scenario, day, sandbox.is_restated), *_premium_requests(sandbox)],
    )  # fmt: skip


def usage(sandbox: SandboxState, request: Request) -> Response:
    """Every product by day and SKU, without a model and without the split of the quantity."""
    _, days = _asked(sandbox, request)
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


def _premium_requests(sandbox: SandboxState) -> list[dict]:
    quantity = Decimal(sandbox.options.get("copilot_premium_requests", "0"))
    return [bill_line("copilot_premium_request", "requests", Decimal("0.04"), quantity, Decimal(0))] if quantity else []


def _report(sandbox: SandboxState, request: Request, lines_of: Callable[[date], list[dict]]) -> Response:
    period, days = _asked(sandbox, request)
    lines = merged([lines_of(day) for day in days])
    owner = {"organization": request.path_params["org"]} if "org" in request.path_params else {"enterprise": ENTERPRISE}
    return json_reply({"timePeriod": period, **owner, "usageItems": _filtered(request, lines)})


def _asked(sandbox: SandboxState, request: Request) -> tuple[dict, list[date]]:
    """The period asked for and its days, once it is clear that there is a bill."""
    is_by_person = bool(request.query_params.get("user"))
    if "org" in request.path_params and sandbox.options.get("github_organizations") != "standalone":
        if is_by_person:
            raise Refusal(403, "Organization admins for enterprise owned organizations cannot filter usage by user")
        raise Refusal(404, "Not Found")
    if is_by_person:
        # The sandbox keeps no bill by person: it knows who exists, and refuses the rest as GitHub does.
        raise Refusal(404, "Not Found")
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
