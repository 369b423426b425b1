"""Group rows that nobody can be recognised in: groups of fewer than five people are shown only together."""

from collections.abc import Collection, Sequence
from decimal import Decimal

import pyarrow as pa

SMALLEST_GROUP = 5
TOGETHER = "(groups of fewer than five)"
#: Rows that stand for no group of people.
NOBODY = frozenset({"(not attributable)"})


def suppress_small_groups(
    table: pa.Table, *, group: str, people: str, keys: Sequence[str], amounts: Sequence[str],
    own: Collection[str] = (), smallest: int = SMALLEST_GROUP,
) -> pa.Table:
    """Fold groups of fewer than ``smallest`` people into one row named :data:`TOGETHER`, for each combination of keys.

    A published total minus the groups shown gives the hidden ones back, so while they hold too few people together the
    next larger group joins them. When nobody is left to join, the row's amounts and people are null: hidden, not zero.

    Args:
        group: column that names the group, e.g. ``org``.
        people: column with the number of distinct people behind the row; null counts as nobody known, hence small.
        keys: columns that make rows comparable, e.g. month and vendor; groups are compared within one combination.
        amounts: columns to add up; a null adds nothing, and only nulls stay null.
        own: the reader's own groups, always shown.

    Returns:
        Rows sorted as they came, folded ones at the end; other columns than these are dropped.
    """
    columns = [*keys, group, people, *amounts]
    by_key: dict[tuple, list[dict]] = {}
    for row in table.select(columns).to_pylist():
        by_key.setdefault(tuple(row[name] for name in keys), []).append(row)
    always = {*own, *NOBODY}
    shown: list[dict] = []
    for key, rows in by_key.items():
        ranked = sorted((row for row in rows if row[group] not in always), key=lambda row: (row[people] or 0, str(row[group])))
        hidden = [row for row in ranked if (row[people] or 0) < smallest]
        count = sum(row[people] or 0 for row in hidden)
        for row in ranked[len(hidden) :] if hidden else ():
            if count >= smallest:
                break
            hidden.append(row)
            count += row[people]
        names = {row[group] for row in hidden}
        shown += [row for row in rows if row[group] not in names]
        if hidden:
            enough = count >= smallest
            sums = {name: _sum(row[name] for row in hidden) if enough else None for name in amounts}
            shown.append(dict(zip(keys, key, strict=True)) | {group: TOGETHER, people: count if enough else None} | sums)
    schema = pa.schema([table.schema.field(name) for name in columns])
    return pa.Table.from_pylist(shown, schema=schema)


def _sum(values) -> Decimal | int | float | None:
    stated = [value for value in values if value is not None]
    return sum(stated[1:], stated[0]) if stated else None
