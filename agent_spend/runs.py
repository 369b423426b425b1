"""Materialising things in order, in this process, through Dagster: used by the command line and the demo."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg

from agent_spend.catalog import Catalog, Model
from agent_spend.partitions import Window, month_start, range_tags, week_start
from agent_spend.project import catalog, feeds
from agent_spend.quick_sqlite import quick_sqlite

#: Published after every model; not SQL, so the catalog does not know them.
PUBLISHED = ("warehouse", "page")


@dataclass(frozen=True)
class Stage:
    """Assets that one run can hold: the same kind of partitions, and nothing that waits for a later stage."""

    title: str
    partitions: str
    assets: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a stage did. ``failures`` holds one line a failed step."""

    stage: Stage
    run_id: str
    failures: tuple[str, ...]


@contextmanager
def instance(home: Path):
    """The Dagster instance that lives in ``home/dagster``; created with telemetry off."""
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dagster.yaml"
    if not config.exists():
        config.write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n")
    os.environ["DAGSTER_HOME"] = str(folder)
    with dg.DagsterInstance.get() as opened, quick_sqlite(opened):
        yield opened


def feed_stages(names: Iterable[str] | None = None) -> list[Stage]:
    """The feeds (all, or ``names``), daily and monthly ones apart."""
    chosen = [feed for feed in feeds().values() if names is None or feed.name in set(names)]
    daily = tuple(feed.name for feed in chosen if feed.partition_column == "usage_day")
    monthly = tuple(feed.name for feed in chosen if feed.partition_column == "month")
    stages = [Stage("Fetching daily feeds", "day", daily), Stage("Fetching monthly feeds", "month", monthly)]
    return [stage for stage in stages if stage.assets]


def dependents(names: Iterable[str], models: Catalog | None = None) -> set[str]:
    """Models that read any of these feeds, prices, policies or models, directly or through others."""
    found = set(names)
    for model in (models or catalog()).models.values():
        if found & {*model.upstream}:
            found.add(model.name)
    return found - set(names)


def model_stages(models: Catalog | None = None, only: Collection[str] | None = None) -> list[Stage]:
    """All models (or ``only`` some) in few runs: all that can be built next of one kind of partitions, days first."""
    waiting = {name: model for name, model in (models or catalog()).models.items() if only is None or name in only}
    stages = []
    while waiting:
        partitions, ready = next((kind, names) for kind in ("day", "none", "month", "week") if (names := _ready(waiting, kind)))
        stages.append(Stage("Building the models, and checking them", partitions, tuple(ready)))
        waiting = {name: model for name, model in waiting.items() if name not in ready}
    return stages


def _ready(waiting: Mapping[str, Model], partitions: str) -> list[str]:
    """Models of one kind that read nothing that waits, but for each other; ``waiting`` is in order of dependencies."""
    found: list[str] = []
    for model in waiting.values():
        if model.partitions == partitions and not (waiting.keys() & {*model.upstream}) - {*found}:
            found.append(model.name)
    return found


def materialize(
    definitions: dg.Definitions, dagster: dg.DagsterInstance, stages: Iterable[Stage], window: Window,
    on_stage: Callable[[Stage], None] = lambda stage: None, wanted: Collection[str] = (),
) -> list[Outcome]:
    """Run the stages one after another over ``window``; a failed step does not stop the stages after it.

    Args:
        wanted: tags that every run has, with the value ``true``: ``FULL_REFRESH``, ``ACCEPT_EMPTY``.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed while a step ran. What was stored stays, and the same call again completes it.
    """
    job = definitions.resolve_implicit_global_asset_job_def()
    outcomes = []
    for stage in stages:
        on_stage(stage)
        result = job.execute_in_process(
            instance=dagster,
            asset_selection=[dg.AssetKey(name) for name in stage.assets],
            tags=_tags(stage, window) | dict.fromkeys(wanted, "true"),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
        failed = [step for step in result.all_events if step.is_step_failure]
        # Dagster takes the signal for itself and makes it the failure of one step.
        if any(step.step_failure_data.error.cls_name == dg.DagsterExecutionInterruptedError.__name__ for step in failed):
            raise KeyboardInterrupt
        failures = tuple(_failure(step) for step in failed)
        outcomes.append(Outcome(stage, result.run_id, failures))
    return outcomes


def _tags(stage: Stage, window: Window) -> dict[str, str]:
    align: dict[str, Callable[[date], date]] = {"day": lambda day: day, "week": week_start, "month": month_start}
    if stage.partitions == "none":
        return {}
    return range_tags(align[stage.partitions](window.first), align[stage.partitions](window.last))


def _failure(step: dg.DagsterEvent) -> str:
    error = step.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    data = step.step_failure_data
    message = data.user_failure_data.description if data.user_failure_data else None
    return f"{step.step_key}: {message or (error.message.strip() if error else 'failed')}"
