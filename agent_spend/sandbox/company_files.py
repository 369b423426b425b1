"""Files the simulated company keeps itself: HR export, key registry, vendors' invoices; and their answer key."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib import import_module
from pathlib import Path

from agent_spend.partitions import month_end, month_start
from agent_spend.sandbox import company_budgets
from agent_spend.sandbox.scenario import Person, Scenario

COPILOT_SEAT_USD, COPILOT_CREDITS_A_SEAT, USD_A_CREDIT = Decimal(19), 1900, Decimal("0.01")
CLAUDE_SEAT_USD = Decimal(25)
CURSOR_TAX_RATE = Decimal("0.08875")

ROSTER_COLUMNS = (
    "person_id", "name", "email", "github_login", "github_user_id", "org", "squad", "cost_center", "manager_email",
    "valid_from", "valid_to",
)  # fmt: skip
REGISTRY_COLUMNS = ("vendor", "key_id", "key_name", "environment", "cost_center", "owner_email", "workspace_id")
INVOICE_COLUMNS = (
    "vendor", "invoice_id", "line_number", "issued_day", "period_start_day", "period_end_day", "charge_kind",
    "description", "quantity", "currency", "amount",
)  # fmt: skip


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice; ``amount_usd`` is in whole cents, as vendors bill. ``days`` is its month where it names none."""

    vendor: str
    invoice_id: str
    charge_kind: str
    description: str
    amount_usd: Decimal
    quantity: Decimal | None = None
    days: tuple[date, date] | None = None


def write_files(scenario: Scenario, folder: Path) -> dict[str, Path]:
    """Write ``roster.csv``, ``key_registry.csv`` and ``invoices/<month>-<vendor>.csv`` below ``folder``.

    Returns:
        ``roster``, ``key_registry`` (files) and ``invoices`` (folder; empty while no month of the scenario is closed).
    """
    paths = {
        "roster": folder / "roster.csv",
        "key_registry": folder / "key_registry.csv",
        "invoices": folder / "invoices",
    }
    paths["invoices"].mkdir(parents=True, exist_ok=True)
    _write(paths["roster"], ROSTER_COLUMNS, roster_rows(scenario))
    _write(paths["key_registry"], REGISTRY_COLUMNS, registry_rows(scenario))
    for month in closed_months(scenario):
        for vendor in ("github_copilot", "anthropic", "cursor"):
            lines = [line for line in invoice_lines(scenario, month) if line.vendor == vendor]
            _write(paths["invoices"] / f"{month:%Y-%m}-{vendor}.csv", INVOICE_COLUMNS, _invoice_rows(month, lines))
    return paths


def answer_key(scenario: Scenario) -> dict:
    """What the three sources and the budgets must show; money as decimal strings, days as ISO text.

    ``invoices`` is vendor -> month (``YYYY-MM``) -> charge kind -> USD, plus ``total``. A month that is not closed has the
    days of Cursor's running cycle alone, whose seats are billed at its beginning.
    """
    incidents = scenario.incidents
    moved = incidents.squad_change_person
    return {
        "roster": {
            "people_by_day": {
                day.isoformat(): sum(scenario.is_employed(person, day) for person in scenario.people)
                for day in scenario.calendar
            },
            "squad_change": {
                "person_id": moved.person_id,
                "first_day_in_new_squad": incidents.squad_change_day.isoformat(),
                "old_squad": moved.squad,
                "new_squad": scenario.squad_of(moved, incidents.squad_change_day),
            },
            "leaver": {"person_id": incidents.leaver.person_id, "last_day": incidents.leave_day.isoformat()},
            "unmatched_login": incidents.unmatched_login,
        },
        "key_registry": {"keys": len(registry_rows(scenario)), "untagged_key_id": incidents.untagged_key_id},
        "invoices": _invoice_sums(scenario),
        "budgets": company_budgets.answer_key(
            scenario,
            import_module("agent_spend.sandbox.claude_usage").answer_key(scenario)["list_usd"]["by_key_month"],
            import_module("agent_spend.sandbox.copilot_usage").answer_key(scenario)["list_usd_by_month"],
        ),
    }


