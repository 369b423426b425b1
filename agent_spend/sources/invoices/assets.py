"""The invoices' feed."""

from agent_spend.sources.feed import Feed
from agent_spend.sources.invoices import client, schema

FEEDS = [
    Feed(
        name="vendor_invoices",
        system="invoices",
        vendor="invoices",
        description=(
            "One row per invoice line and calendar month: what the vendor invoiced, by charge kind, in the invoice's "
            "currency and in USD; a line over several months is shared out by days. From the CSV files that INVOICES_URI names."
        ),
        schema=schema.VENDOR_INVOICES,
        fetch=client.fetch,
        total_column="amount_usd",
        partition_column="month",
    )
]
