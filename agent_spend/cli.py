"""The command line: ``agent-spend demo | doctor | backfill | query | page | sandbox | ui``."""

import csv
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from dotenv import load_dotenv
from rich.console import Console
from rich.table import Table

from agent_spend import cli_finance, cli_whatif
from agent_spend.errors import ConfigurationError

DAY = click.DateTime(formats=["%Y-%m-%d"])


class _Command(click.Group):
    """A wrong setting is one clear line and exit code 2, never a traceback."""

    def main(self, *args, **kwargs):
        try:
            return super().main(*args, **kwargs)
        except ConfigurationError as error:
            click.echo(f"agent-spend: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agent-spend")
def main() -> None:
    """What your AI agents cost: GitHub Copilot, Claude, Cursor and your own traced agents, in one honest view.

    Start with `agent-spend demo` (simulated vendors, no credentials). Then set the variables of the README's settings
    table, or put them in .env, ask `agent-spend doctor`, and load history with `agent-spend backfill`.
    """
    load_dotenv(Path.cwd() / ".env")


def _console() -> Console:
    """A terminal's own width; wide enough for the tables where the output goes to a file."""
    return Console(width=None if sys.stdout.isatty() else 140)


def _home() -> Path:
    from agent_spend.settings import Settings

    return Settings.from_environment().home


def _connect_to_demo(home: Path):
    """The sandbox of a demo home, when no vendor is configured; else a context that does nothing."""
    from contextlib import contextmanager, nullcontext

    from agent_spend.sandbox.server import environment, running, stored_scenario
    from agent_spend.settings import REQUIRED, is_connected

    scenario = stored_scenario(home / "sandbox")
    if scenario is None or any(is_connected(system) for system in REQUIRED):
        return nullcontext()

    @contextmanager
    def sandbox():
        with running(scenario, home / "sandbox") as server:
            os.environ.update(environment(server.url, server.folder))
            yield server

    return sandbox()


@main.command()
@click.option("--developers", type=int, help="Size of the simulated company [80].")
@click.option("--days", type=int, help="Days of history that end yesterday [35].")
@click.option("--seed", type=int, help="Another seed is another company [7].")
@click.option("--reset", is_flag=True, help="Delete this home's earlier demo first.")
@click.option("--fail-on-findings", is_flag=True, help="Exit with 1 when there are open findings.")
def demo(developers: int | None, days: int | None, seed: int | None, reset: bool, fail_on_findings: bool) -> None:
    """Run everything on simulated vendors and end with a summary.

    Serves the vendors on loopback, backfills every feed through Dagster, builds all models, runs all checks, sends the
    alerts to a simulated Slack and publishes the page and warehouse.duckdb. Running it again changes nothing.
    """
    from agent_spend.demo import demo_scenario, run_demo
    from agent_spend.summary import print_summary

    home = _home()
    console = _console()
    scenario = demo_scenario(home, developers, days, seed, reset)
    if reset:
        _delete_demo(home)
    console.print(
        f"Simulating {scenario.developers} developers over {scenario.days} days "
        f"({scenario.first_day} to {scenario.end_day}) in {home}"
    )
    with _progress(console) as on_stage:
        result = run_demo(scenario, home, on_stage)
    failures = [line for outcome in result.outcomes for line in outcome.failures]
    for line in failures:
        console.print(f"[red]failed[/] {line}", highlight=False)
    findings = print_summary(console, home, slack_sent=result.slack_sent)
    if failures or (fail_on_findings and findings):
        sys.exit(1)


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First UTC day.")
@click.option("--to", "last", type=DAY, required=True, help="Last UTC day, inclusive.")
@click.option("--feeds", "names", help="Comma list of feed assets; all of them without it.")
@click.option("--fail-on-findings", is_flag=True, help="Exit with 1 when there are open findings.")
def backfill(first: datetime, last: datetime, names: str | None, fail_on_findings: bool) -> None:
    """Load a range of days through Dagster, rebuild what depends on it, and publish.

    A day that fails keeps what was stored before; the other days are loaded, and the exit code is 1.
    """
    from agent_spend.partitions import FIRST_DAY, Window
    from agent_spend.project import feeds
    from agent_spend.runs import feed_stages, instance, materialize, model_stages
    from agent_spend.settings import REQUIRED, Settings, is_connected

    window = Window(first.date(), last.date())
    if window.first > window.last:
        raise ConfigurationError(f"--from {window.first} is after --to {window.last}")
    if window.first < FIRST_DAY:
        raise ConfigurationError(f"--from {window.first} is before {FIRST_DAY}; set AGENT_SPEND_FIRST_DAY to go back further")
    today = Settings.from_environment().today
    if window.last >= today:
        raise ConfigurationError(f"--to {window.last} is not over yet; the newest closed UTC day is {today - timedelta(days=1)}")
    chosen = [name.strip() for name in names.split(",")] if names else None
    unknown = sorted(set(chosen or ()) - set(feeds()))
    if unknown:
        raise ConfigurationError(f"--feeds: no feed named {', '.join(unknown)}; known: {', '.join(feeds())}")
    home = _home()
    console = _console()
    with _connect_to_demo(home):
        if not any(is_connected(system) for system in REQUIRED):
            raise ConfigurationError("no vendor is connected; set the variables of the README's settings table, or run the demo")
        from agent_spend.definitions import defs
        from agent_spend.demo import PUBLISH, REFRESH_FINDINGS
        from agent_spend.summary import print_summary

        with instance(home) as dagster, _progress(console) as on_stage:
            stages = [*feed_stages(chosen), *model_stages(), REFRESH_FINDINGS, PUBLISH]
            outcomes = materialize(defs, dagster, stages, window, on_stage)
        failures = [line for outcome in outcomes for line in outcome.failures]
        for line in failures:
            console.print(f"[red]failed[/] {line}", highlight=False)
        findings = print_summary(console, home)
    if failures or (fail_on_findings and findings):
        sys.exit(1)


