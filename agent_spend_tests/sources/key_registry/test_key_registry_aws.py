"""The key registry from AWS Secrets Manager's tags, against moto's server."""

import json
import re
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

pytest.importorskip("moto")
boto3 = pytest.importorskip("boto3")

from secret_managers import CANARY, Manager, Request, Response, aws, served  # noqa: E402

from agent_spend.errors import State  # noqa: E402
from agent_spend.sources.key_registry import from_aws  # noqa: E402

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


def test_the_documented_policy_is_enough_to_list_and_lets_nobody_read(manager, rows_of, monkeypatch):
    """The policy as the folder's README prints it, enforced by the server."""
    readme = (Path(from_aws.__file__).parent / "README.md").read_text(encoding="utf-8")
    policy = re.search(r'\{"Version".*\}', readme)[0]
    create("eu-west-1", "prod/checkout", anthropic_api_key_id="apikey_01SimA")
    iam = boto3.client("iam", region_name="us-east-1")
    iam.create_user(UserName="agent-spend")
    iam.put_user_policy(UserName="agent-spend", PolicyName="list", PolicyDocument=policy)
    key = iam.create_access_key(UserName="agent-spend")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    requests.post(f"{manager.url}/moto-api/reset-auth", data="0", timeout=5)
    try:
        assert rows_of("aws-secretsmanager://eu-west-1", "key_id") == [("apikey_01SimA",)]
        client = boto3.session.Session().client("secretsmanager", region_name="eu-west-1")
        for read in (client.get_secret_value, client.describe_secret):
            with pytest.raises(client.exceptions.ClientError, match="not authorized"):
                read(SecretId="prod/checkout")
        with pytest.raises(client.exceptions.ClientError, match="not authorized"):
            client.batch_get_secret_value(SecretIdList=["prod/checkout"])
    finally:
        requests.post(f"{manager.url}/moto-api/reset-auth", data=str(10**9), timeout=5)


def test_each_account_is_a_profile_before_its_region(manager, rows_of, answer_of, monkeypatch, tmp_path):
    create("eu-west-1", "checkout", anthropic_api_key_id="apikey_01SimA")
    create("us-east-1", "ranker", anthropic_api_key_id="apikey_01SimB")
    config = "[profile ci]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    found = rows_of("aws-secretsmanager://eu-west-1,ci@us-east-1", "key_id")
    assert found == [("apikey_01SimA",), ("apikey_01SimB",)]
    answer = answer_of("aws-secretsmanager://nobody@eu-west-1")
    assert answer.reason == "unauthorized" and "The config profile (nobody) could not be found" in answer.message


def test_a_whole_key_in_a_tag_is_refused_by_the_secrets_name(manager, answer_of):
    key = "sk-ant-api03-" + "a1-B2_" * 10
    create("eu-west-1", "checkout", anthropic_api_key_id="apikey_01SimA", note=key)
    answer = answer_of("aws-secretsmanager://eu-west-1")
    assert (answer.reason, list(answer.raw)) == ("refused", [])
    assert "KEY_REGISTRY_URI eu-west-1 checkout" in answer.message and key not in answer.message


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