def roster_rows(scenario: Scenario) -> list[dict]:
    """The HR export: everyone under the newest login, the squad change as two dated rows, the leaver with an end."""
    incidents = scenario.incidents
    rows = []
    for person in scenario.people:
        last_day = incidents.leave_day if person == incidents.leaver else None
        if person == incidents.squad_change_person:
            change = incidents.squad_change_day
            rows.append(_roster_row(scenario, person, person.squad, None, change - timedelta(days=1)))
            rows.append(_roster_row(scenario, person, scenario.squad_of(person, change), change, last_day))
        else:
            rows.append(_roster_row(scenario, person, person.squad, None, last_day))
    return rows


def registry_rows(scenario: Scenario) -> list[dict]:
    """Tagged Anthropic keys and Cursor service accounts; the forgotten key is absent."""
    accounts = import_module("agent_spend.sandbox.cursor_team")
    environments = {accounts.TRIAGE_ACCOUNT: "prod", accounts.CI_ACCOUNT: "staging"}
    cursor = [
        {
            "vendor": "cursor", "key_id": account.service_account_id, "key_name": account.name,
            "environment": environments[account], "cost_center": "CC-420",
            "owner_email": "lead-platform@acme.test", "workspace_id": "",
        }
        for account in accounts.SERVICE_ACCOUNTS
    ]  # fmt: skip
    return [*import_module("agent_spend.sandbox.claude_usage").registry_rows(scenario), *cursor]


def closed_months(scenario: Scenario) -> list[date]:
    """First days of the months that end inside the scenario; the first of them may have begun before it."""
    months = sorted({month_start(day) for day in scenario.calendar})
    return [month for month in months if month_end(month) <= scenario.end_day]


def invoice_lines(scenario: Scenario, month: date) -> list[InvoiceLine]:
    """Every line that the three vendors invoice for ``month``; usage covers its days inside the scenario."""
    return [*_copilot_lines(scenario, month), *_anthropic_lines(scenario, month), *_cursor_lines(scenario, month)]


def _copilot_lines(scenario: Scenario, month: date) -> Iterable[InvoiceLine]:
    """Seats, and credits beyond the pool that the seats bring; within the pool the usage line is 0.00."""
    invoice = f"GH-{month:%Y%m}"
    # The contractor without a roster entry holds a seat as well.
    seats = Decimal(len(_employed(scenario, scenario.people, month)) + 1)
    listed = import_module("agent_spend.sandbox.copilot_usage").answer_key(scenario)["list_usd_by_month"]
    gross = Decimal(listed.get(f"{month:%Y-%m}", "0"))
    net = max(Decimal(0), gross - seats * COPILOT_CREDITS_A_SEAT * USD_A_CREDIT)
    seat_usd = seats * COPILOT_SEAT_USD
    yield InvoiceLine("github_copilot", invoice, "seat", "Copilot Business, user-months", seat_usd, seats)
    yield InvoiceLine("github_copilot", invoice, "usage", "AI credits beyond the included pool", _cents(net))


def _anthropic_lines(scenario: Scenario, month: date) -> Iterable[InvoiceLine]:
    """Two invoices, as for two organisations: the Console's usage and the Team plan's seats."""
    company = import_module("agent_spend.sandbox.claude_company")
    usage = import_module("agent_spend.sandbox.claude_usage").billed_usd_by_month(scenario)
    seats = Decimal(len(_employed(scenario, company.subscribers(scenario), month)))
    usage_usd, seat_usd = _cents(usage[f"{month:%Y-%m}"]), seats * CLAUDE_SEAT_USD
    yield InvoiceLine("anthropic", f"ANT-API-{month:%Y%m}", "usage", "API usage", usage_usd)
    yield InvoiceLine("anthropic", f"ANT-TEAM-{month:%Y%m}", "seat", "Team, Standard seats", seat_usd, seats)
    credits = import_module("agent_spend.sandbox.claude_team").credits_usd_by_month(scenario).get(f"{month:%Y-%m}")
    if credits:
        yield InvoiceLine("anthropic", f"ANT-TEAM-{month:%Y%m}", "usage", "Team, usage credits", credits)