@main.command()
def doctor() -> None:
    """Ask every source for its newest closed day and say what it answered; nothing is stored.

    Per feed: connected, forbidden (with the missing permission), not connected (with the settings to add), or the error.
    """
    from agent_spend.errors import State
    from agent_spend.partitions import month_start
    from agent_spend.project import feeds
    from agent_spend.settings import Settings, is_connected, missing_settings
    from agent_spend.sources.feed import not_connected

    home = _home()
    console = _console()
    troubled = False
    with _connect_to_demo(home):
        settings = Settings.from_environment()
        yesterday = settings.today - timedelta(days=1)
        for feed in feeds().values():
            day = month_start(yesterday) if feed.partition_column == "month" else yesterday
            answer = next(iter(not_connected(feed, [day]) or feed.fetch([day], settings)))
            healthy = answer.is_data or answer.reason in ("no_report", "no_invoice", "day_not_closed", "not_refreshed")
            state = "connected" if healthy else answer.state.value.replace("_", " ")
            if not healthy and answer.state is State.MISSING:
                state = f"failed ({answer.reason})"
            troubled |= state.startswith(("failed", "forbidden"))
            console.print(f"{feed.name:27} {state}", highlight=False)
            if answer.message:
                console.print(f"    {answer.message}", highlight=False, style="dim", soft_wrap=True)
        state = "connected" if is_connected("slack") else f"not connected: set {', '.join(missing_settings('slack'))}"
        console.print(f"{'slack':27} {state}", highlight=False)
    if troubled:
        sys.exit(1)


@main.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def query(sql: str, form: str) -> None:
    """Read the published warehouse with SQL, e.g. "SELECT * FROM rpt_finance__vendor_month"."""
    import duckdb

    from agent_spend.publish.warehouse import query as ask

    try:
        columns, rows = ask(_home(), sql)
    except duckdb.Error as error:
        raise ConfigurationError(f"query: {error}") from None
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    elif form == "json":
        click.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str, indent=1))
    else:
        table = Table(*columns, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row))
        Console(width=None if sys.stdout.isatty() else 400).print(table)


@main.command()
@click.argument("finding_id")
def acknowledge(finding_id: str) -> None:
    """Silence a finding by its id (or the beginning of it), as Slack and rpt_findings show it."""
    from datetime import UTC

    from agent_spend.alerts.findings import acknowledge as silence
    from agent_spend.lake.tables import Lake
    from agent_spend.settings import Settings

    finding = silence(Lake(Settings.from_environment().lake_uri), finding_id, datetime.now(UTC))
    click.echo(f"acknowledged {finding['finding_id']}: {finding['explanation']}")


