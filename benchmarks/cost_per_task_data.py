"""Spans of agents at any number, written by DuckDB SQL, and what they must roll up to, computed by numpy.

Both sides know only the rules below, not each other. A task has a number ``t``; ``h(x, salt)`` is a fixed hash of a number.

    u = h(t, 1) % 1000         what happens: 0-849 done at once; 850-909 done at the second attempt; 910-929 at the third;
                               930-939 done twice; 940-959 failed twice; 960-969 nothing says; 970-979 failed;
                               980-989 failed, done on the next day (the last day: on the same); 990-999 two tasks of one
                               batch trace, whose own planning call lies outside of both
    w = h(t, 2) % 40           workflow; every fifth one moves to another model on SWAP_DAY
    run r = 3 t + k            attempt k, or second task of the batch: a workflow span, 2 agents, 3 tools,
                               8 + h(r, 5) % 13 calls
    call c = 64 r + i          tokens by h(c, 11..15); six of ten state their cost; one of 500 asks a model without a price
"""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import Schema, convert_to_deltalake

from agent_spend.lake.reading import duckdb_type
from agent_spend.project import catalog

EPOCH, TASKS_BEFORE_NEXT_DAY = date(2020, 1, 1), 10_000_000
SPANS_A_TASK = 23
WORKFLOWS, SWAP_DAY, PRIME = 40, date(2026, 11, 8), 2_147_483_647
MODELS = ("claude-haiku-4-5-20251001", "claude-sonnet-5-5", "claude-opus-5-5", "house-model-1")
UNPRICED = 3
FIRST_CALL, MOST_CALLS, BATCH_ROOT, PLAN = 6, 20, 26, 27


def hashed(x, salt: int):
    """``h(x, salt)`` of numpy numbers, or as SQL of an expression."""
    if isinstance(x, str):
        y = f"(({x}) % {PRIME} * 1103515245 + {salt * 12345677}) % {PRIME}"
        return f"(({y}) * (({y}) + {salt * 7919} % {PRIME}) % {PRIME})"
    y = (x % PRIME * 1103515245 + salt * 12345677) % PRIME
    return y * (y + salt * 7919 % PRIME) % PRIME


def first_task(day: date) -> int:
    return (day - EPOCH).days * TASKS_BEFORE_NEXT_DAY


# --- spans --------------------------------------------------------------------------------------------------------


