"""The platform layer and the data health, read as the platform team reads them."""

from datetime import date

import pytest
from page_rows import company, coverage


def flow(publish, name):
    return publish()["index.html"].rows[f"workflow-{name}"][0]


def test_workflows_are_sorted_by_what_a_completed_task_takes(publish):
    parts = [part for part in publish()["index.html"].rows if part.startswith("workflow-")]
    assert parts == ["workflow-contract_review", "workflow-invoice_matching", "workflow-nightly_cleanup"]


def test_both_denominators_are_shown(publish):
    # Eleven days: six at 0.20 USD and five at 0.60 USD, 10 completions and 12 attempts a day.
    assert flow(publish, "invoice_matching")[1:5] == ["$0.0382", "$0.0318", "110", "132"]


def test_a_figure_with_shares_of_overhead_in_it_is_labelled_allocated(publish):
    # Eleven days of 0.02 USD.
    assert flow(publish, "contract_review")[1].endswith("$0.22 of the list value allocated")
    assert "allocated" not in flow(publish, "invoice_matching")[1]


def test_a_workflow_without_completions_shows_its_list_value_and_says_so(publish):
    row = flow(publish, "nightly_cleanup")
    assert row[1] == "no completions $0.11 list value"
    assert row[3] == "0"


def test_a_model_swap_is_flagged_with_its_day_and_both_models(publish):
    assert flow(publish, "invoice_matching")[5] == "claude-opus-5-5 ⚑ 18 Nov, from claude-haiku-4-5"
    assert "claude-haiku-4-5 → claude-opus-5-5" in publish()["index.html"].html


def test_dearer_by_task_and_cheaper_by_token_point_apart(publish):
    text = publish()["index.html"].text
    assert "▲ +200% per completed task" in text
    assert "▼ −33% per token" in text


def test_the_change_is_split_into_factors(publish):
    assert "×3.00 the baseline = price ×1.00 · tokens per attempt ×1.50" in publish()["index.html"].text


def test_keys_and_no_key_add_up_to_the_vendor(publish):
    text = publish()["index.html"].text
    assert "$43.00 = no key $0.75 + prod $40.25 + untagged $2.00" in text


def test_a_key_without_tags_is_called_untagged(publish):
    page = publish()["index.html"]
    assert page.row("keys", "apikey_2")[2:] == ["untagged", "untagged", "$2.00"]
    assert page.row("keys", "checkout-prod")[2:] == ["prod", "CC-1", "$40.25"]


def test_production_on_a_seat_stands_first_in_the_audit(publish):
    page = publish()["index.html"]
    assert page.rows["audit"][1][:2] == ["Custom agents release_notes seen on 28 days", "prod on a seat high confidence"]
    # Three people make the whole of Search.
    assert page.rows["audit"][1][4] == "someone"
    assert page.row("audit", "Cursor someone in Payments")[1] == "automated on a seat high confidence"


def test_people_whose_agents_are_within_the_policy_are_a_count(publish):
    assert "fewer than five people's own tools" in publish()["index.html"].text


def test_the_own_organisation_sees_who_owns_the_workload(publish):
    row = publish()["org-search.html"].row("audit", "Custom agents release_notes")
    assert row[4] == "Sol Silva"


def test_without_traces_the_layer_says_how_to_connect_them(publish):
    tables = company()
    tables["rpt_platform__workflow_day"] = tables["rpt_platform__cost_change_day"] = []
    tables["rpt_coverage"] = [row for row in tables["rpt_coverage"] if row["feed"] != "agent_spans"]
    text = publish(tables)["index.html"].text
    assert "No traces yet" in text
    assert "connect AGENT_TRACES_URI" in text


def test_a_late_vendor_is_named_with_its_delay(publish):
    tables = company()
    tables["rpt_coverage"] = [row for row in tables["rpt_coverage"] if row["feed"] != "cursor_usage_events"]
    tables["rpt_coverage"] += coverage("cursor_usage_events", last=date(2026, 11, 19))
    assert "Cursor through 19 Nov, 3 days behind" in publish(tables)["index.html"].text