@main.command()
def page() -> None:
    """Publish warehouse.duckdb and the page again from what the lake holds."""
    from agent_spend.definitions import defs
    from agent_spend.demo import PUBLISH, REFRESH_FINDINGS
    from agent_spend.partitions import Window
    from agent_spend.runs import instance, materialize

    home = _home()
    console = _console()
    with instance(home) as dagster, _progress(console) as on_stage:
        outcomes = materialize(defs, dagster, [REFRESH_FINDINGS, PUBLISH], Window(date.min, date.min), on_stage)
    failures = [line for outcome in outcomes for line in outcome.failures]
    for line in failures:
        console.print(f"[red]failed[/] {line}", highlight=False)
    if failures:
        sys.exit(1)
    console.print(f"{home / 'page' / 'index.html'}")


@main.command()
@click.option("--port", type=int, default=8123, show_default=True)
@click.option("--developers", type=int, default=80, show_default=True)
@click.option("--days", type=int, default=35, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--end-day", type=DAY, help="Last simulated UTC day [yesterday].")
@click.option("--fault", default="", help="Comma list of <path fragment>:<kind>[:<times>], e.g. users-1-day:503:2.")
@click.option("--restated", is_flag=True, help="Publish the seeded restatement from the start.")
def sandbox(port: int, developers: int, days: int, seed: int, end_day: datetime | None, fault: str, restated: bool) -> None:
    """Serve the simulated vendors in the foreground and print the settings that point at them."""
    import time

    from agent_spend.sandbox.scenario import Scenario
    from agent_spend.sandbox.server import environment, running
    from agent_spend.settings import Settings

    last = end_day.date() if end_day else Settings.from_environment().today - timedelta(days=1)
    try:
        scenario = Scenario(developers, days, seed, last)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    folder = _home() / "sandbox-files" / f"{developers}-{days}-{seed}-{last}"
    try:
        with running(scenario, folder, port=port, fault=fault) as server:
            if restated:
                server.restate()
            for name, value in environment(server.url, folder).items():
                click.echo(f"export {name}={value}")
            click.echo(f"# answer key: {folder / 'answer_key.json'} and {server.url}/_sandbox/answer_key", err=True)
            click.echo("# serving; Ctrl-C ends it", err=True)
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    except OSError as error:
        raise ConfigurationError(f"port {port} cannot be used: {error}") from None


@main.command()
@click.option("--port", type=int, default=3000, show_default=True)
def ui(port: int) -> None:
    """Open the Dagster UI, with its daemon, over this home's instance.

    In a home made by the demo, and with no vendor configured, the simulated vendors are served beside it.
    """
    from agent_spend.runs import instance

    home = _home()
    with instance(home), _connect_to_demo(home):
        command = [sys.executable, "-m", "dagster", "dev", "-m", "agent_spend.definitions", "-p", str(port)]
        try:
            sys.exit(subprocess.call(command, env=os.environ | {"AGENT_SPEND_HOME": str(home)}))
        except KeyboardInterrupt:
            sys.exit(0)


def _register(commands: list[click.Command]) -> None:
    """Adds commands of other modules; groups of one name (``export``) become one group."""
    for command in commands:
        known = main.commands.get(command.name)
        if isinstance(known, click.Group) and isinstance(command, click.Group):
            for name, inner in command.commands.items():
                known.add_command(inner, name)
        else:
            main.add_command(command)


_register([*cli_whatif.commands, *cli_finance.commands])


def _progress(console: Console):
    """A line a stage while it works; yields the callback that names the next stage."""
    from contextlib import contextmanager
    from time import monotonic

    @contextmanager
    def lines():
        started, current = monotonic(), []

        def close() -> None:
            if current:
                title, since = current.pop()
                console.print(f"[green]done[/]  {title}  [dim]{monotonic() - since:.1f} s[/]", highlight=False)

        def on_stage(stage) -> None:
            close()
            count = f" ({len(stage.assets)} assets)" if stage.assets else ""
            current.append((stage.title + count, monotonic()))
            status.update(f"{stage.title}{count} ...")

        with console.status("Starting ...") as status:
            yield on_stage
            close()
        console.print(f"[dim]{monotonic() - started:.0f} s in all[/]", highlight=False)

    return lines()


def _delete_demo(home: Path) -> None:
    import shutil

    if home.exists() and not (home / "sandbox").is_dir():
        raise ConfigurationError(f"{home} was not made by the demo; --reset deletes only demo homes")
    for name in ("sandbox", "lake", "raw", "dagster", "page", "warehouse.duckdb"):
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
