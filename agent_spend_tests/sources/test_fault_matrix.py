"""Every fault on every vendor endpoint ends in a named state and a clear message, and leaves stored data alone."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from agent_spend.engines.duckdb import DuckDBEngine
from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.project import catalog, feeds
from agent_spend.sandbox import claude_api, copilot_api, copilot_directory, cursor_api
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment, running
from agent_spend.sandbox.state import SandboxState
from agent_spend.settings import Settings
from agent_spend.sources import connection, http, pace
from agent_spend.sources.land import land

DAY = date(2026, 11, 20)
FRIDAY = Scenario(developers=12, days=21, seed=7, end_day=DAY)
#: The vendor has completed the scenario's last day everywhere.
COMPLETE = {"claude_refreshed_days_ago": "0", "claude_built_days_ago": "1"}

#: Feed and a part of the path that only one of its endpoints has; ``organization`` before it is where GitHub is asked for
#: an organization, and not for the enterprise.
ENDPOINTS = [
    ("copilot_user_usage", "users-1-day?"),
    ("copilot_user_usage", "organization users-1-day?"),
    ("copilot_user_usage", "_report_files"),
    ("copilot_user_usage_28_day", "users-28-day/latest"),
    ("copilot_user_usage_28_day", "organization users-28-day/latest"),
    ("copilot_user_usage_28_day", "_report_files"),
    ("copilot_user_teams", "user-teams-1-day?"),
    ("copilot_user_teams", "organization user-teams-1-day?"),
    ("copilot_user_teams", "_report_files"),
    ("copilot_seats", "billing/seats"),
    ("copilot_seats", "organization billing/seats"),
    ("copilot_billing_usage", "ai_credit/usage"),
    ("copilot_billing_usage", "organization ai_credit/usage"),
    ("copilot_billing_usage", "premium_request/usage"),
    ("copilot_billing_usage", "organization premium_request/usage"),
    ("copilot_billing_usage", "billing/usage"),
    ("copilot_billing_usage", "organization billing/usage"),
    ("copilot_billing_usage", "billing/cost-centers"),
    ("copilot_billing_usage", "billing/usage?"),
    ("copilot_billing_usage", "organization billing/usage?"),
    ("github_teams", "teams?"),
    ("github_teams", "organization teams?"),
    ("github_teams", "/memberships"),
    ("github_teams", "organization /members?"),
    ("github_identities", "consumed-licenses"),
    ("github_identities", "scim/v2"),
    ("github_identities", "organization scim/v2"),
    ("github_identities", "graphql"),
    ("github_identities", "organization graphql"),
    ("claude_api_usage", "usage_report/messages"),
    ("claude_api_cost", "cost_report"),
    ("claude_code_usage", "usage_report/claude_code"),
    ("claude_analytics_cost", "analytics/cost"),
    ("claude_analytics_usage", "analytics/usage"),
    ("claude_enterprise_cost", "analytics/cost"),
    ("claude_enterprise_cost", "analytics/user_cost_report"),
    ("claude_enterprise_cost", "analytics/cost_report"),
    ("claude_enterprise_usage", "analytics/user_usage_report"),
    ("claude_enterprise_usage", "analytics/usage"),
    ("claude_enterprise_seats", "analytics/summaries"),
    ("claude_enterprise_users", "analytics/users"),
    ("claude_api_keys", "api_keys"),
    ("claude_workspaces", "workspaces"),
    ("claude_users", "organizations/users"),
    ("cursor_usage_events", "filtered-usage-events"),
    ("cursor_members", "teams/members"),
    ("cursor_spend", "teams/spend"),
    ("cursor_daily_usage", "daily-usage-data"),
    ("cursor_billing_cycles", "teams/groups"),
]
#: The endpoint's name among the lists of people that ``github_identities`` reads.
IDENTITY_SOURCES = {"scim/v2": "scim", "graphql": "saml"}

#: Paths of the sandbox that no feed asks for.
NEVER_ASKED = ("/organizations/me", "/workspaces/{workspace_id}", "/teams/audit-logs")
#: Endpoints that stand in for another one, with its fault. Where both of GitHub's refuse, the first one's refusal is told.
STAND_INS = dict.fromkeys(("billing/cost-centers", "billing/usage?"), "usage/summary:404")
STAND_INS |= dict.fromkeys(("analytics/user_cost_report", "analytics/cost_report"), "analytics/cost?:404")
STAND_INS |= {"analytics/user_usage_report": "analytics/usage?:404"}
#: The one endpoint that may refuse without a failure: the bill has the same requests without their models.
OPTIONAL, REFUSALS = "premium_request/usage", ("403", "403-policy", "404")

#: Fault -> reasons that name it. A signed file answers refusals with ``link_expired``, and a later shard that fails with
#: ``shard_missing``; GitHub's reports and Anthropic's analytics have words of their own for "not for you".
FAULTS = {
    "302": {"redirected", "unexpected_status"},
    "echo": {"bad_request", "unexpected_status", "not_found"},
    "401": {"unauthorized", "link_expired"},
    "403": {"forbidden", "link_expired"},
    "403-policy": {"policy_disabled", "forbidden", "link_expired"},
    "403-rate-limit": {"rate_limited"},
    "200-rate-limit": {"rate_limited"},
    "404": {"not_found", "link_expired", "not_enabled", "no_scim", "not_connected"},
    "429": {"rate_limited"},
    "429-retry-after": {"rate_limited"},
    "429-other-clock": {"rate_limited"},
    "500": {"server_error"},
    "slow": {"timeout"},
    "stall": {"timeout"},
    "trickle": {"timeout"},
    "truncated-json": {"malformed", "truncated"},
    "truncated-gzip": {"malformed", "truncated"},
    "wrong-content-type": {"malformed", "wrong_content_type"},
    "empty": {"empty_body", "empty_file", "malformed"},
    "null": {"null_body", "malformed", "missing_field"},
    "drop": {"truncated", "malformed", "connection"},
}
#: Where a fault is met, when not everywhere: only GitHub refuses a rate limit with 403, and its GraphQL with 200.
ONLY_AT = {
    "403-rate-limit": lambda name, endpoint: name.startswith(("copilot_", "github_")),
    "200-rate-limit": lambda name, endpoint: endpoint.endswith("graphql"),
}
#: Refusals of somebody who is not allowed; every other failure leaves a day without data missing.
NOT_ALLOWED = {"forbidden", "policy_disabled"}

#: Endpoints whose answers come in pages -> the page size that gives this company several (3 where none is stated);
#: "" where it has several anyway.
PAGED = {
    ("copilot_seats", "billing/seats"): "copilot.listing.PAGE_SIZE",
    ("github_teams", "organization teams?"): "copilot.listing.PAGE_SIZE",
    ("github_teams", "organization search/members?"): "copilot.listing.PAGE_SIZE=1",
    ("github_teams", "/memberships"): "copilot.listing.PAGE_SIZE",
    ("github_identities", "consumed-licenses"): "copilot.listing.PAGE_SIZE",
    ("github_identities", "scim/v2"): "copilot.identities_client.PAGE_SIZE",
    ("github_identities", "organization scim/v2"): "copilot.identities_client.PAGE_SIZE",
    ("github_identities", "graphql"): "",
    ("github_identities", "organization graphql"): "",
    ("claude_code_usage", "usage_report/claude_code"): "claude.reports.MAX_RECORDS",
    ("claude_analytics_cost", "analytics/cost"): "claude.analytics.MAX_ROWS",
    ("claude_analytics_usage", "analytics/usage"): "claude.analytics.MAX_ROWS",
    ("claude_enterprise_cost", "analytics/cost"): "claude.analytics.MAX_ROWS",
    ("claude_api_keys", "api_keys"): "claude.lists.PAGE_SIZE",
    ("claude_workspaces", "workspaces"): "claude.lists.PAGE_SIZE",
    ("claude_users", "organizations/users"): "claude.lists.PAGE_SIZE",
    ("cursor_usage_events", "filtered-usage-events"): "cursor.windows.PAGE_SIZE",
    ("cursor_spend", "teams/spend"): "cursor.team.SPEND_PAGE_SIZE",
    ("cursor_daily_usage", "daily-usage-data"): "cursor.activity.PEOPLE_A_PAGE",
}
#: Reports in several files, of which a later one fails.
SHARDED = [endpoint for endpoint in ENDPOINTS if endpoint[1] == "_report_files"]
#: Seconds to connect and to wait for more; a late answer stays away for one.
PATIENT, IMPATIENT = (5, 30), (5, 0.03)
REPEATED = {"count_mismatch", "repeated_page", "repeated_row", "endless_pages"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Fewer retries, without the pauses between them."""
    monkeypatch.setattr(pace, "sleep", lambda seconds: None)
    monkeypatch.setattr(http, "MAX_ATTEMPTS", 2)


