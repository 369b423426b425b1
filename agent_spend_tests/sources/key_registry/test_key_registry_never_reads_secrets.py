"""No line of the key registry's code can ask a secret manager for a secret's value."""

import re
from pathlib import Path

import pytest

import agent_spend.sources.key_registry as package

SOURCES = sorted(Path(package.__file__).parent.glob("*.py"))
#: The one operation of each manager that gives a value, in every spelling its clients use.
READS_A_VALUE = (
    r"get_?secret_?value|batch_?get|get_?random|/data/|:access|access_?secret_?version|read_secret(?!_metadata)|kv\.v1"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_names_an_operation_that_reads_a_value(path):
    assert re.findall(READS_A_VALUE, path.read_text(encoding="utf-8"), re.IGNORECASE) == []


def test_nothing_else_in_the_project_talks_to_a_secret_manager():
    root = Path(package.__file__).parents[2]
    talks = re.compile(r"secretsmanager\"|hvac|X-Vault-Token|secretmanager\.googleapis|get_?secret_?value|:access\b", re.I)
    others = [path for path in root.rglob("*.py") if path.parent != Path(package.__file__).parent]
    assert [path.name for path in others if talks.search(path.read_text(encoding="utf-8"))] == []


def test_boto3_is_asked_for_one_operation_only():
    text = (Path(package.__file__).parent / "from_aws.py").read_text(encoding="utf-8")
    assert re.findall(r"client\.(\w+)\(", text) == ["get_paginator"]
    assert re.findall(r"get_paginator\((.*?)\)", text) == ['"list_secrets"']


def test_hvac_is_asked_for_two_operations_only():
    text = (Path(package.__file__).parent / "from_vault.py").read_text(encoding="utf-8")
    assert re.findall(r"kv\.(\w+)\(", text) == ["list_secrets", "read_secret_metadata"]


def test_an_unknown_scheme_lists_the_known_ones(answer_of):
    answer = answer_of("azure-keyvault://vault")
    assert answer.reason == "bad_value"
    assert "azure-keyvault:// is not one of a path, file://, aws-secretsmanager://, vault+https://" in answer.message
