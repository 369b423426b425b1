"""Secret managers on loopback that keep a log of every request: moto for AWS, the documented answers of the others."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

#: What the secrets themselves hold; no test may ever see it outside the manager.
CANARY = "correct-horse-battery-staple"


@dataclass
class Manager:
    """A running manager; ``requests`` has one line a request received: method and path, or AWS's operation.

    ``seconds`` is how long it thinks before it answers.
    """

    url: str = ""
    seconds: float = 0
    requests: list[str] = field(default_factory=list)
    answers: list[tuple[int, dict, str]] = field(default_factory=list)


@contextmanager
def served(application, manager: Manager) -> Iterator[Manager]:
    """Serve a WSGI application on a free port of loopback."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    manager.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield manager
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()


@contextmanager
def aws() -> Iterator[Manager]:
    """Moto's Secrets Manager behind a log of operations."""
    from moto.server import DomainDispatcherApplication, create_backend_app

    manager, backend = Manager(), DomainDispatcherApplication(create_backend_app)

    def logged(environ, start_response):
        manager.requests.append(environ.get("HTTP_X_AMZ_TARGET", environ["PATH_INFO"]).rpartition(".")[2])
        return backend(environ, start_response)

    with served(logged, manager):
        yield manager


@contextmanager
def vault(
    secrets: dict[str, dict | None], *, mount: str = "kv", token: str = "hvs.sim", namespace: str = "", no_list: int = 0
) -> Iterator[Manager]:
    """Vault's KV version 2: ``secrets`` maps full names to their custom metadata (``None`` where there is none).

    ``namespace`` is the one that holds the mount; ``no_list`` is what a proxy in front answers to the method LIST.
    ``manager.answers`` holds answers that go first, as status, headers and body.
    """
    manager = Manager()

    def answer(request: Request) -> Response:
        manager.requests.append(f"{request.method} {request.path}" + (" list" if request.args.get("list") else ""))
        time.sleep(manager.seconds)
        if manager.answers:
            status, headers, body = manager.answers.pop(0)
            return Response(body, status, headers)
        if request.method == "LIST" and no_list:
            return Response("Method Not Allowed", no_list)
        if request.headers.get("X-Vault-Namespace", "").strip("/") != namespace:
            return _json({"errors": ["permission denied"]}, 403)
        if request.headers.get("X-Vault-Token") != token:
            return _json({"errors": ["permission denied"]}, 403)
        head, _, name = request.path.partition(f"/v1/{mount}/metadata")
        if head or not request.path.startswith(f"/v1/{mount}/metadata"):
            return _json({"data": {"data": {"key": CANARY}}})
        name = name.lstrip("/")
        if request.method == "LIST" or request.args.get("list") == "true":
            below = [full.removeprefix(name) for full in secrets if full.startswith(name) and full != name]
            keys = sorted({part.partition("/")[0] + ("/" if "/" in part else "") for part in below})
            envelope = {"request_id": "2f1c", "lease_id": "", "renewable": False, "lease_duration": 0, "auth": None}
            return _json({**envelope, "data": {"keys": keys}}) if keys else _json({"errors": []}, 404)
        if name not in secrets:
            return _json({"errors": []}, 404)
        return _json(
            {
                "data": {
                    "custom_metadata": secrets[name], "current_version": 3, "oldest_version": 0, "max_versions": 0,
                    "created_time": "2026-06-01T00:00:00Z", "updated_time": "2026-11-01T00:00:00Z",
                    "cas_required": False, "delete_version_after": "0s",
                    "versions": {"3": {"created_time": "2026-11-01T00:00:00Z", "destroyed": False}},
                }
            }
        )  # fmt: skip

    with served(Request.application(answer), manager):
        yield manager


@contextmanager
def gcp(projects: dict[str, list[dict]], *, token: str = "ya29.sim", page_size: int = 2) -> Iterator[Manager]:
    """Google Secret Manager: ``projects`` maps ``project`` or ``project/location`` to secrets; pages are short."""
    manager = Manager()

    def answer(request: Request) -> Response:
        manager.requests.append(f"{request.method} {request.path}")
        time.sleep(manager.seconds)
        if manager.answers:
            status, headers, body = manager.answers.pop(0)
            return Response(body, status, headers)
        if request.path == "/token":
            return _json({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})
        if request.headers.get("Authorization") != f"Bearer {token}":
            return _json({"error": {"code": 401, "message": "Invalid credentials", "status": "UNAUTHENTICATED"}}, 401)
        parts = request.path.strip("/").split("/")
        if ":access" in request.path or parts[-1] != "secrets":
            return _json({"payload": {"data": CANARY}})
        place = parts[2] if len(parts) == 4 else f"{parts[2]}/{parts[4]}"
        if place not in projects:
            message = f"Permission 'secretmanager.secrets.list' denied for {place}"
            return _json({"error": {"code": 403, "message": message, "status": "PERMISSION_DENIED"}}, 403)
        start = int(dict(parse_qsl(urlsplit(request.url).query)).get("pageToken", "0"))
        entries = projects[place]
        more = str(start + page_size) if start + page_size < len(entries) else ""
        page = [{"createTime": "2026-06-01T00:00:00Z", "etag": '"1"', "replication": {"automatic": {}}, **entry}
                for entry in entries[start : start + page_size]]
        return _json({"secrets": page, "nextPageToken": more, "totalSize": len(entries)} if entries else {})

    with served(Request.application(answer), manager):
        yield manager


def _json(document: dict, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
