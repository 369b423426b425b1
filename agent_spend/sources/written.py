"""Numbers and days as people, spreadsheets and other programs write them; what could mean two things is ``None``."""

import re
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal

# Thousands groups must be whole: "1,5" is a European decimal and "1.234,50" a European amount; both are refused.
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,20})(?:\.[0-9]{1,18})?|\.[0-9]{1,18}"
_AMOUNT = re.compile(rf"(?P<sign>-?)(?:US)?\$? ?(?P<inner>-?)(?P<digits>{_DIGITS})")
# int() would also accept "1_000", "+5" and digits of other scripts. A column with gaps is printed as floats: "7.0".
_WHOLE = re.compile(r"([0-9]{1,18})(?:\.0+)?")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?![0-9])")
# Nobody writes the month first with dots.
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?![0-9])")
_LETTERS = re.compile(r"[A-Za-z]{3}")
_MONTH_BY_NAME = ("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")


def day_of(text: str) -> date | None:
    """A day whose parts stand in an order that is certain: ISO 8601, year first, with dots, or with the month's name.

    A midnight after it is what spreadsheets add. ``01/02/2026`` is January in one country and February in the next.
    """
    try:
        text = _DAY_FIRST.sub(lambda m: f"{m[3]}-{m[2]}-{m[1]}", text, count=1)
        moment = datetime.fromisoformat(_YEAR_FIRST.sub(lambda m: f"{m[1]}-{int(m[2]):02}-{int(m[3]):02}", text, count=1))
        return moment.date() if moment.time() == time() else None
    except ValueError:
        pass
    for form in _MONTH_BY_NAME if _LETTERS.search(text) else ():
        with suppress(ValueError):
            return datetime.strptime(text, form).date()
    return None


def whole_of(text: str) -> int | None:
    """A whole number without sign or separators."""
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match else None


def amount_of(text: str) -> Decimal | None:
    """An amount as accounting exports write it: ``1,234.50``, ``$1,234.50``, ``-12``, ``(12.00)`` for minus 12."""
    in_brackets = text.startswith("(") and text.endswith(")")
    match = _AMOUNT.fullmatch(text[1:-1].strip() if in_brackets else text)
    minuses = in_brackets + bool(match and match["sign"]) + bool(match and match["inner"])
    if match is None or minuses > 1:
        return None
    number = Decimal(match["digits"].replace(",", ""))
    return -number if minuses else number
