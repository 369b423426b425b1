"""A small published warehouse written by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from agent_spend.catalog import SQL_DIR, parse

TYPES = {"day": "DATE", "text": "VARCHAR", "money": "DECIMAL(38, 18)", "rate": "DECIMAL(38, 12)", "whole": "BIGINT",
         "float": "DOUBLE", "flag": "BOOLEAN", "instant": "TIMESTAMPTZ"}
LINES = SQL_DIR / "reports" / "rpt_finance__line_month.sql"
AMOUNTS = "list_usd money, covered_usd money, billed_usd money"
TABLES = {
    "fct_usage_day": "usage_day day, vendor text, surface text, series text, auth_kind text, auth_rule text,"
    " auth_evidence text, actor_kind text, actor_rule text, actor_evidence text, background_kind text, actor_id text,"
    " person_id text, identity_rule text, key_id text, key_name text, workspace text,"
    " model text, environment text, cost_center text, squad text, org text, quantity money, unit text,"
    f" {AMOUNTS}, price_state text, attribution_mode text, price_version text, is_provisional flag",
    "rpt_manager__credit_day": "usage_day day, actor_id text, login text, person_id text, name text, org text, squad text,"
    " credits money, previous_credits money, previous_state text, change_pct float, ratio float, is_provisional flag",
    "rpt_manager__person_week": "week_start day, org text, squad text, person_id text, name text, vendor text, series text,"
    f" credits money, {AMOUNTS}, previous_list_usd money, change_pct float",
    "rpt_manager__person_month": "month day, org text, squad text, person_id text, name text, vendor text, series text,"
    f" credits money, {AMOUNTS}",
    "rpt_finance__vendor_month": f"month day, vendor text, charge_kind text, {AMOUNTS}, invoiced_usd money,"
    " is_reconciled flag, unpriced_tokens whole, days_covered whole, is_provisional flag",
    "rpt_finance__series_month": f"month day, vendor text, series text, auth_kind text, credits money, {AMOUNTS}",
    "rpt_finance__series_week": "week_start day, vendor text, series text, auth_kind text, org text, people whole,"
    f" credits money, {AMOUNTS}",
    "rpt_platform__workflow_day": "usage_day day, workflow_id text, environment text, auth_kind text, attempts whole,"
    " tasks whole, completed_tasks whole, unknown_tasks whole, list_usd money, allocated_usd money,"
    " cost_per_completed_task_usd rate,"
    " cost_per_attempt_usd rate, input_tokens whole, output_tokens whole, dominant_model text,"
    " previous_dominant_model text, model_changed flag, unpriced_calls whole, baseline_usd rate, baseline_days whole,"
    " baseline_completions whole, ratio float",
    "rpt_platform__cost_change_day": "usage_day day, workflow_id text, ratio float, price_factor float, tokens_factor float,"
    " attempts_factor float, model_mix_factor float, baseline_shape_factor float, baseline_model text, model text",
    "rpt_auth_audit": "workload text, workload_kind text, vendor text, auth_kind text, environment text, owner text,"
    " person_id text, org text,"
    " first_seen_day day, last_seen_day day, list_usd_28d money, key_usd_28d money, evidence text, verdict text, confidence text",
    "rpt_auth_audit_day": "usage_day day, vendor text, workload text, workload_kind text, auth_kind text, environment text,"
    " starts whole, list_usd money, key_usd money, price_versions text, is_in_window flag",
    "fct_task": "usage_day day, workflow_id text, task_id text, attempts whole, model_set text, price_versions text,"
    " list_usd money, attribution_mode text, input_tokens whole, output_tokens whole",
    "rpt_finance__budget_line": "scope_kind text, scope text, amount_kind text, vendor text, series text, model text,"
    " price_state text, price_version text, attribution_mode text, amount_usd money, row_count whole",
    "rpt_unmatched": "vendor text, identifier text, login text, first_day day,"
    " last_day day, days whole, list_usd money, billed_usd money, person_id text,"
    " seat_fee_usd money",
    "rpt_coverage": "feed text, usage_day day, state text, reason text, message text, rows whole, fetched_at instant,"
    " revision whole, last_attempt text, is_provisional flag",
    "rpt_revisions": "feed text, usage_day day, revision whole, revised_at instant, rows_before whole, rows_after whole,"
    " total_before money, total_after money",
    "rpt_findings": "finding_id text, kind text, severity text, vendor text, subject text, person_id text, org text,"
    " usage_day day, observed money, baseline money, ratio float, amount_usd money, explanation text, status text,"
    " first_seen_at instant, notified_at instant",
    "rpt_finance__cursor_cycle": "cycle_started_at instant, cycle_ended_at instant, seat_usd money, included_usd money,"
    " on_demand_usd money, spend_usd money, difference_usd money, state text",
    "rpt_finance__cursor_cycle_day": "usage_day day, cycle_started_at instant, covered_usd money, billed_usd money",
    "rpt_finance__pool_month": "month day, vendor text, billing_entity text, included_credits money, used_credits money,"
    " left_credits money, overage_credits money, overage_usd money, source text",
    "fct_seat_fee": "month day, vendor text, period_start_day day, billed_usd money",
    "fct_seat_month": "month day, vendor text, plan text, seats whole, billed_usd money, is_provisional flag, use_state text,"
    " is_idle flag, idle_usd money, is_under_used flag, under_used_usd money, proration_rule text, price_version text",
    "rpt_finance__drivers_week": "week_start day, vendor text, series text, background_kind text, list_usd money,"
    " previous_list_usd money, change_list_usd money, rank whole",
    "rpt_platform__agent_sdk_policy": "plan text, monthly_credit_usd money, announced_day day, paused_day day,"
    " effective_from day, overflow text, state text, source text",
    "rpt_platform__agent_sdk_split": "month day, seat text, person_id text, name text, plan text, plan_rule text,"
    " headless_list_usd money, source_feed text, use_days whole, credit_usd money, credit_used_usd money, overflow_usd money,"
    " covered_days whole, stops flag, stops_day day, basis text, state text",
    "rpt_platform__agent_sdk_split_workload": "month day, seat text, person_id text, name text, workload text,"
    " environment text, headless_list_usd money, share float, stops flag, state text",
    "rpt_platform__cutover_list": "workload text, workload_kind text, vendor text, environment text, owner text,"
    " cost_center text, last_seen_day day, key_usd_28d money, target_key text, target_exists flag, verdict text,"
    " confidence text, evidence text",
    "rpt_reconciliation_month": "month day, vendor text, line text, comparison text, metered_usd money, billing_api_usd money,"
    " invoiced_usd money, invoiced_foreign text, cause text, cause_usd money, state text",
    "rpt_finance__budget_pace": "month day, scope_kind text, scope text, squad text, org text,"
    " amount_kind text, owner text, budget_usd money,"
    " to_date_usd money, share float, pace_usd_per_day money, projected_usd money, projected_low_usd money,"
    " projected_high_usd money, exhaustion_day day, state text",
    "rpt_month_close": f"month day, about_month day, vendor text, charge_kind text, {AMOUNTS}, invoiced_usd money,"
    " closed_at instant, is_forced flag, price_versions text, figures_hash text",
    "rpt_month_close_adjustment": "adjustment_month day, closed_month day, vendor text, charge_kind text, amount_kind text,"
    " adjustment_usd money",
    "dim_person": "person_id text, name text, email text, github_login text, org text, squad text, cost_center text,"
    " first_day day, last_day day",
}
OCTOBER, MONTH, WEEK, SUNDAY = date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 16), date(2026, 11, 22)
NOBODY = "(not attributable)"
DAYS = [SUNDAY - timedelta(days=n) for n in reversed(range(28))]
PAYMENTS = ("Ada Abe", "Ben Berg", "Cleo Castro", "Dan Dahl", "Eve Eze", "Fay Fabre", "Gus Gupta")
SEARCH = ("Sol Silva", "Tia Tanaka", "Uma Ueda")
OTHER_NAMES = (*SEARCH, *(f"{name.split()[0].lower()}{end}" for name in SEARCH for end in ("@acme.test", "-acme")))


def write(path: Path, tables: dict[str, list[dict]]) -> Path:
    """Write a warehouse with these rows; columns that a row does not name are null, tables not named are empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        # Each row a transaction of its own would be most of what a test of the page takes.
        connection.begin()
        for name, columns in TABLES.items():
            pairs = [column.split() for column in columns.split(",")]
            connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {TYPES[kind]}' for column, kind in pairs)})")
            rows = [[row.get(column) for column, _ in pairs] for row in tables.get(name, ())]
            assert all(set(row) <= {column for column, _ in pairs} for row in tables.get(name, ())), name
            if rows:
                connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(pairs))})", rows)
        connection.execute(f"CREATE TABLE rpt_finance__line_month AS {parse(LINES).sql}")
        connection.commit()
    return path


