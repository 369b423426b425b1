"""The same feeds written with dlt, as its documentation shows: generators of pages, and a pipeline that lands them.

What dlt's documentation says about speed is followed: pages are yielded whole, days are fetched in its thread pool, JSON
is read by orjson. Records are landed as they are, nested parts as JSON (``max_table_nesting=0``), so that dlt makes one
table as we do.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import dlt
import orjson
from dlt.sources.helpers import requests
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth, HttpBasicAuth
from dlt.sources.helpers.rest_client.paginators import (
    HeaderLinkPaginator,
    JSONResponseCursorPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)

ENTERPRISE = "/enterprises/acme"
_ORGANIZATION = "/v1/organizations"
_ANALYTICS = f"{_ORGANIZATION}/analytics"
_CONSOLE, _ENTERPRISE = "sk-ant-admin01-sandbox", "sk-ant-api01-sandbox"
_LINES = 4096
_WINDOW = 31
_BETA = {"anthropic-beta": "analytics-usage-cost-2026-08-24"}
_SPEED = {"anthropic-beta": "fast-mode-2026-02-01"}

Pages = Iterator[list[dict]]


def land(feed: str, days: list[date], url: str, folder: Path, destination: str) -> int:
    """Run the pipeline of one feed; gives the number of rows it landed."""
    hints = {"name": feed, "write_disposition": "replace", "max_table_nesting": 0}
    if feed in BY_DAY:
        records = dlt.resource(days, name="days") | dlt.transformer(
            lambda day: BY_DAY[feed](url, day), parallelized=True, **hints
        )
    else:
        records = dlt.resource(FEEDS[feed](url, days), **hints)
    if destination == "delta":
        target = dlt.destinations.filesystem(bucket_url=folder.as_uri())
        records.apply_hints(table_format="delta")
    else:
        target = dlt.destinations.duckdb(str(folder / "lake.duckdb"))
    pipeline = dlt.pipeline(feed, pipelines_dir=str(folder / "pipelines"), destination=target, dataset_name="lake")
    pipeline.run(records)
    return pipeline.last_trace.last_normalize_info.row_counts[feed]


def copilot_user_usage(url: str, day: date) -> Pages:
    """One envelope, then the lines of its files."""
    path = f"{ENTERPRISE}/copilot/metrics/reports/users-1-day"
    yield from _lines(_github(url).get(path, params={"day": day.isoformat()}).json())


def copilot_user_usage_28_day(url: str, days: list[date]) -> Pages:
    """The lines of one report's files."""
    yield from _lines(_github(url).get(f"{ENTERPRISE}/copilot/metrics/reports/users-28-day/latest").json())


def copilot_billing_usage(url: str, day: date) -> Pages:
    """Two reports."""
    client = _github(url)
    for report in ("ai_credit/usage", "usage/summary"):
        query = {"year": day.year, "month": day.month, "day": day.day}
        answer = client.get(f"{ENTERPRISE}/settings/billing/{report}", params=query).json()
        yield [{"usage_day": day, "report": report, **item} for item in answer["usageItems"]]


def copilot_seats(url: str, days: list[date]) -> Pages:
    """Every page of the live list."""
    return _listed(url, f"{ENTERPRISE}/copilot/billing/seats", "seats")


def github_identities(url: str, days: list[date]) -> Pages:
    """Every page of the consumed licences."""
    return _listed(url, f"{ENTERPRISE}/consumed-licenses", "users")


def github_teams(url: str, days: list[date]) -> Pages:
    """Every team of an organization with its members."""
    for teams in _listed(url, "/orgs/acme-core/teams", "$"):
        for team in teams:
            for members in _listed(url, f"/orgs/acme-core/teams/{team['slug']}/members", "$", role="all"):
                yield [{"team": team["slug"], "team_id": team["id"], **member} for member in members]


def claude_api_usage(url: str, days: list[date]) -> Pages:
    """The Messages usage report by day and every group."""
    groups = ["api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo", "speed"]
    return _buckets(url, "usage_report/messages", groups, days, _SPEED)


