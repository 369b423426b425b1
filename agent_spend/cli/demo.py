"""Commands that need no vendor: the demo, the simulated vendors alone, and the UI over a home."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import click

from agent_spend.cli.common import DAY, demo_vendors, home, new_console, own_home, print_failures, progress
from agent_spend.errors import ConfigurationError
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings

_PORT = click.IntRange(0, 65535)
_ENTERPRISE = click.option(
    "--claude-enterprise", is_flag=True, help="Add a Claude Enterprise organisation to the Console's and the Team plan."
)


@click.command()
@click.option("--developers", type=int, help="Size of the simulated company [80].")
@click.option("--days", type=int, help="Days of history that end yesterday [35].")
@click.option("--seed", type=int, help="Another seed is another company [7].")
@click.option("--reset", is_flag=True, help="Delete this home's earlier demo first.")
@_ENTERPRISE
@click.option("--fail-on-findings", is_flag=True, help="Exit with 1 when there are open findings.")
def demo(
    developers: int | None, days: int | None, seed: int | None, reset: bool, claude_enterprise: bool, fail_on_findings: bool
) -> None:
    """Run everything on simulated vendors and end with a summary.

    Serves the vendors on loopback, backfills every feed through Dagster, builds all models, runs all checks, sends the
    alerts to a simulated Slack and publishes the page and warehouse.duckdb. Running it again changes nothing.
    """
    from agent_spend.demo import demo_scenario, run_demo
    from agent_spend.summary import print_summary

    folder = home()
    console = new_console()
    scenario = demo_scenario(folder, developers, days, seed, reset)
    if reset:
        _delete_demo(folder)
    console.print(
        f"Simulating {scenario.developers} developers over {scenario.days} days "
        f"({scenario.first_day} to {scenario.end_day}) in {folder}"
    )
    with progress(console) as on_stage:
        result = run_demo(scenario, folder, on_stage, claude_enterprise)
    failed = print_failures(console, result.outcomes)
    findings = print_summary(console, folder, slack_sent=result.slack_sent)
    if failed or (fail_on_findings and findings):
        sys.exit(1)


@click.command()
@click.option("--port", type=_PORT, default=8123, show_default=True)
@click.option("--developers", type=int, default=80, show_default=True)
@click.option("--days", type=int, default=35, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--end-day", type=DAY, help="Last simulated UTC day [yesterday].")
@click.option("--fault", default="", help="Comma list of <path fragment>:<kind>[:<times>], e.g. users-1-day:503:2.")
@click.option("--restated", is_flag=True, help="Publish the seeded restatement from the start.")
@_ENTERPRISE
def sandbox(
    port: int, developers: int, days: int, seed: int, end_day: datetime | None, fault: str, restated: bool,
    claude_enterprise: bool,
) -> None:
    """Serve the simulated vendors alone.

    Prints the settings that point at them, and serves until Ctrl-C.
    """
    from agent_spend.sandbox.server import environment, running

    last = end_day.date() if end_day else Settings.from_environment().today - timedelta(days=1)
    try:
        scenario = Scenario(developers, days, seed, last)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    folder = home() / "sandbox-files" / f"{developers}-{days}-{seed}-{last}"
    try:
        with running(scenario, folder, port=port, fault=fault) as server:
            if restated:
                server.restate()
            for name, value in environment(server.url, folder, claude_enterprise).items():
                click.echo(f"export {name}={value}")
            click.echo(f"# answer key: {folder / 'answer_key.json'} and {server.url}/_sandbox/answer_key", err=True)
            click.echo("# serving; Ctrl-C ends it", err=True)
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    except OSError as error:
        if error.filename:
            raise
        raise ConfigurationError(f"port {port} cannot be used: {error}") from None


@click.command()
@click.option("--port", type=_PORT, default=3000, show_default=True)
def ui(port: int) -> None:
    """Open the Dagster UI over this home's runs.

    Starts the web server and the daemon that runs schedules and sensors. In a home made by the demo, and with no vendor
    configured, the simulated vendors are served beside it.
    """
    from agent_spend.runs import instance

    folder = own_home()
    with instance(folder), _only_one(folder, port), demo_vendors(folder):
        # Dagster says at each start that `dg dev` is the newer form of the same.
        quiet = ["-W", "ignore::FutureWarning"]
        command = [sys.executable, *quiet, "-m", "dagster", "dev", "-m", "agent_spend.definitions", "-p", str(port)]
        sys.exit(_until_told_to_stop(command, os.environ | {"AGENT_SPEND_HOME": str(folder)}))


@contextmanager
def _only_one(folder: Path, port: int) -> Iterator[None]:
    """Holds this home and checks the port: two daemons over one home would each start every scheduled run."""
    import fcntl

    with open(folder / "dagster" / "ui.lock", "a+") as lock:
        lock.seek(0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(f"Dagster already runs over {folder}: {lock.read().strip()}") from None
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ConfigurationError(f"port {port} cannot be used: {error}; choose another with --port") from None
        lock.truncate(0)
        lock.write(f"http://127.0.0.1:{port}, process {os.getpid()}")
        lock.flush()
        yield


def _until_told_to_stop(command: list[str], environment: Mapping[str, str], patience: float = 10) -> int:
    """Run ``command`` until it ends by itself or this process gets Ctrl-C, SIGTERM or SIGHUP; then nothing of it is left.

    Args:
        patience: seconds for what the command leaves behind (Dagster: runs and their code server) to end in order.

    Returns:
        The command's exit code.
    """
    begun: list[subprocess.Popen] = []

    def stop(*_: object) -> None:
        for process in begun:
            process.terminate()

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)
    # A session of its own: a terminal sends Ctrl-C to all it sees, and a second one breaks off Dagster's own clearing up.
    begun.append(subprocess.Popen(command, env=environment, start_new_session=True))
    code = begun[0].wait()
    with suppress(ProcessLookupError):
        os.killpg(begun[0].pid, signal.SIGTERM)
        last = time.monotonic() + patience
        while time.monotonic() < last:
            time.sleep(0.1)
            os.killpg(begun[0].pid, 0)
        os.killpg(begun[0].pid, signal.SIGKILL)
    return code


commands: list[click.Command] = [demo, sandbox, ui]


def _delete_demo(folder: Path) -> None:
    if folder.exists() and not (folder / "sandbox").is_dir():
        raise ConfigurationError(f"{folder} was not made by the demo; --reset deletes only demo homes")
    for name in ("sandbox", "lake", "raw", "built", "dagster", "page", "overrides", "warehouse.duckdb"):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