def coverage(*feeds: str, last: date = SUNDAY) -> list[dict]:
    """Four weeks of answered days up to ``last``."""
    return [{"feed": feed, "usage_day": day, "state": "available", "rows": 1, "revision": 1, "last_attempt": "available",
             "is_provisional": False} for feed in feeds for day in DAYS if day <= last]


def company() -> dict[str, list[dict]]:
    """Two organisations, four vendors, November 2026; every figure in it is written here."""
    people = [_person(f"P{n}", name, "Payments") for n, name in enumerate(PAYMENTS, 1)]
    people += [_person(f"S{n}", name, "Search") for n, name in enumerate(SEARCH, 1)]
    friday, thursday = date(2026, 11, 20), date(2026, 11, 19)
    credits = [
        _credits("P1", "Ada Abe", thursday, "100"), _credits("P1", "Ada Abe", friday, "301", "100", 201.0, 3.01),
        _credits("P2", "Ben Berg", thursday, "200"), _credits("P2", "Ben Berg", friday, "50", "200", -75.0, 0.25),
        _credits("P3", "Cleo Castro", thursday, "0"), _credits("P3", "Cleo Castro", friday, "12.5", "0"),
        _credits("P4", "Dan Dahl", friday, "7"),
        _credits("P5", "Eve Eze", thursday, "3"), _credits("P5", "Eve Eze", friday, "0", "3", -100.0, 0.0),
        _credits("P6", "Fay Fabre", friday, None),
        {**_credits("S1", "Sol Silva", friday, "44"), "org": "Search", "squad": "ranking"},
    ]  # fmt: skip
    usage = [_usage(row["usage_day"], "github_copilot", "copilot_credits", "seat", row["credits"] and row["credits"] / 100,
                    actor_id=row["actor_id"], person_id=row["person_id"], org=row["org"], squad=row["squad"],
                    quantity=row["credits"], unit="ai_credits", price_version="unit_prices github_copilot ai_credit 2026-06-01",
                    actor_kind="not_split") for row in credits]  # fmt: skip
    usage += [
        _usage(date(2026, 11, 11), "github_copilot", "copilot_credits", "seat", "2.00", actor_id="gh-P1", person_id="P1",
               org="Payments", squad="checkout", quantity=Decimal(200), unit="ai_credits", actor_kind="not_split",
               price_version="unit_prices github_copilot ai_credit 2026-06-01"),
        _usage(friday, "anthropic", "claude_api_key", "api_key", "40.25", key_id="apikey_1", key_name="checkout-prod",
               environment="prod", cost_center="CC-1", workspace="wrk_prod", model="claude-opus-5-5", actor_kind="machine",
               price_version="claude_prices claude-opus-5-5 default 2026-09-22", quantity=Decimal(1_500_000)),
        _usage(friday, "anthropic", "claude_api_key", "api_key", "2.00", key_id="apikey_2", workspace="wrk_prod",
               model="claude-opus-5-5", actor_kind="machine", quantity=Decimal(1000)),
        _usage(friday, "anthropic", "claude_api_key", "unknown", "0.75", actor_id="(no key)", workspace="(default workspace)",
               model="claude-opus-5-5", actor_kind="interactive", quantity=Decimal(1000)),
        _usage(friday, "cursor", "cursor_on_demand", "seat", "9.00", person_id="P1", org="Payments", squad="checkout",
               background_kind="cloud_agent", actor_kind="headless", billed_usd=Decimal(9), quantity=Decimal(90_000)),
        _usage(friday, "cursor", "cursor_on_demand", "seat", "1.00", person_id="P1", org="Payments", squad="checkout",
               actor_kind="interactive", billed_usd=Decimal(1), quantity=Decimal(10_000)),
    ]  # fmt: skip
    return {
        "dim_person": people,
        "rpt_manager__credit_day": credits,
        "fct_usage_day": usage,
        "rpt_manager__person_week": [
            _week(WEEK, "P1", "Ada Abe", "Payments", "github_copilot", "copilot_credits", "4.01"),
            _week(WEEK - timedelta(days=7), "P1", "Ada Abe", "Payments", "github_copilot", "copilot_credits", "2.00"),
            _week(WEEK, "P1", "Ada Abe", "Payments", "cursor", "cursor_on_demand", "10.00"),
            _week(WEEK, "S1", "Sol Silva", "Search", "github_copilot", "copilot_credits", "0.44"),
        ],
        "rpt_manager__person_month": [
            *(_person_month(f"P{n}", name, "Payments", "github_copilot", "copilot_credits", "1.00")
              for n, name in enumerate(PAYMENTS, 1)),
            _person_month("P1", "Ada Abe", "Payments", "cursor", "cursor_on_demand", "10.00", billed="10.00"),
            _person_month("S1", "Sol Silva", "Search", "github_copilot", "copilot_credits", "0.44"),
            _person_month(NOBODY, NOBODY, NOBODY, "anthropic", "claude_api_key", "43.00"),
        ],
        "rpt_finance__vendor_month": [
            _month(MONTH, "github_copilot", "usage", "7.44", is_provisional=True),
            _month(MONTH, "anthropic", "usage", "43.00", billed="43.01", unpriced_tokens=1_200_000, is_provisional=True),
            _month(MONTH, "cursor", "usage", "10.00", covered="0", billed="10.00", is_provisional=True),
            _month(OCTOBER, "cursor", "usage", "20.00", covered="5.00", billed="15.00", invoiced="15.00", is_reconciled=True),
            _month(OCTOBER, "cursor", "seat", None, invoiced="320.00"),
        ],
        "rpt_finance__series_month": [
            {"month": MONTH, "vendor": "github_copilot", "series": "copilot_credits", "auth_kind": "seat",
             "credits": Decimal("744"), "list_usd": Decimal("7.44")},
            {"month": MONTH, "vendor": "anthropic", "series": "claude_api_key", "auth_kind": "api_key", "list_usd": Decimal(43)},
            {"month": MONTH, "vendor": "cursor", "series": "cursor_on_demand", "auth_kind": "seat", "list_usd": Decimal(10)},
        ],
        "rpt_finance__series_week": [
            {"week_start": WEEK - timedelta(days=7 * n), "vendor": "cursor", "series": "cursor_on_demand", "auth_kind": "seat",
             "org": "Payments", "people": 6, "list_usd": Decimal(10 - n), "billed_usd": Decimal(10 - n)} for n in range(3)
        ],
        "rpt_platform__workflow_day": workflow_days(),
        "rpt_platform__cost_change_day": [
            {"usage_day": date(2026, 11, 18), "workflow_id": "invoice_matching", "ratio": 3.0, "price_factor": 1.0,
             "tokens_factor": 1.5, "attempts_factor": 1.0, "model_mix_factor": 2.0, "baseline_shape_factor": 1.0},
        ],
        "rpt_coverage": coverage("copilot_user_usage", "claude_api_usage", "cursor_usage_events", "agent_spans"),
        "rpt_revisions": [
            {"feed": "copilot_user_usage", "usage_day": friday, "revision": 2, "rows_before": 6, "rows_after": 6,
             "revised_at": datetime(2026, 11, 22, 6, 10, tzinfo=UTC), "total_before": Decimal("340.5"),
             "total_after": Decimal("370.5")},
        ],
        "rpt_findings": [
            _finding("1", "copilot_credits_tripled", "ERROR", "github_copilot", "ada-acme", "2.01", person_id="P1",
                     org="Payments", ratio=3.01, explanation="Ada Abe used 301 credits on 2026-11-20"),
            _finding("2", "copilot_credits_tripled", "ERROR", "github_copilot", "sol-acme", "0.30", person_id="S1",
                     org="Search", ratio=4.0, explanation="Sol Silva used 44 credits on 2026-11-20"),
            _finding("3", "untagged_key", "WARN", "anthropic", "apikey_2", "2.00", explanation="Key apikey_2 has no environment"),
            _finding("4", "unpriced_model", "ERROR", "anthropic", "claude-preview-x1", None, explanation="1,200,000 tokens"),
            {**_finding("5", "untagged_key", "WARN", "anthropic", "apikey_9", "99.00"), "status": "resolved"},
        ],
        "rpt_auth_audit": [
            _audit("release_notes", "custom_agents", "seat", "prod", "Sol Silva", "prod_on_seat", "S1", "Search"),
            _audit("sol@acme.test", "cursor", "seat", None, "Sol Silva", "person_background", "S1", "Search"),
            _audit("ada@acme.test", "cursor", "seat", None, "Ada Abe", "automated_on_seat", "P1", "Payments"),
            _audit("checkout-prod", "anthropic", "api_key", "prod", "CC-1", "ok", None, "(not attributable)"),
        ],
        "rpt_auth_audit_day": [
            {"usage_day": day, "vendor": vendor, "workload": workload, "workload_kind": "traced workflow", "auth_kind": auth_kind,
             "environment": environment, "starts": 1, "list_usd": Decimal("0.20"), "key_usd": Decimal("0.20"),
             "price_versions": "claude_prices claude-opus-5-5 default 2026-09-22", "is_in_window": day >= DAYS[2]}
            for day in DAYS for vendor, workload, auth_kind, environment in (
                ("custom_agents", "release_notes", "seat", "prod"), ("cursor", "ada@acme.test", "seat", None),
                ("cursor", "sol@acme.test", "seat", None), ("anthropic", "checkout-prod", "api_key", "prod"))
        ],
        "fct_task": [
            {"usage_day": row["usage_day"], "workflow_id": row["workflow_id"], "task_id": "t", "attempts": row["attempts"],
             "model_set": row["dominant_model"], "price_versions": f"claude_prices {row['dominant_model']} default 2026-09-22",
             "list_usd": row["list_usd"], "attribution_mode": "derived", "input_tokens": row["input_tokens"], "output_tokens": 0}
            for row in workflow_days()
        ],
        "rpt_unmatched": [{"vendor": "github_copilot", "identifier": "contractor-9", "first_day": friday, "last_day": friday,
                           "days": 1, "list_usd": Decimal("0.58"), "seat_fee_usd": Decimal(19)}],
    }  # fmt: skip


