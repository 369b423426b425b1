"""A small lake whose feeds and ledger rows a test writes by hand, with the real models built over them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from agent_spend.checks.catalog import evaluate, parse
from agent_spend.lake.tables import Lake
from agent_spend.models import build
from agent_spend.project import catalog
from agent_spend.settings import Settings

#: Four whole weeks, Monday to Sunday: the window of the rules.
DAYS = [date(2026, 10, 26) + timedelta(days=n) for n in range(28)]
JONAS = {"person_id": "E1009", "name": "Jonas Jung", "email": "jonas@acme.test", "org": "Platform",
         "cost_center": "CC-420", "first_day": DAYS[0], "last_day": DAYS[-1]}
INVENTORY = (
    "int_claude__workspace", "int_agent__run", "int_workload__start", "int_workload__key",
    "int_workload__slot", "int_workload__cadence", "rpt_auth_audit_day", "rpt_auth_audit",
)  # fmt: skip


@dataclass
class Company:
    """What one test wrote, and the models over it."""

    lake: Lake
    rows: dict[str, list[dict]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def write(self, table: str, *rows: dict) -> None:
        """Make a table hold ``rows``; columns left out are null, flags false, counts 0. A given ``None`` stays null."""
        self.rows[table] = list(rows)
        self.changed.add(table)

    def add(self, table: str, *rows: dict) -> None:
        """Put ``rows`` beside those a table holds already."""
        self.write(table, *self.rows.get(table, []), *rows)

    def store(self) -> None:
        """Write what was changed since the last time, a table in one commit."""
        for table in sorted(self.changed):
            schema, column, rows = catalog().schemas[table], catalog().partition_column(table), self.rows[table]
            content = pa.Table.from_pylist([_whole(row, schema) for row in rows], schema=schema)
            self.lake.replace(table, content, column, () if column is None else {row[column] for row in rows})
        self.changed.clear()

    def build(self, *names: str, days: list[date] = DAYS) -> None:
        """Build models over ``days``."""
        self.store()
        keys = [day.isoformat() for day in days]
        for name in names:
            model = catalog().models[name]
            build(model, catalog(), Settings.from_environment(), keys if model.partitions == "day" else [])

    def read(self, table: str) -> list[dict]:
        """The stored rows in an order of their own: a table promises none."""
        return sorted(self.lake.read(table, catalog().partition_column(table)).to_pylist(), key=str)

    def audit(self) -> list[dict]:
        """The inventory, built anew."""
        self.build(*INVENTORY)
        return self.read("rpt_auth_audit")

    def findings(self, check: str) -> list[dict]:
        return evaluate(parse(catalog().checks_dir / f"{check}.sql"), catalog(), self.lake)

    def traced_runs(self, starts: list[datetime], *, workflow="release_notes", service="release-notes", **more) -> None:
        """Runs of a workflow: one landed span and one call of 0.10 USD each."""
        run = {"auth_kind": "seat", "environment": "prod", "owner_email": "jonas@acme.test"} | more
        name = (workflow or "claude_code.interaction").lower()
        for start in starts:
            trace = f"{start:%Y%m%d%H%M%S}{name}{run['auth_kind']}{run['owner_email']}"
            same = {"usage_day": start.date(), "trace_id": trace, "run_span_id": "1"}
            self.add("agent_spans", same | {
                "span_id": "1", "name": name, "started_at": start, "ended_at": start, "span_class": "workflow",
                "workflow": workflow, "run_workflow": workflow, "service_name": service, "status_code": 1,
                "environment": run["environment"],
                "auth_hint": run["auth_kind"], "billing_identity": run["owner_email"]})
            self.add("int_agent__call", same | {
                "model": "claude-sonnet-5-5", "price_state": "priced", "calls": 1, "list_usd": "0.10", "book_usd": "0.12"})

    def events(self, starts: list[datetime], **more) -> None:
        """Cursor usage events of 0.20 USD each."""
        event = {"user_email": "jonas@acme.test", "kind": "Included", "kind_class": "included", "charged_usd": "0.20"} | more
        self.add("cursor_usage_events", *[event | {"usage_day": start.date(), "event_at": start} for start in starts])

    def claude_code(self, days: list[date], terminal: str, sessions=lambda day: 1, **more) -> None:
        """Claude Code use of 2.50 USD a day on a seat."""
        record = {"actor_type": "user_actor", "actor_email": "Jonas@acme.test", "customer_type": "subscription",
                  "terminal_type": terminal, "model": "claude-opus-5-5", "estimated_usd": "2.50"} | more
        self.add("claude_code_usage", *[record | {"usage_day": day, "sessions": sessions(day)} for day in days])

    def ledger(self, days: list[date], **more) -> None:
        """Rows of the ledger; without arguments Copilot use of Jonas, which shows that he was there."""
        row = {"vendor": "github_copilot", "surface": "copilot", "series": "copilot_credits", "auth_kind": "seat",
               "actor_kind": "not_split", "actor_id": "501", "person_id": "E1009", "squad": "runtime", "org": "Platform",
               "quantity": "9", "unit": "ai_credits", "price_state": "priced"} | more
        self.add("fct_usage_day", *[row | {"usage_day": day} for day in days])


def employing_jonas() -> Company:
    """A company with one person of the roster, Jonas, and data of somebody else on every day."""
    made = Company(Lake(Settings.from_environment().lake_uri))
    made.write("dim_person", JONAS)
    made.ledger(DAYS, person_id=None, actor_id="999")
    return made


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def human_hours(seed: int, days: list[date], first: int, last: int, starts: int = 6) -> list[datetime]:
    """Starts as a person makes them: at any minute between two hours, and not on every hour."""
    rng = random.Random(seed)
    return sorted(at(day, 0) + timedelta(minutes=rng.randrange(first * 60, last * 60)) for day in days for _ in range(starts))


def workdays() -> list[date]:
    return [day for day in DAYS if day.weekday() < 5]


def _whole(row: dict, schema: pa.Schema) -> dict:
    unknown = sorted(set(row) - set(schema.names))
    assert not unknown, f"no such columns: {unknown}"
    return {
        column.name: _value(row[column.name], column.type) if column.name in row else _default(column.type) for column in schema
    }


def _value(value, kind: pa.DataType):
    return Decimal(value) if value is not None and pa.types.is_decimal(kind) else value


def _default(kind: pa.DataType):
    if pa.types.is_boolean(kind):
        return False
    return 0 if pa.types.is_integer(kind) else None
