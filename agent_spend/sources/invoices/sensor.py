"""Picks up invoice files that are dropped or changed: checks them, and runs the months they are for."""

import hashlib
import json
from datetime import date

import dagster as dg

from agent_spend.errors import FeedError
from agent_spend.partitions import FIRST_DAY, month_start
from agent_spend.settings import Settings, is_connected
from agent_spend.sources.files import SourceFile
from agent_spend.sources.invoices import layouts
from agent_spend.sources.invoices.client import invoice_files


def invoice_sensor(job) -> dg.SensorDefinition:
    """The sensor that asks for ``job`` (the monthly feeds) once for each month that a new or changed file is for.

    Its cursor holds each file's digest and months: a file that is changed or removed also runs the months it was for
    before. A file that cannot be read is logged as an error and runs the months whose dates it names (the current one
    when it names none), where the feed reports it; it is read again when it changes, and stops no other file.
    """

    @dg.sensor(
        name="dropped_invoices", job=job, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads invoice files that are dropped into INVOICES_URI and runs their months.",
    )
    def dropped_invoices(context: dg.SensorEvaluationContext):
        if not is_connected("invoices"):
            return dg.SkipReason("not connected: set INVOICES_URI")
        state = json.loads(context.cursor or '{"generation": 0, "files": {}}')
        before, generation = state["files"], state["generation"] + 1
        settings = Settings.from_environment()
        try:
            files = invoice_files(settings)
        except FeedError as error:
            return dg.SkipReason(f"{error.reason}: {error.message}")
        now = {file.name: digest(file) for file in files}
        if now == {name: known[0] for name, known in before.items()}:
            return dg.SkipReason("no invoice file changed")
        parsed = layouts.parse(files)
        months = {name: {row["month"] for row in rows} for name, rows in parsed.rows.items()}
        for file in files:
            if file.name in parsed.errors:
                error = parsed.errors[file.name]
                context.log.error(f"{error.reason}: {error.message}")
                # The months it was for before are asked for as well, so that its loss is reported on them.
                earlier = {date.fromisoformat(month) for month in _months(before, file.name)}
                months[file.name] = {*layouts.months_named(file), *earlier} or {month_start(settings.today)}
        after = {name: [value, sorted(f"{month}" for month in months[name])] for name, value in now.items()}
        requests = [
            # The generation keeps a file that goes back to an earlier content from looking like a run already made.
            dg.RunRequest(run_key=f"invoices {month} {generation}", partition_key=month)
            for month in changed_months(before, after)
            if FIRST_DAY.replace(day=1).isoformat() <= month <= month_start(settings.today).isoformat()
        ]
        cursor = json.dumps({"generation": generation, "files": after}, sort_keys=True)
        return dg.SensorResult(run_requests=requests, cursor=cursor)

    return dropped_invoices


def changed_months(before: dict[str, list], after: dict[str, list]) -> list[str]:
    """Months of the files that are new, changed or gone; ``before`` and ``after`` map a name to digest and months."""
    touched = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return sorted({month for name in touched for month in _months(before, name) + _months(after, name)})


def digest(file: SourceFile) -> str:
    """Short hash of a file's content."""
    return hashlib.sha256(file.content).hexdigest()[:16]


def _months(files: dict[str, list], name: str) -> list[str]:
    return files[name][1] if name in files else []
