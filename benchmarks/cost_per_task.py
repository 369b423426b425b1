"""From spans to `rpt_platform__workflow_day` at scale: memory, time, an exact answer key, and the price of history.

    nice python benchmarks/cost_per_task.py                        # 1 million spans
    nice python benchmarks/cost_per_task.py --spans 100000000      # needs about 20 GB of disk, in --folder
    nice python benchmarks/cost_per_task.py --only history

**Roll-up.** Spans of 30 days are written into the lake's `agent_spans` table by DuckDB, rolled up through the project's own
models with its own engine and memory limit, and every figure of every workflow and day is compared with a key that numpy
computes from the generator's parameters: counts, tokens, cost per completed task to its last decimal, dominant model, baseline.
**History.** Yesterday is rolled up in a lake with one month of days and in one with three years: files, bytes, seconds. What
lies before the days that yesterday may read is thinned out; its files and its log entries are all there.

Both fail with exit code 1 when a figure differs. Times are of this machine; read the ratios.
"""

import argparse
import contextlib
import os
import re
import resource
import shutil
import sys
import tempfile
import time
import warnings
from datetime import date, timedelta
from pathlib import Path

os.environ.setdefault("RUST_LOG", "error")
warnings.filterwarnings("ignore")
LAST_DAY = date(2026, 11, 22)
#: As many as yesterday's roll-up looks back on, and more.
FULL_DAYS = 31
MODELS = ("int_agent__call", "int_agent__run", "fct_task", "int_agent__task_model_day", "rpt_platform__workflow_day")
COMPARED = ("attempts", "tasks", "completed_tasks", "unknown_tasks", "list_usd", "allocated_usd",
            "cost_per_completed_task_usd", "cost_per_attempt_usd", "input_tokens", "output_tokens", "unpriced_calls",
            "dominant_model", "baseline_usd", "baseline_days", "baseline_completions")  # fmt: skip


def last_days(count: int) -> list[date]:
    return [LAST_DAY - timedelta(days=n) for n in reversed(range(count))]


def build(names, days: list[date]) -> None:
    """Build models over ``days`` as a backfill does; prints wall and CPU seconds and the peak memory of each."""
    from agent_spend import models
    from agent_spend.project import catalog
    from agent_spend.settings import Settings

    for name in names:
        _forget_peak()
        wall, cpu = time.monotonic(), time.process_time()
        keys = [day.isoformat() for day in days]
        built = models.build(catalog().models[name], catalog(), Settings.from_environment(), keys, full_refresh=True)
        print(f"  {name:28} {built.rows:>12,} rows {time.monotonic() - wall:8.1f} s {time.process_time() - cpu:8.1f} s CPU"
              f"   peak {_peak_gib():.1f} GiB", flush=True)  # fmt: skip


