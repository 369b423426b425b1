"""Whose usage it is: override, e-mail, vendor mapping, login; and the queue of what belongs to nobody, in money."""

from datetime import date
from decimal import Decimal

import pytest

DAY = date(2026, 11, 2)
IDENTITIES = ("int_github__login", "int_github__squad_span", "int_github__identity", "int_github__email", "int_github__person")


@pytest.fixture
def firm(company):
    """A company whose roster, identities and usage of one day a test writes."""
    return company("fct_usage_day", "rpt_unmatched", "dim_person")


def credits(user_id: int, login: str, used: str, on: date = DAY) -> dict:
    return {"usage_day": on, "scope_kind": "enterprise", "scope": "acme", "user_id": user_id, "user_login": login,
            "ai_credits_used": used, "ai_credits_state": "known"}


def event(email: str, charged: str, **more) -> dict:
    usage = {"kind": "Usage-based", "kind_class": "usage_based", "charged_usd": charged}
    return {"usage_day": DAY, "user_email": email} | usage | more


def hr(person_id: str, on: date = DAY, **more) -> dict:
    return {"usage_day": on, "person_id": person_id, "name": person_id, "squad": "s" + person_id, "source": "hr_csv"} | more


def identity(login: str | None, email: str, source: str = "saml", **more) -> dict:
    return {"usage_day": DAY, "source": source, "user_login": login, "email": email} | more


def override(vendor: str, identifier: str, person_id: str) -> dict:
    return {"usage_day": DAY, "vendor": vendor, "identifier": identifier, "person_id": person_id}


def matched(firm, *days: date) -> list[tuple]:
    """Actor, person, rule and confidence of every ledger row."""
    firm.build(*IDENTITIES)
    firm.build("fct_usage_day", days=list(days or [DAY]))
    return [(row["actor_id"], row["person_id"], row["identity_rule"], row["identity_confidence"])
            for row in firm.rows("fct_usage_day", "usage_day, actor_id")]


def queue(firm) -> list[tuple]:
    firm.build("dim_person", "rpt_unmatched")
    return [(row["vendor"], row["identifier"], row["login"], row["list_usd"], row["billed_usd"])
            for row in firm.rows("rpt_unmatched", "vendor, identifier")]


def test_each_step_of_the_copilot_ladder_stores_its_rule_and_confidence(firm):
    firm.feed("roster_members", hr("E1"), hr("E2", email="ivo@acme.test"), hr("E3", github_user_id=13),
              hr("E4", email="noor@acme.test"), hr("E5", github_login="kim"), hr("E6", github_login="old-lee"))
    firm.feed("identity_overrides", override("github_copilot", "mira", "E1"))
    firm.feed("github_identities", identity("Ivo", "ivo@acme.test"), identity("noor", "n@acme.test", "scim"),
              identity("noor", "noor@acme.test", "licences"))
    firm.feed("copilot_user_usage", credits(11, "Mira", "1"), credits(12, "IVO", "1"), credits(13, "ada", "1"),
              credits(14, "noor", "1"), credits(15, "Kim", "1"), credits(16, "lee-hq", "1"), credits(17, "nobody", "1"),
              credits(16, "old-lee", "1", date(2026, 11, 1)))
    assert matched(firm) == [
        ("11", "E1", "override", "certain"), ("12", "E2", "email", "high"), ("13", "E3", "github_user_id", "certain"),
        ("14", "E4", "vendor_mapping", "high"), ("15", "E5", "login", "medium"), ("16", "E6", "login_history", "medium"),
        ("17", None, None, None)]


def test_the_other_vendors_climb_the_same_ladder(firm):
    firm.feed("roster_members", hr("E1"), hr("E2", email="ivo@acme.test"), hr("E3", github_login="noor"))
    firm.feed("identity_overrides", override("cursor", "m@private.test", "E1"), override("anthropic", "i@private.test", "E2"))
    firm.feed("github_identities", identity("noor", "noor.alias@acme.test"))
    firm.feed("cursor_usage_events", event("M@private.test", "1"), event("Ivo@acme.test", "1"),
              event("Noor.Alias@acme.test", "1"), event("x@private.test", "1"))
    firm.feed("claude_code_usage", {"usage_day": DAY, "actor_type": "user_actor", "actor_email": "i@private.test",
                                    "customer_type": "subscription", "terminal_type": "vscode", "model": "m", "sessions": 1,
                                    "estimated_usd": "2"})
    assert matched(firm) == [
        ("i@private.test", "E2", "override", "certain"), ("ivo@acme.test", "E2", "email", "high"),
        ("m@private.test", "E1", "override", "certain"), ("noor.alias@acme.test", "E3", "vendor_mapping", "high"),
        ("x@private.test", None, None, None)]


