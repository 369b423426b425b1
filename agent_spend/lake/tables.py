"""The lake: Delta tables whose partitions are replaced whole, in one transaction, and only when they changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    QueryBuilder,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from agent_spend.errors import ConfigurationError
from agent_spend.lake.columns import rows_of
from agent_spend.lake.log import Content, by_partition, check_types, note_of, noted
from agent_spend.lake.spool import Spool
from agent_spend.partitions import Window

if TYPE_CHECKING:
    import pyarrow as pa

#: A data file is held in memory until it has this size, so that memory does not grow with a day's rows.
_FILE_BYTES = 16 << 20

#: A dictionary of each column saves half of a file's size, and takes 30 kB from the first row on. All partitions of a commit
#: are open until its end, so with more of them than this their files go without. A file's statistics, by which nobody looks
#: for a value, take as long to make as packing its rows.
_PARTITIONS_WITH_DICTIONARIES = 16
_MANY_PARTITIONS = WriterProperties(
    compression="SNAPPY",
    default_column_properties=ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE"),
)

# Days are found by their partition. Statistics of every column of every file would make the log of three years
# three times as long, and it is read at each opening.
_PROPERTIES = {"delta.dataSkippingNumIndexedCols": "0"}


_NOTHING: Content = (0, 0)
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
        from agent_spend.lake.reading import schema_of

        if not self.exists(name):
            return None
        stored = DeltaTable(self.uri(name))
        files = defaultdict(list)
        for key, path in sorted(by_partition(stored, partition_column, "path")):
            files[key].append(path)
        return Snapshot(stored.version(), f"{stored.metadata().id} {schema_of(stored)}", dict(files))

    def schema(self, name: str) -> "pa.Schema":
        """The stored columns and types."""
        from agent_spend.lake.reading import schema_of

        return schema_of(DeltaTable(self.uri(name)))

    def replace(
        self, name: str, table: "pa.Table | Spool", partition_column: str | None,
        partitions: Iterable[object] | Mapping[object, Content] = (),
    ) -> list[Change]:
        """Make ``partitions`` of the table hold exactly the rows of ``table``, which is read in batches.

        Partitions whose rows are the same as before, in any order, are left alone; when none changed, nothing is
        committed. Readers see the state before or after, never between. What a partition holds is noted in the commit that
        writes it, so nothing stored is read for that: a change by another program is noticed by the number of rows only.

        Args:
            partition_column: ``None`` for a table without partitions (then the whole table is replaced).
            partitions: the partition values that ``table`` is complete for; values without rows become empty. A mapping
                where rows and checksums were counted on the way here.

        Returns:
            One :class:`Change` for each partition that was replaced.

        Raises:
            ConfigurationError: a stored column has another type (an upgrade that needs a rebuild).
        """
        wanted = sorted({str(value) for value in partitions}) if partition_column else ["all"]
        if isinstance(partitions, Mapping):
            after = {str(value): content for value, content in partitions.items()}
        else:
            after = _counted(table, partition_column)
        is_new = not self.exists(name)
        before = {} if is_new else noted(DeltaTable(self.uri(name)), partition_column, wanted)
        changed = {
            key: after.get(key, _NOTHING) for key in wanted if before.get(key, _NOTHING) != after.get(key, _NOTHING)
        }
        if not changed and not is_new:
            return []
        self._commit(name, table, partition_column, changed)
        return [
            Change(key, before.get(key, _NOTHING)[0], rows, f"{checksum:016x}" if rows else "none")
            for key, (rows, checksum) in changed.items()
        ]

    def append(self, name: str, table: "pa.Table | Spool") -> None:
        """Add rows to a log table; nothing is committed for no rows."""
        if table.num_rows:
            write_deltalake(self.uri(name), table.to_reader(), mode="append")

    def bytes(self, name: str, partition_column: str, window: Window) -> int:
        """Size of the newest snapshot's files of ``window``, compressed as stored; 0 for a table that was never written."""
        if not self.exists(name):
            return 0
        sizes = by_partition(DeltaTable(self.uri(name)), partition_column, "size_bytes")
        return sum(size for day, size in sizes if str(window.first) <= day <= str(window.last))

    def relation_sql(
        self, name: str, partition_column: str | None, window: Window | None = None, wanted: "pa.Schema | None" = None
    ) -> str:
        """As :func:`agent_spend.lake.reading.relation_sql`, of the newest snapshot."""
        from agent_spend.lake.reading import relation_sql

        return relation_sql(DeltaTable(self.uri(name)), partition_column, window, wanted)

    def read(self, name: str, partition_column: str | None = None, window: Window | None = None) -> "pa.Table":
        """The rows of the newest snapshot (of ``window``); money stays decimal."""
        from agent_spend.lake.reading import table_of

        return table_of(DeltaTable(self.uri(name)), partition_column, window)

    def rows(self, name: str, *, limit: int | None = None, **wanted: object) -> list[dict]:
        """The few rows of the newest snapshot with these values in their columns; money stays decimal.

        There are none where a column is one that an older release did not store yet.
        """
        stored = DeltaTable(self.uri(name))
        if not wanted.keys() <= {field.name for field in stored.schema().fields}:
            return []
        values = ((column, str(value).replace("'", "''")) for column, value in wanted.items())
        sql = "SELECT * FROM stored WHERE " + " AND ".join(f"\"{column}\" = '{value}'" for column, value in values)
        found = QueryBuilder().register("stored", stored).execute(sql + (f" LIMIT {limit}" if limit else ""))
        return [row for batch in found for row in rows_of(batch)]

    @retry(
        retry=retry_if_exception_type(CommitFailedError), stop=stop_after_attempt(8),
        wait=wait_random_exponential(max=2), reraise=True,
    )
    def _commit(self, name: str, table: "pa.Table | Spool", partition_column: str | None, changed: Mapping[str, Content]) -> None:
        notes = [Transaction(note_of(key), checksum) for key, (_, checksum) in changed.items()]
        options = {
            "mode": "overwrite", "target_file_size": _FILE_BYTES,
            "commit_properties": CommitProperties(
                custom_metadata={"agent_spend.partitions": ",".join([*changed][:40])}, app_transactions=notes
            ),
            "writer_properties": _MANY_PARTITIONS if len(changed) > _PARTITIONS_WITH_DICTIONARIES else None,
        }
        kept = _only(table, partition_column, changed) if partition_column else table.to_reader()
        if not self.exists(name):
            write_deltalake(self.uri(name), kept, partition_by=partition_column, configuration=_PROPERTIES, **options)
            return
        # Opened once: the log of years of days takes longer to read than a day to write.
        stored = DeltaTable(self.uri(name))
        check_types(name, stored.schema(), Schema.from_arrow(table.schema))
        predicate = None
        if partition_column:
            predicate = f"{partition_column} IN ({', '.join(repr(key) for key in changed)})"
        write_deltalake(stored, kept, predicate=predicate, schema_mode="merge" if predicate else "overwrite", **options)


def _counted(table: "pa.Table | Spool", partition_column: str | None) -> dict[str, Content]:
    # Of tables by their columns: that takes a library that landing a list does without.
    from agent_spend.lake.fingerprints import partition_fingerprints

    return partition_fingerprints(table.to_reader(), partition_column)


def _only(table: "pa.Table | Spool", partition_column: str, wanted: Mapping[str, Content]):
    if sum(rows for rows, _ in wanted.values()) == table.num_rows:
        return table.to_reader()
    if isinstance(table, Spool):
        return table.only(partition_column, wanted).to_reader()
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = pa.array(wanted, pa.string())
    batches = (
        batch.filter(pc.is_in(pc.cast(batch[partition_column], pa.string()), value_set=keys)) for batch in table.to_reader()
    )
    return pa.RecordBatchReader.from_batches(table.schema, batches)
