"""A real HTTP server that answers GitHub's paths with whatever a test wants, however broken."""

import threading
from collections import defaultdict
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

LINK = "/files/part-{n}.json?se=2026-11-18T10%3A00%3A00Z&sig=abc"
#: Makes a retried status cost no waiting in a test.
NOW = {"Retry-After": "0"}


class FakeGitHub:
    """``answer(path, ...)`` queues answers for a path, the last one stays; ``requests`` lists them all.

    ``connections`` counts how often somebody connected.
    """

    def __init__(self, url: str):
        self.url = url
        self.answers: dict[str, list[tuple[int, dict, bytes]]] = defaultdict(list)
        self.requests: list[tuple[str, dict]] = []
        self.connections = 0

    def answer(self, path: str, body: bytes | str = b"", status: int = 200, headers: dict | None = None) -> None:
        body = body.encode() if isinstance(body, str) else body
        self.answers[path].append((status, headers or {}, body))

    def envelope(self, path: str, shards: int = 1, day: str = "2026-11-18") -> None:
        links = ",".join(f'"{self.url}{LINK.format(n=n)}"' for n in range(shards))
        self.answer(path, f'{{"download_links":[{links}],"report_day":"{day}"}}')

    def asked(self, path: str) -> int:
        """How often ``path`` was asked, whatever the query."""
        return sum(urlsplit(target).path == path for target, _ in self.requests)

    def next_answer(self, target: str, headers: dict) -> tuple[int, dict, bytes]:
        self.requests.append((target, headers))
        queue = self.answers.get(urlsplit(target).path)
        if not queue:
            return 404, {}, b'{"message":"Not Found","status":"404"}'
        return queue.pop(0) if len(queue) > 1 else queue[0]


@contextmanager
def fake_github():
    """A running server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            fake.connections += 1

        def do_GET(self):
            status, headers, body = fake.next_answer(self.path, dict(self.headers))
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if status == 204 else body)

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *args):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeGitHub(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