def test_an_email_that_two_peoples_accounts_share_is_nobodys(firm):
    firm.feed("roster_members", hr("E1", github_login="one"), hr("E2", github_login="two"))
    firm.feed("github_identities", identity("one", "team@acme.test"), identity("two", "team@acme.test"))
    firm.feed("cursor_usage_events", event("team@acme.test", "4"))
    assert matched(firm) == [("team@acme.test", None, None, None)]


@pytest.mark.parametrize(
    ("scim_name", "others", "expected"),
    [
        ("E-77", [identity("mk-9", None, idp_user_name="e-77")], "mk-9"),
        ("Mira.K_x@acme.test", [], "mira-k-x_acme"),
        ("nobody@acme.test", [], None),
    ],
)
def test_scim_finds_its_login_by_the_providers_name_or_by_the_rule_for_managed_users(firm, scim_name, others, expected):
    firm.feed("copilot_user_usage", credits(11, "mk-9", "1"), credits(12, "Mira-K-X_acme", "1"), credits(13, "mira-k-x", "1"))
    firm.feed("github_identities", identity(None, "mira@acme.test", "scim", idp_user_name=scim_name), *others)
    firm.build("int_github__login", "int_github__identity")
    found = [row["user_login"] for row in firm.rows("int_github__identity") if row["email"] == "mira@acme.test"]
    assert found == ([expected] if expected else [])


def test_of_several_sources_scim_goes_before_saml_before_licences_and_the_newest_of_each(firm):
    firm.feed("github_identities", identity("a", "licence@x.test", "licences"), identity("a", "saml@x.test"),
              identity("b", "old@x.test", usage_day=date(2026, 11, 1)), identity("b", "new@x.test"),
              identity("c", "c@x.test", "licences"), identity("c", "scim@x.test", "scim"))
    firm.build("int_github__login", "int_github__identity", "int_github__email")
    assert [(row["user_login"], row["email"], row["email_source"]) for row in firm.rows("int_github__email", "user_login")] == [
        ("a", "saml@x.test", "saml"), ("b", "new@x.test", "saml"), ("c", "scim@x.test", "scim")]


def test_one_line_of_the_override_file_takes_exactly_its_money_out_of_the_queue(firm):
    firm.feed("roster_members", hr("E1"), hr("E2"))
    firm.feed("copilot_user_usage", credits(11, "Contractor-9", "1234.5"), credits(12, "other", "10"))
    firm.feed("cursor_usage_events", event("x@private.test", "3.25"))
    matched(firm)
    assert queue(firm) == [
        ("cursor", "x@private.test", None, Decimal("3.25"), Decimal("3.25")),
        ("github_copilot", "11", "contractor-9", Decimal("12.345"), None),
        ("github_copilot", "12", "other", Decimal("0.1"), None)]
    total = sum(row["list_usd"] for row in firm.rows("fct_usage_day"))
    firm.feed("identity_overrides", override("github_copilot", "contractor-9", "E1"))
    matched(firm)
    assert queue(firm) == [
        ("cursor", "x@private.test", None, Decimal("3.25"), Decimal("3.25")),
        ("github_copilot", "12", "other", Decimal("0.1"), None)]
    moved = [(row["person_id"], row["squad"], row["list_usd"]) for row in firm.rows("fct_usage_day") if row["person_id"]]
    assert moved == [("E1", "sE1", Decimal("12.345"))]
    assert sum(row["list_usd"] for row in firm.rows("fct_usage_day")) == total == Decimal("15.695")


def test_a_line_for_somebody_in_no_roster_leaves_the_money_in_the_queue_beside_that_id(firm):
    firm.feed("roster_members", hr("E1"))
    firm.feed("identity_overrides", override("cursor", "x@private.test", "E11"))
    firm.feed("cursor_usage_events", event("x@private.test", "3.25"))
    assert matched(firm) == [("x@private.test", "E11", "override", "certain")]
    assert queue(firm) == [("cursor", "x@private.test", None, Decimal("3.25"), Decimal("3.25"))]
    assert [row["person_id"] for row in firm.rows("rpt_unmatched")] == ["E11"]