def workflow_days() -> list[dict]:
    """A workflow that got three times dearer on 18 November, one cheap workflow and one without completions."""
    days = []
    for day in (date(2026, 11, n) for n in range(12, 23)):
        swapped = day >= date(2026, 11, 18)
        cost = Decimal("0.06") if swapped else Decimal("0.02")
        days.append(_flow(day, "invoice_matching", 10, 12, cost * 10, "claude-opus-5-5" if swapped else "claude-haiku-4-5",
                          previous="claude-haiku-4-5", changed=day == date(2026, 11, 18), tokens=900_000 if swapped else 200_000,
                          baseline_usd=Decimal("0.02"), ratio=3.0 if swapped else 1.0))
        days.append(_flow(day, "contract_review", 5, 6, Decimal("2.50"), "claude-opus-5-5", tokens=100_000,
                          allocated_usd=Decimal("0.02")))
        days.append(_flow(day, "nightly_cleanup", 0, 2, Decimal("0.01"), "claude-haiku-4-5", tokens=1000))
    return days


def squad_of(person_id: str) -> str:
    """Five people of Payments make the checkout, two the ledger; Search is one squad of three."""
    if person_id == NOBODY:
        return NOBODY
    return "ranking" if person_id[0] == "S" else "ledger" if person_id in ("P6", "P7") else "checkout"


