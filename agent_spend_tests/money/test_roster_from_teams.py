"""The roster of a day from HR, from GitHub's teams, or from both; who is where decides whose money it is."""

from datetime import date

import pytest

MODELS = ("stg_roster__member_day", "dim_person", "fct_usage_day")
BUILT = ("int_github__login", "int_github__squad_span", "int_github__identity", "int_github__email", "int_github__person")


def day(number: int) -> date:
    return date(2026, 11, number)


#: Two trees of one GitHub organization: team id, name, path, id of the team above.
PAYMENTS, CHECKOUT, LEDGER = (1, "Payments", "1", None), (2, "Checkout", "1/2", 1), (3, "Ledger", "1/3", 1)
FLAT = (9, "Flat", "9", None)


def member(on: date, team: tuple, user_id: int | None, login: str | None = None, org: str = "acme") -> dict:
    team_id, name, path, above = team
    return {"usage_day": on, "org": org, "team_type": "organization", "team_id": team_id, "team_slug": name.lower(),
            "team_name": name, "team_path": path, "parent_team_id": above, "user_id": user_id, "user_login": login}


def tree(on: date) -> list[dict]:
    """A member-less row of each team, as the feed lands it."""
    return [member(on, team, None) for team in (PAYMENTS, CHECKOUT, LEDGER, FLAT)]


def credits(on: date, user_id: int, login: str, used: str = "100") -> dict:
    return {"usage_day": on, "scope_kind": "enterprise", "scope": "acme", "user_id": user_id, "user_login": login,
            "ai_credits_used": used, "ai_credits_state": "known"}


def hr(on: date, person_id: str, **more) -> dict:
    return {"usage_day": on, "person_id": person_id, "name": person_id, "source": "hr_csv"} | more


@pytest.fixture
def firm(company):
    """A company whose teams, HR roster and usage a test writes."""
    made = company(*MODELS)

    return made


def places(firm) -> list[tuple]:
    """Day, person, org and squad of the roster."""
    firm.build(*BUILT)
    return [(row["usage_day"].day, row["person_id"], row["org"], row["squad"])
            for row in firm.rows("stg_roster__member_day", "usage_day, person_id")]


def money(firm, *days: date) -> list[tuple]:
    """Day, person, org, squad and credits of the ledger."""
    firm.build(*BUILT)
    firm.build("fct_usage_day", days=list(days))
    return [(row["usage_day"].day, row["person_id"], row["org"], row["squad"], row["quantity"])
            for row in firm.rows("fct_usage_day", "usage_day, person_id")]


def test_without_any_hr_file_squads_and_orgs_come_from_the_teams(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), CHECKOUT, 7, "mira"), member(day(2), FLAT, 8, "ivo"))
    firm.feed("copilot_user_usage", credits(day(2), 7, "Mira"), credits(day(2), 8, "ivo"))
    assert money(firm, day(2)) == [(2, "github:7", "Payments", "Checkout", 100), (2, "github:8", "acme", "Flat", 100)]
    firm.build("dim_person")
    assert [(p["person_id"], p["name"], p["squad_source"]) for p in firm.rows("dim_person")] == [
        ("github:7", "mira", "github_teams"), ("github:8", "ivo", "github_teams")]


def test_a_squad_change_in_the_teams_on_the_10th_leaves_the_days_before_in_the_old_squad(firm):
    firm.feed("github_teams", *(
        row for n in range(1, 13) for row in (*tree(day(n)), member(day(n), CHECKOUT if n < 10 else LEDGER, 7, "mira"))))
    firm.feed("copilot_user_usage", *(credits(day(n), 7, "mira") for n in range(1, 13)))
    assert [(n, squad) for n, _, _, squad, _ in money(firm, *(day(n) for n in range(1, 13)))] == [
        *((n, "Checkout") for n in range(1, 10)), *((n, "Ledger") for n in range(10, 13))]
    assert len(firm.rows("int_github__squad_span")) == 3  # and one for the days before the first snapshot


