"""The rows of closed months, kept as text: what the page, the warehouse and the exports show of a month after its close.

``month_close_rows`` holds every row of the tables in :data:`FROZEN`, and of the month's exports, once for each close. A row
is JSON with decimals as text, so that it comes back to the last digit whatever columns a table gains later. A table's
row without content says that the close froze that table, rows or none.
"""

import json
from collections.abc import Iterable, Mapping

import duckdb
import pyarrow as pa

from agent_spend.catalog import Catalog
from agent_spend.lake.reading import duckdb_type

ROWS = "month_close_rows"
CLOSES = "month_closes"
#: Monthly tables whose closed months are published as they were frozen.
FROZEN = (
    "rpt_finance__vendor_month", "rpt_finance__series_month", "rpt_finance__line_month", "rpt_finance__pool_month",
    "rpt_manager__person_month", "rpt_reconciliation_month", "fct_charge_month", "fct_seat_month",
)  # fmt: skip
#: The four amounts, frozen by vendor and charge kind.
AMOUNTS = ("list_usd", "covered_usd", "billed_usd", "invoiced_usd")
ROWS_SCHEMA = pa.schema(
    [("month", pa.date32()), ("sequence", pa.int64()), ("table_name", pa.string()), ("content", pa.string())]
)
CLOSES_SCHEMA = pa.schema(
    [
        ("month", pa.date32()), ("sequence", pa.int64()), ("action", pa.string()), ("done_at", pa.timestamp("us", tz="UTC")),
        ("reason", pa.string()), ("is_forced", pa.bool_()), ("open_days", pa.string()), ("about_month", pa.date32()),
        ("vendor", pa.string()), ("charge_kind", pa.string()), *((name, pa.decimal128(38, 18)) for name in AMOUNTS),
        ("price_versions", pa.string()), ("price_hashes", pa.string()), ("input_versions", pa.string()),
        ("input_hashes", pa.string()), ("figures_hash", pa.string()),
    ]
)  # fmt: skip
#: Closes that nothing has reopened, one row a month.
IN_FORCE = f"""
SELECT month, sequence, MAX(done_at) AS closed_at
FROM {CLOSES} AS c
WHERE action = 'closed' AND sequence = (SELECT MAX(n.sequence) FROM {CLOSES} AS n WHERE n.month = c.month)
GROUP BY month, sequence
"""


def frozen_rows(month, sequence: int, table_name: str, rows: Iterable[Mapping]) -> list[dict]:
    """Rows of ``month_close_rows`` for one table of a close."""
    texts = [None, *(json.dumps(row, default=str, sort_keys=True) for row in rows)]
    return [{"month": month, "sequence": sequence, "table_name": table_name, "content": text} for text in texts]


def frozen_sql(table_name: str, schema: pa.Schema) -> str:
    """SQL for a table's frozen rows of all closes in force, with ``close_month``, the month of the close, before them."""
    names = ", ".join(f'"{field.name}": "VARCHAR"' for field in schema)
    columns = ", ".join(f'CAST(f."{field.name}" AS {duckdb_type(field.type)}) AS "{field.name}"' for field in schema)
    return f"""
SELECT close_month, {columns}
FROM (
  SELECT r.month AS close_month, UNNEST(json_transform(r.content, '{{{names}}}'))
  FROM {ROWS} AS r
  INNER JOIN ({IN_FORCE}) AS i ON i.month = r.month AND i.sequence = r.sequence
  WHERE r.table_name = '{table_name}' AND r.content IS NOT NULL
) AS f"""


def frozen_months_sql(table_name: str) -> str:
    """SQL for the closed months in which a table was frozen, with rows or without."""
    return f"""
SELECT DISTINCT r.month
FROM {ROWS} AS r
INNER JOIN ({IN_FORCE}) AS i ON i.month = r.month AND i.sequence = r.sequence
WHERE r.table_name = '{table_name}'"""


def show_closed_months_as_frozen(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """In a session, let each table of :data:`FROZEN` give the frozen rows of closed months; others stay as known now."""
    for name in [name for name in FROZEN if name in catalog.models]:
        columns = ", ".join(f'"{column}"' for column in catalog.schemas[name].names)
        connection.execute(f'ALTER VIEW "{name}" RENAME TO "{name}__known_now"')
        connection.execute(
            f'CREATE VIEW "{name}" AS SELECT {columns} FROM "{name}__known_now" '
            f"WHERE month NOT IN ({frozen_months_sql(name)}) "
            f"UNION ALL SELECT {columns} FROM ({frozen_sql(name, catalog.schemas[name])})"
        )
