"""`copilot_user_usage` against the simulated GitHub: whole days, scopes, people, and every figure of the answer key."""

from datetime import date
from decimal import Decimal

from agent_spend.errors import State
from agent_spend.sandbox.copilot_usage import answer_key
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS
from agent_spend.sources.land import land

FEED = next(feed for feed in FEEDS if feed.name == "copilot_user_usage")
SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
SPIKE_DAY = date(2026, 11, 12)
RESTATED_DAY = date(2026, 11, 20)


def ask(*days: date) -> list:
    return list(FEED.fetch(days, Settings.from_environment()))


def rows_of(answer) -> dict[int, dict]:
    return {row["user_id"]: row for row in FEED.table(answer).to_pylist()}


def test_a_spiking_person_reads_100_then_300_credits(sandbox_server):
    sandbox_server(SMALL)
    before, after = ask(date(2026, 11, 11), SPIKE_DAY)
    assert rows_of(before)[500_001]["ai_credits_used"] == Decimal(100)
    assert rows_of(after)[500_001]["ai_credits_used"] == Decimal(300)
    assert rows_of(before)[500_002]["ai_credits_used"] == Decimal(100)
    assert rows_of(after)[500_002]["ai_credits_used"] == Decimal(299)
    assert rows_of(before)[500_003]["ai_credits_used"] == Decimal(1)
    assert rows_of(after)[500_003]["ai_credits_used"] == Decimal(4)


def test_every_day_of_the_scenario_sums_to_the_answer_key(sandbox_server):
    sandbox_server(SMALL).restate()
    credits: dict[str, dict[str, str]] = {}
    for answer in ask(*SMALL.calendar):
        for row in FEED.table(answer).to_pylist():
            if row["ai_credits_state"] == "known":
                person = credits.setdefault(str(row["user_id"]), {})
                person[row["usage_day"].isoformat()] = row["ai_credits_used"].normalize()
    expected = answer_key(SMALL)["credits_by_user_id"]
    assert credits == {
        user: {day: Decimal(value).normalize() for day, value in days.items()} for user, days in expected.items()
    }


def test_a_restated_day_answers_30_credits_more_once_published(sandbox_server):
    server = sandbox_server(SMALL)
    first = rows_of(ask(RESTATED_DAY)[0])[500_004]["ai_credits_used"]
    server.restate()
    assert (first, rows_of(ask(RESTATED_DAY)[0])[500_004]["ai_credits_used"]) == (Decimal("90.5"), Decimal("120.5"))


def test_a_renamed_login_keeps_its_user_id(sandbox_server):
    sandbox_server(SMALL)
    days = [rows_of(answer) for answer in ask(*SMALL.calendar)]
    logins = {day[500_006]["user_login"] for day in days if 500_006 in day}
    assert logins == {"goran-gupta6_acme", "goran-gupta6_acme-hq"}


def test_the_enterprise_file_holds_a_member_of_two_organizations_once(sandbox_server):
    sandbox_server(SMALL)
    (answer,) = ask(SPIKE_DAY)
    rows = FEED.table(answer).to_pylist()
    assert [row["scope"] for row in rows if row["user_id"] == 500_005] == ["acme"]
    assert {row["scope_kind"] for row in rows} == {"enterprise"}


def test_organization_files_repeat_a_member_of_two_organizations(sandbox_server, monkeypatch):
    sandbox_server(SMALL)
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    (answer,) = ask(SPIKE_DAY)
    twice = [row for row in FEED.table(answer).to_pylist() if row["user_id"] == 500_005]
    assert [(row["scope"], row["organization_id"], row["enterprise_id"]) for row in twice] == [
        ("acme-core", "8101", "7001"), ("acme-apps", "8102", "7001")
    ]
    assert twice[0]["ai_credits_used"] == twice[1]["ai_credits_used"]


def test_a_refused_enterprise_falls_back_to_organizations_and_says_so(sandbox_server):
    sandbox_server(SMALL, copilot_enterprise="forbidden")
    (answer,) = ask(SPIKE_DAY)
    assert answer.state is State.AVAILABLE
    assert set(FEED.table(answer)["scope_kind"].to_pylist()) == {"organization"}
    assert answer.message == "enterprise acme refused (forbidden), organizations used instead"


