"""The platform layer: workflows by cost per completed task, and machine keys."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import log

from agent_spend.publish.page.behind import KEY_COLUMNS, key_lines, workflow_lines
from agent_spend.publish.page.source import DAYS, Source, change_percent


@dataclass
class Workflow:
    """One workflow over the last 28 days, and its days."""

    workflow_id: str
    environments: list[str]
    auth_kinds: list[str]
    attempts: int
    completed_tasks: int
    unknown_tasks: int
    list_usd: Decimal
    tokens: int
    unpriced_calls: int
    model: str | None
    swaps: list[dict]
    days: list[dict]
    newest_ratio: float | None = None
    newest_ratio_day: date | None = None
    allocated_usd: Decimal = Decimal(0)
    """Part of ``list_usd`` that is a share of what traces spent outside of their runs."""
    lines: list[dict] = field(default_factory=list)

    @property
    def per_completed_task(self) -> Decimal | None:
        """List value of all attempts over completed tasks; ``None`` without completions."""
        return self.list_usd / self.completed_tasks if self.completed_tasks else None

    @property
    def per_attempt(self) -> Decimal | None:
        """List value over attempts."""
        return self.list_usd / self.attempts if self.attempts else None


@dataclass
class Shift:
    """How a workflow changed between the seven days before ``day`` and the days from it on, at most seven."""

    day: date
    task_pct: Decimal | None
    token_pct: Decimal | None


@dataclass
class Platform:
    """Everything the platform layer shows."""

    first: date | None
    last: date | None
    workflows: list[Workflow]
    featured: Workflow | None
    shift: Shift | None
    change: dict | None
    keys: list[dict]
    key_totals: dict[str, dict[str, Decimal]]
    workspaces: list[dict]
    month: date | None
    key_groups: list[str] = field(default_factory=list)


def build_platform(source: Source) -> Platform:
    """Workflows and machine keys of the company; there is no person in it."""
    last = source.one("SELECT MAX(usage_day) FROM rpt_platform__workflow_day")
    first = last - timedelta(days=DAYS - 1) if last else None
    rows: dict[str, list[dict]] = {}
    for row in source.rows("SELECT * FROM rpt_platform__workflow_day WHERE usage_day >= $first ORDER BY ALL", first=first):
        rows.setdefault(row["workflow_id"], []).append(row)
    lines = workflow_lines(source, first)
    workflows = [_workflow(name, rows[name], lines.get((name,), [])) for name in sorted(rows)]
    workflows.sort(key=lambda f: (f.per_completed_task is None, -(f.per_completed_task or f.list_usd), f.workflow_id))
    featured = max(workflows, key=_largest_change, default=None)
    shift = _shift(featured) if featured else None
    change = source.rows(
        "SELECT * FROM rpt_platform__cost_change_day WHERE workflow_id = $flow AND usage_day = $day",
        flow=featured.workflow_id, day=shift.day,
    ) if shift else []
    keys = source.rows(f"{_KEYS}, {_KEY_SUMS}", month=source.month)
    behind = key_lines(source, _KEYS)
    totals: dict[str, dict[str, Decimal]] = {}
    for key in keys:
        key["group"] = _key_group(key)
        key["lines"] = behind[tuple(key[column] for column in KEY_COLUMNS)]
        of_vendor = totals.setdefault(key["vendor"], {})
        of_vendor[key["group"]] = of_vendor.get(key["group"], Decimal(0)) + (key["list_usd"] or 0)
    return Platform(
        first=first, last=last, workflows=workflows, featured=featured, shift=shift, change=change[0] if change else None,
        keys=keys, key_totals=totals, workspaces=source.rows(_WORKSPACES, month=source.month),
        month=source.month,
        key_groups=sorted({key["group"] for key in keys}),
    )


def _key_group(key: dict) -> str:
    """Environment of a key, or why it has none."""
    if key["environment"]:
        return key["environment"]
    return "keys of people" if key["is_personal"] else "untagged" if key["key"] else "no key"


def _workflow(name: str, rows: list[dict], lines: list[dict]) -> Workflow:
    days = [_day([row for row in rows if row["usage_day"] == day]) for day in sorted({row["usage_day"] for row in rows})]
    judged = [day for day in days if day["ratio"] is not None]
    return Workflow(
        workflow_id=name,
        environments=sorted({row["environment"] for row in rows if row["environment"]}),
        auth_kinds=sorted({row["auth_kind"] for row in rows}),
        attempts=sum(row["attempts"] for row in rows),
        completed_tasks=sum(row["completed_tasks"] for row in rows),
        unknown_tasks=sum(row["unknown_tasks"] for row in rows),
        list_usd=sum((row["list_usd"] or Decimal(0) for row in rows), Decimal(0)),
        tokens=sum(row["input_tokens"] + row["output_tokens"] for row in rows),
        unpriced_calls=sum(row["unpriced_calls"] for row in rows),
        model=next((day["dominant_model"] for day in reversed(days) if day["dominant_model"]), None),
        swaps=[day for day in days if day["model_changed"]],
        days=days,
        newest_ratio=judged[-1]["ratio"] if judged else None,
        newest_ratio_day=judged[-1]["usage_day"] if judged else None,
        allocated_usd=sum((row["allocated_usd"] or Decimal(0) for row in rows), Decimal(0)),
        lines=lines,
    )


def _day(rows: list[dict]) -> dict:
    """One day of a workflow, over its environments and ways to authenticate."""
    if len(rows) == 1:
        return rows[0]
    largest = max(rows, key=lambda row: (row["list_usd"] or Decimal(0), row["dominant_model"] or ""))
    summed = ("attempts", "tasks", "completed_tasks", "unknown_tasks", "input_tokens", "output_tokens", "unpriced_calls")
    day = {**largest, **{column: sum(row[column] for row in rows) for column in summed}}
    day["list_usd"] = sum((row["list_usd"] or Decimal(0) for row in rows), Decimal(0))
    day["cost_per_completed_task_usd"] = day["list_usd"] / day["completed_tasks"] if day["completed_tasks"] else None
    day["cost_per_attempt_usd"] = day["list_usd"] / day["attempts"] if day["attempts"] else None
    day["model_changed"] = any(row["model_changed"] for row in rows)
    return day


def _largest_change(flow: Workflow) -> tuple[float, Decimal]:
    ratios = [abs(log(day["ratio"])) for day in flow.days if day["ratio"]]
    return max(ratios, default=-1.0), flow.list_usd


def _shift(flow: Workflow) -> Shift | None:
    """The day of the model swap with the largest change, else the day of the largest change."""
    judged = [day for day in flow.days if day["ratio"]]
    if not judged:
        return None
    chosen = max([day for day in judged if day["model_changed"]] or judged, key=lambda day: abs(log(day["ratio"])))
    day = chosen["usage_day"]
    before = [d for d in flow.days if day - timedelta(days=7) <= d["usage_day"] < day]
    after = [d for d in flow.days if day <= d["usage_day"] < day + timedelta(days=7)]
    return Shift(day, change_percent(_per_task(after), _per_task(before)), change_percent(_per_token(after), _per_token(before)))


def _per_task(days: list[dict]) -> Decimal | None:
    tasks = sum(day["completed_tasks"] for day in days)
    return sum((day["list_usd"] or Decimal(0) for day in days), Decimal(0)) / tasks if tasks else None


def _per_token(days: list[dict]) -> Decimal | None:
    tokens = sum(day["input_tokens"] + day["output_tokens"] for day in days)
    return sum((day["list_usd"] or Decimal(0) for day in days), Decimal(0)) / tokens if tokens else None


_KEYS = """
WITH machine_use AS (
  SELECT *, person_id IS NOT NULL OR surface = 'claude_code' AS is_personal
  FROM fct_usage_day
  WHERE (series = 'claude_api_key' OR (auth_kind = 'service_account' AND vendor <> 'custom_agents'))
    AND DATE_TRUNC('month', usage_day) = $month
)
SELECT
  vendor, is_personal, workspace,
  CASE WHEN NOT is_personal THEN COALESCE(key_name, key_id, CASE WHEN auth_kind = 'service_account' THEN actor_id END) END AS key,
  CASE WHEN NOT is_personal THEN environment END AS environment,
  CASE WHEN NOT is_personal THEN cost_center END AS cost_center"""
_KEY_SUMS = """
  COUNT(DISTINCT COALESCE(key_id, actor_id)) AS keys,
  SUM(list_usd) AS list_usd,
  CAST(SUM(CASE WHEN price_state = 'unpriced' THEN quantity ELSE 0 END) AS BIGINT) AS unpriced_tokens
FROM machine_use
GROUP BY ALL
ORDER BY vendor, list_usd DESC NULLS LAST, key, workspace, environment, cost_center
"""
_WORKSPACES = """
SELECT
  workspace,
  SUM(CASE WHEN series = 'claude_api_key' THEN list_usd END) AS list_usd,
  SUM(billed_usd) AS billed_usd
FROM fct_usage_day
WHERE series IN ('claude_api_key', 'claude_api_billing') AND DATE_TRUNC('month', usage_day) = $month
GROUP BY ALL
ORDER BY billed_usd DESC NULLS LAST, workspace
"""
