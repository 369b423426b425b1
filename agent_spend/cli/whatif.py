"""Commands that answer "what if": ``agent-spend what-if ...``."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from agent_spend.cli.common import DAY, days_between, print_rows
from agent_spend.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

#: Columns of the Agent SDK split that hold only if it were in force; the others are use as it was.
_SPLIT_FIGURES = ("credit_usd", "credit_used_usd", "overflow_usd", "covered_days", "stops", "stops_day")
FORMAT = click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True)


@click.group("what-if")
def what_if() -> None:
    """Hypothetical figures: nothing is stored, and no figure of the ledger changes."""


@what_if.command("reprice")
@click.option("--from", "first", type=DAY, required=True, help="First UTC day of use.")
@click.option("--to", "last", type=DAY, required=True, help="Last UTC day of use, inclusive.")
@click.option("--model", "from_model", help="Only use of this model; every model without it.")
@click.option("--as-model", "to_model", help="Price it as this model.")
@click.option("--price-day", type=DAY, help="Price it with the book of this day; each day's own without it.")
@FORMAT
def reprice_command(
    first: datetime, last: datetime, from_model: str | None, to_model: str | None, price_day: datetime | None, form: str
) -> None:
    """The same Claude API tokens under another model or at another day's prices."""
    from agent_spend.what_if.reprice import reprice

    window = days_between(first, last)
    table = reprice(Settings.from_environment(), window, from_model, to_model, price_day.date() if price_day else None)
    if form == "csv":
        _print(table, form)
        return
    _print(_by_model(table), form)
    click.echo("Hypothetical: list prices on the tokens that were used. Another model would use other numbers of tokens.")


@what_if.command("agent-sdk-split")
@click.option("--from", "first", type=DAY, required=True, help="UTC day from which the split would hold.")
@click.option("--overflow", type=click.Choice(["off", "on"]), help="Beyond the credit: stop (off), or go on at list price (on).")
@click.option("--workloads", is_flag=True, help="One row a workload instead of one a seat.")
@FORMAT
def agent_sdk_split_command(first: datetime, overflow: str | None, workloads: bool, form: str) -> None:
    """Headless seat use against a monthly credit: the plan that was announced in May 2026 and paused in June."""
    from agent_spend.lake.tables import Lake
    from agent_spend.privacy import Display
    from agent_spend.what_if.agent_sdk_split import split_what_if

    settings = Settings.from_environment()
    split = split_what_if(settings, first.date(), overflow)
    table = Display.of(Lake(settings.lake_uri)).table(split.workloads if workloads else split.seats)
    if form == "csv":
        # A file is passed on without the sentence below: its figures say for themselves what they are.
        table = table.rename_columns([f"hypothetical_{name}" if name in _SPLIT_FIGURES else name for name in table.schema.names])
    _print(table, form)
    if form == "table":
        click.echo("Hypothetical: announced 2026-05-13, paused 2026-06-15, not in force. The ledger holds none of it.")


commands: list[click.Command] = [what_if]


def _by_model(table: "pa.Table") -> "pa.Table":
    from agent_spend.lake.reading import session

    with session() as connection:
        connection.register("repriced", table)
        return connection.sql(
            """SELECT model, hypothetical_model, CAST(SUM(tokens) AS BIGINT) AS tokens,
                   CASE WHEN COUNT(list_usd) = COUNT(*) THEN SUM(list_usd) END AS list_usd,
                   CASE WHEN COUNT(hypothetical_usd) = COUNT(*) THEN SUM(hypothetical_usd) END AS hypothetical_usd,
                   CASE WHEN COUNT(change_hypothetical_usd) = COUNT(*) THEN SUM(change_hypothetical_usd) END
                       AS change_hypothetical_usd
               FROM repriced GROUP BY model, hypothetical_model ORDER BY model NULLS LAST"""
        ).to_arrow_table()


def _print(table: "pa.Table", form: str) -> None:
    print_rows(table.schema.names, [[*row.values()] for row in table.to_pylist()], form, _shown)


def _shown(name: str, value: object) -> str:
    if value is None:
        return "-"
    if name == "share":
        return f"{value:.1%}"
    return f"{value:,.2f}" if name.endswith("_usd") else str(value)