@pytest.mark.parametrize(("state", "reason", "said"), [
    ("forbidden", "policy_disabled", ": refused"), ("missing", "server_error", ": failed"), ("missing", "no_report", ""),
])
def test_what_is_wanting_stands_first_with_its_days_and_what_is_not_connected_last(publish, state, reason, said):
    tables = company()
    tables["rpt_coverage"] = [row for row in tables["rpt_coverage"] if row["feed"] != "cursor_usage_events"]
    tables["rpt_coverage"] += coverage("cursor_usage_events", last=date(2026, 11, 19))
    tables["rpt_coverage"] += [
        {"feed": "cursor_usage_events", "usage_day": date(2026, 11, day), "state": state, "reason": reason, "revision": 0,
         "message": "ask the owner", "last_attempt": reason} for day in (20, 21, 22)]
    tables["rpt_coverage"].append({"feed": "claude_code_metrics", "usage_day": date(2026, 11, 22), "state": "not_connected",
                                   "message": "not connected: set X", "revision": 0, "last_attempt": "not_connected"})
    page = publish(tables)["index.html"]
    assert f"Cursor through 19 Nov, 3 days behind{said} " in page.text
    first, last = page.rows["coverage"][1][0], page.rows["coverage"][-1][0]
    assert (first == "Cursor events 3 days since 20 Nov ask the owner") is bool(said)
    assert last == "Claude Code metrics set X"


def test_a_vendor_that_refuses_is_not_called_late_or_unconnected(publish):
    tables = company()
    tables["rpt_coverage"] = [row for row in tables["rpt_coverage"] if row["feed"] != "cursor_usage_events"]
    tables["rpt_coverage"].append({"feed": "cursor_usage_events", "usage_day": date(2026, 11, 22), "state": "forbidden",
                                   "message": "the key has no access", "revision": 0, "last_attempt": "forbidden"})  # fmt: skip
    assert "Cursor refused by the vendor" in publish(tables)["index.html"].text


def test_imported_exports_stand_in_for_a_cursor_without_the_api(publish):
    tables = company()
    tables["rpt_coverage"] = coverage("copilot_user_usage") + coverage("cursor_csv_events", last=date(2026, 11, 19))
    assert "Cursor through 19 Nov, 3 days behind" in publish(tables)["index.html"].text


def test_findings_stand_errors_first_then_by_money_and_resolved_ones_are_gone(publish):
    text = publish()["index.html"].text
    titles = ("Copilot credits jumped", "Model without a price", "Key without tags")
    assert [text.index(title) for title in titles] == sorted(text.index(title) for title in titles)
    assert "apikey_9" not in text
    assert "4 open" in text


def test_a_revision_is_listed_with_both_totals(publish):
    row = publish()["index.html"].row("revisions", "Copilot usage")
    assert row == ["Copilot usage", "20 Nov 2026", "2", "22 Nov 2026 06:10 UTC", "6", "6", "340.5", "370.5"]


def test_usage_of_nobody_is_listed_in_money(publish):
    assert publish()["index.html"].row("unmatched", "GitHub Copilot contractor-9")[4:] == ["$0.58", "not stated", "$19.00"]


def test_the_past_of_a_live_list_is_not_called_missing(publish):
    tables = company()
    tables["rpt_coverage"] += [
        {"feed": "copilot_seats", "usage_day": date(2026, 11, 21), "state": "missing", "reason": "live_list_only", "revision": 0,
         "message": "GitHub keeps no history of this list", "last_attempt": "live_list_only"},
        {"feed": "roster_members", "usage_day": date(2026, 11, 21), "state": "missing", "reason": "timeout", "revision": 0,
         "message": "no answer in time", "last_attempt": "timeout"},
    ]
    page = publish(tables)["index.html"]
    assert page.row("coverage", "Copilot seats")[3:9] == ["0"] * 6
    assert page.row("coverage", "Roster")[0] == "Roster on 21 Nov no answer in time"
    assert page.row("coverage", "Roster")[7] == "1"


def test_a_day_of_which_only_a_part_came_is_called_incomplete_and_says_why(publish):
    tables = company()
    tables["rpt_coverage"] += [
        {"feed": "cursor_spend", "usage_day": date(2026, 11, 21), "state": "partial", "reason": "count_mismatch", "revision": 1,
         "message": "2 rows of 2 members, but totalMembers says 15", "last_attempt": "count_mismatch"}]
    row = publish(tables)["index.html"].row("coverage", "Cursor charges by member")
    assert row[0] == "Cursor charges by member on 21 Nov 2 rows of 2 members, but totalMembers says 15"
    assert row[3:9] == ["0", "0", "0", "1", "0", "0"]


def test_a_day_with_quarantined_lines_keeps_its_data_and_says_how_many(publish):
    tables = company()
    tables["rpt_coverage"] += [
        {"feed": "claude_code_metrics", "usage_day": date(2026, 11, 21), "state": "provisional", "reason": "quarantined",
         "message": "traces.json: 1 quarantined (line 3: not JSON)", "revision": 1, "last_attempt": "quarantined"}]
    row = publish(tables)["index.html"].row("coverage", "Claude Code metrics")
    assert row[0].endswith("traces.json: 1 quarantined (line 3: not JSON)")
    assert row[3:9] == ["0", "1", "0", "0", "0", "0"]
