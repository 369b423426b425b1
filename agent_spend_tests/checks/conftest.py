"""A lake with hand-made published tables, and a catalog that knows them as models."""

import shutil
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from agent_spend.alerts.findings import FINDINGS_SCHEMA
from agent_spend.catalog import SQL_DIR, Catalog
from agent_spend.checks.catalog import Check, evaluate, parse
from agent_spend.lake.reading import empty_sql
from agent_spend.lake.tables import Lake
from agent_spend.month_end.frozen import ROWS, ROWS_SCHEMA

MONEY = pa.decimal128(38, 18)
COST = pa.decimal128(38, 12)
TEXT, WHOLE, FLAG, DAY, RATIO = pa.string(), pa.int64(), pa.bool_(), pa.date32(), pa.float64()
INSTANT = pa.timestamp("us", tz="UTC")


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


#: Published tables by name: partitions, columns.
TABLES = {
    "rpt_manager__credit_day": ("day", _schema(
        usage_day=DAY, actor_id=TEXT, login=TEXT, person_id=TEXT, name=TEXT, org=TEXT, squad=TEXT, credits=MONEY,
        previous_credits=MONEY, previous_state=TEXT, change_pct=RATIO, ratio=RATIO, is_provisional=FLAG)),
    "rpt_platform__workflow_day": ("day", _schema(
        usage_day=DAY, workflow_id=TEXT, completed_tasks=WHOLE, cost_per_completed_task_usd=COST, dominant_model=TEXT,
        previous_dominant_model=TEXT, model_changed=FLAG, baseline_usd=COST, baseline_days=WHOLE,
        baseline_completions=WHOLE)),
    "rpt_platform__cost_change_day": ("day", _schema(
        usage_day=DAY, workflow_id=TEXT, ratio=RATIO, price_factor=RATIO, tokens_factor=RATIO, attempts_factor=RATIO,
        model_mix_factor=RATIO, baseline_shape_factor=RATIO, baseline_model=TEXT, model=TEXT, swap_day=DAY,
        swapped_from=TEXT)),
    "fct_usage_day": ("day", _schema(
        usage_day=DAY, vendor=TEXT, surface=TEXT, series=TEXT, auth_kind=TEXT, auth_rule=TEXT, auth_evidence=TEXT,
        actor_kind=TEXT, actor_rule=TEXT, actor_evidence=TEXT, background_kind=TEXT, actor_id=TEXT, person_id=TEXT,
        key_id=TEXT, key_name=TEXT, workspace=TEXT,
        model=TEXT, environment=TEXT, cost_center=TEXT, squad=TEXT, org=TEXT, quantity=MONEY, unit=TEXT, list_usd=MONEY,
        covered_usd=MONEY, billed_usd=MONEY, price_state=TEXT, attribution_mode=TEXT, price_version=TEXT)),
    "rpt_auth_audit": ("none", _schema(
        workload=TEXT, workload_kind=TEXT, vendor=TEXT, auth_kind=TEXT, environment=TEXT, owner=TEXT, person_id=TEXT,
        org=TEXT, first_seen_day=DAY, last_seen_day=DAY, active_days=WHOLE, list_usd_28d=MONEY, evidence=TEXT, verdict=TEXT,
        confidence=TEXT)),
    "int_workload__key": ("none", _schema(
        vendor=TEXT, key_id=TEXT, workload=TEXT, key_name=TEXT, environment=TEXT, cost_center=TEXT, owner_email=TEXT,
        owner_left_day=DAY, other_environment=TEXT, other_environment_rule=TEXT, is_claude_code=FLAG,
        principal_email=TEXT, is_prod=FLAG, is_prod_workspace=FLAG, interactive_sessions=WHOLE, interactive_first_day=DAY,
        interactive_last_day=DAY, interactive_terminals=TEXT, first_used_day=DAY, last_used_day=DAY, list_usd=MONEY,
        is_current=FLAG)),
    "fct_seat_fee": ("month", _schema(month=DAY, vendor=TEXT, period_start_day=DAY, billed_usd=MONEY)),
    "fct_seat_month": ("month", _schema(
        month=DAY, vendor=TEXT, billing_entity=TEXT, plan=TEXT, actor_id=TEXT, days=WHOLE, billed_usd=MONEY)),
    "int_workload__seat_machine": ("none", _schema(
        usage_day=DAY, seat=TEXT, person_id=TEXT, name=TEXT, org=TEXT, machines=WHOLE)),
    "int_github__login": ("none", _schema(user_id=WHOLE, user_login=TEXT, first_day=DAY, last_day=DAY)),
    "dim_person": ("none", _schema(person_id=TEXT, name=TEXT, squad=TEXT, org=TEXT)),
    "rpt_finance__budget_pace": ("none", _schema(
        month=DAY, scope_kind=TEXT, scope=TEXT, squad=TEXT, org=TEXT, amount_kind=TEXT, owner=TEXT, budget_usd=MONEY,
        to_date_usd=MONEY, share=RATIO, exhaustion_day=DAY, state=TEXT)),
    "rpt_reconciliation_month": ("month", _schema(
        month=DAY, vendor=TEXT, line=TEXT, comparison=TEXT, metered_usd=MONEY, billing_api_usd=MONEY, invoiced_usd=MONEY,
        unexplained_usd=MONEY, tolerance_usd=MONEY, within_tolerance=FLAG)),
    "rpt_month_close": ("none", _schema(month=DAY)),
    "int_month_close__in_force": ("none", _schema(month=DAY, sequence=WHOLE)),
    "int_agent__call": ("day", _schema(usage_day=DAY, list_usd=MONEY)),
    "int_usage__claude_metrics": ("day", _schema(usage_day=DAY, quantity=MONEY, list_usd=MONEY)),
    "stg_claude__day_source": ("day", _schema(usage_day=DAY, source=TEXT)),
    "stg_copilot__day_source": ("day", _schema(usage_day=DAY, feed=TEXT)),
    "stg_cursor__day_source": ("day", _schema(usage_day=DAY, feed=TEXT)),
    "rpt_coverage": ("none", _schema(
        feed=TEXT, usage_day=DAY, state=TEXT, reason=TEXT, message=TEXT, rows=WHOLE, fetched_at=INSTANT, revision=WHOLE,
        last_attempt=TEXT, is_provisional=FLAG)),
}
FEEDS = {
    "copilot_user_usage": _schema(
        usage_day=DAY, scope_kind=TEXT, scope=TEXT, user_id=WHOLE, user_login=TEXT, ai_credits_used=MONEY,
        ai_credits_state=TEXT, interactions=WHOLE, used_agent=FLAG, used_chat=FLAG, used_cli=FLAG, used_cloud_agent=FLAG),
    "github_teams": _schema(usage_day=DAY, org=TEXT, team_id=WHOLE, team_path=TEXT, user_id=WHOLE),
    "copilot_user_teams": _schema(
        usage_day=DAY, scope_kind=TEXT, scope=TEXT, team_id=WHOLE, team_slug=TEXT, user_id=WHOLE, user_login=TEXT),
    "copilot_billing_usage": _schema(usage_day=DAY, scope_kind=TEXT, scope=TEXT, sku_class=TEXT, net_usd=MONEY),
    "claude_api_usage": _schema(
        usage_day=DAY, uncached_input_tokens=WHOLE, cache_write_5m_tokens=WHOLE, cache_write_1h_tokens=WHOLE,
        cache_read_tokens=WHOLE, output_tokens=WHOLE),
    "claude_api_cost": _schema(usage_day=DAY, amount_usd=MONEY),
    "claude_analytics_usage": _schema(
        usage_day=DAY, uncached_input_tokens=WHOLE, cache_write_5m_tokens=WHOLE, cache_write_1h_tokens=WHOLE,
        cache_read_tokens=WHOLE, output_tokens=WHOLE),
    "claude_analytics_cost": _schema(usage_day=DAY, amount_usd=MONEY),
    "claude_code_usage": _schema(usage_day=DAY, customer_type=TEXT, estimated_usd=MONEY),
    "agent_spans": _schema(
        usage_day=DAY, span_class=TEXT, input_tokens=WHOLE, cache_read_tokens=WHOLE, cache_write_5m_tokens=WHOLE,
        cache_write_1h_tokens=WHOLE, output_tokens=WHOLE),
    "claude_team_usage": _schema(usage_day=DAY, net_usd=MONEY),
    "claude_enterprise_cost": _schema(usage_day=DAY, amount_usd=MONEY),
    "cursor_usage_events": _schema(usage_day=DAY, kind_class=TEXT, charged_usd=MONEY),
    "cursor_csv_events": _schema(usage_day=DAY, kind_class=TEXT, charged_usd=MONEY),
}
FEEDS["copilot_user_usage_28_day"] = FEEDS["copilot_user_usage"]