def test_a_renamed_team_has_its_name_of_the_day(firm):
    renamed = (2, "Payments Checkout", "1/2", 1)
    firm.feed("github_teams", *tree(day(4)), member(day(4), CHECKOUT, 7, "mira"), *tree(day(5)),
              member(day(5), renamed, 7, "mira"))
    firm.feed("copilot_user_usage", credits(day(4), 7, "mira"), credits(day(5), 7, "mira"))
    assert [(n, squad) for n, _, _, squad, _ in money(firm, day(4), day(5))] == [(4, "Checkout"), (5, "Payments Checkout")]


def test_a_squad_change_in_the_hr_file_on_the_10th_does_the_same_whatever_the_teams_say(firm):
    firm.feed("github_teams", *(row for n in (9, 10) for row in (*tree(day(n)), member(day(n), FLAT, 7, "mira"))))
    firm.feed("roster_members", hr(day(9), "E1", github_login="Mira", org="Pay", squad="old"),
              hr(day(10), "E1", github_login="Mira", org="Pay", squad="new"))
    firm.feed("copilot_user_usage", credits(day(9), 7, "mira"), credits(day(10), 7, "mira"))
    assert money(firm, day(9), day(10)) == [(9, "E1", "Pay", "old", 100), (10, "E1", "Pay", "new", 100)]


def test_the_teams_fill_what_hr_leaves_empty_and_each_field_says_who_stated_it(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), LEDGER, 7, "mira"), member(day(2), CHECKOUT, 8, "ivo"))
    firm.feed("roster_members", hr(day(2), "E1", github_user_id=7, org="Pay"), hr(day(2), "E2", github_user_id=8, squad="two"))
    firm.build(*BUILT)
    found = [(r["person_id"], r["org"], r["org_source"], r["squad"], r["squad_source"])
             for r in firm.rows("stg_roster__member_day", "person_id")]
    assert found == [("E1", "Pay", "hr", "Ledger", "github_teams"), ("E2", "Payments", "github_teams", "two", "hr")]


def test_one_line_of_data_lets_the_teams_go_first(firm):
    firm.seed("roster_rules", "name,value,note\norg,hr,\nsquad,github_teams,\norg_level,1,\n")
    firm.feed("github_teams", *tree(day(2)), member(day(2), LEDGER, 7, "mira"))
    firm.feed("roster_members", hr(day(2), "E1", github_user_id=7, org="Pay", squad="hr squad"),
              hr(day(2), "E2", github_user_id=8, org="Pay", squad="hr squad"))
    assert places(firm) == [(2, "E1", "Pay", "Ledger"), (2, "E2", "Pay", "hr squad")]


def test_days_before_the_first_snapshot_know_the_person_and_not_the_squad(firm):
    firm.feed("github_teams", *tree(day(5)), member(day(5), CHECKOUT, 7, "mira"))
    firm.feed("copilot_user_usage", credits(day(4), 7, "mira"), credits(day(5), 7, "mira"))
    assert money(firm, day(4), day(5)) == [
        (4, "github:7", "(no org)", "(no squad)", 100), (5, "github:7", "Payments", "Checkout", 100)]


def reported(on: date, team_id: int, slug: str, user_id: int, login: str, scope: str = "acme") -> dict:
    """A line of GitHub's daily report of teams."""
    return {"usage_day": on, "scope_kind": "organization", "scope": scope, "team_id": team_id, "team_slug": slug,
            "user_id": user_id, "user_login": login}


def test_days_before_the_first_snapshot_have_the_squads_of_githubs_daily_report(firm):
    firm.feed("github_teams", *tree(day(12)), member(day(12), LEDGER, 7, "mira"))
    firm.feed("copilot_user_teams", reported(day(2), 2, "checkout", 7, "Mira"), reported(day(2), 1, "payments", 7, "Mira"),
              reported(day(3), 3, "ledger", 7, "Mira"))
    firm.feed("copilot_user_usage", *(credits(day(n), 7, "mira") for n in (1, 2, 3, 10, 11, 12)))
    assert [(n, org, squad) for n, _, org, squad, _ in money(firm, *(day(n) for n in (1, 2, 3, 10, 11, 12)))] == [
        (1, "(no org)", "(no squad)"), (2, "Payments", "Checkout"), (3, "Payments", "Ledger"), (10, "Payments", "Ledger"),
        (11, "(no org)", "(no squad)"), (12, "Payments", "Ledger")]


