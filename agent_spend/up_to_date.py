"""Which partitions of a model need no computing: what they would be computed from is what they were computed from.

``home/built/<model>.json`` holds for each partition a fingerprint of everything the computation read, a fingerprint of the
files that its result is stored in, and its number of rows. Read are: the SQL of the model and of the views under it, the
bytes of price and policy files, the data files of the tables (which never change under their name), and this program
and its engine. The file is a cache: what it does not know, or what was stored by somebody else, is computed.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

import deltalake
import duckdb
import pyarrow as pa

from agent_spend.catalog import Catalog, Model
from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.lake.tables import Lake, Snapshot
from agent_spend.partitions import Window
from agent_spend.publish.files import write_if_changed

FOLDER = "built"
#: Tag of a run that computes everything, up to date or not: ``true``.
FULL_REFRESH = "agent_spend/full_refresh"
#: The one partition of a table without partitions.
WHOLE = "all"
_COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_CLOCKS = re.compile(r"\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b", re.IGNORECASE)


class Record:
    """What is known of the partitions of one model.

    Args:
        windows: the days that each partition reads, by its key, for those that are asked about; ``None`` for :data:`WHOLE`.
    """

    def __init__(self, model: Model, catalog: Catalog, lake: Lake, home: Path, windows: Mapping[str, Window | None]):
        self._model, self._lake = model, lake
        self._path = home / FOLDER / f"{model.name}.json"
        # Both read before anything is computed: a commit in between makes a result newer than its record, and it is
        # computed again.
        self._stored = self._snapshot()
        self._inputs = _inputs(model, catalog, lake, windows)

    def up_to_date(self) -> dict[str, int]:
        """Partitions, of those asked about, that need no computing, with their number of rows."""
        return {
            key: rows for key, (inputs, output, rows) in self._lines().items()
            if self._inputs.get(key) == inputs and self._output(self._stored, key) == output
        }  # fmt: skip

    def keep(self, rows: Mapping[str, int], commits: int) -> None:
        """Remember these partitions, with their number of rows, as computed and stored by so many commits since the beginning.

        When somebody else has committed too, whose result is stored cannot be told, and nothing is remembered.
        """
        stored = self._snapshot()
        if stored and stored.version != (self._stored.version + commits if self._stored else max(commits, 1) - 1):
            return
        new = {key: [self._inputs[key], self._output(stored, key), rows[key]] for key in rows if key in self._inputs}
        if new:
            write_if_changed(self._path, json.dumps(self._lines() | new, indent=0, sort_keys=True).encode())

    def _lines(self) -> dict[str, list]:
        try:
            return json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}

    def _snapshot(self) -> Snapshot | None:
        return None if self._model.is_view else self._lake.snapshot(self._model.name, self._model.partition_column)

    def _output(self, stored: Snapshot | None, key: str) -> str:
        """Fingerprint of what is stored of a partition."""
        if stored is None:
            return "not stored" if self._model.is_view else "missing"
        return _digest([stored.table, *stored.files.get(key, ())])


def _inputs(model: Model, catalog: Catalog, lake: Lake, windows: Mapping[str, Window | None]) -> dict[str, str]:
    """Fingerprint of everything that each partition is computed from; nothing for SQL that reads a clock or a file."""
    views, stored = catalog.stored_inputs(model.upstream)
    if any(_is_unrepeatable(text) for text in (model.sql, *(view.sql for view in views))):
        return {}
    shape = (model.partitions, model.is_view, model.look_back, model.look_ahead)
    common = [*_program(), *map(str, shape), model.sql, *sorted(f"{view.name} {view.sql}" for view in views)]
    engine, tables = DuckDBEngine(catalog, lake), []
    for name in stored:
        common += [name, str(catalog.schemas[name])]
        if name in catalog.seeds:
            common.append(sha256(catalog.seed_file(name).read_bytes()).hexdigest())
        elif snapshot := lake.snapshot(name, catalog.partition_column(name)):
            common.append(snapshot.table)
            tables.append((name, _Files(snapshot)))
    return {
        key: _digest([*common, *(files.within(engine.limits(name, window)) for name, files in tables)])
        for key, window in windows.items()
    }


class _Files:
    """The data files of one input, of any range of its partitions."""

    def __init__(self, snapshot: Snapshot):
        self._keys = sorted(snapshot.files)
        self._digests = [_digest([key, *snapshot.files[key]]) for key in self._keys]

    def within(self, limits: Window | None) -> str:
        if limits is None:
            return _digest(self._digests)
        first, last = bisect_left(self._keys, str(limits.first)), bisect_right(self._keys, str(limits.last))
        return _digest(self._digests[first:last])


@cache
def _program() -> tuple[str, ...]:
    """This program and what computes for it."""
    folder = Path(__file__).parent
    code = [part for path in sorted(folder.rglob("*.py")) for part in (str(path.relative_to(folder)), path.read_text())]
    return _digest(code), duckdb.__version__, pa.__version__, deltalake.__version__


@lru_cache(maxsize=1024)
def _is_unrepeatable(sql: str) -> bool:
    """Whether the SQL may give something else tomorrow: it calls a clock, chance, a setting, or a function that reads files."""
    text = _COMMENTS.sub(" ", sql)
    return bool(_CLOCKS.search(text)) or any(
        name.lower() in _unrepeatable_functions() for name in re.findall(r'(\w+)"?\s*\(', text)
    )


@cache
def _unrepeatable_functions() -> frozenset[str]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            """SELECT DISTINCT function_name FROM duckdb_functions()
               WHERE stability <> 'CONSISTENT'
                 OR function_type LIKE 'table%' AND function_name NOT IN ('range', 'generate_series', 'unnest')"""
        ).fetchall()
    return frozenset(name for name, in rows)


def _digest(parts: Iterable[str]) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]
