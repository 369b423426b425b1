"""The ledger of findings: a Delta table, partitioned by kind, of what was found, and when somebody was told."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from agent_spend.alerts.lifecycle import ACKNOWLEDGED, OPEN, due, updated, with_episodes
from agent_spend.errors import ConfigurationError
from agent_spend.lake.columns import DAY, INSTANT, MONEY, TEXT, schema_of
from agent_spend.lake.tables import Lake
from agent_spend.privacy import Display

TABLE = "findings"

#: Columns of the ledger. ``episode_start_day`` is the first day of the run of days that the finding belongs to;
#: ``renewed_at`` is when it came back with a value so different that it is news again.
FINDINGS_SCHEMA = pa.schema(
    schema_of(
        {
            "finding_id": TEXT, "kind": TEXT, "severity": TEXT, "vendor": TEXT, "subject": TEXT, "person_id": TEXT,
            "org": TEXT, "usage_day": DAY, "observed": MONEY, "baseline": MONEY, "ratio": pa.float64(), "amount_usd": MONEY,
            "explanation": TEXT, "status": TEXT, "first_seen_at": INSTANT, "notified_at": INSTANT,
            "acknowledged_at": INSTANT, "resolved_at": INSTANT, "renewed_at": INSTANT, "episode_start_day": DAY,
        }
    )
)

#: The ledger in Dagster's graph; checks and the Slack sensor report a materialization whenever they change it.
FINDINGS_ASSET = dg.AssetSpec(
    TABLE,
    group_name="alerts",
    kinds={"deltalake"},
    tags={"layer": "alerts"},
    description="What the checks found, whether it is still so, and when Slack was told. Kept by the checks.",
)


def record(
    lake: Lake, kind: str, evaluated_days: Collection[date] | None, rows: Iterable[Mapping], now: datetime,
    *, episode_days: int = 1,
) -> int:
    """Bring the ledger in line with what a check found.

    New rows become open findings; findings of ``evaluated_days`` that are no longer among ``rows`` become resolved
    and stay in the table; rows that come back open again, without a second message unless their value moved by more
    than half. The same rows again commit nothing.

    Args:
        kind: name of the check.
        evaluated_days: days the check looked at; ``None`` for a check without days (all findings were looked at).
        rows: offending rows in the shape of ``checks.catalog.OFFENDING_ROW``.
        episode_days: findings of one subject at most this many days apart are one episode.

    Returns:
        Number of findings that changed.
    """
    offending = list(rows)
    days = None if evaluated_days is None else set(evaluated_days)

    def look(known: dict[str, dict]) -> dict[str, dict]:
        return with_episodes(updated(known, offending, days, now), episode_days)

    return _change(lake, kind, look)


def read(lake: Lake, kind: str | None = None) -> list[dict]:
    """Findings (of one kind), resolved ones included, oldest day first."""
    if not lake.exists(TABLE):
        return []
    table = lake.read(TABLE, "kind").select(FINDINGS_SCHEMA.names).cast(FINDINGS_SCHEMA)
    if kind is not None:
        table = table.filter(pc.equal(table["kind"], kind))
    return sorted(table.to_pylist(), key=lambda row: (row["usage_day"], row["kind"], row["finding_id"]))


def waiting(lake: Lake) -> list[Mapping]:
    """Findings that deserve a message and have had none."""
    return due(read(lake))


def mark_notified(lake: Lake, findings: Sequence[Mapping], now: datetime) -> None:
    """Remember that a message naming these findings was accepted."""
    for kind in sorted({finding["kind"] for finding in findings}):
        ids = {finding["finding_id"] for finding in findings if finding["kind"] == kind}
        _change(lake, kind, lambda known, ids=ids: {
            key: finding | {"notified_at": now} if key in ids else finding for key, finding in known.items()
        })


def acknowledge(lake: Lake, finding_id: str, now: datetime) -> dict:
    """Silence a finding and the rest of its episode; it stays visible until its cause is gone.

    Args:
        finding_id: the id as the warehouse and messages show it, or its first characters when they fit one finding only.

    Returns:
        The finding as it is now, as it is shown to people.

    Raises:
        ConfigurationError: no finding, or more than one, has this id; or it is resolved already.
    """
    shown = Display.of(lake)
    known = read(lake) if finding_id else []
    matches = [finding for finding in known if shown.finding_id(finding["finding_id"]).startswith(finding_id)]
    if len(matches) != 1:
        how_many = "no finding has" if not matches else f"{len(matches)} findings have"
        raise ConfigurationError(f"{how_many} the id {finding_id!r}; rpt_findings lists them.")
    found = matches[0]
    if found["status"] not in (OPEN, ACKNOWLEDGED):
        name = shown.finding_id(found["finding_id"])
        raise ConfigurationError(f"finding {name} is {found['status']}; there is nothing to silence.")
    after = found | {"status": ACKNOWLEDGED, "acknowledged_at": found["acknowledged_at"] or now}

    def silence(known: dict[str, dict]) -> dict[str, dict]:
        key = found["finding_id"]
        return known | {key: known[key] | {name: after[name] for name in ("status", "acknowledged_at")}}

    _change(lake, found["kind"], silence)
    return shown.row(after)


@retry(
    retry=retry_if_exception_type(CommitFailedError), stop=stop_after_attempt(10), wait=wait_random_exponential(max=2),
    reraise=True,
)
def _change(lake: Lake, kind: str, change: Callable[[dict[str, dict]], dict[str, dict]]) -> int:
    """Read one kind, change it, and commit against the version that was read.

    ``Lake.replace`` would be the last writer that wins; here a check and the Slack sensor may both write a kind, and a
    lost ``notified_at`` is a message sent twice. Delta refuses a commit whose partition somebody else has changed
    since, and the whole change is then computed again from the newer state.
    """
    exists = lake.exists(TABLE)
    version = DeltaTable(lake.uri(TABLE)) if exists else None
    known = {finding["finding_id"]: finding for finding in read(lake, kind)} if exists else {}
    result = change(dict(known))
    changed = sum(1 for key, finding in result.items() if known.get(key) != finding)
    if not changed:
        return 0
    if version is None:
        version = DeltaTable.create(lake.uri(TABLE), FINDINGS_SCHEMA, mode="ignore", partition_by=["kind"])
    table = pa.Table.from_pylist([result[key] for key in sorted(result)], schema=FINDINGS_SCHEMA)
    write_deltalake(version, table, mode="overwrite", predicate=f"kind = '{kind}'")
    return changed
