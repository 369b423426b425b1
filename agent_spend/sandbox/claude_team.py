"""The exports an admin of the simulated Team plan leaves in a folder: seats once, spend day by day."""

import csv
from decimal import Decimal
from pathlib import Path

from agent_spend.sandbox.claude_company import subscribers
from agent_spend.sandbox.claude_messages import SONNET
from agent_spend.sandbox.prices import served_model
from agent_spend.sandbox.scenario import Scenario

_SPEND_COLUMNS = ("user_email", "account_uuid", "product", "model", "model_family", "total_requests",
                  "total_prompt_tokens", "total_completion_tokens", "total_net_spend_usd", "total_gross_spend_usd")


def write_files(scenario: Scenario, folder: Path) -> None:
    """Write ``seats-<first day>.csv`` and a ``usage-<day>.csv`` for each of the last three days."""
    folder.mkdir(parents=True, exist_ok=True)
    seats = [{"Email": person.email, "Seat Tier": "Standard"} for person in subscribers(scenario)]
    _write(folder / f"seats-{scenario.first_day}.csv", ("Email", "Seat Tier"), seats)
    for day, rows in spend_rows(scenario).items():
        _write(folder / f"usage-{day}.csv", _SPEND_COLUMNS, rows)


def spend_rows(scenario: Scenario) -> dict[str, list[dict]]:
    """Usage credits of the last three days: one heavy user beyond the seat's allowance."""
    person = scenario.incidents.seat_cron_person
    days = {}
    for day in scenario.calendar[-3:]:
        rng = scenario.rng("claude_team_spend", day)
        gross = Decimal(rng.randint(120, 900)) / 100
        days[day.isoformat()] = [{
            "user_email": person.email, "account_uuid": f"00000000-0000-4000-8000-{person.number:012d}",
            "product": "Claude Code", "model": served_model(SONNET, day), "model_family": "Sonnet",
            "total_requests": rng.randint(20, 90), "total_prompt_tokens": rng.randint(100_000, 900_000),
            "total_completion_tokens": rng.randint(10_000, 60_000), "total_net_spend_usd": gross,
            "total_gross_spend_usd": gross,
        }]
    return days


def credits_usd_by_month(scenario: Scenario) -> dict[str, Decimal]:
    """What the plan charges for usage credits, by month (``YYYY-MM``); months without any are left out."""
    months: dict[str, Decimal] = {}
    for day, rows in spend_rows(scenario).items():
        months[day[:7]] = months.get(day[:7], Decimal(0)) + sum(row["total_net_spend_usd"] for row in rows)
    return months


def _write(path: Path, columns: tuple[str, ...], rows: list[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
