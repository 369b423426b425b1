"""The key registry from AWS Secrets Manager's tags, against moto's server."""

import pytest
import requests

pytest.importorskip("moto")
boto3 = pytest.importorskip("boto3")

from secret_managers import CANARY, Manager, Request, Response, aws, served  # noqa: E402

from agent_spend.errors import State  # noqa: E402

COLUMNS = ("vendor", "key_id", "key_name", "environment", "cost_center", "owner_email", "source")


@pytest.fixture
def manager(monkeypatch, tmp_path):
    with aws() as manager:
        for name, value in {
            "AWS_ENDPOINT_URL": manager.url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        requests.post(f"{manager.url}/moto-api/reset", timeout=5)
        yield manager


def create(region: str, name: str, **tags: str) -> None:
    client = boto3.client("secretsmanager", region_name=region)
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    client.create_secret(Name=name, SecretString=CANARY, Tags=pairs)


def test_tags_of_every_region_named_become_rows(manager, rows_of):
    create("eu-west-1", "prod/checkout", anthropic_api_key_id="apikey_01SimA", environment="prod", cost_center="CC-410",
           owner="ada@acme.test")
    create("us-east-1", "ci/cursor", vendor="cursor", key_id="sa_ci", Environment="staging", CostCenter="CC-420")
    create("ap-south-1", "elsewhere", anthropic_api_key_id="apikey_01SimNotAsked")
    create("eu-west-1", "database/main", team="ledger")
    assert rows_of("aws-secretsmanager://eu-west-1,us-east-1", *COLUMNS) == [
        ("anthropic", "apikey_01SimA", "prod/checkout", "prod", "CC-410", "ada@acme.test", "aws_secrets_manager"),
        ("cursor", "sa_ci", "ci/cursor", "staging", "CC-420", None, "aws_secrets_manager"),
    ]


def test_a_rotated_key_is_one_name_by_two_ids_in_one_tag_or_by_one_tag_on_two_secrets(manager, rows_of):
    create("eu-west-1", "checkout", anthropic_api_key_id="apikey_new apikey_old", environment="prod")
    create("eu-west-1", "ranker/2025", anthropic_api_key_id="apikey_r1", key_name="ranker")
    create("eu-west-1", "ranker/2026", anthropic_api_key_id="apikey_r2", key_name="ranker")
    assert sorted(rows_of("aws-secretsmanager://eu-west-1", "key_id", "key_name", "environment")) == [
        ("apikey_new", "checkout", "prod"), ("apikey_old", "checkout", "prod"), ("apikey_r1", "ranker", None),
        ("apikey_r2", "ranker", None)]


def test_every_page_is_read(manager, rows_of):
    for number in range(103):
        create("eu-west-1", f"key/{number:03}", anthropic_api_key_id=f"apikey_{number:03}")
    manager.requests.clear()
    found = rows_of("aws-secretsmanager://eu-west-1", "key_id")
    assert sorted(found) == [(f"apikey_{number:03}",) for number in range(103)]
    assert manager.requests == ["ListSecrets", "ListSecrets"]


def test_a_secret_waiting_for_deletion_still_explains_its_key(manager, rows_of):
    create("eu-west-1", "old", anthropic_api_key_id="apikey_old")
    boto3.client("secretsmanager", region_name="eu-west-1").delete_secret(SecretId="old", RecoveryWindowInDays=7)
    assert rows_of("aws-secretsmanager://eu-west-1", "key_id") == [("apikey_old",)]


def test_only_listings_are_asked_for_and_no_secret_is_read(manager, answer_of):
    create("eu-west-1", "prod/checkout", anthropic_api_key_id="apikey_01SimA")
    manager.requests.clear()
    answer = answer_of("aws-secretsmanager://eu-west-1")
    assert answer.state is State.AVAILABLE
    assert set(manager.requests) == {"ListSecrets"}
    described = boto3.client("secretsmanager", region_name="eu-west-1").describe_secret(SecretId="prod/checkout")
    assert "LastAccessedDate" not in described
    assert CANARY not in repr(answer)


def test_secrets_of_others_are_not_kept_as_evidence(manager, answer_of):
    create("eu-west-1", "prod/checkout", anthropic_api_key_id="apikey_01SimA")
    create("eu-west-1", "payroll/bank", owner="cfo")
    [raw] = answer_of("aws-secretsmanager://eu-west-1").raw
    assert b"prod/checkout" in raw.body and b"payroll" not in raw.body


def test_an_account_without_tagged_keys_is_an_error_not_an_empty_registry(manager, answer_of):
    create("eu-west-1", "database/main")
    answer = answer_of("aws-secretsmanager://eu-west-1")
    assert (answer.reason, answer.is_data) == ("empty_file", False)


def test_a_uri_without_regions_says_how_to_write_it(answer_of):
    assert "aws-secretsmanager://eu-west-1,us-east-1" in answer_of("aws-secretsmanager://").message


def test_missing_credentials_are_named(manager, answer_of, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    answer = answer_of("aws-secretsmanager://eu-west-1")
    assert (answer.reason, answer.is_data) == ("unauthorized", False)


def test_a_refused_listing_is_forbidden_and_names_the_permission(answer_of, monkeypatch):
    def refuse(request: Request) -> Response:
        body = '{"__type":"AccessDeniedException","Message":"User is not authorized to perform ListSecrets"}'
        return Response(body, 400, content_type="application/x-amz-json-1.1")

    with served(Request.application(refuse), Manager()) as manager:
        monkeypatch.setenv("AWS_ENDPOINT_URL", manager.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        answer = answer_of("aws-secretsmanager://eu-west-1")
    assert (answer.state, answer.reason) == (State.FORBIDDEN, "forbidden")
    assert "allow secretsmanager:ListSecrets" in answer.message
