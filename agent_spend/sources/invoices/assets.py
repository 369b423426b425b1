"""The invoices' feed."""

from agent_spend.sources.feed import Feed
from agent_spend.sources.invoices import client, schema

FEEDS = [
    Feed(
        name="vendor_invoices",
        system="invoices",
        vendor="invoices",
        description=(
            "One row per invoice line, on the calendar month in which its period starts: what the vendor invoiced, "
            "in USD, by charge kind. From the CSV files that INVOICES_URI names."
        ),
        schema=schema.VENDOR_INVOICES,
        fetch=client.fetch,
        total_column="amount_usd",
        partition_column="month",
        kinds=frozenset({"file", "csv"}),
    )
]
