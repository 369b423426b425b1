"""The key registry from a file: metadata in, secrets refused."""

import json
from datetime import date

import pytest

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.key_registry.assets import FEEDS

[FEED] = FEEDS
NINTH, TENTH = date(2026, 11, 9), date(2026, 11, 10)
CSV = "vendor,key_id,key_name,environment,cost_center,owner_email,workspace_id"
CONTENT = "correct-horse-battery"


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Writes the file, asks for days, returns the answers in the order asked."""

    def ask(content, *days: date, name="keys.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        monkeypatch.setenv("KEY_REGISTRY_URI", str(path))
        answers = {answer.day: answer for answer in FEED.fetch(days or [TENTH], Settings.from_environment())}
        return [answers[day] for day in days or [TENTH]]

    return ask


def stored(answer):
    assert answer.state is State.AVAILABLE, answer.message
    return FEED.table(answer).to_pylist()


def aws_secret(name: str, **tags: str) -> dict:
    arn = f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}-AbCdEf"
    return {
        "ARN": arn, "Name": name, "CreatedDate": 1767225600.0, "LastChangedDate": 1767312000.0,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "SecretVersionsToStages": {"5f0c": ["AWSCURRENT"]},
    }  # fmt: skip


def test_a_csv_line_becomes_a_row(registry):
    line = "Anthropic,apikey_01SimAda,ada laptop,Prod,CC-410,Ada@Acme.test,wrkspc_01SimProd"
    [answer] = registry(f"{CSV}\n{line}\n", TENTH, name="keys.csv")
    assert stored(answer) == [
        {
            "usage_day": TENTH, "vendor": "anthropic", "key_id": "apikey_01SimAda", "key_name": "ada laptop",
            "environment": "prod", "other_environment": None, "cost_center": "CC-410",
                "owner_email": "ada@acme.test",
            "workspace_id": "wrkspc_01SimProd", "source": "csv",
        }
    ]  # fmt: skip


def test_an_empty_tag_is_unknown(registry):
    [answer] = registry(f"{CSV}\nGitHub Copilot,k1,,,,,\n", name="keys.csv")
    [row] = stored(answer)
    assert (row["vendor"], row["environment"], row["cost_center"], row["owner_email"]) == (
        "github_copilot", None, None, None
    )  # fmt: skip


def test_a_key_counts_between_its_dates_only(registry):
    text = "vendor,key_id,environment,cost_center,owner_email,valid_from,valid_to\n"
    text += "anthropic,old,prod,CC-1,a@x.test,,2026-11-09\nanthropic,new,prod,CC-1,a@x.test,2026-11-10,\n"
    answers = registry(text, NINTH, TENTH, name="keys.csv")
    assert [[row["key_id"] for row in stored(answer)] for answer in answers] == [["old"], ["new"]]


def test_a_csv_without_the_tag_columns_is_not_a_registry_of_untagged_keys(registry):
    [answer] = registry("vendor,key_id,env\nanthropic,k1,prod\n", name="keys.csv")
    assert answer.reason == "missing_field"
    assert "column cost_center is missing; found: vendor, key_id, env" in answer.message


def test_a_csv_may_name_its_columns_as_tags_are_named(registry):
    [answer] = registry("Vendor;API Key ID;Env;Cost Centre;Owner\nClaude;apikey_01SimA;Prod;CC-410;Ada@Acme.test\n", name="k.csv")
    [row] = stored(answer)
    assert (row["vendor"], row["key_id"], row["environment"], row["cost_center"], row["owner_email"]) == (
        "anthropic", "apikey_01SimA", "prod", "CC-410", "ada@acme.test")


def test_a_line_that_names_a_key_by_its_hint_says_what_an_id_is(registry):
    [answer] = registry(f"{CSV}\nanthropic,sk-ant-api03-9Qx...vwAA,,prod,CC-1,,\n", name="keys.csv")
    assert answer.reason == "bad_value"
    assert "keys.csv line 2: key_id must be the key's id (Anthropic's begin with apikey_), no hint" in answer.message


def test_a_json_list_has_the_names_of_the_csv_columns(registry):
    entry = {"vendor": "cursor", "key_id": "sa_1", "environment": "staging", "cost_center": "CC-2", "extra": {"a": [1]}}
    [answer] = registry([entry])
    [row] = stored(answer)
    assert (row["vendor"], row["key_id"], row["environment"], row["cost_center"], row["source"]) == (
        "cursor", "sa_1", "staging", "CC-2", "json"
    )  # fmt: skip


def test_a_json_entry_without_key_id_is_named_by_its_place(registry):
    [answer] = registry([{"vendor": "cursor", "key_id": "sa_1"}, {"vendor": "cursor"}])
    assert answer.reason == "missing_field"
    assert "missing required field `key_id`" in answer.message and "$[1]" in answer.message


def test_a_json_date_that_is_none_is_named_by_its_place(registry):
    [answer] = registry([{"vendor": "cursor", "key_id": "sa_1", "valid_from": "soon"}])
    assert "entry 1: valid_from must be a day written YYYY-MM-DD, not 'soon'" in answer.message


def test_an_aws_listing_gives_the_tags_of_each_secret(registry):
    listing = {
        "SecretList": [
            aws_secret(
                "prod/anthropic/checkout", anthropic_api_key_id="apikey_01SimAda", environment="prod",
                cost_center="CC-410", owner="Payments-Oncall",
            ),
            aws_secret("ci/cursor", vendor="cursor", key_id="sa_ci", CostCenter="CC-420", Environment="Staging"),
            {"Name": "database/main", "ARN": "arn:aws:secretsmanager:x"},
            aws_secret("untagged"),
        ]
    }  # fmt: skip
    [answer] = registry(listing)
    columns = ("vendor", "key_id", "key_name", "environment", "cost_center", "owner_email")
    assert [tuple(row[name] for name in columns) for row in stored(answer)] == [
        ("anthropic", "apikey_01SimAda", "prod/anthropic/checkout", "prod", "CC-410", "payments-oncall"),
        ("cursor", "sa_ci", "ci/cursor", "staging", "CC-420", None),
    ]
    assert {row["source"] for row in answer.rows} == {"aws_list_secrets"}


def test_a_secret_that_names_a_vendor_but_no_key_is_counted_in_the_message(registry):
    listing = {"SecretList": [aws_secret("a", vendor="anthropic", key_id="k1"), aws_secret("b", vendor="anthropic")]}
    [answer] = registry(listing)
    assert len(stored(answer)) == 1
    assert answer.message == "1 secrets name a vendor or a key id but not both and were left out: b"


def test_the_bare_list_of_secrets_is_read_as_the_whole_answer(registry):
    """As `aws secretsmanager list-secrets --query SecretList` prints it."""
    [answer] = registry([aws_secret("database"), aws_secret("a", anthropic_api_key_id="k1", environment="prod")])
    assert [(row["key_id"], row["source"]) for row in stored(answer)] == [("k1", "aws_list_secrets")]


@pytest.mark.parametrize("tags", [
    {"AnthropicApiKeyId": "apikey_1", "Env": "Prod", "Cost-Centre": "CC-1", "OWNER": "a@x.test"},
    {"agent-spend/key-id": "apikey_1", "agent-spend/environment": "prod", "agent-spend/cost_center": "CC-1",
     "agent-spend/owner": "a@x.test"},
    {"acme:ai:ApiKeyId": "apikey_1", "acme:env": "prod", "acme:billing:CostCenter": "CC-1", "acme:Owner": "a@x.test",
     "aws:cloudformation:environment": "stack"},
    {"agent_spend_vendor": "Claude", "agent_spend_key_id": "apikey_1", "agent_spend_cost_center": "CC-1", "cost_center": "CC-9",
     "platform/cost_center": "CC-8", "environment": "prod", "owner": "a@x.test"},
], ids=["any case", "our prefix", "the company's prefix", "ours goes first"])  # fmt: skip
def test_tags_are_read_as_companies_write_them(registry, tags):
    [answer] = registry({"SecretList": [aws_secret("app", **tags)]})
    [row] = stored(answer)
    assert (row["vendor"], row["key_id"], row["environment"], row["cost_center"], row["owner_email"]) == (
        "anthropic", "apikey_1", "prod", "CC-1", "a@x.test")


def test_one_secret_may_hold_keys_of_two_vendors(registry):
    tags = {"anthropic_api_key_id": "apikey_1, apikey_2", "vendor": "cursor", "key_id": "sa_ci", "cost_center": "CC-1"}
    [answer] = registry({"SecretList": [aws_secret("bundle", **tags)]})
    assert [(row["vendor"], row["key_id"], row["cost_center"]) for row in stored(answer)] == [
        ("anthropic", "apikey_1", "CC-1"), ("anthropic", "apikey_2", "CC-1"), ("cursor", "sa_ci", "CC-1")]


def test_a_secret_that_names_its_key_by_a_hint_is_named_with_the_remedy(registry):
    secrets = [aws_secret("a", anthropic_api_key_id="k1"), aws_secret("b", anthropic_api_key_id="sk-ant-api03-9Qx...vwAA")]
    [answer] = registry({"SecretList": secrets})
    assert [row["key_id"] for row in stored(answer)] == ["k1"]
    assert answer.message == ("1 secrets name a key by its hint, not by its id (apikey_..., as the feed claude_api_keys shows "
                              "it) and were left out: b")


def test_a_listing_without_keys_tells_the_tags_it_has(registry):
    [answer] = registry({"SecretList": [aws_secret("a", team="x", anthropic_key="k1"), aws_secret("b", vendor="anthropic")]})
    assert answer.message.endswith(
        "2 secrets are listed, their tags are anthropic_key, team, vendor; "
        "1 secrets name a vendor or a key id but not both and were left out: b")


def test_a_secret_replicated_to_two_regions_is_one_key(registry):
    tags = {"anthropic_api_key_id": "k1", "environment": "prod", "cost_center": "CC-1"}
    [answer] = registry({"SecretList": [aws_secret("eu/app", **tags), aws_secret("us/app", **tags)]})
    assert [row["key_name"] for row in stored(answer)] == ["eu/app"]


def test_one_key_tagged_with_two_environments_is_one_row_with_both_and_with_what_they_agree_on(registry):
    secrets = [
        aws_secret("a", anthropic_api_key_id="k1", environment="prod", cost_center="CC-1", owner="ada@acme.test"),
        aws_secret("b", anthropic_api_key_id="k1", environment="dev", cost_center="CC-2", owner="ada@acme.test"),
    ]
    [answer] = registry({"SecretList": secrets})
    [row] = stored(answer)
    assert (row["environment"], row["other_environment"], row["cost_center"], row["owner_email"]) == (
        "dev", "prod", None, "ada@acme.test")


@pytest.mark.parametrize("tag", [{"environment": ""}, {"cost_center": "CC-2"}, {"owner": "ben@acme.test"}])
def test_one_key_with_contradicting_tags_of_one_environment_is_refused_with_both_places(registry, tag):
    same = {"environment": "prod", "cost_center": "CC-1", "owner": "ada@acme.test"}
    secrets = [aws_secret("a", anthropic_api_key_id="k1", **same), aws_secret("b", anthropic_api_key_id="k1", **same | tag)]
    [answer] = registry({"SecretList": secrets})
    assert answer.reason == "duplicate"
    assert "keys.json a secret 1 and" in answer.message and "keys.json b secret 2" in answer.message


@pytest.mark.parametrize("field", ["SecretString", "SecretBinary", "value", "secret_value", "api_key", "Password"])
def test_a_json_object_with_a_secret_is_refused_without_its_content(registry, field):
    [answer] = registry([{"vendor": "cursor", "key_id": "sa_1", field: CONTENT}])
    assert (answer.reason, answer.is_data, list(answer.raw)) == ("refused", False, [])
    assert f"field {field} may hold a secret" in answer.message
    assert CONTENT not in answer.message


def test_a_secret_inside_an_aws_listing_is_refused(registry):
    secret = aws_secret("a", anthropic_api_key_id="k1") | {"SecretString": CONTENT}
    [answer] = registry({"SecretList": [secret]})
    assert answer.reason == "refused"
    assert "SecretString" in answer.message and CONTENT not in answer.message


def test_a_csv_column_for_secrets_is_refused(registry):
    [answer] = registry(f"{CSV},Secret Value\nanthropic,k1,,,,,,{CONTENT}\n", name="keys.csv")
    assert answer.reason == "refused"
    assert "Secret Value" in answer.message and CONTENT not in answer.message


@pytest.mark.parametrize(
    "key", ["sk-ant-api03-" + "a1-B2_" * 10, "sk-proj-" + "a1B2" * 10, "crsr_" + "0f" * 32, "ghp_" + "a1B2" * 9]
)
def test_a_whole_vendor_key_anywhere_is_refused_by_line(registry, key):
    [answer] = registry(f"{CSV}\nanthropic,k0,,,,,\nanthropic,k1,{key},,,,\n", name="keys.csv")
    assert answer.reason == "refused"
    assert "keys.csv line 3 holds what looks like a whole key" in answer.message and key not in answer.message


@pytest.mark.parametrize("name", ["sk-ant-api03-R2D...igAA", "risk-assessment-agent-production-eu", "desk-" + "a" * 40])
def test_a_key_hint_or_a_long_name_is_metadata(registry, name):
    [answer] = registry([{"vendor": "anthropic", "key_id": "k1", "key_name": name}])
    assert stored(answer)[0]["key_name"] == name


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "empty_file"),
        ({"SecretList": []}, "empty_file"),
        ({"SecretList": [{"Name": "database/main"}]}, "empty_file"),
        ({"SecretList": [], "NextToken": "abc"}, "truncated"),
        ({"Secrets": []}, "missing_field"),
        ("{not json", "malformed"),
        ('[{"vendor": "cursor", "key_id"', "malformed"),
    ],
)
def test_a_document_that_holds_no_registry_is_an_error(registry, document, reason):
    [answer] = registry(document)
    assert (answer.reason, answer.is_data) == (reason, False)


def test_a_day_before_any_key_is_zero(registry):
    [answer] = registry([{"vendor": "cursor", "key_id": "sa_1", "valid_from": "2026-11-10"}], NINTH)
    assert (answer.state, list(answer.rows)) == (State.ZERO, [])
