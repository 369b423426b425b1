"""The simulated company's budgets: one that is kept, one nearly used, one used up; and what each has used so far."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from agent_spend.sandbox.scenario import Scenario

COLUMNS = ("scope_kind", "scope", "amount_kind", "monthly_usd", "effective_from", "effective_to", "owner")
#: Used over budget, before the budget is rounded to two digits: by at most a twentieth.
_SHARES = {"under": Decimal("0.5"), "over_80": Decimal("0.87"), "over_100": Decimal("1.25")}


def answer_key(scenario: Scenario, usd_by_key: Mapping[str, str], usd_by_month: Mapping[str, str]) -> list[dict]:
    """Each budget with its ``used_usd`` in the month of the last day, and the ``state`` that it must be in.

    Args:
        usd_by_key: Claude's list value, by ``<key id> <month>``.
        usd_by_month: Copilot's list value, by month.
    """
    month = f"{scenario.end_day:%Y-%m}"

    def used(*keys: str) -> Decimal:
        return sum((Decimal(usd_by_key.get(f"{key} {month}", "0")) for key in keys), Decimal(0))

    lines = [
        ("vendor", "github_copilot", "finance@acme.test", Decimal(usd_by_month.get(month, "0")), "over_80"),
        ("key", "checkout-agent-prod", "lead-payments@acme.test", used("apikey_01SimCheckoutProd"), "over_100"),
        ("key", "ranker-prod", "lead-search@acme.test", used("apikey_01SimRankerOld", "apikey_01SimRankerNew"), "under"),
    ]
    return [
        {"scope_kind": kind, "scope": scope, "amount_kind": "list", "monthly_usd": f"{_rounded(usd / _SHARES[state]):f}",
         "effective_from": f"{month}-01", "effective_to": "", "owner": owner, "used_usd": str(usd), "state": state}
        for kind, scope, owner, usd, state in lines
        if usd
    ]  # fmt: skip


def write_budgets(budgets: list[dict], path: Path) -> None:
    """Write ``budgets.csv`` as a company would; one that is there stays, as somebody may have changed it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(budgets)


def _rounded(usd: Decimal) -> Decimal:
    """To two digits, as people choose amounts; to the cent where it is small."""
    return usd.quantize(max(Decimal("0.01"), Decimal(1).scaleb(usd.adjusted() - 1)))
