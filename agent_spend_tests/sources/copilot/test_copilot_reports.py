"""What becomes of broken, empty and odd report answers: nothing but complete reports is data."""

import gzip
import json
from datetime import date
from decimal import Decimal

import pytest
from copilot_fake_github import NOW

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS

FEED = next(feed for feed in FEEDS if feed.name == "copilot_user_usage")
DAY = date(2026, 11, 18)
PATH = "/enterprises/acme/copilot/metrics/reports/users-1-day"
FIRST, SECOND = "/files/part-0.json", "/files/part-1.json"
# The two example lines of the usage metrics reference: a full row and one with telemetry off.
MIRA = (
    '{"day":"2026-11-18","enterprise_id":"7001","organization_id":"8101","user_id":5501,"user_login":"mira-k_acme",'
    '"ai_credits_used":183.274,"user_initiated_interaction_count":21,"code_generation_activity_count":34,'
    '"code_acceptance_activity_count":9,"loc_added_sum":212,"used_agent":true,"used_chat":true,"used_cli":true,'
    '"used_copilot_app":false,"used_copilot_cloud_agent":false,"used_copilot_coding_agent":false,'
    '"ai_adoption_phase":{"phase":"Phase 2","phase_number":2,"version":"v1"},"totals_by_cli":{"session_count":2,'
    '"request_count":18,"prompt_count":6,"token_usage":{"prompt_tokens_sum":41200,"output_tokens_sum":6900,'
    '"avg_tokens_per_request":2672.2}},"totals_by_ide":[]}'
)
TOBI = (
    '{"day":"2026-11-18","enterprise_id":"7001","organization_id":"8101","user_id":5502,"user_login":"tobi_acme",'
    '"ai_credits_used":3.0,"user_initiated_interaction_count":0,"code_generation_activity_count":0,'
    '"code_acceptance_activity_count":0,"loc_added_sum":0}'
)


def ask():
    (answer,) = FEED.fetch([DAY], Settings.from_environment())
    return answer


def rows(answer) -> list[dict]:
    return FEED.table(answer).to_pylist()


def test_the_reference_lines_are_read_to_the_digit(github):
    github.envelope(PATH)
    github.answer(FIRST, f"{MIRA}\n{TOBI}\n")
    assert rows(ask()) == [
        {
            "usage_day": DAY, "scope_kind": "enterprise", "scope": "acme", "enterprise_id": "7001",
            "organization_id": "8101", "user_id": 5501, "user_login": "mira-k_acme",
            "ai_credits_used": Decimal("183.274"), "ai_credits_state": "known", "interactions": 21,
            "code_generations": 34, "code_acceptances": 9, "used_agent": True, "used_chat": True, "used_cli": True,
            "used_cloud_agent": False, "cli_sessions": 2, "cli_prompt_tokens": 41200, "cli_output_tokens": 6900,
        },
        {
            "usage_day": DAY, "scope_kind": "enterprise", "scope": "acme", "enterprise_id": "7001",
            "organization_id": "8101", "user_id": 5502, "user_login": "tobi_acme", "ai_credits_used": Decimal(3),
            "ai_credits_state": "known", "interactions": 0, "code_generations": 0, "code_acceptances": 0,
            "used_agent": None, "used_chat": None, "used_cli": None, "used_cloud_agent": None, "cli_sessions": None,
            "cli_prompt_tokens": None, "cli_output_tokens": None,
        },
    ]


@pytest.mark.parametrize(
    ("field", "value", "state"),
    [
        ("", None, "absent"),
        (',"ai_credits_used":null', None, "null"),
        (',"ai_credits_used":0', Decimal(0), "known"),
        (',"ai_credits_used":1e-5', Decimal("0.00001"), "known"),
        (',"ai_credits_used":41.234567890123456', Decimal("41.234567890123456"), "known"),
        (',"ai_credits_used":12345678901.123456789012345678', Decimal("12345678901.123456789012345678"), "known"),
        (',"ai_credits_used":1.2345678901234567e-05', Decimal("0.000012345678901235"), "known"),
    ],
)
def test_credits_absent_null_zero_and_exact_stay_apart(github, field, value, state):
    github.envelope(PATH)
    github.answer(FIRST, f'{{"day":"2026-11-18","user_id":1,"user_login":"a"{field}}}')
    (row,) = rows(ask())
    assert (row["ai_credits_used"], row["ai_credits_state"]) == (value, state)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (204, "", "no_report"),
        (200, "", "empty_body"),
        (200, '""', "empty_body"),
        (200, "null", "null_body"),
        (200, '{"download_links":[],"report_day":"2026-11-18"}', "no_links"),
    ],
)
def test_an_answer_without_a_file_is_missing_with_its_own_reason(github, status, body, reason):
    github.answer(PATH, body, status)
    answer = ask()
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, reason, [])
    assert PATH in answer.message and "2026-11-18" in answer.message


