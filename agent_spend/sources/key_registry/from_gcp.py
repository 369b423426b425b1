"""The key registry as labels and annotations in Google Secret Manager: the list method only, never a version."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec

from agent_spend.errors import FeedError, State
from agent_spend.settings import env, secret
from agent_spend.sources.dated import Versions
from agent_spend.sources.decoding import decode
from agent_spend.sources.http import Answer, VendorSession, error_text
from agent_spend.sources.key_registry.tags import Tagged, registry_of

API_URL = "https://secretmanager.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_PAGE_SIZE = 1000


class Entry(msgspec.Struct):
    """One secret. Labels are lower case by rule; annotations keep the case of a key id or cost centre."""

    name: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Page(msgspec.Struct, rename="camel"):
    """Answer of the list method; a project without secrets answers an empty object."""

    secrets: list[Entry] = []
    next_page_token: str = ""


def read(setting: str, uri: str) -> Versions:
    """The registry of ``gcp-secretmanager://<project>[/<location>][,...]``; of a name in both, the annotation counts.

    A project's regional secrets are a listing of their own at each location.

    The access token is ``GOOGLE_OAUTH_ACCESS_TOKEN`` where set, else Google's application default credentials
    (which need google-auth). ``GCP_SECRETMANAGER_API_URL`` replaces the public endpoint.

    Raises:
        FeedError: ``not_installed``, ``unauthorized``, ``forbidden``, ``not_found``, ``missing_field`` or as the
            session raises; ``empty_file`` when no secret names a key. One failed project fails all.
    """
    places = [place.strip() for place in uri.partition("://")[2].split(",") if place.strip()]
    if not places:
        raise FeedError("bad_value", f"{setting}: name the projects, e.g. gcp-secretmanager://my-project")
    token = _access_token()

    def authorize(headers: dict[str, str]) -> None:
        headers["Authorization"] = f"Bearer {token()}"

    listed = {place: _secrets(place, authorize) for place in places}
    return registry_of(listed, setting, "gcp_secret_manager", f"{API_URL}/v1/projects/")


def _secrets(place: str, authorize: Callable[[dict[str, str]], None]) -> Iterator[Tagged]:
    project, _, location = place.partition("/")
    url = API_URL.replace("secretmanager", f"secretmanager.{location}.rep") if location else API_URL
    session = VendorSession("gcp", env("GCP_SECRETMANAGER_API_URL", url).rstrip("/"), authorize)
    path, token = f"/v1/projects/{quote(project)}{f'/locations/{quote(location)}' if location else ''}/secrets", ""
    seen = set()
    while True:
        answer = session.get(path, {"pageSize": _PAGE_SIZE, **({"pageToken": token} if token else {})})
        if answer.status != 200:
            raise _refusal(f"GET {path}", answer)
        page = decode(answer.body, Page, f"gcp GET {path}")
        for entry in page.secrets:
            yield entry.name.rsplit("/", 1)[-1], {**entry.labels, **entry.annotations}
        token = page.next_page_token
        if not token:
            return
        if token in seen:
            raise FeedError("repeated_page", f"gcp GET {path}: the same page came twice; nothing was stored")
        seen.add(token)


def _access_token():
    """A function that gives a valid token each time a request is signed."""
    if env("GOOGLE_OAUTH_ACCESS_TOKEN"):
        return lambda: secret("GOOGLE_OAUTH_ACCESS_TOKEN")
    try:
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request
    except ImportError:
        message = "Google's default credentials need google-auth: install agent-spend[gcp]"
        raise FeedError("not_installed", f"{message} or set GOOGLE_OAUTH_ACCESS_TOKEN") from None
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except GoogleAuthError as error:
        raise FeedError("unauthorized", f"gcp: {error}") from None

    def token() -> str:
        if not credentials.valid:
            try:
                credentials.refresh(Request())
            except GoogleAuthError as error:
                raise FeedError("unauthorized", f"gcp: {error}") from None
        return credentials.token

    return token


def _refusal(where: str, answer: Answer) -> FeedError:
    message = f"gcp {where}: {answer.status} {error_text(answer)}"
    if answer.status == 401:
        return FeedError("unauthorized", f"{message}; the access token is wrong or expired")
    if answer.status == 403:
        remedy = "grant roles/secretmanager.viewer, and enable the Secret Manager API in the project"
        return FeedError("forbidden", f"{message}; {remedy}", State.FORBIDDEN)
    if answer.status == 404:
        return FeedError("not_found", f"{message}; check the project's id")
    return FeedError("server_error", message)
