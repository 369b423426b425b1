"""What models read and no run materialises: the dated data of ``prices/`` and ``policies/``, and the lake's ledgers."""

import dagster as dg

from agent_spend.catalog import Catalog
from agent_spend.dagster_metadata import source_files

_SEEDS = {
    "agent_sdk_split": "The announced and paused Agent SDK credit: USD a person and month by plan, and since when.",
    "alert_thresholds": "Ratios and floors of the alerts: the number, its unit, and what it stands for.",
    "budgets": "Budgets in USD a month, by vendor, org, squad, workflow or key, with their owners.",
    "claude_modifiers": "Factors on Claude's token prices, such as batch and region, with the days they hold.",
    "claude_prices": "Claude's list prices in USD a million tokens, by model and context band, with the days they hold.",
    "contract_discounts": "Negotiated discounts by vendor and line, as a share, with the days they hold.",
    "cursor_prices": "Cursor's list prices in USD a million tokens, by model, with the days they hold.",
    "included_pools": "AI credits included with a seat and month, by plan, with the days they hold.",
    "reconciliation_tolerances": "How far metered, billed and invoiced figures may lie apart, by vendor, in USD and as a share.",
    "restatement_windows": "Days after which a feed's day is final; so many days are read again every morning.",
    "retention": "Days that rows about people are kept, by table; a table without a line is kept for ever.",
    "roster_rules": "Whose org and squad count where the HR file and GitHub's teams both state one.",
    "seat_counts": "Seats bought, for vendors that no API counts.",
    "seat_prices": "Seat fees in USD a month, by vendor and plan, with the rule of proration and the days they hold.",
    "seat_use": "From which share of used days on a seat no longer counts as under-used, by vendor.",
    "unit_prices": "Prices of items that are no tokens, such as searches and credits, with the days they hold.",
    "workload_rules": "Numbers and lists by which automated workloads are told from people.",
}
#: Group and description of each.
_LEDGERS = {
    "feed_coverage": ("coverage", "One row per feed and day: what is known about it, kept by the feeds themselves."),
    "feed_revisions": (
        "coverage", "One row per restatement of a feed's day: what it held before, kept by the feeds themselves."
    ),
    "month_close_rows": ("finance", "Every row behind the figures of closed months, kept by month_closes."),
}


def external_assets(catalog: Catalog) -> list[dg.AssetSpec]:
    """One asset a CSV file of ``prices/`` and ``policies/``, and one a ledger of the lake that models read."""
    seeds = [
        dg.AssetSpec(
            name, group_name="prices_policies", kinds={"csv"}, tags={"layer": "seeds"},
            description=f"{_SEEDS.get(name, 'Dated data.')}\n\n**File:** `dbt_like_sql/{path.parent.name}/{path.name}`, or "
            f"your own of that name. After a change: `agent-spend rebuild --after {name}`.",
            metadata={
                "dagster/column_schema": dg.TableSchema([dg.TableColumn(column) for column in catalog.schemas[name].names]),
                **source_files(CSV=catalog.seed_file(name)),
            },
        )
        for name, path in catalog.seeds.items()
    ]
    ledgers = [
        dg.AssetSpec(name, group_name=group, kinds={"deltalake"}, tags={"layer": "ledgers"}, description=text)
        for name, (group, text) in _LEDGERS.items()
        if name in catalog.sources
    ]
    return [*seeds, *ledgers]
