"""Every figure of the sandbox's answer key equals the published table to the last decimal."""

from collections import defaultdict
from decimal import Decimal

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def decimals(rows) -> dict:
    return {row[0] if len(row) == 2 else tuple(row[:-1]): Decimal(row[-1]) for row in rows}


def test_every_step_of_the_demo_succeeds(demo):
    assert [line for outcome in demo.result.outcomes for line in outcome.failures] == []


def test_copilot_credits_of_every_user_and_day(demo):
    published = defaultdict(dict)
    for user, day, credits in demo.rows(
        "SELECT actor_id, CAST(usage_day AS VARCHAR), credits FROM rpt_manager__credit_day WHERE credits IS NOT NULL"
    ):
        published[user][day] = credits
    expected = {user: {day: Decimal(text) for day, text in days.items()}
                for user, days in demo.key["copilot_usage"]["credits_by_user_id"].items()}
    assert published == expected


def test_copilot_credits_of_every_person_and_day(demo):
    published = defaultdict(dict)
    for person, day, credits in demo.rows(
        """SELECT person_id, CAST(usage_day AS VARCHAR), credits FROM rpt_manager__credit_day
           WHERE credits IS NOT NULL AND person_id IS NOT NULL"""
    ):
        published[person][day] = credits
    expected = {person: {day: Decimal(text) for day, text in days.items()}
                for person, days in demo.key["copilot_usage"]["credits_by_person_id"].items()}
    assert published == expected


def test_copilot_list_value_of_every_month(demo):
    published = decimals(demo.rows(
        """SELECT CAST(strftime(month, '%Y-%m') AS VARCHAR), list_usd FROM rpt_finance__vendor_month
           WHERE vendor = 'github_copilot' AND charge_kind = 'usage'"""
    ))
    expected = {month: Decimal(text) for month, text in demo.key["copilot_usage"]["list_usd_by_month"].items()}
    assert published == expected


def test_copilot_credits_of_every_week_in_the_manager_layer(demo):
    published = decimals(demo.rows(
        """SELECT CAST(week_start AS VARCHAR), SUM(credits) FROM rpt_manager__person_week
           WHERE series = 'copilot_credits' GROUP BY 1"""
    ))
    expected = {week: Decimal(text) for week, text in demo.key["copilot_usage"]["credits_by_week"].items()}
    assert published == expected


def test_the_unmatched_login_stands_in_the_queue_with_its_money(demo):
    expected = Decimal(demo.key["copilot_usage"]["unmatched_credits"]) * Decimal("0.01")
    # The seat costs 19 USD in each of the two months.
    assert demo.rows("SELECT vendor, list_usd, seat_fee_usd FROM rpt_unmatched") == [("github_copilot", expected, Decimal(38))]


@pytest.mark.parametrize(
    ("name", "column"),
    [("by_key", "actor_id"), ("by_model", "COALESCE(model, '(no model)')"), ("by_day", "CAST(usage_day AS VARCHAR)")],
)
def test_claude_list_value(demo, name, column):
    published = decimals(demo.rows(
        f"""SELECT {column}, SUM(list_usd) FROM fct_usage_day
            WHERE series = 'claude_api_key' AND list_usd IS NOT NULL GROUP BY 1"""
    ))
    expected = {key: Decimal(text) for key, text in demo.key["claude_usage"]["list_usd"][name].items()}
    assert published == expected


def test_claude_billed_total_of_every_month(demo):
    published = decimals(demo.rows(
        """SELECT strftime(month, '%Y-%m'), billed_usd FROM rpt_finance__vendor_month
           WHERE vendor = 'anthropic' AND charge_kind = 'usage'"""
    ))
    expected = {m: Decimal(t) for m, t in demo.key["claude_usage"]["billed_usd"]["by_month"].items()}
    for month, credits in demo.key["claude_usage"]["usage_credits_usd"]["by_month"].items():
        expected[month] += Decimal(credits)
    assert published == expected


def test_every_claude_day_is_in_the_ledger_once_from_the_source_that_completed_it(demo):
    last = demo.key["claude_usage"]["analytics_last_day"]
    assert set(demo.rows(
        f"""SELECT usage_day <= '{last}', series, billed_usd IS NOT NULL FROM fct_usage_day
            WHERE series IN ('claude_api_key', 'claude_api_billing')"""
    )) == {(True, "claude_api_key", True), (False, "claude_api_key", False), (False, "claude_api_billing", True)}
    billed = decimals(demo.rows(
        """SELECT CAST(usage_day AS VARCHAR), SUM(billed_usd) FROM fct_usage_day
           WHERE series IN ('claude_api_key', 'claude_api_billing') GROUP BY 1"""
    ))
    assert billed == {day: Decimal(text) for day, text in demo.key["claude_usage"]["billed_usd"]["by_day"].items()}