def test_an_enterprise_that_is_not_found_falls_back_to_organizations(sandbox_server):
    sandbox_server(SMALL, copilot_enterprise="missing")
    (answer,) = ask(SPIKE_DAY)
    assert answer.message == "enterprise acme refused (not_found), organizations used instead"
    assert set(FEED.table(answer)["scope"].to_pylist()) == {"acme-core", "acme-apps"}


def test_organizations_never_replace_a_day_that_the_enterprise_gave(sandbox_server, monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")
    server = sandbox_server(SMALL)
    settings = Settings.from_environment()
    before = land(FEED, [SPIKE_DAY], settings).coverage[SPIKE_DAY]
    server.state.options["copilot_enterprise"] = "forbidden"
    monkeypatch.setenv("GITHUB_ORGS", "acme-apps")
    landing = land(FEED, [SPIKE_DAY, date(2026, 11, 13)], Settings.from_environment())
    line, other = landing.coverage[SPIKE_DAY], landing.coverage[date(2026, 11, 13)]
    assert (line.state, line.revision, line.row_count, line.total, line.last_attempt) == (
        "available", 1, before.row_count, before.total, "forbidden")
    assert "read:enterprise" in line.message and f"the {before.row_count} rows that are stored were kept" in line.message
    assert (landing.failures, landing.changed) == ({}, [date(2026, 11, 13)])
    assert (other.state, "organizations used instead" in other.message) == ("available", True)


def test_a_refused_enterprise_without_organizations_is_forbidden(sandbox_server, monkeypatch):
    sandbox_server(SMALL, copilot_enterprise="forbidden")
    monkeypatch.delenv("GITHUB_ORGS")
    (answer,) = ask(SPIKE_DAY)
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "read:enterprise" in answer.message


def test_a_day_nobody_used_copilot_is_zero(sandbox_server):
    sandbox_server(SMALL)
    (sunday,) = ask(date(2026, 11, 15))
    assert (sunday.state, list(sunday.rows)) == (State.ZERO, [])


def test_a_day_without_a_report_yet_is_missing_and_not_zero(sandbox_server):
    sandbox_server(SMALL)
    (today,) = ask(date(2026, 11, 23))
    assert (today.state, today.reason) == (State.MISSING, "no_report")


def test_a_disabled_policy_is_forbidden_and_names_the_remedy(sandbox_server):
    sandbox_server(SMALL, copilot_policy="off")
    (answer,) = ask(SPIKE_DAY)
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "policy_disabled")
    assert "enables it under AI controls" in answer.message


def test_a_wrong_token_is_named_without_showing_it(sandbox_server, monkeypatch):
    sandbox_server(SMALL)
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_wrong_one")
    (answer,) = ask(SPIKE_DAY)
    assert (answer.state, answer.reason) == (State.MISSING, "unauthorized")
    assert "GITHUB_TOKEN" in answer.message and "ghp_wrong_one" not in answer.message


def test_a_plain_members_token_is_forbidden(sandbox_server, monkeypatch):
    sandbox_server(SMALL)
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_member")
    (answer,) = ask(SPIKE_DAY)
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")


def test_a_row_repeated_in_another_shard_is_stored_once(sandbox_server):
    sandbox_server(SMALL, copilot_shards="3", copilot_duplicate_row="on")
    (answer,) = ask(SPIKE_DAY)
    assert FEED.table(answer).num_rows == 13


def test_an_exhausted_primary_limit_is_rate_limited_and_not_forbidden(sandbox_server):
    sandbox_server(SMALL, github_rate_limit="0")
    (answer,) = ask(SPIKE_DAY)
    assert (answer.state, answer.reason) == (State.MISSING, "rate_limited")


def test_links_that_expire_at_once_are_asked_for_again_and_then_reported(sandbox_server):
    sandbox_server(SMALL, copilot_link_ttl_seconds="0")
    (answer,) = ask(SPIKE_DAY)
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "link_expired", [])


def test_kept_answers_hold_no_signature(sandbox_server):
    sandbox_server(SMALL)
    (answer,) = ask(SPIKE_DAY)
    assert len(answer.raw) == 3
    assert not [kept for kept in answer.raw if "sig=" in kept.url or b"sig=" in b"".join(kept.chunks())]
