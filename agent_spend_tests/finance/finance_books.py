"""A company's books: a lake whose inputs a test writes by hand, and the real models over them."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa

from agent_spend.catalog import Catalog
from agent_spend.checks.catalog import evaluate, parse
from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.partitions import Window, month_end
from agent_spend.settings import Settings

OCTOBER = date(2026, 10, 1)
FEEDS = {
    "github_copilot": ("copilot_user_usage", "copilot_billing_usage"),
    "anthropic": ("claude_api_usage", "claude_api_cost"),
    "cursor": ("cursor_usage_events",),
}
RECONCILE = (
    "int_reconcile__claude_class_day", "int_reconcile__claude_charge_day", "int_reconcile__usage_day",
    "int_reconcile__day_cause",
    "int_reconcile__invoice_month", "int_reconcile__line_month", "int_reconcile__line_cause", "rpt_reconciliation_month",
)  # fmt: skip


@dataclass
class Books:
    """The lake of one test."""

    settings: Settings
    catalog: Catalog

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_uri)

    def write(self, table: str, *rows: dict) -> None:
        """Replace the partitions that ``rows`` hold; money may be given as text, columns left out are null."""
        schema = self.catalog.schemas[table]
        column = self.catalog.partition_column(table)
        exact = [{field.name: _exact(row.get(field.name), field.type) for field in schema} for row in rows]
        content = pa.Table.from_pylist(exact, schema=schema)
        self.lake.replace(table, content, column, {row[column] for row in rows} if column else ())

    def answered(self, vendor: str, first: date, last: date, feeds: tuple[str, ...] | None = None) -> None:
        """Say that the vendor's feeds answered for every day of a range."""
        days = Window(first, last).days()
        for feed in feeds or FEEDS[vendor]:
            self.write("feed_coverage", *(
                {"feed": feed, "usage_day": day, "state": "available", "row_count": 1, "revision": 1,
                 "last_attempt": "available"} for day in days
            ))

    def answered_month(self, vendor: str, month: date = OCTOBER) -> None:
        """As :meth:`answered`, for a month whose last day has left every restatement window."""
        self.answered(vendor, month, month_end(month) + timedelta(days=10))

    def build(self, *models: str, month: date = OCTOBER, around: int = 0) -> None:
        """Build models for one month, or for ``around`` more days at its ends where they are daily."""
        days = Window(month, month_end(month)).widened(around, around).days()
        keys = {"day": [day.isoformat() for day in days], "month": [month.isoformat()], "none": []}
        for name in models:
            model = self.catalog.models[name]
            build(model, self.catalog, self.settings, keys[model.partitions])

    def reconcile(self, month: date = OCTOBER, around: int = 0) -> dict[tuple, list[dict]]:
        """Rows of ``rpt_reconciliation_month`` of a month by vendor, line and comparison."""
        self.build(*RECONCILE, month=month, around=around)
        grouped: dict[tuple, list[dict]] = {}
        for row in self.lake.read("rpt_reconciliation_month", "month").to_pylist():
            if row["month"] == month:
                grouped.setdefault((row["vendor"], row["line"], row["comparison"]), []).append(row)
        for rows in grouped.values():
            if rows[0]["difference_usd"] is not None:
                assert sum(row["cause_usd"] for row in rows) == rows[0]["difference_usd"]
        return grouped

    def check(self, name: str) -> list[dict]:
        """Offending rows of a check."""
        return evaluate(parse(self.catalog.checks_dir / f"{name}.sql"), self.catalog, self.lake)


def causes(rows: list[dict]) -> dict[str, str]:
    """Cause -> amount, as plain text without trailing zeros."""
    return {row["cause"]: plain(row["cause_usd"]) for row in rows}


def plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def usage(day: date, vendor: str, list_usd, **more) -> dict:
    """A row of ``fct_usage_day``."""
    series = {"github_copilot": "copilot_credits", "anthropic": "claude_api_key", "cursor": "cursor_on_demand"}[vendor]
    return {
        "usage_day": day, "vendor": vendor, "surface": "api", "series": series, "auth_kind": "seat",
        "auth_rule": "r", "actor_kind": "interactive", "actor_rule": "r", "actor_id": "a", "squad": "(no squad)",
        "org": "(no org)", "unit": "tokens", "list_usd": list_usd, "price_state": "priced",
        "attribution_mode": "direct", "is_provisional": False,
    } | more


def invoice(vendor: str, kind: str, amount, month: date = OCTOBER, **more) -> dict:
    """A row of ``vendor_invoices`` for a whole month."""
    return {
        "month": month, "vendor": vendor, "invoice_id": "I-1", "line_number": 1, "issued_day": month_end(month),
        "period_start_day": month, "period_end_day": month_end(month), "charge_kind": kind, "currency": "USD",
        "amount_usd": amount, "amount": amount, "layout": "documented",
    } | more


def copilot_bill(day: date, gross, discount, net, sku_class: str = "credits", **more) -> dict:
    """A row of ``copilot_billing_usage``."""
    return {
        "usage_day": day, "scope_kind": "enterprise", "scope": "acme", "product": "Copilot", "sku": "Copilot AI Credits",
        "sku_class": sku_class, "unit": "ai-credits", "gross_quantity": gross, "gross_usd": gross,
        "discount_quantity": discount, "discount_usd": discount, "net_quantity": net, "net_usd": net,
    } | more


def _exact(value, kind: pa.DataType):
    return Decimal(value) if pa.types.is_decimal(kind) and value is not None else value
