"""List prices the simulated Anthropic bills by, typed from its pricing page, apart from the project's price book.

Two independent copies on purpose: a slip in ``dbt_like_sql/prices/claude_prices.csv`` shows up as a difference between
the simulated bill and our own arithmetic instead of cancelling out.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MILLION = Decimal(1_000_000)
WEB_SEARCH_USD = Decimal("0.01")
CODE_EXECUTION_USD_PER_HOUR = Decimal("0.05")
BATCH_FACTOR = Decimal("0.5")
US_FACTOR = Decimal("1.1")

#: The five token classes in the order of :class:`Rate`, by the names the cost report uses.
TOKEN_TYPES = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)


@dataclass(frozen=True)
class Rate:
    """USD per million tokens of one model from ``first_day`` on."""

    input: Decimal
    write_5m: Decimal
    write_1h: Decimal
    read: Decimal
    output: Decimal
    first_day: date = date(2024, 1, 1)

    @property
    def by_token_type(self) -> dict[str, Decimal]:
        return dict(zip(TOKEN_TYPES, (self.input, self.write_5m, self.write_1h, self.read, self.output), strict=True))


def _rate(input_: str, write_5m: str, write_1h: str, read: str, output: str, first_day: str = "2024-01-01") -> Rate:
    prices = (Decimal(price) for price in (input_, write_5m, write_1h, read, output))
    return Rate(*prices, date.fromisoformat(first_day))


#: Standard-speed rates by model id, newest last. Only models with one flat rate a day.
RATES: dict[str, tuple[Rate, ...]] = {
    "claude-fable-5-2": (_rate("8", "10", "16", "0.20", "40", "2026-11-09"),),
    "claude-fable-5-1": (_rate("10", "12.50", "20", "0.25", "50", "2026-09-01"),),
    "claude-fable-5": (_rate("10", "12.50", "20", "1.00", "50", "2026-06-09"),),
    "claude-opus-5-5": (_rate("4", "5", "8", "0.20", "20", "2026-09-22"),),
    "claude-opus-5": (_rate("5", "6.25", "10", "0.50", "25", "2026-07-24"),),
    "claude-opus-4-8": (_rate("5", "6.25", "10", "0.50", "25"),),
    "claude-opus-4-6": (_rate("5", "6.25", "10", "0.50", "25"),),
    "claude-sonnet-5-5": (
        _rate("2", "2.50", "4", "0.20", "10", "2026-09-28"),
        _rate("2", "2.50", "4", "0.10", "10", "2026-10-07"),
    ),
    "claude-sonnet-5": (_rate("2", "2.50", "4", "0.20", "10", "2026-06-30"),),
    "claude-sonnet-4-6": (_rate("3", "3.75", "6", "0.30", "15"),),
    "claude-haiku-4-5-20251001": (_rate("1", "1.25", "2", "0.10", "5"),),
}

#: What the vendor bills for models that its public price list does not show.
UNLISTED_RATES: dict[str, Rate] = {"claude-preview-x1": _rate("12", "15", "24", "1.20", "60")}


#: The model that customers used before a newer one was released.
_PREDECESSORS = {
    "claude-opus-5-5": "claude-opus-5",
    "claude-opus-5": "claude-opus-4-8",
    "claude-sonnet-5-5": "claude-sonnet-5",
    "claude-sonnet-5": "claude-sonnet-4-6",
}


def served_model(model: str, day: date) -> str:
    """``model``, or the predecessor that was current on ``day`` when it had not been released yet."""
    while model in _PREDECESSORS and list_rate(model, day) is None:
        model = _PREDECESSORS[model]
    return model


def list_rate(model: str, day: date) -> Rate | None:
    """The published rate in force on ``day``, or ``None`` for a model without one."""
    in_force = [rate for rate in RATES.get(model, ()) if rate.first_day <= day]
    return in_force[-1] if in_force else None


def billed_rate(model: str, day: date) -> Rate:
    """The rate the vendor charges on ``day``; it knows one for every model it serves.

    Raises:
        LookupError: the vendor does not serve this model on that day.
    """
    rate = list_rate(model, day) or UNLISTED_RATES.get(model)
    if rate is None:
        raise LookupError(f"{model} is not served on {day}")
    return rate


def factor(service_tier: str | None, inference_geo: str | None) -> Decimal:
    """Product of the modifiers: batch halves, US-only inference adds a tenth."""
    batch = BATCH_FACTOR if service_tier == "batch" else Decimal(1)
    return batch * (US_FACTOR if inference_geo == "us" else Decimal(1))
