"""The simulated company's Copilot bill: credits against the pool that its seats bring, and the seats themselves.

GitHub's rules as documented: 1,900 credits a Business seat and month, pooled, reset on the first of the month at 00:00
UTC; beyond the pool a credit is 0.01 USD; a removed seat is billed to the end of the month.
"""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from agent_spend.partitions import month_end, month_start
from agent_spend.sandbox.copilot_records import user_records
from agent_spend.sandbox.scenario import Scenario

SEAT_USD = Decimal(19)
CREDITS_A_SEAT = Decimal(1900)
USD_A_CREDIT = Decimal("0.01")
#: Shares of a day's credits by model, as billing names models; the last one takes what rounding leaves.
MODEL_SHARES = (
    ("Claude Sonnet 4.6", Decimal("0.55")), ("Auto: Claude Haiku 4.5", Decimal("0.25")), ("Coding Agent model", None)
)  # fmt: skip


def seats_in(scenario: Scenario, day: date) -> int:
    """Seats billed for the month of ``day``: everyone employed on its first day, and the contractor."""
    return sum(scenario.is_employed(person, month_start(day)) for person in scenario.people) + 1


def pool_in(scenario: Scenario, day: date) -> Decimal:
    """Credits included for the month of ``day``."""
    return seats_in(scenario, day) * CREDITS_A_SEAT


@lru_cache(maxsize=4096)
def credits_on(scenario: Scenario, day: date, is_restated: bool = True) -> Decimal:
    """Credits consumed on ``day``, by everyone whose record says how many."""
    values = (record.get("ai_credits_used") for record in user_records(scenario, day, is_restated))
    return sum((value for value in values if value is not None), Decimal(0))


def covered_on(scenario: Scenario, day: date, is_restated: bool = True) -> Decimal:
    """The part of the day's credits that the pool still covers; a day in the month may be covered in part."""
    first = month_start(day)
    used = sum(
        (credits_on(scenario, other, is_restated) for other in scenario.calendar if first <= other < day), Decimal(0)
    )
    left = max(Decimal(0), pool_in(scenario, day) - used)
    return min(left, credits_on(scenario, day, is_restated))


def credit_lines(scenario: Scenario, day: date, is_restated: bool = True) -> list[dict]:
    """The day's lines by model, in the shape of ``ai_credit/usage``; the pool is used up from the first line on."""
    gross, covered = credits_on(scenario, day, is_restated), covered_on(scenario, day, is_restated)
    lines, left, rest = [], covered, gross
    for model, share in MODEL_SHARES:
        quantity = rest if share is None else round(gross * share, 6)
        discount = min(quantity, left)
        left, rest = left - discount, rest - quantity
        if quantity:
            lines.append({"model": model} | bill_line("Copilot AI Credits", "ai-credits", USD_A_CREDIT, quantity, discount))
    return lines


def seat_quantity_on(scenario: Scenario, day: date) -> Decimal:
    """User-months of one day: equal shares of the month whose sum over the month is exactly the number of seats."""
    seats, days = seats_in(scenario, day), month_end(day).day
    return _share(seats, day.day, days) - _share(seats, day.day - 1, days)


def summary_lines(scenario: Scenario, day: date, is_restated: bool = True) -> list[dict]:
    """The day's lines by SKU, in the shape of ``usage/summary``; with a product that is not Copilot."""
    if not month_start(scenario.first_day) <= day <= scenario.end_day:
        return []
    gross, covered = credits_on(scenario, day, is_restated), covered_on(scenario, day, is_restated)
    lines = [bill_line("Copilot AI Credits", "ai-credits", USD_A_CREDIT, gross, covered)] if gross else []
    lines.append(bill_line("copilot_for_business", "user-months", SEAT_USD, seat_quantity_on(scenario, day), Decimal(0)))
    minutes = Decimal(40 + day.day)
    return [*lines, bill_line("Actions Linux", "Minutes", Decimal("0.006"), minutes, minutes, product="Actions")]


def merged(days: list[list[dict]]) -> list[dict]:
    """Lines of several days as one line an SKU and model, as GitHub answers for a month."""
    sums: dict[tuple, dict] = {}
    for line in (line for lines in days for line in lines):
        key = (line["sku"], line.get("model"))
        if key not in sums:
            sums[key] = dict(line)
            continue
        for name, value in line.items():
            if name.endswith(("Quantity", "Amount")):
                sums[key][name] += value
    return list(sums.values())


def _share(seats: int, days: int, days_in_month: int) -> Decimal:
    return round(Decimal(seats) * days / days_in_month, 10)


def bill_line(sku: str, unit: str, price: Decimal, quantity: Decimal, discount: Decimal, product: str = "Copilot") -> dict:
    """One line of a report; ``discount`` of ``quantity`` is covered."""
    net = quantity - discount
    return {
        "product": product, "sku": sku, "unitType": unit, "pricePerUnit": price,
        "grossQuantity": quantity, "grossAmount": quantity * price,
        "discountQuantity": discount, "discountAmount": discount * price,
        "netQuantity": net, "netAmount": net * price,
    }  # fmt: skip