def _person(person_id: str, name: str, org: str) -> dict:
    first = name.split()[0].lower()
    return {"person_id": person_id, "name": name, "email": f"{first}@acme.test", "github_login": f"{first}-acme", "org": org,
            "squad": squad_of(person_id), "first_day": DAYS[0], "last_day": SUNDAY}


def _credits(person_id, name, day, credits, before=None, change=None, ratio=None) -> dict:
    return {"usage_day": day, "actor_id": f"gh-{person_id}", "login": f"{name.split()[0].lower()}-acme", "person_id": person_id,
            "name": name, "org": "Payments", "squad": squad_of(person_id),
            "credits": None if credits is None else Decimal(credits),
            "previous_credits": None if before is None else Decimal(before),
            "previous_state": "absent" if before is None else "known",
            "change_pct": change, "ratio": ratio, "is_provisional": False}


def _usage(day, vendor, series, auth_kind, list_usd, **other) -> dict:
    return {"usage_day": day, "vendor": vendor, "series": series, "surface": series, "auth_kind": auth_kind, "unit": "tokens",
            "actor_id": "actor", "squad": "(not attributable)", "org": "(not attributable)", "price_state": "priced",
            "actor_rule": "rule of the test", "attribution_mode": "direct", "is_provisional": False,
            "list_usd": None if list_usd is None else Decimal(list_usd), **other}


