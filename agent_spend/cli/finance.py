"""Commands of the month's end and of files: ``close``, ``reopen``, ``export ...`` and ``prices diff | check``."""

import sys
from datetime import date, datetime
from pathlib import Path

import click

from agent_spend.cli.common import MONTH
from agent_spend.settings import Settings


def _month(value: datetime) -> date:
    return value.date().replace(day=1)


def _publish_again(settings: Settings) -> None:
    """What is published already shows the month as closed, or as open again."""
    from agent_spend.lake.tables import Lake
    from agent_spend.project import catalog
    from agent_spend.publish.page.render import publish_page
    from agent_spend.publish.warehouse import FILE_NAME, publish_warehouse

    if (settings.home / FILE_NAME).exists():
        publish_page(publish_warehouse(Lake(settings.lake_uri), catalog(), settings.home), settings.home)


@click.command()
@click.option("--month", type=MONTH, required=True, help="Month that is over.")
@click.option("--force", is_flag=True, help="Close although days are missing or provisional; they go into the log.")
def close(month: datetime, force: bool) -> None:
    """Freeze a month's figures and what is behind them.

    A later restatement or price change then shows as an adjustment in the open month, never as a changed past.
    """
    from agent_spend.month_end.close import close_month

    settings = Settings.from_environment()
    done = close_month(settings, _month(month), force=force)
    _publish_again(settings)
    click.echo(
        f"closed {done.month:%Y-%m}: {done.lines} lines frozen, {done.adjustments} adjustments of earlier months taken over"
    )
    for line in done.open_days:
        click.echo(f"forced although {line}")


@click.command()
@click.option("--month", type=MONTH, required=True, help="Closed month.")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
def reopen(month: datetime, reason: str) -> None:
    """Open a closed month again; the log keeps why."""
    from agent_spend.month_end.close import reopen_month

    settings = Settings.from_environment()
    reopen_month(settings, _month(month), reason)
    _publish_again(settings)
    click.echo(f"reopened {month:%Y-%m}")


@click.group()
def export() -> None:
    """Write files to the home's folder `exports`."""


@export.command()
@click.option("--month", type=MONTH, required=True, help="Month of the charges.")
def focus(month: datetime) -> None:
    """The FOCUS 1.2 file, as CSV and Parquet; its BilledCost is the ledger's cash."""
    from agent_spend.publish.focus import export_focus

    for path in export_focus(Settings.from_environment(), _month(month)):
        click.echo(str(path))


@export.command()
@click.option("--month", type=MONTH, required=True, help="Month of the charges.")
def chargeback(month: datetime) -> None:
    """Charges by cost centre, in whole cents that add up to the ledger's cash."""
    from agent_spend.publish.chargeback import export_chargeback

    click.echo(str(export_chargeback(Settings.from_environment(), _month(month))))


@export.command()
def cutover() -> None:
    """The workloads that still sign in with a seat, with their 28-day cost at key prices and a target key, as CSV."""
    from agent_spend.publish.cutover import export_cutover

    click.echo(str(export_cutover(Settings.from_environment())))


@click.group()
def prices() -> None:
    """The price book: dated CSV files in dbt_like_sql/prices."""


@prices.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def diff(old: Path, new: Path) -> None:
    """What differs between two price files, or two folders of them; exit code 1 when something does."""
    from agent_spend.price_book import differences

    found = differences(old, new)
    for difference in found:
        click.echo(str(difference))
    if found:
        sys.exit(1)
    click.echo("no difference")


@prices.command()
def check() -> None:
    """Gaps and overlaps in the price book's periods; exit code 1 when there are some."""
    from agent_spend.checks.catalog import evaluate, parse
    from agent_spend.lake.tables import Lake
    from agent_spend.project import catalog

    rows = evaluate(parse(catalog().checks_dir / "price_book_gaps.sql"), catalog(), Lake(Settings.from_environment().lake_uri))
    for row in rows:
        click.echo(row["explanation"])
    if rows:
        sys.exit(1)
    click.echo("no gap and no overlap")


commands: list[click.Command] = [close, reopen, export, prices]
