"""The key registry as a file: a CSV, a JSON list, or the saved output of `aws secretsmanager list-secrets`."""

from dataclasses import replace

import msgspec

from agent_spend.errors import FeedError
from agent_spend.sources.dated import Versions
from agent_spend.sources.decoding import decode
from agent_spend.sources.files import SourceFile, read_file
from agent_spend.sources.key_registry import schema
from agent_spend.sources.key_registry.schema import AwsSecretList, JsonEntry
from agent_spend.sources.key_registry.tags import Tagged, registry_of
from agent_spend.sources.lines import SEPARATORS, Line, csv_lines

_REMEDY = "write a list of objects with vendor and key_id, or the output of `aws secretsmanager list-secrets`"


def read(setting: str, uri: str) -> Versions:
    """The registry in the file that ``uri`` names; ``.json`` is read as JSON, anything else as CSV.

    Raises:
        FeedError: ``refused`` when the file brings secrets along; otherwise as the file and its values deserve.
    """
    file = read_file(setting, uri)
    schema.refuse_secrets(file.content, file.name)
    if file.path.suffix.lower() == ".json":
        versions = _from_json(file)
    else:
        lines = csv_lines(
            file, schema.REQUIRED, schema.OPTIONAL, refused=schema.SECRET_FIELDS, separators=SEPARATORS, also=schema.WAYS
        )
        versions = Versions(schema.versions_of(lines, "csv"), ())
    return replace(versions, raw=(file.as_answer(),))


def _from_json(file: SourceFile) -> Versions:
    body = file.content.removeprefix(b"\xef\xbb\xbf")
    document = decode(body, object, file.name)
    schema.refuse_secret_fields(document, file.name)
    if isinstance(document, list) and any(isinstance(entry, dict) and "ARN" in entry for entry in document):
        document, body = {}, b'{"SecretList":' + body + b"}"
    if isinstance(document, dict):
        listing = decode(body, AwsSecretList, file.name, _REMEDY)
        if listing.next_token:
            message = f"{file.name} is one page of several (it has a NextToken); list again without --max-items"
            raise FeedError("truncated", message)
        return registry_of({"": tags_of(listing)}, file.name, "aws_list_secrets", "")
    entries = decode(body, list[JsonEntry], file.name, _REMEDY)
    if not entries:
        raise FeedError("empty_file", f"{file.name} is an empty list; nothing replaced")
    lines = [_line(file, number, entry) for number, entry in enumerate(entries, start=1)]
    return Versions(schema.versions_of(lines, "json"), ())


def _line(file: SourceFile, number: int, entry: JsonEntry) -> Line:
    values = {name: (value or "").strip() for name, value in msgspec.structs.asdict(entry).items()}
    return Line(file.name, number, values, "entry")


def tags_of(listing: AwsSecretList) -> list[Tagged]:
    """Name and tags of each secret of a ``ListSecrets`` answer."""
    return [(secret.name, {tag.key: tag.value for tag in secret.tags or ()}) for secret in listing.secret_list]
