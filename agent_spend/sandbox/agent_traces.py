"""Trace files of the company's own agents as the OpenTelemetry Collector's file exporter writes them, and their truth.

Layout (``agent-traces.md`` sections 2.1 and 11): ``agents/<team>/traces-<day>.json``, one export request a line, the
newest file of one team still growing under the name ``traces.json``. Every trap of real files is in them.
"""

import gzip
from collections import defaultdict
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path
from statistics import median

from agent_spend.sandbox.agent_traces_runs import Task, all_tasks
from agent_spend.sandbox.agent_traces_spans import SentSpan, request_line, spans_of, unfinished_line
from agent_spend.sandbox.agent_traces_workflows import WORKFLOWS, cheaper_tokens_day
from agent_spend.sandbox.scenario import Scenario

GROWING_TEAM = "platform"
COMPRESSED_TEAM = "search"
#: Spans a line; small enough that most traces lie on two lines somewhere.
LINE_SPANS = 150
BASELINE_DAYS = 7
MIN_BASELINE_DAYS = 3
QUOTIENT_STEP = Decimal("0.000000000001")


def write_files(scenario: Scenario, folder: Path) -> None:
    """Write every trace file of the scenario below ``folder``; the same files for the same scenario."""
    sent: dict[tuple[str, date], list[SentSpan]] = defaultdict(list)
    for task in all_tasks(scenario):
        for attempt in task.attempts:
            for span in spans_of(scenario, attempt):
                sent[task.workflow.team, span.exported_on].append(span)
    for (team, day), spans in sorted(sent.items()):
        path = folder / "agents" / team / f"traces-{day}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        body = _lines(sorted(spans, key=lambda span: (span.ended_at, span.span_id)))
        if team == GROWING_TEAM and day == scenario.end_day:
            path.with_name("traces.json").write_bytes(body + unfinished_line(scenario))
        elif team == COMPRESSED_TEAM and day == scenario.first_day:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(body, mtime=0))
        else:
            path.write_bytes(body)


def _lines(spans: list[SentSpan]) -> bytes:
    """Lines in order of export. Each repeats the line before's last span, and holds an early copy of its own first."""
    lines = []
    for start in range(0, len(spans), LINE_SPANS):
        own = spans[start : start + LINE_SPANS]
        repeated = spans[start - 1 : start] if start else []
        lines.append(request_line([*own, *repeated, own[0].early_copy()]))
    # A blank line after the first: an exporter restarted here.
    return b"\n".join([lines[0], b"", *lines[1:]]) + b"\n"


def answer_key(scenario: Scenario) -> dict:
    """The truth about these files, computed from the tasks. Money is text with every digit, days are ISO.

    ``workflow_days``: a row per workflow and day on which tasks ended (see ``Task.usage_day``).
    ``doubled``: the one expected alert. ``span_rows``: rows of ``agent_spans`` by day on which the trace ended.
    """
    tasks = all_tasks(scenario)
    by_cell: dict[tuple[str, date], list[Task]] = defaultdict(list)
    for task in tasks:
        by_cell[task.workflow.name, task.usage_day].append(task)
    rows = [_workflow_day(name, day, cell) for (name, day), cell in sorted(by_cell.items())]
    trace_days = [(attempt, attempt.ended_at.date()) for task in tasks for attempt in task.attempts]
    span_rows: dict[str, int] = defaultdict(int)
    traced_usd: dict[str, Decimal] = defaultdict(Decimal)
    for attempt, day in trace_days:
        span_rows[day.isoformat()] += len(spans_of(scenario, attempt))
        traced_usd[day.isoformat()] += attempt.list_usd
    seat = next(workflow for workflow in WORKFLOWS if workflow.auth_kind == "seat")
    return {
        "workflow_days": rows,
        "doubled": _doubled(scenario, rows),
        "span_rows": dict(sorted(span_rows.items())),
        "list_usd_by_trace_day": {day: str(usd) for day, usd in sorted(traced_usd.items())},
        "list_usd": str(sum((attempt.list_usd for attempt, _ in trace_days), Decimal(0))),
        "cheaper_tokens_dearer_tasks": {
            "workflow": "search_synonyms",
            "day": cheaper_tokens_day(scenario).isoformat(),
        },
        "seat_workflow": {
            "workflow": seat.name,
            "user_email": scenario.incidents.seat_cron_person.email,
            "hour_utc": seat.start_hour,
            "environment": seat.environment,
        },
        "curiosities": _curiosities(tasks),
    }


