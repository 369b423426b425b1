"""How figures look. Absent, zero and unknown never look alike, and a rounded figure carries the exact one as its title."""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from markupsafe import Markup, escape

MINUS = "\u2212"
_CENT = Decimal("0.01")


def exact(value: Decimal | None) -> str:
    """All digits of a decimal, without trailing zeros."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def usd(value: Decimal | None, absent: str = "not stated") -> Markup:
    """Dollars to the cent; below one dollar to the digits that matter. Null is ``absent``, never 0."""
    if value is None:
        return none(absent)
    return _titled(usd_text(value), f"USD {exact(value)}")


def usd_text(value: Decimal) -> str:
    """Dollars as plain text."""
    size = abs(value)
    is_tiny = 0 < size < Decimal("0.005")
    shown = f"{_significant(size, 2):f}" if is_tiny else f"{size.quantize(_CENT, ROUND_HALF_UP):,.2f}"
    return f"{MINUS if value < 0 else ''}${shown}"


def usd_rate(value: Decimal | None, absent: str = "no completions") -> Markup:
    """Dollars per task: to the cent from ten dollars on, three significant digits below one."""
    if value is None:
        return none(absent)
    if value >= 1 or value == 0:
        return usd(value)
    return _titled(f"${_significant(value, 3):f}", f"USD {exact(value)}")


def usd_exact(value: Decimal | None) -> Markup:
    """Dollars with every digit."""
    return none("not stated") if value is None else Markup(f"${exact(value)}")


def credits(value: Decimal | None, absent: str = "unknown") -> Markup:
    """AI credits to two decimals; a stated zero is ``0``."""
    if value is None:
        return none(absent)
    return _titled("0" if value == 0 else f"{value.quantize(_CENT, ROUND_HALF_UP):,f}", f"{exact(value)} AI credits")


def percent(value: float | Decimal | None, absent: str = "") -> Markup:
    """Signed change in percent."""
    if value is None:
        return none(absent)
    value = Decimal(str(value))
    step = Decimal("0.1") if abs(value) < 10 else Decimal(1)
    shown = value.quantize(step, ROUND_HALF_UP)
    sign = "+" if shown > 0 else MINUS if shown < 0 else ""
    return _titled(f"{sign}{abs(shown):,f}%", f"{exact(value.quantize(Decimal('0.0001'), ROUND_HALF_UP))} percent")


def times(value: float | None) -> str:
    """A ratio, rounded down: 2.99 is never shown as 3.0."""
    if value is None:
        return ""
    return f"{Decimal(repr(value)).quantize(Decimal('0.000001'), ROUND_HALF_UP).quantize(Decimal('0.1'), ROUND_DOWN)}×"


def factor(value: float | None) -> str:
    """One factor of a ratio, to two decimals."""
    return "" if value is None else f"×{Decimal(repr(value)).quantize(_CENT, ROUND_HALF_UP)}"


def whole(value: int | Decimal | None, absent: str = "not stated") -> Markup:
    """A count."""
    return none(absent) if value is None else Markup(f"{int(value):,}")


def tokens(value: int | Decimal | None, absent: str = "not stated") -> Markup:
    """A token count in thousands or millions."""
    if value is None:
        return none(absent)
    value = Decimal(value)
    for size, word in ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k")):
        if value >= size:
            return _titled(f"{_significant(value / size, 3):f} {word}", f"{int(value):,} tokens")
    return _titled(f"{int(value):,}", f"{int(value):,} tokens")


def quantity(value: Decimal | None, unit: str) -> Markup:
    """An amount with its unit."""
    if value is None:
        return none("not stated")
    if unit == "tokens":
        return tokens(value) + " tokens"
    return credits(value) + " credits" if unit == "ai_credits" else Markup(escape(f"{exact(value)} {unit}"))


def day(value: date | None) -> str:
    """``20 Nov``."""
    return "" if value is None else f"{value.day} {value:%b}"


def weekday(value: date) -> str:
    """``Fri 20 Nov``."""
    return f"{value:%a} {day(value)}"


def long_day(value: date | None) -> str:
    """``20 Nov 2026``."""
    return "" if value is None else f"{day(value)} {value.year}"


def monday(value: date) -> date:
    """Monday of the day's ISO week."""
    return value - timedelta(days=value.weekday())


def week_before(value: date) -> date:
    """Seven days earlier."""
    return value - timedelta(days=7)


def literal(value: str) -> str:
    """A name as SQL inside the shell's double quotes."""
    quoted = value.replace("'", "''")
    return "'" + re.sub(r'([\\"$`])', r"\\\1", quoted) + "'"


def month(value: date) -> str:
    """``Nov 2026``."""
    return f"{value:%b %Y}"


def week(value: date) -> str:
    """``16-22 Nov``, Monday to Sunday."""
    end = value + timedelta(days=6)
    return f"{value.day}–{day(end)}" if value.month == end.month else f"{day(value)} – {day(end)}"


def instant(value: datetime | None) -> str:
    """``23 Nov 2026 06:10 UTC``."""
    return "" if value is None else f"{long_day(value)} {value:%H:%M} UTC"


def none(word: str) -> Markup:
    """The look of a figure that is not there."""
    return Markup('<span class="none">{}</span>').format(word)


def _titled(text: str, title: str) -> Markup:
    """The text, with the exact figure on hover where the text is rounded."""
    is_exact = any(re.sub(r"[$,%+]", "", text) == _padded(word) for word in title.split(" "))
    return Markup(escape(text)) if is_exact else Markup('<span title="{}">{}</span>').format(title, text)


def _padded(number: str) -> str:
    whole_part, _, fraction = number.partition(".")
    return f"{whole_part}.{fraction.ljust(2, '0')}" if len(fraction) <= 2 and number[:1].isdigit() else number


def _significant(value: Decimal, digits: int) -> Decimal:
    step = Decimal(1).scaleb(value.adjusted() - digits + 1)
    rounded = value.quantize(step, ROUND_HALF_UP)
    return rounded if step < 1 else rounded.quantize(Decimal(1))


FILTERS = {
    "usd": usd, "usd_rate": usd_rate, "usd_exact": usd_exact, "credits": credits, "percent": percent, "times": times,
    "factor": factor, "whole": whole, "tokens": tokens, "quantity": quantity, "day": day, "weekday": weekday,
    "long_day": long_day, "month": month, "week": week, "instant": instant, "exact": exact,
    "monday": monday, "week_before": week_before, "literal": literal,
}