def claude_api_cost(url: str, days: list[date]) -> Pages:
    """The cost report by day, workspace and description."""
    return _buckets(url, "cost_report", ["workspace_id", "description"], days, {})


def claude_code_usage(url: str, day: date) -> Pages:
    """Every page of the day."""
    return _cursor_pages(url, f"{_ORGANIZATION}/usage_report/claude_code", {"starting_at": day.isoformat(), "limit": 1000})


def claude_analytics_cost(url: str, days: list[date]) -> Pages:
    """Cost by every group."""
    groups = ["api_key_id", "workspace_id", "model", "product", "actor", "cost_type", "token_type"]
    return _analytics(url, "cost", groups, days)


def claude_analytics_usage(url: str, days: list[date]) -> Pages:
    """Tokens by every group."""
    return _analytics(url, "usage", ["api_key_id", "workspace_id", "model", "product", "actor"], days)


def claude_enterprise_cost(url: str, days: list[date]) -> Pages:
    """Cost by member."""
    return _analytics(url, "cost", ["actor", "product", "model"], days, _ENTERPRISE)


def claude_enterprise_usage(url: str, days: list[date]) -> Pages:
    """Tokens by member."""
    return _analytics(url, "usage", ["actor", "product", "model"], days, _ENTERPRISE)


def claude_enterprise_seats(url: str, days: list[date]) -> Pages:
    """Seats by day."""
    for some in _windows(days, _WINDOW):
        query = {"starting_date": some[0].isoformat(), "ending_date": (some[-1] + timedelta(days=1)).isoformat()}
        yield from _cursor_pages(url, f"{_ANALYTICS}/summaries", query, key=_ENTERPRISE)


def claude_enterprise_users(url: str, day: date) -> Pages:
    """What members did on the day."""
    return _cursor_pages(url, f"{_ANALYTICS}/users", {"date": day.isoformat(), "limit": 1000}, key=_ENTERPRISE)


def claude_api_keys(url: str, days: list[date]) -> Pages:
    """Every page of the live list."""
    return _after(url, "api_keys")


def claude_users(url: str, days: list[date]) -> Pages:
    """Every page of the live list."""
    return _after(url, "users")


def claude_workspaces(url: str, days: list[date]) -> Pages:
    """Every page of the live list."""
    return _after(url, "workspaces", include_archived="true")


def cursor_usage_events(url: str, days: list[date]) -> Pages:
    """Every page of the windows."""
    return _numbered_pages(url, "/teams/filtered-usage-events", "usageEvents", days, 1000)


def cursor_daily_usage(url: str, days: list[date]) -> Pages:
    """Every page of the windows."""
    return _numbered_pages(url, "/teams/daily-usage-data", "data", days, 100)


def cursor_members(url: str, days: list[date]) -> Pages:
    """The live list."""
    yield _cursor(url).get("/teams/members").json()["teamMembers"]


def cursor_spend(url: str, days: list[date]) -> Pages:
    """Every page of the live list."""
    body = {"sortBy": "user", "sortDirection": "asc", "pageSize": 100}
    pages = PageNumberPaginator(base_page=1, page_body_path="page", total_path="totalPages")
    yield from _cursor(url).paginate("/teams/spend", "POST", json=body, paginator=pages, data_selector="teamMemberSpend")


def cursor_billing_cycles(url: str, day: date) -> Pages:
    """The groups of the cycle that the day selects."""
    answer = _cursor(url).get("/teams/groups", params={"billingCycle": day.isoformat()}).json()
    yield [{"usage_day": day, **group} for group in answer["groups"]]


