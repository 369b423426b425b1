"""The ledger's charges and cash of a month: what the FOCUS and chargeback files are made of and checked against.

A closed month's are the frozen ones. What differs from them today are rows of the open month, the one after the newest
close: the charge as frozen with a minus, the charge as known now with a plus, and only what is left between the two.
``about_month`` says which month such a row corrects.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import duckdb

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.reading import rows_of
from agent_spend.lake.tables import Lake
from agent_spend.month_end import ledger_sql as sql
from agent_spend.month_end.frozen import IN_FORCE, frozen_months_sql
from agent_spend.partitions import month_end
from agent_spend.project import catalog
from agent_spend.settings import Settings


@dataclass(frozen=True)
class MonthLedger:
    """Rows of a month's charges and of its cash: its own ones, and the corrections of closed months that it carries.

    A charge is a row of ``fct_charge_month`` with ``about_month``, the contract discount that holds for it, the invoice
    that covers it and the names of its accounts. Cash is ``month``, ``vendor``, ``charge_kind`` and ``cash_usd``: what
    vendors charge before tax and credit notes.
    """

    month: date
    own_charges: list[dict]
    charge_corrections: list[dict]
    own_cash: list[dict]
    cash_corrections: list[dict]

    @property
    def tables(self) -> dict[str, list[dict]]:
        """The rows by the names under which a close freezes them."""
        parts = (self.own_charges, self.charge_corrections, self.own_cash, self.cash_corrections)
        return dict(zip((sql.CHARGES, sql.CHARGE_CORRECTIONS, sql.CASH, sql.CASH_CORRECTIONS), parts, strict=True))

    @property
    def charges(self) -> list[dict]:
        """All charges in a stable order, corrections last."""
        return [*self.own_charges, *self.charge_corrections]

    @property
    def cash(self) -> dict[tuple[str, str], Decimal]:
        """All cash by vendor and charge kind, exact."""
        return _sums([*self.own_cash, *self.cash_corrections], "cash_usd")


class NoCharges(ConfigurationError):
    """The lake holds no charges of the month."""


def of_month(settings: Settings, month: date) -> MonthLedger:
    """The month's charges and cash, which add up to each other.

    Raises:
        NoCharges: there are none.
        ConfigurationError: as :func:`read`.
    """
    with DuckDBEngine(catalog(), Lake(settings.lake_uri)).session(sql.TABLES) as connection:
        found = read(connection, settings, month)
    if not found.charges:
        raise NoCharges(f"no charges of {month:%Y-%m} in the lake; run agent-spend backfill over it first")
    return found


def read(connection: duckdb.DuckDBPyConnection, settings: Settings, month: date) -> MonthLedger:
    """As :func:`of_month`, in a session over :data:`ledger_sql.TABLES`; a month without charges is empty.

    Raises:
        ConfigurationError: charges do not add up to the ledger's cash (names vendor, charge kind and both sums), or the
            month, or one that it may have to correct, was closed by a release that kept no rows (names the remedy).
    """
    closed = {row["month"] for row in rows_of(connection, f"SELECT month FROM ({IN_FORCE})")}
    kept = {row["month"] for row in rows_of(connection, frozen_months_sql(sql.CHARGES))}
    is_open_month = bool(closed) and month == month_end(max(closed)) + timedelta(days=1)
    for older in sorted(closed - kept):
        if is_open_month or older == month:
            raise ConfigurationError(
                f"{older:%Y-%m} was closed by a release that kept no rows of its charges, so what changed since cannot be told; "
                f'run agent-spend reopen --month {older:%Y-%m} --reason "older release" and close it again'
            )
    parts = sql.frozen_parts(month) if month in closed else sql.known_parts(settings, month)
    found = MonthLedger(month, *(rows_of(connection, f"SELECT * FROM ({part}) ORDER BY ALL") for part in parts))
    _require_equal(found)
    return found


def _require_equal(ledger: MonthLedger) -> None:
    charges, cash = _sums(ledger.charges, "billed_usd"), ledger.cash
    for slot in sorted(cash.keys() | charges.keys()):
        charged, paid = charges.get(slot, Decimal(0)), cash.get(slot, Decimal(0))
        if charged != paid:
            raise ConfigurationError(
                f"{ledger.month:%Y-%m}: the charges of {slot[0]} {slot[1]} are {charged.normalize():f} USD, the ledger's cash is "
                f"{paid.normalize():f}; rebuild the month's models first"
            )


def _sums(rows: Iterable[dict], column: str) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        slot = row["vendor"], row["charge_kind"]
        found[slot] = found.get(slot, Decimal(0)) + row[column]
    return found
