"""What GitHub says of a person's credits on a day reaches the manager's table as it was said, and under one account."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

MODELS = ("stg_roster__member_day", "dim_person", "fct_usage_day", "rpt_manager__credit_day", "rpt_platform__background_week")
BUILT = ("int_github__login", "int_github__squad_span", "int_github__email", "int_github__person")


def credits(number: int, user_id: int, used: str | None, state: str = "known", **more) -> dict:
    return {"usage_day": date(2026, 11, number), "scope_kind": "enterprise", "scope": "acme", "user_id": user_id,
            "user_login": f"user-{user_id}", "ai_credits_used": used, "ai_credits_state": state} | more


@pytest.fixture
def firm(company):
    """A company whose Copilot usage a test writes."""
    return company(*MODELS)


def published(firm, *days: int) -> list[dict]:
    dates = [date(2026, 11, number) for number in days]
    firm.build(*BUILT)
    firm.build("fct_usage_day", "rpt_manager__credit_day", days=dates)
    return firm.rows("rpt_manager__credit_day", "usage_day, actor_id")


def test_absent_null_zero_and_fractional_are_four_different_things(firm):
    firm.feed("copilot_user_usage", credits(3, 1, None, "absent"), credits(3, 2, None, "null"), credits(3, 3, "0"),
              credits(3, 4, "0.000012345678901235"))
    assert [(row["actor_id"], row["credits"], row["credits_state"]) for row in published(firm, 3)] == [
        ("1", None, "absent"), ("2", None, "null"), ("3", Decimal(0), "known"),
        ("4", Decimal("0.000012345678901235"), "known"),
    ]


def test_a_renamed_person_is_compared_with_the_day_before(firm):
    firm.feed("copilot_user_usage", credits(3, 1, "100", user_login="before"), credits(4, 1, "150", user_login="after"))
    assert [(row["login"], row["credits"], row["previous_credits"], row["ratio"]) for row in published(firm, 3, 4)] == [
        ("before", Decimal(100), None, None), ("after", Decimal(150), Decimal(100), 1.5),
    ]


def test_a_member_of_two_organizations_counts_once(firm):
    firm.feed("copilot_user_usage", *(
        credits(3, 1, "12.5", scope_kind="organization", scope=scope) for scope in ("acme-core", "acme-apps")))
    assert [(row["actor_id"], row["credits"]) for row in published(firm, 3)] == [("1", Decimal("12.5"))]


def test_a_first_load_of_28_days_stands_in_the_ledger_until_the_daily_report_has_rows(firm):
    days = [date(2026, 11, number) for number in (3, 4, 5)]
    firm.feed("copilot_user_usage_28_day", *(credits(number, 1, "10") for number in (3, 4, 5)), credits(4, 2, "2.5"))
    firm.feed("copilot_user_usage", credits(5, 1, "11.25"))
    firm.build(*BUILT)
    firm.build("fct_usage_day", days=days)
    assert [(row["usage_day"].day, row["actor_id"], row["quantity"], row["list_usd"])
            for row in firm.rows("fct_usage_day", "usage_day, actor_id")] == [
        (3, "1", Decimal(10), Decimal("0.1")), (4, "1", Decimal(10), Decimal("0.1")), (4, "2", Decimal("2.5"), Decimal("0.025")),
        (5, "1", Decimal("11.25"), Decimal("0.1125"))]  # fmt: skip


def test_a_day_of_the_cloud_agent_alone_is_background_and_a_day_of_people_is_none(firm):
    unused = {"used_chat": False, "used_agent": False, "used_cli": False, "used_cloud_agent": False, "interactions": 0}
    firm.feed("copilot_user_usage", credits(3, 1, "40", **unused | {"used_cloud_agent": True}),
              credits(3, 2, "7", **unused | {"used_chat": True, "interactions": 3}), credits(3, 3, "5"))
    published(firm, 3)
    firm.build("rpt_platform__background_week", days=[date(2026, 11, 2)])
    assert [(row["background_kind"], row["quantity"], row["list_usd"]) for row in firm.rows("rpt_platform__background_week")] == [
        ("cloud_agent", 40, Decimal("0.4")), ("not_split", 5, Decimal("0.05"))]


def test_cursors_cloud_agents_and_automations_stand_in_the_week_of_copilots_and_cash_is_what_is_used_on_demand(firm):
    day = date(2026, 11, 3)

    def event(kind: str, usd: str, **markers) -> dict:
        return {"usage_day": day, "event_at": datetime(2026, 11, 3, 9, tzinfo=UTC), "user_email": "mira@acme.test", "kind": kind,
                "kind_class": kind, "charged_usd": usd} | markers

    firm.feed("cursor_usage_events", event("usage_based", "10.5", cloud_agent_id="bc-1"),
              event("usage_based", "20", automation_id="a"), event("included", "5.25", automation_id="a", cloud_agent_id="bc-2"),
              event("errored", "4", cloud_agent_id="bc-1"), event("free", "3", service_account_id="sa"),
              event("usage_based", "1", service_account_id="sa", is_headless=True),
              event("usage_based", "0.5", is_headless=True), event("usage_based", "100"))
    firm.feed("copilot_user_usage", credits(3, 1, "40", used_chat=False, used_agent=False, used_cli=False, used_cloud_agent=True,
                                            interactions=0))
    published(firm, 3)
    firm.build("rpt_platform__background_week", days=[date(2026, 11, 2)])
    assert {(row["vendor"], row["background_kind"]): (row["list_usd"], row["billed_usd"])
            for row in firm.rows("rpt_platform__background_week")} == {
        ("cursor", "cloud_agent"): (Decimal("10.5"), Decimal("10.5")), ("cursor", "automation"): (Decimal("25.25"), 20),
        ("cursor", "service_account"): (1, 1), ("cursor", "headless"): (Decimal("0.5"), Decimal("0.5")),
        ("github_copilot", "cloud_agent"): (Decimal("0.4"), None)}
