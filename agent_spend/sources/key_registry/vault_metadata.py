"""HashiCorp's own client, hvac, bound to the metadata of one KV v2 mount and to the session that all vendors share."""

from urllib.parse import quote

import hvac
from hvac.adapters import Adapter

from agent_spend.errors import FeedError, State
from agent_spend.settings import secret
from agent_spend.sources.connection import ConnectionPool
from agent_spend.sources.http import Answer, VendorSession, error_text

#: What a proxy answers that lets standard methods through only.
_METHOD_REFUSED = (405, 501)


class MetadataOnly(Adapter):
    """How hvac sends: GET and LIST below the metadata of a mount; anything else is refused before it is sent.

    Redirects are not followed, so that the token stays with the host that was named. Certificates are those of hvac
    (``VAULT_CACERT``, ``VAULT_CLIENT_CERT``).
    """

    def __init__(self, *, root: str, **options):
        super().__init__(**options)
        self._root = root

        def authorize(headers: dict[str, str]) -> None:
            headers["X-Vault-Token"] = secret("VAULT_TOKEN")

        headers = {"X-Vault-Request": "true", **({"X-Vault-Namespace": self.namespace} if self.namespace else {})}
        self._vendor = VendorSession("vault", self.base_uri, authorize, headers=headers, transport=self._pool)

    def request(self, method: str, url: str, headers=None, raise_exception: bool = True, **kwargs) -> Answer:
        """The answer with status 200.

        Raises:
            FeedError: ``refused`` for what is not a metadata read; otherwise as the session raises, and what the status
                means.
        """
        where = f"{method.upper()} {url}"
        if method not in ("get", "list") or not url.startswith(self._root) or {".", ".."} & set(url.split("/")):
            raise FeedError("refused", f"vault {where}: only GET and LIST below {self._root} are ever sent")
        answer = self._vendor.request(method.upper(), url)
        if method == "list" and answer.status in _METHOD_REFUSED:
            answer = self._vendor.get(url, {"list": "true"})
        if answer.status != 200:
            raise _refusal(where, answer)
        return answer

    def _pool(self) -> ConnectionPool:
        pool = ConnectionPool()
        pool.cert, pool.verify = self.session.cert, self.session.verify
        return pool

    def get_login_token(self, response) -> str:
        """No login is ever made."""
        raise NotImplementedError


def vault_client(address: str, mount: str, namespace: str) -> hvac.Client:
    """A client for the metadata of ``mount`` only; the token is ``VAULT_TOKEN``, read when a request is signed."""
    return hvac.Client(
        address, token="", namespace=namespace or None, adapter=MetadataOnly, root=f"/v1/{quote(mount)}/metadata/"
    )


def _refusal(where: str, answer: Answer) -> FeedError:
    message = f"vault {where}: {answer.status} {error_text(answer)}"
    if answer.status == 403:
        # Vault answers 403 for a wrong token and for a missing right alike.
        remedy = "VAULT_TOKEN is wrong or expired, or lacks list and read on the mount's metadata/ paths"
        return FeedError("forbidden", f"{message}; {remedy}", State.FORBIDDEN)
    if answer.status == 401:
        return FeedError("unauthorized", f"{message}; VAULT_TOKEN is wrong or expired")
    if answer.status == 404:
        return FeedError("not_found", f"{message}; the path is empty, or the mount is not a KV version 2 engine")
    if answer.status in (301, 302, 307, 308):
        return FeedError("redirected", f"{message}; name the active node, {answer.headers.get('Location', 'unknown')}")
    return FeedError("server_error", message)