@pytest.fixture
def patient_again(monkeypatch):
    """A request that is repeated may take its time."""

    def wait(state) -> float:
        monkeypatch.setattr(http, "TIMEOUT_SECONDS", PATIENT)
        return 0

    monkeypatch.setattr(http, "_wait", wait)
    monkeypatch.setattr(http, "MAX_ATTEMPTS", 4)


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory):
    """One server for the whole matrix, without the company's own files: nothing here reads them."""
    folder = tmp_path_factory.mktemp("company")
    scenario = {"developers": FRIDAY.developers, "days": FRIDAY.days, "seed": FRIDAY.seed, "end_day": DAY.isoformat()}
    (folder / "scenario.json").write_text(json.dumps(scenario))
    with running(FRIDAY, folder, **COMPLETE) as server:
        yield server


@pytest.fixture
def ask(shared_sandbox, monkeypatch):
    """Asks one feed for the day under faults, as if GitHub had one scope only (no fallback to organizations)."""
    options = shared_sandbox.state.options
    for name, value in environment(shared_sandbox.url, shared_sandbox.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ANTHROPIC_ANALYTICS_KEY", "sk-ant-api01-sandbox")
    # No organization of a company this small has a team that the report would not leave out.
    monkeypatch.setattr(copilot_directory, "FEWEST_SEATS", 1)

    def answer(name: str, endpoint: str, *faults: str):
        scope, endpoint = split(endpoint)
        monkeypatch.setenv("GITHUB_ENTERPRISE", "" if scope else "acme")
        monkeypatch.setenv("GITHUB_ORGS", "acme-core" if scope else "")
        monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", IDENTITY_SOURCES.get(endpoint, "licences"))
        is_late = any(fault.partition(":")[0] in ("slow", "stall") for fault in faults)
        monkeypatch.setattr(http, "TIMEOUT_SECONDS", IMPATIENT if is_late else PATIENT)
        monkeypatch.setattr(connection, "PATIENT_SECONDS", IMPATIENT[1] if "trickle" in faults else 60)
        stand_in = [STAND_INS[endpoint]] if endpoint in STAND_INS else []
        options["fault"] = ",".join([*stand_in, *(f"{endpoint}:{fault}" for fault in faults)])
        options["github_organizations"] = "standalone" if scope else ""
        options["copilot_premium_requests"] = "40" if endpoint == OPTIONAL else "0"
        (found,) = feeds()[name].fetch([DAY], Settings.from_environment())
        return found

    return answer


def split(endpoint: str) -> tuple[str, str]:
    """``organization`` or nothing, and the part of the path."""
    scope, _, fragment = endpoint.rpartition(" ")
    return scope, fragment


def version(name: str) -> int | None:
    """Of the feed's table, whose content is another one as soon as anything is written."""
    return Lake(Settings.from_environment().lake_uri).version(name)


def land_each(name: str, answers: list) -> list:
    """Coverage after landing answers of one day, each as if it were of a day of its own, in two transactions at most."""
    feed, days = feeds()[name], [DAY - timedelta(days=n) for n in range(len(answers))]
    dated = []
    for answer, day in zip(answers, days, strict=True):
        rows = feed.table(answer).to_pylist() if len(answer.rows) else []
        dated.append(replace(answer, day=day, rows=[row | {"usage_day": day} for row in rows], raw=()))
    landing = land(replace(feed, fetch=lambda asked, settings: iter(dated)), days, Settings.from_environment())
    return [landing.coverage[day] for day in days]




@pytest.mark.parametrize(("name", "endpoint"), ENDPOINTS)
def test_each_fault_is_named_and_changes_nothing(ask, name, endpoint):
    faults = [fault for fault in FAULTS if fault not in ONLY_AT or ONLY_AT[fault](name, endpoint)]
    answers = {fault: ask(name, endpoint, fault) for fault in faults}
    for fault, answer in answers.items():
        if split(endpoint)[1] == OPTIONAL and fault in REFUSALS:
            assert answer.is_data and f"{OPTIONAL} is refused" in answer.message, fault
            continue
        is_told_first = name == "copilot_billing_usage" and split(endpoint)[1] in STAND_INS and fault in REFUSALS
        told = {"not_found"} if is_told_first else FAULTS[fault]
        assert answer.reason in told, (fault, answer.reason, answer.message)
        assert answer.state is State.FORBIDDEN or answer.reason not in NOT_ALLOWED, fault
        assert (not answer.is_data or answer.is_doubtful) and name in answer.message, fault
    # A signed file is asked for without the credential; the fault of a stand-in is not told.
    if endpoint != "_report_files" and endpoint not in STAND_INS:
        assert "(secret)?" in answers["echo"].message
    # What is done with an answer that is no data depends on its state and reason alone.
    met = list({(answer.state, answer.reason): answer for answer in answers.values()}.values())
    good = ask(name, endpoint)
    rows = feeds()[name].table(good).num_rows
    assert {line.row_count for line in land_each(name, [good] * len(met))} == {rows} != {0}
    before = version(name)
    for answer, line in zip(met, land_each(name, met), strict=True):
        assert (line.state, line.revision, line.row_count) == ("available", 1, rows), answer
        assert line.last_attempt == (answer.reason or "available") and line.message.startswith(answer.message), answer
    assert version(name) == before


@pytest.mark.parametrize(("name", "endpoint"), [*PAGED, *SHARDED])
def test_a_later_page_that_fails_leaves_no_data_and_one_that_repeats_replaces_none(ask, monkeypatch, name, endpoint):
    is_paged, size = (name, endpoint) in PAGED, PAGED.get((name, endpoint))
    if size:
        setting, _, number = size.partition("=")
        monkeypatch.setattr(f"agent_spend.sources.{setting}", int(number or 3))
    good = ask(name, endpoint)
    assert good.state is State.AVAILABLE
    broken = ask(name, endpoint, "500@2")
    assert (broken.is_data, broken.reason) == (False, "server_error" if is_paged else "shard_missing"), broken
    if is_paged:
        repeated = ask(name, endpoint, "repeat")
        assert (repeated.state in (State.MISSING, State.PARTIAL), repeated.reason in REPEATED) == (True, True), repeated
        (before,) = land_each(name, [good])
        (line,) = land_each(name, [repeated])
        assert (line.state, line.row_count, line.last_attempt) == ("available", before.row_count, repeated.reason)


@pytest.mark.parametrize(("name", "endpoint"), ENDPOINTS)
def test_faults_that_pass_are_retried_to_a_good_end(ask, patient_again, name, endpoint):
    for faults in (["429:1", "429-other-clock:1", "500:1"], ["stall:1"]):
        answer = ask(name, endpoint, *faults)
        assert (answer.is_data, answer.reason) == (True, ""), faults


def test_every_path_that_a_feed_asks_for_is_in_the_matrix():
    state = SandboxState(FRIDAY)
    paths = [route.path for vendor in (copilot_api, claude_api, cursor_api) for route in vendor.routes(state)]
    asked = [path for path in paths if not path.endswith(NEVER_ASKED)]
    rows = [split(endpoint) for _, endpoint in ENDPOINTS]
    missing = [
        path for path in asked
        if not any(fragment in f"{path}?" and ("{org}" in path) == (scope == "organization") for scope, fragment in rows)
    ]  # fmt: skip
    assert missing == [] and len(asked) > 30


def test_what_was_never_received_is_shown_with_its_own_state_and_reason(ask):
    report, file, second_file = "users-1-day?", "_report_files", "part-00001"
    met = [(report, "204"), (report, "empty"), (report, "null"), (report, "403-policy"), (report, "403"), (report, "500"),
           (report, "403-rate-limit"), (report, "404"), (report, "401"), (file, "403"), (second_file, "500")]
    land_each("copilot_user_usage", [ask("copilot_user_usage", endpoint, fault) for endpoint, fault in met])
    coverage = DuckDBEngine(catalog(), Lake(Settings.from_environment().lake_uri)).run(catalog().models["rpt_coverage"])
    lines = sorted(coverage.to_pylist(), key=lambda line: line["usage_day"], reverse=True)
    assert [(line["state"], line["reason"], line["rows"]) for line in lines] == [
        ("missing", "no_report", 0), ("missing", "empty_body", 0), ("missing", "null_body", 0),
        ("forbidden", "policy_disabled", 0), ("forbidden", "forbidden", 0), ("missing", "server_error", 0),
        ("missing", "rate_limited", 0), ("missing", "not_found", 0), ("missing", "unauthorized", 0),
        ("missing", "link_expired", 0), ("missing", "shard_missing", 0),
    ]  # fmt: skip
