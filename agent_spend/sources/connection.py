"""Connections to a vendor, and how a body comes through them: whole or into a file, in bounded time, without the secret."""

import base64
import io
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3

from agent_spend.sources.answers import CHUNK_BYTES, Answer, Download, TooLarge

#: A body that is not there after this many seconds must come at this many bytes a second, and be there after these seconds.
PATIENT_SECONDS, LEAST_BYTES_A_SECOND, LONGEST_SECONDS = 60, 10_000, 7200
#: An answer larger than this is none of a vendor; downloads, which wait on disk, may be.
LARGEST_BYTES = 1 << 28


class ConnectionPool(requests.Session):
    """Connections of one thread, through the proxy and with the certificates that the environment names for a host.

    Credentials are the caller's alone: those of a ``.netrc`` would replace a vendor's token, and be sent to a download host.
    """

    def __init__(self):
        super().__init__()
        self.auth = lambda request: request
        self._of_hosts: dict[tuple, dict] = {}

    def merge_environment_settings(self, url, *settings):
        """As ``requests`` does, but once for a host: it takes as long as all the rest of a small request."""
        host = urlsplit(url)[:2]
        if host not in self._of_hosts:
            self._of_hosts[host] = super().merge_environment_settings(url, *settings)
        return self._of_hosts[host]


def whole(signed: Mapping[str, str], unsigned: Mapping[str, str], response: requests.Response) -> Answer:
    """The answer with its body; from a refusal that repeats what signing added to the headers, that is taken out.

    Raises:
        TooLarge: no vendor answers with so much.
        TimeoutError: the body comes too slowly ever to end.
    """
    # As response.content, which takes pieces of 10 KB and holds a large body twice while it joins them.
    received = io.BytesIO()
    for piece in _pieces(response, decode_content=True):
        received.write(piece)
        if received.tell() > LARGEST_BYTES:
            raise TooLarge
    body = received.getvalue()
    if response.status_code >= 400:
        for secret in _secrets(signed, unsigned):
            body = body.replace(secret, b"(secret)")
    return Answer(response.url, response.status_code, response.headers, body)


def spooled(folder: Path, response: requests.Response) -> Download:
    """The answer with its body in a file; raises as :func:`whole`."""
    pieces = _pieces(response, decode_content=False)
    return Download.receive(response.url, response.status_code, response.headers, pieces, folder)


def _secrets(signed: Mapping[str, str], unsigned: Mapping[str, str]) -> list[bytes]:
    """What signing added to the headers, without the words around it."""
    found: list[bytes] = []
    for name, value in signed.items():
        if unsigned.get(name) != value and value:
            word = value.split()[-1].encode()
            found += [word, *(base64.b64decode(word).split(b":") if value.startswith("Basic ") else ())]
    return [secret for secret in found if secret]


def _pieces(response: requests.Response, decode_content: bool) -> Iterator[bytes]:
    """The body as it comes.

    Raises:
        TimeoutError: it comes too slowly ever to end; each of its pieces may be in time.
    """
    started, received = time.monotonic(), 0
    while piece := response.raw.read1(CHUNK_BYTES, decode_content=decode_content):
        received += len(piece)
        elapsed = time.monotonic() - started
        if elapsed > PATIENT_SECONDS and (received < elapsed * LEAST_BYTES_A_SECOND or elapsed > LONGEST_SECONDS):
            raise TimeoutError
        yield piece


def no_connection(cause: requests.RequestException) -> str:
    """Why nobody answered, and what to check."""
    reason = getattr(next(iter(cause.args), None), "reason", None)
    if isinstance(cause, requests.exceptions.ProxyError):
        return "the proxy does not let it through; check HTTPS_PROXY and NO_PROXY"
    if isinstance(cause, requests.exceptions.SSLError):
        return "its certificate is not trusted; check the URL, and name your company's authority in REQUESTS_CA_BUNDLE"
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "its name is not known; check the URL and the network"
    return "cannot be reached; check the URL and the network"
