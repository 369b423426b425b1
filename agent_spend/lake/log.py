"""What a Delta table's log says of its partitions and columns, so that no data file is read for it."""

from collections import defaultdict
from collections.abc import Collection

from deltalake import DeltaTable, Schema

from agent_spend.errors import ConfigurationError

#: Rows of a partition, and their checksum as the Delta log keeps it.
Content = tuple[int, int]


def noted(stored: DeltaTable, partition_column: str | None, wanted: Collection[str]) -> dict[str, Content]:
    """Rows of each partition by the log's own count, and the checksum that was noted beside them."""
    rows: dict[str, int] = defaultdict(int)
    for key, count in by_partition(stored, partition_column, "num_records"):
        rows[key] += count
    return {key: (rows[key], stored.transaction_version(note_of(key))) for key in wanted if rows.get(key)}


def by_partition(stored: DeltaTable, partition_column: str | None, column: str) -> list[tuple[str, object]]:
    """What the log says of each file, beside the text of its partition; ``all`` without a partition column."""
    files = stored.get_add_actions(flatten=True)
    if not files.num_rows:
        return []
    values = files.column(column).to_pylist()
    keys = files.column(f"partition.{partition_column}").to_pylist() if partition_column else ["all"] * len(values)
    return list(zip(map(str, keys), values, strict=True))


def note_of(key: str) -> str:
    """Under which name the checksum of a partition is noted."""
    return f"agent_spend rows of {key}"


def check_types(name: str, stored: Schema, incoming: Schema) -> None:
    """Refuse rows of which a column has another type than the stored one.

    Raises:
        ConfigurationError: naming the table, the column and both types.
    """
    known = {field.name: field.type for field in stored.fields}
    for field in incoming.fields:
        kind = known.get(field.name, field.type)
        if kind != field.type:
            raise ConfigurationError(
                f"table {name}: column {field.name} is stored as {kind.type} and now arrives as "
                f"{field.type.type}; move {name} aside and backfill it again"
            )