def test_the_fee_of_a_seat_that_nobody_in_the_roster_holds_stands_beside_its_usage(firm):
    firm.feed("roster_members", hr("E1"))
    firm.feed("copilot_user_usage", credits(11, "contractor-9", "100"))
    fee = {"month": date(2026, 11, 1), "vendor": "github_copilot", "period_start_day": date(2026, 11, 1), "plan": "business",
           "billed_usd": "19"}
    seats = [fee | {"actor_id": "11"}, fee | {"actor_id": "12", "period_start_day": date(2026, 11, 5)},
             fee | {"actor_id": "13", "person_id": "E1"}, fee | {"actor_id": None}]
    firm.table("fct_seat_fee", *seats)
    matched(firm)
    queue(firm)
    assert [(row["identifier"], row["first_day"].day, row["days"], row["list_usd"], row["billed_usd"], row["seat_fee_usd"])
            for row in firm.rows("rpt_unmatched", "identifier")] == [
        ("11", 2, 1, Decimal(1), None, Decimal(19)), ("12", 5, 0, None, None, Decimal(19))]


def test_a_person_who_signs_in_without_a_seat_or_uses_a_key_of_their_own_stands_in_the_queue_too(firm):
    usage = {"usage_day": DAY, "workspace_id": "w", "model": "claude-opus-5-5", "uncached_input_tokens": 0,
             "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "cache_read_tokens": 0, "output_tokens": 1_000_000,
             "web_search_requests": 0}
    firm.feed("roster_members", hr("E1", email="ivo@acme.test"))
    firm.feed("claude_api_usage", usage | {"account_id": "user_1"}, usage | {"api_key_id": "apikey_code"},
              usage | {"api_key_id": "apikey_machine"}, usage)
    firm.feed("claude_users", *({"usage_day": DAY, "user_id": f"user_{n}", "email": f"Guest{n}@private.test"} for n in (1, 2)))
    firm.feed("claude_api_keys", {"usage_day": DAY, "api_key_id": "apikey_code", "name": "k", "workspace_id": "w",
                                  "created_by_user_id": "user_2"})
    firm.feed("claude_workspaces", {"usage_day": DAY, "workspace_id": "w", "name": "Claude Code", "archived": False})
    firm.build("int_claude__workspace", "int_claude__key")
    matched(firm)
    found = queue(firm)
    assert [row[:3] for row in found] == [("anthropic", "apikey_code", None), ("anthropic", "guest1@private.test", None)]
    firm.feed("identity_overrides", *(override("anthropic", shown, "E1") for shown in ("apikey_code", "guest1@private.test")))
    assert [(person, rule) for actor, person, rule, _ in matched(firm) if person] == [("E1", "override"), ("E1", "override")]
    assert queue(firm) == []


@pytest.mark.parametrize(("shown", "person"), [
    ("ZOË@Acme.Test", "E1"), ("zoe\u0308@acme.test", None), ("zoë+cursor@acme.test", None)])
def test_an_email_matches_in_any_case_and_an_address_with_a_tag_is_another_one(firm, shown, person):
    firm.feed("roster_members", hr("E1", email="zoë@acme.test"))
    firm.feed("cursor_usage_events", event(shown, "4"))
    assert [found for _, found, *_ in matched(firm)] == [person]
    assert [row[3] for row in queue(firm)] == ([] if person else [Decimal(4)])


def test_a_renamed_login_stays_the_same_person_before_and_after(firm):
    before, after = date(2026, 11, 1), DAY
    firm.feed("roster_members", hr("E1", before, github_login="lee-hq"), hr("E1", after, github_login="lee-hq"))
    firm.feed("copilot_user_usage", credits(16, "lee", "1", before), credits(16, "Lee-HQ", "1", after))
    assert matched(firm, before, after) == [("16", "E1", "login_history", "medium"), ("16", "E1", "login", "medium")]


def test_who_has_left_keeps_the_days_worked_and_no_more(firm):
    firm.feed("roster_members", hr("E1", date(2026, 11, 1), email="lee@acme.test"), hr("E2", DAY, email="ivo@acme.test"))
    firm.feed("cursor_usage_events", event("lee@acme.test", "1", usage_day=date(2026, 11, 1)), event("lee@acme.test", "1"))
    assert [person for _, person, *_ in matched(firm, date(2026, 11, 1), DAY)] == ["E1", None]