def roll_up(home: Path, spans: int, days: int) -> bool:
    """Generate, roll up, compare. Whether every figure equals the key."""
    import cost_per_task_data as data

    from agent_spend.lake.tables import Lake
    from agent_spend.project import catalog
    from agent_spend.settings import Settings

    calendar = last_days(days)
    wall = time.monotonic()
    settings = Settings.from_environment()
    lake = Lake(settings.lake_uri)
    written = data.write(Path(lake.uri("agent_spans")), calendar, spans // days)
    print(f"{written:,} spans of {days} days, {_size(home) / 1e9:.2f} GB, generated in {time.monotonic() - wall:.0f} s; "
          f"DuckDB memory limit {settings.duckdb_memory_limit}", flush=True)  # fmt: skip
    wall, cpu = time.monotonic(), time.process_time()
    build(catalog().models and MODELS, calendar)
    print(f"  {'all':28} {time.monotonic() - wall:25.1f} s {time.process_time() - cpu:8.1f} s CPU, "
          f"{written / (time.process_time() - cpu):,.0f} spans a CPU second")  # fmt: skip
    stored = lake.read("rpt_platform__workflow_day", "usage_day").to_pylist()
    published = {(row["usage_day"], row["workflow_id"]): {name: row[name] for name in COMPARED} for row in stored}
    expected = data.answer_key(calendar, spans // days)
    differing = [cell for cell in published.keys() | expected.keys() if published.get(cell) != expected.get(cell)]
    for cell in sorted(differing)[:5]:
        print(f"  {cell}: published {published.get(cell)}, expected {expected.get(cell)}")
    print(f"answer key: {len(expected)} workflow days x {len(COMPARED)} figures, {len(differing)} workflow days differ")
    return bool(expected) and not differing


def history(folder: Path, spans_a_day: int, lengths: tuple[int, int]) -> bool:
    """Roll up yesterday in lakes of two lengths; whether both read the same files and give the same rows."""
    import cost_per_task_data as data

    from agent_spend.lake.tables import Lake
    from agent_spend.settings import Settings

    found = []
    for length in lengths:
        os.environ["AGENT_SPEND_HOME"] = str(folder / f"history-{length}")
        lake = Lake(Settings.from_environment().lake_uri)
        calendar = last_days(length)
        print(f"{length} days of history, {spans_a_day:,} spans on each of the last {FULL_DAYS}")
        data.write(Path(lake.uri("agent_spans")), calendar, spans_a_day, FULL_DAYS)
        build(MODELS, calendar)
        best = None
        for _ in range(3):
            for name in MODELS:
                lake.replace(name, lake.schema(name).empty_table(), "usage_day", [LAST_DAY])
            with _reads_counted() as reads, contextlib.redirect_stdout(None):
                cpu = time.process_time()
                build(MODELS, [LAST_DAY])
                cpu = time.process_time() - cpu
            best = cpu if best is None else min(best, cpu)
        rows = sorted(lake.read("rpt_platform__workflow_day", "usage_day").filter(
            _is(LAST_DAY)).to_pylist(), key=lambda row: row["workflow_id"])  # fmt: skip
        found.append((len(reads), sum(reads.values()), best, rows))
        print(f"  yesterday: {len(reads)} files, {sum(reads.values()) / 1e6:.2f} MB, {best:.2f} s CPU")
    (short_files, short_bytes, short, first), (long_files, long_bytes, long, second) = found
    print(f"{lengths[1]} days against {lengths[0]}: files x{long_files / short_files:.2f}, "
          f"bytes x{long_bytes / short_bytes:.2f}, CPU x{long / short:.2f}")  # fmt: skip
    return short_files == long_files and first == second and bool(first)


def _is(day: date):
    import pyarrow.compute as pc

    return pc.field("usage_day") == day


class _reads_counted:
    """Files that models read while it is entered: size by path."""

    def __enter__(self) -> dict[str, int]:
        from agent_spend.lake.tables import Lake

        self._real, sizes = Lake.relation_sql, {}

        def counted(lake, *arguments, **named):
            sql = self._real(lake, *arguments, **named)
            sizes.update({path: os.path.getsize(path) for path in re.findall(r"'([^']+\.parquet)'", sql)})
            return sql

        Lake.relation_sql = counted
        return sizes

    def __exit__(self, *_) -> None:
        from agent_spend.lake.tables import Lake

        Lake.relation_sql = self._real


def _forget_peak() -> None:
    """Let the process's peak memory start again from what it holds now (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_gib() -> float:
    """Peak resident memory since it was last forgotten, else of the process."""
    try:
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024**2
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--spans", type=int, default=1_000_000, help="spans of the roll-up")
    parser.add_argument("--days", type=int, default=30, help="days they lie on")
    parser.add_argument("--spans-a-day", type=int, default=100_000, help="spans a day of the history")
    parser.add_argument("--history", type=int, nargs=2, default=(31, 1095), help="lengths compared, in days")
    parser.add_argument("--only", choices=("roll-up", "history"))
    parser.add_argument("--folder", type=Path, help="where the lakes are written; removed afterwards")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cost-per-task-", dir=chosen.folder))
    os.environ.update(AGENT_SPEND_HOME=str(folder / "roll-up"), AGENT_SPEND_FIRST_DAY="2020-01-01",
                      AGENT_SPEND_DUCKDB_TEMP_DIR=str(folder))  # fmt: skip
    try:
        is_right = chosen.only == "history" or roll_up(folder / "roll-up", chosen.spans, chosen.days)
        return 0 if (chosen.only == "roll-up" or history(folder, chosen.spans_a_day, chosen.history)) and is_right else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
