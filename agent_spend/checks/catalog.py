"""The catalog of checks: each `dbt_like_sql/checks/*.sql` file is a query that returns offending rows.

A check's header is a few ``-- key: value`` lines: ``asset`` (what the check hangs on), ``severity`` (ERROR or WARN),
``partitions`` (day or none), ``title``, ``description`` and ``remedy``; optionally ``look`` (days before and after that
the query reads), ``episode`` (rows of one subject at most this many days apart are one episode; default 1) and
``blocking: yes``.

A query gives those columns of :data:`OFFENDING_ROW` that it has something to say in; ``vendor``, ``subject`` and
``explanation`` always, ``usage_day`` where the check is daily. Kind and severity are the file's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import takewhile
from pathlib import Path

import pyarrow as pa

from agent_spend.catalog import SQL_DIR, Catalog
from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import ConfigurationError
from agent_spend.lake.columns import DAY, MONEY, TEXT, schema_of
from agent_spend.lake.tables import Lake
from agent_spend.model_files import look, tables
from agent_spend.partitions import Window

#: A row of a check as findings keep it. ``usage_day`` is null for a finding that is about no day.
OFFENDING_ROW = pa.schema(
    schema_of(
        {
            "kind": TEXT, "severity": TEXT, "vendor": TEXT, "subject": TEXT, "person_id": TEXT, "org": TEXT, "usage_day": DAY,
            "observed": MONEY, "baseline": MONEY, "ratio": pa.float64(), "amount_usd": MONEY, "explanation": TEXT,
        }
    )
)
_NEEDED = ("vendor", "subject", "explanation")
_NO_ORG = "(not attributable)"
_REQUIRED = ("asset", "severity", "partitions", "title", "description", "remedy")
_KEYS = {*_REQUIRED, "look", "episode", "blocking"}
#: Kinds of findings that no file is behind.
_OTHERS = {
    "run_failed": {
        "title": "A run failed",
        "remedy": "open the run in Dagster; its message says what to mend, and running it again completes what is missing",
    }
}
_HEADER_LINE = re.compile(r"^-- ([a-z]+): (.+)$")


@dataclass(frozen=True)
class Check:
    """One check file; ``name`` is also the kind of its findings, and ``title`` what people read in its place."""

    name: str
    asset: str
    severity: str
    is_daily: bool
    is_blocking: bool
    look_back: int
    look_ahead: int
    episode_days: int
    title: str
    description: str
    remedy: str
    sql: str
    reads: tuple[str, ...]


def parse(path: Path) -> Check:
    """Read one check file.

    Raises:
        ConfigurationError: the header or the SQL is not as the house style asks; names the file and the line's key.
    """
    text = path.read_text(encoding="utf-8")
    head = _head(text)
    header = _header(head)
    for key in _REQUIRED:
        if key not in header:
            raise ConfigurationError(f"{path}: the header has no '-- {key}: ...' line")
    if unknown := sorted(set(header) - _KEYS):
        raise ConfigurationError(f"{path}: unknown header line '{unknown[0]}'; known: {', '.join(sorted(_KEYS))}")
    _one_of(path, header, "severity", ("ERROR", "WARN"))
    _one_of(path, header, "partitions", ("day", "none"))
    _one_of(path, header, "blocking", ("yes", "no"))
    look_back, look_ahead = look(path, header)
    if not header.get("episode", "1").isdigit():
        raise ConfigurationError(f"{path}: episode must be a number of days, not {header['episode']!r}")
    return Check(
        name=path.stem, asset=header["asset"], severity=header["severity"], is_daily=header["partitions"] == "day",
        is_blocking=header.get("blocking") == "yes", look_back=look_back, look_ahead=look_ahead,
        episode_days=int(header.get("episode", "1")), title=header["title"],
        description=header["description"], remedy=header["remedy"],
        sql="\n".join(text.splitlines()[len(head):]).strip().rstrip(";"),
        reads=tables(path, text),
    )


def title(kind: str) -> str:
    """What people read in place of a kind of finding."""
    return _told().get(kind, {}).get("title", kind)


def remedy(kind: str) -> str:
    """What to do about a kind of finding; empty where nobody has written it down."""
    return _told().get(kind, {}).get("remedy", "")


@cache
def _told() -> Mapping[str, Mapping[str, str]]:
    files = sorted((SQL_DIR / "checks").glob("*.sql"))
    return {path.stem: _header(_head(path.read_text(encoding="utf-8"))) for path in files} | _OTHERS


def load_checks(catalog: Catalog) -> list[Check]:
    """Every check of the catalog's folder, by name.

    Raises:
        ConfigurationError: a file is malformed, hangs on an unknown model, or reads an unknown table.
    """
    checks = [parse(path) for path in sorted(catalog.checks_dir.glob("*.sql"))]
    known = {*catalog.sources, *catalog.seeds, *catalog.models}
    for check in checks:
        if unknown := sorted({check.asset, *check.reads} - known):
            raise ConfigurationError(f"check {check.name} reads unknown tables: {', '.join(unknown)}")
    return checks


def evaluate(check: Check, catalog: Catalog, lake: Lake, days: Sequence[date] | None = None) -> list[dict]:
    """Offending rows of ``days``, or of everything stored when ``days`` is ``None``.

    The query runs once for the whole window of days.

    Raises:
        ConfigurationError: the query gives a column that no finding has, or leaves out a needed one or its value.
        duckdb.Error: the SQL fails on the data.
    """
    engine = DuckDBEngine(catalog, lake)
    sql, window = f"SELECT * FROM ({check.sql})", None
    if days is not None and check.is_daily:
        if not days:
            return []
        window = Window(min(days), max(days))
        sql += f" WHERE usage_day BETWEEN DATE '{window.first}' AND DATE '{window.last}'"
        window = window.widened(check.look_back, check.look_ahead)
    table = engine.query(sql, check.reads, window)
    table = _whole(check, table).sort_by([(name, "ascending") for name in ("usage_day", "vendor", "subject")])
    rows = table.to_pylist()
    wanted = None if window is None else set(days)
    return [_checked(check, row) for row in rows if wanted is None or row["usage_day"] in wanted]


def by_day(rows: Iterable[Mapping]) -> dict[date, list[Mapping]]:
    """Offending rows grouped by their day."""
    grouped: dict[date, list[Mapping]] = {}
    for row in rows:
        grouped.setdefault(row["usage_day"], []).append(row)
    return grouped


def _whole(check: Check, table: pa.Table) -> pa.Table:
    """The rows with every column of a finding; those that the query leaves out are the check's own or null."""
    if unknown := [name for name in table.schema.names if name not in OFFENDING_ROW.names or name in ("kind", "severity")]:
        known = [name for name in OFFENDING_ROW.names if name not in ("kind", "severity")]
        raise ConfigurationError(f"check {check.name}: gives {', '.join(unknown)}; a finding has {', '.join(known)}")
    if missing := [name for name in _needed(check) if name not in table.schema.names]:
        raise ConfigurationError(f"check {check.name}: gives no {', '.join(missing)}")
    given = {name: table[name] for name in table.schema.names}
    own = {"kind": check.name, "severity": check.severity, "org": _NO_ORG}
    return pa.table([
        given.get(field.name, pa.repeat(pa.scalar(own.get(field.name), field.type), table.num_rows)).cast(field.type)
        for field in OFFENDING_ROW
    ], OFFENDING_ROW)


def _checked(check: Check, row: dict) -> dict:
    for column in (*_needed(check), "org"):
        if row[column] is None:
            raise ConfigurationError(f"check {check.name}: a row of {row['usage_day']} has no {column}")
    return row


def _needed(check: Check) -> tuple[str, ...]:
    return (*_NEEDED, "usage_day") if check.is_daily else _NEEDED


def _head(text: str) -> list[str]:
    return list(takewhile(lambda line: line.startswith("--"), text.splitlines()))


def _header(head: Iterable[str]) -> dict[str, str]:
    return dict(match.groups() for line in head if (match := _HEADER_LINE.match(line)))


def _one_of(path: Path, header: Mapping[str, str], key: str, allowed: tuple[str, ...]) -> None:
    if header.get(key, allowed[0]) not in allowed:
        raise ConfigurationError(f"{path}: {key} must be {' or '.join(allowed)}, not {header[key]!r}")
