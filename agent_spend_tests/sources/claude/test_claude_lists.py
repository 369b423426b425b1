"""Keys, workspaces and members: whole lists, for now only, and no secret in them."""

from datetime import UTC, date, datetime

import pytest

from agent_spend.errors import State

SUNDAY, SATURDAY = date(2026, 11, 22), date(2026, 11, 21)

KEY = {
    "id": "apikey_01SimAdaLaptop", "type": "api_key", "name": "ada-laptop", "status": "active",
    "created_at": "2026-03-01T09:00:00.000000Z", "expires_at": None, "partial_key_hint": "sk-ant-api03-9Qx...vwAA",
    "created_by": {"id": "user_01SimAda", "type": "user"},
    "principal": {"type": "user_actor", "user_id": "user_01SimAda"},
    "scope": {"type": "workspace", "workspace_id": "wrkspc_01SimDefault"}, "workspace_id": None,
}


@pytest.fixture(autouse=True)
def monday(monkeypatch):
    monkeypatch.setenv("AGENT_SPEND_TODAY", "2026-11-23")


def listed(*data, has_more=False, last_id=None):
    return {"data": list(data), "has_more": has_more, "first_id": None, "last_id": last_id}


def test_a_key_shows_its_owner_and_the_default_workspace_by_its_real_id(vendor, fetch):
    vendor(lambda path, params: listed(KEY))
    assert fetch("claude_api_keys", [SUNDAY])[SUNDAY].rows == [{
        "usage_day": SUNDAY, "api_key_id": "apikey_01SimAdaLaptop", "name": "ada-laptop", "status": "active",
        "scope": "workspace", "workspace_id": "wrkspc_01SimDefault", "created_by_user_id": "user_01SimAda",
        "principal_user_id": "user_01SimAda", "principal_service_account_id": None,
        "created_at": datetime(2026, 3, 1, 9, tzinfo=UTC), "expires_at": None,
    }]


def test_a_key_of_the_newer_version_has_a_scope_and_no_workspace_field(vendor, fetch):
    newer = {name: value for name, value in KEY.items() if name != "workspace_id"}
    robot = {"type": "service_account_actor", "service_account_id": "svac_01"}
    vendor(lambda path, params: listed(newer | {
        "scope": {"type": "organization"}, "principal": robot, "created_by": None, "partial_key_hint": None,
        "status": "expired", "expires_at": "2026-11-01T00:00:00Z", "field_of_next_year": {"x": 1}}))
    (row,) = fetch("claude_api_keys", [SUNDAY])[SUNDAY].rows
    assert [row[name] for name in ("scope", "workspace_id", "created_by_user_id", "principal_service_account_id",
                                   "status", "expires_at")] == [
        "organization", None, None, "svac_01", "expired", datetime(2026, 11, 1, tzinfo=UTC)]


@pytest.mark.parametrize(("principal", "user_id", "robot_id"), [
    (None, None, None),
    ({"type": "user", "id": "user_01Old"}, "user_01Old", None),
    ({"type": "service_account_actor", "service_account_id": "svac_01"}, None, "svac_01"),
    ({"type": "service_account", "id": "svac_01"}, None, "svac_01"),
])
def test_both_published_shapes_of_a_principal_are_read(vendor, fetch, principal, user_id, robot_id):
    vendor(lambda path, params: listed(KEY | {"principal": principal, "created_by": None}))
    row, = fetch("claude_api_keys", [SUNDAY])[SUNDAY].rows
    assert [row[name] for name in ("principal_user_id", "principal_service_account_id", "created_by_user_id")] == [
        user_id, robot_id, None]


def test_a_key_without_a_scope_falls_back_on_its_workspace(vendor, fetch):
    older = {name: value for name, value in KEY.items() if name not in ("scope", "principal")}
    vendor(lambda path, params: listed(older | {"workspace_id": "wrkspc_01SimPlatform"}))
    assert fetch("claude_api_keys", [SUNDAY])[SUNDAY].rows[0]["workspace_id"] == "wrkspc_01SimPlatform"


def test_workspaces_are_asked_with_default_and_archived_ones(sandbox, fetch):
    rows = fetch("claude_workspaces", [SUNDAY])[SUNDAY].rows
    assert {(row["name"], row["archived"]) for row in rows} == {
        ("Default", False), ("Production", False), ("Staging", False), ("Development", False), ("Claude Code", False),
        ("Legacy Tools", True)}
    assert [row["workspace_id"] for row in rows if row["is_default"]] == ["wrkspc_01SimDefault"]
    assert {row["name"]: row["tags_json"] for row in rows}["Production"] == '{"cost_center":"CC-420","env":"prod"}'


def test_every_key_and_member_is_listed_across_short_pages(sandbox, fetch):
    sandbox.state.options["claude_page_size"] = "3"
    keys = fetch("claude_api_keys", [SUNDAY])[SUNDAY].rows
    users = fetch("claude_users", [SUNDAY])[SUNDAY].rows
    assert len(keys) == 11 + 4
    assert len(users) == 8
    assert {row["workspace_id"] for row in keys if row["principal_user_id"]} == {"wrkspc_01SimClaudeCode"}


def test_only_the_newest_day_gets_the_list_of_now(sandbox, fetch):
    for name in ("claude_api_keys", "claude_workspaces", "claude_users"):
        answers = fetch(name, [SATURDAY, SUNDAY])
        assert answers[SUNDAY].state is State.AVAILABLE
        assert (answers[SATURDAY].state, answers[SATURDAY].reason) == (State.MISSING, "live_list_only")


def test_a_past_day_never_gets_the_list_of_now(vendor, fetch):
    scripted = vendor(lambda path, params: listed(KEY))
    old = date(2026, 3, 31)
    assert fetch("claude_api_keys", [old])[old].reason == "live_list_only"
    assert scripted.requests == []


def test_a_list_that_gives_its_first_page_for_ever_is_kept_as_a_part(vendor, fetch):
    scripted = vendor(lambda path, params: listed(KEY, has_more=True, last_id=KEY["id"]))
    answer = fetch("claude_api_keys", [SUNDAY])[SUNDAY]
    assert (answer.state, answer.reason, len(answer.rows)) == (State.PARTIAL, "repeated_page", 1)
    assert len(scripted.requests) == 2


def test_a_list_that_names_a_key_again_on_another_page_is_not_stored(vendor, fetch):
    pages = [listed(KEY, has_more=True, last_id=KEY["id"]), listed(KEY)]
    vendor(lambda path, params: pages.pop(0))
    answer = fetch("claude_api_keys", [SUNDAY])[SUNDAY]
    assert (answer.state, answer.reason, list(answer.rows)) == (State.MISSING, "repeated_page", [])


def test_a_promise_of_more_keys_without_a_cursor_is_an_error(vendor, fetch):
    vendor(lambda path, params: listed(KEY, has_more=True))
    assert fetch("claude_api_keys", [SUNDAY])[SUNDAY].reason == "missing_field"


def test_a_member_without_an_email_is_an_error_that_names_the_field(vendor, fetch):
    vendor(lambda path, params: listed({"id": "user_01", "name": "Ada", "role": "admin"}))
    answer = fetch("claude_users", [SUNDAY])[SUNDAY]
    assert answer.reason == "missing_field"
    assert "email" in answer.message and "claude_users 2026-11-22" in answer.message
