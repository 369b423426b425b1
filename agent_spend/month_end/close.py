"""Closing a month: its figures are frozen with the prices and inputs behind them, and later changes become adjustments.

``month_closes`` is a log: closing and reopening add rows, nothing is changed or taken away. A close in force holds the
month's figures, and the adjustments to earlier closed months that it took over. What differs from them later shows in
``rpt_month_close_adjustment``, in the first month after the newest closed one. The rows behind the figures are frozen
beside them (:mod:`agent_spend.month_end.frozen`).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.reading import rows_of
from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.month_end import completeness, ledger, ledger_sql
from agent_spend.month_end.frozen import AMOUNTS, CLOSES, CLOSES_SCHEMA, FROZEN, ROWS, ROWS_SCHEMA, frozen_rows
from agent_spend.partitions import Window, month_end, month_start
from agent_spend.project import catalog
from agent_spend.settings import Settings

FIGURES = "rpt_finance__vendor_month"
CLOSED, ADJUSTMENTS = "rpt_month_close", "rpt_month_close_adjustment"


@dataclass(frozen=True)
class Close:
    """What a close froze. ``open_days`` names the days that were missing or provisional when it was forced."""

    month: date
    sequence: int
    lines: int
    adjustments: int
    open_days: tuple[str, ...]


def close_month(settings: Settings, month: date, *, force: bool = False) -> Close:
    """Freeze the month's figures in ``month_closes``.

    Args:
        force: close although days are missing or may still be restated; they are written into the log.

    Raises:
        ConfigurationError: the month is not over, has no figures, is closed already, or has open days and no ``force``;
            names them. Or its charges are not the ledger's cash.
    """
    month, lake = month_start(month), Lake(settings.lake_uri)
    if month_end(month) >= settings.today:
        first = month_end(month) + timedelta(days=1)
        raise ConfigurationError(f"{month:%Y-%m} is not over yet; a month can be closed from {first} on")
    log = _log(lake, month)
    if _is_closed(log):
        raise ConfigurationError(f"{month:%Y-%m} is closed since {log[-1]['done_at']:%Y-%m-%d}; reopen it first")
    adjustments = catalog().models[ADJUSTMENTS]
    tables = {FIGURES, "fct_usage_day", *FROZEN, *ledger_sql.TABLES, *completeness.TABLES, *adjustments.upstream}
    with DuckDBEngine(catalog(), lake).session(sorted(tables)) as connection:
        figures = rows_of(connection, _FIGURES_SQL.format(month=month))
        if not figures:
            raise ConfigurationError(f"{month:%Y-%m} has no figures in {FIGURES}; run agent-spend backfill over it first")
        open_days = tuple(completeness.open_days(connection, month))
        if open_days and not force:
            raise ConfigurationError(
                f"{month:%Y-%m} is not complete: {'; '.join(open_days)}. Load the days or wait, or close with --force"
            )
        rows_behind = _rows_behind(connection, settings, month)
        taken_over = rows_of(connection, f"SELECT * FROM ({adjustments.sql}) WHERE adjustment_month = DATE '{month}'")
        bounds = {"month": month, "last": month_end(month)}
        prices = [row["price_version"] for row in rows_of(connection, _PRICES_SQL.format(**bounds))]
        inputs = {row["feed"]: row["content_hash"] for row in rows_of(connection, _INPUTS_SQL.format(**bounds))}
    common = {
        "month": month,
        "sequence": _next(log),
        "action": "closed",
        "done_at": datetime.now(UTC),
        "is_forced": bool(open_days),
        "open_days": json.dumps(open_days),
        "price_versions": json.dumps(prices),
        "price_hashes": json.dumps(_price_hashes(), sort_keys=True),
        "input_versions": json.dumps(_input_versions(lake), sort_keys=True),
        "input_hashes": json.dumps(inputs, sort_keys=True),
        "figures_hash": _hash(figures),
    }
    rows = [common | {"about_month": month} | line for line in figures]
    rows += [common | {"about_month": month_of, **line} for month_of, line in _posted(taken_over)]
    # First what is behind the figures, and last the log: a close that breaks off in between has not happened.
    _freeze(lake, month, log, common["sequence"], rows_behind)
    _append(settings, month, log, rows)
    return Close(month, common["sequence"], len(figures), len(rows) - len(figures), open_days)


def reopen_month(settings: Settings, month: date, reason: str) -> int:
    """Take a close out of force; its rows stay in the log, with the reason.

    Returns:
        The sequence number of the log's new row.

    Raises:
        ConfigurationError: the month is not closed, a later month is, or the reason is empty.
    """
    month, lake = month_start(month), Lake(settings.lake_uri)
    if not reason.strip():
        raise ConfigurationError("reopening a month needs a reason; it is kept in the log")
    log = _log(lake, month)
    if not _is_closed(log):
        raise ConfigurationError(f"{month:%Y-%m} is not closed")
    later = [other for other in closed_months(settings) if other > month]
    if later:
        raise ConfigurationError(f"{later[-1]:%Y-%m} is closed after {month:%Y-%m}; reopen it first")
    row = {
        "month": month, "sequence": _next(log), "action": "reopened", "done_at": datetime.now(UTC), "reason": reason.strip(),
    }  # fmt: skip
    _append(settings, month, log, [row])
    return row["sequence"]


def closed_months(settings: Settings) -> list[date]:
    """First days of the months whose close is in force."""
    lake = Lake(settings.lake_uri)
    if not lake.exists(CLOSES):
        return []
    months = sorted(set(lake.read(CLOSES, "month")["month"].to_pylist()))
    return [month for month in months if _is_closed(_log(lake, month))]


def _rows_behind(connection: duckdb.DuckDBPyConnection, settings: Settings, month: date) -> dict[str, list[dict]]:
    found = {name: rows_of(connection, f"SELECT * FROM {name} WHERE month = DATE '{month}' ORDER BY ALL") for name in FROZEN}
    return found | ledger.read(connection, settings, month).tables


def _freeze(lake: Lake, month: date, log: list[dict], sequence: int, found: dict[str, list[dict]]) -> None:
    closes = {row["sequence"] for row in log}
    before = lake.read(ROWS, "month", Window(month, month)).to_pylist() if lake.exists(ROWS) else []
    rows = [row for row in before if row["month"] == month and row["sequence"] in closes]
    rows += [row for name, content in found.items() for row in frozen_rows(month, sequence, name, content)]
    lake.replace(ROWS, pa.Table.from_pylist(rows, schema=ROWS_SCHEMA), "month", [month.isoformat()])


def _posted(adjustments: Iterable[dict]) -> Iterable[tuple[date, dict]]:
    lines: dict[tuple, dict] = {}
    for row in adjustments:
        line = lines.setdefault((row["closed_month"], row["vendor"], row["charge_kind"]), {})
        line[row["amount_kind"]] = row["adjustment_usd"]
    for (month, vendor, kind), amounts in sorted(lines.items()):
        yield month, {"vendor": vendor, "charge_kind": kind, **amounts}


def _price_hashes() -> dict[str, str]:
    seeds = {name: catalog().seed_file(name) for name in catalog().seeds if name in _inputs()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for name, path in seeds.items()}


def _input_versions(lake: Lake) -> dict[str, int]:
    stored = [*sorted(set(catalog().sources) & _inputs()), "fct_usage_day", FIGURES]
    return {name: version for name in stored if (version := lake.version(name)) is not None}


def _inputs() -> set[str]:
    todo, found = [FIGURES], set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(catalog().models[name].upstream if name in catalog().models else ())
    return found


def _log(lake: Lake, month: date) -> list[dict]:
    if not lake.exists(CLOSES):
        return []
    rows = lake.read(CLOSES, "month", Window(month, month)).to_pylist()
    return sorted(rows, key=lambda row: row["sequence"])


def _is_closed(log: list[dict]) -> bool:
    return bool(log) and log[-1]["action"] == "closed"


def _next(log: list[dict]) -> int:
    return log[-1]["sequence"] + 1 if log else 1


def _append(settings: Settings, month: date, log: list[dict], rows: list[dict]) -> None:
    table = pa.Table.from_pylist([*log, *rows], schema=CLOSES_SCHEMA)
    Lake(settings.lake_uri).replace(CLOSES, table, "month", [month.isoformat()])
    for name in (CLOSED, ADJUSTMENTS):
        build(catalog().models[name], catalog(), settings, [])


def _hash(figures: list[dict]) -> str:
    return hashlib.sha256(json.dumps(figures, default=str, sort_keys=True).encode()).hexdigest()[:16]


_SUMS = ", ".join(f"CAST(SUM({name}) AS DECIMAL(38, 18)) AS {name}" for name in AMOUNTS)
_FIGURES_SQL = f"""
SELECT vendor, charge_kind, {_SUMS}
FROM {FIGURES}
WHERE month = DATE '{{month}}'
GROUP BY vendor, charge_kind
ORDER BY vendor, charge_kind
"""
_PRICES_SQL = """
SELECT DISTINCT price_version
FROM fct_usage_day
WHERE price_version IS NOT NULL AND usage_day BETWEEN DATE '{month}' AND DATE '{last}'
ORDER BY price_version
"""
# What each feed held of the month, by the fingerprints of its days.
_INPUTS_SQL = """
SELECT feed, SUBSTR(MD5(STRING_AGG(usage_day || ' ' || COALESCE(fingerprint, ''), ',' ORDER BY usage_day)), 1, 16) AS content_hash
FROM feed_coverage
WHERE state IN ('available', 'zero') AND usage_day BETWEEN DATE '{month}' AND DATE '{last}'
GROUP BY feed
"""