def _person_month(person_id, name, org, vendor, series, list_usd, billed=None) -> dict:
    return {"month": MONTH, "org": org, "squad": squad_of(person_id), "person_id": person_id, "name": name, "vendor": vendor,
            "series": series, "list_usd": Decimal(list_usd), "billed_usd": billed and Decimal(billed)}


def _week(week_start, *figures) -> dict:
    row = {"week_start": week_start, **_person_month(*figures)}
    del row["month"]
    return row


def _month(month, vendor, kind, listed, covered=None, billed=None, invoiced=None, **other) -> dict:
    amounts = {"list_usd": listed, "covered_usd": covered, "billed_usd": billed, "invoiced_usd": invoiced}
    row = {"month": month, "vendor": vendor, "charge_kind": kind, "is_reconciled": False, "unpriced_tokens": 0,
           "days_covered": 22, "is_provisional": False}  # fmt: skip
    return {**row, **{name: None if amount is None else Decimal(amount) for name, amount in amounts.items()}, **other}


def _flow(day, name, completed, attempts, list_usd, model, tokens, previous=None, changed=False, **judged) -> dict:
    return {"usage_day": day, "workflow_id": name, "environment": "prod", "auth_kind": "api_key", "attempts": attempts,
            "tasks": attempts, "completed_tasks": completed, "unknown_tasks": 0, "list_usd": list_usd,
            "cost_per_completed_task_usd": list_usd / completed if completed else None,
            "cost_per_attempt_usd": list_usd / attempts,
            "input_tokens": tokens, "output_tokens": 0, "dominant_model": model, "previous_dominant_model": previous,
            "model_changed": changed, "unpriced_calls": 0, "baseline_days": 7, "baseline_completions": 70, **judged}


def _finding(finding_id, kind, severity, vendor, subject, amount, **other) -> dict:
    return {"finding_id": finding_id, "kind": kind, "severity": severity, "vendor": vendor, "subject": subject,
            "org": "(not attributable)", "usage_day": date(2026, 11, 20), "amount_usd": amount and Decimal(amount),
            "explanation": "", "status": "open", **other}


def _audit(workload, vendor, auth_kind, environment, owner, verdict, person_id, org) -> dict:
    return {"person_id": person_id, "org": org, "confidence": "high", "workload": workload,
            "workload_kind": "traced workflow", "vendor": vendor, "auth_kind": auth_kind, "environment": environment,
            "owner": owner,
            "first_seen_day": DAYS[0], "last_seen_day": SUNDAY, "list_usd_28d": Decimal("5.20"), "evidence": "seen on 28 days",
            "verdict": verdict}
