"""Reported money: which attribute states a span's cost, as data, and the amount in USD made of it (card 4.3)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

import msgspec

from agent_spend.sources.agent_traces.rules import CostRule
from agent_spend.sources.agent_traces.tokens import is_repeating
from agent_spend.sources.agent_traces.values import Attributes, Value, number, text

_USD_STEP = Decimal("0.000000000001")

#: Money (card 4.3 without its last two steps, the price book and "unpriced", which belong to SQL). Never money are
#: github.copilot.cost (a multiplier), gen_ai.aggregated_usage.cost (totals of children) and db.operation.cost.
COSTS: tuple[CostRule, ...] = (
    CostRule(("gen_ai.usage.cost.amount",), currency_key="gen_ai.usage.cost.currency"),
    CostRule(("litellm.cost.total",)),
    CostRule(("gen_ai.cost.total_cost",)),
    CostRule(("gen_ai.usage.cost",)),
    CostRule(("gen_ai.usage.cost_usd",)),
    CostRule(("gen_ai.usage.total_cost",)),
    CostRule(("operation.cost",)),
    CostRule(("llm.cost.total",)),
    CostRule(("llm.cost.prompt", "llm.cost.completion")),
    CostRule(("langfuse.observation.cost_details",), json_member="total", or_sum_of_map=True),
    CostRule(("mlflow.llm.cost",), json_member="total_cost"),
    CostRule(("cost_usd",)),
    CostRule(("cost_usd_micros",), scale="0.000001"),
    # 1e9 nano-units make one AI unit, valued at 0.01 USD (card section 6; unit equals credit is UNCERTAIN there).
    CostRule(("github.copilot.nano_aiu",), scale="0.00000000001"),
)

#: A single span above this is a unit mistake (cents, micros), not a price; its cost is ignored and counted.
MAX_REPORTED_USD = Decimal("10000")


@dataclass(frozen=True)
class Cost:
    """Reported money of one span.

    ``is_rejected``: a value was there, but negative or above the cap. ``foreign_currency``: what an amount that was
    passed over is in.
    """

    usd: Decimal | None = None
    source: str | None = None
    is_rejected: bool = False
    foreign_currency: str | None = None


def cost(span: Attributes) -> Cost:
    """The money the span itself states, by the first cost rule that applies (card 4.3)."""
    if is_repeating(span):
        return Cost()
    foreign = None
    for rule in COSTS:
        if any(span.get(key) is None for key in rule.keys):
            continue
        if rule.currency_key and (currency := (text(span.get(rule.currency_key)) or "USD").upper()) != "USD":
            foreign = currency
            continue
        if rule.json_member or rule.or_sum_of_map:
            amount = json_amount(span[rule.keys[0]], rule.json_member, rule.or_sum_of_map)
        else:
            parts = [number(span[key]) for key in rule.keys]
            amount = None if None in parts else sum(parts, Decimal(0))
        if amount is None:
            continue
        amount = round_usd(amount, Decimal(rule.scale))
        if not 0 <= amount <= MAX_REPORTED_USD:
            return Cost(is_rejected=True, foreign_currency=foreign)
        return Cost(amount, rule.source, foreign_currency=foreign)
    return Cost(foreign_currency=foreign)


def round_usd(amount: Decimal, scale: Decimal = Decimal(1)) -> Decimal:
    """``amount * scale`` with twelve decimals, half away from zero as SQL rounds."""
    with localcontext(prec=80):
        return (amount * scale).quantize(_USD_STEP, rounding=ROUND_HALF_UP)


def json_amount(value: Value | None, member: str, or_sum_of_map: bool) -> Decimal | None:
    """Amount ``member`` of a JSON map held as text, else (where asked) the sum of the map, with the text's digits."""
    if not isinstance(value, str):
        return None
    try:
        # Typed decoding: the digits of the text, not a float.
        written = msgspec.json.decode(value, type=dict[str, Decimal | None])
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
        return None
    amounts = {name: amount for name, said in written.items() if (amount := number(said)) is not None}
    if member in amounts:
        return amounts[member]
    return sum(amounts.values(), Decimal(0)) if or_sum_of_map and amounts else None
