"""GitHub's daily report of teams is held against the lists of teams on the days that have both."""

from datetime import date

DAY = date(2026, 11, 17)


def reported(user: int, team: int = 2, slug: str = "checkout", on: date = DAY) -> dict:
    return {"usage_day": on, "scope_kind": "organization", "scope": "acme", "team_id": team, "team_slug": slug,
            "user_id": user, "user_login": f"user-{user}"}


def listed(user: int | None, path: str = "1/2", on: date = DAY) -> dict:
    return {"usage_day": on, "org": "acme", "team_id": int(path.rsplit("/", 1)[-1]), "team_path": path, "user_id": user}


def test_a_member_of_the_team_or_of_one_below_it_is_silent(company):
    company.write("github_teams", listed(1), listed(2, "1/2/22"))
    company.write("copilot_user_teams", reported(1), reported(2), reported(1, 1, "payments"))
    assert company.rows("github_teams_disagree") == []


def test_people_whom_the_list_does_not_have_are_named_a_team(company):
    company.write("github_teams", listed(1), listed(3, "12"))
    company.write("copilot_user_teams", reported(1), reported(3), reported(2))
    (row,) = company.rows("github_teams_disagree")
    assert (row["subject"], row["usage_day"], row["observed"]) == ("checkout", DAY, 2)
    assert row["explanation"].startswith("team checkout on 2026-11-17: the daily report has user-2, user-3 in it")


def test_a_move_on_the_day_is_silent_and_a_day_without_a_list_is_not_compared(company):
    company.write("github_teams", listed(9), listed(1, on=date(2026, 11, 18)))
    company.write("copilot_user_teams", reported(1), reported(2, on=date(2026, 11, 3)))
    assert company.rows("github_teams_disagree") == []
