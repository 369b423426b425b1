"""`copilot_billing_usage`: gross, discount and net apart, every credit once, and only answers of the asked day."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.sandbox.copilot_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.copilot.billing_schema import sku_class
from agent_spend.sources.land import land

FEED = next(feed for feed in FEEDS if feed.name == "copilot_billing_usage")
DAY = date(2026, 11, 18)
BILL = "/enterprises/acme/settings/billing"
CREDITS, SUMMARY = BILL + "/ai_credit/usage", BILL + "/usage/summary"
PERIOD = '"timePeriod":{"year":2026,"month":11,"day":18},"enterprise":"acme"'
# The two lines of the ai_credit/usage example: one partly covered by the pool, one wholly.
HAIKU = (
    '{"product":"Copilot","sku":"Copilot AI Credits","model":"Auto: Claude Haiku 4.5","unitType":"ai-credits",'
    '"pricePerUnit":0.01,"grossQuantity":120.77,"grossAmount":1.2077,"discountQuantity":119.15,'
    '"discountAmount":1.1915,"netQuantity":1.62,"netAmount":0.0162}'
)
AGENT = (
    '{"product":"Copilot","sku":"Copilot AI Credits","model":"Coding Agent model","unitType":"ai-credits",'
    '"pricePerUnit":0.01,"grossQuantity":62.5,"grossAmount":0.625,"discountQuantity":62.5,"discountAmount":0.625,'
    '"netQuantity":0,"netAmount":0}'
)


def line(sku: str, unit: str, quantity: str, usd: str, product: str = "Copilot") -> str:
    return (
        f'{{"product":"{product}","sku":"{sku}","unitType":"{unit}","pricePerUnit":1,"grossQuantity":{quantity},'
        f'"grossAmount":{usd},"discountQuantity":0,"discountAmount":0,"netQuantity":{quantity},"netAmount":{usd}}}'
    )


SEATS = line("copilot_for_business", "user-months", "1.3333333333333333", "25.333333333333332")
BOTH_MODELS = line("Copilot AI Credits", "ai-credits", "183.27", "1.8327")


def report(*lines: str, period: str = PERIOD) -> str:
    return f'{{{period},"usageItems":[{",".join(lines)}]}}'


def ask(*days: date) -> list:
    return list(FEED.fetch(days or [DAY], Settings.from_environment()))


def rows() -> list[dict]:
    return FEED.table(ask()[0]).to_pylist()


def test_the_reference_lines_keep_gross_discount_and_net_apart(github):
    github.answer(CREDITS, report(HAIKU, AGENT))
    github.answer(SUMMARY, report(BOTH_MODELS, SEATS))
    haiku, agent, seats = rows()
    assert haiku == {
        "usage_day": DAY, "scope_kind": "enterprise", "scope": "acme", "product": "Copilot",
        "sku": "Copilot AI Credits", "sku_class": "credits", "model": "Auto: Claude Haiku 4.5", "unit": "ai-credits",
        "gross_quantity": Decimal("120.77"), "gross_usd": Decimal("1.2077"), "discount_quantity": Decimal("119.15"),
        "discount_usd": Decimal("1.1915"), "net_quantity": Decimal("1.62"), "net_usd": Decimal("0.0162"),
    }  # fmt: skip
    assert (agent["model"], agent["net_usd"]) == ("Coding Agent model", Decimal(0))
    assert (seats["sku_class"], seats["model"], seats["gross_usd"]) == ("seat", None, Decimal("25.333333333333332"))


def test_credits_stand_in_both_reports_and_count_once(github):
    github.answer(CREDITS, report(HAIKU, AGENT))
    github.answer(SUMMARY, report(BOTH_MODELS, SEATS))
    assert sum(row["gross_quantity"] for row in rows() if row["sku_class"] == "credits") == Decimal("183.27")


def test_reports_that_disagree_about_credits_say_so(github):
    github.answer(CREDITS, report(HAIKU))
    github.answer(SUMMARY, report(BOTH_MODELS))
    assert ask()[0].message == "acme: ai_credit/usage holds 120.77 credits, usage/summary 183.27"


def test_credits_of_an_sku_that_the_summary_alone_holds_are_kept_beside_those_by_model(github):
    github.answer(CREDITS, report(HAIKU, AGENT))
    spark = line("spark_ai_credits", "credits", "50", "0.5", product="Spark")
    github.answer(SUMMARY, report(BOTH_MODELS, spark))
    assert [(row["sku"], row["model"], row["gross_quantity"]) for row in rows()] == [
        ("Copilot AI Credits", "Auto: Claude Haiku 4.5", Decimal("120.77")),
        ("Copilot AI Credits", "Coding Agent model", Decimal("62.5")), ("spark_ai_credits", None, Decimal(50))]
    assert ask()[0].message == ""


def test_credits_that_the_summary_spells_otherwise_count_once(github):
    github.answer(CREDITS, report(HAIKU, AGENT))
    github.answer(SUMMARY, report(line("copilot_ai_unit", "ai-units", "183.27", "1.8327"), SEATS))
    assert [row["sku_class"] for row in rows()] == ["credits", "credits", "seat"] and ask()[0].message == ""


def test_other_products_are_left_out_and_counted(github):
    github.answer(CREDITS, report(HAIKU))
    actions = line("Actions Linux", "Minutes", "58", "0.348", product="Actions")
    github.answer(SUMMARY, report(line("Copilot AI Credits", "ai-credits", "120.77", "1.2077"), actions))
    assert ask()[0].message == "acme: lines of other products left out: 1"
    assert {row["product"] for row in rows()} == {"Copilot"}


def test_lines_of_other_products_in_the_report_of_credits_are_counted_too(github):
    github.answer(CREDITS, report(HAIKU, line("models_inference", "tokens", "5", "0.5", product="Models")))
    github.answer(SUMMARY, report(SEATS))
    assert "acme: lines of other products left out: 1" in ask()[0].message
    assert [row["product"] for row in rows()] == ["Copilot", "Copilot"]


def test_year_month_and_day_are_always_sent(github):
    github.answer(CREDITS, report(HAIKU))
    github.answer(SUMMARY, report(SEATS))
    ask()
    assert {target.split("?")[1] for target, _ in github.requests} == {"year=2026&month=11&day=18"}


@pytest.mark.parametrize("period", ['"year":2026,"month":10', '"year":2026,"month":11,"day":17', '"year":2025'])
def test_an_answer_that_names_another_period_is_an_error(github, period):
    github.answer(CREDITS, report(HAIKU, period=f'"timePeriod":{{{period}}}'))
    answer = ask()[0]
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "wrong_day", [])


def test_githubs_own_samples_that_name_the_year_only_are_read_and_it_is_said(github):
    # GitHub REST reference, "Get billing AI credit usage report" and "Get billing usage summary" of an enterprise.
    period = '"timePeriod":{"year":2025},"enterprise":"GitHub"'
    github.answer(CREDITS, report(
        '{"product":"Copilot","sku":"Copilot AI Credits","model":"GPT-5","unitType":"ai-credits","pricePerUnit":0.01,'
        '"grossQuantity":100,"grossAmount":1,"discountQuantity":0,"discountAmount":0,"netQuantity":100,"netAmount":1}',
        period=period,
    ))  # fmt: skip
    github.answer(SUMMARY, report(
        '{"product":"Actions","sku":"actions_linux","unitType":"minutes","pricePerUnit":0.008,"grossQuantity":1000,'
        '"grossAmount":8,"discountQuantity":0,"discountAmount":0,"netQuantity":1000,"netAmount":8}', period=period,
    ))  # fmt: skip
    (answer,) = ask(date(2025, 11, 18))
    (row,) = FEED.table(answer).to_pylist()
    assert (row["model"], row["gross_quantity"], row["net_usd"]) == ("GPT-5", Decimal(100), Decimal(1))
    assert "acme: GitHub's timePeriod is 2025; taken as the day that was asked for" in answer.message


def premium(sku: str, model: str, quantity: str, discount: str, net: str) -> str:
    usd = [f"{Decimal(number) * Decimal('0.04'):f}" for number in (quantity, discount, net)]
    of_model = f'"model":"{model}",' if model else ""
    return (
        f'{{"product":"Copilot","sku":"{sku}",{of_model}"unitType":"requests","pricePerUnit":0.04,'
        f'"grossQuantity":{quantity},"grossAmount":{usd[0]},"discountQuantity":{discount},"discountAmount":{usd[1]},'
        f'"netQuantity":{net},"netAmount":{usd[2]}}}'
    )


def test_premium_requests_of_before_june_2026_are_read_by_model(github):
    # GitHub REST reference, "Get billing premium request usage report for an enterprise": its year-only sample.
    day, period = date(2025, 11, 18), '"timePeriod":{"year":2025},"enterprise":"GitHub"'
    github.answer(CREDITS, report(period=period))
    github.answer(SUMMARY, report(premium("copilot_premium_request", "", "100", "0", "100"), period=period))
    github.answer(BILL + "/premium_request/usage", report(
        premium("Copilot Premium Request", "GPT-5", "100", "0", "100"), period=period))
    (answer,) = ask(day)
    (row,) = FEED.table(answer).to_pylist()
    assert (row["sku_class"], row["model"], row["unit"]) == ("other", "GPT-5", "requests")
    assert (row["gross_quantity"], row["gross_usd"], row["net_usd"]) == (Decimal(100), Decimal(4), Decimal(4))
    assert answer.message == "acme: GitHub's timePeriod is 2025; taken as the day that was asked for"


def test_premium_requests_stay_a_line_of_the_summary_where_their_report_is_refused(github):
    github.answer(CREDITS, report())
    github.answer(SUMMARY, report(premium("copilot_premium_request", "", "300", "100", "200")))
    (row,) = rows()
    assert (row["model"], row["gross_usd"], row["discount_usd"], row["net_usd"]) == (
        None, Decimal(12), Decimal(4), Decimal(8))
    assert github.asked(BILL + "/premium_request/usage") == 1


def test_models_of_premium_requests_that_are_stored_stay_where_their_report_is_refused_later(github):
    github.answer(CREDITS, report())
    github.answer(SUMMARY, report(premium("copilot_premium_request", "", "300", "100", "200"), SEATS))
    models = [premium("Copilot Premium Request", model, "150", "50", "100") for model in ("GPT-5", "Claude Opus 4.5")]
    github.answer(BILL + "/premium_request/usage", report(*models))
    github.answer(BILL + "/premium_request/usage", '{"message":"Not Found"}', 404)
    settings = Settings.from_environment()
    lines = [land(FEED, [DAY], settings).coverage[DAY] for _ in range(2)]
    stored = Lake(settings.lake_uri).read(FEED.name, "usage_day").to_pylist()
    assert sorted((row["model"] or "", row["net_usd"]) for row in stored) == [
        ("", Decimal("25.333333333333332")), ("Claude Opus 4.5", Decimal(4)), ("GPT-5", Decimal(4))]
    assert [(line.state, line.row_count, line.revision) for line in lines] == [("available", 3, 1)] * 2
    assert "premium_request/usage is refused" in lines[1].message and "2 rows stored before were kept" in lines[1].message


def test_nothing_that_one_report_alone_holds_is_dropped(github):
    # As in the sample of a billing answer of github-copilot-resources/copilot-metrics-viewer: both units in one report.
    github.answer(CREDITS, report(HAIKU, premium("Copilot Premium Request", "claude-opus-4.5", "600", "60", "540")))
    github.answer(SUMMARY, report(SEATS))
    assert sorted((row["sku_class"], row["model"], row["net_usd"]) for row in rows() if row["model"]) == [
        ("credits", "Auto: Claude Haiku 4.5", Decimal("0.0162")), ("other", "claude-opus-4.5", Decimal("21.6"))]
    assert len(rows()) == 3


def test_credits_that_the_summary_alone_holds_are_kept_without_a_model(github):
    github.answer(CREDITS, report())
    github.answer(SUMMARY, report(BOTH_MODELS))
    (row,) = rows()
    assert (row["sku_class"], row["model"], row["gross_quantity"]) == ("credits", None, Decimal("183.27"))
    assert ask()[0].message == "acme: ai_credit/usage holds 0 credits, usage/summary 183.27"


def test_an_answer_without_a_period_is_taken_as_the_day(github):
    github.answer(CREDITS, report(HAIKU, period='"enterprise":"acme"'))
    github.answer(SUMMARY, report(SEATS))
    assert (ask()[0].state, "timePeriod is left out" in ask()[0].message) == (State.AVAILABLE, True)


def test_the_same_answer_for_two_days_that_names_no_day_is_stored_once_at_most(github):
    github.answer(CREDITS, report(HAIKU, period='"timePeriod":{"year":2026,"month":11}'))
    github.answer(SUMMARY, report(SEATS, period='"timePeriod":{"year":2026,"month":11}'))
    answers = ask(date(2026, 11, 17), DAY)
    assert sorted((answer.state, answer.reason) for answer in answers) == [(State.AVAILABLE, ""), (State.MISSING, "wrong_day")]


def test_the_same_seats_for_two_days_of_a_summary_that_names_the_year_only_are_stored_once_at_most(github):
    github.answer(CREDITS, report(period='"timePeriod":{"year":2026}'))
    github.answer(SUMMARY, report(SEATS, period='"timePeriod":{"year":2026}'))
    answers = ask(date(2026, 11, 17), DAY)
    assert sorted((answer.state, answer.reason) for answer in answers) == [(State.AVAILABLE, ""), (State.MISSING, "wrong_day")]
    (refused,) = (answer for answer in answers if not answer.is_data)
    assert "timePeriod names no day, and usage/summary is the same as for 2026-11-1" in refused.message


def test_two_empty_reports_are_missing_and_not_zero(github):
    github.answer(CREDITS, report())
    github.answer(SUMMARY, report())
    assert (ask()[0].state, ask()[0].reason) == (State.MISSING, "no_report")


def test_a_bill_without_copilot_is_zero(github):
    github.answer(CREDITS, report())
    github.answer(SUMMARY, report(line("Actions Linux", "Minutes", "58", "0.348", product="Actions")))
    assert ask()[0].state is State.ZERO


@pytest.mark.parametrize(
    ("sku", "unit", "expected"),
    [
        ("Copilot AI Credits", "ai-credits", "credits"),
        ("copilot_ai_credit", "credits", "credits"),
        ("copilot_ai_unit", "ai-units", "credits"),
        ("coding_agent_ai_credit", "ai-credits", "credits"),
        ("spark_ai_credits", "credits", "credits"),
        ("copilot_for_business", "user-months", "seat"),
        ("copilot_enterprise", "user-months", "seat"),
        ("Copilot Cloud Agent", "AICredits", "credits"),
        ("Copilot Business", "UserMonths", "seat"),
        ("copilot_premium_request", "requests", "other"),
    ],
)
def test_every_published_spelling_is_classified(sku, unit, expected):
    assert sku_class(sku, unit) == expected


def usage_line(quantity: str, gross: str, discount: str, net: str, day: str = "2026-11-18", sku: str = "Copilot AI Credits",
               unit: str = "ai-credits") -> str:
    return (
        f'{{"date":"{day}","product":"Copilot","sku":"{sku}","quantity":{quantity},"unitType":"{unit}","pricePerUnit":0.01,'
        f'"grossAmount":{gross},"discountAmount":{discount},"netAmount":{net},"organizationName":"acme","repositoryName":""}}'
    )


def test_a_refused_summary_is_replaced_by_plain_usage_of_every_cost_center(github):
    github.answer(CREDITS, report(HAIKU))
    github.answer(SUMMARY, '{"message":"Not Found"}', 404)
    github.answer(BILL + "/cost-centers", '{"costCenters":[{"id":"cc-1","name":"Pay","state":"deleted","resources":[]}]}')
    seat = ("copilot_for_business", "user-months")
    github.answer(BILL + "/usage", f'{{"usageItems":[{usage_line("0.5", "9.5", "0", "9.5", "2026-11-18", *seat)}]}}')
    more = [usage_line("0.25", "4.75", "1.9", "2.85", "2026-11-18T00:00:00Z", *seat), usage_line("120.77", "1.2077", "0", "1")]
    github.answer(BILL + "/usage", f'{{"usageItems":[{",".join(more)}]}}')
    credits, seats = rows()
    assert [target for target, _ in github.requests if "cost_center_id" in target] == [
        BILL + "/usage?year=2026&month=11&day=18&cost_center_id=cc-1"]
    assert credits["model"] == "Auto: Claude Haiku 4.5"
    assert (seats["sku_class"], seats["gross_quantity"], seats["gross_usd"], seats["discount_quantity"], seats["net_usd"]) == (
        "seat", Decimal("0.75"), Decimal("14.25"), Decimal("0.1"), Decimal("12.35"))


def test_the_day_says_that_plain_usage_was_read(github, monkeypatch):
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    monkeypatch.setenv("GITHUB_ORGS", "one")
    github.answer("/organizations/one/settings/billing/ai_credit/usage", report(HAIKU))
    github.answer("/organizations/one/settings/billing/usage", f'{{"usageItems":[{usage_line("120.77", "1.2", "0", "1.2")}]}}')
    (answer,) = ask()
    assert answer.message == "one: usage/summary is refused (not_found), usage was read instead"


def test_plain_usage_of_another_day_is_refused(github):
    github.answer(CREDITS, report(HAIKU))
    github.answer(BILL + "/cost-centers", '{"costCenters":[]}')
    # GitHub REST reference, "Get billing usage report for an enterprise".
    github.answer(BILL + "/usage", f'{{"usageItems":[{usage_line("100", "0.8", "0", "0.8", "2023-08-01")}]}}')
    assert (ask()[0].reason, "field date is 2023-08-01" in ask()[0].message) == ("wrong_day", True)


def test_a_billing_token_of_its_own_is_used_for_billing(github, monkeypatch):
    monkeypatch.setenv("GITHUB_BILLING_TOKEN", "ghp_billing")
    github.answer(CREDITS, report(HAIKU))
    github.answer(SUMMARY, report(SEATS))
    ask()
    assert {headers["Authorization"] for _, headers in github.requests} == {"Bearer ghp_billing"}


def test_organizations_bill_under_a_path_of_their_own(github, monkeypatch):
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    monkeypatch.setenv("GITHUB_ORGS", "acme-core")
    github.answer("/organizations/acme-core/settings/billing/ai_credit/usage", report(HAIKU))
    github.answer("/organizations/acme-core/settings/billing/usage/summary", report(SEATS))
    assert {(row["scope_kind"], row["scope"]) for row in rows()} == {("organization", "acme-core")}


def test_an_organization_its_enterprise_pays_for_has_no_bill(sandbox_server, monkeypatch):
    sandbox_server(Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22)))
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    assert (ask()[0].state, ask()[0].reason) == (State.MISSING, "not_found")


def test_a_month_that_crosses_the_pool_sums_to_the_answer_key(sandbox_server):
    scenario = Scenario(developers=40, days=35, seed=7, end_day=date(2026, 11, 22))
    sandbox_server(scenario).restate()
    november = [day for day in scenario.calendar if day.month == 11]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for answer in ask(*november):
        for row in FEED.table(answer).to_pylist():
            sums[row["sku_class"] + " gross"] += row["gross_usd"]
            sums[row["sku_class"] + " discount"] += row["discount_usd"]
            sums[row["sku_class"] + " net"] += row["net_usd"]
    bill = answer_key(scenario)["billing_by_month"]["2026-11"]
    assert Decimal(bill["billed_usd"]) > 0 and bill["covered_usd"] == "779.00"
    assert sums["credits gross"] == Decimal(bill["gross_usd"])
    assert sums["credits discount"] == Decimal(bill["covered_usd"])
    assert sums["credits net"] == Decimal(bill["billed_usd"])
    assert sums["seat net"] == Decimal(bill["seat_usd_of_loaded_days"])
