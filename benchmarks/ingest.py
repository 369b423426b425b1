"""Every feed that is read over HTTP beside dlt: the same days from the same server, landed as a table, in one run.

    pip install "agent-spend[benchmark]"
    python benchmarks/ingest.py

Each side of each feed runs in a process of its own, from the first request to the last commit into an empty folder. dlt
lands the records as they come. Ours also keeps the answers as received, checks every row, partitions the table by day and
writes the coverage of each day. ``rows/s`` and ``CPU s`` count that work, without what either side imports for it.
``peak MB`` is the process's largest resident size: interpreter, libraries and all, as Linux counts it. A short list is
nearly nothing beside them, so on its line the figure is that of the libraries each side needs.

pyarrow, which dlt lands with, loads pandas where that is installed, and agent-spend installs it. ``--hide-pandas`` takes it
away from dlt, which needs it for nothing here: 32 MB less.

The last columns are dlt's figure divided by ours. Figures are of this machine; read the ratios. On two idle cores a run
takes about six minutes.
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
#: Where the server keeps the vendor of a feed, by the first word of its name.
VENDORS = {"copilot": "github", "github": "github", "claude": "anthropic", "cursor": "cursor"}
RATIOS = {"time": 3, "CPU": 3, "peak": 2}


def main() -> None:
    """Run every feed on both sides and print one line each."""
    import ingest_dlt

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--developers", type=int, default=400)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--megabytes", type=int, default=500, help="size of the large Copilot report")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each side, in turns; the best of each figure is shown")
    parser.add_argument("--destination", choices=["delta", "duckdb"], default="delta", help="where dlt lands its rows")
    parser.add_argument("--hide-pandas", action="store_true", help="let dlt's side find no pandas")
    parser.add_argument("--feeds", nargs="*", default=[*ingest_dlt.BY_DAY, *ingest_dlt.FEEDS, LARGE], metavar="FEED")
    options = parser.parse_args()
    days = [END - timedelta(days=n) for n in reversed(range(options.days))]
    print(f"{'':33} {'rows':>13}  {'rows/s':>15}  {'CPU s':>13}  {'peak MB':>9}  "
          f"{'dlt / ours':>{7 * len(RATIOS)}}")
    print(f"{'feed':33} {'ours/dlt':>13}  {'ours':>7} {'dlt':>7}  {'ours':>6} {'dlt':>6}  {'ours':>4} {'dlt':>4}   "
          + "  ".join(f"{name:>5}" for name in RATIOS))
    found = []
    with tempfile.TemporaryDirectory() as folder, _Server(options, folder) as url:
        for feed in options.feeds:
            name, asked, vendor = feed, days, VENDORS.get(feed.split("_")[0])
            if feed == LARGE:
                name, asked, vendor = "copilot_user_usage", [LARGE_DAY], "large"
            # The server makes an answer when it is first asked for, which the best of several runs does not count. The
            # large report lies ready.
            runs = [
                [_side(side, name, asked, f"{url}/{vendor}", options) for side in ("ours", "dlt")]
                for _ in range(1 if feed == LARGE else options.repeat)
            ]
            sides = [{key: min(run[key] for run in side) for key in side[0]} for side in zip(*runs, strict=True)]
            found.append(_print(feed, *sides))
    for ratio, least in RATIOS.items():
        held = sum(line[ratio] >= least for line in found)
        worst = min(line[ratio] for line in found)
        print(f"{ratio:5} dlt / ours: at least {least} on {held} of {len(found)} lines, {worst:.1f} on the worst")


def _print(feed: str, ours: dict, dlt: dict) -> dict[str, float]:
    ratios = {"time": dlt["seconds"] / ours["seconds"], "CPU": dlt["cpu"] / ours["cpu"],
              "peak": dlt["peak_mb"] / ours["peak_mb"]}
    rows = f"{ours['rows']}" if ours["rows"] == dlt["rows"] else f"{ours['rows']}/{dlt['rows']}"
    # A record may be several of our rows: both rates count our rows, which are the same data.
    speed = [ours["rows"] / side["seconds"] for side in (ours, dlt)]
    print(
        f"{feed:33} {rows:>13}  {speed[0]:7.0f} {speed[1]:7.0f}  {ours['cpu']:6.2f} {dlt['cpu']:6.2f}  "
        f"{ours['peak_mb']:4.0f} {dlt['peak_mb']:4.0f}   "
        + "  ".join(f"{ratios[name]:4.1f}x" for name in RATIOS),
        flush=True,
    )
    return ratios


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


def _side(side: str, feed: str, days: list[date], url: str, options) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "AGENT_SPEND_HOME": folder, "AGENT_SPEND_TODAY": (END + timedelta(days=1)).isoformat(),
            "AGENT_SPEND_HTTP_RATE_SCALE": "100000", "GITHUB_API_URL": url, "GITHUB_TOKEN": "ghp_sandbox",
            "GITHUB_ENTERPRISE": "acme", "ANTHROPIC_API_URL": url, "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-sandbox",
            "CURSOR_API_URL": url, "CURSOR_API_KEY": "crsr_sandbox", "ANTHROPIC_ANALYTICS_KEY": "sk-ant-api01-sandbox",
            "GITHUB_ORGS": "acme-core" if feed == "github_teams" else "", "GITHUB_IDENTITY_SOURCES": "licences",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DLT_DATA_DIR": folder, "DLT_PROJECT_DIR": folder,
        }
        texts = [day.isoformat() for day in days]
        asked = json.dumps([side, feed, texts, url, folder, options.destination, options.hide_pandas])
        done = subprocess.run(
            [sys.executable, __file__, "--side", asked], env={**os.environ, **settings}, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=True,
        )
    # What the file system still has to do for this side is not the next one's work.
    os.sync()
    return json.loads(done.stdout.splitlines()[-1])


def _run_side(asked: str) -> None:
    side, feed, days, url, folder, destination, hide_pandas = json.loads(asked)
    days = [date.fromisoformat(day) for day in days]
    if side == "dlt" and hide_pandas:
        sys.meta_path.insert(0, _NoPandas())
    work = _ours(feed, days) if side == "ours" else _dlt(feed, days, url, Path(folder), destination)
    started, cpu = time.perf_counter(), time.process_time()
    rows = work()
    print(json.dumps({
        "rows": rows, "seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu,
        "peak_mb": _peak_mb(),
    }))


def _ours(feed: str, days: list[date]):
    from agent_spend.project import feeds
    from agent_spend.settings import Settings
    from agent_spend.sources.land import land

    found, settings = feeds()[feed], Settings.from_environment()

    def work() -> int:
        landing = land(found, days, settings)
        # Live lists answer for their newest day only; a failure would make the figures worthless.
        if landing.failures:
            raise SystemExit(f"{feed}: {next(iter(landing.failures.values()))}")
        return sum(line.row_count for line in landing.coverage.values())

    return work


def _dlt(feed: str, days: list[date], url: str, folder: Path, destination: str):
    import ingest_dlt

    if destination == "delta":
        # What dlt would import on its way, which is no work on the feed.
        import dlt.common.libs.deltalake
        import dlt.common.libs.pyarrow  # noqa: F401

    return lambda: ingest_dlt.land(feed, days, url, folder, destination)


class _NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)


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
