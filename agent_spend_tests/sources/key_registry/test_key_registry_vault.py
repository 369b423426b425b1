"""The key registry from HashiCorp Vault's custom metadata."""

import pytest

pytest.importorskip("werkzeug")

from secret_managers import CANARY, vault

from agent_spend.errors import State

COLUMNS = ("vendor", "key_id", "key_name", "environment", "cost_center", "owner_email", "source")
SECRETS = {
    "ai/checkout": {
        "anthropic_api_key_id": "apikey_01SimA", "environment": "prod", "cost_center": "CC-410",
        "owner": "Ada@acme.test",
    },
    "ai/ci/cursor": {"vendor": "cursor", "key_id": "sa_ci", "environment": "staging"},
    "ai/ci/untagged": None,
    "database/main": {"anthropic_api_key_id": "apikey_outside"},
}  # fmt: skip


@pytest.fixture
def manager(monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.sim")
    with vault(SECRETS) as manager:
        manager.uri = f"vault+{manager.url}/kv/ai"
        yield manager


def test_metadata_of_every_folder_below_the_path_becomes_rows(manager, rows_of):
    assert rows_of(manager.uri, *COLUMNS) == [
        ("anthropic", "apikey_01SimA", "ai/checkout", "prod", "CC-410", "ada@acme.test", "vault"),
        ("cursor", "sa_ci", "ai/ci/cursor", "staging", None, None, "vault"),
    ]


def test_a_mount_alone_is_read_from_its_root(manager, rows_of):
    found = rows_of(f"vault+{manager.url}/kv", "key_id")
    assert sorted(found) == [("apikey_01SimA",), ("apikey_outside",), ("sa_ci",)]


def test_only_metadata_paths_are_asked_for(manager, answer_of):
    answer = answer_of(manager.uri)
    assert sorted(manager.requests) == [
        "GET /v1/kv/metadata/ai/ list",
        "GET /v1/kv/metadata/ai/checkout",
        "GET /v1/kv/metadata/ai/ci/ list",
        "GET /v1/kv/metadata/ai/ci/cursor",
        "GET /v1/kv/metadata/ai/ci/untagged",
    ]
    assert CANARY not in repr(answer)


def test_a_wrong_token_is_forbidden_and_never_shown(manager, answer_of, monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.wrong")
    answer = answer_of(manager.uri)
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "list and read on the mount's metadata/ paths" in answer.message and "hvs.wrong" not in answer.message


def test_a_missing_token_is_named(manager, answer_of, monkeypatch):
    monkeypatch.delenv("VAULT_TOKEN")
    answer = answer_of(manager.uri)
    assert answer.reason == "not_configured" and "VAULT_TOKEN is not set" in answer.message


def test_an_empty_path_is_an_error_not_an_empty_registry(manager, answer_of):
    answer = answer_of(f"vault+{manager.url}/kv/nothing-here")
    assert (answer.reason, answer.is_data) == ("not_found", False)


def test_a_folder_that_empties_while_it_is_read_is_no_error(monkeypatch, rows_of):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.sim")
    with vault({"ai/gone/": None, "ai/checkout": {"anthropic_api_key_id": "apikey_01SimA"}}) as manager:
        assert rows_of(f"vault+{manager.url}/kv/ai", "key_id") == [("apikey_01SimA",)]
        assert "GET /v1/kv/metadata/ai/gone/ list" in manager.requests


def test_a_path_without_tagged_keys_is_an_error(monkeypatch, answer_of):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.sim")
    with vault({"a": None, "b": {"team": "ledger"}}) as manager:
        assert answer_of(f"vault+{manager.url}/kv").reason == "empty_file"


@pytest.mark.parametrize("uri", ["vault+http://127.0.0.1:1", "vault+https://user:token@127.0.0.1:1/kv"])
def test_a_uri_without_mount_or_with_a_token_is_refused(answer_of, uri):
    answer = answer_of(uri)
    assert answer.reason == "bad_value" and "vault+https://host/mount/path" in answer.message
