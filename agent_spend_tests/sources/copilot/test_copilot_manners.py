"""How GitHub is asked: pauses as long as it wants them, few connections, and the token for nobody else."""

import json
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from copilot_fake_github import fake_github

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.copilot.assets import FEEDS

NAMES = ("copilot_user_usage", "copilot_seats", "github_identities")
USAGE, SEATS, IDENTITIES = (next(feed for feed in FEEDS if feed.name == name) for name in NAMES)
DAY = date(2026, 11, 18)
PATH = "/enterprises/acme/copilot/metrics/reports/users-1-day"
FILE = "/files/part-0.json"
LINE = '{"day":"2026-11-18","user_id":1,"user_login":"a"}'


def ask(*days: date):
    return list(USAGE.fetch(days or [DAY], Settings.from_environment()))


def published(github) -> None:
    github.envelope(PATH)
    github.answer(FILE, LINE)


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_without_a_hint_waits_a_minute_and_then_two(github, waits, status):
    for _ in range(2):
        github.answer(PATH, '{"message":"You have exceeded a secondary rate limit"}', status)
    published(github)
    (answer,) = ask()
    assert answer.state is State.AVAILABLE
    assert {round(seconds) for seconds in waits} == {60, 120}


def test_a_secondary_limit_that_stays_is_given_up_before_a_run_sleeps_for_minutes(github, waits):
    github.answer(PATH, '{"message":"You have exceeded a secondary rate limit"}', 429)
    (answer,) = ask()
    assert (answer.state, answer.reason, github.asked(PATH)) == (State.MISSING, "rate_limited", 3)
    assert max(waits) <= 120


def test_the_pause_that_is_asked_for_is_made(github, waits):
    github.answer(PATH, "", 429, {"Retry-After": "7"})
    published(github)
    ask()
    assert {round(seconds) for seconds in waits} == {7}


@pytest.mark.parametrize("hours_off", [-26, 0, 26])
def test_a_pause_given_as_a_moment_is_counted_on_the_vendors_own_clock(github, waits, hours_off):
    its_now = datetime.now(UTC) + timedelta(hours=hours_off)
    until = format_datetime(its_now + timedelta(seconds=30), usegmt=True)
    github.answer(PATH, "", 429, {"Date": format_datetime(its_now, usegmt=True), "Retry-After": until})
    published(github)
    (answer,) = ask()
    assert answer.state is State.AVAILABLE
    assert {round(seconds) for seconds in waits} == {30}


def test_a_primary_limit_that_ends_soon_is_waited_for(github, waits):
    its_now = datetime.now(UTC) - timedelta(hours=5)
    reset = str(int(its_now.timestamp()) + 45)
    headers = {"Date": format_datetime(its_now, usegmt=True), "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    github.answer(PATH, '{"message":"API rate limit exceeded"}', 403, headers)
    published(github)
    assert ask()[0].state is State.AVAILABLE
    assert {round(seconds) for seconds in waits} <= {44, 45}


GRAPHQL_LIMITS = [
    '{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}',
    '{"errors":[{"type":"RATE_LIMIT","code":"graphql_rate_limit","message":"API rate limit already exceeded"}]}',
    '{"documentation_url":"https://docs.github.com","message":"You have exceeded a secondary rate limit."}',
]


@pytest.mark.parametrize("body", GRAPHQL_LIMITS)
def test_a_rate_limit_that_graphql_tells_with_status_200_is_waited_for(github, waits, monkeypatch, body):
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "saml")
    nodes = [{"samlIdentity": {"nameId": "mira@a.test"}, "user": {"login": "mira", "databaseId": 7}}]
    provider = {"samlIdentityProvider": {"externalIdentities": {"edges": [{"node": node} for node in nodes]}}}
    github.answer("/graphql", body)
    github.answer("/graphql", body, headers={"Retry-After": "9"})
    github.answer("/graphql", json.dumps({"data": {"enterprise": {"ownerInfo": provider}}}))
    (answer,) = IDENTITIES.fetch([Settings.from_environment().today], Settings.from_environment())
    assert [row["user_login"] for row in answer.rows] == ["mira"]
    assert {round(seconds) for seconds in waits} == {60, 9}


def test_a_rate_limit_of_graphql_that_ends_in_an_hour_fails_the_day_at_once(github, waits, monkeypatch):
    monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", "saml")
    reset = str(int(datetime.now(UTC).timestamp()) + 3000)
    github.answer("/graphql", GRAPHQL_LIMITS[0], headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})
    (answer,) = IDENTITIES.fetch([Settings.from_environment().today], Settings.from_environment())
    assert (answer.state, answer.reason, github.asked("/graphql"), waits) == (State.MISSING, "rate_limited", 1, [])


