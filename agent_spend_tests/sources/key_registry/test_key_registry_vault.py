"""The key registry from HashiCorp Vault's custom metadata."""

import json
import sys

import pytest

pytest.importorskip("werkzeug")
pytest.importorskip("hvac")

from secret_managers import CANARY, vault

from agent_spend.errors import FeedError, State
from agent_spend.sources import http, pace

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
        "GET /v1/kv/metadata/ai/checkout",
        "GET /v1/kv/metadata/ai/ci/cursor",
        "GET /v1/kv/metadata/ai/ci/untagged",
        "LIST /v1/kv/metadata/ai/",
        "LIST /v1/kv/metadata/ai/ci/",
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
        assert "LIST /v1/kv/metadata/ai/gone/" in manager.requests


def test_a_secret_removed_while_the_folder_is_read_is_no_error(manager, rows_of):
    manager.answers += [(200, {}, '{"data":{"keys":["gone","checkout"]}}'), (404, {}, '{"errors":[]}')]
    assert rows_of(manager.uri, "key_id") == [("apikey_01SimA",)]


def test_a_secret_whose_metadata_may_not_be_read_is_named_and_gives_no_half_registry(manager, answer_of):
    manager.answers += [(200, {}, '{"data":{"keys":["checkout","locked"]}}'), (200, {}, '{"data":{"custom_metadata":null}}'),
                        (403, {}, '{"errors":["1 error occurred: permission denied"]}')]
    answer = answer_of(manager.uri)
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "GET /v1/kv/metadata/ai/locked: 403" in answer.message


def test_a_later_secret_that_fails_leaves_the_stored_registry(manager, failure_of, monkeypatch):
    monkeypatch.setattr(pace, "sleep", lambda seconds: None)
    monkeypatch.setattr(http, "MAX_ATTEMPTS", 1)
    manager.answers += [(200, {}, '{"data":{"keys":["checkout","second"]}}'),
                        (200, {}, '{"data":{"custom_metadata":{"anthropic_api_key_id":"apikey_01SimA"}}}'), (500, {}, "{}")]
    assert failure_of(manager.uri).last_attempt == "server_error"


def test_a_path_without_tagged_keys_is_an_error(monkeypatch, answer_of):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.sim")
    with vault({"a": None, "b": {"team": "ledger"}}) as manager:
        assert answer_of(f"vault+{manager.url}/kv").reason == "empty_file"


@pytest.mark.parametrize("uri", ["vault+http://127.0.0.1:1", "vault+https://user:token@127.0.0.1:1/kv"])
def test_a_uri_without_mount_or_with_a_token_is_refused(answer_of, uri):
    answer = answer_of(uri)
    assert answer.reason == "bad_value" and "vault+https://host/mount/path" in answer.message


@pytest.mark.parametrize("status", [405, 501])
def test_a_proxy_without_the_method_list_is_asked_with_get(monkeypatch, rows_of, status):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.sim")
    with vault(SECRETS, no_list=status) as manager:
        assert len(rows_of(f"vault+{manager.url}/kv/ai", "key_id")) == 2
        assert "GET /v1/kv/metadata/ai/ list" in manager.requests


def test_the_namespace_is_sent_and_another_one_is_refused(monkeypatch, rows_of, answer_of):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.sim")
    with vault(SECRETS, namespace="admin/finance") as manager:
        uri = f"vault+{manager.url}/kv/ai"
        assert answer_of(uri).reason == "forbidden"
        monkeypatch.setenv("VAULT_NAMESPACE", "admin/finance")
        assert len(rows_of(uri, "key_id")) == 2


def test_names_with_spaces_and_signs_are_found(monkeypatch, rows_of):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.sim")
    with vault({"a team/key #1 50%": {"anthropic_api_key_id": "apikey_01SimA"}}) as manager:
        assert rows_of(f"vault+{manager.url}/kv", "key_name") == [("a team/key #1 50%",)]


@pytest.mark.parametrize("call", [
    lambda kv: kv.read_secret_version("ai/checkout", mount_point="kv"),
    lambda kv: kv.read_secret_metadata("../data/ai/checkout", mount_point="kv"),
    lambda kv: kv.read_secret_metadata("ai/checkout", mount_point="other"),
    lambda kv: kv.delete_metadata_and_all_versions("ai/checkout", mount_point="kv"),
    lambda kv: kv.update_metadata("ai/checkout", mount_point="kv"),
])  # fmt: skip
def test_the_client_refuses_everything_but_metadata_reads_before_it_is_sent(manager, call):
    from agent_spend.sources.key_registry.vault_metadata import vault_client

    kv = vault_client(manager.url, "kv", "").secrets.kv.v2
    with pytest.raises(FeedError) as refused:
        call(kv)
    assert (refused.value.reason, manager.requests) == ("refused", [])