@dataclass
class Company:
    """A lake whose tables a test fills by hand, and the real checks over them."""

    lake: Lake
    sql_dir: Path
    catalog: Catalog

    def write(self, table: str, *rows: dict) -> None:
        """Replace the days or months that ``rows`` hold (all of an unpartitioned table); money may be given as text."""
        partitions, schema = TABLES.get(table) or ("day", FEEDS[table])
        exact = [{name: _exact(value, schema.field(name).type) for name, value in row.items()} for row in rows]
        content = pa.Table.from_pylist(exact, schema=schema)
        if partitions == "none":
            self.lake.replace(table, content, None)
        else:
            column = {"day": "usage_day", "month": "month"}[partitions]
            self.lake.replace(table, content, column, {row[column] for row in rows})

    def check(self, name: str) -> Check:
        return parse(self.sql_dir / "checks" / f"{name}.sql")

    def rows(self, name: str, *days: date) -> list[dict]:
        """Offending rows of a check over the given days, or over everything."""
        return evaluate(self.check(name), self.catalog, self.lake, list(days) or None)


@pytest.fixture(scope="session")
def tables(tmp_path_factory) -> Catalog:
    """The published tables as models, and the few real models that checks read through; made once a session."""
    sql_dir = tmp_path_factory.mktemp("models") / "dbt_like_sql"
    for folder in ("policies", "prices"):
        shutil.copytree(SQL_DIR / folder, sql_dir / folder)
    for model in ("staging/stg_prices__unit.sql", "staging/stg_copilot__user_day.sql", "reports/rpt_findings.sql",
                  "intermediate/int_workload__rule.sql", "intermediate/int_budget__used.sql",
                  "staging/stg_policies__budget.sql", "intermediate/int_budget__in_force.sql"):
        (sql_dir / model).parent.mkdir(exist_ok=True)
        shutil.copy(SQL_DIR / model, sql_dir / model)
    (sql_dir / "marts").mkdir()
    for name, (partitions, schema) in TABLES.items():
        columns = "\n".join(f"{column}: as published" for column in schema.names)
        header = f"-- grain: as published\n-- partitions: {partitions}\n/*\n{columns}\n*/\n"
        (sql_dir / "marts" / f"{name}.sql").write_text(header + empty_sql(schema))
    catalog = Catalog(FEEDS | {"findings": FINDINGS_SCHEMA, ROWS: ROWS_SCHEMA}, sql_dir)
    # Worked out here, so that the copies that tests get need not do it again.
    assert catalog.schemas
    return catalog


@pytest.fixture
def company(tmp_path, tables) -> Company:
    """A company with checks, policies and prices of its own."""
    sql_dir, catalog = tmp_path / "dbt_like_sql", copy(tables)
    for folder in ("checks", "policies", "prices"):
        shutil.copytree(SQL_DIR / folder, sql_dir / folder)
    catalog.seeds = {name: sql_dir / path.parent.name / path.name for name, path in tables.seeds.items()}
    catalog.checks_dir = sql_dir / "checks"
    return Company(Lake(str(tmp_path / "home" / "lake")), sql_dir, catalog)


def _exact(value, kind: pa.DataType):
    return Decimal(value) if pa.types.is_decimal(kind) and value is not None else value
