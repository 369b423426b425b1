"""The key registry as custom metadata in HashiCorp Vault's KV v2 engine: `metadata/` paths only, never `data/`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from agent_spend.errors import FeedError
from agent_spend.settings import env
from agent_spend.sources.dated import Versions
from agent_spend.sources.decoding import decode
from agent_spend.sources.key_registry.tags import registry_of


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


def read(setting: str, uri: str) -> Versions:
    """The registry below ``vault+https://<host>[:port]/<mount>[/<path>]``, folders included.

    The token is ``VAULT_TOKEN``, the namespace ``VAULT_NAMESPACE`` where there is one. Vault has no bulk read: one
    request a folder and one a secret.

    Raises:
        FeedError: ``not_installed`` without hvac, ``forbidden``, ``not_found``, ``missing_field`` or as the session
            raises; ``empty_file`` when no secret names a key. One unreadable secret fails all.
    """
    parts = urlsplit(uri.removeprefix("vault+"))
    mount, _, path = parts.path.strip("/").partition("/")
    if not mount or parts.username or parts.query:
        raise FeedError("bad_value", f"{setting}: write vault+https://host/mount/path, and the token in VAULT_TOKEN")
    try:
        from agent_spend.sources.key_registry.vault_metadata import vault_client
    except ImportError:
        raise FeedError("not_installed", "reading Vault needs hvac: install agent-spend[vault]") from None
    address = f"{parts.scheme}://{parts.netloc}"
    kv = vault_client(address, mount, env("VAULT_NAMESPACE")).secrets.kv.v2
    below = f"{mount}/{path.strip('/')}"
    tagged = [(name, _tags(kv, mount, name)) for name in _names(kv, mount, path.strip("/"))]
    return registry_of({below: tagged}, setting, "vault", f"{address}/v1/{mount}/metadata#")


def _names(kv, mount: str, path: str, *, is_inner: bool = False) -> Iterator[str]:
    """Full names of every secret below ``path``. A folder that empties while it is read answers 404, as a wrong path does."""
    folder = f"{path.strip('/')}/" if path else ""
    try:
        answer = kv.list_secrets(path=folder, mount_point=mount)
    except FeedError as error:
        if is_inner and error.reason == "not_found":
            return
        raise
    for name in decode(answer.body, Folder, f"vault LIST {mount}/metadata/{folder}").data.keys:
        if name.endswith("/"):
            yield from _names(kv, mount, folder + name, is_inner=True)
        else:
            yield folder + name


def _tags(kv, mount: str, name: str) -> dict[str, str]:
    try:
        answer = kv.read_secret_metadata(path=name, mount_point=mount)
    except FeedError as error:
        if error.reason == "not_found":  # removed since it was listed
            return {}
        raise
    return decode(answer.body, Secret, f"vault GET {mount}/metadata/{name}").data.custom_metadata or {}
