"""Organisation, API keys, workspaces and members of the simulated Anthropic (id-cursor paging)."""

from collections.abc import Sequence

from starlette.requests import Request

from agent_spend.sandbox.claude_company import (
    DEFAULT,
    ORGANIZATION_ID,
    WORKSPACES,
    Key,
    Workspace,
    machine_keys,
    personal_keys,
    user_id,
)
from agent_spend.sandbox.claude_http import Refusal, check_names, page_size, whole
from agent_spend.sandbox.state import SandboxState

_PAGING = {"after_id", "before_id", "limit"}
_CREATED_AT = "2026-01-05T10:00:00.000000Z"


def organization(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/me``."""
    return {"id": ORGANIZATION_ID, "type": "organization", "name": "Acme"}


def api_keys(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/api_keys``; ``workspace_id`` exists only under version 2023-06-01."""
    check_names(request, _PAGING | {"status", "workspace_id", "created_by_user_id"})
    is_old_version = request.headers["anthropic-version"] == "2023-06-01"
    personal = {key.key_id: user_id(person) for person, key in personal_keys(sandbox.scenario)}
    keys = [*machine_keys(sandbox.scenario), *(key for _, key in personal_keys(sandbox.scenario))]
    rows = [_key_row(key, personal.get(key.key_id), is_old_version) for key in keys]
    for name, field in (("status", "status"), ("workspace_id", "workspace_id")):
        if (wanted := request.query_params.get(name)) is not None:
            rows = [row for row in rows if row.get(field) == wanted]
    if (creator := request.query_params.get("created_by_user_id")) is not None:
        rows = [row for row in rows if row["created_by"] and row["created_by"]["id"] == creator]
    return _id_page(sandbox, request, rows)


def _key_row(key: Key, owner_id: str | None, is_old_version: bool) -> dict:
    row = {
        "id": key.key_id,
        "type": "api_key",
        "name": key.name,
        "status": key.status,
        "created_at": _CREATED_AT,
        "expires_at": None,
        "partial_key_hint": f"sk-ant-api03-{key.key_id[-3:]}...AAAA",
        "created_by": {"id": key.creator_id, "type": "user"} if key.creator_id else None,
        "principal": {"type": "user_actor", "user_id": owner_id} if owner_id else None,
        "scope": {"type": "workspace", "workspace_id": key.workspace_id or DEFAULT},
    }
    return row | {"workspace_id": key.workspace_id} if is_old_version else row


def workspaces(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/workspaces``; default and archived ones only on request."""
    check_names(request, _PAGING | {"include_archived", "include_default", "ids[]"})
    rows = [
        _workspace_row(workspace) for workspace in WORKSPACES
        if (workspace.workspace_id != DEFAULT or request.query_params.get("include_default") == "true")
        and (workspace.archived_at is None or request.query_params.get("include_archived") == "true")
    ]
    return _id_page(sandbox, request, rows)


def workspace(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/workspaces/{id}``, which knows the default workspace too."""
    for known in WORKSPACES:
        if known.workspace_id == request.path_params["workspace_id"]:
            return _workspace_row(known)
    raise Refusal(404, "Workspace not found")


def _workspace_row(workspace: Workspace) -> dict:
    return {
        "id": workspace.workspace_id,
        "type": "workspace",
        "name": workspace.name,
        "display_color": "#3355AA",
        "created_at": _CREATED_AT,
        "archived_at": workspace.archived_at,
        "compartment_id": None,
        "external_key_id": None,
        "data_residency": {"workspace_geo": "us", "default_inference_geo": "global",
                           "allowed_inference_geos": "unrestricted"},
        "tags": dict(workspace.tags),
        "user_profile_id": None,
    }


def users(sandbox: SandboxState, request: Request) -> dict:
    """``GET /v1/organizations/users``: the Console members, one in three developers as a Claude Code user."""
    check_names(request, _PAGING | {"email", "roles[]"})
    rows = [
        {"id": user_id(person), "type": "user", "email": person.email, "name": person.name, "added_at": _CREATED_AT,
         "role": "admin" if person.number == 0 else "claude_code_user" if person.number % 3 == 1 else "developer"}
        for person in sandbox.scenario.people
        if person.number % 3 != 2
    ]
    if (email := request.query_params.get("email")) is not None:
        rows = [row for row in rows if row["email"] == email]
    if roles := request.query_params.getlist("roles[]"):
        rows = [row for row in rows if row["role"] in roles]
    return _id_page(sandbox, request, rows)


def _id_page(sandbox: SandboxState, request: Request, rows: Sequence[dict]) -> dict:
    limit = page_size(sandbox, whole(request, "limit", 20, 1000))
    after, before = request.query_params.get("after_id"), request.query_params.get("before_id")
    if after and before:
        raise Refusal(400, "after_id and before_id cannot be combined")
    ids = [row["id"] for row in rows]
    for known in filter(None, (after, before)):
        if known not in ids:
            raise Refusal(400, f"{known}: unknown cursor")
    if before:
        end = ids.index(before)
        start = max(0, end - limit)
        has_more = start > 0
    else:
        start = ids.index(after) + 1 if after else 0
        end = start + limit
        has_more = end < len(rows)
    data = list(rows[start:end])
    return {"data": data, "has_more": has_more, "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None}
