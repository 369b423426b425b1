"""The same feeds written with dlt, as its documentation shows: a generator of records, and a pipeline that lands them.

Records are landed as they are, nested parts as JSON (``max_table_nesting=0``), so that dlt makes one table as we do.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dlt
import orjson
from dlt.sources.helpers import requests
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, BearerTokenAuth, HttpBasicAuth
from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator, JSONResponseCursorPaginator, SinglePagePaginator

ENTERPRISE = "/enterprises/acme"
_ANTHROPIC = "/v1/organizations"


def land(feed: str, days: list[date], url: str, folder: Path, destination: str) -> int:
    """Run the pipeline of one feed; gives the number of rows it landed."""
    records = dlt.resource(FEEDS[feed](url, days), name=feed, write_disposition="replace", max_table_nesting=0)
    if destination == "delta":
        target = dlt.destinations.filesystem(bucket_url=folder.as_uri())
        records.apply_hints(table_format="delta")
    else:
        target = dlt.destinations.duckdb(str(folder / "lake.duckdb"))
    pipeline = dlt.pipeline(feed, pipelines_dir=str(folder / "pipelines"), destination=target, dataset_name="lake")
    pipeline.run(records)
    return pipeline.last_trace.last_normalize_info.row_counts[feed]


def copilot_user_usage(url: str, days: list[date]) -> Iterator[dict]:
    """One envelope a day, then the lines of its files."""
    client = _github(url)
    for day in days:
        path = f"{ENTERPRISE}/copilot/metrics/reports/users-1-day"
        yield from _lines(client.get(path, params={"day": day.isoformat()}).json())


def copilot_user_usage_28_day(url: str, days: list[date]) -> Iterator[dict]:
    """The lines of one report's files."""
    yield from _lines(_github(url).get(f"{ENTERPRISE}/copilot/metrics/reports/users-28-day/latest").json())


def copilot_billing_usage(url: str, days: list[date]) -> Iterator[dict]:
    """Two reports a day."""
    client = _github(url)
    for day in days:
        for report in ("ai_credit/usage", "usage/summary"):
            query = {"year": day.year, "month": day.month, "day": day.day}
            answer = client.get(f"{ENTERPRISE}/settings/billing/{report}", params=query).json()
            for item in answer["usageItems"]:
                yield {"usage_day": day, "report": report, **item}


def copilot_seats(url: str, days: list[date]) -> Iterator[dict]:
    """Every page of the live list."""
    client = _github(url)
    path = f"{ENTERPRISE}/copilot/billing/seats"
    for page in client.paginate(path, params={"per_page": 100}, paginator=HeaderLinkPaginator(), data_selector="seats"):
        yield from page


def claude_api_usage(url: str, days: list[date]) -> Iterator[dict]:
    """The Messages usage report by day and every group."""
    groups = ["api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo"]
    return _buckets(url, "usage_report/messages", groups, days)


def claude_api_cost(url: str, days: list[date]) -> Iterator[dict]:
    """The cost report by day, workspace and description."""
    return _buckets(url, "cost_report", ["workspace_id", "description"], days)


def claude_code_usage(url: str, days: list[date]) -> Iterator[dict]:
    """Every page of every day."""
    client = _anthropic(url)
    for day in days:
        query = {"starting_at": day.isoformat(), "limit": 1000}
        path = f"{_ANTHROPIC}/usage_report/claude_code"
        for page in client.paginate(path, params=query, paginator=_cursor(), data_selector="data"):
            yield from page


def cursor_usage_events(url: str, days: list[date]) -> Iterator[dict]:
    """Every page of the window."""
    return _cursor_pages(url, "/teams/filtered-usage-events", "usageEvents", days, 1000)


def cursor_daily_usage(url: str, days: list[date]) -> Iterator[dict]:
    """Every page of the window."""
    return _cursor_pages(url, "/teams/daily-usage-data", "data", days, 100)


FEEDS = {
    function.__name__: function
    for function in (
        copilot_user_usage, copilot_user_usage_28_day, copilot_billing_usage, copilot_seats, claude_api_usage,
        claude_api_cost, claude_code_usage, cursor_usage_events, cursor_daily_usage,
    )
}


def _github(url: str) -> RESTClient:
    return RESTClient(url, auth=BearerTokenAuth("ghp_sandbox"), paginator=SinglePagePaginator())


def _anthropic(url: str) -> RESTClient:
    auth = APIKeyAuth("x-api-key", "sk-ant-admin01-sandbox", location="header")
    return RESTClient(url, headers={"anthropic-version": "2023-06-01"}, auth=auth)


def _cursor() -> JSONResponseCursorPaginator:
    return JSONResponseCursorPaginator(cursor_path="next_page", cursor_param="page")


def _lines(envelope: dict) -> Iterator[dict]:
    for link in envelope["download_links"]:
        with requests.get(link, stream=True) as file:
            for line in file.iter_lines(chunk_size=1 << 18):
                if line:
                    yield orjson.loads(line)


def _buckets(url: str, report: str, groups: list[str], days: list[date]) -> Iterator[dict]:
    query = {
        "starting_at": f"{days[0]}T00:00:00Z", "ending_at": f"{days[-1] + timedelta(days=1)}T00:00:00Z",
        "bucket_width": "1d", "limit": 31, "group_by[]": groups,
    }
    client = _anthropic(url)
    for page in client.paginate(f"{_ANTHROPIC}/{report}", params=query, paginator=_cursor(), data_selector="data"):
        for bucket in page:
            for result in bucket["results"]:
                yield {"starting_at": bucket["starting_at"], **result}


def _cursor_pages(url: str, path: str, rows: str, days: list[date], size: int) -> Iterator[dict]:
    client = RESTClient(url, auth=HttpBasicAuth("crsr_sandbox", ""))
    first = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC)
    start = int(first.timestamp() * 1000)
    body = {"startDate": start, "endDate": start + len(days) * 86_400_000 - 1, "pageSize": size}
    page = 1
    while True:
        answer = client.post(path, json={**body, "page": page}).json()
        yield from answer[rows]
        if not answer["pagination"]["hasNextPage"]:
            return
        page += 1
