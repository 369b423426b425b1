"""The parts list: every feed and the catalog of models over them. Dagster's view of it is `definitions.py`."""

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from agent_spend.lake.ledgers import COVERAGE, COVERAGE_SCHEMA, REVISIONS, REVISIONS_SCHEMA
from agent_spend.sources.feed import Feed

if TYPE_CHECKING:
    from agent_spend.catalog import Catalog

#: One line a source; each folder's ``assets.py`` names its feeds.
SOURCES = ("copilot", "claude", "cursor", "agent_traces", "roster", "identity_overrides", "key_registry", "invoices")


@lru_cache(maxsize=1)
def feeds() -> dict[str, Feed]:
    """Every feed by asset name."""
    found = [feed for source in SOURCES for feed in import_module(f"agent_spend.sources.{source}.assets").FEEDS]
    return {feed.name: feed for feed in found}


@lru_cache(maxsize=1)
def catalog() -> "Catalog":
    """The SQL models over the feeds and the lake's own ledgers."""
    import pyarrow as pa

    from agent_spend.alerts.findings import FINDINGS_SCHEMA
    from agent_spend.catalog import Catalog
    from agent_spend.month_end.frozen import CLOSES, CLOSES_SCHEMA, ROWS, ROWS_SCHEMA

    ledgers = {COVERAGE: pa.schema(COVERAGE_SCHEMA), REVISIONS: pa.schema(REVISIONS_SCHEMA), "findings": FINDINGS_SCHEMA}
    ledgers |= {CLOSES: CLOSES_SCHEMA, ROWS: ROWS_SCHEMA}
    return Catalog({name: feed.arrow_schema for name, feed in feeds().items()} | ledgers)
