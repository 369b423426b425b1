"""Which upstream columns each column of a model is computed from, read from its SQL."""

import json
from hashlib import sha256
from pathlib import Path

import dagster as dg
import sqlglot

from agent_spend.catalog import Catalog, Model
from agent_spend.publish.files import write_if_changed
from agent_spend.up_to_date import FOLDER

#: Upstream tables and columns of each column.
Sources = dict[str, list[list[str]]]


def column_lineage(model: Model, catalog: Catalog, home: Path) -> dg.TableColumnLineage:
    """The lineage as Dagster shows it; kept in ``home``, since reading that of all models takes seconds."""
    path = home / FOLDER / "lineage" / f"{model.name}.json"
    upstream = [f"{name} {catalog.schemas[name].names}" for name in model.upstream]
    digest = sha256("\x1f".join([sqlglot.__version__, model.sql, *model.columns, *upstream]).encode()).hexdigest()
    try:
        known, sources = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        known, sources = "", {}
    if known != digest:
        sources = lineage_of(model, catalog)
        write_if_changed(path, json.dumps([digest, sources]).encode())
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=dg.AssetKey(table), column_name=name) for table, name in found]
            for column, found in sources.items()
            if found
        }
    )


def lineage_of(model: Model, catalog: Catalog) -> Sources:
    """The lineage of a model, by column."""
    # The optimizer is loaded where nothing is known yet.
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    schema = {table: {c: "TEXT" for c in catalog.schemas[table].names} for table in model.upstream}
    tree = qualify(sqlglot.parse_one(model.sql, dialect="duckdb"), schema=schema, dialect="duckdb")
    # All columns in one walk over one tree: copying it for each column takes ten times as long.
    nodes = lineage(None, tree, schema, scope=build_scope(tree), dialect="duckdb", copy=False, trim_selects=False)
    found = {}
    for column in model.columns:
        leaves = [node for node in nodes[column].walk() if not node.downstream]
        pairs = {(leaf.source.name, leaf.name.split(".")[-1].strip('"')) for leaf in leaves
                 if isinstance(leaf.source, sqlglot.exp.Table)}
        found[column] = sorted([*pair] for pair in pairs if pair[0] in model.upstream)
    return found