@pytest.mark.parametrize("body", ["", "\n\n", "[]"])
def test_a_file_without_lines_is_zero(github, body):
    github.envelope(PATH)
    github.answer(FIRST, body)
    assert ask().state is State.ZERO


@pytest.mark.parametrize(
    "body", [f"{MIRA}\n\n{TOBI}\n\n", f"[{MIRA},\n{TOBI}]", f"\ufeff{MIRA}\r\n{TOBI}", gzip.compress(TOBI.encode())],
    ids=["blank lines", "array", "byte order mark", "packed"],
)
def test_arrays_blank_lines_byte_order_marks_and_packed_files_are_read(github, body):
    github.envelope(PATH)
    github.answer(FIRST, body)
    assert {row["user_id"] for row in rows(ask())} >= {5502}


def pretty(*lines: str) -> str:
    """The lines as one document over many lines, the way the reference prints its examples."""
    return json.dumps([json.loads(line) for line in lines], indent=2)


@pytest.mark.parametrize(
    ("body", "users"),
    [(pretty(MIRA, TOBI), [5501, 5502]), (json.dumps(json.loads(MIRA), indent=2), [5501]), (f"\n{pretty(TOBI)}\n", [5502])],
)
def test_a_document_over_many_lines_is_read_as_its_records(github, body, users):
    github.envelope(PATH)
    github.answer(FIRST, body)
    assert [row["user_id"] for row in rows(ask())] == users


def test_every_field_but_day_and_user_may_be_left_out_and_unknown_ones_are_ignored(github):
    github.envelope(PATH)
    github.answer(FIRST, '{"user_login":"a","later_field":{"x":[1]},"day":"2026-11-18","user_id":1,"entity_id_partition":7}')
    (row,) = rows(ask())
    assert {name for name, value in row.items() if value is not None} == {
        "usage_day", "scope_kind", "scope", "user_id", "user_login", "ai_credits_state"
    }


@pytest.mark.parametrize("login", ['"user_login":null,', '"user_login":"",', ""])
def test_a_user_without_a_login_keeps_the_credits_under_the_account_id(github, login):
    github.envelope(PATH)
    github.answer(FIRST, f'{{"day":"2026-11-18","user_id":5501,{login}"ai_credits_used":4.5}}')
    (row,) = FEED.table(ask()).to_pylist()
    assert (row["user_id"], row["user_login"], row["ai_credits_used"]) == (5501, "id:5501", Decimal("4.5"))


def test_every_documented_field_is_accepted_empty(github):
    github.envelope(PATH)
    empty = {name: None for name in json.loads(MIRA) if name not in ("day", "user_id", "user_login")}
    github.answer(FIRST, json.dumps({"day": "2026-11-18", "user_id": 1, "user_login": "a", **empty}))
    (row,) = rows(ask())
    assert (row["ai_credits_state"], row["interactions"], row["cli_sessions"]) == ("null", None, None)


def test_a_malformed_line_is_an_error_that_names_it(github):
    github.envelope(PATH)
    github.answer(FIRST, f"{MIRA}\n\n{TOBI[:40]}\n")
    answer = ask()
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "malformed", [])
    assert "part-0.json line 3" in answer.message


@pytest.mark.parametrize("line", ['{"message":"gone"}', "[1]", '{"day":"2026-11-18","user_login":"a"}'])
def test_lines_that_are_no_records_are_an_error(github, line):
    github.envelope(PATH)
    github.answer(FIRST, line)
    answer = ask()
    assert (answer.state, answer.reason) == (State.MISSING, "missing_field")


def test_an_html_page_instead_of_a_file_is_an_error(github):
    github.envelope(PATH)
    github.answer(FIRST, "<html>sign in</html>")
    assert ask().reason == "malformed"


def test_a_broken_packed_file_is_truncated(github):
    github.envelope(PATH)
    github.answer(FIRST, gzip.compress(MIRA.encode())[:-20])
    assert ask().reason == "truncated"


