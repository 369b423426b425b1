"""Snapshots of the lists Anthropic keeps no history of: API keys, workspaces, members."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.claude.client import ORGANIZATION, Params, ask, open_session
from agent_spend.sources.claude.lists_schema import (
    KeyPage,
    UserPage,
    WorkspacePage,
    key_row,
    user_row,
    workspace_row,
)
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.http import Answer, VendorSession
from agent_spend.sources.listing import Listing

PAGE_SIZE = 1000
#: The version that documents ``include_default``; the older one leaves the default workspace out.
_NEWER_VERSION = {"anthropic-version": "2026-10-21"}


def fetch_api_keys(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_api_keys``: every key of the organisation, archived ones included."""
    yield from _live("claude_api_keys", "/api_keys", (), KeyPage, key_row, days, settings)


def fetch_workspaces(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_workspaces``: every workspace, the default and the archived ones included.

    The list is read with and without ``include_default``: nothing else tells the default workspace from one of the
    same name.
    """
    archived = ("include_archived", "true")
    for answer in _live("claude_workspaces", "/workspaces", (archived, ("include_default", "true")), WorkspacePage,
                        workspace_row, days, settings, _NEWER_VERSION):
        if answer.rows:
            (named,) = _live("claude_workspaces", "/workspaces", (archived,), WorkspacePage, workspace_row,
                             [answer.day], settings, _NEWER_VERSION)
            if named.is_data:
                ids = {row["workspace_id"] for row in named.rows}
                # Whatever a list that is known to lack some lacks would look like the default: the name decides as well.
                is_whole = named.state is not State.PARTIAL
                rows = [
                    row | {"is_default": row["workspace_id"] not in ids and (is_whole or row["name"] == "Default")}
                    for row in answer.rows
                ]
                answer = replace(answer, rows=rows, raw=[*answer.raw, *named.raw])
            else:
                answer = named
        yield answer


def fetch_users(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """``claude_users``: the members of the organisation."""
    yield from _live("claude_users", "/users", (), UserPage, user_row, days, settings)


def _live(
    feed: str, name: str, params: Params, shape: type, to_row: Callable[..., dict], days: Sequence[date],
    settings: Settings, headers: dict[str, str] | None = None,
) -> Iterator[DayAnswer]:
    """The list for the newest day asked for, while that is today or yesterday; the others are ``live_list_only``."""
    newest = max(days, default=date.min)
    is_now = settings.today - timedelta(days=1) <= newest <= settings.today
    for day in days:
        if day == newest and is_now:
            yield _snapshot(open_session(settings), f"{ORGANIZATION}{name}", feed, params, shape, to_row, day, headers)
        else:
            message = f"{feed} {day}: Anthropic keeps no history of this list; it is read daily from now on"
            yield DayAnswer(day, State.MISSING, reason="live_list_only", message=message)


def _snapshot(session: VendorSession, path, feed, params, shape, to_row, day: date, headers) -> DayAnswer:
    where = f"{feed} {day}: GET {path}"
    raw: list[Answer] = []
    rows: dict[str, dict] = {}
    last_id, problem, listing = None, None, Listing(where)
    try:
        while True:
            paging = [("limit", PAGE_SIZE), *([("after_id", last_id)] if last_id else [])]
            raw.append(ask(session, path, [*params, *paging], where, headers))
            if len(raw) > 1 and raw[-1].body == raw[-2].body:
                problem = FeedError("repeated_page", f"{where}: has_more is true, but the page before came again; run it later")
                break
            page = decode(raw[-1].body, shape, where)
            listing.add(len(page.data))
            for entry in page.data:
                if entry.id in rows:
                    raise FeedError("repeated_page", f"{where}: {entry.id} was listed before; nothing was stored")
                rows[entry.id] = to_row(entry, day)
            if not page.has_more:
                break
            if not page.last_id or not page.data:
                problem = FeedError("missing_field", f"{where}: has_more is true but last_id is empty; run it later")
                break
            last_id = page.last_id
    except FeedError as error:
        return DayAnswer.from_error(day, error, raw)
    if problem is not None:
        return DayAnswer.incomplete(day, list(rows.values()), problem, raw)
    return DayAnswer(day, State.AVAILABLE if rows else State.ZERO, list(rows.values()), raw=raw)