def test_a_team_that_no_snapshot_has_keeps_the_name_of_the_report(firm):
    firm.feed("copilot_user_teams", reported(day(2), 5, "platform", 7, "Mira"))
    assert places(firm) == [(2, "github:7", "acme", "platform")]


def test_where_there_is_a_snapshot_the_report_is_not_the_roster(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), FLAT, 7, "mira"))
    firm.feed("copilot_user_teams", reported(day(2), 2, "checkout", 7, "mira"), reported(day(4), 2, "checkout", 7, "mira"),
              reported(day(10), 2, "checkout", 7, "mira"))
    firm.feed("copilot_user_usage", *(credits(day(n), 7, "mira") for n in (2, 4, 10)))
    assert [(n, squad) for n, _, _, squad, _ in money(firm, *(day(n) for n in (2, 4, 10)))] == [
        (2, "Flat"), (4, "Flat"), (10, "Checkout")]


def test_who_joined_after_the_first_snapshot_is_nobody_before(firm):
    firm.feed("github_teams", *tree(day(4)), member(day(4), FLAT, 8, "ivo"), *tree(day(5)), member(day(5), FLAT, 8, "ivo"),
              member(day(5), CHECKOUT, 7, "mira"))
    firm.feed("copilot_user_usage", credits(day(4), 7, "mira"), credits(day(5), 7, "mira"))
    assert [(n, person, squad) for n, person, _, squad, _ in money(firm, day(4), day(5))] == [
        (4, None, "(not attributable)"), (5, "github:7", "Checkout")]


def test_a_leaver_stays_attributable_to_the_days_in_a_team(firm):
    firm.feed("github_teams", *tree(day(4)), member(day(4), FLAT, 7, "mira"), *tree(day(5)), member(day(5), FLAT, 8, "ivo"))
    firm.feed("copilot_user_usage", credits(day(4), 7, "mira"), credits(day(5), 7, "mira"))
    assert [(n, person) for n, person, *_ in money(firm, day(4), day(5))] == [(4, "github:7"), (5, None)]


def test_a_day_without_a_snapshot_keeps_the_one_before_it_for_a_week_and_then_nothing_is_known(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), FLAT, 7, "mira"), *tree(day(4)), member(day(4), CHECKOUT, 7, "mira"))
    firm.feed("copilot_user_usage", *(credits(day(n), 7, "mira") for n in (3, 4, 11, 12)))
    assert [(n, squad) for n, _, _, squad, _ in money(firm, *(day(n) for n in (3, 4, 11, 12)))] == [
        (3, "Flat"), (4, "Checkout"), (11, "Checkout"), (12, "(not attributable)")]


def test_of_several_teams_the_deepest_and_then_the_oldest_is_the_squad_and_the_others_are_shown(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), FLAT, 7, "mira"), member(day(2), LEDGER, 7, "mira"),
              member(day(2), CHECKOUT, 7, "mira"))
    firm.build(*BUILT, "dim_person")
    (row,) = firm.rows("dim_person")
    assert (row["org"], row["squad"], row["other_squads"]) == ("Payments", "Checkout", "Flat, Ledger")


