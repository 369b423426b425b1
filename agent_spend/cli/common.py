"""What the commands share: a console, this home, progress by stage, and the demo's vendors where nothing is configured."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent_spend.errors import ConfigurationError
from agent_spend.partitions import Window
from agent_spend.settings import REQUIRED, Settings, is_connected
from agent_spend.words import counted

if TYPE_CHECKING:
    # Commands import what they need when they run: Dagster and the servers take seconds, and `--help` needs neither.
    from agent_spend.runs import Outcome, Stage


class Dated(click.DateTime):
    """A date option that says its form as people write it, such as ``YYYY-MM-DD``."""

    def __init__(self, form: str, shown: str):
        super().__init__([form])
        self.shown = shown

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return self.shown

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not {self.shown}, or no date of the calendar", param, ctx)


DAY, MONTH = Dated("%Y-%m-%d", "YYYY-MM-DD"), Dated("%Y-%m", "YYYY-MM")


def new_console(width_in_files: int = 140) -> Console:
    """A terminal's own width; wide enough for the tables where the output goes to a file.

    Text is printed as it is: names and messages come from vendors and files, and ``[x]`` or ``:key:`` in one is no markup.
    """
    width = None if sys.stdout.isatty() else width_in_files
    return Console(width=width, markup=False, emoji=False, highlight=False)


def days_between(first: datetime, last: datetime) -> Window:
    """The days from ``--from`` to ``--to``.

    Raises:
        ConfigurationError: they are the wrong way round.
    """
    window = Window(first.date(), last.date())
    if window.first > window.last:
        raise ConfigurationError(f"--from {window.first} is after --to {window.last}")
    return window


def home() -> Path:
    """``AGENT_SPEND_HOME``."""
    return Settings.from_environment().home


def own_home() -> Path:
    """The home, for commands that load from vendors.

    Raises:
        ConfigurationError: it holds the demo, and real vendors are configured: their people and money would be mixed with
            those of the simulated company.
    """
    from agent_spend.sandbox.server import stored_scenario

    settings = Settings.from_environment()
    real = [system for system in REQUIRED if system != "slack" and is_connected(system)]
    is_simulated = urlsplit(settings.github_api_url).hostname in ("127.0.0.1", "localhost")
    if real and not is_simulated and stored_scenario(settings.home / "sandbox") is not None:
        raise ConfigurationError(
            f"{settings.home} holds the demo's simulated company, and {', '.join(real)} would be mixed with it; set "
            "AGENT_SPEND_HOME to another folder for your own data"
        )
    return settings.home


@contextmanager
def demo_vendors(folder: Path) -> Iterator[None]:
    """Serves the simulated vendors of a demo home while the block runs, when no system is configured."""
    from agent_spend.sandbox.server import connected, stored_scenario

    scenario = stored_scenario(folder / "sandbox")
    if scenario is None or any(is_connected(system) for system in REQUIRED):
        yield
        return
    with connected(scenario, folder / "sandbox"):
        yield


@contextmanager
def progress(console: Console) -> "Iterator[Callable[[Stage], None]]":
    """A line a stage while it works, and one for stages of one name in a row; yields the callback that names the next."""
    started, current = monotonic(), []

    def close() -> None:
        if current:
            name, assets, since = current.pop()
            count = f" ({counted(assets, 'asset')})" if assets else ""
            console.print(f"[green]done[/]  {name}{count}  [dim]{monotonic() - since:.1f} s[/]", markup=True)

    def on_stage(stage: "Stage") -> None:
        assets, since = len(stage.assets), monotonic()
        if current and current[0][0] == stage.title:
            _, before, since = current.pop()
            assets += before
        close()
        current.append((stage.title, assets, since))
        status.update(f"{stage.title} ...")

    with console.status("Starting ...") as status:
        try:
            yield on_stage
        except KeyboardInterrupt:
            console.print("Stopped. What was stored stays; the same command completes the rest.")
            raise
        close()
    console.print(f"{monotonic() - started:.0f} s in all", style="dim")


def print_failures(console: Console, outcomes: "list[Outcome]") -> bool:
    """One line for each failed step; whether there was any."""
    failures = [line for outcome in outcomes for line in outcome.failures]
    for line in failures:
        console.print(Text.assemble(("failed", "red"), f" {line}"))
    return bool(failures)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence], form: str, shown: Callable[[str, object], str]) -> None:
    """Print rows as ``table``, ``csv`` or ``json``.

    Args:
        shown: a column's name and value as the table shows it; the other forms hold the value with all its digits.
    """
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    elif form == "json":
        click.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str, indent=1))
    else:
        table = Table(*columns, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(shown(name, value) for name, value in zip(columns, row, strict=True)))
        new_console(400).print(table if table.row_count else "No rows.")
