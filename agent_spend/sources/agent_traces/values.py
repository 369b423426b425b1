"""An attribute's value, and what it says as text or as a number."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

#: As read: text, flag, whole number or exact decimal. Anything else is not kept.
Value = str | bool | int | Decimal
Attributes = Mapping[str, Value | None]

#: No count of tokens is larger, and sums of a few still fit 64 bits.
MAX_COUNT = 2**60
#: Arithmetic on larger numbers is not exact, and fails on the largest.
MAX_DIGITS = 40


def text(value: Value | None) -> str | None:
    """Text, whole numbers and flags as text; empty text is absent."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else None


def number(value: Value | None) -> Decimal | None:
    """A finite number below 10 to the power of ``MAX_DIGITS``, also when an emitter wrote it as text."""
    if value is None or isinstance(value, bool):
        return None
    try:
        result = Decimal(value)
    except InvalidOperation:
        return None
    return result if result.is_finite() and result.adjusted() < MAX_DIGITS else None


def count(value: Value | None) -> int | None:
    """A count up to ``MAX_COUNT``, also when an emitter wrote it as text; the rest of a fraction is cut off."""
    stated = number(value)
    return int(stated) if stated is not None and 0 <= stated <= MAX_COUNT else None
