"""Every fault on every vendor endpoint ends in a named state and a clear message, and leaves stored data alone."""

from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest

from agent_spend.errors import State
from agent_spend.lake.tables import Lake
from agent_spend.project import feeds
from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import environment, running
from agent_spend.settings import Settings
from agent_spend.sources import http, pace
from agent_spend.sources.land import land

DAY = date(2026, 11, 20)
FRIDAY = Scenario(developers=12, days=21, seed=7, end_day=DAY)
#: The vendor has completed the scenario's last day everywhere.
COMPLETE = {"claude_refreshed_days_ago": "0", "claude_built_days_ago": "1"}

#: Feed and a part of the path that only one of its endpoints has.
ENDPOINTS = [
    ("copilot_user_usage", "users-1-day?"),
    ("copilot_user_usage", "_report_files"),
    ("copilot_user_usage_28_day", "users-28-day/latest"),
    ("copilot_user_usage_28_day", "_report_files"),
    ("copilot_user_teams", "user-teams-1-day?"),
    ("copilot_user_teams", "_report_files"),
    ("copilot_seats", "billing/seats"),
    ("copilot_billing_usage", "ai_credit/usage"),
    ("copilot_billing_usage", "billing/usage"),
    ("github_teams", "acme-core/teams?"),
    ("github_teams", "/members"),
    ("github_teams", "enterprises/acme/teams?"),
    ("github_teams", "/memberships"),
    ("github_identities", "consumed-licenses"),
    ("github_identities", "scim/v2"),
    ("github_identities", "graphql"),
    ("claude_api_usage", "usage_report/messages"),
    ("claude_api_cost", "cost_report"),
    ("claude_code_usage", "usage_report/claude_code"),
    ("claude_analytics_cost", "analytics/cost"),
    ("claude_analytics_usage", "analytics/usage"),
    ("claude_enterprise_cost", "analytics/cost"),
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

#: Endpoints of an organization; everything else of GitHub is asked of the enterprise alone.
OF_ORGANIZATIONS = ("acme-core/teams?", "/members")

#: Fault -> reasons that name it. A signed file answers refusals with ``link_expired``, and a later shard that fails with
#: ``shard_missing``; GitHub's reports and Anthropic's analytics have words of their own for "not for you".
FAULTS = {
    "401": {"unauthorized", "link_expired"},
    "403": {"forbidden", "link_expired"},
    "403-policy": {"policy_disabled", "forbidden", "link_expired"},
    "403-rate-limit": {"rate_limited", "forbidden"},
    "404": {"not_found", "link_expired", "not_enabled", "no_scim", "not_connected"},
    "429": {"rate_limited"},
    "429-retry-after": {"rate_limited"},
    "429-other-clock": {"rate_limited"},
    "500": {"server_error"},
    "slow": {"timeout"},
    "stall": {"timeout"},
    "truncated-json": {"malformed", "truncated"},
    "truncated-gzip": {"malformed", "truncated"},
    "wrong-content-type": {"malformed", "wrong_content_type"},
    "empty": {"empty_body", "empty_file", "malformed"},
    "null": {"null_body", "malformed", "missing_field"},
    "drop": {"truncated", "malformed", "connection"},
}
#: Only GitHub refuses a rate limit with 403.
_GITHUB = ("copilot_", "github_")

#: Endpoints whose answers come in pages (or files) -> the page size that gives this company several, where it is ours.
PAGED = {
    ("copilot_user_usage", "_report_files"): None,
    ("copilot_seats", "billing/seats"): "copilot.listing.PAGE_SIZE",
    ("github_teams", "acme-core/teams?"): "copilot.listing.PAGE_SIZE",
    ("github_identities", "consumed-licenses"): "copilot.listing.PAGE_SIZE",
    ("github_identities", "scim/v2"): "copilot.identities_client.PAGE_SIZE",
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


@pytest.fixture(scope="module")
def shared_sandbox(company_folder):
    """One server for the whole matrix."""
    with running(FRIDAY, company_folder(FRIDAY), **COMPLETE) as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox, monkeypatch):
    """The shared sandbox without faults, asked as if GitHub had one scope only (no fallback to organizations)."""
    for name, value in environment(shared_sandbox.url, shared_sandbox.folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_ORGS", "")
    monkeypatch.setenv("ANTHROPIC_ANALYTICS_KEY", "sk-ant-api01-sandbox")
    shared_sandbox.state.options.pop("fault", None)
    return shared_sandbox


@pytest.fixture
def ask(sandbox, monkeypatch):
    """Asks one feed for the day under a fault."""

    def answer(name: str, endpoint: str, fault: str = ""):
        monkeypatch.setenv("GITHUB_ORGS", "acme-core" if endpoint in OF_ORGANIZATIONS else "")
        monkeypatch.setenv("GITHUB_IDENTITY_SOURCES", IDENTITY_SOURCES.get(endpoint, "licences"))
        is_late = fault.partition(":")[0] in ("slow", "stall")
        monkeypatch.setattr(http, "TIMEOUT_SECONDS", IMPATIENT if is_late else PATIENT)
        sandbox.state.options["fault"] = fault and f"{endpoint}:{fault}"
        (found,) = feeds()[name].fetch([DAY], Settings.from_environment())
        return found

    return answer


def stored(settings: Settings, name: str) -> list:
    return sorted(map(str, Lake(settings.lake_uri).read(name, "usage_day").to_pylist()))


def land_each(name: str, answers: list) -> list:
    """Coverage after landing answers of one day, each as if it were of a day of its own, in two transactions at most."""
    feed, days = feeds()[name], [DAY - timedelta(days=n) for n in range(len(answers))]
    dated = [replace(answer, day=day, rows=_on(day, answer.rows), raw=()) for answer, day in zip(answers, days, strict=True)]
    landing = land(replace(feed, fetch=lambda asked, settings: iter(dated)), days, Settings.from_environment())
    return [landing.coverage[day] for day in days]


def _on(day: date, rows: pa.Table | tuple) -> pa.Table | tuple:
    if not len(rows):
        return rows
    days = pa.array([day] * rows.num_rows, pa.date32())
    return rows.set_column(rows.schema.get_field_index("usage_day"), "usage_day", days)


@pytest.mark.parametrize(("name", "endpoint"), ENDPOINTS)
def test_each_fault_is_named_and_changes_nothing(ask, name, endpoint):
    faults = [fault for fault in FAULTS if fault != "403-rate-limit" or name.startswith(_GITHUB)]
    good = ask(name, endpoint)
    good = replace(good, rows=feeds()[name].table(good))
    land_each(name, [good] * len(faults))
    before = stored(Settings.from_environment(), name)
    assert before
    lines = land_each(name, [ask(name, endpoint, fault) for fault in faults])
    for fault, line in zip(faults, lines, strict=True):
        assert line.last_attempt in FAULTS[fault], (fault, line.last_attempt, line.message)
        assert name in line.message, fault
        assert (line.state, line.revision, line.row_count) == ("available", 1, good.rows.num_rows), fault
    assert stored(Settings.from_environment(), name) == before


@pytest.mark.parametrize(("name", "endpoint"), PAGED)
def test_a_later_page_that_fails_leaves_no_data_and_one_that_repeats_replaces_none(ask, monkeypatch, name, endpoint):
    if size := PAGED[name, endpoint]:
        monkeypatch.setattr(f"agent_spend.sources.{size}", 3)
    good = ask(name, endpoint)
    assert good.state is State.AVAILABLE
    broken = ask(name, endpoint, "500@2")
    assert (broken.is_data, broken.reason) in ((False, "server_error"), (False, "shard_missing")), broken
    if size:
        repeated = ask(name, endpoint, "repeat")
        assert (repeated.state in (State.MISSING, State.PARTIAL), repeated.reason in REPEATED) == (True, True), repeated
        good = replace(good, rows=feeds()[name].table(good))
        land_each(name, [good])
        (line,) = land_each(name, [replace(repeated, rows=feeds()[name].table(repeated))])
        assert (line.state, line.row_count, line.last_attempt) == ("available", good.rows.num_rows, repeated.reason)


@pytest.mark.parametrize("fault", ["429:1", "429-other-clock:1", "500:1", "stall:1"])
@pytest.mark.parametrize(("name", "endpoint"), ENDPOINTS)
def test_a_passing_fault_is_retried_to_a_good_end(ask, patient_again, name, endpoint, fault):
    answer = ask(name, endpoint, fault)
    assert (answer.is_data, answer.reason) == (True, "")


def test_what_was_never_received_is_shown_with_its_own_state_and_reason(ask):
    report, file, second_file = "users-1-day?", "_report_files", "part-00001"
    met = [(report, "204"), (report, "empty"), (report, "null"), (report, "403-policy"), (report, "403"), (report, "500"),
           (report, "403-rate-limit"), (report, "404"), (report, "401"), (file, "403"), (second_file, "500")]
    lines = land_each("copilot_user_usage", [ask("copilot_user_usage", endpoint, fault) for endpoint, fault in met])
    assert [(line.state, line.reason) for line in lines] == [
        ("missing", "no_report"), ("missing", "empty_body"), ("missing", "null_body"), ("forbidden", "policy_disabled"),
        ("forbidden", "forbidden"), ("missing", "server_error"), ("missing", "rate_limited"), ("missing", "not_found"),
        ("missing", "unauthorized"), ("missing", "link_expired"), ("missing", "shard_missing"),
    ]