def _cursor_lines(scenario: Scenario, month: date) -> Iterable[InvoiceLine]:
    """Seats by billing cycle, each on the invoice of the first closed month that it touches; usage and tax by month."""
    on_demand = import_module("agent_spend.sandbox.cursor_usage").answer_key(scenario)["on_demand_usd"]["by_month"]
    invoice, usage_usd = f"CUR-{month:%Y%m}", _cents(Decimal(on_demand.get(f"{month:%Y-%m}", "0")))
    seats_of_month = Decimal(0)
    for cycle in import_module("agent_spend.sandbox.cursor_seats").seat_cycles(scenario):
        seats_of_month += _by_month(cycle.seat_usd, cycle.first_day, cycle.last_day).get(month, Decimal(0))
        if month == next((closed for closed in closed_months(scenario) if cycle.touches(closed)), None):
            yield InvoiceLine(
                "cursor", invoice, "seat", "Teams, Standard seats", cycle.seat_usd, Decimal(cycle.seats),
                (cycle.first_day, cycle.last_day),
            )  # fmt: skip
    yield InvoiceLine("cursor", invoice, "usage", "On-demand usage, all models", usage_usd)
    yield InvoiceLine("cursor", invoice, "tax", "Sales tax 8.875%", _cents((seats_of_month + usage_usd) * CURSOR_TAX_RATE))


def _invoice_sums(scenario: Scenario) -> dict:
    sums: dict[str, dict[str, dict[str, Decimal]]] = {}
    for month in closed_months(scenario):
        for line in invoice_lines(scenario, month):
            for share_month, usd in _by_month(line.amount_usd, *(line.days or (month, month_end(month)))).items():
                # What a cycle has in a month before the scenario is on no day that anybody loads.
                if month_end(share_month) >= scenario.first_day:
                    kinds = sums.setdefault(line.vendor, {}).setdefault(f"{share_month:%Y-%m}", {})
                    for kind in (line.charge_kind, "total"):
                        kinds[kind] = kinds.get(kind, Decimal(0)) + usd
    return {
        vendor: {month: {kind: f"{usd:.2f}" for kind, usd in kinds.items()} for month, kinds in months.items()}
        for vendor, months in sums.items()
    }


def _by_month(usd: Decimal, first: date, last: date) -> dict[date, Decimal]:
    """An amount for the days from ``first`` to ``last`` by month, in cents that add up to it; a period touches two at most."""
    if month_start(first) == month_start(last):
        return {month_start(first): usd}
    before = _cents(usd * ((month_end(first) - first).days + 1) / ((last - first).days + 1))
    return {month_start(first): before, month_start(last): usd - before}


def _invoice_rows(month: date, lines: Sequence[InvoiceLine]) -> list[dict]:
    rows, places = [], {}
    for line in lines:
        places[line.invoice_id] = places.get(line.invoice_id, 0) + 1
        first, last = line.days or (month, month_end(month))
        rows.append(
            {
                "vendor": line.vendor, "invoice_id": line.invoice_id, "line_number": places[line.invoice_id],
                "issued_day": month_end(month) + timedelta(days=1), "period_start_day": first,
                "period_end_day": last, "charge_kind": line.charge_kind, "description": line.description,
                "quantity": line.quantity, "currency": "USD", "amount": f"${line.amount_usd:,.2f}",
            }
        )  # fmt: skip
    return rows


def _roster_row(
    scenario: Scenario, person: Person, squad: str, valid_from: date | None, valid_to: date | None
) -> dict:
    return {
        "person_id": person.person_id, "name": person.name, "email": person.email,
        "github_login": scenario.login_of(person, scenario.end_day), "github_user_id": person.github_user_id,
        "org": person.org, "squad": squad, "cost_center": person.cost_center, "manager_email": person.manager_email,
        "valid_from": valid_from, "valid_to": valid_to,
    }  # fmt: skip


def _employed(scenario: Scenario, people: Sequence[Person], month: date) -> list[Person]:
    # A removed seat is billed to the end of its cycle, so whoever was there on the first day counts.
    return [person for person in people if scenario.is_employed(person, month)]


def _cents(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _write(path: Path, columns: Sequence[str], rows: Iterable[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