#: Asked for day by day.
BY_DAY = {
    function.__name__: function
    for function in (
        copilot_user_usage, copilot_billing_usage, claude_code_usage, claude_enterprise_users, cursor_billing_cycles,
    )
}
FEEDS = {
    function.__name__: function
    for function in (
        copilot_user_usage_28_day, copilot_seats, github_identities, github_teams, claude_api_usage, claude_api_cost,
        claude_analytics_cost, claude_analytics_usage, claude_enterprise_cost, claude_enterprise_usage,
        claude_enterprise_seats, claude_api_keys, claude_users, claude_workspaces, cursor_usage_events, cursor_daily_usage,
        cursor_members, cursor_spend,
    )
}


def _github(url: str) -> RESTClient:
    return RESTClient(url, auth=BearerTokenAuth("ghp_sandbox"), paginator=SinglePagePaginator())


def _anthropic(url: str, headers: dict | None = None, key: str = _CONSOLE) -> RESTClient:
    auth = APIKeyAuth("x-api-key", key, location="header")
    return RESTClient(url, headers={"anthropic-version": "2023-06-01", **(headers or {})}, auth=auth)


def _cursor(url: str) -> RESTClient:
    return RESTClient(url, auth=HttpBasicAuth("crsr_sandbox", ""))


def _listed(url: str, path: str, rows: str, **query) -> Pages:
    yield from _github(url).paginate(
        path, params={"per_page": 100, **query}, paginator=HeaderLinkPaginator(), data_selector=rows
    )


def _lines(envelope: dict) -> Pages:
    for link in envelope["download_links"]:
        with requests.get(link, stream=True) as file:
            lines = filter(None, file.iter_lines(chunk_size=1 << 18))
            while some := [orjson.loads(line) for line in islice(lines, _LINES)]:
                yield some


def _cursor_pages(url: str, path: str, query: dict, headers: dict | None = None, key: str = _CONSOLE) -> Pages:
    paginator = JSONResponseCursorPaginator(cursor_path="next_page", cursor_param="page")
    yield from _anthropic(url, headers, key).paginate(path, params=query, paginator=paginator, data_selector="data")


def _after(url: str, name: str, **query) -> Pages:
    paginator = JSONResponseCursorPaginator(cursor_path="last_id", cursor_param="after_id", has_more_path="has_more")
    yield from _anthropic(url).paginate(
        f"{_ORGANIZATION}/{name}", params={"limit": 1000, **query}, paginator=paginator, data_selector="data"
    )


def _buckets(url: str, report: str, groups: list[str], days: list[date], headers: dict) -> Pages:
    for some in _windows(days, _WINDOW):
        query = {**_range(some), "bucket_width": "1d", "limit": 31, "group_by[]": groups}
        for page in _cursor_pages(url, f"{_ORGANIZATION}/{report}", query, headers):
            for bucket in page:
                yield [{"starting_at": bucket["starting_at"], **result} for result in bucket["results"]]


def _analytics(url: str, report: str, groups: list[str], days: list[date], key: str = _CONSOLE) -> Pages:
    for some in _windows(days, _WINDOW):
        order = {"time_bucket_width": "1d", "order_by": "time", "order": "asc", "limit": 1000, "group_by[]": groups}
        yield from _cursor_pages(url, f"{_ANALYTICS}/{report}", {**_range(some), **order}, _BETA, key)


def _numbered_pages(url: str, path: str, rows: str, days: list[date], size: int) -> Pages:
    client = _cursor(url)
    for some in _windows(days, 30):
        start = int(datetime(some[0].year, some[0].month, some[0].day, tzinfo=UTC).timestamp() * 1000)
        body = {"startDate": start, "endDate": start + len(some) * 86_400_000 - 1, "page": 0, "pageSize": size}
        answer = {"pagination": {"hasNextPage": True}}
        while answer["pagination"]["hasNextPage"]:
            body["page"] += 1
            answer = client.post(path, json=body).json()
            yield answer[rows]


def _windows(days: list[date], longest: int) -> list[list[date]]:
    return [days[start : start + longest] for start in range(0, len(days), longest)]


def _range(days: list[date]) -> dict:
    return {"starting_at": f"{days[0]}T00:00:00Z", "ending_at": f"{days[-1] + timedelta(days=1)}T00:00:00Z"}
