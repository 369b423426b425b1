"""The key registry as custom metadata in HashiCorp Vault's KV v2 engine: `metadata/` paths only, never `data/`."""

import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import msgspec

from agent_spend.errors import FeedError, State
from agent_spend.settings import env, secret
from agent_spend.sources.feed import decode
from agent_spend.sources.http import Answer, VendorSession, error_text
from agent_spend.sources.key_registry import schema
from agent_spend.sources.key_registry.schema import Registry


class Keys(msgspec.Struct):
    """Names in one folder."""

    keys: list[str]


class Folder(msgspec.Struct):
    """Answer of a list; a name that ends in a slash is a folder."""

    data: Keys


class Metadata(msgspec.Struct):
    """What people wrote about a secret; null when nobody did."""

    custom_metadata: dict[str, str] | None = None


class Secret(msgspec.Struct):
    """Answer of a metadata read; Vault holds the secret itself under another path."""

    data: Metadata


def read(setting: str, uri: str) -> Registry:
    """The registry below ``vault+https://<host>[:port]/<mount>[/<path>]``, folders included.

    The token is ``VAULT_TOKEN``, the namespace ``VAULT_NAMESPACE`` where there is one. Vault has no bulk read: one
    request a folder and one a secret.

    Raises:
        FeedError: ``forbidden``, ``not_found``, ``missing_field`` or as the session raises; ``empty_file`` when no
            secret names a key. One unreadable secret fails all.
    """
    parts = urlsplit(uri.removeprefix("vault+"))
    mount, _, path = parts.path.strip("/").partition("/")
    if not mount or parts.username or parts.query:
        raise FeedError("bad_value", f"{setting}: write vault+https://host/mount/path, and the token in VAULT_TOKEN")
    namespace = env("VAULT_NAMESPACE")

    def authorize(headers: dict[str, str]) -> None:
        headers["X-Vault-Token"] = secret("VAULT_TOKEN")

    session = VendorSession(
        "vault", f"{parts.scheme}://{parts.netloc}", authorize,
        headers={"X-Vault-Namespace": namespace} if namespace else None,
    )
    root = f"/v1/{quote(mount)}/metadata"
    tagged = [(name, _tags(session, f"{root}/{quote(name)}")) for name in _names(session, root, path)]
    lines, note = schema.tagged_lines(tagged, setting)
    if not lines:
        raise schema.no_keys(f"{setting} below {mount}/{path}")
    taken = {line.values["secret"] for line in lines}
    evidence = json.dumps([{"name": name, "custom_metadata": tags} for name, tags in tagged if name in taken]).encode()
    schema.refuse_secrets(evidence, setting)
    raw = (Answer(f"{session.base_url}{root}/{path}", 200, {}, evidence),)
    return Registry(schema.versions_of(lines, "vault"), note, raw)


def _names(session: VendorSession, root: str, path: str, *, is_inner: bool = False) -> Iterator[str]:
    """Full names of every secret below ``path``. A folder that empties while it is read answers 404, as a wrong path does."""
    folder = f"{path.strip('/')}/" if path.strip("/") else ""
    where = f"{root}/{quote(folder)}"
    answer = session.get(where, {"list": "true"})
    if answer.status == 404 and is_inner:
        return
    if answer.status != 200:
        raise _refusal(f"LIST {where}", answer)
    for name in decode(answer.body, Folder, f"vault LIST {where}").data.keys:
        if name.endswith("/"):
            yield from _names(session, root, folder + name, is_inner=True)
        else:
            yield folder + name


def _tags(session: VendorSession, path: str) -> dict[str, str]:
    answer = session.get(path)
    if answer.status != 200:
        raise _refusal(f"GET {path}", answer)
    return decode(answer.body, Secret, f"vault GET {path}").data.custom_metadata or {}


def _refusal(where: str, answer: Answer) -> FeedError:
    message = f"vault {where}: {answer.status} {error_text(answer)}"
    if answer.status == 403:
        # Vault answers 403 for a wrong token and for a missing right alike.
        remedy = "VAULT_TOKEN is wrong or expired, or lacks list and read on the mount's metadata/ paths"
        return FeedError("forbidden", f"{message}; {remedy}", State.FORBIDDEN)
    if answer.status == 404:
        return FeedError("not_found", f"{message}; the path is empty, or the mount is not a KV version 2 engine")
    return FeedError("server_error", message)
