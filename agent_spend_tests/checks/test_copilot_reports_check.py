"""GitHub's 1-day and 28-day reports are held against each other, user by user, on days that are final in both."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

DAY = date(2026, 11, 17)
ONE_DAY, LAST_28_DAYS = "copilot_user_usage", "copilot_user_usage_28_day"


def user(number: int, credits: str | None = None, **more):
    return {
        "usage_day": DAY, "scope_kind": "enterprise", "scope": "acme", "user_id": number, "user_login": f"user-{number}",
        "ai_credits_used": credits, "ai_credits_state": "known" if credits is not None else "absent",
    } | more


def cover(company, is_provisional=False, feeds=(ONE_DAY, LAST_28_DAYS)):
    company.write("rpt_coverage", *(
        {"feed": feed, "usage_day": DAY, "state": "available", "rows": 1, "revision": 1, "last_attempt": "available",
         "is_provisional": is_provisional, "fetched_at": datetime(2026, 11, 22, tzinfo=UTC)}
        for feed in feeds
    ))


def test_reports_that_agree_are_silent_whoever_asked_and_however_often_a_member_is_repeated(company):
    cover(company)
    company.write(ONE_DAY, user(1, "12.5"), user(2), user(3, "0"))
    twice = {"scope_kind": "organization", "scope": "acme-core"}
    company.write(LAST_28_DAYS, user(1, "12.5", **twice), user(1, "12.5", scope_kind="organization", scope="acme-apps"),
                  user(2, **twice), user(3, "0", **twice))
    assert company.rows("copilot_reports_disagree") == []


@pytest.mark.parametrize(("one_day", "last_28_days", "explanation"), [
    (user(1, "12.5"), user(1, "12.500001"), "the 1-day report says 12.5 credits, the 28-day report 12.500001 credits"),
    (user(1, "0"), user(1), "the 1-day report says 0 credits, the 28-day report credits absent"),
    (user(1, None, ai_credits_state="null"), user(1), "the 1-day report says credits null, the 28-day report credits absent"),
    (user(1, "3"), user(9, "0"), "the 1-day report says 3 credits, the 28-day report no row"),
    (user(9, "0"), user(1, "3"), "the 1-day report says no row, the 28-day report 3 credits"),
])
def test_a_difference_is_named_with_both_values(company, one_day, last_28_days, explanation):
    cover(company)
    company.write(ONE_DAY, one_day, user(2, "1"))
    company.write(LAST_28_DAYS, last_28_days, user(2, "1"))
    found = {row["subject"]: row for row in company.rows("copilot_reports_disagree")}
    assert found["user-1"]["explanation"] == f"user-1 on 2026-11-17: {explanation}"
    assert "user-2" not in found


def test_both_values_are_kept_exact(company):
    cover(company)
    company.write(ONE_DAY, user(1, "12.5"))
    company.write(LAST_28_DAYS, user(1, "11.25"))
    (row,) = company.rows("copilot_reports_disagree")
    assert (row["observed"], row["baseline"]) == (Decimal("12.5"), Decimal("11.25"))


def test_days_that_may_still_change_or_are_in_one_report_only_are_not_compared(company):
    company.write(ONE_DAY, user(1, "12.5"))
    company.write(LAST_28_DAYS, user(1, "11.25"))
    cover(company, is_provisional=True)
    assert company.rows("copilot_reports_disagree") == []
    cover(company, feeds=(ONE_DAY,))
    assert company.rows("copilot_reports_disagree") == []
