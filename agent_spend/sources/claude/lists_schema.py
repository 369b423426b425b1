"""Wire shapes and lake tables of the lists of API keys, workspaces and members."""

from datetime import date, datetime

import msgspec
from msgspec import Struct

from agent_spend.sources.contract import DAY, FLAG, INSTANT, TEXT, Contract, column


class KeyParty(Struct):
    """Who made a key, or whom it acts for. Two published shapes name the id differently."""

    type: str
    id: str | None = None
    user_id: str | None = None
    service_account_id: str | None = None

    @property
    def person_id(self) -> str | None:
        """The user's id; ``None`` for a service account."""
        return self.user_id or (self.id if self.type in ("user", "user_actor") else None)

    @property
    def robot_id(self) -> str | None:
        """The service account's id; ``None`` for a user."""
        return self.service_account_id or (self.id if self.type in ("service_account", "service_account_actor") else None)


class KeyScope(Struct):
    type: str
    workspace_id: str | None = None


class ApiKey(Struct):
    id: str
    name: str
    status: str
    created_at: datetime
    expires_at: datetime | None = None
    created_by: KeyParty | None = None
    principal: KeyParty | None = None
    scope: KeyScope | None = None
    workspace_id: str | None = None


class Workspace(Struct):
    id: str
    name: str
    archived_at: datetime | None = None
    tags: dict[str, str] | None = None


class User(Struct):
    id: str
    email: str
    name: str | None = None
    role: str | None = None


class KeyPage(Struct):
    data: list[ApiKey]
    has_more: bool = False
    last_id: str | None = None


class WorkspacePage(Struct):
    data: list[Workspace]
    has_more: bool = False
    last_id: str | None = None


class UserPage(Struct):
    data: list[User]
    has_more: bool = False
    last_id: str | None = None


def key_row(key: ApiKey, day: date) -> dict:
    """A row of ``claude_api_keys``. The scope names the default workspace, which the older field leaves null."""
    return {
        "usage_day": day,
        "api_key_id": key.id,
        "name": key.name,
        "status": key.status,
        "scope": key.scope.type if key.scope else None,
        "workspace_id": key.scope.workspace_id if key.scope else key.workspace_id,
        "created_by_user_id": key.created_by.person_id if key.created_by else None,
        "principal_user_id": key.principal.person_id if key.principal else None,
        "principal_service_account_id": key.principal.robot_id if key.principal else None,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }


def workspace_row(workspace: Workspace, day: date) -> dict:
    """A row of ``claude_workspaces``; tags as JSON with sorted keys, ``{}`` when there are none."""
    return {
        "usage_day": day,
        "workspace_id": workspace.id,
        "name": workspace.name,
        "is_default": False,
        "tags_json": msgspec.json.encode(workspace.tags or {}, order="sorted").decode(),
        "archived": workspace.archived_at is not None,
    }


def user_row(user: User, day: date) -> dict:
    """A row of ``claude_users``."""
    return {"usage_day": day, "user_id": user.id, "email": user.email, "name": user.name, "role": user.role}


_DAY = column(DAY, "UTC day the list was read for")

API_KEYS = Contract({
    "usage_day": _DAY,
    "api_key_id": column(TEXT, "Key id, as in the usage report"),
    "name": column(TEXT, "Name given to the key; mutable and not unique"),
    "status": column(TEXT, "active, inactive, archived or expired"),
    "scope": column(TEXT, "workspace or organization; null where the vendor does not say", nullable=True),
    "workspace_id": column(TEXT, "Workspace, the default one included; null for an unscoped key", nullable=True),
    "created_by_user_id": column(TEXT, "User who made the key", nullable=True),
    "principal_user_id": column(TEXT, "User the key acts for: a personal key", nullable=True),
    "principal_service_account_id": column(TEXT, "Service account the key acts for", nullable=True),
    "created_at": column(INSTANT, "When the key was made"),
    "expires_at": column(INSTANT, "When the key expires; null for never", nullable=True),
})

WORKSPACES = Contract({
    "usage_day": _DAY,
    "workspace_id": column(TEXT, "Workspace id"),
    "name": column(TEXT, "Workspace name; any workspace may be called Default"),
    "is_default": column(FLAG, "The default workspace, which the usage and cost reports leave null"),
    "tags_json": column(TEXT, "Tags of the workspace, a JSON object of text"),
    "archived": column(FLAG, "No longer usable; its past use stays in the reports"),
})

USERS = Contract({
    "usage_day": _DAY,
    "user_id": column(TEXT, "User id"),
    "email": column(TEXT, "E-mail address"),
    "name": column(TEXT, "Name", nullable=True),
    "role": column(TEXT, "Role in the organisation", nullable=True),
})
