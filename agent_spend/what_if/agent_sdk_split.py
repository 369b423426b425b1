"""The Agent SDK split as a question: what if headless seat use left the seat from a given day? Nothing is stored."""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.tables import Lake
from agent_spend.project import catalog
from agent_spend.settings import Settings

POLICY = "agent_sdk_split"
SEATS = "rpt_platform__agent_sdk_split"
WORKLOADS = "rpt_platform__agent_sdk_split_workload"
OVERFLOWS = ("off", "on")


@dataclass(frozen=True)
class Split:
    """The answer, in USD at list price: one row a month and seat, and one row a month, seat and workload."""

    seats: pa.Table
    workloads: pa.Table


def split_what_if(settings: Settings, from_day: date, overflow: str | None = None) -> Split:
    """Apply the policy from ``from_day`` on, whatever ``policies/agent_sdk_split.csv`` says about its date.

    The two published models are run over the lake with another date in the policy; neither they nor the ledger are
    written. A day after the newest one with data is judged by the 28 days before it, as if they were that month's use.

    Args:
        overflow: ``on`` (use beyond the credit goes on at list price) or ``off`` (it stops); as in the policy if absent.

    Returns:
        Only the months and seats that the split would touch.

    Raises:
        ConfigurationError: ``overflow`` is neither; or the policy names no plan.
    """
    if overflow is not None and overflow not in OVERFLOWS:
        raise ConfigurationError(f"overflow must be {' or '.join(OVERFLOWS)}, not {overflow!r}")
    models = catalog()
    inputs = {*models.models[SEATS].upstream, *models.models[WORKLOADS].upstream, POLICY} - {SEATS}
    chosen = "overflow" if overflow is None else f"'{overflow}'"
    policy = (
        f"SELECT * REPLACE ('{from_day.isoformat()}' AS effective_from, {chosen} AS overflow) "
        f"FROM ({models.view_sql(POLICY)})"
    )
    with DuckDBEngine(models, Lake(settings.lake_uri)).session(sorted(inputs)) as connection:
        connection.execute(f"CREATE OR REPLACE VIEW {POLICY} AS {policy}")
        if not connection.execute(f"SELECT COUNT(*) FROM {POLICY}").fetchall()[0][0]:
            raise ConfigurationError("policies/agent_sdk_split.csv names no plan; add its lines back")
        # A table, because the second model reads the first one's answer and not what is stored under its name.
        connection.execute(f"CREATE TABLE {SEATS} AS {models.models[SEATS].sql}")
        seats = connection.sql(f"SELECT * FROM {SEATS} WHERE state <> 'not in force' ORDER BY month, seat")
        seats = seats.to_arrow_table()
        workloads = connection.sql(
            f"SELECT * FROM ({models.models[WORKLOADS].sql}) WHERE state <> 'not in force' "
            "ORDER BY month, seat, headless_list_usd DESC, workload"
        ).to_arrow_table()
    return Split(seats, workloads)