def test_a_team_of_the_enterprise_is_the_squad_of_who_is_in_no_other(firm):
    champions = {"org": "acme-inc", "team_type": "enterprise"}
    firm.feed("github_teams", *tree(day(2)), member(day(2), PAYMENTS, 7, "lead"), member(day(2), FLAT, 8, "ivo"),
              *(member(day(2), (1, "Champions", "1", None), user, login) | champions
                for user, login in ((7, "lead"), (8, "ivo"), (9, "zoe"))))
    firm.build(*BUILT, "dim_person")
    found = [(row["github_login"], row["org"], row["squad"], row["other_squads"]) for row in firm.rows("dim_person", "person_id")]
    assert found == [("lead", "Payments", None, "Champions"), ("ivo", "acme", "Flat", "Champions"),
                     ("zoe", "acme-inc", "Champions", None)]


def test_a_member_of_the_parent_team_alone_has_an_org_and_no_squad(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), PAYMENTS, 7, "lead"))
    assert places(firm) == [(2, "github:7", "Payments", None)]


@pytest.mark.parametrize(
    ("org_level", "squad_level", "expected"),
    [("1", "deepest", ("Engineering", "Ledger")), ("2", "deepest", ("Payments", "Ledger")),
     ("0", "deepest", ("acme", "Ledger")), ("1", "2", ("Engineering", "Payments")), ("3", "deepest", ("acme", "Ledger"))],
)
def test_which_level_is_org_and_which_is_squad_is_data(firm, org_level, squad_level, expected):
    firm.seed("roster_rules", f"name,value,note\norg_level,{org_level},\nsquad_level,{squad_level},\n")
    top, middle, leaf = (1, "Engineering", "1", None), (2, "Payments", "1/2", 1), (3, "Ledger", "1/2/3", 2)
    firm.feed("github_teams", member(day(2), top, None), member(day(2), middle, None), member(day(2), leaf, 7, "mira"))
    assert places(firm) == [(2, "github:7", *expected)]


def test_a_team_that_is_no_squad_can_be_left_out(firm):
    firm.seed("roster_rules", "name,value,note\norg_level,1,\nignored_team,Checkout,\nignored_team,flat,\n")
    firm.feed("github_teams", *tree(day(2)), member(day(2), CHECKOUT, 7, "mira"), member(day(2), LEDGER, 7, "mira"),
              member(day(2), FLAT, 8, "ivo"))
    assert places(firm) == [(2, "github:7", "Payments", "Ledger")]


def test_two_accounts_with_one_email_are_one_person(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), CHECKOUT, 7, "mira"), member(day(2), LEDGER, 8, "mira-admin"))
    known = {"usage_day": day(2), "source": "saml", "email": "mira@acme.test"}
    firm.feed("github_identities", known | {"user_login": "Mira"}, known | {"user_login": "mira-admin"})
    firm.feed("cursor_usage_events", {"usage_day": day(2), "user_email": "mira@acme.test", "kind": "Usage-based",
                                      "kind_class": "usage_based", "charged_usd": "3"})
    assert places(firm) == [(2, "github:7", "Payments", "Checkout")]
    firm.build("fct_usage_day", days=[day(2)])
    (row,) = firm.rows("fct_usage_day")
    assert (row["person_id"], row["identity_rule"], row["squad"], row["billed_usd"]) == ("github:7", "email", "Checkout", 3)


def test_a_second_account_with_the_email_of_one_that_hr_knows_is_that_person(firm):
    firm.feed("github_teams", *tree(day(2)), member(day(2), CHECKOUT, 7, "mira"), member(day(2), LEDGER, 8, "mira-admin"))
    known = {"usage_day": day(2), "source": "saml", "email": "mira@private.test"}
    firm.feed("github_identities", known | {"user_login": "mira"}, known | {"user_login": "mira-admin"})
    firm.feed("roster_members", hr(day(2), "E1", github_login="mira"))
    assert places(firm) == [(2, "E1", "Payments", "Checkout")]


def test_an_account_that_hr_knows_on_another_day_is_not_a_person_of_its_own(firm):
    firm.feed("github_teams", *(row for n in (4, 5) for row in (*tree(day(n)), member(day(n), CHECKOUT, 7, "mira"))))
    firm.feed("roster_members", hr(day(4), "E1", github_login="mira"))
    assert places(firm) == [(4, "E1", "Payments", "Checkout")]
