"""The people table of an organisation, and who may not be seen where."""

from datetime import date
from decimal import Decimal

from page_rows import OTHER_NAMES, PAYMENTS, company

PERSON, SQUAD, FRIDAY, THURSDAY, CHANGE = range(5)


def cells(publish, person_id, tables=None):
    return publish(tables)["org-payments.html"].rows[f"person-{person_id}"][0]


def test_a_rise_shows_both_days_and_the_change(publish):
    assert cells(publish, "P1")[FRIDAY : CHANGE + 1] == ["301.00", "100.00", "+201%"]


def test_a_fall_shows_both_days_and_the_change(publish):
    assert cells(publish, "P2")[FRIDAY : CHANGE + 1] == ["50.00", "200.00", "−75%"]


def test_a_zero_before_gives_no_percentage(publish):
    assert cells(publish, "P3")[FRIDAY : CHANGE + 1] == ["12.50", "0", "from 0"]


def test_a_missing_day_before_gives_no_percentage(publish):
    assert cells(publish, "P4")[FRIDAY : CHANGE + 1] == ["7.00", "no row", "no row before"]


def test_absent_zero_and_unknown_look_different(publish):
    assert [cells(publish, person)[FRIDAY] for person in ("P7", "P5", "P6")] == ["no row", "0", "unknown"]


def test_a_day_that_is_not_reported_is_not_a_day_without_a_row(publish):
    tables = company()
    tables["rpt_coverage"] = [
        row for row in tables["rpt_coverage"]
        if not (row["feed"] == "copilot_user_usage" and row["usage_day"] == date(2026, 11, 18))
    ]  # fmt: skip
    days = publish(tables)["org-payments.html"].rows["person-P7"]
    assert next(row for row in days if row[0] == "Wed 18 Nov")[1] == "not reported"
    assert next(row for row in days if row[0] == "Tue 17 Nov")[1] == "no row"


def test_a_persons_days_are_exact_in_credits_and_at_list_value(publish):
    tables = company()
    for row in (tables["rpt_manager__credit_day"][1], tables["fct_usage_day"][1]):
        row |= {"credits": Decimal("301.123456789")} if "credits" in row else {"list_usd": Decimal("3.01123456789")}
    row = next(row for row in publish(tables)["org-payments.html"].rows["person-P1"] if row[0] == "Fri 20 Nov")
    assert row[1:3] == ["301.123456789", "$3.01123456789"]


def test_a_week_is_compared_with_the_week_before(publish):
    assert cells(publish, "P1")[6] == "$4.01 +101%"


def test_on_demand_charge_and_background_part_stand_beside_each_other(publish):
    row = next(row for row in publish()["org-payments.html"].rows["person-P1"] if row[0] == "Cursor on-demand")
    assert row[1:] == ["$10.00", "not stated", "$10.00", "$9.00", "priced, direct"]


def test_there_is_a_row_for_what_no_person_carries(publish):
    text = publish()["org-payments.html"].text
    assert "Not attributable to a person" in text


def test_an_organisations_page_names_nobody_of_another(publish):
    html = publish()["org-payments.html"].html
    assert [name for name in OTHER_NAMES if name.lower() in html.lower()] == []
    assert "Search" not in html


def test_the_company_page_names_nobody(publish):
    html = publish()["index.html"].html
    assert [name for name in (*OTHER_NAMES, *PAYMENTS) if name.lower() in html.lower()] == []


def test_a_finding_about_a_person_names_the_organisation_only(publish):
    pages = publish()
    assert "Copilot credits jumped someone in Payments" in pages["index.html"].text
    # Three people make the whole of Search.
    assert "Copilot credits jumped someone GitHub Copilot" in pages["index.html"].text
    assert "Ada Abe used 301 credits" in pages["org-payments.html"].text


def test_a_small_group_is_not_shown_to_others(publish):
    page = publish()["index.html"]
    # Search has one person with credits; hiding it alone would leave it as the difference to the total.
    assert page.row("organisations", "Search")[2] == "in the sum below"
    assert page.row("organisations", "Payments")[2] == "in the sum below"
    assert page.row("organisations", "Groups too small to show, together")[2] == "$7.44"


def test_managers_and_finance_agree_on_the_month(publish):
    page = publish()["index.html"]
    assert page.row("organisations", "As in the finance layer")[2:5] == ["$7.44", "$43.00", "$10.00"]
    assert page.row("organisations", "Not attributable to a person")[3] == "$43.00"


def test_background_agents_of_two_vendors_stand_in_one_row(publish):
    row = publish()["index.html"].row("background", "16–22 Nov")
    assert row[1].startswith("not split by the vendor")
    assert "$9.00 90.0 k tokens" in row