def test_an_envelope_for_another_day_is_an_error(github):
    github.envelope(PATH, day="2026-11-17")
    answer = ask()
    assert answer.reason == "wrong_day" and "report_day is 2026-11-17" in answer.message


def test_a_line_for_another_day_is_an_error(github):
    github.envelope(PATH)
    github.answer(FIRST, f"{TOBI}\n" + MIRA.replace("2026-11-18", "2026-11-17"))
    answer = ask()
    assert answer.reason == "wrong_day" and "line 2" in answer.message


def test_every_shard_is_read_and_a_repeated_user_counts_once(github):
    github.envelope(PATH, shards=2)
    github.answer(FIRST, f"{MIRA}\n{TOBI}\n")
    github.answer(SECOND, f"{TOBI}\n" + TOBI.replace("5502", "5503"))
    assert sorted(row["user_id"] for row in rows(ask())) == [5501, 5502, 5503]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_failing_second_shard_leaves_no_data(github, status):
    github.envelope(PATH, shards=2)
    github.answer(FIRST, MIRA)
    github.answer(SECOND, "no", status, NOW)
    answer = ask()
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "shard_missing", [])
    assert "shard 2 of 2" in answer.message


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_link_is_asked_for_again_once(github, status):
    github.envelope(PATH)
    github.answer(FIRST, "<Error/>", status)
    github.answer(FIRST, MIRA)
    assert ask().state is State.AVAILABLE
    assert (github.asked(PATH), github.asked(FIRST)) == (2, 2)


def test_a_link_refused_twice_has_expired(github):
    github.envelope(PATH)
    github.answer(FIRST, "<Error/>", 403)
    assert ask().reason == "link_expired"
    assert github.asked(PATH) == 2


def test_a_link_is_opened_without_the_token(github):
    github.envelope(PATH)
    github.answer(FIRST, MIRA)
    ask()
    sent = {target.split("?")[0]: headers for target, headers in github.requests}
    assert sent[PATH]["Authorization"] == "Bearer ghp_test"
    assert sent[PATH]["X-GitHub-Api-Version"] == "2026-03-10"
    assert "Authorization" not in sent[FIRST]


def test_a_redirected_link_is_not_followed(github):
    github.envelope(PATH)
    github.answer(FIRST, "", 302, {"Location": f"{github.url}/elsewhere"})
    assert ask().reason == "unexpected_status"
    assert github.asked("/elsewhere") == 0


def test_a_server_error_is_retried(github):
    github.answer(PATH, "", 503, NOW)
    github.envelope(PATH)
    github.answer(FIRST, MIRA)
    assert ask().state is State.AVAILABLE


@pytest.mark.parametrize("headers", [NOW, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1", **NOW}])
def test_a_403_with_rate_limit_hints_is_retried(github, headers):
    github.answer(PATH, '{"message":"You have exceeded a secondary limit"}', 403, headers)
    github.envelope(PATH)
    github.answer(FIRST, MIRA)
    assert ask().state is State.AVAILABLE


def test_a_403_with_rate_limit_hints_that_stays_is_rate_limited(github):
    github.answer(PATH, '{"message":"secondary rate limit"}', 403, NOW)
    answer = ask()
    assert (answer.state, answer.reason) == (State.MISSING, "rate_limited")
    assert answer.message.startswith(f"copilot_user_usage 2026-11-18: enterprise acme: GET {PATH}: ")


def test_a_day_waits_for_the_organization_that_has_no_report(github, monkeypatch):
    monkeypatch.delenv("GITHUB_ENTERPRISE")
    monkeypatch.setenv("GITHUB_ORGS", "one,two")
    github.envelope("/orgs/one/copilot/metrics/reports/users-1-day")
    github.answer(FIRST, MIRA)
    github.answer("/orgs/two/copilot/metrics/reports/users-1-day", "", 204)
    answer = ask()
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "no_report", [])
    assert "organization two" in answer.message


def test_one_bad_day_does_not_stop_the_others(github):
    github.envelope(PATH)
    github.answer(FIRST, MIRA)
    answers = list(FEED.fetch([date(2026, 11, 17), DAY], Settings.from_environment()))
    assert [(answer.day, answer.reason) for answer in answers] == [(date(2026, 11, 17), "wrong_day"), (DAY, "")]
