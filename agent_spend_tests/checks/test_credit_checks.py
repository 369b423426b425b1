from datetime import date
from decimal import Decimal

import pytest

DAY = date(2026, 11, 12)


def user(credits, previous, state="known", **more):
    return {
        "usage_day": DAY, "actor_id": "500001", "login": "ben-berg1_acme", "person_id": "E1001", "name": "Ben Berg",
        "org": "Payments", "squad": "ledger", "credits": credits, "previous_credits": previous,
        "previous_state": state, "is_provisional": False,
    } | more


@pytest.mark.parametrize(
    ("previous", "credits"),
    [("100", "300"), ("100", "301"), ("100", "300.000000000000000001"), ("16.666666666666666666", "50"), ("10", "50")],
)
def test_three_times_the_day_before_at_the_floor_alerts(company, previous, credits):
    company.write("rpt_manager__credit_day", user(credits, previous))
    assert [row["subject"] for row in company.rows("copilot_credits_tripled", DAY)] == ["ben-berg1_acme"]


@pytest.mark.parametrize(
    ("previous", "credits"),
    [("100", "299"), ("100", "299.999999999999999999"), ("1", "4"), ("10", "49.999999999999999999"), ("0", "500"),
     ("100", None), ("100", "0")],
)
def test_below_the_ratio_or_the_floor_or_after_zero_is_silent(company, previous, credits):
    company.write("rpt_manager__credit_day", user(credits, previous))
    assert company.rows("copilot_credits_tripled", DAY) == []


@pytest.mark.parametrize("state", ["absent", "unknown"])
def test_an_absent_or_unknown_day_before_gives_no_ratio(company, state):
    company.write("rpt_manager__credit_day", user("500", None, state))
    assert company.rows("copilot_credits_tripled", DAY) == []


def test_a_stale_value_beside_an_unknown_state_is_not_used(company):
    company.write("rpt_manager__credit_day", user("500", "100", "unknown"))
    assert company.rows("copilot_credits_tripled", DAY) == []


def test_the_finding_names_user_values_ratio_and_list_value(company):
    company.write("rpt_manager__credit_day", user("300", "100"))
    assert company.rows("copilot_credits_tripled", DAY) == [{
        "kind": "copilot_credits_tripled", "severity": "ERROR", "vendor": "github_copilot",
        "subject": "ben-berg1_acme", "person_id": "E1001", "org": "Payments", "usage_day": DAY,
        "observed": Decimal(300), "baseline": Decimal(100), "ratio": 3.0, "amount_usd": Decimal(2),
        "explanation":
            "Ben Berg used 300 credits on 2026-11-12, 3.0x the 100 of the day before (list value 3.00 USD)",
    }]


def test_a_ratio_is_shown_rounded_down(company):
    company.write("rpt_manager__credit_day", user("399.9", "100"))
    assert "3.9x the 100 of" in company.rows("copilot_credits_tripled", DAY)[0]["explanation"]


def test_a_user_outside_the_roster_is_named_by_login(company):
    company.write("rpt_manager__credit_day", user("310.5", "100", name=None, person_id=None, is_provisional=True))
    assert company.rows("copilot_credits_tripled", DAY)[0]["explanation"] == (
        "ben-berg1_acme used 310.5 credits on 2026-11-12, 3.1x the 100 of the day before (list value 3.11 USD); "
        "the vendor may still restate this day"
    )


@pytest.mark.parametrize(
    ("previous", "state", "why"),
    [("0", "known", "zero the day before"), (None, "absent", "no usage in the week before"),
     (None, "unknown", "the day before is not known")],
)
def test_a_first_day_over_its_own_floor_is_listed_as_new(company, previous, state, why):
    company.write("rpt_manager__credit_day", user("200", previous, state))
    (row,) = company.rows("copilot_new_user_over_floor", DAY)
    assert row["severity"] == "WARN"
    assert row["explanation"] == f"Ben Berg used 200 credits on 2026-11-12; {why} (list value 2.00 USD)"


@pytest.mark.parametrize(("credits", "previous", "state"), [("199.99", None, "absent"), ("900", "1", "known")])
def test_a_first_day_under_the_floor_or_after_a_known_value_is_not_new(company, credits, previous, state):
    company.write("rpt_manager__credit_day", user(credits, previous, state))
    assert company.rows("copilot_new_user_over_floor", DAY) == []


def test_the_monday_after_a_weekend_off_is_not_new(company):
    company.write("rpt_manager__credit_day", user("40", None, usage_day=date(2026, 11, 5)), user("400", None, "absent"))
    assert company.rows("copilot_new_user_over_floor", DAY) == []


def test_a_user_who_comes_back_after_more_than_a_week_is_new(company):
    company.write("rpt_manager__credit_day", user("40", None, usage_day=date(2026, 11, 4)), user("400", None, "absent"))
    assert len(company.rows("copilot_new_user_over_floor", DAY)) == 1


def test_nobody_is_new_in_the_first_week_ever_loaded(company):
    company.write("rpt_manager__credit_day", user("400", None, "absent"))
    first_loaded = {"user_id": 7, "user_login": "x", "first_day": date(2026, 11, 6), "last_day": DAY}
    company.write("int_github__login", first_loaded)
    assert company.rows("copilot_new_user_over_floor", DAY) == []


def test_thresholds_are_data(company):
    seed = company.sql_dir / "policies" / "alert_thresholds.csv"
    seed.write_text(seed.read_text().replace("credits_ratio,3,", "credits_ratio,2.5,"))
    company.write("rpt_manager__credit_day", user("250", "100"))
    assert company.rows("copilot_credits_tripled", DAY)[0]["explanation"].startswith("Ben Berg used 250 credits")


def test_days_outside_the_run_are_not_reported(company):
    company.write("rpt_manager__credit_day", user("300", "100"), user("900", "300", usage_day=date(2026, 11, 13)))
    assert [row["usage_day"] for row in company.rows("copilot_credits_tripled", DAY)] == [DAY]