@pytest.fixture
def listing(manager, monkeypatch):
    """Answers as told in turn instead of the account, each a status and a body; the last one stays."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(time=time.time, sleep=lambda seconds: None))
    with ExitStack() as stack:

        def answer(*answers: tuple[int, str]) -> Manager:
            queue = list(answers)

            def serve(request: Request) -> Response:
                status, body = queue.pop(0) if len(queue) > 1 else queue[0]
                return Response(body, status, content_type="application/x-amz-json-1.1")

            served_here = stack.enter_context(served(Request.application(serve), Manager()))
            monkeypatch.setenv("AWS_ENDPOINT_URL", served_here.url)
            return served_here

        yield answer


def refused(code: str, message: str = "") -> tuple[int, str]:
    return 400, json.dumps({"__type": code, "Message": message})


ONE_KEY = {"Name": "checkout", "Tags": [{"Key": "anthropic_api_key_id", "Value": "apikey_01SimA"}]}
PAGE = 200, json.dumps({"SecretList": [ONE_KEY], "NextToken": "2"})


@pytest.mark.parametrize(
    ("answers", "reason", "remedy"),
    [
        ([refused("UnrecognizedClientException")], "unauthorized", "renew the AWS credentials"),
        ([refused("InvalidSignatureException", "Signature expired")], "unauthorized", "check its clock"),
        ([refused("AccessDeniedException", "no")], "forbidden", "allow secretsmanager:ListSecrets"),
        ([(403, "<html>proxy</html>")], "forbidden", "allow secretsmanager:ListSecrets"),
        ([(404, "{}")], "not_found", "check AWS_ENDPOINT_URL"),
        ([refused("ThrottlingException", "Rate exceeded")], "rate_limited", "run it again later"),
        ([(429, "{}")], "rate_limited", "run it again later"),
        ([(500, "{}")], "server_error", "run it again later"),
        ([(200, '{"SecretList":[{"Name":"a"')], "malformed", "Check AWS_ENDPOINT_URL"),
        ([(200, "<html>sign in</html>")], "malformed", "Check AWS_ENDPOINT_URL"),
        ([(200, "")], "malformed", "Check AWS_ENDPOINT_URL"),
        ([(200, "null")], "malformed", "Check AWS_ENDPOINT_URL"),
        ([(200, '{"SecretList":[{"ARN":"arn:aws:1"}]}')], "malformed", "Check AWS_ENDPOINT_URL"),
        ([PAGE, (500, "{}")], "server_error", "run it again later"),
        ([PAGE], "repeated_page", "run it again"),
    ],
)
def test_each_fault_is_named_with_its_remedy_and_leaves_the_stored_registry(listing, failure_of, answers, reason, remedy):
    listing(*answers)
    line = failure_of("aws-secretsmanager://eu-west-1")
    assert line.last_attempt == reason
    assert line.message.startswith("AWS Secrets Manager ListSecrets in eu-west-1") and remedy in line.message


def test_a_listing_that_is_late_is_a_timeout(manager, answer_of, monkeypatch):
    def late(request: Request) -> Response:
        time.sleep(0.4)
        return Response("{}")

    monkeypatch.setattr("agent_spend.sources.key_registry.from_aws.TIMEOUT_SECONDS", (1, 0.05))
    monkeypatch.setattr("agent_spend.sources.key_registry.from_aws.MAX_ATTEMPTS", 1)
    with served(Request.application(late), Manager()) as manager:
        monkeypatch.setenv("AWS_ENDPOINT_URL", manager.url)
        assert answer_of("aws-secretsmanager://eu-west-1").reason == "timeout"


def test_a_passing_fault_is_retried(listing, rows_of):
    listing(refused("ThrottlingException"), (500, "{}"), (200, json.dumps({"SecretList": [ONE_KEY]})))
    assert rows_of("aws-secretsmanager://eu-west-1", "key_id") == [("apikey_01SimA",)]


def test_the_published_listing_is_read_once_its_secrets_have_tags(listing, rows_of, answer_of):
    """AWS API reference, ListSecrets, example: two secrets of others; the tags are ours."""
    stages = {"EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE": ["AWSCURRENT"]}
    published = [
        {"ARN": f"arn:aws:secretsmanager:us-west-2:123456789012:secret:{name}-a1b2c3", "Description": "My test database secret",
         "LastChangedDate": 1523477145.729, "Name": name, "SecretVersionsToStages": stages}
        for name in ("MyTestDatabaseSecret", "MyTestDatabaseSecret1")
    ]
    listing((200, json.dumps({"SecretList": published})))
    answer = answer_of("aws-secretsmanager://us-west-2")
    assert (answer.reason, answer.message) == ("empty_file", (
        "KEY_REGISTRY_URI in us-west-2: no secret has the tags vendor and key_id (or anthropic_api_key_id); "
        "2 secrets are listed, none of them has a tag"))
    tags = {"anthropic_api_key_id": "apikey_01SimA", "CostCenter": "CC-410", "Environment": "Production"}
    published[1]["Tags"] = [*({"Key": key, "Value": value} for key, value in tags.items()), {"Key": "without a value"}]
    listing((200, json.dumps({"SecretList": published})))
    assert rows_of("aws-secretsmanager://us-west-2", *COLUMNS) == [
        ("anthropic", "apikey_01SimA", "MyTestDatabaseSecret1", "production", "CC-410", None, "aws_secrets_manager")]
