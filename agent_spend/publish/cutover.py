"""The cut-over list as a CSV file: which workloads still sign in with a seat, and the key each of them needs."""

from decimal import Decimal
from pathlib import Path

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.lake.tables import Lake
from agent_spend.privacy import Display
from agent_spend.project import catalog
from agent_spend.publish.files import csv_text, neutral, write_if_changed
from agent_spend.settings import Settings

FILE_NAME = "cutover.csv"
_MODEL = "rpt_platform__cutover_list"


def export_cutover(settings: Settings) -> Path:
    """Write ``exports/cutover.csv`` in the home, dearest workload first; an unchanged list leaves the file alone.

    Money is USD over 28 days at key prices, with every stored digit and without trailing zeros; empty means not priced.

    Returns:
        Path of the file. Without any workload on a seat it holds the header only.
    """
    sql = f"SELECT * FROM {_MODEL} ORDER BY key_usd_28d DESC NULLS LAST, vendor, workload, environment"
    lake = Lake(settings.lake_uri)
    table = Display.of(lake).table(DuckDBEngine(catalog(), lake).query(sql, [_MODEL]))
    text = csv_text(table.schema.names, ([_cell(value) for value in row.values()] for row in table.to_pylist()))
    path = settings.home / "exports" / FILE_NAME
    write_if_changed(path, text.encode())
    return path


def _cell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value.normalize():f}"
        case None:
            return ""
    # Workflow names come from spans; a spreadsheet must not run one as a formula.
    return neutral(value)
