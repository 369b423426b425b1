"""A squad's own page: its people by name, other squads as groups of five or more, and nobody else in any byte."""

from decimal import Decimal

import pytest
from page_reader import read
from page_rows import MONTH, PAYMENTS, SEARCH, WEEK, company, squad_of

CHECKOUT, LEDGER, RANKING = "squad-payments--checkout.html", "squad-payments--ledger.html", "squad-search--ranking.html"


def identifiers(squad: str) -> list[str]:
    """Ids, names, logins and addresses of a squad's people."""
    people = [(f"{letter}{n}", name) for letter, names in (("P", PAYMENTS), ("S", SEARCH)) for n, name in enumerate(names, 1)]
    found = []
    for person_id, name in people:
        if squad_of(person_id) == squad:
            first = name.split()[0].lower()
            found += [f"person-{person_id}", name, f"{first}@acme.test", f"{first}-acme", f"gh-{person_id}"]
    return found


def full_company() -> dict:
    """Everything that can name a person does."""
    tables = company()
    tables["rpt_findings"].append(
        tables["rpt_findings"][0] | {
            "finding_id": "f6", "subject": "fay-acme", "person_id": "P6",
            "explanation": "Fay Fabre (fay@acme.test) after Ada Abe"}
    )
    month = {"month": MONTH, "state": "not in force", "headless_list_usd": Decimal(3)}
    for person_id, name in (("P1", "Ada Abe"), ("P6", "Fay Fabre"), ("S1", "Sol Silva")):
        seat = f"{name.split()[0].lower()}@acme.test"
        holder = {"seat": seat, "person_id": person_id, "name": name}
        tables.setdefault("rpt_platform__agent_sdk_split", []).append(month | holder | {
            "plan": "team_standard", "plan_rule": "seat list", "source_feed": "claude_code_usage", "basis": "use of the month"})
        tables.setdefault("rpt_platform__agent_sdk_split_workload", []).append(month | holder | {"workload": "(not traced)"})
        tables.setdefault("rpt_platform__cutover_list", []).append({
            "workload": seat, "vendor": "anthropic", "owner": name, "last_seen_day": WEEK, "key_usd_28d": Decimal(3),
            "target_key": f"API key headless-{name.lower().replace(' ', '-')}", "verdict": "automated_on_seat",
            "confidence": "high", "evidence": f"terminal of {seat}"})
    tables["rpt_platform__agent_sdk_policy"] = [
        {"plan": "team_standard", "monthly_credit_usd": Decimal(20), "overflow": "off",
         "state": "announced 2026-05, paused 2026-06-15, not in force"}
    ]
    return tables


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return read(tmp_path_factory.mktemp("squads"), full_company())


@pytest.mark.parametrize(("name", "others"), [
    (CHECKOUT, ("ledger", "ranking")), (LEDGER, ("checkout", "ranking")), (RANKING, ("checkout", "ledger")),
])
def test_a_squads_file_holds_nobody_of_another_squad_in_any_byte(pages, name, others):
    html = pages[name].html.lower()
    assert [word for squad in others for word in identifiers(squad) if word.lower() in html] == []


@pytest.mark.parametrize(("name", "squad"), [(CHECKOUT, "checkout"), (LEDGER, "ledger"), (RANKING, "ranking")])
def test_a_squads_file_names_its_own_people(pages, name, squad):
    own = [name for letter, names in (("P", PAYMENTS), ("S", SEARCH)) for n, name in enumerate(names, 1)
           if squad_of(f"{letter}{n}") == squad]
    assert [person for person in own if person not in pages[name].text] == []


def test_the_company_page_names_nobody(pages):
    html = pages["index.html"].html.lower()
    everybody = [word for squad in ("checkout", "ledger", "ranking") for word in identifiers(squad)]
    assert [word for word in everybody if word.lower() in html] == []


def test_an_organisations_page_leads_to_its_squads_and_shows_them_all(pages):
    page = pages["org-payments.html"]
    assert f'href="{CHECKOUT}"' in page.html and f'href="{LEDGER}"' in page.html
    assert page.row("organisations", "ledger")[1:3] == ["2", "$2.00"]


def test_another_squad_of_two_people_is_too_small_to_be_shown(pages):
    row = pages[CHECKOUT].row("organisations", "ledger")
    assert row[1:3] == ["fewer than five", "group too small"]


def test_another_squad_of_five_people_is_shown_as_a_group(pages):
    assert pages[LEDGER].row("organisations", "checkout")[1:3] == ["5", "$5.00"]


def test_the_own_squad_is_shown_however_small(pages):
    assert pages[LEDGER].row("organisations", "ledger")[1:3] == ["2", "$2.00"]


def test_a_squads_page_leads_to_no_other_file(pages):
    assert '.html"' not in pages[CHECKOUT].html


def test_a_finding_stands_on_the_page_of_the_persons_squad_only(pages):
    assert "Fay Fabre (fay@acme.test) after someone in Payments" in pages[LEDGER].text
    assert "after someone" not in pages[CHECKOUT].text
    assert "Ada Abe used 301 credits" in pages[CHECKOUT].text


