"""The last screen of a run: totals by vendor with the four amounts apart, the findings, and where to look next."""

from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent_spend.errors import EXPECTED_GAPS
from agent_spend.publish.warehouse import query

VENDOR_NAMES = {
    "github_copilot": "GitHub Copilot", "anthropic": "Anthropic", "cursor": "Cursor", "custom_agents": "Custom agents",
}


def print_summary(console: Console, home: Path, *, slack_sent: int | None = None) -> int:
    """Print what the published warehouse says.

    Returns:
        The number of open findings.
    """
    _print_totals(console, home)
    findings = _print_findings(console, home)
    _print_gaps(console, home)
    if slack_sent is not None:
        console.print(f"\nSlack messages sent now: {slack_sent}")
    console.print(f"\nPage       {home / 'page' / 'index.html'}", soft_wrap=True)
    console.print(f"Warehouse  {home / 'warehouse.duckdb'}   agent-spend query \"SELECT * FROM rpt_findings\"", soft_wrap=True)
    console.print("Next       agent-spend ui   (the Dagster UI over the same runs, http://127.0.0.1:3000)", soft_wrap=True)
    return findings


def _print_totals(console: Console, home: Path) -> None:
    rows = query(
        home,
        """SELECT month, vendor, charge_kind, list_usd, covered_usd, billed_usd, invoiced_usd, is_reconciled, is_provisional,
               unpriced_tokens
           FROM rpt_finance__vendor_month ORDER BY month, vendor, charge_kind DESC""",
    )[1]
    table = Table("month", "vendor", "charge", box=None, pad_edge=False)
    for name in ("list value", "covered", "billed", "invoiced"):
        table.add_column(name, justify="right")
    table.add_column("")
    unpriced = 0
    for month, vendor, kind, listed, covered, billed, invoiced, reconciled, provisional, tokens in rows:
        unpriced += tokens
        state = "reconciled" if reconciled else ("not reconciled" if kind == "usage" and vendor != "custom_agents" else "")
        table.add_row(
            f"{month:%Y-%m}", VENDOR_NAMES.get(vendor, vendor), kind,
            *(_usd(amount) for amount in (listed, covered, billed, invoiced)),
            ", ".join(filter(None, [state, "provisional" if provisional else ""])),
        )
    console.print("\n[bold]Totals by vendor, USD[/] (four different amounts, never added; - means not stated)", markup=True)
    console.print(table)
    if unpriced:
        console.print(f"List value excludes {unpriced:,} unpriced tokens.")


def _print_findings(console: Console, home: Path) -> int:
    rows = query(
        home,
        """SELECT kind, severity, COUNT(DISTINCT subject), MIN(usage_day), MAX(usage_day),
               ARG_MIN(explanation, usage_day) FROM rpt_findings
           WHERE status = 'open' GROUP BY kind, severity ORDER BY severity, MAX(amount_usd) DESC NULLS LAST, kind""",
    )[1]
    total = sum(row[2] for row in rows)
    console.print(f"\n[bold]Open findings: {total}[/] (the first of each kind; all of them: rpt_findings)", markup=True)
    for kind, severity, count, first, last, explanation in rows:
        colour = "red" if severity == "ERROR" else "yellow"
        when = f"{first}" if first == last else f"{first} to {last}"
        console.print(f"  [{colour}]{kind}[/] x{count}, {when}", markup=True)
        console.print(f"    {explanation}")
    return total


def _print_gaps(console: Console, home: Path) -> None:
    expected = ", ".join(f"'{reason}'" for reason in sorted(EXPECTED_GAPS))
    gaps = query(
        home,
        f"""SELECT feed, state, COUNT(*), MIN(message) FROM rpt_coverage
            WHERE state IN ('missing', 'forbidden', 'not_connected') AND COALESCE(reason, '') NOT IN ({expected})
            GROUP BY feed, state ORDER BY feed""",
    )[1]
    if not gaps:
        return
    console.print("\n[bold]Not loaded[/] (shown as such, never as zero)", markup=True)
    for feed, state, days, message in gaps:
        count, said = f"{days} {'day' if days == 1 else 'days'}", state.replace("_", " ")
        # The message of a feed without settings begins with its state already.
        said = "; ".join(filter(None, (said, (message or "").removeprefix(f"{said}: "))))
        console.print(f"  {feed}: {count} {said}")


def _usd(amount: Decimal | None) -> str:
    return "-" if amount is None else f"{amount:,.2f}"