def test_a_refusal_pauses_every_feed_of_the_account(github, waits):
    github.answer(PATH, "", 429, {"Retry-After": "50"})
    published(github)
    github.answer("/enterprises/acme/copilot/billing/seats", '{"total_seats":0,"seats":[]}')
    ask()
    waits.clear()
    list(SEATS.fetch([Settings.from_environment().today], Settings.from_environment()))
    assert [49 <= seconds <= 50 for seconds in waits] == [True]


def test_connections_are_used_again(github):
    published(github)
    ask(*(date(2026, 11, 1) + timedelta(days=n) for n in range(28)))
    assert len(github.requests) == 29
    assert github.connections <= 8


def test_the_token_goes_neither_to_the_files_host_nor_across_a_redirect(github):
    with fake_github() as files, fake_github() as elsewhere:
        files.answer(FILE, "", 302, {"Location": f"{elsewhere.url}/stolen"})
        github.answer(PATH, f'{{"download_links":["{files.url}{FILE}?sig=abc"],"report_day":"2026-11-18"}}')
        assert ask()[0].reason == "unexpected_status"
        assert [("Authorization" in headers) for _, headers in files.requests] == [False]
        assert elsewhere.requests == []


def test_the_token_does_not_follow_a_redirect_of_the_api_itself(github):
    with fake_github() as elsewhere:
        github.answer(PATH, "", 301, {"Location": f"{elsewhere.url}{PATH}"})
        answer = ask()[0]
        assert (answer.reason, "set its slug of today" in answer.message) == ("redirected", True)
        assert elsewhere.requests == []


def test_the_credentials_of_a_netrc_neither_replace_the_token_nor_go_to_the_files_host(github, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("default login somebody password else")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    published(github)
    assert ask()[0].state is State.AVAILABLE
    assert [headers.get("Authorization") for _, headers in github.requests] == ["Bearer ghp_test", None]


@pytest.mark.parametrize("token", ["ghp_a\nb", "ghp_\u2013"])
def test_a_token_that_cannot_be_sent_is_named_and_not_shown(github, monkeypatch, token):
    monkeypatch.setenv("GITHUB_TOKEN", token)
    (answer,) = ask()
    assert (answer.reason, github.requests, token in answer.message) == ("unauthorized", [], False)


@pytest.mark.parametrize(
    ("url", "reason", "remedy"),
    [
        ("http://a..b", "malformed", "no address that can be asked"),
        ("http://127.0.0.1:99999", "malformed", "no address that can be asked"),
        ("http://no-such-host.invalid", "connection", "its name is not known"),
        ("http://127.0.0.1:1", "connection", "check the URL and the network"),
    ],
)
def test_an_address_that_nobody_answers_at_is_named_with_what_to_check(monkeypatch, github, url, reason, remedy):
    monkeypatch.setenv("GITHUB_API_URL", url)
    (answer,) = ask()
    assert (answer.state, answer.reason, remedy in answer.message) == (State.MISSING, reason, True)


def test_a_proxy_and_a_file_of_certificates_that_are_not_there_are_named(monkeypatch, github):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("GITHUB_API_URL", "https://127.0.0.1:1")
    assert "check REQUESTS_CA_BUNDLE" in ask()[0].message
    monkeypatch.setenv("HTTPS_PROXY", "http://mira:hidden@127.0.0.1:1")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    message = ask()[0].message
    assert ("check HTTPS_PROXY" in message, "hidden" in message) == (True, False)


def test_an_answer_without_end_is_given_up(monkeypatch, github):
    monkeypatch.setattr("agent_spend.sources.connection.LARGEST_BYTES", 1000)
    github.answer(PATH, "[" * 2000)
    assert ask()[0].reason == "too_large"


def test_a_refusal_for_a_day_ends_a_years_run_after_one_request(github, waits):
    github.answer(PATH, "", 429, {"Retry-After": "86400"})
    answers = ask(*(date(2026, 1, 1) + timedelta(days=n) for n in range(300)))
    assert {answer.reason for answer in answers} == {"rate_limited"}
    assert (github.asked(PATH) <= 8, waits) == (True, [])


def test_a_vendor_that_answers_nothing_but_errors_is_not_asked_for_every_day_of_a_year(github, monkeypatch):
    monkeypatch.setattr("agent_spend.sources.http.MAX_ATTEMPTS", 1)
    github.answer(PATH, "", 503)
    answers = ask(*(date(2026, 1, 1) + timedelta(days=n) for n in range(300)))
    assert ({answer.reason for answer in answers}, len(answers)) == ({"server_error"}, 300)
    assert 20 <= github.asked(PATH) < 30