def test_the_token_does_not_follow_a_redirect(manager, answer_of):
    with vault(SECRETS) as elsewhere:
        manager.answers.append((307, {"Location": f"{elsewhere.url}/v1/kv/metadata/ai/"}, ""))
        answer = answer_of(manager.uri)
    assert (answer.reason, elsewhere.requests) == ("redirected", [])
    assert f"name the active node, {elsewhere.url}" in answer.message


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason"),
    [
        (429, {"Retry-After": "1"}, "{}", "rate_limited"),
        (500, {}, '{"errors":["internal error"]}', "server_error"),
        (503, {}, '{"errors":["Vault is sealed"]}', "server_error"),
        (403, {}, '{"errors":["permission denied"]}', "forbidden"),
        (401, {}, '{"errors":["missing client token"]}', "unauthorized"),
        (404, {}, '{"errors":[]}', "not_found"),
        (200, {}, "", "malformed"),
        (200, {}, "null", "missing_field"),
        (200, {}, '{"data":{"keys":["a"', "malformed"),
        (200, {"Content-Type": "text/html"}, "<html>sign in</html>", "malformed"),
        (200, {"Content-Encoding": "gzip"}, "not gzip", "truncated"),
    ],
)
def test_each_fault_is_named_and_leaves_the_stored_registry(manager, failure_of, monkeypatch, status, headers, body, reason):
    monkeypatch.setattr(pace, "sleep", lambda seconds: None)
    manager.answers += [(status, headers, body)] * 5
    line = failure_of(manager.uri)
    assert (line.last_attempt, "metadata/ai/" in line.message) == (reason, True), line.message


def test_an_answer_that_is_late_is_a_timeout_and_leaves_the_stored_registry(manager, failure_of, monkeypatch):
    monkeypatch.setattr(pace, "sleep", lambda seconds: None)
    monkeypatch.setattr(http, "MAX_ATTEMPTS", 1)
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", (5, 0.03))
    manager.seconds = 0.3
    assert failure_of(manager.uri).last_attempt == "timeout"


def test_a_passing_fault_is_retried(manager, rows_of, monkeypatch):
    monkeypatch.setattr(pace, "sleep", lambda seconds: None)
    manager.answers += [(429, {"Retry-After": "1"}, ""), (503, {}, "")]
    assert len(rows_of(manager.uri, "key_id")) == 2


def test_without_hvac_the_extra_is_named(manager, answer_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "agent_spend.sources.key_registry.vault_metadata", None)
    answer = answer_of(manager.uri)
    assert (answer.reason, answer.message) == ("not_installed", "reading Vault needs hvac: install agent-spend[vault]")


def test_the_published_samples_of_a_list_and_of_a_secrets_metadata_are_read(manager, rows_of):
    """Vault API documentation, KV version 2, "List secrets" and "Read secret metadata"; the key's id is ours."""
    version = {"created_time": "2018-03-22T02:24:06.945319214Z", "deletion_time": "", "destroyed": False}
    metadata = {
        "cas_required": False, "created_time": "2018-03-22T02:24:06.945319214Z", "current_version": 3,
        "delete_version_after": "3h25m19s", "max_versions": 0, "oldest_version": 0,
        "updated_time": "2018-03-22T02:36:43.986212308Z", "last_updated_by": {"actor": "root", "operation": "create"},
        "custom_metadata": {"foo": "abc", "bar": "123", "baz": "5c07d823-3810-48f6-a147-4c06b5219e84",
                            "anthropic_api_key_id": "apikey_01SimA", "cost-center": "CC-410"},
        "versions": {"1": version, "2": version, "3": version},
    }  # fmt: skip
    manager.answers += [
        (200, {}, json.dumps({"data": {"keys": ["foo", "foo/"]}})),
        (200, {}, json.dumps({"data": metadata})),
        (200, {}, json.dumps({"data": {"keys": ["bar"]}})),
        (200, {}, json.dumps({"data": metadata | {"custom_metadata": None}})),
    ]
    assert rows_of(manager.uri, "key_id", "key_name", "cost_center", "source") == [
        ("apikey_01SimA", "ai/foo", "CC-410", "vault")]