def _workflow_day(name: str, day: date, tasks: list[Task]) -> dict:
    by_model: dict[str, Decimal] = defaultdict(Decimal)
    for task in tasks:
        for attempt in task.attempts:
            for call in attempt.calls:
                by_model[call.model] += call.list_usd
    list_usd = sum(by_model.values(), Decimal(0))
    completed = sum(task.is_completed for task in tasks)
    return {
        "workflow": name,
        "usage_day": day.isoformat(),
        "tasks": len(tasks),
        "attempts": sum(len(task.attempts) for task in tasks),
        "completed_tasks": completed,
        "list_usd": str(list_usd),
        "cost_per_completed_task": {
            "numerator": str(list_usd),
            "denominator": str(completed),
            "quotient": str(_quotient(list_usd, completed)),
        }
        if completed
        else None,
        "dominant_model": max(by_model, key=lambda model: (by_model[model], model)),
        "environment": tasks[0].workflow.environment,
    }


def _quotient(numerator: Decimal, denominator: Decimal | int) -> Decimal:
    with localcontext(prec=50):
        return (numerator / denominator).quantize(QUOTIENT_STEP)


def _doubled(scenario: Scenario, rows: list[dict]) -> dict:
    """The doubled check on ``swap_day``, and the highest ratio any other workflow reaches on any day."""
    cost: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        if row["completed_tasks"]:
            with localcontext(prec=50):
                cost[row["workflow"]][row["usage_day"]] = Decimal(row["list_usd"]) / row["completed_tasks"]
    swapped, swap_day = scenario.incidents.swap_workflow, scenario.incidents.swap_day.isoformat()
    ratios = {
        (name, day): (value, baseline, value / baseline)
        for name, by_day in cost.items()
        for day, value in by_day.items()
        if (baseline := _baseline(by_day, day)) is not None
    }
    observed, baseline, ratio = ratios[swapped, swap_day]
    return {
        "workflow": swapped,
        "day": swap_day,
        "observed": str(observed.quantize(QUOTIENT_STEP)),
        "baseline_median": str(baseline.quantize(QUOTIENT_STEP)),
        "ratio": str(ratio.quantize(QUOTIENT_STEP)),
        "days_over_two": sorted(day for (name, day), (_, _, by) in ratios.items() if name == swapped and by >= 2),
        "highest_other_ratio": str(
            max(by for (name, _), (_, _, by) in ratios.items() if name != swapped).quantize(QUOTIENT_STEP)
        ),
    }


def _baseline(by_day: dict[str, Decimal], day: str) -> Decimal | None:
    """Median of the calendar days before ``day`` that had completions."""
    before = [
        value
        for other, value in by_day.items()
        if 0 < (date.fromisoformat(day) - date.fromisoformat(other)).days <= BASELINE_DAYS
    ]
    return median(before) if len(before) >= MIN_BASELINE_DAYS else None


def _curiosities(tasks: tuple[Task, ...]) -> dict[str, list[str]]:
    """Task ids of the cases a reader gets wrong most easily."""
    return {
        "finished_twice": [t.task_id for t in tasks if sum(a.succeeded is True for a in t.attempts) > 1],
        "never_succeeded": [
            t.task_id for t in tasks if t.workflow.success != "never" and not any(a.succeeded for a in t.attempts)
        ],
        "crossed_midnight": [
            t.task_id for t in tasks if t.attempts[0].started_at.date() != t.attempts[-1].ended_at.date()
        ],
    }
