"""Dagster assets of what is published: the warehouse file, and the page made from it."""

import base64
from collections.abc import Sequence

import dagster as dg

from agent_spend.catalog import Catalog
from agent_spend.lake.tables import Lake
from agent_spend.models import AFTER_UPSTREAM
from agent_spend.publish.warehouse import FILE_NAME, publish_warehouse, published_models
from agent_spend.settings import Settings

#: Dagster keeps metadata in its own database; a larger picture stays out of it.
LARGEST_PICTURE_BYTES = 200_000


def published_assets(catalog: Catalog) -> Sequence[dg.AssetsDefinition]:
    """The assets ``warehouse`` (after every published model) and ``page`` (after the warehouse)."""

    @dg.asset(
        group_name="publish",
        description="One read-only DuckDB file with every fct_, dim_ and rpt_ table, for people and BI tools.",
        deps=[
            dg.AssetDep(model.name, partition_mapping=dg.AllPartitionMapping() if model.partition_column else None)
            for model in published_models(catalog)
        ],
        automation_condition=AFTER_UPSTREAM,
        kinds={"duckdb"},
        tags={"layer": "publish"},
    )
    def warehouse() -> dg.MaterializeResult:
        settings = Settings.from_environment()
        path = publish_warehouse(Lake(settings.lake_uri), catalog, settings.home)
        return dg.MaterializeResult(
            metadata={"path": dg.MetadataValue.path(str(path)), "bytes": path.stat().st_size,
                      "tables": len(published_models(catalog))}
        )

    @dg.asset(
        group_name="publish",
        description="The page with three layers, and one page for the people of each organisation. Self-contained HTML.",
        deps=[warehouse],
        automation_condition=AFTER_UPSTREAM,
        kinds={"html"},
        tags={"layer": "publish"},
    )
    def page(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        # Charts take 40 MB that no other run needs.
        from agent_spend.publish.page.render import months_chart, publish_page
        from agent_spend.publish.page.vega import png

        home = Settings.from_environment().home
        paths = publish_page(home / FILE_NAME, home, context.log.info)
        metadata: dict = {"path": dg.MetadataValue.path(str(paths[0])), "pages": len(paths),
                          "bytes": sum(path.stat().st_size for path in paths)}
        chart = months_chart(home / FILE_NAME)
        picture = png(chart, scale=1) if chart else b""
        if 0 < len(picture) <= LARGEST_PICTURE_BYTES:
            encoded = base64.b64encode(picture).decode()
            metadata["months"] = dg.MetadataValue.md(f"![List value by month](data:image/png;base64,{encoded})")
        return dg.MaterializeResult(metadata=metadata)

    return [warehouse, page]
