"""Reading agent traces: our two readers beside other ways to do it, over the same generated file, in one run.

    python benchmarks/traces.py --megabytes 200

Each way runs in a process of its own, turns every span into one row with the same eighteen columns (ours make their full
set, with exact decimals) and hands the rows over in batches that are let go. It is checked against the known number of
spans, output tokens and reported cost before its time counts. A second table has the same file with corrupt lines.
Ways whose package is not installed are left out (``pip install orjson polars``). Times are of this machine; read the ratios.

Measured with ``--megabytes 1000`` (1,109,523 spans) on two quiet cores; Python 3.11, DuckDB 2.0.0, pyarrow 26.0.1:

    way                              wall s  ratio   CPU s  ratio   spans/s  peak MiB  ratio
    ours, fast                         4.72   1.00    8.69   1.00   235,282       214   1.00
    ours, strict                      54.35  11.52   54.33   6.25    20,415       169   0.79
    orjson, tuned loop                17.28   3.66   17.23   1.98    64,213       199   0.93
    Arrow JSON reader -> DuckDB        5.25   1.11   10.12   1.16   211,441       963   4.50
    DuckDB read_json                  24.71   5.24   26.61   3.06    44,903     1,022   4.77
    polars scan_ndjson                19.46   4.13   36.31   4.18    57,027     3,644  17.01

With a corrupt line every 200 lines of 100 MB, ours read all other spans (5 quarantined); every other way fails.
"""

import argparse
import importlib.util
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from traces_ways import COSTS, COUNTS, WAYS, first

CORRUPT_MEGABYTES, CORRUPT_EVERY_LINES = 100, 200


@dataclass(frozen=True)
class Truth:
    """What every way must find: spans, output tokens, reported cost in nano-USD."""

    spans: int
    output_tokens: int
    nano_usd: int


def write_traces(path: Path, megabytes: int, corrupt_every: int = 0) -> Truth:
    """A file of about ``megabytes`` and its truth: simulated files repeated under other trace ids, text integers.

    With ``corrupt_every`` a line that is cut off follows after so many.
    """
    from agent_spend.sandbox.agent_traces import write_files
    from agent_spend.sandbox.scenario import Scenario

    lines = []
    with tempfile.TemporaryDirectory() as folder:
        write_files(Scenario(developers=12, days=21), Path(folder))
        for one in sorted(Path(folder).rglob("traces-*.json")):
            lines += [json.loads(line, parse_float=str) for line in one.read_bytes().split(b"\n") if line.strip()]
    spans = output = nano = written = count = 0
    with path.open("wb") as file:
        repetition = 0
        while written < megabytes * 1_000_000:
            for line in lines:
                text, found = _repeated(line, repetition)
                written += file.write(text)
                spans, output, nano = spans + found[0], output + found[1], nano + found[2]
                count += 1
                if corrupt_every and count % corrupt_every == 0:
                    written += file.write(text[: len(text) // 2] + b"\n")
                if written >= megabytes * 1_000_000:
                    break
            repetition += 1
    return Truth(spans, output, nano)


def _repeated(request: dict, repetition: int) -> tuple[bytes, tuple[int, int, int]]:
    count = output = 0
    cost = Decimal(0)
    for group in request["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                span["traceId"] = f"{repetition:08x}{span['traceId'][8:]}"
                count += 1
                said = {}
                for one in span["attributes"]:
                    value = one["value"]
                    if "intValue" in value:
                        value["intValue"] = str(value["intValue"])
                    if "doubleValue" in value:
                        value["doubleValue"] = float(value["doubleValue"])
                    said[one["key"]] = value
                output += int(first(said, COUNTS["output_tokens"])["intValue"]) if any(
                    key in said for key in COUNTS["output_tokens"]) else 0
                stated = first(said, COSTS)
                cost += Decimal(repr(stated["doubleValue"])) if stated else 0
    return json.dumps(request).encode() + b"\n", (count, output, int(cost * 1_000_000_000))


def _measure(name: str, path: Path, truth: Truth, answer) -> None:
    way, _ = WAYS[name]
    _added_up(way(path.with_name("warm_up.json")))
    began, cpu = time.perf_counter(), time.process_time()
    try:
        found = _added_up(way(path))
    except Exception as error:
        answer.send((float("nan"),) * 3 + (False, f"{type(error).__name__}: {str(error)[:60]!r}"))
        return
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    is_right = found[:2] == (truth.spans, truth.output_tokens) and abs(found[2] - truth.nano_usd) < truth.spans
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.send((wall, cpu, peak, is_right, found))


def _added_up(tables: Iterator[pa.Table]) -> tuple[int, int, float]:
    """Spans, output tokens and nano-USD of tables that are let go one by one, as a writer would."""
    spans = output_tokens = 0
    nano_usd = 0.0
    for table in tables:
        column = table["cost"] if "cost" in table.column_names else table["reported_usd"].cast(pa.float64())
        spans += table.num_rows
        output_tokens += pc.sum(table["output_tokens"]).as_py() or 0
        nano_usd += (pc.sum(column.cast(pa.float64())).as_py() or 0) * 1e9
    return spans, output_tokens, nano_usd


def run(name: str, path: Path, truth: Truth) -> tuple:
    """Wall seconds, CPU seconds, peak MiB and whether the result is right, from a fresh process."""
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=_measure, args=(name, path, truth, theirs))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        return (float("nan"),) * 3 + (False, f"ended with exit code {process.exitcode}")
    finally:
        process.join()


def main() -> None:
    """Generate, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--megabytes", type=int, default=200)
    megabytes = arguments.parse_args().megabytes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traces.json"
        # Imports and engine start-up are paid on a small file before the clock runs.
        write_traces(path.with_name("warm_up.json"), 1)
        truth = write_traces(path, megabytes)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {truth.spans:,} spans; ratios to our fast reader\n")
        _table(path, truth)
        truth = write_traces(path, min(megabytes, CORRUPT_MEGABYTES), corrupt_every=CORRUPT_EVERY_LINES)
        print(f"\n{path.stat().st_size / 1e6:.0f} MB with a corrupt line every {CORRUPT_EVERY_LINES} lines\n")
        _table(path, truth)


def _table(path: Path, truth: Truth) -> None:
    print(f"{'way':30}{'wall s':>9}{'ratio':>7}{'CPU s':>8}{'ratio':>7}{'spans/s':>10}{'peak MiB':>10}{'ratio':>7}")
    base = None
    for name, (_, package) in WAYS.items():
        if importlib.util.find_spec(package) is None:
            print(f"{name:30}  left out: {package} is not installed")
            continue
        wall, cpu, peak, is_right, found = run(name, path, truth)
        base = base or (wall, cpu, peak)
        print(
            f"{name:30}{wall:9.2f}{wall / base[0]:7.2f}{cpu:8.2f}{cpu / base[1]:7.2f}{truth.spans / wall:10,.0f}"
            f"{peak:10,.0f}{peak / base[2]:7.2f}" + ("" if is_right else f"  WRONG: {found}, expected {truth}"),
            flush=True,
        )


if __name__ == "__main__":
    main()
