"""The Claude part of the answer key: what every figure must be, computed from the simulated truth and nothing else."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from agent_spend.sandbox.claude_code import code_records
from agent_spend.sandbox.claude_company import (
    ANALYTICS_LAG_DAYS,
    PROD,
    console_developers,
    machine_keys,
    registry_rows,
    subscribers,
)
from agent_spend.sandbox.claude_messages import code_execution_cents, cost_lines, list_usd, messages_records
from agent_spend.sandbox.claude_team import credits_usd_by_month
from agent_spend.sandbox.prices import TOKEN_TYPES, WEB_SEARCH_USD, list_rate
from agent_spend.sandbox.scenario import Scenario

__all__ = ["answer_key", "billed_usd_by_month", "code_records", "cost_lines", "messages_records", "registry_rows"]

#: How the answer key writes what the reports leave null.
NO_KEY, NO_MODEL, DEFAULT_WORKSPACE = "(no key)", "(no model)", "(default)"


def answer_key(scenario: Scenario) -> dict:
    """Claude figures of the whole scenario. Money in USD as exact decimal strings; days and months are ISO text.

    ``list_usd`` is tokens and web searches at list price, models without a price left out; up to ``analytics_last_day``,
    the last day that the analytics API has completed, the vendor states it and includes code execution. ``billed_usd``
    is the cost report. ``difference_usd`` is billed minus list: the unlisted model plus code execution after that day.
    """
    listed, billed = _listed(scenario), _billed(scenario)
    return {
        "analytics_last_day": analytics_last_day(scenario).isoformat(),
        "list_usd": {name: _text(amounts) for name, amounts in listed.items()},
        "billed_usd": {name: _text(amounts) for name, amounts in billed.items()},
        "difference_usd": {
            name: _text({key: billed[name][key] - listed[name].get(key, Decimal(0)) for key in billed[name]})
            for name in ("total", "by_day", "by_month")
        },
        "code_execution_usd_by_day": _text({
            day.isoformat(): code_execution_cents(scenario, day) / 100 for day in scenario.calendar if day.weekday() == 1
        }),
        "usage_credits_usd": {"by_month": _text(credits_usd_by_month(scenario))},
        "tokens": _tokens(scenario),
        "unpriced": _unpriced(scenario),
        "claude_code": _claude_code(scenario),
        "keys": _keys(scenario),
        "people": {
            "console": [person.email for person in console_developers(scenario)],
            "subscription": [person.email for person in subscribers(scenario)],
        },
        "rows": {
            "claude_api_usage": sum(len(messages_records(scenario, day)) for day in scenario.calendar),
            "claude_api_cost": sum(len(cost_lines(scenario, day)) for day in scenario.calendar),
            "claude_code_usage": sum(len(r.models) for day in scenario.calendar for r in code_records(scenario, day)),
        },
    }


def analytics_last_day(scenario: Scenario) -> date:
    """The last day whose figures come from the analytics API."""
    return scenario.end_day - timedelta(days=ANALYTICS_LAG_DAYS)


def billed_usd_by_month(scenario: Scenario) -> dict[str, Decimal]:
    """What the vendor bills for usage in each month (``YYYY-MM``); the base of its invoices."""
    return dict(_billed(scenario)["by_month"])


def _listed(scenario: Scenario) -> dict[str, dict[str, Decimal]]:
    sums = _Sums()
    machines = {key.key_id: key for key in machine_keys(scenario)}
    for day in scenario.calendar:
        for record in messages_records(scenario, day):
            usd = list_usd(record, day)
            if usd is None:
                continue
            key_id = record.api_key_id or NO_KEY
            sums.add(day, usd, record.workspace_id)
            sums["by_key"][key_id] += usd
            sums["by_model"][record.model] += usd
            sums["by_key_month"][f"{key_id} {day:%Y-%m}"] += usd
            sums["web_search"]["total"] += record.web_searches * WEB_SEARCH_USD
            if key_id in machines or key_id == NO_KEY:
                sums["by_machine_key_day"][f"{key_id} {day}"] += usd
                environment = machines[key_id].environment if key_id in machines else None
                sums["by_machine_environment"][environment or "(none)"] += usd
        if day.weekday() == 1 and day <= analytics_last_day(scenario):
            usd = code_execution_cents(scenario, day) / 100
            sums.add(day, usd, PROD)
            sums["by_key"][NO_KEY] += usd
            sums["by_key_month"][f"{NO_KEY} {day:%Y-%m}"] += usd
            sums["by_model"][NO_MODEL] += usd
            sums["code_execution"]["total"] += usd
    return sums


def _billed(scenario: Scenario) -> dict[str, dict[str, Decimal]]:
    sums = _Sums()
    for day in scenario.calendar:
        for line in cost_lines(scenario, day):
            usd = line.cents / 100
            sums.add(day, usd, line.workspace_id)
            sums["by_cost_type"][line.cost_type] += usd
            if line.model:
                sums["by_model"][line.model] += usd
    return sums


class _Sums(defaultdict):
    """Named groups of exact sums: ``sums[group][key]``."""

    def __init__(self):
        super().__init__(lambda: defaultdict(Decimal))

    def add(self, day: date, usd: Decimal, workspace_id: str | None) -> None:
        self["total"]["usd"] += usd
        self["by_day"][day.isoformat()] += usd
        self["by_month"][f"{day:%Y-%m}"] += usd
        self["by_workspace"][workspace_id or DEFAULT_WORKSPACE] += usd


def _tokens(scenario: Scenario) -> dict:
    by_day = {}
    for day in scenario.calendar:
        columns = zip(*(record.tokens for record in messages_records(scenario, day)), strict=True)
        by_day[day.isoformat()] = dict(zip(TOKEN_TYPES, map(sum, columns), strict=True))
    total = {name: sum(day[name] for day in by_day.values()) for name in TOKEN_TYPES}
    searches = sum(r.web_searches for day in scenario.calendar for r in messages_records(scenario, day))
    return {"by_day": by_day, "total": total, "web_search_requests": searches}


def _unpriced(scenario: Scenario) -> dict:
    day = scenario.incidents.unpriced_day
    records = [r for r in messages_records(scenario, day) if list_rate(r.model, day) is None]
    cents = sum((line.cents for line in cost_lines(scenario, day)
                 if line.model == scenario.incidents.unpriced_model), Decimal(0))
    return {
        "model": scenario.incidents.unpriced_model,
        "day": day.isoformat(),
        "rows": len(records),
        "api_key_id": records[0].api_key_id,
        "tokens": dict(zip(TOKEN_TYPES, map(sum, zip(*(r.tokens for r in records), strict=True)), strict=True)),
        "total_tokens": sum(sum(r.tokens) for r in records),
        "billed_usd": _plain(cents / 100),
    }


def _claude_code(scenario: Scenario) -> dict:
    """The report's own estimates. Those of ``subscription`` records are a list value that no one is billed."""
    months: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    cron: dict[str, Decimal] = {}
    cron_email = scenario.incidents.seat_cron_person.email
    for day in scenario.calendar:
        for record in code_records(scenario, day):
            usd = sum((Decimal(use.estimated_cents) for use in record.models), Decimal(0)) / 100
            actor = record.email or record.api_key_name
            months[f"{record.customer_type}_usd_by_actor_month"][f"{actor} {day:%Y-%m}"] += usd
            months[f"{record.customer_type}_usd_by_month"][f"{day:%Y-%m}"] += usd
            if record.email == cron_email and record.terminal_type == "non-interactive":
                cron[day.isoformat()] = usd
    return {
        **{name: _text(amounts) for name, amounts in months.items()},
        "seat_cron": {"email": cron_email, "terminal_type": "non-interactive", "usd_by_day": _text(cron)},
    }


def _keys(scenario: Scenario) -> list[dict]:
    return [
        {
            "key_id": key.key_id,
            "key_name": key.name,
            "workspace_id": key.workspace_id,
            "environment": key.environment,
            "cost_center": key.cost_center,
            "is_tagged": key.is_tagged,
            "status": key.status,
        }
        for key in machine_keys(scenario)
    ]


def _text(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {key: _plain(amount) for key, amount in sorted(amounts.items())}


def _plain(amount: Decimal) -> str:
    """Exact digits without exponent or trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
