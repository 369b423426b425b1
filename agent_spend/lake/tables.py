"""The lake: Delta tables whose partitions are replaced whole, in one transaction, and only when they changed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from agent_spend.errors import ConfigurationError
from agent_spend.lake.fingerprints import partition_fingerprints
from agent_spend.lake.reading import batches, duckdb_type, relation_sql, schema_of
from agent_spend.lake.spool import Spool
from agent_spend.partitions import Window

#: A data file is held in memory until it has this size, so that memory does not grow with a day's rows.
_FILE_BYTES = 16 << 20

#: A dictionary of each column saves half of a file's size, and takes 30 kB from the first row on. All partitions of a commit
#: are open until its end, so with more of them than this their files go without.
_PARTITIONS_WITH_DICTIONARIES = 16
_NO_DICTIONARIES = WriterProperties(default_column_properties=ColumnProperties(dictionary_enabled=False))

# Days are found by their partition. Statistics of every column of every file would make the log of three years
# three times as long, and it is read at each opening.
_PROPERTIES = {"delta.dataSkippingNumIndexedCols": "0"}


#: Characters of a local path with which delta-rs panics.
_REFUSED = frozenset("[]^|")


@dataclass(frozen=True)
class Change:
    """What one replaced partition looked like before and after: its rows, and the fingerprint of the new ones."""

    partition: str
    rows_before: int
    rows_after: int
    fingerprint: str


@dataclass(frozen=True)
class Snapshot:
    """One version of a table: its identity and columns, and the data files of each partition (``all`` without partitions).

    A data file never changes under its name.
    """

    version: int
    table: str
    files: dict[str, list[str]]


class Lake:
    """A folder (or object store prefix) of Delta tables.

    Args:
        root: path or URI; each table is ``<root>/<name>``.

    Raises:
        ConfigurationError: delta-rs, which takes a path for a URL, would break off at a character of it.
    """

    def __init__(self, root: str):
        if "://" not in root and (_REFUSED & {*root} or unquote(root) != root):
            raise ConfigurationError(
                f"Delta tables cannot be kept in {root}: none of [ ] ^ | may be in the path, nor % before two digits; "
                "set AGENT_SPEND_HOME to another folder"
            )
        self.root = root.rstrip("/")

    def uri(self, name: str) -> str:
        """Where the table lives."""
        return f"{self.root}/{name}"

    def exists(self, name: str) -> bool:
        """Whether the table was ever written."""
        return DeltaTable.is_deltatable(self.uri(name))

    def version(self, name: str) -> int | None:
        """Number of the newest commit, ``None`` for a table that was never written."""
        return DeltaTable(self.uri(name)).version() if self.exists(name) else None

    def snapshot(self, name: str, partition_column: str | None) -> Snapshot | None:
        """What the newest version consists of, ``None`` for a table that was never written."""
        if not self.exists(name):
            return None
        stored = DeltaTable(self.uri(name))
        actions = pa.table(stored.get_add_actions(flatten=True))
        paths, files = actions["path"].to_pylist(), defaultdict(list)
        keys = pc.cast(actions[f"partition.{partition_column}"], pa.string()).to_pylist() if partition_column and paths else (
            ["all"] * len(paths))
        for key, path in sorted(zip(keys, paths, strict=True)):
            files[key].append(path)
        return Snapshot(stored.version(), f"{stored.metadata().id} {schema_of(stored)}", dict(files))

    def schema(self, name: str) -> pa.Schema:
        """The stored columns and types."""
        return schema_of(DeltaTable(self.uri(name)))

    def replace(
        self, name: str, table: pa.Table | Spool, partition_column: str | None, partitions: Iterable[object] = ()
    ) -> list[Change]:
        """Make ``partitions`` of the table hold exactly the rows of ``table``, which is read in batches.

        Partitions whose rows are the same as before, in any order, are left alone; when none changed, nothing is
        committed. Readers see the state before or after, never between.

        Args:
            partition_column: ``None`` for a table without partitions (then the whole table is replaced).
            partitions: the partition values that ``table`` is complete for; values without rows become empty.

        Returns:
            One :class:`Change` for each partition that was replaced.

        Raises:
            ConfigurationError: a stored column has another type (an upgrade that needs a rebuild).
        """
        wanted = sorted({str(value) for value in partitions}) if partition_column else ["all"]
        before = self._fingerprints(name, partition_column, wanted)
        after = partition_fingerprints(table.to_reader(), partition_column)
        changed = [key for key in wanted if before.get(key, (0, "")) != after.get(key, (0, ""))]
        if not changed and self.exists(name):
            return []
        self._commit(name, table, partition_column, changed)
        return [
            Change(key, before.get(key, (0, ""))[0], after.get(key, (0, ""))[0], after.get(key, (0, "none"))[1])
            for key in changed
        ]

    def append(self, name: str, table: pa.Table) -> None:
        """Add rows to a log table; nothing is committed for no rows."""
        if table.num_rows:
            write_deltalake(self.uri(name), table, mode="append")

    def bytes(self, name: str, partition_column: str, window: Window) -> int:
        """Size of the newest snapshot's files of ``window``, compressed as stored; 0 for a table that was never written."""
        if not self.exists(name):
            return 0
        files = pa.table(DeltaTable(self.uri(name)).get_add_actions(flatten=True))
        if not files.num_rows:
            return 0
        days = pc.cast(files[f"partition.{partition_column}"], pa.string())
        inside = pc.and_(pc.greater_equal(days, str(window.first)), pc.less_equal(days, str(window.last)))
        return pc.sum(files["size_bytes"].filter(inside)).as_py() or 0

    def relation_sql(
        self, name: str, partition_column: str | None, window: Window | None = None, wanted: pa.Schema | None = None
    ) -> str:
        """As :func:`agent_spend.lake.reading.relation_sql`, of the newest snapshot."""
        return relation_sql(DeltaTable(self.uri(name)), partition_column, window, wanted)

    def read(self, name: str, partition_column: str | None = None, window: Window | None = None) -> pa.Table:
        """The rows of the newest snapshot (of ``window``); money stays decimal."""
        stored = DeltaTable(self.uri(name))
        return pa.Table.from_batches(batches(stored, partition_column, window), schema_of(stored))

    def _fingerprints(self, name: str, partition_column: str | None, wanted: list[str]) -> dict[str, tuple[int, str]]:
        if not self.exists(name) or not wanted:
            return {}
        window = Window(date.fromisoformat(wanted[0]), date.fromisoformat(wanted[-1])) if _is_day(wanted[0]) else None
        return partition_fingerprints(batches(DeltaTable(self.uri(name)), partition_column, window), partition_column)

    @retry(
        retry=retry_if_exception_type(CommitFailedError), stop=stop_after_attempt(8),
        wait=wait_random_exponential(max=2), reraise=True,
    )
    def _commit(self, name, table, partition_column, changed) -> None:
        kept = _only(table, partition_column, changed) if partition_column else table.to_reader()
        options = {
            "mode": "overwrite", "target_file_size": _FILE_BYTES,
            "commit_properties": CommitProperties(custom_metadata={"agent_spend.partitions": ",".join(changed[:40])}),
            "writer_properties": _NO_DICTIONARIES if len(changed) > _PARTITIONS_WITH_DICTIONARIES else None,
        }
        if not self.exists(name):
            write_deltalake(self.uri(name), kept, partition_by=partition_column, configuration=_PROPERTIES, **options)
            return
        # Opened once: the log of years of days takes longer to read than a day to write.
        stored = DeltaTable(self.uri(name))
        _check_types(name, pa.schema(stored.schema().to_arrow()), table.schema)
        predicate = None
        if partition_column:
            predicate = f"{partition_column} IN ({', '.join(repr(key) for key in changed)})"
        write_deltalake(stored, kept, predicate=predicate, schema_mode="merge" if predicate else "overwrite", **options)


def _only(table: pa.Table | Spool, partition_column: str, keys: list[str]) -> pa.RecordBatchReader:
    wanted = pa.array(keys, pa.string())
    batches = (
        batch.filter(pc.is_in(pc.cast(batch[partition_column], pa.string()), value_set=wanted)) for batch in table.to_reader()
    )
    return pa.RecordBatchReader.from_batches(table.schema, batches)


def _is_day(key: str) -> bool:
    return len(key) == 10 and key[4] == "-" and key[7] == "-"


def _check_types(name: str, stored: pa.Schema, incoming: pa.Schema) -> None:
    for field in incoming:
        index = stored.get_field_index(field.name)
        if index >= 0 and duckdb_type(stored.field(index).type) != duckdb_type(field.type):
            raise ConfigurationError(
                f"table {name}: column {field.name} is stored as {stored.field(index).type} and now arrives as "
                f"{field.type}; move {name} aside and backfill it again"
            )

