"""The last screen of a run: totals by vendor with the four amounts apart, the findings, and where to look next."""

from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent_spend.checks.catalog import remedy, title
from agent_spend.errors import EXPECTED_GAPS
from agent_spend.publish.warehouse import query
from agent_spend.words import CHARGE_NAMES, FEED_NAMES, VENDOR_SHORT, counted, words


def print_summary(console: Console, home: Path, *, slack_sent: int | None = None) -> int:
    """Print what the published warehouse says, in 80 columns.

    Returns:
        The number of open findings.
    """
    _print_totals(console, home)
    findings = _print_findings(console, home)
    _print_gaps(console, home)
    if slack_sent is not None:
        console.print(f"\nSlack      {counted(slack_sent, 'message')} sent now")
    others = len([*(home / "page").glob("*.html")]) - 1
    more = f"   and {counted(others, 'page')} for single organisations and squads" if others > 0 else ""
    console.print(f"Page       {home / 'page' / 'index.html'}{more}", soft_wrap=True)
    console.print(f"Warehouse  {home / 'warehouse.duckdb'}   agent-spend query \"SHOW TABLES\"", soft_wrap=True)
    console.print("Next       open the page, then: agent-spend ui   (Dagster over the same runs, http://127.0.0.1:3000)",
                  soft_wrap=True)
    return findings


def _print_totals(console: Console, home: Path) -> None:
    rows = query(
        home,
        """SELECT month, vendor, charge_kind, list_usd, covered_usd, billed_usd, invoiced_usd, is_reconciled, is_provisional,
               unpriced_tokens
           FROM rpt_finance__vendor_month ORDER BY month, vendor, charge_kind DESC""",
    )[1]
    console.print("\n[bold]Totals by vendor, USD[/] (four different amounts, never added; - means not stated)", markup=True)
    if not rows:
        console.print("No figures yet: load days with agent-spend backfill, or look around with agent-spend demo.")
        return
    table = Table("", "charge", box=None, pad_edge=False, header_style="dim")
    for name in ("list value", "covered", "billed", "invoiced"):
        table.add_column(name, justify="right")
    table.add_column("", no_wrap=True)
    above = (None, None)
    for month, vendor, kind, *amounts, is_reconciled, is_provisional, _ in rows:
        if month != above[0]:
            table.add_row(Text(f"{month:%b %Y}", style="bold"))
        state = f"{_state(vendor, is_reconciled, amounts[2], amounts[3])} {'*' if is_provisional else ''}".strip()
        name = "" if (month, vendor) == above else words(vendor, VENDOR_SHORT)
        table.add_row(name, words(kind, CHARGE_NAMES), *(_usd(amount) for amount in amounts), state)
        above = (month, vendor)
    console.print(table)
    if any(row[-2] for row in rows):
        console.print("* provisional: the vendor may still restate the last days", style="dim")
    if unpriced := sum(row[-1] for row in rows):
        console.print(f"List value excludes {unpriced:,} unpriced tokens.")


def _state(vendor: str, is_reconciled: bool, billed: Decimal | None, invoiced: Decimal | None) -> str:
    if is_reconciled:
        return "reconciled"
    if invoiced is not None:
        return "differs" if billed is not None else "not billed"
    return "" if vendor == "custom_agents" else "no invoice"


def _print_findings(console: Console, home: Path) -> int:
    rows = query(
        home,
        """SELECT kind, severity, COUNT(DISTINCT subject), MIN(usage_day), MAX(usage_day),
               ARG_MIN(explanation, usage_day) FROM rpt_findings
           WHERE status = 'open' GROUP BY kind, severity ORDER BY severity, MAX(amount_usd) DESC NULLS LAST, kind""",
    )[1]
    total = sum(row[2] for row in rows)
    console.print(f"\n[bold]Open findings: {total}[/]", markup=True)
    for kind, severity, count, first, last, explanation in rows:
        colour = "red" if severity == "ERROR" else "yellow"
        when = f"{first}" if first == last else f"{first} to {last}"
        more = f", the first of {count}" if count > 1 else ""
        console.print(Text.assemble(("● ", colour), (title(kind), "bold"), f", {when}{more}"))
        console.print(Padding(Text(explanation), (0, 0, 0, 2)))
        if todo := remedy(kind):
            console.print(Padding(Text(f"To do: {todo}.", style="dim"), (0, 0, 0, 2)))
    if rows:
        ids = "SELECT finding_id, kind, subject FROM rpt_findings"
        console.print(f"All of them, with the ids to acknowledge: agent-spend query \"{ids}\"", soft_wrap=True)
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
    alike: dict[tuple[str, str], list[str]] = {}
    for feed, state, days, message in gaps:
        said = state.replace("_", " ")
        # The message of a feed without settings begins with its state already; it says no more than that for any day.
        about = words(feed, FEED_NAMES) + ("" if state == "not_connected" else f" ({counted(days, 'day')})")
        alike.setdefault((said, (message or "").removeprefix(f"{said}: ")), []).append(about)
    for (said, message), names in alike.items():
        console.print(Padding(Text(f"{', '.join(names)}: {said}{f'; {message}' if message else ''}"), (0, 0, 0, 2)))


def _usd(amount: Decimal | None) -> str:
    return "-" if amount is None else f"{amount:,.2f}"