def write(folder: Path, days: list[date], spans_a_day: int, full_days: int = 10**6) -> int:
    """Make ``folder`` the ``agent_spans`` table of consecutive ``days``; how many spans it holds.

    Only the last ``full_days`` hold ``spans_a_day``; those before hold a hundredth.
    """
    full, first_full = max(spans_a_day // SPANS_A_TASK, 1), days[max(len(days) - full_days, 0)]

    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(folder.parent / "generating"),
                                "preserve_insertion_order": False}) as connection:  # fmt: skip
        connection.execute("SET TimeZone = 'UTC'")
        written = 0
        for day in days:
            path = folder / f"usage_day={day}"
            path.mkdir(parents=True)
            tasks = full if day >= first_full else max(full // 100, 1)
            sql = _day_sql(day, days, tasks, tasks if day != first_full else max(full // 100, 1))
            [(count,)] = connection.execute(
                f"COPY ({sql}) TO '{path}/part-0.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
            ).fetchall()
            written += count
    by_day = Schema.from_arrow(pa.schema([("usage_day", pa.date32())]))
    like_ours = {"delta.dataSkippingNumIndexedCols": "0"}
    convert_to_deltalake(str(folder), partition_by=by_day, partition_strategy="hive", configuration=like_ours)
    return written


def _day_sql(day: date, days: list[date], tasks: int, tasks_yesterday: int) -> str:
    schema = catalog().sources["agent_spans"]
    said = _columns()
    columns = ", ".join(f"{said[name]} AS {name}" for name in schema.names if name != "usage_day")
    runs = f"""
        SELECT *, 3 * t + k AS r, 'workflow_' || printf('%02d', {hashed("t", 2)} % {WORKFLOWS}) AS flow,
            u >= 990 AS is_batch, {hashed("t", 2)} % {WORKFLOWS} AS w,
            TIMESTAMPTZ '{day} 00:00:00+00' + to_seconds({hashed("t", 3)} % 80000 + 1000 * k) AS begun,
            {FIRST_CALL} + 8 + {hashed("3 * t + k", 5)} % 13 AS spans,
            DATE '{day}' >= DATE '{SWAP_DAY}' AS is_swapped
        FROM (SELECT *, {hashed("t", 1)} % 1000 AS u FROM started)
        WHERE CASE
            WHEN is_yesterday THEN u BETWEEN 980 AND 989 AND k = 1
            WHEN u BETWEEN 850 AND 909 OR u BETWEEN 930 AND 959 OR u >= 990 THEN k < 2
            WHEN u BETWEEN 910 AND 929 THEN k < 3
            WHEN u BETWEEN 980 AND 989 THEN k < {2 if day == days[-1] else 1}
            ELSE k = 0
        END"""
    yesterday = day - timedelta(days=1)
    earlier = f"UNION ALL SELECT {first_task(yesterday)} + n, k, TRUE FROM range({tasks_yesterday}) AS a(n), range(3) AS b(k)"
    return f"""
        WITH started AS (
            SELECT {first_task(day)} + n AS t, k, FALSE AS is_yesterday FROM range({tasks}) AS a(n), range(3) AS b(k)
            {earlier if yesterday in days else ""}
        ),
        runs AS ({runs}),
        spans AS (
            SELECT *, 64 * r + i AS c, i = {PLAN} OR i BETWEEN {FIRST_CALL} AND {FIRST_CALL + MOST_CALLS - 1} AS is_call
            FROM runs, range({PLAN + 1}) AS numbers(i)
            WHERE i < spans OR (is_batch AND k = 0 AND i >= {BATCH_ROOT})
        ),
        counted AS (
            SELECT *,
                left(md5('t' || CASE WHEN is_batch THEN 3 * t ELSE r END), 32) AS trace, left(md5('s' || c), 16) AS span,
                CASE WHEN i < {BATCH_ROOT} THEN left(md5('s' || 64 * r), 16) END AS lead,
                CASE WHEN i = {PLAN} THEN 1 WHEN {hashed("c", 9)} % 500 = 0 THEN {UNPRICED}
                     WHEN w % 5 = 0 AND is_swapped THEN (w + 1) % 3 ELSE w % 3 END AS model_number,
                i = {PLAN} OR {hashed("c", 10)} % 10 < 6 AS is_reported,
                CASE
                    WHEN u BETWEEN 960 AND 969 THEN NULL
                    WHEN u BETWEEN 940 AND 959 OR u BETWEEN 970 AND 979 THEN FALSE
                    WHEN u BETWEEN 850 AND 909 OR u BETWEEN 980 AND 989 THEN k = 1
                    WHEN u BETWEEN 910 AND 929 THEN k = 2
                    ELSE TRUE
                END AS is_done
            FROM spans
        )
        SELECT {columns} FROM counted ORDER BY trace_id, span_id"""


def _columns() -> dict[str, str]:
    """SQL of each column of the feed; those not named here are null."""
    models = f"CASE model_number {' '.join(f'WHEN {n} THEN {name!r}' for n, name in enumerate(MODELS))} END"
    kinds = """CASE WHEN i = 0 THEN 'workflow' WHEN i < 3 THEN 'agent' WHEN i < 6 THEN 'tool' WHEN is_call THEN 'inference'
        ELSE 'other' END"""
    status = "CASE WHEN i = 0 AND t % 2 = 0 THEN CASE WHEN is_done THEN 1 WHEN NOT is_done THEN 2 ELSE 0 END ELSE 0 END"
    said = {
        "trace_id": "trace",
        "span_id": "span",
        "parent_span_id": f"CASE WHEN i = {BATCH_ROOT} OR (i = 0 AND NOT is_batch) THEN NULL ELSE COALESCE(lead, trace) END",
        "name": f"CASE WHEN is_call THEN 'chat ' || {models} ELSE 'step ' || i END",
        "kind": "1",
        "started_at": "begun + to_seconds(i)",
        "ended_at": "begun + to_seconds(CASE WHEN i = 0 THEN 600 ELSE i + 20 END)",
        "status_code": status,
        "task_success": "CASE WHEN i = 0 AND t % 2 = 1 THEN is_done END",
        "span_class": kinds,
        "service_name": "'agents'",
        "environment": "'prod'",
        "auth_hint": "'api_key'",
        "workflow": "CASE WHEN i = 0 THEN flow END",
        "agent": "CASE WHEN i IN (1, 2) THEN 'agent ' || i END",
        "model": f"CASE WHEN is_call THEN {models} END",
        "provider": "CASE WHEN is_call THEN 'anthropic' END",
        "run_span_id": "lead",
        "run_workflow": "CASE WHEN lead IS NOT NULL THEN flow END",
        "run_task_id": "CASE WHEN lead IS NOT NULL THEN 'T' || t || CASE WHEN is_batch AND k = 1 THEN 'b' ELSE '' END END",
    }
    said["task_id"] = f"CASE WHEN i = 0 THEN {said['run_task_id']} END"
    for name, (salt, most, least) in TOKENS.items():
        drawn = f"{hashed('c', salt)} % {most} + {least}"
        # Halves of the planning call must be whole: the key splits nothing.
        said[name] = f"CASE WHEN is_call THEN ({drawn}) // 2 * CASE WHEN i = {PLAN} THEN 2 ELSE 1 END END"
    states = f"is_call AND is_reported AND model_number <> {UNPRICED}"
    said["reported_usd"] = f"CASE WHEN {states} THEN {hashed('c', 16)} % 5000000 * 0.00000001 END"
    said["reported_usd_source"] = f"CASE WHEN {states} THEN 'gen_ai.usage.cost' END"
    schema = catalog().sources["agent_spans"]
    return {field.name: f"CAST({said.get(field.name, 'NULL')} AS {duckdb_type(field.type)})" for field in schema}


#: Salt, range and least number of each token class.
TOKENS = {"input_tokens": (11, 8000, 400), "cache_read_tokens": (12, 40000, 0), "cache_write_5m_tokens": (13, 2000, 0),
          "cache_write_1h_tokens": (14, 600, 0), "output_tokens": (15, 3000, 40)}  # fmt: skip

COUNTED = ("attempts", "tasks", "completed_tasks", "unknown_tasks", "input_tokens", "output_tokens", "unpriced_calls")

# --- answer key ---------------------------------------------------------------------------------------------------


def answer_key(days: list[date], spans_a_day: int) -> dict:
    """Every figure by day and workflow. Money is summed in whole picodollars."""
    tasks, shape = max(spans_a_day // SPANS_A_TASK, 1), (len(days), WORKFLOWS)
    summed = (*COUNTED, "list", "allocated")
    sums = {name: np.zeros(shape, np.int64) for name in summed}
    by_model = np.zeros((*shape, len(MODELS)), np.int64)
    for number, day in enumerate(days):
        t = first_task(day) + np.arange(tasks, dtype=np.int64)
        u, w = hashed(t, 1) % 1000, hashed(t, 2) % WORKFLOWS
        moves, is_batch = (u >= 980) & (u < 990), u >= 990
        ends_on = number + (moves & (number + 1 < len(days)))
        runs = np.select([(u >= 850) & (u < 910) | (u >= 930) & (u < 960) | (u >= 980), (u >= 910) & (u < 930)], [2, 3], 1)
        done = ~((u >= 940) & (u < 980))
        for name, values in {"attempts": runs, "tasks": 1 + is_batch, "completed_tasks": done * (1 + is_batch),
                             "unknown_tasks": ((u >= 960) & (u < 970)).astype(np.int64)}.items():  # fmt: skip
            np.add.at(sums[name], (ends_on, w), values)
        for k in range(3):
            chosen = runs > k
            later = moves & (k == 1) & (number + 1 < len(days))
            for run_day, part in ((day, chosen & ~later), (day + timedelta(days=1), chosen & later)):
                _add_calls(sums, by_model, t[part], k, w[part], ends_on[part], run_day)
        _add_plans(sums, by_model, t[is_batch], w[is_batch], ends_on[is_batch])
    return _figures(days, sums, by_model)


def _add_calls(sums, by_model, t, k, w, ends_on, day) -> None:
    r = 3 * t + k
    i = FIRST_CALL + np.arange(MOST_CALLS)
    there = i[None, :] < (FIRST_CALL + 8 + hashed(r, 5) % 13)[:, None]
    c = (64 * r[:, None] + i)[there]
    cell = np.broadcast_to(ends_on[:, None], there.shape)[there], np.broadcast_to(w[:, None], there.shape)[there]
    shifted = (cell[1] % 5 == 0) & (day >= SWAP_DAY)
    model = np.where(hashed(c, 9) % 500 == 0, UNPRICED, (cell[1] + shifted) % 3)
    counts = {name: (hashed(c, salt) % most + least) // 2 for name, (salt, most, least) in TOKENS.items()}
    prices = _micro_prices(day)[model]
    priced = sum(counts[name] * prices[:, place] for place, name in enumerate(TOKENS))
    picos = np.where(model == UNPRICED, 0, np.where(hashed(c, 10) % 10 < 6, hashed(c, 16) % 5_000_000 * 10_000, priced))
    np.add.at(sums["list"], cell, picos)
    np.add.at(sums["unpriced_calls"], cell, model == UNPRICED)
    np.add.at(sums["output_tokens"], cell, counts["output_tokens"])
    np.add.at(sums["input_tokens"], cell, sum(counts.values()) - counts["output_tokens"])
    np.add.at(by_model, (*cell, model), picos)


def _add_plans(sums, by_model, t, w, ends_on) -> None:
    c, cell = 64 * (3 * t) + PLAN, (ends_on, w)
    counts = {name: (hashed(c, salt) % most + least) // 2 * 2 for name, (salt, most, least) in TOKENS.items()}
    picos = hashed(c, 16) % 5_000_000 * 10_000
    for name in ("list", "allocated"):
        np.add.at(sums[name], cell, picos)
    np.add.at(sums["output_tokens"], cell, counts["output_tokens"])
    np.add.at(sums["input_tokens"], cell, sum(counts.values()) - counts["output_tokens"])
    np.add.at(by_model, (*cell, 1), picos)


def _micro_prices(day: date) -> np.ndarray:
    """Microdollars per million tokens, that is picodollars a token, by model and token class."""
    book = pd.read_csv(catalog().seeds["claude_prices"], comment="#", dtype=str)
    holds = (book.band == "default") & (book.effective_from <= str(day)) & ~(book.effective_to <= str(day))
    columns = ["input_usd_per_million", "cache_read_usd_per_million", "cache_write_5m_usd_per_million",
               "cache_write_1h_usd_per_million", "output_usd_per_million"]  # fmt: skip
    book = book[holds].set_index("model")[columns]
    return np.array([[int(Decimal(text) * 1_000_000) for text in book.loc[model]] if model in book.index else [0] * 5
                     for model in MODELS])  # fmt: skip


def _figures(days, sums, by_model) -> dict:
    found, costs = {}, {}
    for number, day in enumerate(days):
        for w in range(WORKFLOWS):
            one = {name: int(values[number, w]) for name, values in sums.items()}
            if not one["attempts"]:
                continue
            done = one["completed_tasks"]
            if done:
                costs[number, w] = (2 * one["list"] + done) // (2 * done)
            before = [n for n in range(max(number - 7, 0), number) if (n, w) in costs]
            found[day, f"workflow_{w:02d}"] = {
                **{name: one[name] for name in COUNTED},
                "list_usd": _usd(one["list"]),
                "allocated_usd": _usd(one["allocated"]),
                "cost_per_completed_task_usd": _usd(costs[number, w]) if done else None,
                "cost_per_attempt_usd": _usd((2 * one["list"] + one["attempts"]) // (2 * one["attempts"])),
                "dominant_model": MODELS[int(np.argmax(by_model[number, w]))],
                "baseline_usd": _usd(_median([costs[n, w] for n in before])) if before else None,
                "baseline_days": len(before),
                "baseline_completions": sum(int(sums["completed_tasks"][n, w]) for n in before),
            }
    return found


def _median(picos: list[int]) -> int:
    ordered = sorted(picos)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2] + 1) // 2


def _usd(picos: int) -> Decimal:
    return Decimal(picos).scaleb(-12)
