"""An amount that covers several months, shared out to them by days, to the cent."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from agent_spend.partitions import month_end, month_start

CENT = Decimal("0.01")


def by_month(first: date, last: date) -> list[tuple[date, date]]:
    """The days from ``first`` to ``last`` (included) as one range a calendar month."""
    ranges = []
    while first <= last:
        end = min(month_end(first), last)
        ranges.append((first, end))
        first = end + timedelta(days=1)
    return ranges


def shared_out(amount: Decimal, first: date, last: date, step: Decimal = CENT) -> list[Decimal]:
    """``amount`` in shares by days, one for each range of :func:`by_month`; they add up to it exactly.

    Each running total is rounded to ``step``, so that no month is more than one step off its exact share. What the
    amount has below one step stays on the last month.
    """
    days = (last - first).days + 1
    shares, before = [], Decimal(0)
    for _, end in by_month(first, last):
        passed = (end - first).days + 1
        until = amount if passed == days else (amount * passed / days).quantize(step, ROUND_HALF_UP)
        shares.append(until - before)
        before = until
    return shares


def pieces(row: dict, first: date, last: date) -> list[dict]:
    """A row of ``vendor_invoices`` once for each month that its period touches.

    A line within one month stays as it is. Every piece of another carries its own days, its share of the quantity and
    amounts, and the whole period in ``billed_from_day`` and ``billed_to_day``.
    """
    ranges = by_month(first, last)
    amounts = {
        name: shared_out(row[name], first, last, Decimal("0.000001") if name == "quantity" else CENT)
        for name in ("quantity", "amount", "amount_usd")
        if row[name] is not None
    }
    is_split = len(ranges) > 1
    return [
        row
        | {name: shares[at] for name, shares in amounts.items()}
        | {
            "month": month_start(start), "period_start_day": start, "period_end_day": end,
            "billed_from_day": first if is_split else None, "billed_to_day": last if is_split else None,
        }
        for at, (start, end) in enumerate(ranges)
    ]  # fmt: skip
