"""The command line: its entry point, and the commands that work on a home; others are in the modules beside it."""

import sys
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent_spend.cli import demo, finance, whatif
from agent_spend.cli.common import DAY, days_between, home, new_console, own_home, print_failures, print_rows, progress
from agent_spend.errors import ConfigurationError
from agent_spend.partitions import FIRST_DAY, Window
from agent_spend.pseudonyms import Pseudonyms
from agent_spend.settings import Settings, env

if TYPE_CHECKING:
    from agent_spend.runs import Stage


_ORDER = ("demo", "ui", "doctor", "backfill", "query", "acknowledge", "page", "rebuild", "prices", "close", "reopen", "export")


class _Command(click.Group):
    """A wrong setting is one clear line and exit code 2, never a traceback; commands are listed as they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.commands, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))

    def main(self, *args, **kwargs):
        try:
            return super().main(*args, **kwargs)
        except ConfigurationError as error:
            click.echo(f"agent-spend: {error}", err=True)
        except OSError as error:
            folder, path = home(), Path(str(error.filename))
            in_home = path.is_relative_to(folder) and not isinstance(error, FileNotFoundError)
            if not (in_home or folder.is_relative_to(path)):
                raise
            click.echo(
                f"agent-spend: {path} cannot be used ({error.strerror}); AGENT_SPEND_HOME must name a folder that "
                "this user may write into",
                err=True,
            )
        sys.exit(2)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agent-spend")
def main() -> None:
    """What your AI agents cost: GitHub Copilot, Claude, Cursor and your own traced agents, in one honest view.

    Start with `agent-spend demo` (simulated vendors, no credentials). Then set the variables of the README's settings
    table, or put them in .env, ask `agent-spend doctor`, and load history with `agent-spend backfill`.
    """
    # A wrong setting is said before anything runs, not by the first step that needs it.
    _ = Settings.from_environment().today
    if salt := env("AGENT_SPEND_PSEUDONYM_SALT"):
        Pseudonyms(salt)


_FULL_REFRESH = click.option(
    "--full-refresh", is_flag=True, help="Compute every model again, also where nothing that it reads has changed."
)


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First UTC day.")
@click.option("--to", "last", type=DAY, required=True, help="Last UTC day, inclusive.")
@click.option("--feeds", "names", help="Comma list of feed assets; all of them without it.")
@_FULL_REFRESH
@click.option("--accept-empty", is_flag=True, help="Let a day for which a source lists nothing any more lose its stored rows.")
@click.option("--fail-on-findings", is_flag=True, help="Exit with 1 when there are open findings.")
def backfill(
    first: datetime, last: datetime, names: str | None, full_refresh: bool, accept_empty: bool, fail_on_findings: bool
) -> None:
    """Load a range of days, build what reads it, and publish.

    A day that fails keeps what was stored before; the other days are loaded, and the exit code is 1. A model of which
    nothing that it reads has changed is not computed again.
    """
    from agent_spend.project import feeds
    from agent_spend.runs import feed_stages, model_stages
    from agent_spend.settings import REQUIRED, is_connected

    window = _window(first, last)
    chosen = [name.strip() for name in names.split(",")] if names else None
    unknown = sorted(set(chosen or ()) - set(feeds()))
    if unknown:
        raise ConfigurationError(f"--feeds: no feed named {', '.join(unknown)}; known: {', '.join(feeds())}")
    if not any(is_connected(system) for system in REQUIRED):
        raise ConfigurationError("no vendor is connected; set the variables of the README's settings table, or run the demo")
    own_home()
    _run([*feed_stages(chosen), *model_stages()], window, full_refresh, fail_on_findings, accept_empty)


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First UTC day.")
@click.option("--to", "last", type=DAY, required=True, help="Last UTC day, inclusive.")
@click.option("--after", "names", required=True, help="Comma list of what changed: price or policy files, feeds or models.")
@_FULL_REFRESH
@click.option("--fail-on-findings", is_flag=True, help="Exit with 1 when there are open findings.")
def rebuild(first: datetime, last: datetime, names: str, full_refresh: bool, fail_on_findings: bool) -> None:
    """Build days again after a price, policy or model changed.

    Builds what depends on it, and publishes; nothing is fetched. After a new line in
    dbt_like_sql/prices/claude_prices.csv: --after claude_prices. A day whose rows come out the same is not written.
    """
    from agent_spend.project import catalog
    from agent_spend.runs import dependents, model_stages

    changed = [name.strip() for name in names.split(",")]
    known = {*catalog().seeds, *catalog().sources, *catalog().models}
    if unknown := sorted(set(changed) - known):
        seeds = ", ".join(catalog().seeds)
        raise ConfigurationError(f"--after: nothing is named {', '.join(unknown)}; prices and policies: {seeds}")
    _run(model_stages(only=dependents(changed)), _window(first, last), full_refresh, fail_on_findings)


def _window(first: datetime, last: datetime) -> Window:
    window = days_between(first, last)
    if window.first < FIRST_DAY:
        raise ConfigurationError(f"--from {window.first} is before {FIRST_DAY}; set AGENT_SPEND_FIRST_DAY to go back further")
    today = Settings.from_environment().today
    if window.last >= today:
        raise ConfigurationError(f"--to {window.last} is not over yet; the newest closed UTC day is {today - timedelta(days=1)}")
    return window


def _run(
    stages: "list[Stage]", window: Window, full_refresh: bool, fail_on_findings: bool, accept_empty: bool = False
) -> None:
    # Loaded last: it takes seconds, and a mistake in the arguments should not.
    from agent_spend.definitions import defs
    from agent_spend.demo import PUBLISH, REFRESH_FINDINGS
    from agent_spend.runs import instance, materialize
    from agent_spend.sources.land import ACCEPT_EMPTY
    from agent_spend.summary import print_summary
    from agent_spend.up_to_date import FULL_REFRESH

    folder, console = home(), new_console()
    wanted = [tag for tag, is_on in ((FULL_REFRESH, full_refresh), (ACCEPT_EMPTY, accept_empty)) if is_on]
    with instance(folder) as dagster, progress(console) as on_stage:
        outcomes = materialize(defs, dagster, [*stages, REFRESH_FINDINGS, PUBLISH], window, on_stage, wanted)
    failed = print_failures(console, outcomes)
    findings = print_summary(console, folder)
    if failed or (fail_on_findings and findings):
        sys.exit(1)


@main.command()
def doctor() -> None:
    """Ask every source what it answers; nothing is stored.

    Each is asked for its newest closed day. Per feed: connected, forbidden (with the missing permission), not connected
    (with the settings to add), or the error.
    """
    from agent_spend.errors import State
    from agent_spend.partitions import month_start
    from agent_spend.project import feeds
    from agent_spend.settings import is_connected, missing_settings
    from agent_spend.sources.feed import answers

    console = new_console()
    states = Counter()
    settings = Settings.from_environment()
    yesterday = settings.today - timedelta(days=1)
    for feed in feeds().values():
        day = month_start(yesterday) if feed.partition_column == "month" else yesterday
        answer = next(answers(feed, [day], settings))
        healthy = answer.is_data or answer.reason in ("no_report", "no_invoice", "day_not_closed", "not_refreshed")
        state = "connected" if healthy else answer.state.value.replace("_", " ")
        if not healthy and answer.state is State.MISSING:
            state = f"failed ({answer.reason})"
        states[state.partition(" (")[0]] += 1
        # The message of a feed without settings is its state and the settings, in one line.
        shown = answer.message if answer.state is State.NOT_CONNECTED else state
        console.print(f"{feed.name:27} {shown}", soft_wrap=True)
        if answer.message and shown == state:
            console.print(f"    {answer.message}", style="dim", soft_wrap=True)
    state = "connected" if is_connected("slack") else f"not connected: set {', '.join(missing_settings('slack'))}"
    console.print(f"{'slack':27} {state}")
    console.print("\n" + ", ".join(f"{count} {name}" for name, count in states.items()))
    if states["failed"] or states["forbidden"]:
        console.print("Mend what failed, or leave it out for now: it is shown as missing, never as zero.")
        sys.exit(1)
    if states["connected"]:
        console.print(f"Next: agent-spend backfill --from {yesterday - timedelta(days=34)} --to {yesterday}")
    else:
        console.print("Next: set the variables of one system, in the environment or in .env, and ask again.")


@main.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def query(sql: str, form: str) -> None:
    """Read the published warehouse with SQL.

    For example "SELECT * FROM rpt_finance__vendor_month"; "SHOW TABLES" lists what there is.
    """
    import duckdb

    from agent_spend.publish.warehouse import query as ask

    try:
        columns, rows = ask(home(), sql)
    except duckdb.Error as error:
        raise ConfigurationError(f"query: {error}") from None
    print_rows(columns, rows, form, lambda name, value: "" if value is None else str(value))


@main.command()
@click.argument("finding_id")
def acknowledge(finding_id: str) -> None:
    """Silence a finding by its id, or the beginning of it.

    Slack and rpt_findings show the id.
    """
    from datetime import UTC

    from agent_spend.alerts.findings import acknowledge as silence
    from agent_spend.lake.tables import Lake

    finding = silence(Lake(Settings.from_environment().lake_uri), finding_id, datetime.now(UTC))
    click.echo(f"acknowledged {finding['finding_id']}: {finding['explanation']}")


@main.command()
def page() -> None:
    """Publish the warehouse and the page again.

    Both are made from what the lake holds; nothing is fetched or built.
    """
    from agent_spend.definitions import defs
    from agent_spend.demo import PUBLISH, REFRESH_FINDINGS
    from agent_spend.runs import instance, materialize

    folder = home()
    console = new_console()
    with instance(folder) as dagster, progress(console) as on_stage:
        outcomes = materialize(defs, dagster, [REFRESH_FINDINGS, PUBLISH], Window(date.min, date.min), on_stage)
    if print_failures(console, outcomes):
        sys.exit(1)
    console.print(f"{folder / 'page' / 'index.html'}", soft_wrap=True)


for command in (*demo.commands, *whatif.commands, *finance.commands):
    main.add_command(command)