def test_the_true_up_of_every_claude_day_is_billed_less_book_price(demo):
    published = decimals(demo.rows(
        "SELECT CAST(usage_day AS VARCHAR), SUM(difference_usd) FROM rpt_finance__claude_true_up GROUP BY 1"
    ))
    key = demo.key["claude_usage"]
    stated = {day: Decimal(text) for day, text in key["code_execution_usd_by_day"].items()}
    expected = {day: Decimal(text) + stated.get(day, Decimal(0)) * (day <= key["analytics_last_day"])
                for day, text in key["difference_usd"]["by_day"].items()}
    assert published == expected
    causes = {row[0] for row in demo.rows("SELECT DISTINCT cause FROM rpt_finance__claude_true_up")}
    assert causes == {"equal", "bill_only", "unpriced_model"}


def test_the_subscription_list_value_of_every_person_and_month(demo):
    published = decimals(demo.rows(
        """SELECT actor_id || ' ' || strftime(usage_day, '%Y-%m'), SUM(list_usd) FROM fct_usage_day
           WHERE series = 'claude_seat' GROUP BY 1"""
    ))
    expected = demo.key["claude_usage"]["claude_code"]["subscription_usd_by_actor_month"]
    assert published == {key: Decimal(text) for key, text in expected.items()}


def test_unpriced_tokens_are_a_state_with_a_count(demo):
    unpriced = demo.key["claude_usage"]["unpriced"]
    published = demo.rows(
        """SELECT CAST(usage_day AS VARCHAR), model, quantity, list_usd FROM fct_usage_day
           WHERE vendor = 'anthropic' AND price_state = 'unpriced'"""
    )
    assert published == [(unpriced["day"], unpriced["model"], Decimal(unpriced["total_tokens"]), None)]


def test_cursor_on_demand_total_of_every_day(demo):
    published = decimals(demo.rows(
        """SELECT CAST(usage_day AS VARCHAR), SUM(billed_usd) FROM fct_usage_day
           WHERE series = 'cursor_on_demand' GROUP BY 1"""
    ))
    assert published == {day: Decimal(text) for day, text in demo.key["cursor_usage"]["on_demand_usd"]["by_day"].items()}


@pytest.mark.parametrize(("part", "column"), [("on_demand_usd", "on_demand_usd"), ("included_usd", "included_usd")])
def test_cursor_amounts_of_every_billing_cycle(demo, part, column):
    published = decimals(demo.rows(
        f"""SELECT strftime(cycle_started_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'), {column} FROM rpt_finance__cursor_cycle"""
    ))
    assert published == {start: Decimal(text) for start, text in demo.key["cursor_usage"][part]["by_billing_cycle"].items()}


def test_the_running_cursor_cycle_agrees_with_the_members_spend_to_the_last_decimal(demo):
    """Service accounts are on the bill too, and have no row among the members."""
    key = demo.key["cursor_usage"]
    expected = sum(Decimal(key["spend_current_cycle"]["on_demand_usd"].get(email, "0")) for email in key["members"])
    assert demo.rows(
        """SELECT spend_usd, difference_usd, groups_amount, state FROM rpt_finance__cursor_cycle
           ORDER BY cycle_started_at DESC LIMIT 1"""
    ) == [(expected, Decimal(0), "on_demand", "agrees")]


def test_cursor_included_use_of_every_person(demo):
    published = decimals(demo.rows(
        """SELECT actor_id, SUM(covered_usd) FROM fct_usage_day
           WHERE series = 'cursor_included' AND auth_kind = 'seat' GROUP BY 1"""
    ))
    assert published == {p: Decimal(text) for p, text in demo.key["cursor_usage"]["included_usd"]["by_person"].items()}


def test_cost_per_completed_task_of_every_workflow_and_day(demo):
    published = {
        (day, workflow): (attempts, completed, list_usd, cost, model)
        for day, workflow, attempts, completed, list_usd, cost, model in demo.rows(
            """SELECT CAST(usage_day AS VARCHAR), workflow_id, attempts, completed_tasks, list_usd,
                   cost_per_completed_task_usd, dominant_model FROM rpt_platform__workflow_day"""
        )
    }
    expected = {
        (line["usage_day"], line["workflow"]): (
            line["attempts"], line["completed_tasks"], Decimal(line["list_usd"]),
            Decimal(line["cost_per_completed_task"]["quotient"]) if line["completed_tasks"] else None,
            line["dominant_model"],
        )
        for line in demo.key["agent_traces"]["workflow_days"]
    }
    assert published == expected


