"""What is known of a key besides its secret: CSV and JSON shapes, and the table of keys known on each day."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from agent_spend.errors import FeedError
from agent_spend.sources.contract import DAY, TEXT, Contract, column
from agent_spend.sources.dated import Dated, dates_of
from agent_spend.sources.lines import Line, refusal, squeezed
from agent_spend.sources.vendors import vendor_of

REQUIRED = ("vendor", "key_id", "environment", "cost_center", "owner_email")
OPTIONAL = ("key_name", "workspace_id", "valid_from", "valid_to")
#: Column -> how tags and headers name it besides its own name, squeezed; the first that is there counts.
WAYS = {
    "vendor": ("vendor",),
    "anthropic_id": ("anthropicapikeyid", "anthropickeyid"),
    "key_id": ("keyid", "apikeyid"),
    "key_name": ("keyname",),
    "environment": ("environment", "env"),
    "cost_center": ("costcenter", "costcentre"),
    "owner_email": ("owneremail", "owner"),
    "workspace_id": ("workspaceid",),
}
#: Anthropic's ids say whose they are.
ANTHROPIC_ID = "apikey_"

#: Fields that hold a secret in some export; squeezed, see :func:`agent_spend.sources.lines.squeezed`.
SECRET_FIELDS = frozenset(
    {
        "apikey", "password", "payload", "plaintext", "secret",
        "secretbinary", "secretstring", "secretvalue", "token", "value",
    }
)
# Whole keys of the vendors we know. A key hint with its middle left out ("sk-ant-api03-R2D...igAA") does not match.
# Nor does a name such as "risk-assessment-agent-production-eu": the prefix must start a word.
_KEY = re.compile(
    rb"(?<![A-Za-z0-9])(?:sk-ant-[a-z]+[0-9]+-[\w-]{20,}|sk-(?:proj-|svcacct-)?\w{20,}|(?:crsr|gh[opsur]|github_pat)_\w{20,})"
)

KEY_REGISTRY = Contract(
    {
        "usage_day": column(DAY, "UTC day this row describes"),
        "vendor": column(TEXT, "ledger name of the vendor that issued the key, e.g. anthropic"),
        "key_id": column(TEXT, "the vendor's public id of the key or service account, never the key"),
        "key_name": column(TEXT, "name of the key, or of the secret that stores it", nullable=True),
        "environment": column(TEXT, "prod, staging, dev ...; lower case; null means untagged", nullable=True),
        "other_environment": column(TEXT, "a second environment that the registry states for the key; null when it states one",
                                    nullable=True),
        "cost_center": column(TEXT, "cost centre; compare without case, one provider stores lower case", nullable=True),
        "owner_email": column(TEXT, "owner, lower case; as tagged, so it may name a group", nullable=True),
        "workspace_id": column(TEXT, "the vendor's workspace or project of the key", nullable=True),
        "source": column(TEXT, "csv, json, aws_list_secrets, aws_secrets_manager, vault, gcp_secret_manager"),
    },
    unique=["usage_day", "vendor", "key_id"],
)


class JsonEntry(msgspec.Struct):
    """One entry of a JSON list; the names are those of the CSV columns."""

    vendor: str
    key_id: str
    environment: str | None = None
    cost_center: str | None = None
    owner_email: str | None = None
    key_name: str | None = None
    workspace_id: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class AwsTag(msgspec.Struct, rename="pascal"):
    """AWS tags are a list of pairs, not a map; its reference requires neither half."""

    key: str = ""
    value: str = ""


class AwsSecret(msgspec.Struct, rename="pascal"):
    """One entry of ``ListSecrets``; ``Tags`` may be absent or empty."""

    name: str
    tags: list[AwsTag] | None = None


class AwsSecretList(msgspec.Struct, rename="pascal"):
    """The answer of ``ListSecrets``, or the output of ``aws secretsmanager list-secrets``."""

    secret_list: list[AwsSecret]
    next_token: str | None = None


def refuse_secrets(body: bytes, where: str) -> None:
    """Check that nothing in ``body`` looks like a whole vendor key.

    Raises:
        FeedError: ``refused``, naming the line and not its content.
    """
    match = _KEY.search(body)
    if match:
        number = body.count(b"\n", 0, match.start()) + 1
        raise FeedError("refused", f"{where} line {number} holds what looks like a whole key; remove it")


def refuse_secret_fields(document: object, where: str) -> None:
    """Check that no JSON object in ``document`` has a field that holds a secret; AWS's tag pairs are let through.

    Raises:
        FeedError: ``refused``, naming the field and not its content.
    """
    if isinstance(document, list):
        for entry in document:
            refuse_secret_fields(entry, where)
    elif isinstance(document, dict) and set(document) != {"Key", "Value"}:
        for name, inner in document.items():
            if squeezed(name) in SECRET_FIELDS:
                raise refusal(where, name)
            refuse_secret_fields(inner, where)


def is_hint(key_id: str) -> bool:
    """Whether it is what a console shows of a key with its middle left out; no vendor's report names a key so."""
    return bool(re.search(r"\.{2,}|…|\*{2,}", key_id))


def versions_of(lines: Iterable[Line], source: str) -> list[Dated]:
    """Dated rows of the given records; copies of a key that differ in its name only are one row.

    Args:
        source: value of the table's ``source`` column.

    Raises:
        FeedError: ``bad_value``, naming file, line and column.
    """
    versions: dict[tuple, Dated] = {}
    for line in lines:
        valid_from, valid_to = dates_of(line)
        if is_hint(line.required("key_id")):
            raise line.bad("key_id", "must be the key's id (Anthropic's begin with apikey_), no hint of the key")
        row = {
            "vendor": vendor_of(line, known_only=False),
            "key_id": line.required("key_id"),
            "key_name": line.text("key_name"),
            "environment": _lower(line.text("environment")),
            "other_environment": None,
            "cost_center": line.text("cost_center"),
            "owner_email": _lower(line.text("owner_email")),
            "workspace_id": line.text("workspace_id"),
            "source": source,
        }
        same = (*(value for name, value in row.items() if name != "key_name"), valid_from, valid_to)
        versions.setdefault(same, Dated(row, valid_from, valid_to, line.where))
    return list(versions.values())


def in_several_environments(rivals: Sequence[Dated]) -> Dated | None:
    """One row of a key that is registered in several environments: the first two by name, and only what all lines agree on.

    Returns:
        ``None`` where the environment is not what the lines differ in: one of them is wrong.
    """
    stated = {rival.row["environment"] for rival in rivals}
    if len(stated) < 2 or None in stated:
        return None
    first, second = sorted(stated)[:2]
    agreed = {name: value if all(rival.row[name] == value for rival in rivals) else None for name, value in rivals[0].row.items()}
    row = agreed | {"key_name": rivals[0].row["key_name"], "environment": first, "other_environment": second}
    return replace(rivals[0], row=row)


def _lower(value: str | None) -> str | None:
    return value.lower() if value else None
