"""What each cost centre is charged for a month, as a CSV for the accounting system; the sum is the ledger's cash."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path

from agent_spend.month_end.ledger import of_month
from agent_spend.partitions import month_start
from agent_spend.publish.files import csv_text, neutral, write_if_changed
from agent_spend.settings import Settings

CENT = Decimal("0.01")
COLUMNS = ("month", "cost_center", "org", "vendor", "charge_kind", "charge", "currency", "amount_usd", "list_usd")


def export_chargeback(settings: Settings, month: date) -> Path:
    """Write ``home/exports/chargeback-YYYY-MM.csv``: one line a cost centre, org, vendor and charge, in whole cents.

    ``amount_usd`` adds up, by vendor and charge kind, to the ledger's cash rounded to the cent: each exact amount is cut
    to the cent and the cents left over go to the largest remainders. ``list_usd`` is directional and not a charge.
    Spend that no cost centre owns is a line of its own, ``(no cost center)``.

    Raises:
        ConfigurationError: the lake holds no charges of the month, or they are not the ledger's cash.
    """
    month = month_start(month)
    lines = chargeback_lines(settings, month)
    path = settings.home / "exports" / f"chargeback-{month:%Y-%m}.csv"
    text = csv_text(COLUMNS, ([neutral(line[name]) for name in COLUMNS] for line in lines))
    write_if_changed(path, text.encode("utf-8-sig"))
    return path


def chargeback_lines(settings: Settings, month: date) -> list[dict]:
    """The lines of the file, in order; amounts as ``Decimal`` with two places.

    Raises:
        ConfigurationError: as :func:`export_chargeback`.
    """
    exact: dict[tuple, list[Decimal]] = {}
    for row in of_month(settings, month).charges:
        about = row["about_month"]
        what = "included" if row["charge_class"] == "included" else "charged"
        key = (
            row["vendor"], row["charge_kind"], row["cost_center"] or "(no cost center)", row["org"],
            what if about == month else f"correction of {about:%Y-%m}, {what}",
        )  # fmt: skip
        sums = exact.setdefault(key, [Decimal(0), Decimal(0)])
        sums[0] += row["billed_usd"]
        sums[1] += row["list_usd"] or Decimal(0)
    lines = []
    for slot in sorted({key[:2] for key in exact}):
        keys = sorted(key for key in exact if key[:2] == slot)
        amounts = [exact[key][0] for key in keys]
        for key, cents in zip(keys, in_cents(amounts), strict=True):
            lines.append({
                "month": f"{month:%Y-%m}", "cost_center": key[2], "org": key[3], "vendor": key[0], "charge_kind": key[1],
                "charge": key[4], "currency": "USD", "amount_usd": cents, "list_usd": exact[key][1].quantize(CENT),
            })
    return sorted(lines, key=lambda line: [str(line[name]) for name in COLUMNS[:6]])


def in_cents(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Whole cents that add up to the rounded sum of ``amounts``: largest remainders take what is left over."""
    floors = [amount.quantize(CENT, ROUND_FLOOR) for amount in amounts]
    left = int((sum(amounts, Decimal(0)).quantize(CENT) - sum(floors, Decimal(0))) / CENT)
    by_remainder = sorted(range(len(amounts)), key=lambda at: (floors[at] - amounts[at], at))
    for at in by_remainder[:left]:
        floors[at] += CENT
    return floors
