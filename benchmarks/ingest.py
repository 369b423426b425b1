"""Our feeds beside dlt: the same days from the same server, normalised and landed as a table on disk, in one run.

    pip install "agent-spend[benchmark]"
    python benchmarks/ingest.py --megabytes 500

Each side of each feed runs in a process of its own and counts from the first request to the last commit, without its
imports. Ours also keeps the answers as received, checks every row and writes the coverage of each day. Peak memory is the
process's largest resident size; ``work`` is what it grew by after the imports. Figures are of this machine; read the ratios.
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
END = date(2026, 11, 22)
LARGE_DAY = date(2026, 11, 19)
LARGE = "copilot_user_usage, one large day"
#: feed -> where the server keeps its vendor.
VENDORS = {
    "copilot_user_usage": "github", "copilot_user_usage_28_day": "github", "copilot_billing_usage": "github",
    "copilot_seats": "github", "claude_api_usage": "anthropic", "claude_api_cost": "anthropic",
    "claude_code_usage": "anthropic", "cursor_usage_events": "cursor", "cursor_daily_usage": "cursor",
}


def main() -> None:
    """Run every feed on both sides and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--developers", type=int, default=60)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--megabytes", type=int, default=200, help="size of the large Copilot report")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each side; the best of each figure is shown")
    parser.add_argument("--destination", choices=["delta", "duckdb"], default="delta", help="where dlt lands its rows")
    parser.add_argument("--feeds", nargs="*", default=[*VENDORS, LARGE], metavar="FEED")
    options = parser.parse_args()
    days = [END - timedelta(days=n) for n in reversed(range(options.days))]
    print(f"{'feed':34} {'rows':>8}  {'rows/s':>15}  {'CPU s':>13}  {'peak MB':>11}  {'work MB':>11}   time   peak   work")
    print(f"{'':34} {'':>8}  {'ours':>7} {'dlt':>7}  {'ours':>6} {'dlt':>6}  {'ours':>5} {'dlt':>5}  {'ours':>5} {'dlt':>5}"
          "     dlt / ours")
    with tempfile.TemporaryDirectory() as folder, _Server(options, folder) as url:
        for feed in options.feeds:
            asked, base = ([LARGE_DAY], f"{url}/large") if feed == LARGE else (days, f"{url}/{VENDORS[feed]}")
            feed_name = "copilot_user_usage" if feed == LARGE else feed
            if feed != LARGE:
                # Once for the server, which makes each answer on the first request.
                _side("ours", feed_name, asked, base, options.destination)
            runs = [
                [_side(side, feed_name, asked, base, options.destination) for side in ("ours", "dlt")]
                for _ in range(options.repeat)
            ]
            _print(feed, *({name: min(run[name] for run in side) for name in side[0]} for side in zip(*runs, strict=True)))


def _print(feed: str, ours: dict, dlt: dict) -> None:
    speed = [side["rows"] / side["seconds"] for side in (ours, dlt)]
    work = [max(1, side["peak_mb"] - side["base_mb"]) for side in (ours, dlt)]
    rows = f"{ours['rows']}" if ours["rows"] == dlt["rows"] else f"{ours['rows']}/{dlt['rows']}"
    print(
        f"{feed:34} {rows:>8}  {speed[0]:7.0f} {speed[1]:7.0f}  {ours['cpu']:6.2f} {dlt['cpu']:6.2f}  "
        f"{ours['peak_mb']:5.0f} {dlt['peak_mb']:5.0f}  {work[0]:5.0f} {work[1]:5.0f}  "
        f"{dlt['seconds'] / ours['seconds']:5.1f}x {dlt['peak_mb'] / ours['peak_mb']:5.1f}x {work[1] / work[0]:5.1f}x",
        flush=True,
    )


class _Server:
    def __init__(self, options, folder: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        sizes = [str(size) for size in (options.developers, options.days, options.megabytes)]
        self._command = [sys.executable, str(HERE / "ingest_server.py"), str(self._port), folder, *sizes]

    def __enter__(self) -> str:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self._process.stdout.readline()
        url = f"http://127.0.0.1:{self._port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/sandbox/health", timeout=1).close()
                return url
            except urllib.error.HTTPError:
                return url
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server did not start")

    def __exit__(self, *failure) -> None:
        self._process.terminate()
        self._process.wait()


def _side(side: str, feed: str, days: list[date], url: str, destination: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "AGENT_SPEND_HOME": folder, "AGENT_SPEND_TODAY": (END + timedelta(days=1)).isoformat(),
            "AGENT_SPEND_HTTP_RATE_SCALE": "100000", "GITHUB_API_URL": url, "GITHUB_TOKEN": "ghp_sandbox",
            "GITHUB_ENTERPRISE": "acme", "ANTHROPIC_API_URL": url, "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-sandbox",
            "CURSOR_API_URL": url, "CURSOR_API_KEY": "crsr_sandbox", "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DLT_DATA_DIR": folder, "DLT_PROJECT_DIR": folder,
        }
        asked = json.dumps([side, feed, [day.isoformat() for day in days], url, folder, destination])
        done = subprocess.run(
            [sys.executable, __file__, "--side", asked], env={**os.environ, **settings}, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])


def _run_side(asked: str) -> None:
    side, feed, days, url, folder, destination = json.loads(asked)
    days = [date.fromisoformat(day) for day in days]
    work = _ours(feed, days) if side == "ours" else _dlt(feed, days, url, Path(folder), destination)
    base, started, cpu = _peak_mb(), time.perf_counter(), time.process_time()
    rows = work()
    print(json.dumps({
        "rows": rows, "seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu, "base_mb": base,
        "peak_mb": _peak_mb(),
    }))


def _ours(feed: str, days: list[date]):
    from agent_spend.project import feeds
    from agent_spend.settings import Settings
    from agent_spend.sources.land import land

    found, settings = feeds()[feed], Settings.from_environment()

    def work() -> int:
        landing = land(found, days, settings)
        # Live lists answer for their newest day only; every other failure would make the figures worthless.
        if landing.failures:
            raise SystemExit(f"{feed}: {next(iter(landing.failures.values()))}")
        return sum(line.row_count for line in landing.coverage.values())

    return work


def _dlt(feed: str, days: list[date], url: str, folder: Path, destination: str):
    import ingest_dlt

    return lambda: ingest_dlt.land(feed, days, url, folder, destination)


def _peak_mb() -> float:
    # getrusage's largest size is inherited from the process that started this one, so Linux's own figure comes first.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    known = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return (known or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        _run_side(sys.argv[2])
    else:
        main()
