"""The key registry from Google Secret Manager's labels and annotations."""

import json

import pytest

pytest.importorskip("werkzeug")

from secret_managers import CANARY, gcp

from agent_spend.errors import State
from agent_spend.sources import http, pace

COLUMNS = ("vendor", "key_id", "key_name", "environment", "cost_center", "owner_email", "source")
ACME = [
    {
        "name": "projects/123/secrets/checkout", "labels": {"cost_center": "cc-410", "environment": "prod"},
        "annotations": {"anthropic_api_key_id": "apikey_01SimA", "cost_center": "CC-410", "owner": "ada@acme.test"},
    },
    {"name": "projects/123/secrets/untagged"},
    {"name": "projects/123/secrets/ci", "labels": {"vendor": "cursor", "key_id": "sa_ci", "cost_center": "cc-420"}},
]  # fmt: skip
OTHER = [{"name": "projects/456/secrets/ranker", "annotations": {"anthropic_api_key_id": "apikey_01SimR"}}]


@pytest.fixture
def manager(monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.sim")
    with gcp({"acme": ACME, "other": OTHER, "empty": []}) as manager:
        monkeypatch.setenv("GCP_SECRETMANAGER_API_URL", manager.url)
        yield manager


def test_annotations_win_over_labels_that_cannot_hold_upper_case(manager, rows_of):
    assert rows_of("gcp-secretmanager://acme", *COLUMNS) == [
        ("anthropic", "apikey_01SimA", "checkout", "prod", "CC-410", "ada@acme.test", "gcp_secret_manager"),
        ("cursor", "sa_ci", "ci", None, "cc-420", None, "gcp_secret_manager"),
    ]


def test_every_page_of_every_project_is_read(manager, rows_of):
    found = rows_of("gcp-secretmanager://acme,other", "key_id")
    assert sorted(found) == [("apikey_01SimA",), ("apikey_01SimR",), ("sa_ci",)]


def test_regional_secrets_are_the_listing_of_their_location(monkeypatch, rows_of):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.sim")
    name = "projects/123/locations/europe-west1/secrets/eu"
    regional = {"name": name, "annotations": {"anthropic_api_key_id": "apikey_01SimE"}}
    with gcp({"acme": ACME, "acme/europe-west1": [regional]}) as manager:
        monkeypatch.setenv("GCP_SECRETMANAGER_API_URL", manager.url)
        assert rows_of("gcp-secretmanager://acme/europe-west1", "key_id", "key_name") == [("apikey_01SimE", "eu")]
        assert manager.requests == ["GET /v1/projects/acme/locations/europe-west1/secrets"]


def test_only_the_list_method_is_asked_for(manager, answer_of):
    answer = answer_of("gcp-secretmanager://acme")
    assert manager.requests == ["GET /v1/projects/acme/secrets", "GET /v1/projects/acme/secrets"]
    assert CANARY not in repr(answer)


def test_one_refused_project_fails_the_whole_registry(manager, answer_of):
    answer = answer_of("gcp-secretmanager://acme,secret-project")
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "roles/secretmanager.viewer" in answer.message


def test_a_wrong_token_is_unauthorized_and_never_shown(manager, answer_of, monkeypatch):
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.wrong")
    answer = answer_of("gcp-secretmanager://acme")
    assert answer.reason == "unauthorized" and "ya29.wrong" not in answer.message


@pytest.mark.parametrize(
    ("status", "headers", "body", "reason"),
    [
        (401, {}, "{}", "unauthorized"),
        (403, {}, "{}", "forbidden"),
        (404, {}, "{}", "not_found"),
        (429, {"Retry-After": "1"}, "{}", "rate_limited"),
        (500, {}, "{}", "server_error"),
        (200, {}, "", "malformed"),
        (200, {}, "null", "missing_field"),
        (200, {}, '{"secrets":[{"name":"projects/1/secrets/a"', "malformed"),
        (200, {"Content-Type": "text/html"}, "<html>sign in</html>", "malformed"),
        (200, {"Content-Encoding": "gzip"}, "not gzip", "truncated"),
        (200, {}, '{"secrets":[{"name":"bare"}],"nextPageToken":"same"}', "repeated_page"),
    ],
)
def test_each_fault_is_named_and_leaves_the_stored_registry(manager, failure_of, monkeypatch, status, headers, body, reason):
    monkeypatch.setattr(pace, "sleep", lambda seconds: None)
    manager.answers += [(status, headers, body)] * 5
    line = failure_of("gcp-secretmanager://acme")
    assert (line.last_attempt, "/v1/projects/acme/secrets" in line.message) == (reason, True), line.message


def test_an_answer_that_is_late_is_a_timeout_and_leaves_the_stored_registry(manager, failure_of, monkeypatch):
    monkeypatch.setattr(pace, "sleep", lambda seconds: None)
    monkeypatch.setattr(http, "MAX_ATTEMPTS", 1)
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", (5, 0.03))
    manager.seconds = 0.3
    assert failure_of("gcp-secretmanager://acme").last_attempt == "timeout"


def test_a_failing_second_page_leaves_the_stored_registry(manager, failure_of):
    manager.answers += [(200, {}, '{"secrets":[{"name":"projects/1/secrets/a"}],"nextPageToken":"2"}'), (404, {}, "{}")]
    assert failure_of("gcp-secretmanager://acme").last_attempt == "not_found"


def test_a_project_without_secrets_is_an_error_not_an_empty_registry(manager, answer_of):
    answer = answer_of("gcp-secretmanager://empty")
    assert (answer.reason, answer.is_data) == ("empty_file", False)


def test_a_service_account_file_is_enough(manager, rows_of, monkeypatch, tmp_path):
    pytest.importorskip("google.auth")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "service-account.json"
    account = {
        "type": "service_account", "project_id": "acme", "private_key_id": "1", "private_key": private_key.decode(),
        "client_email": "reader@acme.iam.gserviceaccount.com", "client_id": "1", "token_uri": f"{manager.url}/token",
    }  # fmt: skip
    path.write_text(json.dumps(account))
    monkeypatch.delenv("GOOGLE_OAUTH_ACCESS_TOKEN")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    assert rows_of("gcp-secretmanager://other", "key_id") == [("apikey_01SimR",)]
    assert manager.requests == ["POST /token", "GET /v1/projects/other/secrets"]


def test_the_published_shape_of_a_secret_is_read_with_everything_it_may_hold(manager, rows_of):
    """Google's REST reference, projects.secrets: every field of a secret, and the total that counts them."""
    secret = {
        "name": "projects/123456789012/secrets/my-secret", "createTime": "2024-10-02T15:01:23.045123456Z",
        "replication": {"userManaged": {"replicas": [{"location": "europe-west1"}]}}, "etag": '"162145a4f894d5"',
        "labels": {"environment": "prod"}, "topics": [{"name": "projects/p/topics/t"}], "expireTime": "2027-01-01T00:00:00Z",
        "rotation": {"nextRotationTime": "2026-12-01T00:00:00Z", "rotationPeriod": "2592000s"},
        "versionAliases": {"current": "4"}, "versionDestroyTtl": "86400s", "tags": {"123/env": "456"},
        "annotations": {"anthropic_api_key_id": "apikey_01SimA", "Cost-Center": "CC-410"},
    }  # fmt: skip
    manager.answers.append((200, {}, json.dumps({"secrets": [secret], "totalSize": 1})))
    assert rows_of("gcp-secretmanager://acme", *COLUMNS) == [
        ("anthropic", "apikey_01SimA", "my-secret", "prod", "CC-410", None, "gcp_secret_manager")]