def test_the_rows_behind_a_squads_figures_are_bound_to_the_squad(pages):
    page = pages[LEDGER]
    assert "AND org = 'Payments' AND squad = 'ledger' AND usage_day" in page.text
    assert [row[0] for row in page.rows["lines-github_copilot-2026-11-01"][1:]] == ["Copilot credits"]
    assert "lines-cursor-2026-11-01" not in page.ids


def test_a_person_who_moved_has_days_in_both_squads(publish):
    tables = company()
    moved = next(row for row in tables["rpt_manager__credit_day"] if row["person_id"] == "P2")
    moved["squad"] = "ledger"
    pages = publish(tables)
    assert "Ben Berg" in pages[LEDGER].text and "Ben Berg" in pages[CHECKOUT].text


def test_the_company_sees_whom_the_split_would_touch_as_somebody_of_an_organisation(pages):
    page = pages["index.html"]
    assert "Policy: announced 2026-05, paused 2026-06-15, not in force. No figure on this page comes from it." in page.text
    assert [row[1] for row in page.rows["agent-sdk"][1:4]] == ["someone in Payments", "someone in Payments", "someone"]


def test_the_cutover_list_names_the_key_and_hides_the_person(pages):
    rows = pages["index.html"].rows["cutover"][1:]
    assert rows[0][0] == "Claude someone in Payments"
    assert rows[0][5] == "API key headless-someone in Payments to be made"
    assert pages[CHECKOUT].row("cutover", "Claude ada@acme.test")[5] == "API key headless-ada-abe to be made"


def test_with_a_date_in_the_policy_the_page_shows_credit_overflow_and_what_stops(publish):
    tables = full_company()
    what_if = {"state": "what if from 2026-11-01", "credit_usd": Decimal(20), "credit_used_usd": Decimal(20),
               "overflow_usd": Decimal("48.46"), "headless_list_usd": Decimal("68.46"), "stops": True,
               "stops_day": WEEK, "covered_days": 7, "use_days": 24}
    tables["rpt_platform__agent_sdk_split"] = [tables["rpt_platform__agent_sdk_split"][0] | what_if]
    policy = {"effective_from": MONTH, "state": "announced 2026-05, what if from 2026-11-01"}
    tables["rpt_platform__agent_sdk_policy"][0] |= policy
    page = publish(tables)["index.html"]
    assert page.rows["agent-sdk"][1][3:8] == [
        "$68.46", "$20.00", "$20.00", "$48.46", "stops on 16 Nov 7 of 24 days covered",
    ]
    assert "Hypothetical: no figure of the ledger holds any of it." in page.text


def test_an_org_is_hidden_where_its_total_less_one_squads_page_tells_of_a_few_people(publish):
    # Payments has seven people; the page of the five in checkout and the total would tell of the two in ledger.
    assert publish()["index.html"].row("organisations", "Payments")[2] == "in the sum below"


def test_an_org_is_shown_where_the_rest_of_each_squad_is_a_group_too(publish):
    tables = company()
    months = tables["rpt_manager__person_month"]
    months = [row for row in months if row["org"] == "Payments" and row["vendor"] == "github_copilot"]
    more = [{**row, "person_id": f"{row['person_id']}b", "squad": "ledger"} for row in months]
    tables["rpt_manager__person_month"] = months + more
    assert publish(tables)["index.html"].row("organisations", "Payments")[2].startswith("$14.00")


def test_what_is_found_about_a_budget_is_shown_where_the_budget_is(publish):
    tables = company()
    finding = {"kind": "budget_over_80", "severity": "WARN", "vendor": "company", "status": "open", "amount_usd": Decimal(9)}
    budget = {"month": MONTH, "amount_kind": "list", "budget_usd": Decimal(10), "to_date_usd": Decimal(9), "share": 0.9,
              "state": "over_80"}
    tables["rpt_finance__budget_pace"] = [
        budget | {"scope_kind": "squad", "scope": "ledger", "squad": "ledger", "org": "Payments"},
        budget | {"scope_kind": "vendor", "scope": "cursor"}]
    tables["rpt_findings"] = [
        finding | {"finding_id": "b1", "subject": "squad ledger (list)", "org": "Payments",
                   "explanation": "Budget of squad ledger"},
        finding | {"finding_id": "b2", "subject": "vendor cursor (list)", "explanation": "Budget of vendor cursor"}]
    pages = publish(tables)
    assert "Budget of vendor cursor" in pages["index.html"].text and "Budget of squad ledger" not in pages["index.html"].text
    assert {name for name, page in pages.items() if "Budget of squad ledger" in page.text} == {
        "org-payments.html", "squad-payments--ledger.html"}


def test_an_orgs_budget_is_hidden_where_its_total_less_one_squads_page_tells_of_a_few_people(publish):
    tables = company()
    tables["rpt_finance__budget_pace"] = [{
        "month": MONTH, "amount_kind": "list", "scope_kind": "org", "scope": "Payments", "org": "Payments",
        "budget_usd": Decimal(10), "to_date_usd": Decimal(9), "share": 0.9, "state": "over_80"}]
    pages = publish(tables)
    assert "org Payments" not in pages["index.html"].text
    assert pages["org-payments.html"].row("budgets", "org Payments")[4] == "$9.00"
