"""How long Dagster's default storage takes to record a backfill, with and without `agent_spend.quick_sqlite`.

Run: ``python benchmarks/dagster_sqlite.py``. Prints seconds, CPU seconds and the ratio, both measured in one run.
"""

import os
import tempfile
import time
import warnings
from contextlib import nullcontext
from pathlib import Path

import dagster as dg

from agent_spend.dagster_partitions import DAILY, SINGLE_RUN
from agent_spend.partitions import range_tags
from agent_spend.quick_sqlite import quick_sqlite

warnings.filterwarnings("ignore")
ASSETS, FIRST, LAST = 6, "2026-10-01", "2026-11-04"


def empty_asset(number: int) -> dg.AssetsDefinition:
    @dg.asset(name=f"asset_{number}", partitions_def=DAILY, backfill_policy=SINGLE_RUN)
    def asset(context) -> None: ...

    return asset


def backfill(quick: bool) -> tuple[float, float]:
    from datetime import date

    definitions = dg.Definitions(assets=[empty_asset(number) for number in range(ASSETS)])
    with tempfile.TemporaryDirectory() as home:
        Path(home, "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        os.environ["DAGSTER_HOME"] = home
        with dg.DagsterInstance.get() as instance, quick_sqlite(instance) if quick else nullcontext():
            wall, cpu = time.monotonic(), time.process_time()
            definitions.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=instance,
                tags=range_tags(date.fromisoformat(FIRST), date.fromisoformat(LAST)),
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
            return time.monotonic() - wall, time.process_time() - cpu


if __name__ == "__main__":
    plain, quick = backfill(quick=False), backfill(quick=True)
    for name, (wall, cpu) in (("as shipped", plain), ("quick_sqlite", quick)):
        print(f"{name:12}  {wall:6.2f} s wall  {cpu:6.2f} s CPU")
    print(f"ratio         {plain[0] / quick[0]:6.1f} x wall  {plain[1] / quick[1]:6.1f} x CPU")