def test_the_tripled_user_is_the_only_credit_alert(demo):
    published = demo.rows(
        """SELECT CAST(usage_day AS VARCHAR), subject, observed, baseline FROM rpt_findings
           WHERE kind = 'copilot_credits_tripled'"""
    )
    expected = [(alert["usage_day"], alert["user_login"], Decimal(alert["observed"]), Decimal(alert["baseline"]))
                for alert in demo.key["copilot_usage"]["alerts"]]
    assert published == expected


def test_two_point_nine_nine_times_is_silent(demo):
    silent = {entry["user_login"] for entry in demo.key["copilot_usage"]["silences"]}
    alerted = {row[0] for row in demo.rows("SELECT subject FROM rpt_findings WHERE kind = 'copilot_credits_tripled'")}
    assert silent and not silent & alerted


def test_the_doubled_cost_per_task_names_the_day_and_the_baseline(demo):
    doubled = demo.key["agent_traces"]["doubled"]
    published = demo.rows(
        """SELECT CAST(usage_day AS VARCHAR), subject, baseline FROM rpt_findings
           WHERE kind = 'cost_per_task_doubled' ORDER BY usage_day"""
    )
    assert {row[1] for row in published} == {doubled["workflow"]}
    assert [row[0] for row in published] == doubled["days_over_two"]
    assert published[0] == (doubled["day"], doubled["workflow"], Decimal(doubled["baseline_median"]))


def test_the_parts_of_a_changed_cost_multiply_to_the_whole(demo):
    for ratio, *factors in demo.rows(
        """SELECT ratio, price_factor, tokens_factor, attempts_factor, model_mix_factor, baseline_shape_factor
           FROM rpt_platform__cost_change_day"""
    ):
        product = 1.0
        for factor in factors:
            product *= factor
        assert product == pytest.approx(ratio, rel=1e-9)


def test_the_restated_day_shows_the_final_figure_and_what_was_believed_before(demo):
    restated = demo.key["copilot_usage"]["restatement"]
    day, person = restated["usage_day"], restated["person_id"]
    assert demo.value(
        f"SELECT credits FROM rpt_manager__credit_day WHERE usage_day = '{day}' AND person_id = '{person}'"
    ) == Decimal(restated["final_credits"])
    before, after = demo.rows(
        f"SELECT total_before, total_after FROM rpt_revisions WHERE feed = 'copilot_user_usage' AND usage_day = '{day}'"
    )[0]
    assert after - before == Decimal(restated["final_credits"]) - Decimal(restated["first_credits"])


def test_a_person_who_changed_squad_has_earlier_days_in_the_old_one(demo):
    change = demo.key["company_files"]["roster"]["squad_change"]
    first_new = change["first_day_in_new_squad"]
    squads = set(demo.rows(
        f"SELECT usage_day >= '{first_new}', squad FROM fct_usage_day WHERE person_id = '{change['person_id']}'"
    ))
    assert squads == {(False, change["old_squad"]), (True, change["new_squad"])}


@pytest.mark.parametrize("vendor", ["github_copilot", "anthropic", "cursor", "custom_agents"])
def test_finance_and_manager_layers_agree_to_the_last_decimal(demo, vendor):
    finance = demo.rows(
        f"""SELECT month, list_usd, covered_usd, billed_usd FROM rpt_finance__vendor_month
            WHERE vendor = '{vendor}' AND charge_kind = 'usage' ORDER BY month"""
    )
    managers = demo.rows(
        f"""SELECT month, SUM(list_usd), SUM(covered_usd), SUM(billed_usd) FROM rpt_manager__person_month
            WHERE vendor = '{vendor}' GROUP BY month ORDER BY month"""
    )
    assert finance == managers


def test_invoiced_amounts_of_every_vendor_and_charge_kind(demo):
    published = {(vendor, month, kind): amount for vendor, month, kind, amount in demo.rows(
        """SELECT vendor, strftime(month, '%Y-%m'), charge_kind, invoiced_usd FROM rpt_finance__vendor_month
           WHERE invoiced_usd IS NOT NULL"""
    )}
    expected = {(vendor, month, kind): Decimal(amount)
                for vendor, months in demo.key["company_files"]["invoices"].items()
                for month, kinds in months.items() for kind, amount in kinds.items() if kind != "total"}
    assert published == expected
